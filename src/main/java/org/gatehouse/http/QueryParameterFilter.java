package org.gatehouse.http;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.json.KnownNames;
import org.glassfish.jersey.model.Parameter.Source;
import org.glassfish.jersey.server.model.Parameter;
import org.glassfish.jersey.server.model.ResourceMethod;
import org.jspecify.annotations.Nullable;

/**
 * Rejects query parameters that the matched resource method does not declare as {@code @QueryParam}. It also rejects
 * repeated single-value parameters, and parameters that are not UTF-8 in valid percent-encoding.
 *
 * <p>If a misspelled parameter were ignored, a call could do more than its caller requested. This filter runs after
 * authentication, so that its errors do not describe the method to unauthenticated clients.
 */
final class QueryParameterFilter implements ContainerRequestFilter {
    /** The request attribute that holds the query as the client sent it; absent without a query. */
    static final String QUERY = "org.gatehouse.query";

    private static final String KIND = "query parameter";
    private static final char REPLACEMENT = '\ufffd';
    private static final Pattern MALFORMED = Pattern.compile("%(?![0-9A-Fa-f]{2})");

    /** The parameter names of each method in the order of declaration, and whether each parameter may be repeated. */
    private final Map<ResourceMethod, Map<String, Boolean>> declared = new ConcurrentHashMap<>();

    @Override
    public void filter(ContainerRequestContext request) {
        // A property of the Jersey request is an attribute of the servlet request.
        if (!(request.getProperty(QUERY) instanceof String query)
                || request.getMethod().equals(HttpMethod.OPTIONS)) {
            return;
        }
        Map<String, Boolean> parameters = MatchedMethod.of(request)
                .map(method -> declared.computeIfAbsent(method, QueryParameterFilter::declaredBy))
                .orElse(Map.of());
        FieldErrors errors = new FieldErrors();
        Set<String> seen = new HashSet<>();
        for (String pair : query.split("&", -1)) {
            if (!pair.isEmpty()) {
                check(pair, parameters, seen, errors);
            }
        }
        errors.throwIfAny();
    }

    private static Map<String, Boolean> declaredBy(ResourceMethod method) {
        Map<String, Boolean> names = new LinkedHashMap<>();
        for (Parameter parameter : method.getInvocable().getParameters()) {
            if (parameter.getSource() == Source.QUERY) {
                names.put(parameter.getSourceName(), Collection.class.isAssignableFrom(parameter.getRawType()));
            }
        }
        return names;
    }

    private static void check(String pair, Map<String, Boolean> parameters, Set<String> seen, FieldErrors errors) {
        int end = pair.indexOf('=');
        String rawName = end < 0 ? pair : pair.substring(0, end);
        String name = decoded(rawName);
        if (name == null || decoded(pair.substring(end + 1)) == null) {
            errors.add(Objects.requireNonNullElse(name, rawName), "is not UTF-8 in percent-encoding");
        } else if (!parameters.containsKey(name)) {
            KnownNames.addUnknown(name, KIND, parameters.keySet(), errors);
        } else if (!seen.add(name) && !parameters.get(name) && !errors.hasErrorFor(name)) {
            errors.add(name, "occurs more than once");
        }
    }

    /** Returns the decoded name or value; null if it is malformed. */
    private static @Nullable String decoded(String raw) {
        // URLDecoder accepts some malformed encodings, such as %+1, and replaces bytes that are not UTF-8.
        if (MALFORMED.matcher(raw).find()) {
            return null;
        }
        String text = URLDecoder.decode(raw, StandardCharsets.UTF_8);
        return text.indexOf(REPLACEMENT) < 0 ? text : null;
    }
}
