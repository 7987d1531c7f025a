package org.gatehouse.factor;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.gatehouse.config.PasskeySettings;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;

/** A relying party for tests of {@link Passkeys} without HTTP. */
final class PasskeyScene {
    static final String RP_ID = "example.com";
    static final String ORIGIN = "https://login.example.com";
    static final String APP_ORIGIN = "android:apk-key-hash:" + "k".repeat(42) + "A";
    static final UserId USER = new UserId("0123456789abcdef01234567");
    static final String CHALLENGE = "c".repeat(42) + "A";

    final Passkeys passkeys = new Passkeys(new PasskeySettings(RP_ID, Set.of(ORIGIN, APP_ORIGIN)));

    ObjectNode creationOptions() {
        ObjectNode options = Json.MAPPER.createObjectNode().put("challenge", CHALLENGE);
        options.putObject("rp").put("id", RP_ID);
        options.putObject("user").put("id", "ASNFZ4mrze8BI0Vn");
        return options;
    }

    ObjectNode requestOptions() {
        return passkeys.requestOptions(CHALLENGE, List.of());
    }

    static Factor.Passkey stored(Passkeys.Registration registration) {
        return new Factor.Passkey(
                "0123456789abcdef00000000",
                "Passkey",
                Instant.EPOCH,
                null,
                registration.credentialId(),
                registration.publicKey(),
                registration.counter(),
                registration.backupEligible(),
                registration.backedUp(),
                registration.transports(),
                registration.aaguid());
    }
}
