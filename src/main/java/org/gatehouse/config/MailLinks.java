package org.gatehouse.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The pattern of links in mails: a URL with {@code {proof}} and, optionally, {@code {purpose}}.
 *
 * <p>Both values consist of unreserved characters of RFC 3986, so a link with them is a valid URL.
 */
public final class MailLinks {
    private static final String PURPOSE = "{purpose}";
    private static final String PROOF = "{proof}";

    /** Printable ASCII. An international host name is written with {@code xn--}. */
    private static final Pattern ASCII = Pattern.compile("[!-~]+");

    /** Schemes that a mail program or a browser would open without an application of the operator. */
    private static final Set<String> UNUSABLE_SCHEMES =
            Set.of("about", "blob", "data", "file", "ftp", "javascript", "mailto", "tel", "vbscript", "ws", "wss");

    private final String pattern;

    private MailLinks(String pattern) {
        this.pattern = pattern;
    }

    /** Returns the links to Gatehouse's own pages. */
    static MailLinks of(PublicUrl publicUrl) {
        return new MailLinks(publicUrl.resolve("account/").toString() + PURPOSE + "#proof=" + PROOF);
    }

    /**
     * Parses a pattern.
     *
     * @throws IllegalArgumentException if the pattern is invalid; the message is the reason
     */
    public static MailLinks parse(String text) {
        if (!text.contains(PROOF)) {
            throw new IllegalArgumentException(
                    "must contain {proof}, such as https://app.example.com/{purpose}#proof={proof}");
        }
        String withoutNames = text.replace(PURPOSE, "").replace(PROOF, "");
        if (withoutNames.contains("{") || withoutNames.contains("}")) {
            throw new IllegalArgumentException("must not contain { or } except in {purpose} and {proof}");
        }
        requireUrl(text.replace(PURPOSE, "purpose").replace(PROOF, "proof"), withoutNames);
        return new MailLinks(text);
    }

    private static void requireUrl(String sample, String withoutNames) {
        try {
            URI uri = new URI(sample);
            URI fixed = new URI(withoutNames);
            if (ASCII.matcher(sample).matches()
                    && uri.isAbsolute()
                    && !uri.isOpaque()
                    && uri.getRawUserInfo() == null
                    && isUsable(uri)
                    && (uri.getScheme() + uri.getRawAuthority()).equals(fixed.getScheme() + fixed.getRawAuthority())) {
                return;
            }
        } catch (URISyntaxException malformed) {
            // the exception below reports this error
        }
        throw new IllegalArgumentException(
                "must be an absolute http or https URL in ASCII, or one with the scheme of an"
                        + " app, with {purpose} and {proof} after the host, such as https://app.example.com/{purpose}#proof={proof}");
    }

    private static boolean isUsable(URI uri) {
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        boolean web = scheme.equals("http") || scheme.equals("https");
        return web ? uri.getHost() != null : !UNUSABLE_SCHEMES.contains(scheme);
    }

    /**
     * Returns the link for a proof.
     *
     * @param purpose a name of lower-case letters
     * @param proof letters, digits, {@code -} and {@code _}
     */
    public String link(String purpose, String proof) {
        return pattern.replace(PURPOSE, purpose).replace(PROOF, proof);
    }

    /** Returns the pattern. */
    @Override
    public String toString() {
        return pattern;
    }
}
