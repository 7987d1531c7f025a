package org.gatehouse.pages;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests that the pages have each text that they show, in both languages. A missing text would be shown as its key. */
class PageTextsTest {
    private static final Path FILES = Path.of("src", "main", "resources", "org", "gatehouse", "pages");

    /** The parts of a file of texts: comments, rules, names of groups, ends of groups, names of texts, and strings. */
    private static final Pattern PART = Pattern.compile(
            "//[^\\n]*|/\\*.*?\\*/|\\[/.*?\\n|(?<group>\\w+|\"[\\w -]+\"):\\s*\\{|(?<name>\\w+|\"[\\w -]+\"):\\s*"
                    + "|(?<end>\\})|\"(?<text>(?:[^\"\\\\]|\\\\.)*)\"",
            Pattern.DOTALL);

    /** A complete key, or the beginning of one that ends with a dot. */
    private static final Pattern USED =
            Pattern.compile("[\"`](?<key>(?:common|error|account|link|console|people|system)\\.(?!json)[\\w.]*)");

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\w+}");

    @Test
    void bothLanguagesHaveTheSameTextsWithTheSamePlaceholders() throws IOException {
        Map<String, String> english = texts("text.en.js");
        Map<String, String> german = texts("text.de.js");

        assertThat(english).hasSizeGreaterThan(100);
        assertThat(german.keySet()).containsExactlyInAnyOrderElementsOf(english.keySet());
        english.forEach(
                (key, text) -> assertThat(placeholders(german.get(key))).as(key).isEqualTo(placeholders(text)));
    }

    @Test
    void eachTextThatAPageUsesExists() throws IOException {
        Set<String> keys = texts("text.en.js").keySet();
        Set<String> missing = new TreeSet<>();
        try (Stream<Path> files = Files.list(FILES)) {
            for (Path file : files.filter(one ->
                            one.toString().endsWith(".js") && !one.toString().contains("text."))
                    .toList()) {
                USED.matcher(Files.readString(file))
                        .results()
                        .map(found -> found.group(1))
                        .filter(used ->
                                keys.stream().noneMatch(key -> key.equals(used) || key.startsWith(withDot(used))))
                        .forEach(used -> missing.add(file.getFileName() + " " + used));
            }
        }
        assertThat(missing).isEmpty();
    }

    private static String withDot(String used) {
        return used.endsWith(".") ? used : used + ".";
    }

    private static Set<String> placeholders(String text) {
        return PLACEHOLDER.matcher(text).results().map(MatchResult::group).collect(Collectors.toSet());
    }

    /** Returns the texts of a language by key. */
    private static Map<String, String> texts(String file) throws IOException {
        String content = Files.readString(FILES.resolve(file));
        Matcher part = PART.matcher(content.substring(content.indexOf("export default {") + 16));
        Map<String, String> texts = new TreeMap<>();
        Deque<String> groups = new ArrayDeque<>();
        String key = "";
        while (part.find()) {
            if (part.group("group") != null) {
                groups.addLast(part.group("group").replace("\"", ""));
            } else if (part.group("end") != null) {
                groups.pollLast();
            } else if (part.group("name") != null) {
                key = Stream.concat(
                                groups.stream(), Stream.of(part.group("name").replace("\"", "")))
                        .collect(Collectors.joining("."));
            } else if (part.group("text") != null) {
                texts.merge(key, part.group("text"), String::concat);
            }
        }
        texts.remove("rules"); // these translate sentences of the service, which are English already
        return texts;
    }
}
