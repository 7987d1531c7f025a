package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Tests which logins request a notice about a new device. The mail server of these nodes is not reachable. */
class DeviceNoticeTest {
    private static final String PASSWORD = "correct horse battery staple";

    private static final String FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0";
    private static final String NEWER_FIREFOX =
            "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
    private static final String CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
            + " (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

    private static final String HOME = "198.51.100.7";
    private static final String SAME_RANGE = "198.51.100.200";
    private static final String ELSEWHERE = "203.0.113.7";

    private static final Stores stores = new Stores();
    private static final SettableClock clock = SettableClock.atNow();
    private static final List<String> commands = new CopyOnWriteArrayList<>();
    private static final Node node = Node.start(stores, settings(Map.of()), clock, commands::add);
    private static final String admin = node.adminToken();
    private static final AtomicInteger number = new AtomicInteger();

    private final String name = "user-" + number.incrementAndGet();
    private final ObjectId id = new ObjectId(node.create(admin, name, PASSWORD));

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @Test
    void theFirstLoginOfAUserCausesNoNotice() {
        verifyAddress();

        logIn(HOME, FIREFOX);

        assertThat(notices()).isEmpty();
        assertThat(devices()).hasSize(1);
    }

    @Test
    void anotherBrowserAtTheSameAddressCausesANotice() {
        verifyAddress();
        logIn(HOME, FIREFOX);

        logIn(HOME, CHROME);

        assertThat(notices()).singleElement().satisfies(notice -> {
            assertThat(notice.get("kind")).isEqualTo("notice-device");
            assertThat(notice.get("to")).isEqualTo(address());
            assertThat(notice.get("userId")).isEqualTo(id);
            assertThat(notice.get("device")).isEqualTo("Chrome on Windows");
            assertThat(notice.get("ip")).isEqualTo(HOME);
            assertThat(notice.get("limited")).isEqualTo(false);
            assertThat(notice.get("createdAt")).isEqualTo(Date.from(clock.instant()));
        });
        logIn(HOME, CHROME);
        logIn(HOME, FIREFOX);
        assertThat(notices()).hasSize(1);
    }

    @Test
    void theSameBrowserInAnotherRangeCausesANotice() {
        verifyAddress();
        logIn(HOME, FIREFOX);

        logIn(ELSEWHERE, NEWER_FIREFOX);

        assertThat(notices()).singleElement().satisfies(notice -> {
            assertThat(notice.get("device")).isEqualTo("Firefox on Linux");
            assertThat(notice.get("ip")).isEqualTo(ELSEWHERE);
        });
    }

    @Test
    void theSameBrowserInTheSameRangeCausesNoNotice() {
        verifyAddress();
        logIn(HOME, FIREFOX);
        logIn(SAME_RANGE, NEWER_FIREFOX);
        assertThat(notices()).isEmpty();

        logIn("2001:db8:1:2::1", FIREFOX); // a live session has this user agent
        logIn("2001:db8:1:ffff::1", "Firefox/0");

        assertThat(notices()).isEmpty();
        assertThat(devices()).hasSize(2);
    }

    @Test
    void aLiveSessionOfTheSameDevicePreventsTheNotice() {
        verifyAddress();
        logIn(HOME, FIREFOX);

        logIn(ELSEWHERE, FIREFOX);

        assertThat(notices()).isEmpty();
        assertThat(devices()).hasSize(2);
    }

    @Test
    void anEndedSessionOfTheSameDeviceDoesNotPreventTheNotice() {
        verifyAddress();
        String token = logIn(HOME, FIREFOX).text("token");
        assertThat(node.post("/logout", token, "").status()).isEqualTo(200);

        logIn(ELSEWHERE, FIREFOX);

        assertThat(notices()).hasSize(1);
    }

    @Test
    void sessionsOfAnEarlierEpochDoNotPreventTheNotice() {
        verifyAddress();
        String token = logIn(HOME, FIREFOX).text("token");
        logIn(HOME, FIREFOX);
        assertThat(node.post("/logout", token, "{\"everywhere\":true}").status())
                .isEqualTo(200);

        logIn(ELSEWHERE, FIREFOX);

        assertThat(notices()).hasSize(1);
    }

