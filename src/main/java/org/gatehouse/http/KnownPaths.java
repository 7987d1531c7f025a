package org.gatehouse.http;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.glassfish.jersey.server.model.Resource;

/**
 * Finds the resource path that is most similar to an unknown path. Resource paths come from Jersey's resource model.
 *
 * <p>Every result is the template of a resource and does not contain text from the client.
 */
final class KnownPaths {
    /** Longer paths are not compared, because this would cost the server more than the request costs the client. */
    private static final int MAX_LENGTH = 128;

    private static final Pattern ALTERNATIVES = Pattern.compile("\\{\\w+:\\s*(\\w+(?:\\s*\\|\\s*\\w+)+)\\s*}");

    private final List<PathTemplate> templates = new ArrayList<>();

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
                    .map(segment -> segment.startsWith("{") ? PathTemplate.ANY : segment)
                    .toList();
            templates.add(new PathTemplate(Route.template(path), shown, segments));
        }
    }

    /** Returns the resource path most similar to this path; empty if none is similar, or if this path is known. */
    Optional<String> nearest(String path) {
        if (path.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        List<String> segments = segments(path);
        return templates.stream()
                .min(Comparator.comparingInt((PathTemplate template) -> template.distance(segments))
                        .thenComparing(template -> -template.literals()))
                .filter(template -> template.isSimilar(segments))
                .map(PathTemplate::text);
    }

    /** Returns the route that the access log names for a path; empty if the path is unknown. */
    Optional<Route> routeOf(String path) {
        if (path.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        List<String> segments = segments(path);
        return templates.stream()
                .filter(template -> template.distance(segments) == 0)
                .max(Comparator.comparingInt(PathTemplate::literals))
                .map(template -> new Route(template.route(), false));
    }

    private static List<String> segments(String path) {
        return Arrays.stream(path.split("/", -1))
                .filter(segment -> !segment.isEmpty())
                .toList();
    }
}
