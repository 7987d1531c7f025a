package org.gatehouse.factor;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;
import org.gatehouse.store.FormatMark;
import org.gatehouse.user.UserJson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads and writes the second factors in the lines of imports and exports. */
public final class FactorTransfer {
    private static final Logger log = LoggerFactory.getLogger(FactorTransfer.class);

    private final MongoFactorTransfer store;
    private final TotpCipher cipher;
    private final FactorLineReader reader;
    private final FormatMark format;

    FactorTransfer(MongoFactorTransfer store, TotpCipher cipher, FormatMark format, Clock clock) {
        this.store = store;
        this.format = format;
        this.cipher = cipher;
        this.reader = new FactorLineReader(cipher, clock);
    }

    /**
     * Returns the fields {@code factors} and {@code recoveryCodes} of users.
     *
     * <p>A secret that no {@code AUTH_KEY} decrypts is null in the result, and a warning in the log. The import rejects a
     * line with it, so no account loses a factor unnoticed.
     *
     * @param withSecrets whether the fields contain what an import needs: secrets, public keys and hashes of recovery
     *     codes
     * @throws org.gatehouse.error.GatehouseException {@code STORE_UNAVAILABLE}
     */
    public Map<UserId, ObjectNode> write(Collection<UserId> users, boolean withSecrets) {
        Map<UserId, ObjectNode> fields = new HashMap<>();
        store.find(users).forEach((user, stored) -> fields.put(user, write(user, stored, withSecrets)));
        return fields;
    }

    private ObjectNode write(UserId user, MongoFactorTransfer.Stored stored, boolean withSecrets) {
        ObjectNode fields = Json.MAPPER.createObjectNode();
        ArrayNode factors = fields.putArray(UserJson.FACTORS);
        stored.factors().forEach(factor -> factors.add(write(user, factor, withSecrets)));
        if (withSecrets && !stored.recoveryCodes().isEmpty()) {
            stored.recoveryCodes().stream().sorted().forEach(fields.putArray(UserJson.RECOVERY_CODES)::add);
        }
        return fields;
    }

    private ObjectNode write(UserId user, Factor factor, boolean withSecrets) {
        ObjectNode json = FactorJson.write(factor);
        FactorLineReader.DERIVED.forEach(json::remove);
        if (!withSecrets) {
            json.retain(FactorLineReader.COMMON);
            return json;
        }
        if (factor instanceof Factor.Totp totp) {
            String secret = cipher.decrypt(user, totp.id(), totp.secret())
                    .map(Base32.STANDARD::encode)
                    .orElse(null);
            if (secret == null) {
                log.warn(
                        "The export contains TOTP device {} of user {} without its secret, because neither AUTH_KEY nor"
                                + " AUTH_KEY_PREVIOUS decrypts it. An import will reject the user.",
                        totp.id(),
                        user);
            }
            json.put(FactorDocument.SECRET, secret);
        }
        if (factor instanceof Factor.Passkey passkey) {
            json.put(FactorDocument.CREDENTIAL_ID, passkey.credentialId());
            json.put(FactorDocument.PUBLIC_KEY, CredentialJson.encode(passkey.publicKey()));
            json.put(FactorDocument.COUNTER, passkey.counter());
        }
        return json;
    }

    /**
     * Reads the fields {@code factors} and {@code recoveryCodes} of a line.
     *
     * @param user the id that the new user will have
     * @param sameId whether this is also the id in the line
     * @param errors receives each violation
     */
    public ImportedFactors read(ObjectNode line, UserId user, boolean sameId, FieldErrors errors) {
        return reader.read(line, user, sameId, errors);
    }

    /**
     * Marks the database before imported factors are stored, so that nodes that know no factors do not start again.
     *
     * @throws org.gatehouse.error.GatehouseException {@code STORE_UNAVAILABLE}
     */
    public void markFormat() {
        format.require();
    }

    /**
     * Returns which of these ids of credentials belong to a passkey of a user.
     *
     * @throws org.gatehouse.error.GatehouseException {@code STORE_UNAVAILABLE}
     */
    public Set<String> known(Collection<String> credentialIds) {
        return store.known(credentialIds);
    }
}
