package org.gatehouse.factor;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A confirmed second factor of a user. Recovery codes are not in this list, because they belong to the account. */
sealed interface Factor permits Factor.Totp, Factor.Passkey {
    /** Returns 24 hexadecimal digits. */
    String id();

    FactorType type();

    /** Returns the name that the user gave; 1 to 64 characters. */
    String name();

    Instant createdAt();

    @Nullable
    Instant lastUsedAt();

    /**
     * A device for TOTP codes.
     *
     * @param secret the encrypted secret; an encrypted JWE
     * @param step the latest consumed time step; codes of this step and of earlier steps are rejected
     */
    record Totp(
            String id,
            String name,
            Instant createdAt,
            @Nullable Instant lastUsedAt,
            String secret,
            long step) implements Factor {
        @Override
        public FactorType type() {
            return FactorType.TOTP;
        }

        @Override
        public String toString() {
            return "Totp[" + id + "]";
        }
    }

    /**
     * A passkey.
     *
     * @param credentialId base64url without padding
     * @param publicKey the COSE key as the authenticator sent it
     * @param counter the highest signature counter so far; 0 if the authenticator does not count
     */
    @SuppressWarnings("ArrayRecordComponent") // records of this type are never compared
    record Passkey(
            String id,
            String name,
            Instant createdAt,
            @Nullable Instant lastUsedAt,
            String credentialId,
            byte[] publicKey,
            long counter,
            boolean backupEligible,
            boolean backedUp,
            List<String> transports,
            UUID aaguid)
            implements Factor {
        @Override
        public FactorType type() {
            return FactorType.PASSKEY;
        }

        @Override
        public String toString() {
            return "Passkey[" + id + "]";
        }
    }
}
