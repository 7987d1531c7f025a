package org.gatehouse.factor;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import org.gatehouse.json.IsoTime;
import org.gatehouse.json.Json;

/** Writes factors as owners and administrators see them. Secrets and keys are never in the result. */
final class FactorJson {
    private FactorJson() {}

    static ObjectNode write(StoredFactors account) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        ArrayNode factors = json.putArray("factors");
        account.factors().values().forEach(factor -> factors.add(write(factor)));
        return json.put("recoveryCodesLeft", account.recoveryCodes().size());
    }

    static ObjectNode write(Factor factor) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("_id", factor.id());
        json.put("type", factor.type().text());
        json.put("name", factor.name());
        json.put("createdAt", IsoTime.format(factor.createdAt()));
        Instant used = factor.lastUsedAt();
        if (used != null) {
            json.put("lastUsedAt", IsoTime.format(used));
        }
        if (factor instanceof Factor.Passkey passkey) {
            json.set("transports", texts(passkey.transports()));
            json.put("backupEligible", passkey.backupEligible());
            json.put("backedUp", passkey.backedUp());
            json.put("aaguid", passkey.aaguid().toString());
            Authenticators.name(passkey.aaguid()).ifPresent(name -> json.put("authenticator", name));
        }
        return json;
    }

    static ArrayNode texts(List<String> texts) {
        ArrayNode array = Json.MAPPER.createArrayNode();
        texts.forEach(array::add);
        return array;
    }
}
