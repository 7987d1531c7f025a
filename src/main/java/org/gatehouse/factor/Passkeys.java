package org.gatehouse.factor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.webauthn4j.data.client.challenge.DefaultChallenge;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.gatehouse.config.PasskeySettings;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.user.User;
import org.jspecify.annotations.Nullable;

/**
 * Creates options for passkeys, and verifies credentials (Web Authentication, Level 3).
 *
 * <p>Credentials come from clients and may be malformed in any way. Each method returns an empty result for them.
 */
final class Passkeys {
    /** The length of a user handle: the bytes of the user id. */
    private static final int HANDLE_BYTES = 12;

    private static final String USER_HANDLE = "userHandle";

    private final @Nullable PasskeySettings settings;
    private final PasskeyVerifier verifier = new PasskeyVerifier();

    Passkeys(@Nullable PasskeySettings settings) {
        this.settings = settings;
    }

    /**
     * The fields of an assertion that show which passkey it concerns. They are not verified yet.
     *
     * @param credentialId base64url without padding
     * @param user the user handle; empty if the authenticator did not send a valid one
     * @param challenge the challenge in the client data
     */
    record Claim(String credentialId, Optional<UserId> user, String challenge) {}

    /**
     * A verified assertion.
     *
     * @param counter the signature counter; 0 if the authenticator does not count
     */
    record Verified(long counter, boolean backedUp) {}

    /**
     * A verified new passkey.
     *
     * @param credentialId base64url without padding
     * @param publicKey the COSE key as the authenticator sent it
     */
    @SuppressWarnings("ArrayRecordComponent") // records of this type are never compared
    record Registration(
            String credentialId,
            byte[] publicKey,
            long counter,
            boolean backupEligible,
            boolean backedUp,
            List<String> transports,
            UUID aaguid) {}

    /** Whether this server has an RP id and an origin. */
    boolean isConfigured() {
        return settings != null;
    }

    /** @throws GatehouseException {@code PASSKEYS_NOT_CONFIGURED} */
    void requireConfigured() {
        configured();
    }

    /**
     * Returns the options for {@code navigator.credentials.get} as {@code PublicKeyCredentialRequestOptionsJSON}.
     *
     * @param allowed the passkeys that may respond; none to accept every discoverable passkey
     */
    ObjectNode requestOptions(String challenge, List<Factor.Passkey> allowed) {
        return PasskeyOptions.request(configured(), challenge, allowed);
    }

    /**
     * Returns the options for {@code navigator.credentials.create} as {@code PublicKeyCredentialCreationOptionsJSON}.
     *
     * @param existing the passkeys of the user, which must not be created twice
     */
    ObjectNode creationOptions(String challenge, User user, List<Factor.Passkey> existing) {
        return PasskeyOptions.creation(configured(), challenge, user, existing);
    }

    /** Parses an {@code AuthenticationResponseJSON}; empty if it is malformed. */
    static Optional<Claim> claim(JsonNode credential) {
        return CredentialJson.parse(credential)
                .flatMap(parsed -> parsed.clientData()
                        .filter(data -> data.type().equals(ClientData.GET))
                        .map(data -> new Claim(
                                parsed.id(), parsed.bytes(USER_HANDLE).flatMap(Passkeys::userOf), data.challenge())));
    }

    /** Returns the challenge in a {@code RegistrationResponseJSON}; empty if the credential is malformed. */
    static Optional<String> registrationChallenge(JsonNode credential) {
        return CredentialJson.parse(credential)
                .flatMap(CredentialJson::clientData)
                .filter(data -> data.type().equals(ClientData.CREATE))
                .map(ClientData::challenge);
    }

    /** Verifies an {@code AuthenticationResponseJSON} (section 7.2); empty if it is not valid for this passkey. */
    Optional<Verified> verify(JsonNode credential, Factor.Passkey passkey, UserId user, String challenge) {
        PasskeySettings relyingParty = configured();
        return CredentialJson.parse(credential)
                .filter(parsed -> parsed.id().equals(passkey.credentialId()))
                .filter(parsed -> !parsed.has(USER_HANDLE)
                        || parsed.bytes(USER_HANDLE).flatMap(Passkeys::userOf).equals(Optional.of(user)))
                .filter(parsed -> isExpected(relyingParty, parsed, ClientData.GET, challenge))
                .flatMap(parsed -> verifier.assertion(relyingParty, parsed, passkey, new DefaultChallenge(challenge)));
    }

    /** Verifies a {@code RegistrationResponseJSON} (section 7.1); empty if it is not valid. */
    Optional<Registration> register(JsonNode credential, String challenge) {
        PasskeySettings relyingParty = configured();
        return CredentialJson.parse(credential)
                .filter(parsed -> isExpected(relyingParty, parsed, ClientData.CREATE, challenge))
                .flatMap(parsed -> verifier.registration(relyingParty, parsed, new DefaultChallenge(challenge)));
    }

    private static boolean isExpected(
            PasskeySettings relyingParty, CredentialJson credential, String type, String challenge) {
        return credential
                .clientData()
                .filter(data -> data.type().equals(type))
                .filter(data -> data.challenge().equals(challenge))
                .filter(data -> relyingParty.origins().contains(data.origin()))
                .isPresent();
    }

    private static Optional<UserId> userOf(byte[] handle) {
        return handle.length == HANDLE_BYTES
                ? Optional.of(new UserId(HexFormat.of().formatHex(handle)))
                : Optional.empty();
    }

    private PasskeySettings configured() {
        PasskeySettings configured = settings;
        if (configured == null) {
            throw new GatehouseException(ErrorCode.PASSKEYS_NOT_CONFIGURED);
        }
        return configured;
    }
}
