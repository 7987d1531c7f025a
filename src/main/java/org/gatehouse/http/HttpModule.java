package org.gatehouse.http;

import jakarta.servlet.Servlet;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import org.gatehouse.config.Settings;
import org.gatehouse.json.JsonBodyReader;
import org.gatehouse.metrics.Metrics;
import org.glassfish.jersey.server.ResourceConfig;

/** Creates the filters, and the servlet that contains them. */
public final class HttpModule {
    private final RequestId requestIds = new RequestId(new SecureRandom());
    private final StartupFilter startupFilter = new StartupFilter();
    private final ContainerErrors containerErrors;
    private final List<Object> components;

    private HttpModule(
            Settings settings, AccessLog accessLog, KnownPaths paths, Object authentication, Object rejections) {
        Cors cors = new Cors(settings.corsOrigins());
        ResponseHeaders responseHeaders = new ResponseHeaders(cors);
        containerErrors = new ContainerErrors(responseHeaders, accessLog);
        components = List.of(
                accessLog,
                new ProblemAcceptFilter(),
                cors,
                startupFilter,
                new ClientInfoFilter(new TrustedProxies(settings.trustedProxies())),
                authentication,
                new QueryParameterFilter(),
                new BodyLimitFilter(),
                new JsonBodyReader(),
                responseHeaders,
                rejections,
                new ErrorMapper(paths));
    }

    /**
     * Creates the module.
     *
     * @param resources all of the application
     * @param authentication the filter that authenticates requests
     * @param rejections the filter that records rejected requests
     */
    public static HttpModule of(
            Settings settings, Metrics metrics, List<Object> resources, Object authentication, Object rejections) {
        KnownPaths paths = new KnownPaths(
                resources.stream().<Class<?>>map(Object::getClass).toList());
        return new HttpModule(settings, new AccessLog(metrics, paths), paths, authentication, rejections);
    }

    /** The filters and providers; {@link FilterOrder} has the order of the filters. */
    public List<Object> components() {
        return components;
    }

    /** Lets requests pass from now on. */
    public StartupFilter startupFilter() {
        return startupFilter;
    }

    public Servlet servlet(ResourceConfig application) {
        return new ApplicationServlet(application, requestIds, containerErrors);
    }

    /**
     * Creates the servlet of the application.
     *
     * @param bodyTimeout how long a client may take to send a body that is not streamed
     */
    public Servlet servlet(ResourceConfig application, Duration bodyTimeout) {
        return new ApplicationServlet(application, requestIds, containerErrors, bodyTimeout);
    }
}
