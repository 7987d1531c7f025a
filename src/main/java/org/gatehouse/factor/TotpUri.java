package org.gatehouse.factor;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.gatehouse.config.PublicUrl;
import org.jspecify.annotations.Nullable;

/**
 * Writes the URIs from which authenticator apps read a new device, in the Key URI format of Google Authenticator.
 */
final class TotpUri {
    private static final String NAME = "Gatehouse";

    /** Counted in code points. A QR code with a longer label is hard to scan, or does not exist. */
    private static final int MAX_ACCOUNT = 64;

    private final String issuer;

    /** @param publicUrl names the issuer by its host; null if it is unknown */
    TotpUri(@Nullable PublicUrl publicUrl) {
        String host = publicUrl == null ? NAME : publicUrl.resolve("").getHost();
        this.issuer = host.contains(":") ? NAME : host; // the format forbids colons in the issuer
    }

    /** @param secret in base32 */
    String of(String username, String secret) {
        int length = username.codePointCount(0, username.length());
        String account = username.substring(0, username.offsetByCodePoints(0, Math.min(length, MAX_ACCOUNT)));
        return "otpauth://totp/" + encode(issuer) + ":" + encode(account) + "?secret=" + secret + "&issuer="
                + encode(issuer) + "&algorithm=SHA1&digits=" + TotpCodes.DIGITS + "&period=" + TotpCodes.STEP_SECONDS;
    }

    /** Encodes all characters except the unreserved ones (RFC 3986, section 2.3). */
    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A")
                .replace("%7E", "~");
    }
}
