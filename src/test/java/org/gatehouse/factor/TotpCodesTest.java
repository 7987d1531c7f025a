package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.OptionalLong;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.config.Secret;
import org.gatehouse.identity.UserId;
import org.gatehouse.testing.SettableClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TotpCodesTest {
    private static final Secret AUTH_KEY = new Secret("one key for tests, longer than 32 bytes");
    private static final Secret OTHER_AUTH_KEY = new Secret("another key for tests, longer than 32 bytes");
    private static final UserId USER = new UserId("0123456789abcdef01234567");
    private static final UserId OTHER_USER = new UserId("0123456789abcdef01234568");
    private static final String ID = "aaaaaaaaaaaaaaaaaaaaaaaa";
    private static final String OTHER_ID = "bbbbbbbbbbbbbbbbbbbbbbbb";

    /** The secret of RFC 6238, appendix B. */
    private static final byte[] SECRET = "12345678901234567890".getBytes(StandardCharsets.US_ASCII);

    /** The code of {@link #SECRET} at 59 s, of which RFC 6238 shows eight digits. */
    private static final String CODE = "287082";

    private final TotpCipher cipher = new TotpCipher(new AuthKeys(AUTH_KEY, null), new SecureRandom());
    private final SettableClock clock = new SettableClock(Instant.ofEpochSecond(59));
    private final TotpCodes codes = new TotpCodes(cipher, clock);

    @ParameterizedTest
    @CsvSource({
        "59,287082",
        "1111111109,081804",
        "1111111111,050471",
        "1234567890,005924",
        "2000000000,279037",
        "20000000000,353130"
    })
    void acceptsTheCodesOfTheRfc(long second, String code) {
        clock.set(Instant.ofEpochSecond(second));

        assertThat(match(device(0), code)).hasValue(second / 30);
    }

    /** Otherwise, the same code would be accepted again as that of the later step. */
    @ParameterizedTest
    @ValueSource(longs = {50_424_280L, 50_424_281L})
    void consumesTheLaterOfTwoStepsWithTheSameCode(long current) {
        clock.set(Instant.ofEpochSecond(current * 30));

        assertThat(match(device(0), "070562")).hasValue(50_424_281L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"287082", "287 082", " 2 8 7 0 8 2 "})
    void ignoresSpaces(String typed) {
        assertThat(match(device(0), typed)).hasValue(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "28708",
                "2870822",
                "94287082",
                "0287082",
                "287083",
                "28708a",
                "-287082",
                "+287082",
                "287082\n",
                "287\u00a0082",
                "287\t082",
                "\uff12\uff18\uff17\uff10\uff18\uff12",
                "\u0662\u0668\u0667\u0660\u0668\u0662",
                "287082\u0000"
            })
    void rejectsEveryOtherText(String typed) {
        assertThat(match(device(0), typed)).isEmpty();
    }

    @Test
    void acceptsACodeOneStepEarlyOrLateOnly() {
        for (long second = 0; second < 120; second++) {
            clock.set(Instant.ofEpochSecond(second));
            assertThat(match(device(-1), CODE).isPresent()).isEqualTo(second < 90);
        }
    }

    @Test
    void rejectsConsumedSteps() {
        assertThat(match(device(0), CODE)).hasValue(1);
        assertThat(match(device(1), CODE)).isEmpty();
        assertThat(match(device(2), CODE)).isEmpty();
    }

    @Test
    void rejectsTheSecretOfAnotherUserOrDevice() {
        String secret = cipher.encrypt(USER, ID, SECRET);

        assertThat(cipher.decrypt(USER, ID, secret)).contains(SECRET);
        assertThat(codes.match(USER, ID, secret, 0, CODE)).hasValue(1);
        assertThat(codes.match(OTHER_USER, ID, secret, 0, CODE)).isEmpty();
        assertThat(codes.match(USER, OTHER_ID, secret, 0, CODE)).isEmpty();
        assertThat(codes.match(USER, ID, "junk", 0, CODE)).isEmpty();
    }

    @Test
    void decryptsAndReencryptsSecretsOfThePreviousAuthKey() {
        String old = cipher.encrypt(USER, ID, SECRET);
        TotpCipher changing = new TotpCipher(new AuthKeys(OTHER_AUTH_KEY, AUTH_KEY), new SecureRandom());
        TotpCipher changed = new TotpCipher(new AuthKeys(OTHER_AUTH_KEY, null), new SecureRandom());

        assertThat(changing.decrypt(USER, ID, old)).contains(SECRET);
        assertThat(changed.decrypt(USER, ID, old)).isEmpty();
        assertThat(changed.reencrypt(USER, ID, old)).isEmpty();
        String current = changing.reencrypt(USER, ID, old).orElseThrow();
        assertThat(changed.decrypt(USER, ID, current)).contains(SECRET);
        assertThat(changing.isCurrent(current)).isTrue();
        assertThat(changing.isCurrent(old)).isFalse();
        assertThat(changing.isCurrent("junk")).isFalse();
    }

    @Test
    void neverShowsTheSecret() {
        assertThat(device(0).toString()).doesNotContain(device(0).secret());
    }

    private OptionalLong match(Factor.Totp device, String typed) {
        return codes.match(USER, device, typed);
    }

    private Factor.Totp device(long step) {
        return new Factor.Totp(ID, "Phone", clock.instant(), null, cipher.encrypt(USER, ID, SECRET), step);
    }
}
