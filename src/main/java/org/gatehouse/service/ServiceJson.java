package org.gatehouse.service;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import org.gatehouse.json.IsoTime;
import org.gatehouse.json.Json;

/** Writes service accounts for responses. Only the response that creates a secret contains it; none contains a hash. */
final class ServiceJson {
    private ServiceJson() {}

    static ObjectNode write(ServiceAccount service, Instant now) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("_id", service.id().hex());
        json.put(ServiceInput.NAME, service.name());
        service.roles().stream().sorted().forEach(json.putArray(ServiceInput.ROLES)::add);
        json.put(ServiceInput.STATUS, service.status().text());
        json.put("version", service.version());
        json.put("createdAt", IsoTime.format(service.createdAt()));
        json.put("updatedAt", IsoTime.format(service.updatedAt()));
        var secrets = json.putArray("secrets");
        service.validSecrets(now).forEach(secret -> {
            ObjectNode valid = secrets.addObject();
            valid.put("createdAt", IsoTime.format(secret.createdAt()));
            if (secret.expiresAt() != null) {
                valid.put("expiresAt", IsoTime.format(secret.expiresAt()));
            }
        });
        return json;
    }
}
