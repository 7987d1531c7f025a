package org.gatehouse.guard;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import java.text.ParseException;
import java.util.HashMap;
import java.util.Map;
import org.gatehouse.guard.IssuerConnection.Reply;
import org.jspecify.annotations.Nullable;

/** The usable keys of one JWK Set (RFC 7517, section 5), with the addresses of the discovery document. Immutable. */
final class KeySet {
    final IssuerMetadata metadata;
    /** The reading of the ticker from which the keys must not be used, unless they are loaded again. */
    final long freshUntil;
    /** The reading of the ticker from which a request loads them again, while other requests still use them. */
    final long refreshAt;

    private final Map<String, VerificationKey> byId;

    private KeySet(IssuerMetadata metadata, Map<String, VerificationKey> byId, long sentAt, long freshUntil) {
        this.metadata = metadata;
        this.byId = byId;
        this.freshUntil = freshUntil;
        this.refreshAt = freshUntil - (freshUntil - sentAt) / 5;
    }

    /** @param previous an unchanged key is taken over, so that results that it verified stay valid */
    static KeySet read(Reply reply, IssuerMetadata metadata, @Nullable KeySet previous) throws IssuerException {
        try {
            Map<String, VerificationKey> byId = new HashMap<>();
            for (JWK jwk : JWKSet.parse(reply.body).getKeys()) {
                VerificationKey known = previous == null ? null : previous.find(jwk.getKeyID());
                VerificationKey key = known != null && known.isSame(jwk) ? known : VerificationKey.of(jwk);
                if (key != null) {
                    byId.putIfAbsent(jwk.getKeyID(), key);
                }
            }
            return new KeySet(metadata, byId, reply.sentAt, Freshness.of(reply));
        } catch (ParseException | RuntimeException malformed) {
            throw IssuerException.unreachable("its keys cannot be read");
        }
    }

    @Nullable
    VerificationKey find(@Nullable String id) {
        return id == null ? null : byId.get(id);
    }

    /** Returns true if Gatehouse signs with a shared secret, so that only Gatehouse can verify tokens. */
    boolean isEmpty() {
        return byId.isEmpty();
    }
}
