package org.gatehouse.user;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/**
 * The key with which a client can repeat a request without repeating its effect
 * (draft-ietf-httpapi-idempotency-key-header).
 *
 * @param text 1 to 255 visible ASCII characters, exactly as sent, including quotes
 */
record IdempotencyKey(String text) {
    private static final String HEADER = "Idempotency-Key";
    private static final Pattern VISIBLE = Pattern.compile("[!-~]{1,255}");

    /**
     * Returns the key of a request; empty if the header is absent.
     *
     * @throws GatehouseException {@code BAD_REQUEST} if the key is invalid or the header is repeated
     */
    static Optional<IdempotencyKey> of(ContainerRequestContext request) {
        List<String> keys = request.getHeaders().getOrDefault(HEADER, List.of());
        if (keys.isEmpty()) {
            return Optional.empty();
        }
        if (keys.size() > 1 || !VISIBLE.matcher(keys.get(0)).matches()) {
            throw new GatehouseException(
                    ErrorCode.BAD_REQUEST, HEADER + " must occur once, with 1 to 255 visible ASCII characters.");
        }
        return Optional.of(new IdempotencyKey(keys.get(0)));
    }
}
