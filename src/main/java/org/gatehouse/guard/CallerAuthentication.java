package org.gatehouse.guard;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** When and how a caller authenticated, as the token or its introspection describes it (RFC 9470, section 6). */
final class CallerAuthentication {
    /** Describes a caller about whose authentication nothing is known. */
    static final CallerAuthentication UNKNOWN = new CallerAuthentication(null, null);

    /** The {@code auth_time}, in whole seconds; null if it is unknown. */
    final @Nullable Instant time;

    /** The {@code acr}; null if it is unknown, and for services. */
    final @Nullable String acr;

    private CallerAuthentication(@Nullable Instant time, @Nullable String acr) {
        this.time = time;
        this.acr = acr;
    }

    /**
     * Reads the claims. A service, which is the subject and the client of its token (RFC 9068, section 2.2),
     * authenticates when its token is issued.
     *
     * @param authTime the claim {@code auth_time} in seconds
     * @param issuedAt the claim {@code iat} in seconds
     * @param acr the claim {@code acr}
     */
    static CallerAuthentication of(
            String subject,
            @Nullable String clientId,
            @Nullable Long authTime,
            @Nullable Long issuedAt,
            @Nullable String acr) {
        Long seconds = authTime == null && subject.equals(clientId) ? issuedAt : authTime;
        return new CallerAuthentication(seconds == null ? null : Instant.ofEpochSecond(seconds), acr);
    }
}
