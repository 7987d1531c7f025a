package org.gatehouse.http;

import jakarta.servlet.Servlet;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.gatehouse.config.Settings;
import org.gatehouse.json.JsonBody;
import org.gatehouse.json.JsonBodyReader;
import org.gatehouse.metrics.Metrics;
import org.glassfish.jersey.server.ResourceConfig;

/** Creates the filters, and the servlet that uses them. */
public final class HttpModule {
    /** The time in which a client must send a body of up to {@link JsonBody#MAX_BYTES}. Usual clients need less. */
    public static final Duration BODY_TIMEOUT = Duration.ofSeconds(10);

    private final ResponseHeaders responseHeaders;
    private final ContainerErrors containerErrors;
    private final List<Object> components;

    private HttpModule(ResponseHeaders responseHeaders, ContainerErrors containerErrors, List<Object> components) {
        this.responseHeaders = responseHeaders;
        this.containerErrors = containerErrors;
        this.components = components;
    }

    /**
     * Creates the module.
     *
     * @param resources all resources of the application
     * @param authentication the filter that authenticates requests
     * @param rejections the filter that records rejected requests
     * @param ready returns whether startup is complete
     */
    public static HttpModule of(
            Settings settings,
            Metrics metrics,
            List<Object> resources,
            Object authentication,
            Object rejections,
            BooleanSupplier ready) {
        KnownPaths paths = new KnownPaths(
                resources.stream().<Class<?>>map(Object::getClass).toList());
        AccessLog accessLog = new AccessLog(metrics, paths);
        Cors cors = new Cors(settings.corsOrigins());
        ResponseHeaders responseHeaders = new ResponseHeaders(cors);
        List<Object> components = List.of(
                accessLog,
                new AcceptFilter(),
                cors,
                new StartupFilter(ready),
                new ClientInfoFilter(new TrustedProxies(settings.trustedProxies())),
                // This filter rejects callers before the next filters can send errors that describe the method.
                authentication,
                new QueryParameterFilter(),
                new BodyLimitFilter(),
                new JsonBodyReader(),
                new PublicLinks(settings.publicUrl()),
                new SessionCookieFilter(),
                // For responses, this filter runs after the error mapper, which may replace the body.
                responseHeaders,
                new ErrorMapper(paths),
                // For responses, this filter runs before the error mapper, which replaces the exception.
                rejections);
        return new HttpModule(responseHeaders, new ContainerErrors(responseHeaders, accessLog), components);
    }

    /** Returns the filters and providers. Requests pass the filters in this order, responses in reverse order. */
    public List<Object> components() {
        return components;
    }

    /**
     * Creates the servlet of the application.
     *
     * @param bodyTimeout how long a client may take to send a body that is not streamed
     */
    public Servlet servlet(ResourceConfig application, Duration bodyTimeout) {
        RequestBodies bodies = new RequestBodies(application.getClasses(), bodyTimeout);
        return new ApplicationServlet(application, bodies, responseHeaders, containerErrors);
    }
}
