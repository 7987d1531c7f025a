package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.gatehouse.factor.PasskeyScene.APP_ORIGIN;
import static org.gatehouse.factor.PasskeyScene.CHALLENGE;
import static org.gatehouse.factor.PasskeyScene.ORIGIN;
import static org.gatehouse.factor.PasskeyScene.USER;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.factor.TestAuthenticator.Algorithm;
import org.gatehouse.json.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PasskeysTest {
    private final PasskeyScene scene = new PasskeyScene();

    @ParameterizedTest
    @EnumSource
    void registersAPasskeyAndVerifiesItsAssertion(Algorithm algorithm) {
        UUID aaguid = UUID.fromString("d548826e-79b4-db40-a3d8-11116f7e8349");
        TestAuthenticator authenticator = new TestAuthenticator(algorithm, ORIGIN, aaguid);

        ObjectNode created = authenticator.create(scene.creationOptions());
        Passkeys.Registration registration =
                scene.passkeys.register(created, CHALLENGE).orElseThrow();

        assertThat(Passkeys.registrationChallenge(created)).contains(CHALLENGE);
        assertThat(registration.credentialId()).isEqualTo(authenticator.credentialId());
        assertThat(registration.publicKey()).isEqualTo(authenticator.publicKey());
        assertThat(registration.transports()).containsExactly("internal");
        assertThat(registration.aaguid()).isEqualTo(aaguid);
        assertThat(registration.backupEligible()).isTrue();
        assertThat(registration.backedUp()).isTrue();
        assertThat(registration.counter()).isZero();
        assertThat(Authenticators.name(registration.aaguid())).contains("Bitwarden");
        ObjectNode assertion = authenticator.get(scene.requestOptions());
        assertThat(Passkeys.claim(assertion))
                .contains(new Passkeys.Claim(authenticator.credentialId(), Optional.of(USER), CHALLENGE));
        assertThat(scene.passkeys.verify(assertion, PasskeyScene.stored(registration), USER, CHALLENGE))
                .contains(new Passkeys.Verified(0, true));
    }

    @Test
    void acceptsTheOriginOfAnApp() {
        TestAuthenticator authenticator = new TestAuthenticator(APP_ORIGIN);

        Passkeys.Registration registration = scene.passkeys
                .register(authenticator.create(scene.creationOptions()), CHALLENGE)
                .orElseThrow();

        assertThat(scene.passkeys.verify(
                        authenticator.get(scene.requestOptions()), PasskeyScene.stored(registration), USER, CHALLENGE))
                .isPresent();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0, 1", "7, 8", "7, 7", "7, 6", "7, 0"})
    void acceptsEveryCounter(long stored, long signed) {
        TestAuthenticator authenticator = new TestAuthenticator(ORIGIN);
        Passkeys.Registration registration = scene.passkeys
                .register(authenticator.create(scene.creationOptions(), draft -> draft.counter = stored), CHALLENGE)
                .orElseThrow();

        Optional<Passkeys.Verified> verified = scene.passkeys.verify(
                authenticator.get(scene.requestOptions(), draft -> draft.counter = signed),
                PasskeyScene.stored(registration),
                USER,
                CHALLENGE);

        assertThat(verified).contains(new Passkeys.Verified(signed, true));
    }

    @Test
    void readsTheCounterAsAnUnsignedNumber() {
        TestAuthenticator authenticator = new TestAuthenticator(ORIGIN);

        assertThat(scene.passkeys
                        .register(
                                authenticator.create(scene.creationOptions(), draft -> draft.counter = 0xFFFF_FFFFL),
                                CHALLENGE)
                        .orElseThrow()
                        .counter())
                .isEqualTo(0xFFFF_FFFFL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "packed", "apple", "fido-u2f", "compound", "x"})
    void doesNotReadTheAttestationStatement(String format) {
        TestAuthenticator authenticator = new TestAuthenticator(ORIGIN);

        assertThat(scene.passkeys.register(
                        authenticator.create(scene.creationOptions(), draft -> {
                            draft.format = format;
                            draft.statement = Cbor.map(Cbor.text("x5c"), Cbor.bytes(new byte[3000]));
                        }),
                        CHALLENGE))
                .isPresent();
    }

    @Test
    void acceptsExtensionsAndAssertionsWithoutAUserHandle() {
        TestAuthenticator authenticator = new TestAuthenticator(ORIGIN);
        Passkeys.Registration registration = scene.passkeys
                .register(
                        authenticator.create(scene.creationOptions(), draft -> {
                            draft.flags |= TestAuthenticator.EXTENSIONS;
                            draft.extensions = Cbor.map(Cbor.text("credProtect"), Cbor.number(3));
                        }),
                        CHALLENGE)
                .orElseThrow();

        ObjectNode assertion = authenticator.get(
                scene.requestOptions(),
                draft -> draft.credential =
                        credential -> TestAuthenticator.response(credential).putNull("userHandle"));

        assertThat(registration.publicKey()).isEqualTo(authenticator.publicKey());
        assertThat(Passkeys.claim(assertion).orElseThrow().user()).isEmpty();
        assertThat(scene.passkeys.verify(assertion, PasskeyScene.stored(registration), USER, CHALLENGE))
                .isPresent();
    }

    @Test
    void namesOnlyKnownAuthenticators() {
        assertThat(Authenticators.name(UUID.fromString("fbfc3007-154e-4ecc-8c0b-6e020557d7bd")))
                .contains("iCloud Keychain");
        assertThat(Authenticators.name(new UUID(0, 0))).isEmpty();
    }

    @Test
    void writesTheOptionsOfALogin() throws Exception {
        TestAuthenticator authenticator = new TestAuthenticator(ORIGIN);
        Passkeys.Registration registration = scene.passkeys
                .register(authenticator.create(scene.creationOptions()), CHALLENGE)
                .orElseThrow();

        String options = Json.MAPPER.writeValueAsString(
                scene.passkeys.requestOptions(CHALLENGE, List.of(PasskeyScene.stored(registration))));
        assertThat(Json.MAPPER.readTree(options))
                .isEqualTo(Json.MAPPER.readTree("""
                        {"challenge": "%s", "timeout": 300000, "rpId": "example.com",
                         "allowCredentials": [{"type": "public-key", "id": "%s", "transports": ["internal"]}],
                         "userVerification": "required"}""".formatted(CHALLENGE, authenticator.credentialId())));
    }

    @Test
    void rejectsEveryCallWithoutSettings() {
        Passkeys passkeys = new Passkeys(null);

        assertThat(passkeys.isConfigured()).isFalse();
        assertThatThrownBy(() -> passkeys.requestOptions(CHALLENGE, List.of()))
                .isInstanceOf(GatehouseException.class)
                .hasMessageContaining("RP_ID");
        assertThatThrownBy(passkeys::requireConfigured).isInstanceOf(GatehouseException.class);
    }
}
