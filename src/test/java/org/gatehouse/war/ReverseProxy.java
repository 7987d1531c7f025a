package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A process of HAProxy, nginx or Apache with a configuration file of {@code deploy}, in front of two nodes or of another application. */
class ReverseProxy extends ServiceClient {
    private static final Path FOLDER = Path.of("target", "proxies").toAbsolutePath();
    private static final Path DEPLOY = Path.of("deploy").toAbsolutePath();
    private static final String FIRST_NODE = "10.0.0.11:8080";
    private static final String SECOND_NODE = "10.0.0.12:8080";

    /** The Lua file of a configuration, whose name is the group. */
    private static final Pattern SCRIPT = Pattern.compile("/etc/(?:apache2|haproxy)/(\\w+\\.lua)");

    private static final Duration WAIT_TIMEOUT = Duration.ofMinutes(1);
    private static final List<String> APACHE_MODULES = List.of(
            "mpm_event",
            "authz_core",
            "headers",
            "setenvif",
            "lua",
            "filter",
            "deflate",
            "ssl",
            "slotmem_shm",
            "proxy",
            "proxy_http",
            "proxy_balancer",
            "proxy_hcheck",
            "lbmethod_byrequests");

    /** The relation between the public address and the address of the nodes. */
    enum Shape {
        ROOT("", "", ""),
        SUB_PATH("-sub-path", "/accounts", "/accounts"),
        PATH_REMOVED("-path-removed", "/accounts", ""),
        TLS("-tls", "", "");

        /** The path of the public address. */
        final String path;

        /** The context path of the nodes. */
        final String contextPath;

        private final String suffix;

        Shape(String suffix, String path, String contextPath) {
            this.suffix = suffix;
            this.path = path;
            this.contextPath = contextPath;
        }

        String scheme() {
            return this == TLS ? "https" : "http";
        }
    }

    enum Kind {
        HAPROXY,
        NGINX,
        APACHE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }

        private String file(Shape shape) {
            return this == HAPROXY
                    ? "haproxy/haproxy" + shape.suffix + ".cfg"
                    : this + "/gatehouse" + shape.suffix + ".conf";
        }

