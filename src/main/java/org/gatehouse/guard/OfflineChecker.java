package org.gatehouse.guard;

import java.time.Clock;
import org.gatehouse.guard.GuardSettings.Unreachable;
import org.jspecify.annotations.Nullable;

/**
 * Checks tokens with the keys of Gatehouse, without a call for each token.
 *
 * <p>Verified tokens are remembered, so a signature is normally verified only once. The expiry of the token and the
 * validity of its key are checked at each request.
 */
final class OfflineChecker implements TokenChecker {
    private final IssuerKeys keys;
    private final String issuer;
    private final @Nullable String audience;
    private final boolean untilExpiry;
    private final Clock clock;
    private final BoundedMemory<Verified> remembered = new BoundedMemory<>();

    /** The caller of a token, and the key that verified the signature. */
    private static final class Verified {
        private final GuardPrincipal principal;
        private final String keyId;
        private final VerificationKey key;

        Verified(GuardPrincipal principal, String keyId, VerificationKey key) {
            this.principal = principal;
            this.keyId = keyId;
            this.key = key;
        }
    }

    OfflineChecker(GuardSettings settings, IssuerKeys keys, Clock clock) {
        this.keys = keys;
        this.issuer = settings.issuer;
        this.audience = settings.audience;
        this.untilExpiry = settings.unreachable == Unreachable.UNTIL_EXPIRY;
        this.clock = clock;
    }

    @Override
    public GuardPrincipal check(String token) throws Rejection, IssuerException {
        Verified known = remembered.get(token);
        if (known == null) {
            return verify(token);
        }
        if (SignedToken.isExpired(known.principal, clock)) {
            remembered.remove(token);
            throw SignedToken.expired();
        }
        if (keysForKnownToken().find(known.keyId) != known.key) {
            remembered.remove(token);
            return verify(token); // the key was replaced or revoked
        }
        return known.principal;
    }

    /** Returns the last keys instead of fresh ones if the operator prefers this while Gatehouse is unreachable. */
    private KeySet keysForKnownToken() throws IssuerException {
        try {
            return keys.current();
        } catch (IssuerException failed) {
            KeySet last = keys.last();
            if (untilExpiry && failed.isUnreachable() && last != null) {
                return last;
            }
            throw failed;
        }
    }

    private GuardPrincipal verify(String token) throws Rejection, IssuerException {
        SignedToken signed = SignedToken.parse(token, issuer, audience, clock);
        String keyId = signed.keyId();
        if (keyId == null || signed.isSymmetric()) {
            throw SignedToken.unverified();
        }
        VerificationKey key = requireKey(keys, keys.current(), keyId);
        if (!signed.isSignedWith(key)) {
            throw SignedToken.unverified();
        }
        remembered.put(token, new Verified(signed.principal(), keyId, key), token.length());
        return signed.principal();
    }

    /**
     * Returns the key with this id, after a new load if it is unknown.
     *
     * @throws Rejection 401 if Gatehouse does not have this key
     */
    static VerificationKey requireKey(IssuerKeys keys, KeySet current, String keyId) throws Rejection, IssuerException {
        VerificationKey known = current.find(keyId);
        VerificationKey key =
                known != null ? known : keys.reloadForUnknownId(current).find(keyId);
        if (key == null) {
            throw SignedToken.unverified();
        }
        return key;
    }
}
