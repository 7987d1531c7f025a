package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import org.glassfish.jersey.internal.MapPropertiesDelegate;
import org.glassfish.jersey.server.ContainerRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoopbackCheckTest {
    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.8.9.10", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"})
    void acceptsLoopbackAddresses(String address) {
        assertThat(isOnThisMachine(address, "", "")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"203.0.113.7", "10.0.0.1", "2001:db8::1", "0.0.0.0", "localhost", ""})
    void rejectsAddressesThatAreNotLoopbackAddresses(String address) {
        assertThat(isOnThisMachine(address, "", "")).isFalse();
        assertThat(isOnThisMachine(address, "X-Forwarded-For", "127.0.0.1")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Forwarded",
                "forwarded",
                "Via",
                "X-Forwarded-For",
                "X-Forwarded-Host",
                "X-Forwarded-Proto",
                "X-Real-IP"
            })
    void rejectsForwardedRequests(String header) {
        assertThat(isOnThisMachine("127.0.0.1", header, "127.0.0.1")).isFalse();
    }

    @Test
    void rejectsARequestWithoutAnAddress() {
        ContainerRequest request = request();
        new ClientInfoFilter(new TrustedProxies(List.of())).filter(request);

        assertThat(LoopbackCheck.isOnThisMachine(request)).isFalse();
    }

    private static boolean isOnThisMachine(String peer, String header, String value) {
        ContainerRequest request = request();
        request.setProperty(ClientInfoFilter.PEER, peer);
        if (!header.isEmpty()) {
            request.header(header, value);
        }
        new ClientInfoFilter(new TrustedProxies(List.of())).filter(request);
        return LoopbackCheck.isOnThisMachine(request);
    }

    private static ContainerRequest request() {
        URI uri = URI.create("http://localhost/metrics");
        return new ContainerRequest(uri, uri, "GET", null, new MapPropertiesDelegate(), null);
    }
}
