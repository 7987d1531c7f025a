package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.json;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.time.Clock;
import java.util.Date;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Tests a login and a change of a password whose user adds a factor between the check of the password and the write. */
class OvertakenLoginTest {
    private static final String PASSWORD = FactorNodes.PASSWORD;
    private static final Stores stores = new Stores();
    private static final AtomicBoolean armed = new AtomicBoolean();
    private static final Node node =
            Node.start(stores, Map.of(), Clock.systemUTC(), OvertakenLoginTest::addFactorBeforeTheWrite);

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    private static void addFactorBeforeTheWrite(String command) {
        boolean write = command.equals("findAndModify users") || command.equals("update users");
        if (write && armed.compareAndSet(true, false)) {
            Document factor = new Document("type", "totp")
                    .append("name", "phone")
                    .append("createdAt", new Date())
                    .append("secret", "unreadable")
                    .append("step", 0L);
            stores.users()
                    .updateOne(
                            Filters.eq("username", "maria"),
                            Updates.set("_server.factors.5f00000000000000000000a1", factor));
        }
    }

    @Test
    void neitherALoginNorANewPasswordOvertakesTheFactor() {
        node.create(node.adminToken(), "maria", PASSWORD);
        String token = node.token("maria", PASSWORD);

        armed.set(true);
        Response login = node.login("maria", PASSWORD);
        assertThat(login.status()).as(login.body()).isEqualTo(401);
        assertThat(login.text("code")).isEqualTo("FACTOR_REQUIRED");
        assertThat(node.get("/session", token).json()).hasSize(1);

        stores.users().updateOne(Filters.eq("username", "maria"), Updates.unset("_server.factors"));
        armed.set(true);
        Response changed = node.send(
                "PUT",
                "/user/me/password",
                json(Map.of("currentPassword", PASSWORD, "newPassword", "new " + PASSWORD)),
                "Content-Type",
                "application/json",
                "auth",
                token);
        assertThat(changed.status()).as(changed.body()).isEqualTo(401);
        assertThat(changed.text("code")).isEqualTo("INSUFFICIENT_USER_AUTHENTICATION");
    }
}
