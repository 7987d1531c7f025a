package org.gatehouse.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.mail.Message.RecipientType;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.gatehouse.testing.LocalJetty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the mail server that {@link DevServices} starts, and the page that shows its mails. */
class MailServletTest {
    private static final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    Path folder;

    private final ServletContextHandler context = new ServletContextHandler("/accounts");
    private final LocalJetty jetty = new LocalJetty(context);

    @BeforeEach
    void start() throws Exception {
        context.setInitParameter("DB_HOST", "mongodb://127.0.0.1:9");
        context.setInitParameter("REDIS_HOST", "127.0.0.1");
        context.addServletContainerInitializer(new DevServices(folder));
        jetty.start();
    }

    @AfterEach
    void stop() {
        jetty.close();
    }

    @Test
    void aMailToAnyAddressIsShownAsJson() throws Exception {
        assertThat(json("/dev/mail.json")).isEmpty();
        Instant before = Instant.now().minusMillis(1);

        send("alice@example.com", "Grüße", "Open https://example.com/a?b=1&c=2.", "<p>Hello</p>");

        JsonNode mail = json("/dev/mail.json").get(0);
        assertThat(mail.properties())
                .extracting(Map.Entry::getKey)
                .containsExactly("to", "from", "subject", "kind", "text", "html", "receivedAt");
        assertThat(mail.path("to").asText()).isEqualTo("alice@example.com");
        assertThat(mail.path("from").asText()).isEqualTo("Gatehouse <gatehouse@localhost.example>");
        assertThat(mail.path("subject").asText()).isEqualTo("Grüße");
        assertThat(mail.path("kind").asText()).isEqualTo("reset");
        assertThat(mail.path("text").asText()).isEqualTo("Open https://example.com/a?b=1&c=2.");
        assertThat(mail.path("html").asText()).isEqualTo("<p>Hello</p>");
        assertThat(Instant.parse(mail.path("receivedAt").asText())).isBetween(before, Instant.now());
    }

    @Test
    void theNewestMailIsFirstAndTheListIsFilteredByRecipient() throws Exception {
        send("alice@example.com", "1", "one", "");
        send("bob@example.com", "2", "two", "");
        send("alice@example.com", "3", "three", "");

        assertThat(json("/dev/mail.json"))
                .extracting(mail -> mail.path("subject").asText())
                .containsExactly("3", "2", "1");
        assertThat(json("/dev/mail.json?to=Alice%40example.com"))
                .extracting(mail -> mail.path("subject").asText())
                .containsExactly("3", "1");
        assertThat(get("/dev/mail?to=bob%40example.com", "application/json").body())
                .contains("\"two\"")
                .doesNotContain("\"one\"");
    }

