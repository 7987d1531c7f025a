package org.gatehouse;

import org.gatehouse.http.AcceptFilter;
import org.gatehouse.http.BodyLimitFilter;
import org.gatehouse.http.ErrorMapper;
import org.gatehouse.http.QueryParameterFilter;
import org.gatehouse.json.JsonBodyReader;
import org.glassfish.jersey.CommonProperties;
import org.glassfish.jersey.internal.inject.AbstractBinder;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;

/**
 * Everything that is seen over HTTP: the filters in the order in which a request passes them, then the resources that
 * {@link Gatehouse} lists.
 */
final class HttpApplication extends ResourceConfig {
    HttpApplication(Gatehouse gatehouse) {
        // Nothing is found by looking around: a quicker start, and no surprises from other jars.
        property(CommonProperties.FEATURE_AUTO_DISCOVERY_DISABLE, true);
        property(CommonProperties.METAINF_SERVICES_LOOKUP_DISABLE, true);
        property(ServerProperties.WADL_FEATURE_DISABLE, true);
        property(CommonProperties.PROVIDER_DEFAULT_DISABLE, "ALL"); // XML and the like: nothing of ours
        // Every body is an array whose length ResponseHeaders tells, so none is kept to find that out.
        property(ServerProperties.OUTBOUND_CONTENT_LENGTH_BUFFER, 0);
        // An error is a body of ours, never the container's error page.
        property(ServerProperties.RESPONSE_SET_STATUS_OVER_SEND_ERROR, true);
        // Location is sent as RelativeReference makes it.
        property(ServerProperties.LOCATION_HEADER_RELATIVE_URI_RESOLUTION_DISABLED, true);

        register(gatehouse.accessLog);
        register(new AcceptFilter());
        register(gatehouse.cors);
        register(gatehouse.gate);
        register(gatehouse.origins);
        register(gatehouse.authentication);
        register(new QueryParameterFilter());
        register(new BodyLimitFilter());
        register(new JsonBodyReader());
        register(gatehouse.responseHeaders);
        register(gatehouse.refusals);
        register(new ErrorMapper(gatehouse.paths));

        // Registered as classes, bound to the instances made by hand: registering an instance logs a false warning.
        gatehouse.resources.forEach(resource -> register(resource.getClass()));
        register(new AbstractBinder() {
            @Override
            protected void configure() {
                gatehouse.resources.forEach(this::bindToItsClass);
            }

            @SuppressWarnings("unchecked")
            private <T> void bindToItsClass(T resource) {
                bind(resource).to((Class<T>) resource.getClass());
            }
        });
    }
}
