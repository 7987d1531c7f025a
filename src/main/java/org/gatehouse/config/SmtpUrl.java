package org.gatehouse.config;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The address of the mail server. User and password are either both present or both absent.
 *
 * @param host a host name, an IPv4 address, or an IPv6 address without brackets
 * @param user the decoded user name; null without authentication
 */
public record SmtpUrl(
        String host,
        int port,
        Tls tls,
        @Nullable String user,
        @Nullable Secret password) {
    /** When the connection is encrypted. */
    public enum Tls {
        /** TLS from the first byte: {@code smtps://}. */
        IMPLICIT,
        /** STARTTLS. A server that does not offer it gets no mail. */
        REQUIRED,
        /** STARTTLS if the server offers it. */
        OFFERED,
        NEVER
    }

    private static final Pattern ADDRESS = Pattern.compile("(smtps?)://([^/?#]*)(.*)", Pattern.DOTALL);

    /** A user name or a password of RFC 3986, section 3.2.1. Non-ASCII letters are accepted too. */
    private static final String WORD =
            "(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2}|[\\p{L}\\p{M}\\p{N}\\p{S}&&[^\\x00-\\x7F]])+";

    private static final Pattern CREDENTIALS = Pattern.compile("(" + WORD + "):(" + WORD + ")");

    private static final Pattern HOST =
            Pattern.compile("([A-Za-z0-9_][A-Za-z0-9_.-]{0,252}|\\[[0-9A-Fa-f:.]+])(?::([0-9]{1,5}))?");

    private static final Pattern TAIL = Pattern.compile("/?(?:\\?starttls=(required|offered|never))?");

    /** RFC 6409, section 3.1. */
    private static final int SUBMISSION_PORT = 587;

    /** RFC 8314, section 3.3. */
    private static final int IMPLICIT_TLS_PORT = 465;

    private static final int MAX_PORT = 65_535;

    /**
     * Parses {@code smtp://[user:password@]host[:port][?starttls=required|offered|never]} or {@code smtps://…}.
     *
     * @throws IllegalArgumentException if the string is invalid; the message omits the string, which may contain a
     *     password
     */
    public static SmtpUrl parse(String text) {
        Matcher address = ADDRESS.matcher(text);
        if (!address.matches()) {
            throw new IllegalArgumentException("must start with smtp:// or, for TLS from the first byte, smtps://");
        }
        boolean implicit = address.group(1).equals("smtps");
        Tls tls = tls(address.group(3), implicit);
        String authority = address.group(2);
        int at = authority.indexOf('@');
        if (authority.indexOf('@', at + 1) >= 0) {
            throw notAnAddress("has more than one @. " + RedisUrl.ENCODE);
        }
        Matcher host = HOST.matcher(authority.substring(at + 1));
        if (!host.matches()) {
            throw notAnAddress("has something other than host or host:port. " + RedisUrl.ENCODE);
        }
        String name = host.group(1).replaceAll("[\\[\\]]", "");
        int port = port(host.group(2), implicit ? IMPLICIT_TLS_PORT : SUBMISSION_PORT);
        if (at < 0) {
            return new SmtpUrl(name, port, tls, null, null);
        }
        Matcher credentials = CREDENTIALS.matcher(authority.substring(0, at));
        if (!credentials.matches()) {
            throw notAnAddress("has something other than user:password before the @. " + RedisUrl.ENCODE);
        }
        return new SmtpUrl(name, port, tls, decoded(credentials.group(1)), new Secret(decoded(credentials.group(2))));
    }

    private static Tls tls(String tail, boolean implicit) {
        if (tail.contains("@")) {
            throw notAnAddress("has an @ after a /, ? or #. " + RedisUrl.ENCODE);
        }
        Matcher parts = TAIL.matcher(tail);
        if (!parts.matches()) {
            throw notAnAddress("has something other than ?starttls=required, ?starttls=offered or ?starttls=never"
                    + " after the host. " + RedisUrl.ENCODE);
        }
        if (!implicit) {
            return parts.group(1) == null
                    ? Tls.REQUIRED
                    : Tls.valueOf(parts.group(1).toUpperCase(Locale.ROOT));
        }
        if (parts.group(1) != null) {
            throw notAnAddress("has the option starttls, which smtps:// does not need");
        }
        return Tls.IMPLICIT;
    }

    private static int port(@Nullable String text, int defaultPort) {
        int port = text == null ? defaultPort : Integer.parseInt(text);
        if (port < 1 || port > MAX_PORT) {
            throw notAnAddress("has a port that is not from 1 to " + MAX_PORT);
        }
        return port;
    }

    /** Decodes a word. A {@code +} is itself in this part of a URL. */
    private static String decoded(String word) {
        String text = URLDecoder.decode(word.replace("+", "%2B"), StandardCharsets.UTF_8);
        if (text.codePoints().anyMatch(Character::isISOControl)) {
            throw notAnAddress("has an encoded control character before the @");
        }
        return text;
    }

    private static IllegalArgumentException notAnAddress(String reason) {
        return new IllegalArgumentException("is not the address of a mail server"
                + " (smtp://user:password@host:587, smtps://user:password@host:465): it " + reason);
    }

    @Override
    public String toString() {
        return "[REDACTED]";
    }
}
