package org.gatehouse.http;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gatehouse.json.KnownNames;
import org.glassfish.jersey.server.model.Resource;

/**
 * Finds the resource path nearest to an unknown path. The paths are those of Jersey's resource model.
 *
 * <p>Every result is the template of a resource and does not contain text from the client.
 */
final class KnownPaths {
    /** Longer paths are not compared, because the comparison would cost the server more than the client. */
    private static final int MAX_LENGTH = 128;

    /** The maximum number of segments that a client may put before a path, such as {@code /api/v1}, or leave out. */
    private static final int MAX_EXTRA_SEGMENTS = 2;

    private static final int NO_MATCH_DISTANCE = 1_000;
    private static final String ANY = "";
    private static final Pattern ALTERNATIVES = Pattern.compile("\\{\\w+:\\s*(\\w+(?:\\s*\\|\\s*\\w+)+)\\s*}");

    private final List<Template> templates = new ArrayList<>();

    /**
     * The path of a resource.
     *
     * @param route the path in the access log
     * @param text the path in a hint; one value replaces a parameter that has a few values
     * @param segments the literal segments, and {@link #ANY} for each parameter
     */
    private record Template(String route, String text, List<String> segments) {
        int literals() {
            return (int)
                    segments.stream().filter(segment -> !segment.equals(ANY)).count();
        }

        /** Returns 0 if the path matches this one, and {@link #NO_MATCH_DISTANCE} or more if it does not resemble it. */
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

        /** Returns whether the path is this one behind additional segments. */
        private boolean isEndOf(List<String> path, int extra) {
            return !segments.isEmpty()
                    && !segments.get(0).equals(ANY)
                    && matches(segments, path.subList(extra, path.size()));
        }

        /** Returns whether the path is this one without its first or its last segments. */
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

    public KnownPaths(Collection<? extends Class<?>> resources) {
        resources.forEach(type -> add("", Resource.from(type)));
    }

    private void add(String above, Resource resource) {
        String path = above + "/" + resource.getPath();
        if (!resource.getResourceMethods().isEmpty()) {
            addTemplates(path);
        }
        resource.getChildResources().forEach(child -> add(path, child));
    }

    private void addTemplates(String path) {
        Matcher alternatives = ALTERNATIVES.matcher(path);
        List<String> texts = alternatives.find()
                ? Arrays.stream(alternatives.group(1).split("\\|", -1))
                        .map(value -> alternatives.replaceFirst(value.strip()))
                        .toList()
                : List.of(path);
        for (String text : texts) {
            String shown = Route.template(text);
            List<String> segments = segments(shown).stream()
                    .map(segment -> segment.startsWith("{") ? ANY : segment)
                    .toList();
            templates.add(new Template(Route.template(path), shown, segments));
        }
    }

    /** Returns the known path that resembles a path; empty if none does, or if the path is known. */
    Optional<String> nearest(String path) {
        if (path.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        List<String> segments = segments(path);
        return templates.stream()
                .min(Comparator.comparingInt((Template template) -> template.distance(segments))
                        .thenComparing(template -> -template.literals()))
                .filter(template -> template.distance(segments) > 0 && template.distance(segments) < NO_MATCH_DISTANCE)
                .map(Template::text);
    }

    /** Returns the route of a path as the access log names it; empty if the path is unknown. */
    Optional<Route> routeOf(String path) {
        if (path.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        List<String> segments = segments(path);
        return templates.stream()
                .filter(template -> template.segments().size() == segments.size() && template.distance(segments) == 0)
                .max(Comparator.comparingInt(Template::literals))
                .map(template -> new Route(template.route(), false));
    }

    private static List<String> segments(String path) {
        return Arrays.stream(path.split("/", -1))
                .filter(segment -> !segment.isEmpty())
                .toList();
    }
}
