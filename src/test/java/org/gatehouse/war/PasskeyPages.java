package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.json.Json;
import org.gatehouse.mail.MailServer;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Uses passkeys in a browser, with the WAR in Tomcat and in Jetty, at the root and under a context path: the sample page
 * of {@code docs/factors.md}, and the page that sets a new password. {@code .ci/browser} installs the browser and runs
 * this test. {@code mvn verify} does not run this test.
 */
@Tag("full")
@Isolated("because the browser needs the processors")
class PasskeyPages {
    private static final Path FOLDER = Path.of("target", "passkeys").toAbsolutePath();
    private static final int TIMEOUT_MINUTES = 5;

    static Stream<Arguments> servers() {
        return Stream.of(Distribution.TOMCAT_11, Distribution.JETTY_12)
                .flatMap(distribution -> Stream.of("", "/accounts").map(path -> Arguments.of(distribution, path)));
    }

    @ParameterizedTest(name = "{0} at {1}/")
    @MethodSource("servers")
    void thePagesUsePasskeys(Distribution distribution, String contextPath) throws Exception {
        int port = EmbeddedRedis.freePort();
        Ports pages = new Ports(EmbeddedRedis.freePort(), EmbeddedRedis.freePort());
        String base = "http://localhost:" + port + contextPath;
        try (Stores stores = new Stores();
                MailServer mails = MailServer.start();
                AppServer server = AppServer.start(
                        distribution,
                        List.of(new Deployment(contextPath, settings(stores, mails, base, port, pages))),
                        port)) {
            server.awaitReady(contextPath);
            HttpServer mailPage = mailPage(mails);
            try {
                String name = distribution + contextPath.replace('/', '-');
                assertThat(walk(name, base, mailPage.getAddress().getPort(), pages))
                        .as("the exit code of the walk, whose output is in " + FOLDER)
                        .isZero();
            } finally {
                mailPage.stop(0);
            }
            server.stop();
            assertThat(server.log()).doesNotContain(" ERROR ", "SEVERE", "\tat ");
        }
    }

    /**
     * The ports of the sample page.
     *
     * @param allowed may use passkeys
     * @param foreign may call the service, but not use passkeys
     */
    private record Ports(int allowed, int foreign) {}

    private static Map<String, String> settings(Stores stores, MailServer mails, String base, int port, Ports pages) {
        Map<String, String> settings = new HashMap<>(mails.settings());
        settings.remove("MAIL_LINKS"); // so the links lead to the page of the service
        settings.put("PUBLIC_URL", base);
        settings.put("RP_ORIGINS", "http://localhost:" + port + ",http://localhost:" + pages.allowed());
        settings.put("CORS_ORIGINS", "http://localhost:" + pages.allowed() + ",http://localhost:" + pages.foreign());
        return ServiceClient.settings(stores, settings);
    }

    /** Runs the script, and returns its exit code. */
    private static int walk(String name, String base, int mailPort, Ports pages)
            throws IOException, InterruptedException {
        Path folder = Files.createDirectories(FOLDER.resolve(name));
        Path output = FOLDER.resolve(name + ".txt");
        List<String> command = new ArrayList<>(List.of("node", ".ci/passkey-walk.js", base));
        command.add(Objects.requireNonNullElse(System.getenv("BROWSER"), "/usr/bin/chromium"));
        command.add("http://127.0.0.1:" + mailPort);
        command.add(Integer.toString(pages.allowed()));
        command.add(Integer.toString(pages.foreign()));
        command.add(folder.toString());
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("ADMIN_USERNAME", ServiceClient.ADMIN);
        builder.environment().put("ADMIN_PASSWORD", ServiceClient.ADMIN_PASSWORD);
        Process script = builder.start();
        if (!script.waitFor(TIMEOUT_MINUTES, TimeUnit.MINUTES)) {
            script.destroyForcibly().waitFor();
        }
        System.out.println(Files.readString(output));
        return script.exitValue();
    }

    /** Serves the mails in the form of {@code mvn jetty:run}. */
    private static HttpServer mailPage(MailServer mails) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/dev/mail.json", exchange -> respond(exchange, mails));
        server.start();
        return server;
    }

    private static void respond(HttpExchange exchange, MailServer mails) throws IOException {
        String to = URLDecoder.decode(
                exchange.getRequestURI().getRawQuery().replaceFirst("^to=", ""), StandardCharsets.UTF_8);
        ArrayNode found = Json.MAPPER.createArrayNode();
        mails.received().stream()
                .filter(mail -> mail.to().equals(to))
                .forEach(mail -> found.addObject().put("kind", mail.kind()).put("text", mail.text()));
        byte[] body = found.toString().getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        try (var stream = exchange.getResponseBody()) {
            stream.write(body);
        }
    }
}
