package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.lang.annotation.Annotation;
import java.util.Optional;
import org.glassfish.jersey.server.ExtendedUriInfo;
import org.glassfish.jersey.server.model.ResourceMethod;

/** The method of a resource that a request is for. */
final class MatchedMethod {
    private MatchedMethod() {}

    /** Empty when there is none, or before it was looked for. */
    static Optional<ResourceMethod> of(ContainerRequestContext request) {
        // Of the request itself, and not injected: then it would be found through a proxy, for each request anew.
        return Optional.ofNullable(((ExtendedUriInfo) request.getUriInfo()).getMatchedResourceMethod());
    }

    static boolean has(ContainerRequestContext request, Class<? extends Annotation> annotation) {
        return of(request).filter(method -> has(method, annotation)).isPresent();
    }

    static boolean has(ResourceMethod method, Class<? extends Annotation> annotation) {
        return method.getInvocable().getHandlingMethod().isAnnotationPresent(annotation);
    }
}
