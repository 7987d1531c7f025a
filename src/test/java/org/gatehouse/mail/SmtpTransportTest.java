package org.gatehouse.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import jakarta.mail.BodyPart;
import jakarta.mail.Message;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocketFactory;
import org.gatehouse.config.MailFrom;
import org.gatehouse.config.MailLinks;
import org.gatehouse.config.MailSettings;
import org.gatehouse.config.SmtpUrl;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.store.StoreRefusedException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SmtpTransportTest {
    private static final String ID = "0123456789abcdef01234567";

    private static final String LINK = "https://app.example.com/reset#proof=AAAA_-1";

    private static final InstantSource CLOCK = Clock.fixed(Instant.parse("2026-12-01T14:05:33Z"), ZoneOffset.UTC);

    private static final MailFrom FROM = MailFrom.parse("\"Läden, Söhne & Co.\" <accounts@läden.example>");

    private static final MailTemplates TEMPLATES = MailTemplates.load(null, FROM);

    private static final SmtpTransport.Limits LONG =
            new SmtpTransport.Limits(Duration.ofSeconds(10), Duration.ofSeconds(20), Duration.ofSeconds(60));

    private static @TempDir @Nullable Path folder;

    private static @Nullable TestCertificate certificate;

    private static @Nullable TestCertificate ofAnotherHost;

    private final List<AutoCloseable> closeables = new ArrayList<>();

    @BeforeAll
    static void makeCertificates() throws Exception {
        certificate = TestCertificate.of("dns:localhost,ip:127.0.0.1", folder);
        ofAnotherHost = TestCertificate.of("dns:other.example", folder);
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable closeable : closeables) {
            closeable.close();
        }
    }

    @Test
    void sendsATextAndAnHtmlPartWithTheHeadersOfAutomaticMails() throws Exception {
        GreenMail server = greenMail();
        SmtpTransport transport = transport(server.getSmtp().getPort(), "?starttls=offered");

        assertThat(transport.send(message(MailKind.RESET, "maria@example.org", "de", values("Zoë"))))
                .isEmpty();
        assertThat(transport.send(message(MailKind.RESET, "maria@example.org", "de", values("Zoë"))))
                .isEmpty();

        MimeMessage mail = server.getReceivedMessages()[0];
        assertThat(mail.getMessageID()).isEqualTo("<" + ID + "@xn--lden-loa.example>");
        assertThat(server.getReceivedMessages()[1].getMessageID()).isEqualTo(mail.getMessageID());
        assertThat(mail.getSentDate()).isEqualTo(CLOCK.instant());
        assertThat(mail.getHeader("Auto-Submitted")).containsExactly("auto-generated");
        assertThat(mail.getHeader("X-Gatehouse-Mail")).containsExactly("reset");
        assertThat(mail.getHeader("Content-Language")).containsExactly("de");
        assertThat(mail.getHeader("MIME-Version")).containsExactly("1.0");
        assertThat(mail.getSubject()).isEqualTo("Neues Passwort festlegen");
        assertThat(mail.getFrom())
                .containsExactly(new InternetAddress("accounts@xn--lden-loa.example", "Läden, Söhne & Co.", "UTF-8"));
        assertThat(mail.getRecipients(Message.RecipientType.TO))
                .containsExactly(new InternetAddress("maria@example.org"));
        assertThat(mail.getAllRecipients()).hasSize(1);
        MimeMultipart parts = (MimeMultipart) mail.getContent();
        assertThat(parts.getContentType()).startsWith("multipart/alternative");
        assertThat(parts.getCount()).isEqualTo(2);
        assertThat(content(parts.getBodyPart(0), "text/plain; charset=UTF-8"))
                .contains("Hallo Zoë,", "\r\n" + LINK + "\r\n");
        assertThat(content(parts.getBodyPart(1), "text/html; charset=UTF-8")).contains("Hallo Zoë,", "color-scheme");
        assertThat(raw(mail)).matches("\\p{ASCII}*");
        assertThat(raw(mail).lines()).allMatch(line -> line.length() <= 998);
    }

    @Test
    void authenticatesWithUserAndPassword() throws Exception {
        GreenMail server = greenMail();
        server.setUser("a@b.example", "user@b.example", "p@ss:wörd");
        server.getUserManager().setAuthRequired(true);
        int port = server.getSmtp().getPort();

        assertThat(transport("smtp://user%40b.example:p%40ss%3Aw%C3%B6rd@127.0.0.1:" + port + "?starttls=never")
                        .send(reset("maria@example.org")))
                .isEmpty();
        assertThat(transport("smtp://user%40b.example:wrong@127.0.0.1:" + port + "?starttls=never")
                        .send(reset("maria@example.org")))
                .contains(new MailFailure(false, "The mail server rejected the credentials (535)."));
    }

    @Test
    void usesTlsFromTheFirstByteOfSmtps() {
        ScriptedSmtpServer secure = server(new ScriptedSmtpServer(Map.of(), certificate.server(), true));
        assertThat(transport("smtps://u:p@127.0.0.1:" + secure.port(), certificate.client(), LONG)
                        .send(reset("maria@example.org")))
                .isEmpty();
        assertThat(secure.received).contains("RCPT TO:<maria@example.org>").doesNotContain("STARTTLS");

        ScriptedSmtpServer untrusted = server(new ScriptedSmtpServer(Map.of(), ofAnotherHost.server(), true));
        assertThat(transport("smtps://u:p@127.0.0.1:" + untrusted.port(), ofAnotherHost.client(), LONG)
                        .send(reset("maria@example.org")))
                .contains(new MailFailure(false, "The certificate of the mail server is not trusted."));
        assertThat(untrusted.received).isEmpty();

        ScriptedSmtpServer plain = server(Map.of());
        assertThat(transport("smtps://u:p@127.0.0.1:" + plain.port()).send(reset("maria@example.org")))
                .contains(new MailFailure(false, "The mail server and this node could not agree on TLS."));
        assertThat(plain.received).noneMatch(line -> line.startsWith("EHLO"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?starttls=required", "?starttls=offered"})
    void encryptsWithStartTls(String option) {
        ScriptedSmtpServer server = server(Map.of(), certificate.server());

        assertThat(transport(server, option, certificate.client(), LONG).send(reset("maria@example.org")))
                .isEmpty();
        assertThat(server.received).contains("STARTTLS", "RCPT TO:<maria@example.org>");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?starttls=offered"})
    void rejectsACertificateThatIsSelfSignedOrOfAnotherHost(String option) {
        MailFailure untrusted = new MailFailure(false, "The certificate of the mail server is not trusted.");
        ScriptedSmtpServer selfSigned = server(Map.of(), certificate.server());
        SSLSocketFactory byDefault = (SSLSocketFactory) SSLSocketFactory.getDefault();
        assertThat(transport(selfSigned, option, byDefault, LONG).send(reset("maria@example.org")))
                .contains(untrusted);
        assertThat(selfSigned.received).last().isEqualTo("STARTTLS");

        ScriptedSmtpServer other = server(Map.of(), ofAnotherHost.server());
        assertThat(transport(other, option, ofAnotherHost.client(), LONG).send(reset("maria@example.org")))
                .contains(untrusted);
        assertThat(other.received).last().isEqualTo("STARTTLS");
    }

    @Test
    void sendsNothingWithoutTlsIfItIsRequired() {
        ScriptedSmtpServer server = server(Map.of());

        assertThat(transport(server.port(), "").send(reset("maria@example.org")))
                .contains(new MailFailure(false, "The mail server does not offer STARTTLS."));
        assertThat(server.received).noneMatch(line -> line.startsWith("AUTH") || line.startsWith("MAIL"));
        assertThat(transport(server.port(), "?starttls=offered").send(reset("maria@example.org")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "greeting, 554 no, false, The mail server rejected the connection (554).",
        "greeting, 421 busy, false, The mail server rejected the connection (421).",
        "AUTH, 535 wrong, false, The mail server rejected the credentials (535).",
        "AUTH, 454 later, false, The mail server rejected the connection (454).",
        "MAIL, 530 authenticate, false, The mail server rejected the credentials (530).",
        "MAIL, 451 later, false, The mail server rejected the mail (451).",
        "MAIL, 550 sender maria@example.org, true, The mail server rejected the mail (550).",
        "RCPT, 450 greylisted, false, The mail server rejected the mail (450).",
        "RCPT, 550 unknown maria@example.org, true, The mail server rejected the mail (550).",
        "RCPT, 556 no, true, The mail server rejected the mail (556).",
        "DATA, 452 full, false, The mail server rejected the mail (452).",
        "DATA, 554 no, true, The mail server rejected the mail (554).",
        "., 451 later, false, The mail server rejected the mail (451).",
        "., 554 spam, true, The mail server rejected the mail (554).",
        "greeting, close, false, The connection to the mail server was lost.",
        "EHLO, close, false, The connection to the mail server was lost.",
        "AUTH, close, false, The connection to the mail server was lost.",
        "MAIL, close, false, The connection to the mail server was lost.",
        "RCPT, close, false, The connection to the mail server was lost.",
        "DATA, close, false, The connection to the mail server was lost.",
        "., close, false, The connection to the mail server was lost.",
    })
    void reportsWhyAMailWasNotAccepted(String stage, String reply, boolean permanent, String reason) {
        ScriptedSmtpServer server = server(Map.of(stage, reply));

        Optional<MailFailure> failure = transport("smtp://user:hunter2@127.0.0.1:" + server.port() + "?starttls=never")
                .send(reset("maria@example.org"));

        assertThat(failure).contains(new MailFailure(permanent, reason));
    }

    @ParameterizedTest
    @CsvSource({"RSET, close", "RSET, 500 no", "QUIT, close", "QUIT, silence", "QUIT, 500 no"})
    void ignoresFailuresAfterTheReplyToTheMail(String stage, String reply) {
        ScriptedSmtpServer accepting = server(Map.of(stage, reply));
        assertThat(transport(accepting.port(), "?starttls=never").send(reset("maria@example.org")))
                .isEmpty();

        ScriptedSmtpServer rejecting = server(Map.of(stage, reply, "RCPT", "550 unknown"));
        assertThat(transport(rejecting.port(), "?starttls=never").send(reset("maria@example.org")))
                .contains(new MailFailure(true, "The mail server rejected the mail (550)."));
    }

    @ParameterizedTest
    @ValueSource(strings = {"greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."})
    void limitsTheWaitForEachReply(String stage) {
        ScriptedSmtpServer server = server(Map.of(stage, ScriptedSmtpServer.SILENCE));
        SmtpTransport.Limits limits =
                new SmtpTransport.Limits(Duration.ofSeconds(10), Duration.ofMillis(300), Duration.ofSeconds(60));

        assertThat(transport("smtp://u:p@127.0.0.1:" + server.port() + "?starttls=never", limits)
                        .send(reset("maria@example.org")))
                .contains(new MailFailure(false, "The mail server did not respond in time."));
    }

    @ParameterizedTest
    @CsvSource({"greeting, smtp", "EHLO, smtp", "RCPT, smtp", "., smtp", "greeting, smtps"})
    void limitsTheTimeOfAMailIfTheServerRespondsWithoutEnd(String stage, String scheme) {
        ScriptedSmtpServer server = server(Map.of(stage, ScriptedSmtpServer.DRIP));
        SmtpTransport.Limits limits =
                new SmtpTransport.Limits(Duration.ofSeconds(10), Duration.ofSeconds(20), Duration.ofMillis(700));
        String option = scheme.equals("smtp") ? "?starttls=never" : "";

        long start = System.nanoTime();
        Optional<MailFailure> failure = transport(scheme + "://127.0.0.1:" + server.port() + option, limits)
                .send(reset("maria@example.org"));

        assertThat(failure).isPresent();
        assertThat(failure.get().permanent()).isFalse();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
    }

    @Test
    void endsOpenConnectionsWhenItIsClosed() throws Exception {
        ScriptedSmtpServer server = server(Map.of("RCPT", ScriptedSmtpServer.SILENCE));
        SmtpTransport transport = transport(server.port(), "?starttls=never");
        Thread closing = new Thread(() -> {
            await().until(() -> server.received.stream().anyMatch(line -> line.startsWith("RCPT")));
            transport.close();
        });
        closing.start();

        assertThat(transport.send(reset("maria@example.org")))
                .contains(new MailFailure(false, "The mail server did not respond in time."));
        closing.join();
    }

    @Test
    void reportsAServerThatCannotBeReached() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        assertThat(transport(port, "").send(reset("maria@example.org")))
                .contains(new MailFailure(false, "The mail server cannot be reached."));
        assertThat(transport("smtp://mail.invalid").send(reset("maria@example.org")))
                .contains(new MailFailure(false, "The name of the mail server is unknown."));
    }

    static Stream<String> injections() {
        return Stream.of(
                "x\r\nBcc: victim@example.org",
                "x\nBcc: victim@example.org",
                "x\rBcc: victim@example.org",
                "x\r\n\r\nbody",
                "x\r\n.\r\nMAIL FROM:<a@b.example>",
                "=?UTF-8?Q?=0D=0ABcc:_victim@example.org?=",
                "=?UTF-8?B?DQpCY2M6IHZpY3RpbUBleGFtcGxlLm9yZw==?=",
                "x\u0000\u000b\u000c\u0085\u2028Bcc: victim@example.org",
                "{{link}} {{#a}}",
                "\ud83d\ude00".repeat(200),
                "é".repeat(2000));
    }

    @ParameterizedTest
    @MethodSource("injections")
    void takesNoHeaderFromValues(String evil, @TempDir Path directory) throws Exception {
        GreenMail server = greenMail();
        for (MailKind kind : MailKind.values()) {
            Files.writeString(
                    directory.resolve("texts.en.properties"),
                    kind.text() + ".subject=About {{username}} {{device}} {{factor}}\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        }
        SmtpTransport transport = transport(
                "smtp://127.0.0.1:" + server.getSmtp().getPort() + "?starttls=offered",
                MailTemplates.load(directory, FROM),
                (SSLSocketFactory) SSLSocketFactory.getDefault(),
                LONG);
        MailMessage.Values values = new MailMessage.Values(
                evil,
                LINK,
                Duration.ofMinutes(10),
                evil,
                new MailMessage.Event(evil, evil, CLOCK.instant(), new MailRequest.FactorDetails("added", evil)));

        for (MailKind kind : MailKind.values()) {
            assertThat(transport.send(message(kind, "maria@example.org", "en", values)))
                    .isEmpty();
        }

        assertThat(server.getReceivedMessages())
                .hasSize(MailKind.values().length)
                .allSatisfy(mail -> {
                    assertThat(mail.getAllRecipients()).containsExactly(new InternetAddress("maria@example.org"));
                    assertThat(mail.getHeader("Bcc")).isNull();
                    assertThat(mail.getSubject()).startsWith("About ").doesNotContain("\r", "\n", "\u2028");
                    assertThat(raw(mail).lines()).allMatch(line -> line.length() <= 998);
                });
    }

    @ParameterizedTest
    @CsvSource({
        "Maria.Müller@läden.example, Maria.Müller@xn--lden-loa.example, true",
        "Maria+Tag@LÄDEN.example, Maria+Tag@xn--lden-loa.example, false",
        "用户@例え.example, 用户@xn--r8jz45g.example, true",
        "a!#$%&'*+/?=^_`{|}~-b@example.org, a!#$%&'*+/?=^_`{|}~-b@example.org, false",
    })
    void needsSmtpUtf8ForLocalPartsWithOtherLettersOnly(String typed, String sent, boolean utf8) {
        ScriptedSmtpServer without = server(Map.of());
        ScriptedSmtpServer with = server(Map.of("EHLO", "250-mail.example\r\n250-8BITMIME\r\n250 SMTPUTF8"));

        assertThat(transport(without.port(), "?starttls=never").send(reset(typed)))
                .isEqualTo(
                        utf8
                                ? Optional.of(
                                        new MailFailure(
                                                true,
                                                "The mail server does not accept addresses with other than ASCII letters (SMTPUTF8)."))
                                : Optional.empty());
        assertThat(transport(with.port(), "?starttls=never").send(reset(typed))).isEmpty();
        assertThat(with.received).contains("RCPT TO:<" + sent + ">");
        assertThat(with.received.stream().filter(line -> line.startsWith("MAIL")))
                .containsExactly("MAIL FROM:<accounts@xn--lden-loa.example>" + (utf8 ? " SMTPUTF8" : ""));
        assertThat(with.received).anyMatch(line -> line.startsWith("To: ") && line.contains(sent));
    }

    @Test
    void sendsToTheLongestAddress() {
        String local = "a".repeat(64);
        String domain = ("b".repeat(60) + ".").repeat(2) + "c".repeat(59) + ".example";
        ScriptedSmtpServer server = server(Map.of());

        assertThat(transport(server.port(), "?starttls=never").send(reset(local + "@" + domain)))
                .isEmpty();
        assertThat(server.received).contains("RCPT TO:<" + local + "@" + domain + ">");
        assertThat(server.received).allMatch(line -> line.length() <= 998);
    }

    @Test
    void probesTheServerWithoutAMail() {
        ScriptedSmtpServer server = server(Map.of());
        SmtpTransport transport = transport("smtp://u:hunter2@127.0.0.1:" + server.port() + "?starttls=never");

        transport.requireAvailable(Duration.ofSeconds(10));
        await().until(() -> server.received.contains("QUIT"));
        assertThat(server.received).containsExactly("EHLO xn--lden-loa.example", "QUIT");
    }

    @Test
    void distinguishesARejectionOfTheProbeFromSilence() {
        assertThatThrownBy(() -> transport(server(Map.of("greeting", "554 no")).port(), "")
                        .requireAvailable(Duration.ofSeconds(10)))
                .isInstanceOf(StoreRefusedException.class)
                .hasMessage("The mail server rejected the connection (554).");
        assertThatThrownBy(() -> transport(server(Map.of()).port(), "").requireAvailable(Duration.ofSeconds(10)))
                .isInstanceOf(StoreRefusedException.class)
                .hasMessage("The mail server does not offer STARTTLS.");
        assertThatThrownBy(() -> transport(
                                server(Map.of("greeting", ScriptedSmtpServer.SILENCE))
                                        .port(),
                                "")
                        .requireAvailable(Duration.ofMillis(200)))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> transport(
                                server(Map.of("EHLO", ScriptedSmtpServer.DRIP)).port(), "")
                        .requireAvailable(Duration.ofMillis(200)))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void startsOneThreadAndEndsIt() throws Exception {
        GreenMail server = greenMail();
        int port = server.getSmtp().getPort();
        ThreadGroup group = new ThreadGroup("mail"); // which the threads of a thread join
        AtomicReference<List<String>> before = new AtomicReference<>();
        AtomicReference<Optional<MailFailure>> afterwards = new AtomicReference<>();
        Thread caller = new Thread(group, () -> {
            SmtpTransport transport = transport(port, "?starttls=offered");
            assertThat(transport.send(reset("maria@example.org"))).isEmpty();
            before.set(threads(group));
            transport.close();
            afterwards.set(transport.send(reset("maria@example.org")));
        });
        caller.start();
        caller.join();

        assertThat(before.get()).containsExactlyInAnyOrder(caller.getName(), "gatehouse-mail-watchdog-1");
        assertThat(afterwards.get()).contains(new MailFailure(false, "The connection to the mail server was lost."));
        await().until(() -> threads(group).isEmpty());
    }

    private static List<String> threads(ThreadGroup group) {
        Thread[] threads = new Thread[group.activeCount() + 10];
        int count = group.enumerate(threads);
        return Stream.of(threads).limit(count).map(Thread::getName).toList();
    }

    @Test
    void keepsTheClassLoaderOfTheCaller() {
        ClassLoader own = new URLClassLoader(new URL[0], null);
        Thread thread = Thread.currentThread();
        ClassLoader previous = thread.getContextClassLoader();
        thread.setContextClassLoader(own);
        try {
            ScriptedSmtpServer server = server(Map.of());
            assertThat(transport(server.port(), "?starttls=never").send(reset("maria@example.org")))
                    .isEmpty();
            assertThat(thread.getContextClassLoader()).isSameAs(own);
        } finally {
            thread.setContextClassLoader(previous);
        }
    }

    private ScriptedSmtpServer server(Map<String, String> script) {
        return server(script, null);
    }

    private ScriptedSmtpServer server(Map<String, String> script, @Nullable SSLSocketFactory tls) {
        return server(new ScriptedSmtpServer(script, tls, false));
    }

    private ScriptedSmtpServer server(ScriptedSmtpServer server) {
        closeables.add(server);
        return server;
    }

    private GreenMail greenMail() {
        ServerSetup setup = new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP);
        GreenMail server = new GreenMail(setup);
        server.start();
        closeables.add(server::stop);
        return server;
    }

    private SmtpTransport transport(int port, String option) {
        return transport("smtp://127.0.0.1:" + port + option);
    }

    private SmtpTransport transport(String url) {
        return transport(url, LONG);
    }

    private SmtpTransport transport(String url, SmtpTransport.Limits limits) {
        return transport(url, (SSLSocketFactory) SSLSocketFactory.getDefault(), limits);
    }

    private SmtpTransport transport(
            ScriptedSmtpServer server, String option, SSLSocketFactory tls, SmtpTransport.Limits limits) {
        return transport("smtp://127.0.0.1:" + server.port() + option, tls, limits);
    }

    private SmtpTransport transport(String url, SSLSocketFactory tls, SmtpTransport.Limits limits) {
        return transport(url, TEMPLATES, tls, limits);
    }

    private SmtpTransport transport(
            String url, MailTemplates templates, SSLSocketFactory tls, SmtpTransport.Limits limits) {
        MailSettings settings = new MailSettings(
                SmtpUrl.parse(url),
                FROM,
                null,
                MailLinks.parse("https://app.example.com/{purpose}#proof={proof}"),
                EnumSet.allOf(MailSettings.Notice.class),
                new MailSettings.ProofExpiry(
                        Duration.ofMinutes(10),
                        Duration.ofMinutes(30),
                        Duration.ofHours(24),
                        Duration.ofDays(7),
                        Duration.ofHours(72)));
        SmtpTransport transport = new SmtpTransport(settings, templates, CLOCK, tls, limits);
        closeables.add(transport);
        return transport;
    }

    private static MailMessage reset(String to) {
        return message(MailKind.RESET, to, "en", values("maria"));
    }

    private static MailMessage.Values values(String username) {
        return new MailMessage.Values(username, LINK, Duration.ofMinutes(10), null, MailMessage.Event.NONE);
    }

    private static MailMessage message(MailKind kind, String to, String language, MailMessage.Values values) {
        return new MailMessage(ID, kind, EmailAddress.parse(to).orElseThrow(), Locale.forLanguageTag(language), values);
    }

    private static String content(BodyPart part, String type) throws Exception {
        assertThat(part.getContentType()).isEqualTo(type);
        return (String) part.getContent();
    }

    private static String raw(MimeMessage mail) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        mail.writeTo(bytes);
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
