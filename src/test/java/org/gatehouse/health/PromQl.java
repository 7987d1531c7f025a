package org.gatehouse.health;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The metrics and labels that a Prometheus expression uses. The parser supports only the syntax in the files of this
 * repository.
 */
record PromQl(List<Selector> selectors, Set<String> groupings) {
    private static final Pattern GROUPING = Pattern.compile("\\b(?:by|on|without|ignoring)\\s*\\(([^)]*)\\)");
    private static final Pattern RANGE = Pattern.compile("\\[\\d+[smhd]]");

    /**
     * Matches the name of a metric. A name before an opening parenthesis is a function and does not match. A duration
     * does not match either.
     */
    private static final Pattern SELECTOR =
            Pattern.compile("(?<![\\w.$])([a-zA-Z_:][\\w:]*)(?!\\w)(?!\\s*\\()(?:\\{([^}]*)})?");

    private static final Pattern MATCHER = Pattern.compile("(\\w+)\\s*(=~|!~|!=|=)\\s*\"([^\"]*)\"");
    private static final Set<String> KEYWORDS = Set.of("and", "or", "unless", "offset", "bool");

    /** A metric with the conditions on its labels. */
    record Selector(String metric, List<Condition> conditions) {}

    record Condition(String label, String operator, String value) {}

    static PromQl parse(String expression) {
        Set<String> groupings = new LinkedHashSet<>();
        Matcher grouping = GROUPING.matcher(expression);
        while (grouping.find()) {
            groupings.addAll(List.of(grouping.group(1).strip().split("\\s*,\\s*", -1)));
        }
        String rest = grouping.replaceAll(" ");
        List<Selector> selectors = new ArrayList<>();
        Matcher selector = SELECTOR.matcher(RANGE.matcher(rest).replaceAll(" "));
        while (selector.find()) {
            String name = selector.group(1);
            if (!KEYWORDS.contains(name)) {
                String conditions = selector.group(2) == null ? "" : selector.group(2);
                requireOnlyConditions(conditions);
                selectors.add(new Selector(name, conditions(conditions)));
            }
        }
        return new PromQl(selectors, groupings);
    }

    private static void requireOnlyConditions(String text) {
        String rest = MATCHER.matcher(text).replaceAll("").replaceAll("[\\s,]", "");
        if (!rest.isEmpty()) {
            throw new AssertionError("unsupported conditions: " + text);
        }
    }

    private static List<Condition> conditions(String text) {
        return MATCHER.matcher(text)
                .results()
                .map(found -> new Condition(found.group(1), found.group(2), found.group(3)))
                .toList();
    }
}
