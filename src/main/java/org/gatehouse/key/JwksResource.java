package org.gatehouse.key;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.gatehouse.http.PublicDocument;

/**
 * {@code GET /.well-known/jwks.json}: publishes the public keys, so that other services can verify Gatehouse's tokens.
 * The set includes keys that do not sign yet.
 *
 * <p>The response is {@code application/json}, because client libraries request this type. A client that prefers
 * {@code application/jwk-set+json} (RFC 7517, section 8.5.1) receives that type.
 */
@Path(".well-known/jwks.json")
@Produces({MediaType.APPLICATION_JSON, "application/jwk-set+json"})
public final class JwksResource {
    private final SigningKeys keys;
    private final Duration maxAge;

    /** @param maxAge how long clients may cache the response; see {@link KeySchedule#maxAge} */
    public JwksResource(SigningKeys keys, Duration maxAge) {
        this.keys = keys;
        this.maxAge = maxAge;
    }

    /** Returns 200 with the key set; the set is empty if tokens are signed with a shared secret. */
    @GET
    @PermitAll
    public Response publicKeys() {
        return PublicDocument.response(keys.publicKeys().getBytes(StandardCharsets.UTF_8), maxAge)
                .header(HttpHeaders.VARY, HttpHeaders.ACCEPT)
                .build();
    }
}
