package org.gatehouse;

import static org.assertj.core.api.Assertions.assertThat;

import org.gatehouse.store.Stores;
import org.gatehouse.war.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class SessionTest {
    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores);

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @Test
    void smoke() {
        Answer login = node.login(Node.ADMIN, Node.ADMIN_PASSWORD);
        System.out.println(login.body());
        String token = login.text("token");
        System.out.println(node.get("/user/me", token).body());
        System.out.println(node.get("/session", token).body());
        Answer refreshed = node.post("/token/refresh", "", "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}");
        System.out.println(refreshed.body());
        System.out.println(node.send(
                        "POST",
                        "/introspect",
                        "token=" + token,
                        "auth",
                        token,
                        "Content-Type",
                        "application/x-www-form-urlencoded")
                .body());
        System.out.println(node.send("POST", "/logout", "", "auth", token).body());
        System.out.println(node.get("/user/me", token).body());
        System.out.println(node.get("/user/me", refreshed.text("token")).body());
        assertThat(login.status()).isEqualTo(200);
    }
}