        private String checkFile() {
            return this + "/check." + (this == HAPROXY ? "cfg" : "conf");
        }
    }

    private final Kind kind;
    private final Shape shape;
    private final boolean tls;
    private final int port;
    private final Path folder;
    private final Path config;
    private final Process process;

    /**
     * Starts the proxy. Does not wait until it is ready.
     *
     * @param addition lines that are added to the frontend of HAProxy, or to the global configuration of nginx and Apache
     * @param port the port on which the proxy listens
     * @param nodes the ports of both nodes
     */
    ReverseProxy(Kind kind, Shape shape, String addition, int port, List<Integer> nodes) throws IOException {
        this(
                kind,
                shape,
                shape == Shape.TLS,
                addition,
                port,
                kind.file(shape),
                Map.of(FIRST_NODE, "127.0.0.1:" + nodes.get(0), SECOND_NODE, "127.0.0.1:" + nodes.get(1)));
    }

    /** Starts nginx with the configuration file of a shape, in which its listener has TLS, in front of one node. */
    static ReverseProxy withTls(Shape shape, int port, int node) throws IOException {
        return new ReverseProxy(
                Kind.NGINX,
                shape,
                true,
                "",
                port,
                Kind.NGINX.file(shape),
                Map.of(FIRST_NODE, "127.0.0.1:" + node, SECOND_NODE, "127.0.0.1:" + node));
    }

    /** Starts the proxy with the configuration file that calls {@code /check}, in front of another application. */
    static ReverseProxy withCheck(Kind kind, int port, int gatehouse, int application) throws IOException {
        return new ReverseProxy(
                kind,
                Shape.ROOT,
                false,
                "",
                port,
                kind.checkFile(),
                Map.of(FIRST_NODE, "127.0.0.1:" + gatehouse, "127.0.0.1:3000", "127.0.0.1:" + application));
    }

    private ReverseProxy(
            Kind kind, Shape shape, boolean tls, String addition, int port, String file, Map<String, String> addresses)
            throws IOException {
        this.kind = kind;
        this.shape = shape;
        this.tls = tls;
        this.port = port;
        Files.createDirectories(FOLDER);
        this.folder = Files.createTempDirectory(FOLDER, kind + shape.suffix + "-");
        // The unprivileged processes of Apache read files in this folder.
        assertThat(folder.toFile().setExecutable(true, false) && folder.toFile().setReadable(true, false))
                .isTrue();
        this.config = folder.resolve("shipped.conf");
        if (tls) {
            Certificate.get().writeTo(folder);
        }
        Files.writeString(config, shipped(file, addresses, addition));
        this.process = new ProcessBuilder(command(addition))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
    }

    private List<String> command(String addition) throws IOException {
        return switch (kind) {
            case HAPROXY -> List.of(executable("haproxy"), "-db", "-f", config.toString());
            case NGINX ->
                List.of(
                        executable("nginx"),
                        "-p",
                        folder.toString(),
                        "-c",
                        nginx(addition).toString());
            case APACHE ->
                List.of(
                        executable("apache2"),
                        "-DFOREGROUND",
                        "-f",
                        apache(addition).toString());
        };
    }

    private Path nginx(String addition) throws IOException {
        String temporary = List.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi").stream()
                .map(name -> name + "_temp_path " + folder + "/" + name + ";\n")
                .reduce("", String::concat);
        return Files.writeString(
                folder.resolve("nginx.conf"),
                "daemon off;\npid " + folder + "/pid;\nerror_log stderr;\n" + (isRoot() ? "user root;\n" : "")
                        + "events {}\nhttp {\naccess_log off;\n" + temporary + addition + "include " + config
                        + ";\n}\n");
    }

    private Path apache(String addition) throws IOException {
        StringBuilder modules = new StringBuilder();
        for (String module : APACHE_MODULES) {
            modules.append("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n".formatted(module, module));
        }
        return Files.writeString(
                folder.resolve("apache.conf"),
                "ServerRoot " + folder + "\nServerName localhost\nPidFile " + folder + "/pid\nErrorLog " + folder
                        + "/error.log\nDefaultRuntimeDir " + folder + "\n" + modules
                        + (isRoot() ? "User www-data\nGroup www-data\n" : "") + addition + "Include " + config
                        + "\n");
    }

    private static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }

    private static String executable(String name) {
        return List.of("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin").stream()
                .map(folder -> folder + "/" + name)
                .filter(file -> Files.isExecutable(Path.of(file)))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(name + " is not installed: see .ci/proxies"));
    }

    /** Returns a configuration file of {@code deploy}, with the ports and the certificate of this test. */
    private String shipped(String file, Map<String, String> addresses, String addition) throws IOException {
        String text = Files.readString(DEPLOY.resolve(file));
        for (Map.Entry<String, String> address : addresses.entrySet()) {
            text = replaced(text, address.getKey(), address.getValue());
        }
        Matcher script = SCRIPT.matcher(text);
        if (script.find()) {
            Files.copy(DEPLOY.resolve(kind.toString()).resolve(script.group(1)), folder.resolve(script.group(1)));
            text = script.replaceAll(folder + "/$1");
        }
        if (tls && shape != Shape.TLS) {
            text = replaced(
                    text,
                    "listen 8000;",
                    "listen 8443 ssl;\nssl_certificate /etc/ssl/gatehouse/certificate.pem;\n"
                            + "ssl_certificate_key /etc/ssl/gatehouse/key.pem;");
        }
        text = replaced(text, tls ? "8443" : "8000", Integer.toString(port));
        if (tls) {
            text = replaced(text, "/etc/ssl/gatehouse", folder.toString());
        }
        return kind == Kind.HAPROXY && !addition.isEmpty()
                ? replaced(text, "frontend gatehouse\n", "frontend gatehouse\n" + addition)
                : text;
    }

    private static String replaced(String text, String shipped, String replacement) {
        assertThat(text).contains(shipped);
        return text.replace(shipped, replacement);
    }

    @Override
    protected String baseUri() {
        return (tls ? "https" : "http") + "://127.0.0.1:" + port + shape.path;
    }

    @Override
    protected HttpClient client() {
        return tls ? Certificate.get().client() : super.client();
    }

    void awaitReady() {
        await().atMost(WAIT_TIMEOUT).ignoreExceptions().until(() -> {
            assertThat(process.isAlive()).as(log()).isTrue();
            return get("/health/ready", "").status() == 200;
        });
    }

    /** Waits until the proxy accepts connections. */
    void awaitOpen() {
        await().atMost(WAIT_TIMEOUT).ignoreExceptions().until(() -> {
            assertThat(process.isAlive()).as(log()).isTrue();
            new Socket(InetAddress.getLoopbackAddress(), port).close();
            return true;
        });
    }

    private String log() throws IOException {
        return Files.readString(folder.resolve("log"));
    }

    /** Changes the configuration file and lets the proxy read it again. */
    void reconfigure(UnaryOperator<String> change) throws IOException, InterruptedException {
        Files.writeString(config, change.apply(Files.readString(config)));
        int status = new ProcessBuilder("kill", "-HUP", Long.toString(process.pid()))
                .start()
                .waitFor();
        assertThat(status).isZero();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** A certificate for the loopback address, which only {@link #client} trusts. */
    private record Certificate(String certificate, String key, HttpClient client) {
        private static final String PASSWORD = "changeit";

        private static final class Created {
            static final Certificate ONLY = create();
        }

        static Certificate get() {
            return Created.ONLY;
        }

        void writeTo(Path folder) throws IOException {
            Files.writeString(folder.resolve("certificate.pem"), certificate);
            Files.writeString(folder.resolve("key.pem"), key);
            Files.writeString(folder.resolve("all.pem"), certificate + key);
        }

        private static Certificate create() {
            try {
                Path file = Files.createTempDirectory(FOLDER, "certificate-").resolve("store.p12");
                int status = new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-keystore",
                                file.toString(),
                                "-storepass",
                                PASSWORD,
                                "-alias",
                                "proxy",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=localhost",
                                "-ext",
                                "SAN=ip:127.0.0.1,dns:localhost")
                        .inheritIO()
                        .start()
                        .waitFor();
                assertThat(status).isZero();
                return read(KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray()));
            } catch (IOException | GeneralSecurityException failed) {
                throw new IllegalStateException("no certificate", failed);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(interrupted);
            }
        }

        private static Certificate read(KeyStore store) throws GeneralSecurityException, IOException {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("proxy", store.getCertificate("proxy"));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return new Certificate(
                    pem("CERTIFICATE", store.getCertificate("proxy").getEncoded()),
                    pem(
                            "PRIVATE KEY",
                            store.getKey("proxy", PASSWORD.toCharArray()).getEncoded()),
                    HttpClient.newBuilder()
                            .version(HttpClient.Version.HTTP_1_1)
                            .sslContext(context)
                            .build());
        }

        private static String pem(String label, byte[] content) {
            return "-----BEGIN " + label + "-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + label
                    + "-----\n";
        }
    }
}
