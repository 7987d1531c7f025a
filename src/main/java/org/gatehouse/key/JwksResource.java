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

/**
 * {@code GET /.well-known/jwks.json}: the public keys for whoever verifies our tokens, those that will sign soon among
 * them.
 *
 * <p>As {@code application/json}, which is what libraries ask for, or as {@code application/jwk-set+json} (RFC 7517,
 * section 8.5.1) if the client prefers it.
 */
@Path(".well-known/jwks.json")
@Produces({MediaType.APPLICATION_JSON, "application/jwk-set+json"})
public final class JwksResource {
    private final SigningKeys keys;
    private final String caching;

    /** @param maxAge how long the answer may be kept; shorter than the lead with which new keys are published */
    public JwksResource(SigningKeys keys, Duration maxAge) {
        this.keys = keys;
        this.caching = "public, max-age=" + maxAge.toSeconds();
    }

    /** 200 with the set; an empty one when tokens are signed with a shared secret. */
    @GET
    @PermitAll
    public Response publicKeys() {
        return Response.ok(keys.publicKeys().getBytes(StandardCharsets.UTF_8))
                .header(HttpHeaders.CACHE_CONTROL, caching)
                .header(HttpHeaders.VARY, HttpHeaders.ACCEPT)
                .build();
    }
}
