package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.mail.MailServer;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests that neither the response to a request for a new password nor its time shows whether an account has the address,
 * whatever the mail server does.
 */
@Tag("timing")
class ForgotTimeTest {
    private static final int TRIES = Boolean.getBoolean("gatehouse.long") ? 500 : 150;
    private static final int MAX_TRIES = Math.max(TRIES, 300);
    private static final int WARM_UP = 100;
    private static final int ACCOUNTS = 40;
    private static final double TOLERANCE = 0.05;

    /** The maximum standard error of the median difference, relative to the response time. */
    private static final double PRECISION = 0.012;

    private static final long SLOW_MS = 5_000;
    private static final String PASSWORD = "correct horse battery staple";
    private static final Set<String> DIFFERENT_HEADERS = Set.of("date", "x-request-id");

    private static final Stores stores = new Stores();
    private static final AtomicInteger source = new AtomicInteger();

    /** The state of the account with an address. */
    private enum Account {
        UNKNOWN,
        VERIFIED,
        UNVERIFIED,
        DISABLED
    }

    private enum MailServerState {
        HEALTHY,
        SLOW,
        DEAD
    }

    @BeforeAll
    static void createAccounts() {
        try (Node node = Node.start(stores)) {
            String admin = node.adminToken();
            for (Account account : List.of(Account.VERIFIED, Account.UNVERIFIED, Account.DISABLED)) {
                for (int i = 0; i < ACCOUNTS; i++) {
                    create(node, admin, account, i);
                }
            }
        }
    }

    private static void create(Node node, String admin, Account account, int number) {
        String id = node.create(admin, account + "-" + number, PASSWORD);
        String email = "{\"email\":\"" + address(account, number) + "\"";
        Response changed = account == Account.UNVERIFIED
                ? node.patch("/user/" + id, admin, email + "}")
                : node.send(
                        "PUT",
                        "/user/" + id + "/email",
                        email + ",\"verified\":true}",
                        "auth",
                        admin,
                        "Content-Type",
                        "application/json");
        assertThat(changed.status()).isLessThan(300);
        if (account == Account.DISABLED) {
            assertThat(node.patch("/user/" + id, admin, "{\"status\":\"disabled\"}")
                            .status())
                    .isEqualTo(200);
        }
    }

    @AfterAll
    static void stop() {
        stores.close();
    }

    @ParameterizedTest
    @EnumSource
    void neitherTheResponseNorItsTimeShowsWhetherAnAccountExists(MailServerState state) throws IOException {
        try (MailServer healthy = MailServer.start();
                ServerSocket slow = new ServerSocket(0, 200, InetAddress.getLoopbackAddress())) {
            startSlow(slow);
            int port = switch (state) {
                case HEALTHY -> healthy.port();
                case SLOW -> slow.getLocalPort();
                case DEAD -> closedPort();
            };
            Map<String, String> settings = new HashMap<>(MailServer.settings(port));
            settings.put("TRUSTED_PROXIES", "127.0.0.1");
            try (Node node = Node.start(stores, settings)) {
                assertSameResponses(node);
                assertSameTimes(node, state);
            }
        }
    }

