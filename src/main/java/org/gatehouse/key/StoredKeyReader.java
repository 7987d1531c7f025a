package org.gatehouse.key;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import java.text.ParseException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.key.KeySet.UsableKey;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads all signing keys from the store, verifies them against their ids, and decrypts them. Not thread-safe. */
final class StoredKeyReader {
    private static final Logger log = LoggerFactory.getLogger(StoredKeyReader.class);

    private final MongoSigningKeyDao store;
    private final KeyCipher cipher;
    private final Set<String> logged = new HashSet<>();

    StoredKeyReader(MongoSigningKeyDao store, KeyCipher cipher) {
        this.store = store;
        this.cipher = cipher;
    }

    /** @param before the keys of the last read; unchanged keys are not decrypted again */
    KeySet read(Optional<KeySet> before) {
        List<StoredKey> stored = store.all();
        return new KeySet(
                stored.stream().flatMap(key -> usable(key, before).stream()).toList(),
                stored.stream().mapToLong(StoredKey::sequence).max().orElse(0));
    }

    private Optional<UsableKey> usable(StoredKey stored, Optional<KeySet> before) {
        Optional<UsableKey> same =
                before.flatMap(keys -> keys.find(stored.id())).filter(known -> isKept(known, stored));
        if (same.isPresent()) {
            return same.map(known -> new UsableKey(stored, known.publicKey(), known.key()));
        }
        try {
            ECKey key = ECKey.parse(stored.publicKey());
            boolean sound = stored.algorithm().equals(JWSAlgorithm.ES256.getName())
                    && Curve.P_256.equals(key.getCurve())
                    && stored.id().equals(key.computeThumbprint().toString())
                    && stored.id().equals(key.getKeyID());
            if (!sound) {
                logOnce("The stored signing {} is not what its id says; it is not used", stored);
                return Optional.empty();
            }
            ECKey whole = stored.privateKey()
                    .flatMap(text -> cipher.decrypt(stored.id(), text))
                    .filter(decrypted -> decrypted.toPublicJWK().equals(key.toPublicJWK()))
                    .orElse(key.toPublicJWK());
            return Optional.of(new UsableKey(stored, key.toPublicJWK(), SigningKey.elliptic(whole)));
        } catch (ParseException | JOSEException | IllegalStateException foreign) {
            logOnce("The stored signing {} cannot be read; it is not used", stored);
            return Optional.empty();
        }
    }

    /** Logs each key once, not at every read. A later version of Gatehouse may create other kinds of keys. */
    private void logOnce(String sentence, StoredKey stored) {
        if (logged.add(stored.id())) {
            log.error(sentence, stored);
        }
    }

    /** A node keeps a key that it can sign with, even if a node with a newer AUTH_KEY encrypts that key again. */
    private static boolean isKept(UsableKey known, StoredKey stored) {
        return known.stored().publicKey().equals(stored.publicKey())
                && (known.key().signer().isPresent()
                        || known.stored().privateKey().equals(stored.privateKey()));
    }
}
