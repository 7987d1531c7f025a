package org.gatehouse.app;

import java.lang.reflect.Type;
import java.util.List;
import org.gatehouse.http.RequestParameters;
import org.gatehouse.json.Json;
import org.glassfish.jersey.CommonProperties;
import org.glassfish.jersey.internal.inject.AbstractBinder;
import org.glassfish.jersey.server.ApplicationHandler;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;
import org.glassfish.jersey.server.spi.internal.ValueParamProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers the filters with Jersey, in the order in which requests pass them, and then the resources of
 * {@link Gatehouse}.
 */
final class HttpApplication extends ResourceConfig {
    /** Above the priority 10 of Jersey's interceptor, which passes the exceptions of components to the error mapper. */
    private static final int FIRST_PRIORITY = 100;

    private static final Logger log = LoggerFactory.getLogger(HttpApplication.class);

    /** Creates an application without resources. */
    private HttpApplication() {
        // Without discovery, the start is faster and other jars cannot register components.
        property(CommonProperties.FEATURE_AUTO_DISCOVERY_DISABLE, true);
        property(CommonProperties.METAINF_SERVICES_LOOKUP_DISABLE, true);
        property(ServerProperties.WADL_FEATURE_DISABLE, true);
        // Gatehouse does not use Jersey's own formats, such as XML.
        property(CommonProperties.PROVIDER_DEFAULT_DISABLE, "ALL");
        // Responses are not buffered to determine their length, because ResponseHeaders sets the length.
        property(ServerProperties.OUTBOUND_CONTENT_LENGTH_BUFFER, 0);
        // The container must not replace the body of an error with its own error page.
        property(ServerProperties.RESPONSE_SET_STATUS_OVER_SEND_ERROR, true);
        // Jersey must not change a Location that RelativeReference has created.
        property(ServerProperties.LOCATION_HEADER_RELATIVE_URI_RESOLUTION_DISABLED, true);
    }

    HttpApplication(Gatehouse gatehouse) {
        this();
        int priority = FIRST_PRIORITY;
        for (Object component : gatehouse.http.components()) {
            register(component, priority++);
        }

        // Jersey logs a false warning for registered instances, so classes are registered and bound to instances.
        gatehouse.resources.forEach(resource -> register(resource.getClass()));
        register(new AbstractBinder() {
            @Override
            protected void configure() {
                gatehouse.resources.forEach(resource -> bind(resource).to((Type) resource.getClass()));
                bind(new RequestParameters()).to(ValueParamProvider.class);
            }
        });
    }

    /**
     * Loads Jersey, HK2 and Jackson. {@link GatehouseListener} calls this method in a separate thread, while it reads
     * the settings and creates the clients of the stores. This takes a fifth of the work from the thread that starts the
     * server, 0.6 of 3.6 s on two busy cores. Errors are ignored, because the first real use of the classes reports
     * them.
     */
    static void preload() {
        try {
            new ApplicationHandler(new HttpApplication()).getInjectionManager().shutdown();
            Json.write(List.of());
        } catch (RuntimeException | LinkageError failed) {
            log.debug("Classes could not be loaded in advance", failed);
        }
    }
}
