import com.github.benmanes.caffeine.cache.Ticker;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.config.Secret;
import org.gatehouse.key.KeySchedule;
import org.gatehouse.key.RotatingKeys;
import org.gatehouse.key.SigningKey;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;

/**
 * Prints tokens that differ from a token of the running service in one thing each. Except for the last, they have a
 * valid signature, because the signing key is read from the database with {@code AUTH_KEY}.
 */
public final class Tokens {
    private static final KeySchedule USUAL = KeySchedule.every(Duration.ofDays(30), Duration.ofMinutes(10));

    public static void main(String[] arguments) throws Exception {
        SignedJWT good = SignedJWT.parse(arguments[0]);
        JWTClaimsSet claims = good.getJWTClaimsSet();
        Date past = Date.from(Instant.now().minus(Duration.ofHours(1)));
        MongoConnection mongo =
                new MongoConnection(new Secret(System.getenv("DB_HOST")), System.getenv("DB_NAME"), new Metrics());
        RotatingKeys keys = new RotatingKeys(
                mongo,
                new AuthKeys(new Secret(System.getenv("AUTH_KEY")), null),
                USUAL,
                false,
                Clock.systemUTC(),
                Ticker.systemTicker(),
                new SecureRandom());
        try (mongo; keys) {
            keys.start();
            SigningKey key = keys.find(good.getHeader().getKeyID()).orElseThrow();
            JWSHeader header = good.getHeader();
            print("jwt", typed(header, "JWT"), claims, key.signer());
            print("expired", header, new JWTClaimsSet.Builder(claims).expirationTime(past).build(), key.signer());
            print("issuer", header, new JWTClaimsSet.Builder(claims).issuer("another").build(), key.signer());
            print("audience", header, new JWTClaimsSet.Builder(claims).audience("another").build(), key.signer());
            print("type", typed(header, "logout+jwt"), claims, key.signer());
            print("HS256", symmetric(header), claims, new MACSigner(publicKey(keys, key)));
        }
    }

    private static JWSHeader typed(JWSHeader header, String type) {
        return new JWSHeader.Builder(header).type(new JOSEObjectType(type)).build();
    }

    private static JWSHeader symmetric(JWSHeader header) {
        return new JWSHeader.Builder(JWSAlgorithm.HS256)
                .type(header.getType())
                .keyID(header.getKeyID())
                .build();
    }

    /** Returns the published key as PEM, the form in which a library may mistake it for a shared secret. */
    private static byte[] publicKey(RotatingKeys keys, SigningKey key) throws Exception {
        byte[] encoded = JWKSet.parse(keys.publicKeys())
                .getKeyByKeyId(key.id())
                .toECKey()
                .toPublicKey()
                .getEncoded();
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
        return ("-----BEGIN PUBLIC KEY-----\n" + text + "\n-----END PUBLIC KEY-----\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static void print(String name, JWSHeader header, JWTClaimsSet claims, JWSSigner signer) throws Exception {
        SignedJWT token = new SignedJWT(header, claims);
        token.sign(signer);
        System.out.println(name + " " + token.serialize());
    }
}
