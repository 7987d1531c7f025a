package org.gatehouse.mail;

import com.github.mustachejava.Mustache;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.gatehouse.config.SettingsException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the built-in templates and texts, and those of the directory {@code MAIL_TEMPLATES}.
 *
 * <p>All files of the directory are checked, and all problems are reported together. A file with an unknown name is a
 * problem, because it is probably a mistyped override.
 */
final class TemplateFiles {
    static final List<String> LANGUAGES = List.of("en", "de", "fr", "es", "it", "pl", "uk");

    /** The names that a layout may use besides the values of a mail. */
    private static final Set<String> LAYOUT_NAMES = Set.of(
            "lang",
            "kind",
            "subject",
            "greeting",
            "paragraphs",
            "details",
            "label",
            "value",
            "button",
            "link",
            "hint",
            "valid",
            "after",
            "footer");

    /** Far above a long template, and far below the memory of a node. */
    private static final long MAX_BYTES = 1 << 20;

    private static final Pattern LAYOUT_NAME = Pattern.compile(
            "(mail|" + Arrays.stream(MailKind.values()).map(MailKind::text).collect(Collectors.joining("|"))
                    + ")(?:\\.([A-Za-z0-9-]+))?\\.(html|txt)");

    private static final Pattern TEXTS_NAME = Pattern.compile("texts\\.([A-Za-z0-9-]+)\\.properties");

    private final List<String> problems = new ArrayList<>();
    private final Map<String, Map<String, String>> texts = new TreeMap<>();
    private final Map<String, Mustache> layouts = new HashMap<>();
    private final TemplateCompiler htmlCompiler;
    private final TemplateCompiler textCompiler;

    private TemplateFiles() {
        Set<String> names = Stream.concat(LAYOUT_NAMES.stream(), MailLanguage.VALUES.stream())
                .filter(name -> !name.equals("number"))
                .collect(Collectors.toUnmodifiableSet());
        this.htmlCompiler = TemplateCompiler.html(names);
        this.textCompiler = TemplateCompiler.plainText(names);
    }

    /**
     * The result.
     *
     * @param layouts by file name; {@code mail.html} and {@code mail.txt} are always present
     */
    record Loaded(List<MailLanguage> languages, Map<String, Mustache> layouts) {}

    /**
     * Reads all files.
     *
     * @throws SettingsException if the directory cannot be read, or if a file in it is invalid or unknown
     */
    static Loaded load(@Nullable Path directory) {
        TemplateFiles files = new TemplateFiles();
        for (String name : List.of("mail.html", "mail.txt")) {
            files.addLayout(name, resource(name));
        }
        for (String language : LANGUAGES) {
            files.addTexts(
                    language, "texts." + language + ".properties", resource("texts." + language + ".properties"));
        }
        if (directory != null) {
            files.addAll(directory);
        }
        List<MailLanguage> languages = files.texts.entrySet().stream()
                .map(entry -> files.language(entry.getKey(), entry.getValue()))
                .toList();
        if (!files.problems.isEmpty()) {
            throw new SettingsException(files.problems);
        }
        return new Loaded(languages, Map.copyOf(files.layouts));
    }

