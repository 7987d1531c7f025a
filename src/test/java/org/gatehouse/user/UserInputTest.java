package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.List;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.FieldErrors.FieldError;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.json.Json;
import org.junit.jupiter.api.Test;

class UserInputTest {
    @Test
    void reportsTheFirstViolationOfEachField() {
        ObjectNode body = body("a", "User", "disabled ");
        body.withArray(UserJson.ROLES).add(7);
        assertThat(violations(body))
                .containsExactly(
                        new FieldError("roles", "must be an array of strings"),
                        new FieldError("status", "must be active or disabled"),
                        new FieldError(
                                "username",
                                "must have 2 to 254 characters, all of them letters, digits or visible ASCII"),
                        new FieldError("password", "is required"));
        assertThat(violations(body("alice", "User", "active")))
                .containsExactly(
                        new FieldError(
                                "roles",
                                "must be names of at most 32 characters (a-z, 0-9, - and _) that begin with a letter"),
                        new FieldError("password", "is required"));
    }

    @Test
    void limitsTheNumberOfRoles() {
        assertThat(violations(body("alice", "user", "active", 16)))
                .extracting(FieldError::field)
                .containsExactly("password");
        assertThat(violations(body("alice", "user", "active", 17)))
                .containsExactly(
                        new FieldError("roles", "must have at most 16 roles"),
                        new FieldError("password", "is required"));
    }

    private static ObjectNode body(String username, String role, String status) {
        return body(username, role, status, 1);
    }

    private static ObjectNode body(String username, String role, String status, int roles) {
        ObjectNode body =
                Json.MAPPER.createObjectNode().put("username", username).put("status", status);
        Collections.nCopies(roles, role).forEach(body.putArray("roles")::add);
        return body;
    }

    private static List<FieldError> violations(ObjectNode body) {
        FieldErrors errors = new FieldErrors();
        UserInput.ofNew(body, errors);
        return catchThrowableOfType(GatehouseException.class, errors::throwIfAny)
                .errors();
    }
}