    private static int closedPort() throws IOException {
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return closed.getLocalPort();
        }
    }

    /** Greets each client 5 s late, and then closes the connection. */
    private static void startSlow(ServerSocket listener) {
        Thread thread = new Thread(
                () -> {
                    Map<Socket, Long> waiting = new HashMap<>();
                    try {
                        listener.setSoTimeout(100);
                        while (true) {
                            accept(listener, waiting);
                            long now = System.nanoTime();
                            for (Socket socket : List.copyOf(waiting.keySet())) {
                                if (now - waiting.getOrDefault(socket, now) > SLOW_MS * 1_000_000) {
                                    waiting.remove(socket);
                                    socket.getOutputStream().write("421 busy\r\n".getBytes(StandardCharsets.US_ASCII));
                                    socket.close();
                                }
                            }
                        }
                    } catch (IOException closed) {
                        // the test has ended
                    }
                },
                "slow-smtp");
        thread.setDaemon(true);
        thread.start();
    }

    private static void accept(ServerSocket listener, Map<Socket, Long> waiting) throws IOException {
        try {
            waiting.put(listener.accept(), System.nanoTime());
        } catch (SocketTimeoutException none) {
            // no client has connected
        }
    }

    private static void assertSameResponses(Node node) {
        List<Map<String, List<String>>> headers = new ArrayList<>();
        List<String> bodies = new ArrayList<>();
        for (int number = 0; number < 5; number++) {
            for (Account account : Account.values()) {
                Response response = node.send(
                        "POST",
                        "/password/forgot",
                        body(account, number),
                        "Content-Type",
                        "application/json",
                        "X-Forwarded-For",
                        nextSource());
                Map<String, List<String>> same =
                        new TreeMap<>(response.headers().map());
                same.keySet().removeIf(name -> DIFFERENT_HEADERS.contains(name.toLowerCase(Locale.ROOT)));
                headers.add(same);
                bodies.add(response.status() + response.body());
            }
        }
        assertThat(bodies.stream().distinct()).hasSize(1);
        assertThat(headers.stream().distinct()).hasSize(1);
    }

    private static void assertSameTimes(Node node, MailServerState state) throws IOException {
        Map<Account, List<Double>> times = new EnumMap<>(Account.class);
        Random order = new Random(1);
        try (RawClient client = new RawClient(node.port())) {
            for (int i = 0; i < WARM_UP; i++) {
                tryEach(client, i, order, new EnumMap<>(Account.class));
            }
            for (int i = 0; i < TRIES || (i < MAX_TRIES && i % 50 != 0) || (i < MAX_TRIES && isUncertain(times)); i++) {
                tryEach(client, i, order, times);
            }
        }
        List<Double> unknown = times.getOrDefault(Account.UNKNOWN, List.of());
        double time = median(unknown);
        System.out.printf(">> forgot, mail server %s: %d calls each, unknown %.2f ms", state, unknown.size(), time);
        times.forEach((account, measured) -> System.out.printf(
                "; %s %.2f ms, %+.1f %%", account, median(measured), 100 * difference(measured, unknown) / time));
        System.out.println();
        times.forEach((account, measured) -> assertThat(significantDifference(measured, unknown) / time)
                .as(account.name())
                .isLessThan(TOLERANCE));
    }

    /**
     * Makes one call of each kind in random order. In a fixed order, the mail that one call causes would always slow down
     * the same next call.
     */
    private static void tryEach(RawClient client, int number, Random order, Map<Account, List<Double>> times)
            throws IOException {
        List<Account> all = new ArrayList<>(Arrays.asList(Account.values()));
        Collections.shuffle(all, order);
        for (Account account : all) {
            String body = body(account, number);
            byte[] request = ("POST /password/forgot HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            + "X-Forwarded-For: " + nextSource() + "\r\nContent-Length: " + body.length() + "\r\n\r\n"
                            + body)
                    .getBytes(StandardCharsets.US_ASCII);
            long begin = System.nanoTime();
            int status = client.send(request);
            double milliseconds = (System.nanoTime() - begin) / 1e6;
            assertThat(status).isEqualTo(202);
            times.computeIfAbsent(account, unmeasured -> new ArrayList<>()).add(milliseconds);
        }
    }

    private static String address(Account account, int number) {
        return "user-" + account.ordinal() + "-" + number + "@example.com";
    }

    private static String body(Account account, int number) {
        return "{\"email\":\"" + address(account, number % ACCOUNTS) + "\"}";
    }

    private static String nextSource() {
        int number = source.getAndIncrement();
        return "10." + number / 40_000 + "." + number / 200 % 200 + "." + number % 200;
    }

    private static boolean isUncertain(Map<Account, List<Double>> times) {
        List<Double> unknown = times.getOrDefault(Account.UNKNOWN, List.of());
        return times.values().stream().anyMatch(some -> uncertainty(some, unknown) > PRECISION * median(unknown));
    }

    /** Returns the median of the differences of calls that are close in time and so have the same noise. */
    private static double difference(List<Double> some, List<Double> others) {
        return median(differences(some, others));
    }

    /** Returns the difference that remains after the noise of the measurement: three standard errors. */
    private static double significantDifference(List<Double> some, List<Double> others) {
        return Math.abs(difference(some, others)) - 3 * uncertainty(some, others);
    }

    private static List<Double> differences(List<Double> some, List<Double> others) {
        List<Double> differences = new ArrayList<>();
        for (int i = 0; i < some.size(); i++) {
            differences.add(some.get(i) - others.get(i));
        }
        return differences;
    }

    /** Returns the standard error of the median difference, under the assumption of normally distributed noise. */
    private static double uncertainty(List<Double> some, List<Double> others) {
        List<Double> differences = differences(some, others);
        double middle = median(differences);
        double deviation = median(
                differences.stream().map(value -> Math.abs(value - middle)).toList());
        return 1.2533 * 1.4826 * deviation / Math.sqrt(differences.size());
    }

    private static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
