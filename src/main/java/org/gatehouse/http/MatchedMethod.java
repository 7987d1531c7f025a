package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.MediaType;
import java.lang.annotation.Annotation;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.glassfish.jersey.server.ExtendedUriInfo;
import org.glassfish.jersey.server.model.ResourceMethod;

/** Finds the resource method that Jersey matched to a request. */
public final class MatchedMethod {
    private MatchedMethod() {}

    /** Returns the method; empty if no method matched, or if Jersey has not matched the request yet. */
    static Optional<ResourceMethod> of(ContainerRequestContext request) {
        // The request is a parameter, because an injected UriInfo would look up the request on each call.
        return Optional.ofNullable(((ExtendedUriInfo) request.getUriInfo()).getMatchedResourceMethod());
    }

    /** Returns the method and the route, such as {@code GET /user/{id}}; empty if no resource method matched. */
    public static Optional<String> call(ContainerRequestContext request) {
        return of(request)
                .map(method ->
                        request.getMethod() + " " + Route.of(request, method).template());
    }

    /** Returns the media types of the resource methods that the matched path has for this HTTP method. */
    static List<String> types(
            ContainerRequestContext request,
            String httpMethod,
            Function<ResourceMethod, List<MediaType>> typesOfMethod) {
        return ((ExtendedUriInfo) request.getUriInfo())
                .getMatchedRuntimeResources().stream()
                        .limit(1) // the innermost resource
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
