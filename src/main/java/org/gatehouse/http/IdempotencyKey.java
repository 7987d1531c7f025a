package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/**
 * What a client names a request by, to send it again without having it done again
 * (draft-ietf-httpapi-idempotency-key-header).
 *
 * @param text 1 to 255 visible ASCII characters, taken as they come, quotes included
 */
public record IdempotencyKey(String text) {
    private static final String HEADER = "Idempotency-Key";
    private static final Pattern VISIBLE = Pattern.compile("[!-~]{1,255}");

    /**
     * The key of a request; empty when it has none.
     *
     * @throws GatehouseException {@code BAD_REQUEST} when it is none, or there are several
     */
    public static Optional<IdempotencyKey> of(ContainerRequestContext request) {
        List<String> keys = request.getHeaders().getOrDefault(HEADER, List.of());
        if (keys.isEmpty()) {
            return Optional.empty();
        }
        if (keys.size() > 1 || !VISIBLE.matcher(keys.get(0)).matches()) {
            throw new GatehouseException(
                    ErrorCode.BAD_REQUEST, HEADER + " must be there once, with 1 to 255 visible ASCII characters.");
        }
        return Optional.of(new IdempotencyKey(keys.get(0)));
    }
}
