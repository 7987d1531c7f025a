package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;

import org.gatehouse.config.PublicUrl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TotpUriTest {
    private static final String SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    @ParameterizedTest
    @CsvSource({
        "alice, alice",
        "alice@example.com, alice%40example.com",
        "a b+c, a%20b%2Bc",
        "a:b?secret=x&y#z/\"<, a%3Ab%3Fsecret%3Dx%26y%23z%2F%22%3C",
        "zo\u00eb*~-._, zo%C3%AB%2A~-._"
    })
    void encodesTheUsername(String username, String encoded) {
        assertThat(new TotpUri(null).of(username, SECRET))
                .isEqualTo("otpauth://totp/Gatehouse:" + encoded + "?secret=" + SECRET
                        + "&issuer=Gatehouse&algorithm=SHA1&digits=6&period=30");
    }

    @Test
    void namesTheHostOfThePublicAddress() {
        TotpUri uris = new TotpUri(PublicUrl.parse("https://login.example.com:8443/accounts"));

        assertThat(uris.of("alice", SECRET))
                .startsWith("otpauth://totp/login.example.com:alice?")
                .contains("&issuer=login.example.com&");
        assertThat(new TotpUri(PublicUrl.parse("http://[::1]:3000")).of("alice", SECRET))
                .as("an issuer has no colon")
                .contains("&issuer=Gatehouse&");
    }

    @Test
    void theLongestNamesFitIntoAnImage() {
        String host = ("a".repeat(60) + ".").repeat(4) + "example";
        TotpUri uris = new TotpUri(PublicUrl.parse("https://" + host));

        for (String username :
                new String[] {"\ud83d\ude00".repeat(254), "\u4e2d".repeat(10_000), "\ud83d".repeat(100)}) {
            String uri = uris.of(username, SECRET);
            assertThat(uri).matches("[!-~]+");
            assertThat(QrSvg.draw(uri)).startsWith("<svg ").endsWith("</svg>");
        }
    }
}
