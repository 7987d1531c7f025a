package org.gatehouse.guard;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.SignedJWT;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A public key of Gatehouse. The key determines the algorithm, never the token (RFC 8725, section 3.1). */
final class VerificationKey {
    private static final int MIN_RSA_BITS = 2048;

    private static final Map<Curve, JWSAlgorithm> BY_CURVE =
            Map.of(Curve.P_256, JWSAlgorithm.ES256, Curve.P_384, JWSAlgorithm.ES384, Curve.P_521, JWSAlgorithm.ES512);

    private static final Set<JWSAlgorithm> RSA = Set.of(
            JWSAlgorithm.RS256,
            JWSAlgorithm.RS384,
            JWSAlgorithm.RS512,
            JWSAlgorithm.PS256,
            JWSAlgorithm.PS384,
            JWSAlgorithm.PS512);

    private final JWK jwk;
    private final JWSAlgorithm algorithm;
    private final JWSVerifier verifier;

    private VerificationKey(JWK jwk, JWSAlgorithm algorithm, JWSVerifier verifier) {
        this.jwk = jwk;
        this.algorithm = algorithm;
        this.verifier = verifier;
    }

    /** Returns null if the key is not usable: without an id, symmetric, too short, or not for signatures. */
    static @Nullable VerificationKey of(JWK jwk) {
        boolean signs = jwk.getKeyUse() == null || KeyUse.SIGNATURE.equals(jwk.getKeyUse());
        if (jwk.getKeyID() == null || !signs) {
            return null;
        }
        try {
            if (jwk instanceof ECKey ec) {
                JWSAlgorithm algorithm = BY_CURVE.get(ec.getCurve());
                boolean agrees =
                        jwk.getAlgorithm() == null || jwk.getAlgorithm().equals(algorithm);
                return algorithm == null || !agrees ? null : new VerificationKey(jwk, algorithm, new ECDSAVerifier(ec));
            }
            if (jwk instanceof RSAKey rsa && rsa.size() >= MIN_RSA_BITS) {
                JWSAlgorithm algorithm = jwk.getAlgorithm() == null
                        ? JWSAlgorithm.RS256
                        : JWSAlgorithm.parse(jwk.getAlgorithm().getName());
                return RSA.contains(algorithm) ? new VerificationKey(jwk, algorithm, new RSASSAVerifier(rsa)) : null;
            }
            return null;
        } catch (JOSEException | RuntimeException unusable) {
            return null;
        }
    }

    boolean isSame(JWK other) {
        return jwk.equals(other);
    }

    /** Decoders ignore invalid characters and unused bits, so one token would have any number of spellings. */
    private static boolean isCanonical(Base64URL signature) {
        return Base64URL.encode(signature.decode()).equals(signature);
    }

    /** Returns whether this key signed the token with the algorithm of this key. */
    boolean verifies(SignedJWT token) {
        try {
            return algorithm.equals(token.getHeader().getAlgorithm())
                    && isCanonical(token.getSignature())
                    && token.verify(verifier);
        } catch (JOSEException | RuntimeException unverifiable) {
            return false;
        }
    }
}
