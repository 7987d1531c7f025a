package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeploymentIT {
    private static final int MAX_BYTES = 32_000_000;

    @Test
    void aDeploymentWithoutSettingsFailsWithOneMessageThatListsAllMissingSettings() {
        assertThatThrownBy(() -> WarServer.deploy("", Map.of()))
                .isInstanceOf(WarServer.DeploymentFailed.class)
                .rootCause()
                .message()
                .contains("AUTH_KEY is missing", "DB_HOST is missing", "REDIS_HOST (or REDIS_URL) is missing")
                .contains("openssl rand -base64 48");
    }

    @Test
    void aDeploymentWithInvalidSettingsFailsWithoutShowingASecret() {
        Map<String, String> invalid = Map.of(
                "AUTH_KEY", "cil-nodejs-api",
                "AUTH_EXPIRY", "soon",
                "DB_HOST", "mongodb://user:hunter2@",
                "REDIS_URL", "http://:hunter2@host",
                "PASSWORD_MIN_LENGTH", "4",
                "ADMIN_USERNAME", "root");

        assertThatThrownBy(() -> WarServer.deploy("", invalid))
                .rootCause()
                .message()
                .contains(
                        "AUTH_KEY is shorter than 32 bytes", "AUTH_EXPIRY must be", "DB_HOST is not", "REDIS_URL must")
                .contains("PASSWORD_MIN_LENGTH must be", "ADMIN_USERNAME and ADMIN_PASSWORD go together")
                .contains("openssl rand -base64 48")
                .doesNotContain("hunter2")
                .doesNotContain("cil-nodejs-api");
    }

    @Test
    void aDeploymentWithAnInvalidAdministratorFails() {
        try (Stores stores = new Stores()) {
            assertThatThrownBy(
                            () -> WarServer.start(stores, Map.of("ADMIN_USERNAME", "a b", "ADMIN_PASSWORD", "short")))
                    .rootCause()
                    .message()
                    .contains("ADMIN_USERNAME is not a username", "ADMIN_PASSWORD must have at least 15 characters");
        }
    }

    @Test
    void aDeploymentUnderAContextPathWorksWithASecretFromAFile(@TempDir Path folder) throws IOException {
        Path key = Files.writeString(folder.resolve("key"), WarServer.AUTH_KEY + "\n");
        try (Stores stores = new Stores();
                WarServer gatehouse = WarServer.deploy(
                        "/accounts",
                        Map.of(
                                "AUTH_KEY_FILE", key.toString(),
                                "DB_HOST", stores.mongoUri(),
                                "DB_NAME", stores.database(),
                                "REDIS_HOST", "127.0.0.1",
                                "REDIS_PORT", Integer.toString(stores.redis().port()),
                                "ADMIN_USERNAME", WarServer.ADMIN,
                                "ADMIN_PASSWORD", WarServer.ADMIN_PASSWORD))) {
            String admin = gatehouse.adminToken();
            Response created =
                    gatehouse.post("/user", admin, "{\"username\":\"alice\",\"password\":\"correct horse battery\"}");

            assertThat(created.location()).contains("/accounts/user/");
            assertThat(gatehouse
                            .send("GET", created.location(), "", "auth", admin)
                            .status())
                    .isEqualTo(200);
            assertThat(gatehouse.get("/user?limit=1", admin).header("Link")).startsWith("<user?");
        }
    }

    @Test
    void theWarIsSmallAndContainsNoTestCode() throws IOException {
        assertThat(Files.size(WarServer.war())).isLessThan(MAX_BYTES);
        try (ZipFile war = new ZipFile(WarServer.war().toFile())) {
            List<String> names = war.stream().map(ZipEntry::getName).toList();
            assertThat(names).contains("WEB-INF/web.xml", "WEB-INF/classes/org/gatehouse/app/Gatehouse.class");
            assertThat(names)
                    .noneMatch(name ->
                            name.matches(".*(/dev/|Test|[a-z]IT\\.class|mongo-java-server|embedded|h2-|greenmail|junit"
                                    + "|jetty|servlet-api|mockito|assertj|archunit|jose4j|awaitility).*"));
        }
    }
}
