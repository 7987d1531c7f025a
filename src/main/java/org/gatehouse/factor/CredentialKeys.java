package org.gatehouse.factor;

import com.webauthn4j.converter.util.ObjectConverter;
import com.webauthn4j.data.attestation.authenticator.COSEKey;
import com.webauthn4j.data.attestation.authenticator.Curve;
import com.webauthn4j.data.attestation.authenticator.EC2COSEKey;
import com.webauthn4j.data.attestation.authenticator.EdDSACOSEKey;
import com.webauthn4j.data.attestation.authenticator.RSACOSEKey;
import com.webauthn4j.data.attestation.statement.COSEAlgorithmIdentifier;
import java.math.BigInteger;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.EllipticCurve;
import java.util.List;
import java.util.Set;

/** The rules for public keys of passkeys (Web Authentication, Level 3, section 5.8.5). */
final class CredentialKeys {
    /** The algorithms in the order of preference: ES256, EdDSA with Ed25519, RS256. */
    static final List<COSEAlgorithmIdentifier> ALGORITHMS =
            List.of(COSEAlgorithmIdentifier.ES256, COSEAlgorithmIdentifier.EdDSA, COSEAlgorithmIdentifier.RS256);

    /** The maximum length of a COSE key. An RSA key of 4096 bits takes about 530 bytes. */
    static final int MAX_BYTES = 1024;

    /** The labels of key type, algorithm and public key (RFC 9053, section 7). Others must be absent (section 6.5.1). */
    private static final Set<String> LABELS = Set.of("1", "3", "-1", "-2", "-3");

    private static final ObjectConverter CONVERTER = CborObjects.converter();

    private static final int COORDINATE_BYTES = 32;

    /** NIST SP 800-131A Rev. 2, section 3. Longer keys than the maximum would make each login slow. */
    private static final int RSA_MIN_BITS = 2048;

    private static final int RSA_MAX_BITS = 4096;

    /** Common exponents are 3 and 65537. A long exponent would make each login slow. */
    private static final int RSA_MAX_EXPONENT_BITS = 32;

    private CredentialKeys() {}

    /**
     * Whether these bytes are a COSE key and nothing else, with one of the algorithms, and the type, the curve and the
     * size that belong to it.
     */
    static boolean isAcceptable(byte[] bytes) {
        if (bytes.length > MAX_BYTES || !LABELS.containsAll(CborObjects.keys(bytes))) {
            return false;
        }
        try {
            COSEKey key = CONVERTER.getCborConverter().readValue(bytes, COSEKey.class);
            return key != null && isAcceptable(key);
        } catch (RuntimeException malformed) {
            return false;
        }
    }

    private static boolean isAcceptable(COSEKey key) {
        if (key.hasPrivateKey() || !key.hasPublicKey()) {
            return false;
        }
        COSEAlgorithmIdentifier algorithm = key.getAlgorithm();
        if (key instanceof EC2COSEKey ec) {
            return COSEAlgorithmIdentifier.ES256.equals(algorithm) && isOnCurve(ec);
        }
        if (key instanceof EdDSACOSEKey ed) {
            return COSEAlgorithmIdentifier.EdDSA.equals(algorithm)
                    && ed.getCurve() == Curve.ED25519
                    && hasLength(ed.getX())
                    && ed.getPublicKey() instanceof EdECPublicKey;
        }
        return key instanceof RSACOSEKey rsa && COSEAlgorithmIdentifier.RS256.equals(algorithm) && isSized(rsa);
    }

    private static boolean isOnCurve(EC2COSEKey key) {
        if (key.getCurve() != Curve.SECP256R1
                || !hasLength(key.getX())
                || !hasLength(key.getY())
                || !(key.getPublicKey() instanceof ECPublicKey point)) {
            return false;
        }
        EllipticCurve curve = point.getParams().getCurve();
        BigInteger prime = ((ECFieldFp) curve.getField()).getP();
        BigInteger x = point.getW().getAffineX();
        BigInteger y = point.getW().getAffineY();
        BigInteger right = x.pow(2).add(curve.getA()).multiply(x).add(curve.getB());
        return x.compareTo(prime) < 0
                && y.compareTo(prime) < 0
                && y.pow(2).subtract(right).mod(prime).signum() == 0;
    }

    private static boolean isSized(RSACOSEKey key) {
        if (!(key.getPublicKey() instanceof RSAPublicKey rsa)) {
            return false;
        }
        int bits = rsa.getModulus().bitLength();
        BigInteger exponent = rsa.getPublicExponent();
        return bits >= RSA_MIN_BITS
                && bits <= RSA_MAX_BITS
                && exponent.bitLength() <= RSA_MAX_EXPONENT_BITS
                && exponent.testBit(0)
                && exponent.compareTo(BigInteger.TWO) > 0;
    }

    private static boolean hasLength(byte[] coordinate) {
        return coordinate != null && coordinate.length == COORDINATE_BYTES;
    }
}