    private void addAll(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            // Hidden entries belong to tools: Kubernetes mounts a volume through links that begin with two dots.
            List<Path> visible = entries.filter(
                            entry -> !Objects.toString(entry.getFileName()).startsWith("."))
                    .sorted()
                    .toList();
            // Texts come first, because they define the languages that names of templates may contain.
            visible.forEach(this::addTexts);
            visible.forEach(this::addLayout);
        } catch (IOException | UncheckedIOException unreadable) {
            problems.add("MAIL_TEMPLATES names a directory that does not exist or cannot be read.");
        }
    }

    private void addTexts(Path file) {
        String name = Objects.toString(file.getFileName());
        Matcher parts = TEXTS_NAME.matcher(name);
        if (!parts.matches()) {
            return;
        }
        String language = Locale.forLanguageTag(parts.group(1)).toLanguageTag();
        if (!language.equals(parts.group(1))) {
            problems.add(problem(name, "whose language is not written as in BCP 47, such as de or pt-BR."));
            return;
        }
        String content = read(file);
        if (content != null) {
            addTexts(language, name, content).forEach((text, template) -> checkText(name, text, template));
        }
    }

    private void checkText(String name, String text, String template) {
        try {
            var unused = MailLanguage.COMPILER.compile(template);
        } catch (IllegalArgumentException invalid) {
            problems.add(problem(name, "in which " + text + " " + invalid.getMessage() + "."));
        }
    }

    /** Returns the texts of this file that have known names. */
    private Map<String, String> addTexts(String language, String name, String content) {
        Properties read = new Properties();
        try {
            read.load(new StringReader(content));
        } catch (IOException | IllegalArgumentException malformed) {
            problems.add(problem(name, "which is not a properties file."));
            return Map.of();
        }
        Map<String, String> known = new TreeMap<>();
        for (String text : new TreeSet<>(read.stringPropertyNames())) {
            if (MailLanguage.NAMES.contains(text)) {
                known.put(text, read.getProperty(text));
            } else {
                problems.add(problem(name, "which contains the unknown text " + text + "."));
            }
        }
        texts.computeIfAbsent(language, absent -> new TreeMap<>()).putAll(known);
        return known;
    }

    private void addLayout(Path file) {
        String name = Objects.toString(file.getFileName());
        if (TEXTS_NAME.matcher(name).matches()) {
            return;
        }
        Matcher parts = LAYOUT_NAME.matcher(name);
        if (!parts.matches() || (parts.group(1).equals("mail") && parts.group(2) != null)) {
            problems.add(problem(
                    name,
                    "which has none of the names mail.html, mail.txt, {kind}.html, {kind}.txt, {kind}.{language}.html,"
                            + " {kind}.{language}.txt and texts.{language}.properties."));
            return;
        }
        if (parts.group(2) != null && !texts.containsKey(parts.group(2))) {
            problems.add(problem(name, "whose language has no texts."));
            return;
        }
        String content = read(file);
        if (content != null) {
            addLayout(name, content);
        }
    }

    private void addLayout(String name, String content) {
        try {
            layouts.put(name, (name.endsWith(".html") ? htmlCompiler : textCompiler).compile(content));
        } catch (IllegalArgumentException invalid) {
            problems.add(problem(name, "which " + invalid.getMessage() + "."));
        }
    }

    private MailLanguage language(String language, Map<String, String> content) {
        String name = "texts." + language + ".properties";
        Set<String> missing = new TreeSet<>(MailLanguage.REQUIRED);
        missing.removeAll(content.keySet());
        if (!missing.isEmpty()) {
            problems.add(problem(name, "which lacks the texts " + String.join(", ", missing) + "."));
        }
        return new MailLanguage(Locale.forLanguageTag(language), content);
    }

    private @Nullable String read(Path file) {
        String name = Objects.toString(file.getFileName());
        try {
            if (Files.isRegularFile(file) && Files.size(file) <= MAX_BYTES) {
                return Files.readString(file);
            }
            problems.add(problem(name, "which is not a file of at most " + MAX_BYTES + " bytes."));
        } catch (CharacterCodingException malformed) {
            problems.add(problem(name, "which is not UTF-8."));
        } catch (IOException unreadable) {
            problems.add(problem(name, "which cannot be read."));
        }
        return null;
    }

    private static String problem(String file, String reason) {
        return "MAIL_TEMPLATES has the file " + file + ", " + reason;
    }

    private static String resource(String name) {
        try (InputStream content = Objects.requireNonNull(TemplateFiles.class.getResourceAsStream(name), name)) {
            return new String(content.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException damaged) {
            throw new UncheckedIOException(damaged);
        }
    }
}
