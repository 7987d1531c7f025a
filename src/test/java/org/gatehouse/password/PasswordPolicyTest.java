package org.gatehouse.password;

import static org.assertj.core.api.Assertions.assertThat;

import com.nulabinc.zxcvbn.StandardDictionaries;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordPolicyTest {
    private static final PasswordPolicy policy = new PasswordPolicy(15);
    private static final PasswordPolicy shortPolicy = new PasswordPolicy(8);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "correct horse battery staple",
                "the first administrator",
                "alice has seven small dogs",
                "Gatehouse keeps my seven dogs",
                "                 x7Kq",
                "u6#zT!0p@Wq9LmA",
                "\u6771\u4eac\u7279\u8a31\u8a31\u53ef\u5c40\u65e5\u672c\u56fd\u4eca\u65e5\u306f\u826f\u3044",
            })
    void acceptsLongAndUncommonPasswords(String password) {
        assertThat(policy.violation(password, "alice")).isEmpty();
    }

    @Test
    void countsCodePointsAfterNormalization() {
        // Each accent is a code point, so the text has 15 code points. After normalization, the text has 12 code
        // points.
        assertThat(policy.violation("e\u0301o\u0301u\u0301 zq7w kx9", "alice"))
                .hasValue("must have at least 15 characters");
        assertThat(policy.violation("\u00e9\u00f3\u00fa zq7w kx9v 3p", "alice")).isEmpty();
        // The emoji is one code point, but consists of two chars.
        assertThat(policy.violation("\ud83d\ude00 zq7w kx9v 3px", "alice")).isEmpty();
        assertThat(policy.violation("\ud83d\ude00 zq7w kx9v 3p", "alice")).hasValue("must have at least 15 characters");
    }

    @Test
    void acceptsAtMost256Bytes() {
        String long256 = "zq7w kx9v 3p ".repeat(20).substring(0, 256);
        assertThat(policy.violation(long256, "alice")).isEmpty();
        assertThat(policy.violation(long256 + "x", "alice")).hasValue("must have at most 256 bytes in UTF-8");
        assertThat(policy.violation("\u00e9".repeat(129), "alice")).hasValue("must have at most 256 bytes in UTF-8");
        assertThat(policy.violation("x".repeat(1_000_000), "alice")).hasValue("must have at most 256 bytes in UTF-8");
    }

    @Test
    void respondsWithBusyDuringAFloodOfPasswordsThatAreSlowToEstimate() throws Exception {
        String slow = "4@8({[<369!1i|70$5+%2xz".repeat(12).substring(0, 256);
        int senders = 64;
        ExecutorService threads = Executors.newFixedThreadPool(senders);
        try {
            CountDownLatch together = new CountDownLatch(senders);
            List<Callable<Boolean>> calls = Collections.nCopies(senders, () -> {
                together.countDown();
                together.await();
                try {
                    var unused = policy.violation(slow, "alice");
                    return false;
                } catch (GatehouseException rejected) {
                    return rejected.code() == ErrorCode.BUSY;
                }
            });
            int busy = 0;
            for (Future<Boolean> call : threads.invokeAll(calls)) {
                busy += call.get() ? 1 : 0;
            }
            assertThat(busy).isBetween(1, senders - 1);
        } finally {
            threads.shutdownNow();
        }
        assertThat(policy.violation("alice has seven small dogs", "alice")).isEmpty();
    }

    @Test
    void rejectsALoneSurrogate() {
        assertThat(policy.violation("zq7w kx9v 3p 12 \ud800", "alice")).hasValue("must be well-formed Unicode");
    }

    @Test
    void rejectsEachCommonPasswordInAnyLetterCase() throws IOException {
        int listed = 0;
        for (String common : StandardDictionaries.PASSWORDS_LOADER.load().getFrequencies()) {
            if (common.length() >= 8) {
                String upperCase = common.toUpperCase(Locale.ROOT);
                assertThat(shortPolicy.violation(upperCase, "alice")).hasValue("is in the list of common passwords");
                listed++;
            }
        }
        assertThat(StandardDictionaries.PASSWORDS_LOADER.load().getFrequencies())
                .hasSizeGreaterThan(10_000);
        assertThat(listed).isGreaterThan(8_000);
        assertThat(policy.violation("\uff30\uff21\uff33\uff33\uff37\uff2f\uff32\uff24\uff33tandard", "alice"))
                .hasValue("is in the list of common passwords");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "passwordpassword",
                "Password1234567",
                "P@ssw0rdP@ssw0rd",
                "qwertyuiopasdfg",
                "aaaaaaaaaaaaaaa",
                "abcabcabcabcabcabc",
                "123456789012345",
                "abcdefghijklmnop",
                "letmeinletmein123",
                "Summer2026Summer2026",
            })
    void rejectsCommonPasswordsThatAreExtendedToTheMinimumLength(String password) {
        assertThat(policy.violation(password, "alice"))
                .hasValueSatisfying(violation -> assertThat(violation).startsWith("is guessed in less than a million"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "alice.von.wonderland",
                "ALICE.von.WONDERLAND",
                "alice.von.wonderland.alice.von.wonderland",
                "alice.von.wonderland1234",
                "Gatehouse-alice.von.wonderland!",
                "gatehouse: gatehouse",
            })
    void rejectsTheUsernameAndTheNameOfTheService(String password) {
        assertThat(policy.violation(password, "Alice.von.Wonderland"))
                .hasValue("is little more than the username or the name of this service");
    }

    /**
     * A long password is estimated in pieces. An estimate of the whole text would take seconds, because the time grows
     * more than quadratically with the length.
     */
    @Test
    void estimatesALongPasswordInPieces() {
        Random random = new Random(1);
        String signs = "4@8({[<369|!170$5+%2";
        long pieces = 0;
        long whole = 0;
        for (int i = 0; i < 30; i++) {
            StringBuilder text = new StringBuilder();
            random.ints(256, 0, signs.length()).forEach(index -> text.append(signs.charAt(index)));
            pieces += cpuTime(text.substring(0, 32));
            whole += cpuTime(text.toString());
        }

        assertThat((double) whole / pieces).isLessThan(20);
    }

    /**
     * Returns the CPU time that the check takes in this thread. Other load on the machine does not change the CPU time.
     */
    private static long cpuTime(String text) {
        long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        policy.violation(text, "alice");
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
    }
}
