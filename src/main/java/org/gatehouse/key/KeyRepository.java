package org.gatehouse.key;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import java.security.SecureRandom;
import java.text.ParseException;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.key.KeySet.UsableKey;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates, reads, verifies, decrypts and encrypts the stored signing keys. */
final class KeyRepository {
    private static final Logger log = LoggerFactory.getLogger(KeyRepository.class);

    private final MongoSigningKeyDao store;
    private final KeyCipher cipher;
    private final SecureRandom random;
    private final Set<String> logged = new HashSet<>(); // used only by read(), which never runs concurrently
    private final Set<String> reencrypted = new HashSet<>(); // used only by encryptUnderCurrent(), never concurrently

    KeyRepository(MongoSigningKeyDao store, KeyCipher cipher, SecureRandom random) {
        this.store = store;
        this.cipher = cipher;
        this.random = random;
    }

    /** @param before the result of the previous read; its unchanged keys are used again; null at the first read */
    KeySet read(@Nullable KeySet before) {
        List<StoredKey> stored = store.all();
        return new KeySet(
                stored.stream().flatMap(key -> usable(key, before).stream()).toList(),
                stored.stream().mapToLong(StoredKey::sequence).max().orElse(0));
    }

    private Optional<UsableKey> usable(StoredKey stored, @Nullable KeySet before) {
        return Optional.ofNullable(before)
                .flatMap(keys -> keys.find(stored.id()))
                .filter(known -> isKept(known, stored))
                .map(known -> new UsableKey(stored, known.publicKey(), known.key()))
                .or(() -> decrypt(stored));
    }

    private Optional<UsableKey> decrypt(StoredKey stored) {
        try {
            ECKey key = ECKey.parse(stored.publicKey());
            boolean sound = stored.algorithm().equals(JWSAlgorithm.ES256.getName())
                    && Curve.P_256.equals(key.getCurve())
                    && stored.id().equals(key.computeThumbprint().toString())
                    && stored.id().equals(key.getKeyID());
            if (!sound) {
                logOnce("The stored signing {} does not match its id, so it is not used", stored);
                return Optional.empty();
            }
            ECKey whole = cipher.decrypt(stored)
                    .filter(decrypted -> decrypted.toPublicJWK().equals(key.toPublicJWK()))
                    .orElse(key.toPublicJWK());
            return Optional.of(new UsableKey(stored, key.toPublicJWK(), SigningKey.elliptic(whole)));
        } catch (ParseException | JOSEException | IllegalStateException foreign) {
            logOnce("The stored signing {} cannot be read; it is not used", stored);
            return Optional.empty();
        }
    }

    /** Logs each unusable key once. For example, a later version of Gatehouse may have created another type of key. */
    private void logOnce(String sentence, StoredKey stored) {
        if (logged.add(stored.id())) {
            log.error(sentence, stored);
        }
    }

    /** Returns whether the known key is used again. A key that can sign does not need another decryption. */
    private static boolean isKept(UsableKey known, StoredKey stored) {
        return known.stored().publicKey().equals(stored.publicKey())
                && (known.key().signer() != null
                        || Objects.equals(known.stored().privateKey(), stored.privateKey()));
    }

    /** Creates and stores a key; returns empty if another node has created the key with this sequence number. */
    Optional<StoredKey> create(long sequence, Instant now, Instant activeFrom) {
        ECKey key;
        try {
            key = new ECKeyGenerator(Curve.P_256)
                    .keyUse(KeyUse.SIGNATURE)
                    .algorithm(JWSAlgorithm.ES256)
                    .keyIDFromThumbprint(true)
                    .secureRandom(random)
                    .generate();
        } catch (JOSEException impossible) {
            throw new IllegalStateException("P-256 is not available in this Java", impossible);
        }
        StoredKey created = new StoredKey(
                key.getKeyID(),
                sequence,
                JWSAlgorithm.ES256.getName(),
                key.toPublicJWK().toJSONString(),
                cipher.encrypt(key),
                cipher.currentId(),
                now,
                activeFrom,
                null);
        if (!store.insert(created)) {
            return Optional.empty();
        }
        log.info("Created the signing {}, active from {}", created, activeFrom);
        return Optional.of(created);
    }

    /**
     * Encrypts private keys under {@code AUTH_KEY} if they are encrypted under its previous value. Each process
     * encrypts a key at most once. Otherwise, two nodes would encrypt the key again and again if the current value of
     * each node is the previous value of the other.
     */
    void encryptUnderCurrent(KeySet known) {
        for (UsableKey key : known.keys()) {
            StoredKey stored = key.stored();
            if (!stored.encryptedUnder().equals(cipher.currentId()) && !reencrypted.contains(stored.id())) {
                cipher.decrypt(stored).ifPresent(decrypted -> {
                    store.reencrypt(stored, cipher.encrypt(decrypted), cipher.currentId());
                    reencrypted.add(stored.id());
                });
            }
        }
    }
}
