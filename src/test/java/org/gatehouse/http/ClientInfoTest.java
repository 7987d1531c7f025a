package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the networks to which the address of a client belongs. */
class ClientInfoTest {
    @ParameterizedTest
    @CsvSource({
        "198.51.100.7, 198.51.100.7, 198.51.100.0/24",
        "198.51.100.255, 198.51.100.255, 198.51.100.0/24",
        "2001:db8:1:2:3:4:5:6, 2001:db8:1:2::/64, 2001:db8:1::/48",
        "2001:db8:1::, 2001:db8:1::/64, 2001:db8:1::/48",
        "::ffff:198.51.100.7, 198.51.100.7, 198.51.100.0/24",
        "unknown, unknown, unknown"
    })
    void returnsTheSourceAndTheRangeOfAnAddress(String address, String source, String range) {
        ClientInfo client = new ClientInfo(address, "", "", "");

        assertThat(client.source()).isEqualTo(source);
        assertThat(client.addressRange()).isEqualTo(range);
    }
}
