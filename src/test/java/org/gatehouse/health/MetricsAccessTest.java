package org.gatehouse.health;

import static org.assertj.core.api.Assertions.assertThat;

import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that a caller without a token gets the metrics only if the caller is on the same machine and uses no proxy. */
class MetricsAccessTest {
    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores);

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @Test
    void aCallerOnTheSameMachineGetsTheMetrics() {
        assertThat(node.send(
                                "GET",
                                "/metrics",
                                "",
                                "User-Agent",
                                "Prometheus/3.0",
                                "X-Prometheus-Scrape-Timeout-Seconds",
                                "10")
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Forwarded",
                "Via",
                "X-Forwarded-For",
                "X-Forwarded-Host",
                "X-Forwarded-Proto",
                "X-Forwarded-Port",
                "x-forwarded-port",
                "X-Forwarded-Server",
                "X-Forwarded-Prefix",
                "X-Forwarded-Scheme",
                "X-Forwarded-By",
                "X-Forwarded-Ssl",
                "X-Forwarded-Uri",
                "X-Forwarded",
                "X-Forwarded-Client-Cert",
                "X-Real-IP",
                "X-Original-Forwarded-For",
                "X-Original-Host",
                "X-Client-IP",
                "X-Cluster-Client-IP",
                "True-Client-IP",
                "CF-Connecting-IP",
                "CF-Ray",
                "Fastly-Client-IP",
                "X-Envoy-External-Address",
                "X-Azure-ClientIP",
                "X-Amzn-Trace-Id",
                "X-Scheme",
                "X-Request-Start"
            })
    void aRequestWithAnyHeaderOfAProxyIsForbidden(String header) {
        for (String value : new String[] {"127.0.0.1", "443", "x"}) {
            Response response = node.send("GET", "/metrics", "", header, value);
            assertThat(response.status()).as(header + ": " + value).isEqualTo(403);
            assertThat(response.text("code")).isEqualTo("FORBIDDEN");
        }
    }
}
