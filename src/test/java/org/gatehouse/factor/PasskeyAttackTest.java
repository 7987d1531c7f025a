package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.PasskeyScene.CHALLENGE;
import static org.gatehouse.factor.PasskeyScene.ORIGIN;
import static org.gatehouse.factor.PasskeyScene.USER;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.UUID;
import java.util.stream.Stream;
import org.gatehouse.factor.PasskeyAttacks.Attack;
import org.gatehouse.factor.TestAuthenticator.Algorithm;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that no attack is accepted, and that none ends with an exception. */
class PasskeyAttackTest {
    private final PasskeyScene scene = new PasskeyScene();
    private final TestAuthenticator authenticator = new TestAuthenticator(ORIGIN);

    static Stream<Attack> registrations() {
        return PasskeyAttacks.registrations();
    }

    static Stream<Attack> assertions() {
        return PasskeyAttacks.assertions();
    }

    @ParameterizedTest
    @MethodSource
    void registrations(Attack attack) {
        JsonNode credential = authenticator.create(scene.creationOptions(), attack.change());

        assertThat(scene.passkeys.register(credential, CHALLENGE)).isEmpty();
        assertThat(Passkeys.registrationChallenge(credential)).isNotNull();
    }

    @ParameterizedTest
    @MethodSource
    void assertions(Attack attack) {
        Factor.Passkey passkey = passkey(authenticator);
        JsonNode credential = authenticator.get(scene.requestOptions(), attack.change());

        assertThat(scene.passkeys.verify(credential, passkey, USER, CHALLENGE)).isEmpty();
        assertThat(Passkeys.claim(credential)).isNotNull();
    }

    @ParameterizedTest
    @EnumSource
    void rejectsTheSignatureOfAnotherAuthenticator(Algorithm algorithm) {
        TestAuthenticator right = new TestAuthenticator(algorithm, ORIGIN, new UUID(0, 0));
        TestAuthenticator wrong = new TestAuthenticator(algorithm, ORIGIN, new UUID(0, 0));
        Factor.Passkey passkey = passkey(right);
        wrong.create(scene.creationOptions());

        JsonNode foreign = wrong.get(scene.requestOptions());
        JsonNode forged = wrong.get(
                scene.requestOptions(),
                draft -> draft.credential =
                        credential -> credential.put("id", right.credentialId()).put("rawId", right.credentialId()));

        assertThat(scene.passkeys.verify(foreign, passkey, USER, CHALLENGE)).isEmpty();
        assertThat(scene.passkeys.verify(forged, passkey, USER, CHALLENGE)).isEmpty();
        assertThat(scene.passkeys.verify(right.get(scene.requestOptions()), passkey, USER, CHALLENGE))
                .isPresent();
    }

    @Test
    void rejectsAnAssertionForAnotherUserOrChallenge() {
        Factor.Passkey passkey = passkey(authenticator);
        JsonNode credential = authenticator.get(scene.requestOptions());

        assertThat(scene.passkeys.verify(credential, passkey, new UserId("f".repeat(24)), CHALLENGE))
                .isEmpty();
        assertThat(scene.passkeys.verify(credential, passkey, USER, "e".repeat(42) + "A"))
                .isEmpty();
        assertThat(scene.passkeys.verify(credential, passkey, USER, CHALLENGE)).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "1", "\"\"", "[]", "{}", "{\"response\":{}}", "{\"id\":{}}"})
    void rejectsOtherJson(String json) throws Exception {
        Factor.Passkey passkey = passkey(authenticator);
        JsonNode credential = Json.MAPPER.readTree(json);

        assertThat(scene.passkeys.register(credential, CHALLENGE)).isEmpty();
        assertThat(scene.passkeys.verify(credential, passkey, USER, CHALLENGE)).isEmpty();
        assertThat(Passkeys.claim(credential)).isEmpty();
        assertThat(Passkeys.registrationChallenge(credential)).isEmpty();
    }

    private Factor.Passkey passkey(TestAuthenticator owner) {
        return PasskeyScene.stored(scene.passkeys
                .register(owner.create(scene.creationOptions()), CHALLENGE)
                .orElseThrow());
    }
}
