package org.gatehouse.overview;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.config.SettingCatalog;
import org.gatehouse.mail.MailServer;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Tests {@code GET /setting}. */
class SettingsCallTest {
    private static final String METRICS_TOKEN = "a-token-for-the-metrics";
    private static final String PREVIOUS_KEY = "the previous key of the tests, with 32 bytes and more";

    private static final Stores stores = new Stores();
    private static final MailServer mails = MailServer.start();
    private static final Node node = Node.start(stores, settings());

    private static Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>(Map.of(
                "SMTP_URL", "smtp://postman:the%20password@127.0.0.1:" + mails.port() + "?starttls=never",
                "MAIL_FROM", "accounts@example.com",
                "PUBLIC_URL", "https://id.example/accounts",
                "AUTH_KEY_PREVIOUS", PREVIOUS_KEY,
                "AUTH_ISSUER_PREVIOUS", "https://operator:hunter2@old.example",
                "METRICS_TOKEN", METRICS_TOKEN,
                "AUTH_EXPIRY", "300000"));
        return settings;
    }

    @AfterAll
    static void stop() {
        node.close();
        mails.close();
        stores.close();
    }

    @Test
    void listsEverySettingInTheOrderOfTheCatalog() {
        List<String> names = new ArrayList<>();
        list().forEach(setting -> names.add(setting.path("name").asText()));

        assertThat(names)
                .containsExactlyElementsOf(SettingCatalog.names().stream()
                        .filter(name -> !name.endsWith("_FILE"))
                        .toList());
    }

    @Test
    void showsValueDefaultAndSource() {
        assertThat(setting("AUTH_EXPIRY"))
                .hasToString("{\"name\":\"AUTH_EXPIRY\",\"value\":\"300000\",\"default\":\"600000\",\"secret\":false,"
                        + "\"set\":true,\"source\":\"the test\",\"description\":"
                        + "\"Lifetime of an access token in ms, from 1000 to 86400000.\"}");
        assertThat(shown("STEP_UP_MAX_AGE")).isEqualTo("600000 from the default");
        assertThat(shown("DB_NAME")).isEqualTo(stores.database() + " from the test");
        assertThat(shown("AUTH_ISSUER"))
                .isEqualTo("https://id.example/accounts from the default that follows from PUBLIC_URL");
        assertThat(shown("RP_ID")).isEqualTo("id.example from the default that follows from PUBLIC_URL");
        assertThat(setting("TRUSTED_PROXIES").has("value")).isFalse();
        assertThat(setting("TRUSTED_PROXIES").has("source")).isFalse();
        assertThat(setting("TRUSTED_PROXIES").path("set").asBoolean()).isFalse();
    }

    @Test
    void showsNoSecret() {
        Response response = node.get("/setting", node.adminToken());

        assertThat(response.body())
                .doesNotContain(
                        ServiceClient.AUTH_KEY,
                        ServiceClient.ADMIN_PASSWORD,
                        PREVIOUS_KEY,
                        METRICS_TOKEN,
                        "postman",
                        "the%20password",
                        "the password",
                        "hunter2");
        assertThat(setting("AUTH_KEY").has("value")).isFalse();
        assertThat(setting("AUTH_KEY").path("secret").asBoolean()).isTrue();
        assertThat(setting("AUTH_KEY").path("set").asBoolean()).isTrue();
        assertThat(shown("SMTP_URL")).isEqualTo("smtp://127.0.0.1:" + mails.port() + " from the test");
        assertThat(shown("DB_HOST")).startsWith("mongodb://");
        assertThat(shown("AUTH_ISSUER_PREVIOUS")).isEqualTo("https://old.example from the test");
    }

    @Test
    void onlyAnAdministratorReadsThem() {
        node.create(node.adminToken(), "reader", "correct horse battery staple");
        String reader = node.token("reader", "correct horse battery staple");

        assertThat(node.get("/setting", reader).text("code")).isEqualTo("FORBIDDEN");
        assertThat(node.get("/setting", "").text("code")).isEqualTo("TOKEN_MISSING");
        assertThat(node.get("/setting?name=AUTH_KEY", node.adminToken()).status())
                .isEqualTo(400);
    }

    private static JsonNode list() {
        Response response = node.get("/setting", node.adminToken());
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response.json();
    }

    private static JsonNode setting(String name) {
        for (JsonNode setting : list()) {
            if (setting.path("name").asText().equals(name)) {
                return setting;
            }
        }
        throw new AssertionError("no setting " + name);
    }

    private static String shown(String name) {
        JsonNode setting = setting(name);
        return setting.path("value").asText() + " from "
                + setting.path("source").asText();
    }
}
