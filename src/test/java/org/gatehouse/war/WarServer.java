package org.gatehouse.war;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.Map;
import org.eclipse.jetty.ee.webapp.WebAppClassLoader;
import org.eclipse.jetty.ee10.webapp.WebAppContext;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.gatehouse.http.Json;
import org.gatehouse.store.Stores;

/** The packaged WAR, deployed to a Jetty on a free port, and the calls that a client makes to it. */
public final class WarServer implements AutoCloseable {
    public static final String ADMIN = "root-admin";
    public static final String ADMIN_PASSWORD = "the first administrator";
    public static final String AUTH_KEY =
            "a key for tests, of more than 64 bytes, so that it would do for HS384 and HS512 too";

    private static final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final Server server = new Server();
    private final ServerConnector connector = new ServerConnector(server);
    private final String contextPath;

    private WarServer(String contextPath, Map<String, String> settings) throws IOException {
        this.contextPath = contextPath;
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        WebAppContext application = new WebAppContext();
        application.setContextPath(contextPath.isEmpty() ? "/" : contextPath);
        application.setWar(war().toString());
        application.setThrowUnavailableOnStartupException(true);
        application.setClassLoader(new WebAppClassLoader(new ContainerOnly(), application));
        settings.forEach((name, value) -> application.setInitParameter("GATEHOUSE_" + name, value));
        server.setHandler(application);
        server.setStopTimeout(2_000);
    }

    /** What an application sees of a Jetty that does not happen to have this project on its class path. */
    private static final class ContainerOnly extends ClassLoader {
        ContainerOnly() {
            super(ClassLoader.getPlatformClassLoader());
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (name.startsWith("org.eclipse.jetty.") || name.startsWith("jakarta.servlet.")) {
                return WarServer.class.getClassLoader().loadClass(name);
            }
            throw new ClassNotFoundException(name);
        }

        @Override
        protected Enumeration<URL> findResources(String name) throws IOException {
            return name.equals("jndi.properties")
                    ? WarServer.class.getClassLoader().getResources(name)
                    : Collections.emptyEnumeration();
        }
    }

    /** The file that {@code mvn package} made. */
    static Path war() {
        Path war = Path.of(System.getProperty("gatehouse.war", "target/gatehouse.war"));
        if (!Files.exists(war)) {
            throw new IllegalStateException(war + " is missing: run 'mvn verify', or 'mvn package' before this test");
        }
        return war;
    }

    /** Deploys the WAR as the only application, with an administrator. */
    public static WarServer start(Stores stores) {
        return start(stores, Map.of());
    }

    /** The same with more settings, or with others than usual. */
    public static WarServer start(Stores stores, Map<String, String> settings) {
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
        all.putAll(settings);
        return deploy("", all);
    }

    /** Deploys the WAR with exactly these settings. */
    public static WarServer deploy(String contextPath, Map<String, String> settings) {
        WarServer deployed = newServer(contextPath, settings);
        try {
            deployed.server.start();
            return deployed;
        } catch (Exception failed) {
            deployed.close();
            throw new DeploymentFailed(failed);
        }
    }

    private static WarServer newServer(String contextPath, Map<String, String> settings) {
        try {
            return new WarServer(contextPath, settings);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** The container refused the WAR; the cause is what the application threw. */
    public static final class DeploymentFailed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DeploymentFailed(Throwable cause) {
            super(cause);
        }
    }

    public int port() {
        return connector.getLocalPort();
    }

    public Answer get(String path, String token) {
        return send("GET", path, "", "auth", token);
    }

    public Answer post(String path, String token, String json) {
        return send("POST", path, json, "auth", token, "Content-Type", "application/json");
    }

    public Answer patch(String path, String token, String json, String... headers) {
        String[] all = new String[headers.length + 4];
        System.arraycopy(headers, 0, all, 4, headers.length);
        all[0] = "auth";
        all[1] = token;
        all[2] = "Content-Type";
        all[3] = "application/merge-patch+json";
        return send("PATCH", path, json, all);
    }

    public Answer delete(String path, String token) {
        return send("DELETE", path, "", "auth", token);
    }

    /** Sends a request; headers whose value is empty are left out, and so is an empty body. */
    public Answer send(String method, String pathOrUri, String body, String... headers) {
        URI uri = URI.create(
                pathOrUri.startsWith("http") ? pathOrUri : "http://127.0.0.1:" + port() + contextPath + pathOrUri);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(30))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        for (int i = 0; i < headers.length; i += 2) {
            if (!headers[i + 1].isEmpty()) {
                request.header(headers[i], headers[i + 1]);
            }
        }
        try {
            return new Answer(http.send(request.build(), BodyHandlers.ofString()));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    public Answer login(String username, String password) {
        String body = Json.MAPPER
                .createObjectNode()
                .put("username", username)
                .put("password", password)
                .toString();
        return post("/login", "", body);
    }

    /** The token of a login that must succeed. */
    public String token(String username, String password) {
        Answer answer = login(username, password);
        if (answer.status() != 200) {
            throw new AssertionError("login of " + username + " failed: " + answer.body());
        }
        return answer.text("token");
    }

    public String adminToken() {
        return token(ADMIN, ADMIN_PASSWORD);
    }

    /** Creates a user, as the administrator, and answers its id. */
    public String create(String adminToken, String username, String password) {
        String body = Json.MAPPER
                .createObjectNode()
                .put("username", username)
                .put("password", password)
                .toString();
        Answer answer = post("/user", adminToken, body);
        if (answer.status() != 201) {
            throw new AssertionError("creating " + username + " failed: " + answer.body());
        }
        return answer.text("_id");
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception failed) {
            throw new IllegalStateException("Jetty did not stop", failed);
        }
    }
}
