package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests that the response time of a rejected login does not show whether the account exists. */
@Tag("timing")
class LoginTimeIT {
    private static final boolean LONG = Boolean.getBoolean("gatehouse.long");

    /** The number of tries in any case. If the result is still uncertain, the test makes up to {@link #MAX_TRIES}. */
    private static final int TRIES = LONG ? 150 : 60;

    private static final int MAX_TRIES = LONG ? 1_200 : 180;
    private static final int WARM_UP = 30;

    /** With this number of accounts, the test tries each account so rarely that the throttle does not apply. */
    private static final int ACCOUNTS = LONG ? 40 : 15;

    private static final double TOLERANCE = 0.05;

    /** The maximum standard error of the median difference, relative to the response time. */
    private static final double PRECISION = 0.012;

    private static final String PASSWORD = "correct horse battery staple";

    private static final Stores stores = new Stores();
    private static final WarServer gatehouse = WarServer.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1"));

    @BeforeAll
    static void createAccounts() {
        String admin = gatehouse.adminToken();
        for (int i = 0; i < ACCOUNTS; i++) {
            gatehouse.create(admin, "known-" + i, PASSWORD);
            String disabled = gatehouse.create(admin, "disabled-" + i, PASSWORD);
            assertThat(gatehouse
                            .patch("/user/" + disabled, admin, "{\"status\":\"disabled\"}")
                            .status())
                    .isEqualTo(200);
        }
    }

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    /** A login attempt: a kind of user and the password to send. Only the password for the disabled user is correct. */
    private enum Attempt {
        UNKNOWN(1, "stranger-", "wrong horse battery staple"),
        KNOWN(2, "known-", "wrong horse battery staple"),
        DISABLED(3, "disabled-", PASSWORD);

        private final int network;
        private final String name;
        private final String password;

        Attempt(int network, String name, String password) {
            this.network = network;
            this.name = name;
            this.password = password;
        }
    }

    @Test
    void rejectsAnUnknownUserAndAWrongPasswordAndADisabledUserInTheSameTime() throws IOException {
        Map<Attempt, List<Double>> times = new EnumMap<>(Attempt.class);
        for (Attempt attempt : Attempt.values()) {
            times.put(attempt, new ArrayList<>());
        }
        List<Double> wrong = times.getOrDefault(Attempt.KNOWN, List.of());
        List<Double> unknown = times.getOrDefault(Attempt.UNKNOWN, List.of());
        List<Double> disabled = times.getOrDefault(Attempt.DISABLED, List.of());
        try (RawClient client = new RawClient(gatehouse.port())) {
            for (int i = 0; i < WARM_UP; i++) {
                tryEach(client, i, new EnumMap<>(Attempt.class));
            }
            // On a busy machine, more tries are necessary for a meaningful result.
            while (wrong.size() < TRIES || (wrong.size() < MAX_TRIES && isUncertain(wrong, unknown, disabled))) {
                tryEach(client, WARM_UP + wrong.size(), times);
            }
        }
        double time = median(wrong);
        // Measurements that are close in time have the same noise. The noise cancels out in the difference of two such
        // measurements.
        double unknownDifference = median(differences(unknown, wrong));
        double disabledDifference = median(differences(disabled, wrong));
        System.out.printf(
                "login with a wrong password: median %.1f ms; unknown user %+.2f ms, disabled user %+.2f ms; %d tries each%n",
                time, unknownDifference, disabledDifference, wrong.size());
        assertThat(Math.abs(unknownDifference) / time).isLessThan(TOLERANCE);
        assertThat(Math.abs(disabledDifference) / time).isLessThan(TOLERANCE);
    }

    /** Makes one attempt of each kind. The order rotates, so that each kind comes first in turn. */
    private static void tryEach(RawClient client, int number, Map<Attempt, List<Double>> times) throws IOException {
        Attempt[] all = Attempt.values();
        for (int turn = 0; turn < all.length; turn++) {
            Attempt attempt = all[(number + turn) % all.length];
            double milliseconds = timed(client, attempt, number);
            times.computeIfAbsent(attempt, unmeasured -> new ArrayList<>()).add(milliseconds);
        }
    }

    private static double timed(RawClient client, Attempt attempt, int number) throws IOException {
        byte[] login = RawClient.login(
                attempt.name + number % ACCOUNTS,
                attempt.password,
                "10." + attempt.network + "." + number / 256 + "." + number % 256);
        long begin = System.nanoTime();
        int status = client.send(login);
        double milliseconds = (System.nanoTime() - begin) / 1e6;
        assertThat(status).isEqualTo(401);
        return milliseconds;
    }

    private static List<Double> differences(List<Double> some, List<Double> others) {
        List<Double> differences = new ArrayList<>();
        for (int i = 0; i < some.size(); i++) {
            differences.add(some.get(i) - others.get(i));
        }
        return differences;
    }

    private static boolean isUncertain(List<Double> wrong, List<Double> unknown, List<Double> disabled) {
        return Math.max(uncertainty(unknown, wrong), uncertainty(disabled, wrong)) > PRECISION * median(wrong);
    }

    /**
     * Returns the standard error of the median difference. Computes it from the median deviation, under the assumption
     * that the noise is normally distributed.
     */
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
