package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that two deployments of one WAR in the same Tomcat are independent services. */
@Tag("full")
class InstancesIT {
    private static final String USER = "{\"username\":\"%s\",\"password\":\"correct horse battery staple\"}";

    @Test
    void twoDeploymentsInOneTomcatAreIndependent(@TempDir Path secrets) throws IOException {
        Path firstKey = Files.writeString(secrets.resolve("first-key"), "first " + ServiceClient.AUTH_KEY + "\n");
        Path otherKey = Files.writeString(secrets.resolve("other-key"), "other " + ServiceClient.AUTH_KEY + "\n");
        Path password = Files.writeString(secrets.resolve("password"), ServiceClient.ADMIN_PASSWORD + "\n");
        // All applications in the server read this environment. The environment contains settings that both deployments
        // share, and settings of another application.
        Map<String, String> environment = Map.of(
                "GATEHOUSE_ADMIN_USERNAME",
                ServiceClient.ADMIN,
                "GATEHOUSE_ADMIN_PASSWORD_FILE",
                password.toString(),
                "DB_HOST",
                "mongodb://another.invalid",
                "DB_NAME",
                "of-another-application");
        try (Stores first = new Stores();
                Stores other = new Stores();
                AppServer server = AppServer.start(
                        Distribution.TOMCAT_11,
                        Jdk.own(),
                        environment,
                        List.of(
                                new Deployment("/first", settings(first, firstKey), Map.of()),
                                new Deployment("/other", Map.of(), settings(other, otherKey))))) {
            ServiceClient one = server.awaitReady("/first");
            ServiceClient two = server.awaitReady("/other");
            String tokenOfOne = one.adminToken();
            String tokenOfTwo = two.adminToken();

            assertThat(one.post("/user", tokenOfOne, USER.formatted("only-in-one"))
                            .status())
                    .isEqualTo(201);
            assertThat(two.post("/user", tokenOfTwo, USER.formatted("only-in-two"))
                            .status())
                    .isEqualTo(201);
            assertThat(usernames(first)).containsExactlyInAnyOrder(ServiceClient.ADMIN, "only-in-one");
            assertThat(usernames(other)).containsExactlyInAnyOrder(ServiceClient.ADMIN, "only-in-two");
            assertTokenRejected(two.get("/user/me", tokenOfOne));
            assertTokenRejected(one.get("/user/me", tokenOfTwo));
        }
    }

    /**
     * Returns the settings of one deployment. The given file contains the AUTH_KEY. The settings for MongoDB have the
     * prefix GATEHOUSE_, because another application uses the same names without the prefix.
     */
    private static Map<String, String> settings(Stores stores, Path key) {
        return Map.of(
                "AUTH_KEY_FILE", key.toString(),
                "GATEHOUSE_DB_HOST", stores.mongoUri(),
                "GATEHOUSE_DB_NAME", stores.database(),
                "REDIS_URL", stores.redis().uri());
    }

    private static List<String> usernames(Stores stores) {
        return stores.users()
                .find()
                .map((Document user) -> user.getString("username"))
                .into(new ArrayList<>());
    }

    private static void assertTokenRejected(Response response) {
        assertThat(response.status()).isEqualTo(401);
        assertThat(response.text("code")).isEqualTo("TOKEN_INVALID");
    }
}
