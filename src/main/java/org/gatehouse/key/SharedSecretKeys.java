package org.gatehouse.key;

import java.util.List;
import java.util.Optional;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/** The keys of {@code AUTH_ALG=HS256}: the secrets in the settings, which do not change while the node runs. */
final class SharedSecretKeys implements SigningKeys {
    private final List<SigningKey> keys;

    /** @param authKeys the current secret signs and verifies tokens; the previous secret only verifies them */
    SharedSecretKeys(AuthKeys authKeys) {
        this.keys = authKeys.all().stream().map(SigningKey::hmac).toList();
    }

    @Override
    public SigningKey current() {
        return keys.get(0);
    }

    @Override
    public void requireUsable() {
        // the keys are always usable
    }

    @Override
    public Optional<SigningKey> find(String keyId) {
        return keys.stream().filter(key -> key.id().equals(keyId)).findFirst();
    }

    @Override
    public Optional<SigningKey> findEvenIfNew(String keyId) {
        return find(keyId);
    }

    @Override
    public List<KeyInfo> list() {
        return keys.stream()
                .map(key -> new KeyInfo(key.id(), key.algorithm().getName(), null, null, null, key.equals(current())))
                .toList();
    }

    @Override
    public String publicKeys() {
        return "{\"keys\":[]}";
    }

    @Override
    public KeyInfo rotate() {
        throw new GatehouseException(ErrorCode.KEYS_FIXED);
    }

    @Override
    public void revoke(String keyId) {
        throw new GatehouseException(ErrorCode.KEYS_FIXED);
    }
}
