package org.gatehouse.war;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.gatehouse.json.Json;
import org.gatehouse.store.Stores;

/** A running service and the HTTP calls to this service. Every response is checked against the API description. */
public abstract class ServiceClient implements AutoCloseable {
    public static final String ADMIN = "root-admin";
    public static final String ADMIN_PASSWORD = "the first administrator";
    public static final String AUTH_KEY =
            "a key for tests, of more than 64 bytes, so that it would do for HS384 and HS512 too";

    /**
     * The maximum number of retries. No pause is necessary, because the service waits for a second before it rejects a
     * call as busy.
     */
    private static final int MAX_RETRIES = 10;

    private static final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** Returns the base address of the service, without a final slash. */
    protected abstract String baseUri();

    /** Returns the client that sends the requests. */
    protected HttpClient client() {
        return http;
    }

    @Override
    public abstract void close();

    /**
     * Returns settings for a service that uses these stores and has an administrator. The extra settings are added, and
     * replace settings of the same name.
     */
    public static Map<String, String> settings(Stores stores, Map<String, String> extraSettings) {
        Map<String, String> all = new HashMap<>(Map.of(
                "AUTH_KEY",
                AUTH_KEY,
                "DB_HOST",
                stores.mongoUri(),
                "DB_NAME",
                stores.database(),
                "REDIS_URL",
                stores.redis().uri(),
                "ADMIN_USERNAME",
                ADMIN,
                "ADMIN_PASSWORD",
                ADMIN_PASSWORD));
        all.putAll(extraSettings);
        return all;
    }

    public Response get(String path, String token) {
        return send("GET", path, "", "auth", token);
    }

    public Response post(String path, String token, String json) {
        return send("POST", path, json, "auth", token, "Content-Type", "application/json");
    }

    public Response patch(String path, String token, String json, String... headers) {
        String[] all = new String[headers.length + 4];
        System.arraycopy(headers, 0, all, 4, headers.length);
        all[0] = "auth";
        all[1] = token;
        all[2] = "Content-Type";
        all[3] = "application/merge-patch+json";
        return send("PATCH", path, json, all);
    }

    public Response delete(String path, String token) {
        return send("DELETE", path, "", "auth", token);
    }

    /**
     * Sends a request. Omits headers with an empty value, and omits an empty body.
     *
     * @throws AssertionError if the response does not match {@link ApiDescription}, or if the service accepted a
     *     request that does not match
     */
    public Response send(String method, String pathOrUri, String body, String... headers) {
        URI uri = URI.create(pathOrUri.startsWith("http") ? pathOrUri : baseUri() + pathOrUri);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(60))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        for (int i = 0; i < headers.length; i += 2) {
            if (!headers[i + 1].isEmpty()) {
                request.header(headers[i], headers[i + 1]);
            }
        }
        try {
            long begun = System.nanoTime();
            HttpResponse<String> received = client().send(request.build(), BodyHandlers.ofString());
            Duration took = Duration.ofNanos(System.nanoTime() - begun);
            Response response = new Response(uri, received.statusCode(), received.headers(), received.body(), took);
            if (isDescribed()) {
                check(received.request(), body, response);
            }
            return response;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** Returns whether {@link ApiDescription} describes this service. A previous version may respond differently. */
    protected boolean isDescribed() {
        return true;
    }

    private void check(HttpRequest request, String body, Response response) {
        Map<String, String> headers = new HashMap<>();
        request.headers().map().forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.get(0)));
        String path = request.uri().toString().replaceFirst("^\\w+://[^/]*", "");
        String context = URI.create(baseUri()).getRawPath();
        ApiDescription.built()
                .check(request.method(), URI.create(path.substring(context.length())), headers, body, response);
    }

    /** Returns the body of a login. A request that creates a user without other fields has the same body. */
    public static String credentials(String username, String password) {
        return Json.MAPPER
                .createObjectNode()
                .put("username", username)
                .put("password", password)
                .toString();
    }

    public Response login(String username, String password) {
        return post("/login", "", credentials(username, password));
    }

    /**
     * Sends a login with the header that a trusted proxy adds for this client address. The service must trust
     * 127.0.0.1.
     */
    public Response loginFrom(String address, String username, String password) {
        return send(
                "POST",
                "/login",
                credentials(username, password),
                "Content-Type",
                "application/json",
                "X-Forwarded-For",
                address);
    }

    /**
     * Repeats a call while the service responds with 503 {@code BUSY}. On a busy machine, the queue of password hashes
     * may be full.
     */
    public Response patiently(Supplier<Response> call) {
        return repeatedly(call, response -> response.body().contains("\"BUSY\""));
    }

    /**
     * Repeats a call while the service responds with 503. On a busy machine, a store may not respond in time. The call
     * may then have had an effect, so this is for calls that may be repeated.
     */
    public Response persistently(Supplier<Response> call) {
        return repeatedly(call, response -> true);
    }

    private static Response repeatedly(Supplier<Response> call, Predicate<Response> again) {
        Response response = call.get();
        for (int retry = 0; retry < MAX_RETRIES && response.status() == 503 && again.test(response); retry++) {
            response = call.get();
        }
        return response;
    }

    /** Logs in and returns the token. Fails if the login is rejected. */
    public String token(String username, String password) {
        Response response = patiently(() -> login(username, password));
        if (response.status() != 200) {
            throw new AssertionError("login of " + username + " failed: " + response.body());
        }
        return response.text("token");
    }

    public String adminToken() {
        return token(ADMIN, ADMIN_PASSWORD);
    }

    /** Returns an access token of a service. Fails if the service is rejected. */
    public String serviceToken(String id, String secret) {
        Response response = send(
                "POST",
                "/token",
                "grant_type=client_credentials&client_id=" + id + "&client_secret=" + secret,
                "Content-Type",
                "application/x-www-form-urlencoded");
        if (response.status() != 200) {
            throw new AssertionError("the token of service " + id + " failed: " + response.body());
        }
        return response.text("access_token");
    }

    /** Creates a user with the administrator's token. Returns the id of the user. */
    public String create(String adminToken, String username, String password) {
        Response response = patiently(() -> post("/user", adminToken, credentials(username, password)));
        if (response.status() != 201) {
            throw new AssertionError("creating " + username + " failed: " + response.body());
        }
        return response.text("_id");
    }
}
