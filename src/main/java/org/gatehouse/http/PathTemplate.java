package org.gatehouse.http;

import java.util.List;
import org.gatehouse.json.KnownNames;

/**
 * The path of a resource.
 *
 * @param route the path in the access log
 * @param text the path in a hint, with a value in place of a parameter that has only a few values
 * @param segments the literal segments, and {@link #ANY} for each parameter
 */
record PathTemplate(String route, String text, List<String> segments) {
    private static final int NO_MATCH_DISTANCE = 1_000;

    /** The placeholder for a segment that is a parameter. */
    static final String ANY = "";

    /** A path with more additional or missing segments is not similar. A prefix such as {@code /api/v1} has two. */
    private static final int MAX_EXTRA_SEGMENTS = 2;

    int literals() {
        return (int) segments.stream().filter(segment -> !segment.equals(ANY)).count();
    }

    /** Returns whether the path is similar to this template but does not match it. */
    boolean isSimilar(List<String> path) {
        int distance = distance(path);
        return distance > 0 && distance < NO_MATCH_DISTANCE;
    }

    /** Returns 0 for a match, more for a less similar path, or {@link #NO_MATCH_DISTANCE} if it is not similar. */
    int distance(List<String> path) {
        int extra = path.size() - segments.size();
        if (extra == 0) {
            return distanceOfSegments(path);
        }
        boolean resembles = extra > 0 ? isEndOf(path, extra) : isLongerThan(path, -extra);
        return resembles && Math.abs(extra) <= MAX_EXTRA_SEGMENTS
                ? NO_MATCH_DISTANCE / 2 + Math.abs(extra)
                : NO_MATCH_DISTANCE;
    }

    /** Returns whether the path is this template with additional segments in front. */
    private boolean isEndOf(List<String> path, int extra) {
        return !segments.isEmpty()
                && !segments.get(0).equals(ANY)
                && matches(segments, path.subList(extra, path.size()));
    }

    /** Returns whether the path is this template without its first or its last segments. */
    private boolean isLongerThan(List<String> path, int missing) {
        return !path.isEmpty()
                && literals() == segments.size()
                && (matches(segments.subList(missing, segments.size()), path)
                        || matches(segments.subList(0, path.size()), path));
    }

    private int distanceOfSegments(List<String> path) {
        int sum = 0;
        for (int i = 0; i < path.size(); i++) {
            String literal = segments.get(i);
            if (!literal.equals(ANY) && !literal.equals(path.get(i))) {
                int distance = KnownNames.distance(path.get(i), literal);
                sum += distance > KnownNames.tolerance(literal) ? NO_MATCH_DISTANCE : Math.max(1, distance);
            }
        }
        return Math.min(sum, NO_MATCH_DISTANCE);
    }

    private static boolean matches(List<String> template, List<String> path) {
        for (int i = 0; i < path.size(); i++) {
            if (!template.get(i).equals(ANY) && !template.get(i).equalsIgnoreCase(path.get(i))) {
                return false;
            }
        }
        return true;
    }
}
