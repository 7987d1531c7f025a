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
 * The resource path that a request matched, for logs and metrics.
 *
 * @param template the path in the resource model, such as {@code /user/{id}}; never text from the client
 * @param operational whether the matched method is {@link Operational}
 */
record Route(String template, boolean operational) {
    /** The route of a request that matches neither a resource method nor a known path. */
    static final Route UNMATCHED = new Route("unmatched", false);

    private static final Pattern RULE_OF_PARAMETER = Pattern.compile("\\s*:[^}]*}");

    /** Returns the route of a request that was matched to this method. */
    static Route of(ContainerRequestContext request, ResourceMethod method) {
        List<UriTemplate> outermostLast = ((ExtendedUriInfo) request.getUriInfo()).getMatchedTemplates();
        List<String> parts = new ArrayList<>();
        outermostLast.forEach(template -> parts.add(template.getTemplate()));
        Collections.reverse(parts);
        return new Route(template(String.join("/", parts)), MatchedMethod.has(method, Operational.class));
    }

    /** Removes the regular expressions of the parameters from a resource path. */
    static String template(String path) {
        String named = RULE_OF_PARAMETER.matcher("/" + path).replaceAll("}").replaceAll("/{2,}", "/");
        return named.length() > 1 && named.endsWith("/") ? named.substring(0, named.length() - 1) : named;
    }
}
