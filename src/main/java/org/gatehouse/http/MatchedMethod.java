package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.MediaType;
import java.lang.annotation.Annotation;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.glassfish.jersey.server.ExtendedUriInfo;
import org.glassfish.jersey.server.model.ResourceMethod;

/** The method of a resource that a request is for. */
public final class MatchedMethod {
    private MatchedMethod() {}

    /** Empty when there is none, or before it was looked for. */
    static Optional<ResourceMethod> of(ContainerRequestContext request) {
        // Of the request itself, and not injected: then it would be found through a proxy, for each request anew.
        return Optional.ofNullable(((ExtendedUriInfo) request.getUriInfo()).getMatchedResourceMethod());
    }

    /** The method and the route, such as {@code GET /user/{id}}; never a text of the client. Empty without a match. */
    public static Optional<String> call(ContainerRequestContext request) {
        return of(request)
                .map(method ->
                        request.getMethod() + " " + Route.of(request, method).template());
    }

    /** The media types of the methods that the matched path has under this name, also if none of them was chosen. */
    static List<String> types(
            ContainerRequestContext request,
            String httpMethod,
            Function<ResourceMethod, List<MediaType>> typesOfMethod) {
        return ((ExtendedUriInfo) request.getUriInfo())
                .getMatchedRuntimeResources().stream()
                        .limit(1) // the innermost
                        .flatMap(resource -> resource.getResourceMethods().stream())
                        .filter(method -> method.getHttpMethod().equals(httpMethod))
                        .flatMap(method -> typesOfMethod.apply(method).stream())
                        .map(MediaType::toString)
                        .toList();
    }

    static boolean has(ContainerRequestContext request, Class<? extends Annotation> annotation) {
        return of(request).filter(method -> has(method, annotation)).isPresent();
    }

    static boolean has(ResourceMethod method, Class<? extends Annotation> annotation) {
        return method.getInvocable().getHandlingMethod().isAnnotationPresent(annotation);
    }
}
