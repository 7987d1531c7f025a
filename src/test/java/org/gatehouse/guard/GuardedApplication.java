package org.gatehouse.guard;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.ee10.servlet.ErrorPageErrorHandler;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** A web application behind the filter, in a Jetty of this process. */
final class GuardedApplication implements AutoCloseable {
    private static final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** Without a stop timeout, a stop does not wait until the client has closed its connections. */
    private final Server jetty = new Server();

    private final ServerConnector connector = new ServerConnector(jetty);

    private GuardedApplication(ServletContextHandler application) {
        connector.setHost("127.0.0.1");
        jetty.addConnector(connector);
        jetty.setHandler(application);
        jetty.setStopTimeout(0);
    }

    static GuardedApplication start(Map<String, String> parameters) {
        return start(new GuardFilter(), parameters);
    }

    static GuardedApplication start(GuardFilter filter, Map<String, String> parameters) {
        ServletContextHandler application = new ServletContextHandler();
        FilterHolder holder = new FilterHolder(filter);
        holder.setName("guard");
        holder.setInitParameters(parameters);
        holder.setAsyncSupported(true);
        application.addFilter(
                holder, "/*", EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC, DispatcherType.ERROR));
        ServletHolder servlet = new ServletHolder(new Shown());
        servlet.setAsyncSupported(true);
        application.addServlet(servlet, "/*");
        ErrorPageErrorHandler errors = new ErrorPageErrorHandler();
        errors.addErrorPage(418, "/error-page");
        application.setErrorHandler(errors);
        GuardedApplication started = new GuardedApplication(application);
        try {
            started.jetty.start();
            return started;
        } catch (Exception failed) {
            started.close();
            throw new IllegalStateException(failed);
        }
    }

    /** Shows the caller. The path selects what else it does. */
    private static final class Shown extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            String path = request.getPathInfo();
            if (path.startsWith("/status/")) {
                response.setStatus(Integer.parseInt(path.substring(8)));
            } else if (path.startsWith("/error/")) {
                response.sendError(Integer.parseInt(path.substring(7)));
                return;
            } else if (path.equals("/async") && request.getDispatcherType() == DispatcherType.REQUEST) {
                AsyncContext async = request.startAsync();
                async.start(async::dispatch);
                return;
            }
            response.getWriter()
                    .print(request.getDispatcherType() + " " + request.getUserPrincipal() + " "
                            + request.getRemoteUser() + " " + request.getAuthType() + " user="
                            + request.isUserInRole("user") + " admin=" + request.isUserInRole("admin") + " any="
                            + request.isUserInRole("**"));
        }
    }

    HttpResponse<String> get(String path, String... headers) {
        return getAsync(path, headers).join();
    }

    /** Sends a request with a Bearer token. */
    HttpResponse<String> with(String token) {
        return get("/", "Authorization", "Bearer " + token);
    }

    CompletableFuture<HttpResponse<String>> getAsync(String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + connector.getLocalPort() + path))
                .timeout(Duration.ofSeconds(30));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return http.sendAsync(request.build(), BodyHandlers.ofString());
    }

    static String challenge(HttpResponse<String> response) {
        return response.headers().firstValue("WWW-Authenticate").orElse("");
    }

    @Override
    public void close() {
        try {
            jetty.stop();
        } catch (Exception failed) {
            throw new IllegalStateException("Jetty did not stop", failed);
        }
    }
}
