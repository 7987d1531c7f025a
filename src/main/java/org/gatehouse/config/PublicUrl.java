package org.gatehouse.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The address under which clients reach the service: an http or https URL without a final slash.
 *
 * <p>The text is kept as the operator wrote it, because it may be the issuer, which clients compare character by
 * character (RFC 8414, section 3.3). Therefore a path that clients might normalize is rejected.
 */
public final class PublicUrl {
    private static final int MAX_PORT = 65_535;
    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;

    /** Printable ASCII. An international host name is written with {@code xn--}. */
    private static final Pattern ASCII = Pattern.compile("[!-~]+");

    private final String text;

    private PublicUrl(String text) {
        this.text = text;
    }

    /**
     * Parses an address.
     *
     * @throws IllegalArgumentException if the address is invalid; the message is the reason
     */
    public static PublicUrl parse(String text) {
        if (text.endsWith("/")) {
            throw new IllegalArgumentException(
                    "must not end with /, because clients compare the issuer character by character");
        }
        URI uri = uri(text);
        if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new IllegalArgumentException("must not have a query or a fragment (RFC 8414, section 2)");
        }
        if (uri.getRawUserInfo() != null) {
            throw new IllegalArgumentException("must not contain a user name or a password");
        }
        requireAddress(uri);
        if (!uri.equals(uri.normalize()) || uri.getRawPath().contains("//")) {
            throw new IllegalArgumentException("must not have . or .. or an empty name in its path");
        }
        return new PublicUrl(text);
    }

    /**
     * Returns the address that an issuer names. An issuer with a final slash names the same address without it. The
     * result is empty if the issuer is not a URL, or not one that {@link #parse} accepts.
     */
    public static Optional<PublicUrl> ofIssuer(String issuer) {
        try {
            return Optional.of(parse(issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer));
        } catch (IllegalArgumentException notAnAddress) {
            return Optional.empty();
        }
    }

    private static URI uri(String text) {
        try {
            URI uri = new URI(text);
            String scheme = Objects.requireNonNullElse(uri.getScheme(), "").toLowerCase(Locale.ROOT);
            if (ASCII.matcher(text).matches()
                    && (scheme.equals("http") || scheme.equals("https"))
                    && uri.getRawAuthority() != null) {
                return uri;
            }
        } catch (URISyntaxException malformed) {
            // the exception below reports this error
        }
        throw new IllegalArgumentException(
                "must be an absolute http or https URL in ASCII, such as https://login.example.com/accounts");
    }

    private static void requireAddress(URI uri) {
        boolean hasEmptyPort = uri.getRawAuthority().endsWith(":");
        if (uri.getHost() == null
                || uri.getHost().contains("%")
                || hasEmptyPort
                || uri.getPort() == 0
                || uri.getPort() > MAX_PORT) {
            throw new IllegalArgumentException(
                    "must contain a valid host, and either no port or one from 1 to " + MAX_PORT);
        }
    }

    /** Returns the address of a path below this address. */
    public URI resolve(String rawPath) {
        return URI.create(text + "/" + rawPath);
    }

    /** Returns the host in lower case. */
    public String host() {
        return URI.create(text).getHost().toLowerCase(Locale.ROOT);
    }

    /** Returns the origin of the address in the form that browsers send (RFC 6454, section 6.2). */
    public String origin() {
        return origin(URI.create(text));
    }

    static String origin(URI uri) {
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        int defaultPort = scheme.equals("https") ? HTTPS_PORT : HTTP_PORT;
        String host = uri.getHost().toLowerCase(Locale.ROOT);
        boolean hasPort = uri.getPort() >= 0 && uri.getPort() != defaultPort;
        return scheme + "://" + host + (hasPort ? ":" + uri.getPort() : "");
    }

    /** Returns the address as the operator wrote it. */
    @Override
    public String toString() {
        return text;
    }
}
