package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class KeyedHashTest {
    @Test
    void derivesKeysAsInTheFirstExampleOfRfc5869() {
        byte[] derived = KeyedHash.hkdf(
                bytes("000102030405060708090a0b0c"), bytes("0b".repeat(22)), bytes("f0f1f2f3f4f5f6f7f8f9"));

        assertThat(HexFormat.of().formatHex(derived))
                .isEqualTo("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
