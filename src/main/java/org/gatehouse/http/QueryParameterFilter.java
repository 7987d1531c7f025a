package org.gatehouse.http;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.json.KnownNames;
import org.glassfish.jersey.model.Parameter.Source;
import org.glassfish.jersey.server.model.Parameter;
import org.glassfish.jersey.server.model.ResourceMethod;

/**
 * Rejects query parameters that the matched resource method does not declare as {@code @QueryParam}. It also rejects
 * repeated single-value parameters, and text that is not UTF-8 in percent-encoding.
 *
 * <p>If a misspelled filter or flag were ignored, a call would do more than its caller requested. The filter runs after
 * authentication, so it does not disclose anything to strangers. A request without a query costs nothing.
 */
final class QueryParameterFilter implements ContainerRequestFilter {
    /** The request attribute that holds the query as the client sent it; absent if there is none. */
    static final String QUERY = "org.gatehouse.query";

    private static final String KIND = "query parameter";
    private static final char REPLACEMENT = '\ufffd';

    /** Parameter names in the order of declaration, and whether each may occur several times. */
    private final Map<ResourceMethod, Map<String, Boolean>> declared = new ConcurrentHashMap<>();

    @Override
    public void filter(ContainerRequestContext request) {
        // Jersey's properties are the attributes of the servlet request.
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
        Optional<String> name = decoded(rawName);
        if (name.isEmpty() || decoded(pair.substring(end + 1)).isEmpty()) {
            errors.add(name.orElse(rawName), "is not UTF-8 in percent-encoding");
            return;
        }
        String known = name.get();
        if (!parameters.containsKey(known)) {
            KnownNames.addUnknown(known, KIND, parameters.keySet(), errors);
        } else if (!seen.add(known) && !parameters.get(known) && !errors.hasErrorFor(known)) {
            errors.add(known, "occurs more than once");
        }
    }

    /** Returns the decoded name or value; empty if it is malformed. */
    private static Optional<String> decoded(String raw) {
        if (raw.indexOf('%') < 0 && raw.indexOf('+') < 0) {
            return Optional.of(raw).filter(text -> text.indexOf(REPLACEMENT) < 0);
        }
        byte[] encoded = raw.replace('+', ' ').getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(encoded.length);
        for (int i = 0; i < encoded.length; i++) {
            if (encoded[i] != '%') {
                bytes.write(encoded[i]);
                continue;
            }
            int high = i + 2 < encoded.length ? Character.digit(encoded[i + 1], 16) : -1;
            int low = i + 2 < encoded.length ? Character.digit(encoded[i + 2], 16) : -1;
            if (high < 0 || low < 0) {
                return Optional.empty();
            }
            bytes.write(16 * high + low);
            i += 2;
        }
        try {
            return Optional.of(StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes.toByteArray()))
                            .toString())
                    .filter(text -> text.indexOf(REPLACEMENT) < 0);
        } catch (CharacterCodingException malformed) {
            return Optional.empty();
        }
    }
}
