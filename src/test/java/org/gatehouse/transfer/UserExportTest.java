package org.gatehouse.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.benmanes.caffeine.cache.Ticker;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.config.Secret;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.Username;
import org.gatehouse.json.Json;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.gatehouse.user.Caller;
import org.gatehouse.user.MongoUserDao;
import org.gatehouse.user.NewUser;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;
import org.gatehouse.user.UserStatus;
import org.junit.jupiter.api.Test;

/** Tests an export that cannot be recorded in the audit log. {@link UserTransferTest} tests exports over HTTP. */
class UserExportTest {
    @Test
    void failsIfItCannotBeRecordedInTheAuditLog() {
        String nowhere = "mongodb://127.0.0.1:" + EmbeddedRedis.freePort();
        try (Stores stores = new Stores();
                MongoConnection mongo =
                        new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics());
                MongoConnection unreachable = new MongoConnection(new Secret(nowhere), "none", new Metrics())) {
            MongoUserDao users = new MongoUserDao(mongo, "users", Clock.systemUTC());
            User alice = users.insert(new NewUser(
                    Username.parse("alice").orElseThrow(),
                    "$argon2id$x",
                    Set.of("admin"),
                    UserStatus.ACTIVE,
                    Json.MAPPER.createObjectNode()));
            AuditLog audit = new AuditLog(
                    unreachable, Duration.ofDays(1), Clock.systemUTC(), Ticker.systemTicker(), new Metrics());
            UserExport exports = new UserExport(users, (ids, secrets) -> Map.of(), audit, caller -> true);
            Caller caller = new UserCaller(
                    alice, SessionId.draw(new SecureRandom()), 0, null, new ClientInfo("192.0.2.7", "curl", "r-1", ""));

            assertThatThrownBy(() -> exports.start(caller, true))
                    .isInstanceOfSatisfying(
                            GatehouseException.class,
                            failed -> assertThat(failed.code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE));
        }
    }
}
