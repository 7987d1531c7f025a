package org.gatehouse.guard;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.net.URI;
import java.text.ParseException;
import java.util.List;
import java.util.Map;
import org.gatehouse.guard.IssuerConnection.Reply;
import org.jspecify.annotations.Nullable;

/** The addresses in a discovery document (OpenID Connect Discovery 1.0, RFC 8414). */
final class IssuerMetadata {
    private static final String OPENID = "/.well-known/openid-configuration";
    private static final String OAUTH = "/.well-known/oauth-authorization-server";

    final URI keys;
    /** Null if the document does not have this optional address. */
    final @Nullable URI introspection;
    /** The reading of the ticker from which the document must be loaded again. */
    final long freshUntil;

    private IssuerMetadata(URI keys, @Nullable URI introspection, long freshUntil) {
        this.keys = keys;
        this.introspection = introspection;
        this.freshUntil = freshUntil;
    }

    /**
     * Loads the first document that exists and can be read.
     *
     * @throws IssuerException misconfigured if the document is for another issuer; unreachable if there is none
     */
    static IssuerMetadata load(IssuerConnection connection, String issuer) throws IssuerException {
        IssuerException unreadable = null;
        for (URI address : addresses(issuer)) {
            Reply reply = connection.get(address);
            if (reply.status == 200) {
                try {
                    return read(reply, issuer, address);
                } catch (IssuerException failed) {
                    if (!failed.isUnreachable()) {
                        throw failed;
                    }
                    unreadable = failed; // another application may respond to all addresses
                }
            }
        }
        if (unreadable != null) {
            throw unreadable;
        }
        throw IssuerException.unreachable("it has no discovery document at " + addresses(issuer));
    }

    /**
     * Returns the addresses at which documents may be. For an issuer with a path, OpenID Connect appends the well-known
     * path, and RFC 8414, section 3.1, inserts it between host and path.
     */
    static List<URI> addresses(String issuer) {
        String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
        URI uri = URI.create(base);
        String path = uri.getRawPath() == null ? "" : uri.getRawPath();
        String host = base.substring(0, base.length() - path.length());
        URI appended = URI.create(base + OPENID);
        URI inserted = URI.create(host + OAUTH + path);
        // Some servers cannot serve paths outside of the application, so they append both.
        return path.isEmpty() ? List.of(appended, inserted) : List.of(appended, inserted, URI.create(base + OAUTH));
    }

    private static IssuerMetadata read(Reply reply, String issuer, URI address) throws IssuerException {
        try {
            Map<String, Object> document = JSONObjectUtils.parse(reply.body);
            // RFC 8414, section 3.3: otherwise another server could pretend to be the issuer.
            if (!issuer.equals(document.get("issuer"))) {
                throw IssuerException.misconfigured(
                        "the document " + address + " is not for the issuer " + issuer + ", character by character");
            }
            URI keys = endpoint(document, "jwks_uri", issuer);
            if (keys == null) {
                throw IssuerException.misconfigured("the document " + address + " has no jwks_uri");
            }
            URI introspection = endpoint(document, "introspection_endpoint", issuer);
            return new IssuerMetadata(keys, introspection, Freshness.of(reply));
        } catch (ParseException | IllegalArgumentException malformed) {
            throw IssuerException.unreachable("the document " + address + " cannot be read");
        }
    }

    /** An issuer with TLS must not lead to an address without TLS. */
    private static @Nullable URI endpoint(Map<String, Object> document, String name, String issuer)
            throws IssuerException, ParseException {
        String text = JSONObjectUtils.getString(document, name);
        if (text == null) {
            return null;
        }
        URI uri = URI.create(text);
        boolean secure = "https".equalsIgnoreCase(uri.getScheme());
        boolean plain = "http".equalsIgnoreCase(uri.getScheme()) && issuer.regionMatches(true, 0, "http:", 0, 5);
        if (uri.getHost() == null || !(secure || plain)) {
            throw IssuerException.misconfigured(name + " is not an address of the same security as the issuer");
        }
        return uri;
    }
}
