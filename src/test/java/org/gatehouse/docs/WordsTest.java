package org.gatehouse.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that no file contains an excluded word in prose or in an identifier. */
class WordsTest {
    /** Each word is split in two parts, so that this file does not contain the word. */
    private static final Set<String> EXCLUDED = Set.of(
            "no" + "body",
            "some" + "body",
            "who" + "ever",
            "who" + "m",
            "any" + "body",
            "every" + "body",
            "de" + "ar",
            "de" + "arer");

    private static final Pattern EXCLUDED_PHRASE =
            Pattern.compile("\\bfound[\\s*#/]+" + "out\\b", Pattern.CASE_INSENSITIVE);

    /** Matches a word in prose, or a part of an identifier in camel case or capitals. */
    private static final Pattern WORD = Pattern.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])");

    private static final Pattern TEXT =
            Pattern.compile(".*\\.(java|md|xml|yaml|yml|json|jsonl|js|ini|conf|cfg|properties|txt|example)|[^.]+");

    @Test
    void noFileContainsAnExcludedWord() throws IOException {
        List<String> violations = new ArrayList<>();
        for (Path file : files()) {
            String text = Files.readString(file, StandardCharsets.UTF_8);
            Matcher word = WORD.matcher(text);
            while (word.find()) {
                if (EXCLUDED.contains(word.group().toLowerCase(Locale.ROOT))) {
                    violations.add(position(file, text, word.start()) + word.group());
                }
            }
            EXCLUDED_PHRASE
                    .matcher(text)
                    .results()
                    .forEach(match -> violations.add(position(file, text, match.start()) + match.group()));
        }
        assertThat(violations).isEmpty();
    }

    @Test
    void findsExcludedWordsInProseAndInIdentifiers() {
        for (String text : List.of("No" + "body may", "isDe" + "ar(", "NO" + "BODY", "some" + "body's", "de" + "ar")) {
            assertThat(WORD.matcher(text).results())
                    .as(text)
                    .anyMatch(word -> EXCLUDED.contains(word.group().toLowerCase(Locale.ROOT)));
        }
        assertThat(EXCLUDED_PHRASE.matcher("was found\n * " + "out").find()).isTrue();
    }

    private static String position(Path file, String text, int offset) {
        return file + ":" + (text.substring(0, offset).lines().count()) + ": ";
    }

    private static List<Path> files() throws IOException {
        List<Path> files = new ArrayList<>();
        for (String folder : List.of("src", "docs", "deploy", "postman", ".ci")) {
            try (Stream<Path> tree = Files.walk(Path.of(folder))) {
                tree.filter(Files::isRegularFile).forEach(files::add);
            }
        }
        try (Stream<Path> root = Files.list(Path.of("."))) {
            root.filter(Files::isRegularFile).forEach(files::add);
        }
        files.remove(Path.of("./LICENSE"));
        files.removeIf(file -> !TEXT.matcher(file.getFileName().toString()).matches());
        return files;
    }
}
