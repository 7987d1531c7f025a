package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.gatehouse.config.Secret;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.log.LogLines;
import org.gatehouse.metrics.Metrics;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplicaSetNamesTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "actual"})
    void logsAWrongReplicaSetName(String actual) {
        try (FaultyMongo mongo = FaultyMongo.start();
                LogLines log = new LogLines()) {
            if (!actual.isEmpty()) {
                mongo.handshake(reply -> reply.append("setName", actual)
                        .append("hosts", List.of(mongo.address()))
                        .append("me", mongo.address())
                        .append("primary", mongo.address())
                        .append("secondary", false));
            }
            try (MongoConnection connection =
                    new MongoConnection(new Secret(mongo.uri() + "/?replicaSet=wrong"), "test", new Metrics())) {
                for (int i = 0; i < 3; i++) {
                    assertThatThrownBy(connection::buildInfo).isInstanceOf(GatehouseException.class);
                }
            }
            assertThat(log.with("MongoDB cannot be reached"))
                    .singleElement()
                    .asString()
                    .contains(mongo.address(), actual, "replicaSet=wrong", "setName mismatch");
        }
    }
}
