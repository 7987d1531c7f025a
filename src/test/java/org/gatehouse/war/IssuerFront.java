package org.gatehouse.war;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A proxy in front of Gatehouse, whose address is the issuer. The address is known before Gatehouse starts, so it can be
 * a setting of Gatehouse.
 *
 * <p>It replaces the fixed credentials of a service by those of a service of Gatehouse. The guarded applications start
 * together with Gatehouse, so they cannot know the credentials that Gatehouse creates.
 */
final class IssuerFront implements AutoCloseable {
    static final String CLIENT_ID = "reports";
    static final String CLIENT_SECRET = "a secret of the service";

    private static final String INTROSPECTION = "/introspect";

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;
    private final AtomicLong introspections = new AtomicLong();
    private volatile String address = "";
    private volatile String credentials = "";

    IssuerFront() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 500);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        server.setExecutor(threads);
        server.createContext("/", this::respond);
        server.start();
    }

    String issuer() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Forwards requests to this Gatehouse, and creates the service that introspects. */
    void connect(ServiceClient gatehouse) {
        Response service =
                gatehouse.post("/service", gatehouse.adminToken(), "{\"name\":\"Reports\",\"roles\":[\"introspect\"]}");
        credentials = basic(service.text("_id"), service.text("secret"));
        address = gatehouse.baseUri();
    }

    long introspections() {
        return introspections.get();
    }

    private void respond(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        byte[] body = exchange.getRequestBody().readAllBytes();
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address + path))
                .method(exchange.getRequestMethod(), BodyPublishers.ofByteArray(body));
        if (path.equals(INTROSPECTION)) {
            introspections.incrementAndGet();
            if (!basic(CLIENT_ID, CLIENT_SECRET)
                    .equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                send(exchange, 401, new byte[0]);
                return;
            }
            request.header("Authorization", credentials)
                    .header("Content-Type", exchange.getRequestHeaders().getFirst("Content-Type"));
        }
        forward(exchange, request.build());
    }

    private void forward(HttpExchange exchange, HttpRequest request) throws IOException {
        try {
            HttpResponse<byte[]> response = http.send(request, BodyHandlers.ofByteArray());
            response.headers()
                    .firstValue("Cache-Control")
                    .ifPresent(caching -> exchange.getResponseHeaders().set("Cache-Control", caching));
            send(exchange, response.statusCode(), response.body());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static String basic(String id, String secret) {
        String joined =
                URLEncoder.encode(id, StandardCharsets.UTF_8) + ":" + URLEncoder.encode(secret, StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(joined.getBytes(StandardCharsets.UTF_8));
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
