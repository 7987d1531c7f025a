package org.gatehouse.key;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.util.List;
import org.gatehouse.config.PublicUrl;
import org.gatehouse.config.Settings;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.PublicDocument;
import org.gatehouse.identity.Authentication;
import org.gatehouse.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * Serves the metadata with which client libraries configure themselves (RFC 8414; OpenID Connect Discovery 1.0).
 *
 * <p>All addresses begin with {@code PUBLIC_URL}, never with a header of the request. Both documents are equal, because
 * some libraries read only one of them. Without a URL as the issuer, neither exists, because a library finds them
 * through the issuer.
 */
@Path(".well-known")
@Produces(MediaType.APPLICATION_JSON)
public final class DiscoveryResource {
    private static final List<String> BASIC = List.of("client_secret_basic");
    private static final List<String> BASIC_OR_POST = List.of("client_secret_basic", "client_secret_post");

    private final byte @Nullable [] metadata;
    private final Duration maxAge;

    /** @param maxAge how long clients may cache the response */
    DiscoveryResource(Settings settings, Duration maxAge) {
        this.metadata = metadata(settings);
        this.maxAge = maxAge;
    }

    /** Returns 200 with the metadata, or 404 if the issuer is not a URL. */
    @GET
    @Path("oauth-authorization-server")
    @PermitAll
    public Response ofAuthorizationServer() {
        return response();
    }

    /** Returns 200 with the metadata, or 404 if the issuer is not a URL. */
    @GET
    @Path("openid-configuration")
    @PermitAll
    public Response ofOpenIdProvider() {
        return response();
    }

    private Response response() {
        if (metadata == null) {
            throw new GatehouseException(
                    ErrorCode.NOT_FOUND,
                    "Discovery needs a URL as the issuer. The operator sets PUBLIC_URL, and AUTH_ISSUER to a URL or not at all.");
        }
        return PublicDocument.response(metadata, maxAge).build();
    }

    private static byte @Nullable [] metadata(Settings settings) {
        PublicUrl url = settings.publicUrl();
        if (url == null || PublicUrl.ofIssuer(settings.authIssuer()).isEmpty()) {
            return null;
        }
        ObjectNode metadata = Json.MAPPER.createObjectNode();
        metadata.put("issuer", settings.authIssuer());
        metadata.put("jwks_uri", address(url, ".well-known/jwks.json"));
        metadata.put("token_endpoint", address(url, "token"));
        add(metadata, "token_endpoint_auth_methods_supported", BASIC_OR_POST);
        add(metadata, "grant_types_supported", List.of("client_credentials"));
        metadata.put("introspection_endpoint", address(url, "introspect"));
        add(metadata, "introspection_endpoint_auth_methods_supported", BASIC);
        metadata.put("revocation_endpoint", address(url, "revoke"));
        add(metadata, "revocation_endpoint_auth_methods_supported", BASIC);
        // RFC 8414 requires this member. It is empty, because there is no authorization endpoint.
        add(metadata, "response_types_supported", List.of());
        // Spring Security requires this member. The subject of a user is the same for every client.
        add(metadata, "subject_types_supported", List.of("public"));
        // Gatehouse issues no ID tokens. Libraries such as go-oidc accept only these algorithms in any token, and only
        // RS256 if this member is absent.
        add(
                metadata,
                "id_token_signing_alg_values_supported",
                List.of(settings.authAlgorithm().name()));
        add(metadata, "acr_values_supported", Authentication.ACR_VALUES);
        metadata.put("service_documentation", address(url, "docs"));
        return Json.write(metadata);
    }

    private static String address(PublicUrl url, String path) {
        return url.resolve(path).toString();
    }

    private static void add(ObjectNode metadata, String name, List<String> values) {
        values.forEach(metadata.putArray(name)::add);
    }
}
