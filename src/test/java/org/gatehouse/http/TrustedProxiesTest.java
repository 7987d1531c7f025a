package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.gatehouse.config.AddressRange;
import org.gatehouse.log.LogLines;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests which address is the client's address. The trusted proxies are 10.0.0.0/8 and 2001:db8:ff::/48. By default, the
 * connection comes from the proxy 10.0.0.1.
 */
class TrustedProxiesTest {
    private static final String PROXY = "10.0.0.1";
    private static final List<String> NONE = List.of();

    private final TrustedProxies proxies = new TrustedProxies(
            Stream.of("10.0.0.0/8", "2001:db8:ff::/48").map(AddressRange::parse).toList());

    @Test
    void headersFromAnUnlistedAddressAreIgnored() {
        assertThat(client("192.0.2.1", List.of("for=198.51.100.1"), List.of("198.51.100.1")))
                .isEqualTo("192.0.2.1");
        assertThat(new TrustedProxies(List.of())
                        .clientOf(address(PROXY), NONE, List.of("198.51.100.1"))
                        .text())
                .isEqualTo(PROXY);
    }

    @Test
    void theProxyIsTheClientIfTheRequestHasNoForwardingHeader() {
        assertThat(client(PROXY, NONE, NONE)).isEqualTo(PROXY);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "198.51.100.1                        | 198.51.100.1",
                "198.51.100.1, 10.0.0.2              | 198.51.100.1",
                "198.51.100.1,10.9.9.9,10.0.0.2      | 198.51.100.1",
                "1.1.1.1, 198.51.100.1               | 198.51.100.1", // the client forged the left address
                "10.0.0.3, 198.51.100.1, 10.0.0.2    | 198.51.100.1",
                "10.0.0.3, 10.0.0.2                  | 10.0.0.3", // a proxy is the client
                "198.51.100.1:4711                   | 198.51.100.1",
                "::ffff:198.51.100.1                 | 198.51.100.1",
                "2001:DB8:0:0:0:0:0:1                | 2001:db8::1",
                "[2001:db8::1]:4711                  | 2001:db8::1",
                "[2001:db8::1]                       | 2001:db8::1",
                "fe80::1%eth0                        | fe80::1",
                "198.51.100.1, 2001:db8:ff:1::9      | 198.51.100.1",
                "198.51.100.1, ::ffff:10.0.0.2       | 198.51.100.1",
                // Empty list elements are ignored (RFC 9110, section 5.6.1).
                "198.51.100.1,                       | 198.51.100.1",
                "198.51.100.1, ,                     | 198.51.100.1",
                "198.51.100.1,, 10.0.0.2             | 198.51.100.1",
                "1.1.1.1, 198.51.100.1, 10.0.0.2,,   | 198.51.100.1",
                ", 198.51.100.1                      | 198.51.100.1",
                ",                                   | 10.0.0.1",
                // The addresses are read from right to left. An invalid address ends the search. The client is then the
                // address that was read before the invalid one.
                "198.51.100.1, unknown               | 10.0.0.1",
                "198.51.100.1, junk, 10.0.0.2        | 10.0.0.2",
                "localhost                           | 10.0.0.1",
                "198.51.100.1.evil.example           | 10.0.0.1",
                "198.51.100                          | 10.0.0.1",
                "198.51.100.256                      | 10.0.0.1",
                "0x7f.0.0.1                          | 10.0.0.1",
                "198.51.100.1:port                   | 10.0.0.1",
                "198.51.100.1/8                      | 10.0.0.1",
                "[198.51.100.1]                      | 10.0.0.1",
                "[::1                                | 10.0.0.1",
                "1::2::3                             | 10.0.0.1",
                "for=198.51.100.1                    | 10.0.0.1",
                "'\"198.51.100.1\"'                  | 10.0.0.1"
            })
    void theClientIsDeterminedFromXForwardedFor(String header, String client) {
        assertThat(client(PROXY, NONE, List.of(header))).isEqualTo(client);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "for=198.51.100.1                                       | 198.51.100.1",
                "For=198.51.100.1;proto=https;by=10.0.0.1               | 198.51.100.1",
                "proto=https; host=\"a,b;for=1.1.1.1\" ;FOR=198.51.100.1 | 198.51.100.1",
                "for=\"198.51.100.1:4711\"                              | 198.51.100.1",
                "for=\"[2001:db8:cafe::17]:4711\"                       | 2001:db8:cafe::17",
                "for=\"[2001:db8:cafe::17]\"                            | 2001:db8:cafe::17",
                "for=\"198.51.100.1:_obf\"                              | 198.51.100.1",
                "for=\"198.51\\.100\\.1\"                               | 198.51.100.1",
                "for=1.1.1.1, for=198.51.100.1, for=10.0.0.2            | 198.51.100.1",
                "for=10.0.0.3,for=198.51.100.1;by=_proxy                | 198.51.100.1",
                "for=198.51.100.1, for=\"[2001:db8:ff::1]\"             | 198.51.100.1",
                "for=10.0.0.3, for=10.0.0.2                             | 10.0.0.3",
                "for=198.51.100.1;                                      | 198.51.100.1",
                "for=198.51.100.1,                                      | 198.51.100.1",
                "for=198.51.100.1, , for=10.0.0.2,                      | 198.51.100.1",
                ", for=198.51.100.1                                     | 198.51.100.1",
                // The addresses are read from right to left. An invalid address ends the search. The client is then the
                // address that was read before the invalid one.
                "for=198.51.100.1, for=unknown                          | 10.0.0.1",
                "for=198.51.100.1, for=_hidden, for=10.0.0.2            | 10.0.0.2",
                "for=198.51.100.1, for=\"_SEVKISEK\"                    | 10.0.0.1",
                "for=198.51.100.1, proto=http, for=10.0.0.2             | 10.0.0.2",
                "for=198.51.100.1;for=1.1.1.1                           | 10.0.0.1",
                "for=\"\"                                               | 10.0.0.1",
                "for=                                                   | 10.0.0.1",
                "for=[2001:db8::1]                                      | 10.0.0.1",
                "for = 198.51.100.1                                     | 10.0.0.1",
                "198.51.100.1                                           | 10.0.0.1",
                "for=localhost                                          | 10.0.0.1",
                // If the client does not close a quoted string, all addresses in the header line are unknown.
                "for=\"1.1.1.1, for=198.51.100.1                        | 10.0.0.1",
                "for=1.1.1.1;x=\", for=\"198.51.100.1:4711\"            | 10.0.0.1",
                "for=1.1.1.1;x=\", for=\"198.51.100.1\";by=\"_p\"       | 10.0.0.1",
                "for=1.1.1.1;x=\"\\\", for=198.51.100.1                 | 10.0.0.1"
            })
    void theClientIsDeterminedFromForwarded(String header, String client) {
        assertThat(client(PROXY, List.of(header), NONE)).isEqualTo(client);
    }

    @Test
    void theAddressesMayBeInSeveralHeaderLines() {
        assertThat(client(PROXY, NONE, List.of("1.1.1.1", "198.51.100.1, 10.0.0.3", "10.0.0.2")))
                .isEqualTo("198.51.100.1");
        assertThat(client(PROXY, List.of("for=1.1.1.1", "for=198.51.100.1, for=10.0.0.3", "for=10.0.0.2"), NONE))
                .isEqualTo("198.51.100.1");
        assertThat(client(PROXY, List.of("for=\"1.1.1.1", "for=198.51.100.1"), NONE))
                .as("an unclosed quote ends with its header line")
                .isEqualTo("198.51.100.1");
    }

    @Test
    void theProxyIsTheClientIfTheTwoHeadersDisagree() {
        assertThat(client(PROXY, List.of("for=198.51.100.1"), List.of("198.51.100.1")))
                .isEqualTo("198.51.100.1");
        assertThat(client(PROXY, List.of("for=1.1.1.1"), List.of("198.51.100.1")))
                .as("the proxy passed on a Forwarded header of the client")
                .isEqualTo(PROXY);
        assertThat(client(PROXY, List.of("for=198.51.100.1"), List.of("1.1.1.1")))
                .as("the proxy passed on an X-Forwarded-For header of the client")
                .isEqualTo(PROXY);
        assertThat(client(PROXY, List.of("junk"), List.of("198.51.100.1"))).isEqualTo(PROXY);
        assertThat(client(PROXY, List.of(""), List.of("198.51.100.1")))
                .as("an empty header is ignored")
                .isEqualTo("198.51.100.1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\"", "\\", "\"\\a", ",", ";", "for=", "[", "::", "1.1.1.1;", "for=\"\\a\\a\\a", "\u0000", "%"})
    void theProxyIsTheClientIfAHeaderOf8KiBIsInvalid(String pattern) {
        String header = pattern.repeat(8192 / pattern.length());

        assertThat(client(PROXY, List.of(header), NONE)).isEqualTo(PROXY);
        assertThat(client(PROXY, NONE, List.of(header))).isEqualTo(PROXY);
    }

    @Test
    void aWarningIsLoggedIfAnUnlistedAddressSendsAForwardingHeader() {
        AtomicLong nanos = new AtomicLong();
        TrustedProxies timedProxies = new TrustedProxies(List.of(AddressRange.parse("10.0.0.0/8")), nanos::get);
        try (LogLines log = new LogLines()) {
            timedProxies.clientOf(address("192.0.2.1"), NONE, NONE);
            timedProxies.clientOf(address(PROXY), NONE, List.of("198.51.100.1"));
            assertThat(log.from(Level.DEBUG)).isEmpty();

            timedProxies.clientOf(address("192.0.2.1"), NONE, List.of("198.51.100.1\nforged"));
            timedProxies.clientOf(address("192.0.2.2"), List.of("for=198.51.100.1"), NONE);
            nanos.addAndGet(TrustedProxies.WARNING_INTERVAL.toNanos() - 1);
            timedProxies.clientOf(address("192.0.2.1"), NONE, List.of("198.51.100.1"));
            assertThat(log.from(Level.DEBUG))
                    .singleElement()
                    .asString()
                    .startsWith("WARN")
                    .contains("192.0.2.1", "X-Forwarded-For", "TRUSTED_PROXIES")
                    .doesNotContain("198.51.100.1", "\n");
            nanos.addAndGet(1);
            timedProxies.clientOf(address("2001:db8::1"), List.of("for=198.51.100.1"), NONE);
            assertThat(log.from(Level.DEBUG)).hasSize(2);
            assertThat(log.from(Level.DEBUG).get(1)).contains("2001:db8::1", "Forwarded");
        }
    }

    @Test
    void theSourceOfAClientIsItsIpv4AddressOrIpv6Network() {
        assertThat(clientInfo("198.51.100.1").source()).isEqualTo("198.51.100.1");
        assertThat(clientInfo("2001:db8:1:2:3:4:5:6").source()).isEqualTo("2001:db8:1:2::/64");
        assertThat(clientInfo("2001:db8:1:2:ffff::").source()).isEqualTo("2001:db8:1:2::/64");
        assertThat(clientInfo("2001:db8:1:3::").source()).isEqualTo("2001:db8:1:3::/64");
        assertThat(clientInfo("::1").source()).isEqualTo("::/64");
        assertThat(clientInfo(ClientInfo.UNKNOWN).source()).isEqualTo("unknown");
    }

    private String client(String peer, List<String> forwarded, List<String> forwardedFor) {
        return proxies.clientOf(address(peer), forwarded, forwardedFor).text();
    }

    private static IpAddress address(String text) {
        return IpAddress.parse(text).orElseThrow();
    }

    private static ClientInfo clientInfo(String address) {
        return new ClientInfo(address, "", "", "");
    }
}
