package org.gatehouse.key;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.util.Base64URL;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.gatehouse.config.Secret;
import org.jspecify.annotations.Nullable;

/**
 * A key with its id and its only algorithm. A token cannot choose the algorithm (RFC 8725, section 3.1).
 *
 * @param id the {@code kid} of the tokens that the key signs
 * @param signer null if this node can only verify with the key
 */
public record SigningKey(
        String id, JWSAlgorithm algorithm, @Nullable JWSSigner signer, JWSVerifier verifier) {
    private static final int ID_BYTES = 9;

    /**
     * Returns a key for HMAC-SHA-256 (RFC 7518, section 3.2). A one-way function derives the key's id from the secret.
     * All nodes therefore use the same id, and a changed secret has another id.
     */
    public static SigningKey hmac(Secret secret) {
        try {
            byte[] key = secret.bytes();
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            byte[] digest = mac.doFinal("gatehouse key id".getBytes(StandardCharsets.UTF_8));
            String id = Base64URL.encode(Arrays.copyOf(digest, ID_BYTES)).toString();
            return new SigningKey(id, JWSAlgorithm.HS256, new MACSigner(key), new MACVerifier(key));
        } catch (JOSEException | GeneralSecurityException impossible) {
            throw new IllegalStateException("HS256 is not available in this Java", impossible);
        }
    }

    /** Returns a P-256 key for ES256 (RFC 7518, section 3.4); a key without its private part can only verify. */
    static SigningKey elliptic(ECKey key) throws JOSEException {
        JWSSigner signer = key.isPrivate() ? new ECDSASigner(key) : null;
        return new SigningKey(key.getKeyID(), JWSAlgorithm.ES256, signer, new ECDSAVerifier(key.toPublicJWK()));
    }

    @Override
    public String toString() {
        return algorithm + " key " + id;
    }
}