    @Test
    void thePageEscapesMailsAndLinksAddresses() throws Exception {
        send("alice@example.com", "<script>", "See https://example.com/#proof=A&b=\"<b>'.", "<p>Hello</p>");

        HttpResponse<String> page = get("/dev/mail", "text/html");

        assertThat(page.headers().firstValue("Content-Type").orElse("")).startsWith("text/html");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElse(""))
                .startsWith("default-src 'none'");
        assertThat(page.body())
                .contains(
                        "<h2>&lt;script&gt;</h2>",
                        "<a href=\"https://example.com/#proof=A&amp;b=\">https://example.com/#proof=A&amp;b=</a>"
                                + "&quot;&lt;b&gt;&#39;.",
                        "<code>reset</code>",
                        "href=\"/accounts/dev/mail/1.html\"",
                        "href=\"/accounts/dev/mail/1.eml\"")
                .doesNotContain("<script>", "<b>");
    }

    @Test
    void theHtmlPartIsInASandboxAndTheSourceIsText() throws Exception {
        send("alice@example.com", "Hello", "text", "<script>alert(1)</script>");

        HttpResponse<String> html = get("/dev/mail/1.html", "text/html");
        HttpResponse<String> source = get("/dev/mail/1.eml", "*/*");

        assertThat(html.body()).isEqualTo("<script>alert(1)</script>");
        assertThat(html.headers().firstValue("Content-Security-Policy").orElse(""))
                .startsWith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'")
                .doesNotContain("script");
        assertThat(source.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
        assertThat(source.body()).contains("X-Gatehouse-Mail: reset", "multipart/alternative");
        for (String missing : List.of("/dev/mail/2.html", "/dev/mail/0.eml", "/dev/mail/1.txt", "/dev/mail/x")) {
            assertThat(get(missing, "*/*").statusCode()).as(missing).isEqualTo(404);
        }
    }

    @Test
    void onlyTheNewestMailsAreKept() throws Exception {
        try (Transport connection = session().getTransport("smtp")) {
            connection.connect();
            for (int i = 1; i <= EmbeddedSmtp.MAX_MAILS + 1; i++) {
                MimeMessage mail = mail("alice@example.com", "Mail " + i, "text", "");
                connection.sendMessage(mail, mail.getAllRecipients());
            }
        }

        JsonNode mails = json("/dev/mail.json");
        assertThat(mails).hasSize(EmbeddedSmtp.MAX_MAILS);
        assertThat(mails.get(0).path("subject").asText()).isEqualTo("Mail " + (EmbeddedSmtp.MAX_MAILS + 1));
        assertThat(get("/dev/mail/1.eml", "*/*").statusCode()).isEqualTo(404);
    }

    @Test
    void theServerAndItsConnectionsEndWithTheApplication() throws Exception {
        String name = "smtp:127.0.0.1:" + smtp().getPort();
        try (Transport connection = session().getTransport("smtp")) {
            connection.connect();
            assertThat(threads(name)).hasSize(2);

            jetty.close();

            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(threads(name)).isEmpty());
        }
    }

    @Test
    void theSenderHasADomain() {
        assertThat(context.getInitParameter("MAIL_FROM")).isEqualTo("gatehouse@localhost.example");
        assertThat(smtp().getQuery()).isEqualTo("starttls=never");
    }

    private static List<String> threads(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith(prefix))
                .toList();
    }

    private URI smtp() {
        return URI.create(context.getInitParameter("SMTP_URL"));
    }

    private Session session() {
        Properties properties = new Properties();
        properties.setProperty("mail.smtp.host", smtp().getHost());
        properties.setProperty("mail.smtp.port", Integer.toString(smtp().getPort()));
        return Session.getInstance(properties);
    }

    private void send(String to, String subject, String text, String html) throws MessagingException {
        Transport.send(mail(to, subject, text, html));
    }

    private MimeMessage mail(String to, String subject, String text, String html) throws MessagingException {
        MimeMessage mail = new MimeMessage(session());
        mail.setFrom(new InternetAddress("Gatehouse <gatehouse@localhost.example>"));
        mail.setRecipients(RecipientType.TO, to);
        mail.setSubject(subject, "UTF-8");
        mail.setHeader("X-Gatehouse-Mail", "reset");
        MimeBodyPart plain = new MimeBodyPart();
        plain.setText(text, "UTF-8");
        MimeMultipart parts = new MimeMultipart("alternative", plain);
        if (!html.isEmpty()) {
            MimeBodyPart rich = new MimeBodyPart();
            rich.setText(html, "UTF-8", "html");
            parts.addBodyPart(rich);
        }
        mail.setContent(parts);
        return mail;
    }

    private JsonNode json(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = get(path, "*/*");
        assertThat(response.headers().firstValue("Content-Type").orElse("")).startsWith("application/json");
        return new ObjectMapper().readTree(response.body());
    }

    private HttpResponse<String> get(String path, String accept) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + jetty.port() + "/accounts" + path))
                .header("Accept", accept)
                .build();
        return client.send(request, BodyHandlers.ofString());
    }
}
