package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import org.glassfish.jersey.server.ExtendedUriInfo;
import org.glassfish.jersey.server.model.ResourceMethod;
import org.glassfish.jersey.uri.UriTemplate;

/**
 * Where a request led: to one of the paths that the resources have, or nowhere.
 *
 * @param template the path as the resources have it, such as {@code /user/{id}}; never what the client wrote
 * @param forOperators whether it leads to a method that is {@link Operational}
 */
record Route(String template, boolean forOperators) {
    /** No path of ours, or none with such a method. */
    static final Route UNMATCHED = new Route("unmatched", false);

    private static final Pattern RULE_OF_PARAMETER = Pattern.compile("\\s*:[^}]*}");

    /** The route of a request that has been matched to this method. */
    static Route of(ContainerRequestContext request, ResourceMethod method) {
        List<UriTemplate> outermostLast = ((ExtendedUriInfo) request.getUriInfo()).getMatchedTemplates();
        List<String> parts = new ArrayList<>();
        outermostLast.forEach(template -> parts.add(template.getTemplate()));
        Collections.reverse(parts);
        return new Route(template(String.join("/", parts)), MatchedMethod.has(method, Operational.class));
    }

    /** A path of a resource without the rules for its parameters. */
    static String template(String path) {
        String named = RULE_OF_PARAMETER.matcher("/" + path).replaceAll("}").replaceAll("/{2,}", "/");
        return named.length() > 1 && named.endsWith("/") ? named.substring(0, named.length() - 1) : named;
    }
}
