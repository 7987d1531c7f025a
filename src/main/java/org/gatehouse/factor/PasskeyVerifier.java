package org.gatehouse.factor;

import com.webauthn4j.WebAuthnManager;
import com.webauthn4j.converter.AuthenticatorDataConverter;
import com.webauthn4j.converter.util.ObjectConverter;
import com.webauthn4j.credential.CredentialRecord;
import com.webauthn4j.credential.CredentialRecordImpl;
import com.webauthn4j.data.AuthenticationData;
import com.webauthn4j.data.AuthenticationParameters;
import com.webauthn4j.data.AuthenticationRequest;
import com.webauthn4j.data.PublicKeyCredentialParameters;
import com.webauthn4j.data.PublicKeyCredentialType;
import com.webauthn4j.data.RegistrationData;
import com.webauthn4j.data.RegistrationParameters;
import com.webauthn4j.data.RegistrationRequest;
import com.webauthn4j.data.attestation.authenticator.AAGUID;
import com.webauthn4j.data.attestation.authenticator.AttestedCredentialData;
import com.webauthn4j.data.attestation.authenticator.AuthenticatorData;
import com.webauthn4j.data.attestation.authenticator.COSEKey;
import com.webauthn4j.data.client.Origin;
import com.webauthn4j.data.client.challenge.Challenge;
import com.webauthn4j.server.ServerProperty;
import com.webauthn4j.verifier.attestation.statement.none.NoneAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.trustworthiness.certpath.NullCertPathTrustworthinessVerifier;
import com.webauthn4j.verifier.attestation.trustworthiness.self.NullSelfAttestationTrustworthinessVerifier;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.gatehouse.config.PasskeySettings;

/**
 * Verifies credentials with the library for Web Authentication. The caller has checked the client data already.
 *
 * <p>Verification does not read or write anything outside of the JVM. Therefore every exception is caused by the
 * credential, and the result is empty.
 */
final class PasskeyVerifier {
    /** The bytes of attested credential data before the credential id: AAGUID and length (section 6.5.1). */
    private static final int ATTESTED_HEADER_BYTES = 18;

    private static final UUID UNKNOWN_AUTHENTICATOR = new UUID(0, 0);

    private static final List<PublicKeyCredentialParameters> PARAMETERS = CredentialKeys.ALGORITHMS.stream()
            .map(algorithm -> new PublicKeyCredentialParameters(PublicKeyCredentialType.PUBLIC_KEY, algorithm))
            .toList();

    private final ObjectConverter converter = CborObjects.converter();
    private final AuthenticatorDataConverter authenticatorData = new AuthenticatorDataConverter(converter);
    private final WebAuthnManager library = new WebAuthnManager(
            List.of(new NoneAttestationStatementVerifier()),
            new NullCertPathTrustworthinessVerifier(),
            new NullSelfAttestationTrustworthinessVerifier(),
            converter);

    PasskeyVerifier() {
        // A counter that goes back is found when the use is stored.
        library.getAuthenticationDataVerifier().setMaliciousCounterValueHandler(credential -> {});
    }

    Optional<Passkeys.Verified> assertion(
            PasskeySettings settings, CredentialJson credential, Factor.Passkey passkey, Challenge challenge) {
        try {
            AuthenticationData data = library.parse(new AuthenticationRequest(
                    credential.rawId(),
                    credential.bytes("authenticatorData").orElseThrow(),
                    credential.bytes("clientDataJSON").orElseThrow(),
                    credential.bytes("signature").orElseThrow()));
            CredentialRecord stored = stored(credential.rawId(), passkey);
            List<byte[]> allowed = List.of(credential.rawId());
            library.verify(
                    data, new AuthenticationParameters(server(settings, challenge), stored, allowed, true, true));
            AuthenticatorData<?> signed = Objects.requireNonNull(data.getAuthenticatorData());
            return Optional.of(new Passkeys.Verified(signed.getSignCount(), signed.isFlagBS()));
        } catch (RuntimeException invalid) {
            return Optional.empty();
        }
    }

    Optional<Passkeys.Registration> registration(
            PasskeySettings settings, CredentialJson credential, Challenge challenge) {
        try {
            byte[] authenticator = credential
                    .bytes("attestationObject")
                    .flatMap(CborObjects::authenticatorData)
                    .orElseThrow();
            RegistrationData data = library.parse(new RegistrationRequest(
                    CborObjects.withoutAttestation(authenticator),
                    credential.bytes("clientDataJSON").orElseThrow()));
            library.verify(data, new RegistrationParameters(server(settings, challenge), PARAMETERS, true, true));
            AuthenticatorData<?> created =
                    Objects.requireNonNull(data.getAttestationObject()).getAuthenticatorData();
            AttestedCredentialData attested = Objects.requireNonNull(created.getAttestedCredentialData());
            byte[] attestedBytes = authenticatorData.extractAttestedCredentialData(authenticator);
            int keyStart = ATTESTED_HEADER_BYTES + credential.rawId().length;
            byte[] publicKey = Arrays.copyOfRange(attestedBytes, keyStart, attestedBytes.length);
            if (!Arrays.equals(attested.getCredentialId(), credential.rawId())
                    || !CredentialKeys.isAcceptable(publicKey)) {
                return Optional.empty();
            }
            return Optional.of(new Passkeys.Registration(
                    credential.id(),
                    publicKey,
                    created.getSignCount(),
                    created.isFlagBE(),
                    created.isFlagBS(),
                    credential.transports().orElseThrow(),
                    Objects.requireNonNullElse(attested.getAaguid().getValue(), UNKNOWN_AUTHENTICATOR)));
        } catch (RuntimeException | IOException invalid) {
            return Optional.empty();
        }
    }

    private CredentialRecord stored(byte[] credentialId, Factor.Passkey passkey) {
        COSEKey key =
                Objects.requireNonNull(converter.getCborConverter().readValue(passkey.publicKey(), COSEKey.class));
        return new CredentialRecordImpl(
                null,
                true,
                passkey.backupEligible(),
                passkey.backedUp(),
                passkey.counter(),
                new AttestedCredentialData(new AAGUID(passkey.aaguid()), credentialId, key),
                null,
                null,
                null,
                null);
    }

    private static ServerProperty server(PasskeySettings settings, Challenge challenge) {
        Set<Origin> origins = settings.origins().stream().map(Origin::create).collect(Collectors.toSet());
        return ServerProperty.builder()
                .origins(origins)
                .rpId(settings.rpId())
                .challenge(challenge)
                .build();
    }
}
