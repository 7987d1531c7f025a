package org.gatehouse.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceSecretTest {
    private static final String DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private final SecureRandom random = new SecureRandom();

    @Test
    void aSecretIsAPrefixWith256RandomBitsAndTheirChecksum() {
        Set<String> drawn = new HashSet<>();
        int longest = 0;
        for (int i = 0; i < 2_000; i++) {
            String text = ServiceSecret.draw(random).text();
            drawn.add(text);
            assertThat(text).matches("gh_[0-9A-Za-z]{49}");
            longest = Math.max(longest, number(text.substring(3, 46)).bitLength());
            CRC32 crc = new CRC32();
            crc.update(text.substring(0, 46).getBytes(StandardCharsets.US_ASCII));
            assertThat(number(text.substring(46))).isEqualTo(BigInteger.valueOf(crc.getValue()));
            assertThat(ServiceSecret.parse(text)).isPresent();
        }
        assertThat(drawn).hasSize(2_000);
        assertThat(longest).isEqualTo(256);
    }

    @Test
    void aChangedCharacterIsRecognized() {
        String text = ServiceSecret.draw(random).text();
        for (int i = 0; i < text.length(); i++) {
            char other = text.charAt(i) == 'x' ? 'y' : 'x';
            assertThat(ServiceSecret.parse(text.substring(0, i) + other + text.substring(i + 1)))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "gh_",
                "correct horse battery staple",
                "GH_0000000000000000000000000000000000000000000000000",
                "gh_000000000000000000000000000000000000000000000000é"
            })
    void otherTextsAreNotSecrets(String text) {
        assertThat(ServiceSecret.parse(text)).isEmpty();
    }

    @Test
    void noTextOfTheClassContainsTheSecret() {
        ServiceSecret secret = ServiceSecret.draw(random);

        assertThat(secret.toString()).doesNotContain(secret.text().substring(3));
    }

    private static BigInteger number(String base62) {
        BigInteger number = BigInteger.ZERO;
        for (char digit : base62.toCharArray()) {
            number = number.multiply(BigInteger.valueOf(62)).add(BigInteger.valueOf(DIGITS.indexOf(digit)));
        }
        return number;
    }
}
