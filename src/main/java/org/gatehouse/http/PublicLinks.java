package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MultivaluedMap;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gatehouse.config.PublicUrl;
import org.jspecify.annotations.Nullable;

/**
 * Makes the references of {@link RelativeReference} in {@code Location} and {@code Link} absolute if {@code PUBLIC_URL}
 * is known. Otherwise, the references stay relative.
 *
 * <p>The addresses never depend on {@code Host}, {@code Forwarded} or {@code X-Forwarded-…}, because a client can send
 * any value.
 */
final class PublicLinks implements ContainerResponseFilter {
    private static final Pattern TARGET = Pattern.compile("<([^>]*)>");

    private final @Nullable PublicUrl publicUrl;

    PublicLinks(@Nullable PublicUrl publicUrl) {
        this.publicUrl = publicUrl;
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        MultivaluedMap<String, Object> headers = response.getHeaders();
        if (publicUrl == null
                || !(headers.containsKey(HttpHeaders.LOCATION) || headers.containsKey(HttpHeaders.LINK))) {
            return;
        }
        URI requested = publicUrl.resolve(request.getUriInfo().getPath(false));
        headers.computeIfPresent(
                HttpHeaders.LOCATION,
                (name, values) -> values.stream()
                        .<Object>map(
                                value -> requested.resolve(value.toString()).toString())
                        .toList());
        headers.computeIfPresent(
                HttpHeaders.LINK,
                (name, values) -> values.stream()
                        .<Object>map(value -> resolveTargets(requested, value.toString()))
                        .toList());
    }

    private static String resolveTargets(URI requested, String links) {
        return TARGET.matcher(links)
                .replaceAll(link -> Matcher.quoteReplacement("<" + requested.resolve(link.group(1)) + ">"));
    }
}
