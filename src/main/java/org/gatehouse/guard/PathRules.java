package org.gatehouse.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a setting: paths, and for each some values.
 *
 * <p>A rule is {@code path=value,value}; rules are separated by semicolons or line breaks. A path is exact, or ends with
 * {@code /*} and then includes its subpaths. Values without a path apply to all paths. Several rules may match a path.
 *
 * @param <T> what the values of a rule mean
 */
final class PathRules<T> {
    private static final Pattern SLASHES = Pattern.compile("/{2,}");
    private static final Pattern PATH = Pattern.compile("/[^*]*|/([^*]*/)?\\*");

    private final List<Rule<T>> rules;

    private static final class Rule<T> {
        private final String path;
        private final T meaning;

        Rule(String path, T meaning) {
            this.path = normalized(path);
            this.meaning = meaning;
        }

        boolean matches(String requested) {
            if (!path.endsWith("/*")) {
                return requested.equals(path);
            }
            String folder = path.substring(0, path.length() - 2);
            return requested.equals(folder) || requested.startsWith(folder + "/");
        }
    }

    private PathRules(List<Rule<T>> rules) {
        this.rules = rules;
    }

    /**
     * Parses the value of a setting.
     *
     * @param setting the name of the setting, with which messages begin
     * @param kind what the values of a rule are called in messages
     * @param meaning converts a rule and its values, of which there is at least one
     * @throws IllegalArgumentException if a rule has no value, or a path of another form
     */
    static <T> PathRules<T> parse(
            String setting, @Nullable String text, String kind, BiFunction<String, List<String>, T> meaning) {
        List<Rule<T>> rules = new ArrayList<>();
        for (String rule : words(text == null ? "" : text, "[;\\r\\n]").toList()) {
            int separator = rule.startsWith("/") ? rule.indexOf('=') : -1;
            if (rule.startsWith("/") && separator < 0) {
                throw new IllegalArgumentException(setting + ": " + rule + " has no " + kind);
            }
            String path = separator < 0 ? "/*" : rule.substring(0, separator).strip();
            if (!PATH.matcher(path).matches()) {
                throw new IllegalArgumentException(setting + ": " + path + " is neither a path nor ends with /*");
            }
            List<String> values = words(rule.substring(separator + 1), ",").toList();
            if (values.isEmpty()) {
                throw new IllegalArgumentException(setting + ": " + rule + " has no " + kind);
            }
            rules.add(new Rule<>(path, meaning.apply(rule, values)));
        }
        return new PathRules<>(List.copyOf(rules));
    }

    private static Stream<String> words(String text, String separator) {
        return Stream.of(text.split(separator)).map(String::strip).filter(word -> !word.isEmpty());
    }

    /**
     * Returns the meaning of each rule that matches the path, in the order of the setting.
     *
     * @param path the decoded path within the web application, without path parameters
     */
    List<T> of(String path) {
        if (rules.isEmpty()) {
            return List.of();
        }
        String requested = normalized(path);
        return rules.stream()
                .filter(rule -> rule.matches(requested))
                .map(rule -> rule.meaning)
                .toList();
    }

    /** Containers keep repeated slashes, and frameworks ignore a final slash. Both select the same resource. */
    private static String normalized(String path) {
        String single = path.contains("//") ? SLASHES.matcher(path).replaceAll("/") : path;
        return single.length() > 1 && single.endsWith("/") ? single.substring(0, single.length() - 1) : single;
    }
}