    @Test
    void sessionsOfOtherUsersDoNotPreventTheNotice() {
        verifyAddress();
        logIn(HOME, CHROME);
        logIn(ELSEWHERE, FIREFOX);

        assertThat(notices()).hasSize(1);
    }

    @Test
    void simultaneousLoginsOfANewDeviceCauseANotice() throws Exception {
        verifyAddress();
        logIn(HOME, CHROME);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Callable<Response>> logins = Collections.nCopies(4, () -> send(node, ELSEWHERE, FIREFOX));
            for (Future<Response> login : threads.invokeAll(logins)) {
                assertThat(login.get().status()).isEqualTo(200);
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(notices()).isNotEmpty();
    }

    @Test
    void aRefreshCausesNoNotice() {
        verifyAddress();
        logIn(HOME, CHROME);
        String refreshToken = logIn(HOME, CHROME).text("refreshToken");
        clock.advance(Duration.ofSeconds(1));

        Response refreshed = node.send(
                "POST",
                "/token/refresh",
                "{\"refreshToken\":\"" + refreshToken + "\"}",
                "Content-Type",
                "application/json",
                "User-Agent",
                FIREFOX,
                "X-Forwarded-For",
                ELSEWHERE);

        assertThat(refreshed.status()).as(refreshed.body()).isEqualTo(200);
        assertThat(notices()).isEmpty();
        assertThat(devices()).hasSize(1);
    }

    @Test
    void aUserWhoLoggedInBeforeDevicesWereStoredGetsNoNotice() {
        verifyAddress();
        logIn(HOME, FIREFOX);
        change(new Document("$unset", new Document("_server.devices", "")));

        logIn(ELSEWHERE, CHROME);

        assertThat(notices()).isEmpty();
        logIn(HOME, NEWER_FIREFOX);
        assertThat(notices()).hasSize(1);
    }

    @Test
    void anUnverifiedAddressGetsNoNotice() {
        change(new Document("$set", new Document("email", address()).append("_server.address", address())));
        logIn(HOME, FIREFOX);

        logIn(ELSEWHERE, CHROME);

        assertThat(notices()).isEmpty();
        assertThat(devices()).hasSize(2);
    }

    @Test
    void aNodeWithoutTheseNoticesOrWithoutAMailServerRequestsNone() {
        verifyAddress();
        for (Map<String, String> settings :
                List.of(settings(Map.of("MAIL_NOTICES", "none")), Map.of("TRUSTED_PROXIES", "127.0.0.1"))) {
            try (Node other = Node.start(stores, settings, clock)) {
                assertLoggedIn(send(other, HOME, FIREFOX));
                assertLoggedIn(send(other, ELSEWHERE, CHROME));
            }
        }

        assertThat(notices()).isEmpty();
        assertThat(devices()).hasSize(2);
    }

    @Test
    void aDeviceIsForgottenAfterNinetyDays() {
        // These stores are not shared, because the other tests need the current time.
        try (Stores own = new Stores()) {
            SettableClock later = SettableClock.atNow();
            try (Node other = Node.start(own, settings(Map.of()), later)) {
                ObjectId user = new ObjectId(other.create(other.adminToken(), name, PASSWORD));
                verifyAddress(own, user);
                assertLoggedIn(send(other, HOME, CHROME));
                later.advance(Duration.ofDays(1));
                assertLoggedIn(send(other, HOME, FIREFOX));
                assertThat(notices(own, user)).extracting("createdAt").contains(Date.from(later.instant()));

                later.advance(Duration.ofDays(89));
                assertLoggedIn(send(other, HOME, FIREFOX));
                assertThat(notices(own, user)).extracting("createdAt").doesNotContain(Date.from(later.instant()));
                assertThat(devices(own, user)).hasSize(2);

                later.advance(Duration.ofDays(91));
                assertLoggedIn(send(other, HOME, FIREFOX));
                assertThat(notices(own, user)).extracting("createdAt").contains(Date.from(later.instant()));
                assertThat(devices(own, user)).hasSize(1);
            }
        }
    }

    @Test
    void onlyTheLatestThirtyTwoDevicesAreStored() {
        verifyAddress();
        for (int i = 1; i <= 40; i++) {
            logIn("198.18." + i + ".1", FIREFOX);
        }
        assertThat(devices()).hasSize(32);
        assertThat(notices()).isEmpty();

        logIn("198.18.9.1", NEWER_FIREFOX);
        assertThat(notices()).isEmpty();
        logIn("198.18.8.1", NEWER_FIREFOX);

        // The device was forgotten, but the session of the previous login has the same user agent.
        assertThat(notices()).isEmpty();
        logIn("198.18.7.1", "Firefox/0");
        assertThat(notices()).hasSize(1);
        assertThat(devices()).hasSize(32);
    }

    @Test
    void theUserDoesNotSeeTheDevices() {
        verifyAddress();
        logIn(HOME, FIREFOX);

        Response login = logIn(HOME, CHROME);

        assertThat(login.body()).doesNotContain("devices", "outbox", "_server");
        assertThat(node.get("/user/me", login.text("token")).body()).doesNotContain("devices", "outbox", "_server");
    }

    @Test
    void theSessionsAreReadOnlyBeforeANotice() {
        logIn(HOME, FIREFOX);
        commands.clear();
        logIn(SAME_RANGE, FIREFOX);
        logIn(ELSEWHERE, CHROME);
        assertThat(commands).as("the address is not verified").doesNotContain("find sessions");
        verifyAddress();
        logIn(ELSEWHERE, CHROME);
        assertThat(commands).as("the device is known").doesNotContain("find sessions");

        logIn(ELSEWHERE, NEWER_FIREFOX);

        assertThat(commands).contains("find sessions");
        assertThat(Collections.frequency(commands, "findAndModify users"))
                .as("each login, with its notice, is one write")
                .isEqualTo(4);
    }

    /** Logs in a second after the previous login, because sessions of simultaneous logins do not count. */
    private Response logIn(String client, String userAgent) {
        clock.advance(Duration.ofSeconds(1));
        return assertLoggedIn(send(node, client, userAgent));
    }

    private Response send(Node receiver, String client, String userAgent) {
        return receiver.patiently(() -> receiver.send(
                "POST",
                "/login",
                Node.credentials(name, PASSWORD),
                "Content-Type",
                "application/json",
                "User-Agent",
                userAgent,
                "X-Forwarded-For",
                client));
    }

    private static Response assertLoggedIn(Response login) {
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        return login;
    }

    private String address() {
        return name + "@example.com";
    }

    private void verifyAddress() {
        verifyAddress(stores, id);
    }

    private void verifyAddress(Stores in, ObjectId user) {
        Document verified = new Document("email", address())
                .append("_server.address", address())
                .append("_server.email", address())
                .append("_server.emailVerified", Date.from(clock.instant()));
        in.users().updateOne(byId(user), new Document("$set", verified));
    }

    private void change(Bson update) {
        stores.users().updateOne(byId(id), update);
    }

    private List<Document> notices() {
        return notices(stores, id);
    }

    /** Returns the requested notices, each once. A request is in the user's document until it is in the queue. */
    private static List<Document> notices(Stores in, ObjectId user) {
        Map<ObjectId, Document> notices = new HashMap<>();
        Document server = server(in, user);
        List<Document> waiting = server.getList("outbox", Document.class, List.of());
        List<Document> queued =
                in.collection("mails").find(new Document("userId", user)).into(new ArrayList<>());
        Stream.of(waiting, queued)
                .flatMap(List::stream)
                .filter(mail -> "notice-device".equals(mail.getString("kind")))
                .forEach(mail -> notices.put(mail.getObjectId("_id"), mail));
        return List.copyOf(notices.values());
    }

    private Document devices() {
        return devices(stores, id);
    }

    private static Document devices(Stores in, ObjectId user) {
        return server(in, user).get("devices", new Document());
    }

    private static Document server(Stores in, ObjectId user) {
        List<Document> found = in.users().find(byId(user)).into(new ArrayList<>());
        return found.get(0).get("_server", new Document());
    }

    private static Document byId(ObjectId user) {
        return new Document("_id", user);
    }

    private static Map<String, String> settings(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "SMTP_URL",
                "smtp://127.0.0.1:" + closedPort() + "?starttls=never",
                "MAIL_FROM",
                "accounts@example.com",
                "MAIL_LINKS",
                "https://app.example.com/{purpose}#{proof}",
                "TRUSTED_PROXIES",
                "127.0.0.1"));
        settings.putAll(more);
        return settings;
    }

    private static int closedPort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
