package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.gatehouse.store.Sha256;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecoveryCodesTest {
    private final SecureRandom random = new SecureRandom();

    @Test
    void drawsTenDifferentCodesOf120Bits() {
        Set<String> codes = new HashSet<>();
        Set<Integer> characters = new HashSet<>();
        for (int set = 0; set < 100; set++) {
            List<String> drawn = RecoveryCodes.draw(random);
            assertThat(drawn)
                    .hasSize(10)
                    .allMatch(code -> code.matches("([0-9A-HJKMNP-TV-Z]{6}-){3}[0-9A-HJKMNP-TV-Z]{6}"));
            codes.addAll(drawn);
            drawn.forEach(code -> code.chars().forEach(characters::add));
        }
        assertThat(codes).hasSize(1000);
        assertThat(characters).hasSize(33); // the alphabet and the hyphen
    }

    @Test
    void ignoresCaseHyphensAndSpaces() {
        String code = RecoveryCodes.draw(random).get(0);
        String bare = code.replace("-", "");

        assertThat(RecoveryCodes.hash(code)).contains(Sha256.hex(bare));
        assertThat(RecoveryCodes.hash(bare)).isEqualTo(RecoveryCodes.hash(code));
        assertThat(RecoveryCodes.hash(code.toLowerCase(Locale.ROOT))).isEqualTo(RecoveryCodes.hash(code));
        assertThat(RecoveryCodes.hash(" " + code.replace("-", " - ") + " ")).isEqualTo(RecoveryCodes.hash(code));
    }

    @Test
    void readsLettersThatLookLikeDigitsAsDigits() {
        assertThat(RecoveryCodes.hash("OoIiLl-OoIiLl-OoIiLl-OoIiLl"))
                .isEqualTo(RecoveryCodes.hash("001111-001111-001111-001111"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "000000-000000-000000-00000",
                "000000-000000-000000-0000000",
                "000000-000000-000000-00000U",
                "000000-000000-000000-00000\uff10",
                "000000-000000-000000-00000\u0130",
                "000000-000000-000000-00000\u0131",
                "000000_000000_000000_000000",
                "000000-000000-000000-000000\n"
            })
    void rejectsEveryOtherText(String typed) {
        assertThat(RecoveryCodes.hash(typed)).isEmpty();
    }

    @Test
    void rejectsAHugeText() {
        assertThat(RecoveryCodes.hash("0".repeat(1_000_000))).isEmpty();
        assertThat(RecoveryCodes.hash("-".repeat(1_000_000))).isEmpty();
    }

    @Test
    void encodesAsTheRfcDoes() {
        byte[] bytes = "foobarfoob".getBytes(StandardCharsets.US_ASCII);

        assertThat(Base32.STANDARD.encode("fooba".getBytes(StandardCharsets.US_ASCII)))
                .isEqualTo("MZXW6YTB");
        assertThat(Base32.STANDARD.decode("mzxw6ytb")).contains("fooba".getBytes(StandardCharsets.US_ASCII));
        assertThat(Base32.STANDARD.decode(Base32.STANDARD.encode(bytes))).contains(bytes);
        assertThat(Base32.STANDARD.decode("MZXW6YT1")).isEmpty();
        assertThat(Base32.STANDARD.decode("MZXW6YT")).isEmpty();
    }
}
