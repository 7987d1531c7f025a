package org.gatehouse.factor;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HexFormat;
import java.util.List;
import org.gatehouse.config.PasskeySettings;
import org.gatehouse.json.Json;
import org.gatehouse.user.User;

/** Writes the options that pages pass to the browser (Web Authentication, Level 3, sections 5.4 and 5.5). */
final class PasskeyOptions {
    private static final String TYPE = "type";
    private static final String PUBLIC_KEY = "public-key";
    private static final String REQUIRED = "required";

    private PasskeyOptions() {}

    static ObjectNode request(PasskeySettings settings, String challenge, List<Factor.Passkey> allowed) {
        ObjectNode options = Json.MAPPER
                .createObjectNode()
                .put("challenge", challenge)
                .put("timeout", ChallengeStore.LIFETIME.toMillis())
                .put("rpId", settings.rpId());
        descriptors(options.putArray("allowCredentials"), allowed);
        return options.put("userVerification", REQUIRED);
    }

    static ObjectNode creation(PasskeySettings settings, String challenge, User user, List<Factor.Passkey> existing) {
        ObjectNode options = Json.MAPPER.createObjectNode();
        options.putObject("rp").put("id", settings.rpId()).put("name", settings.rpId());
        options.putObject("user")
                .put(
                        "id",
                        CredentialJson.encode(HexFormat.of().parseHex(user.id().hex())))
                .put("name", user.username())
                .put("displayName", user.username());
        options.put("challenge", challenge);
        ArrayNode algorithms = options.putArray("pubKeyCredParams");
        CredentialKeys.ALGORITHMS.forEach(
                algorithm -> algorithms.addObject().put(TYPE, PUBLIC_KEY).put("alg", algorithm.getValue()));
        options.put("timeout", ChallengeStore.LIFETIME.toMillis());
        descriptors(options.putArray("excludeCredentials"), existing);
        options.putObject("authenticatorSelection")
                .put("residentKey", REQUIRED)
                .put("requireResidentKey", true)
                .put("userVerification", REQUIRED);
        options.put("attestation", "none");
        options.putObject("extensions").put("credProps", true);
        return options;
    }

    private static void descriptors(ArrayNode list, List<Factor.Passkey> passkeys) {
        for (Factor.Passkey passkey : passkeys) {
            ObjectNode descriptor = list.addObject().put(TYPE, PUBLIC_KEY).put("id", passkey.credentialId());
            if (!passkey.transports().isEmpty()) {
                ArrayNode transports = descriptor.putArray("transports");
                passkey.transports().forEach(transports::add);
            }
        }
    }
}
