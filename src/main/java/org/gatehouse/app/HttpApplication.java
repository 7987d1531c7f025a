package org.gatehouse.app;

import java.lang.reflect.Type;
import org.glassfish.jersey.CommonProperties;
import org.glassfish.jersey.internal.inject.AbstractBinder;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;

/**
 * Registers everything about HTTP: the filters in the order in which a request passes them, then the resources of
 * {@link Gatehouse}.
 */
final class HttpApplication extends ResourceConfig {
    /** Behind Jersey's interceptor with priority 10, which passes the exceptions of others to the error mapper. */
    private static final int FIRST_PRIORITY = 100;

    HttpApplication(Gatehouse gatehouse) {
        // Discovery is disabled, because the start is then faster and other jars cannot register anything.
        property(CommonProperties.FEATURE_AUTO_DISCOVERY_DISABLE, true);
        property(CommonProperties.METAINF_SERVICES_LOOKUP_DISABLE, true);
        property(ServerProperties.WADL_FEATURE_DISABLE, true);
        property(CommonProperties.PROVIDER_DEFAULT_DISABLE, "ALL"); // unused formats such as XML
        // Responses are not buffered to determine their length, because ResponseHeaders sets it from the byte array.
        property(ServerProperties.OUTBOUND_CONTENT_LENGTH_BUFFER, 0);
        // Errors have a body of Gatehouse, never the error page of the container.
        property(ServerProperties.RESPONSE_SET_STATUS_OVER_SEND_ERROR, true);
        // Location is sent as RelativeReference creates it.
        property(ServerProperties.LOCATION_HEADER_RELATIVE_URI_RESOLUTION_DISABLED, true);

        int priority = FIRST_PRIORITY;
        for (Object component : gatehouse.http.components()) {
            register(component, priority++);
        }

        // Classes are registered and bound to existing instances, because registering an instance logs a false warning.
        gatehouse.resources.forEach(resource -> register(resource.getClass()));
        register(new AbstractBinder() {
            @Override
            protected void configure() {
                gatehouse.resources.forEach(resource -> bind(resource).to((Type) resource.getClass()));
            }
        });
    }
}
