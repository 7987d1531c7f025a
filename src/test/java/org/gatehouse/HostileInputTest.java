package org.gatehouse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a stranger can send to make the service work or stumble. */
class HostileInputTest {
    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores, Map.of("REGISTRATION", "open"));

    @AfterAll
    static void close() {
        node.close();
        stores.close();
    }

    @Test
    void aNameThatIsNoneIsNotComparedWithThePassword() {
        // Of 56 KB of accents in the wrong order, folding alone takes a second.
        String tooLong = "zq7wkx9v3p".repeat(20);

        Answer answer = node.send(
                "POST",
                "/user",
                "{\"username\":\"" + tooLong + "\",\"password\":\"" + tooLong + "\"}",
                "Content-Type",
                "application/json");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().findValuesAsText("field")).containsExactly("username");
    }

    @ParameterizedTest
    @ValueSource(strings = {"no-such-charset", "\"$%\""})
    void aFormInACharsetThatDoesNotExistIsRefused(String charset) {
        Answer answer = node.send(
                "POST",
                "/introspect",
                "token=a",
                "auth",
                node.adminToken(),
                "Content-Type",
                "application/x-www-form-urlencoded; charset=" + charset);

        assertThat(answer.status()).as(answer.body()).isEqualTo(415);
    }
}
