package org.gatehouse.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The relying party of passkeys (Web Authentication, Level 3, sections 4 and 5.1.2).
 *
 * @param rpId the domain that passkeys belong to, in lower case
 * @param origins the origins that may use the passkeys, exactly as browsers and apps send them; at least one
 */
public record PasskeySettings(String rpId, Set<String> origins) {
    private static final String LOCALHOST = "localhost";

    /** The origin of an Android app ends with the SHA-256 of its signing certificate in base64url: 43 characters. */
    private static final Pattern APP_ORIGIN = Pattern.compile("android:apk-key-hash:[A-Za-z0-9_-]{43}");

    /** A domain in lower case (RFC 1034, section 3.5). The last label is not a number, so it is not an IPv4 address. */
    private static final Pattern DOMAIN = Pattern.compile(
            "(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)*(?![0-9]+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?");

    public PasskeySettings {
        origins = Set.copyOf(origins);
    }

    /**
     * Reads the settings of passkeys. Returns null if passkeys are not configured: without {@code RP_ID},
     * {@code RP_ORIGINS}, and a public URL that browsers allow passkeys for.
     */
    static @Nullable PasskeySettings from(SettingsReader reader, @Nullable PublicUrl publicUrl) {
        String rpId = reader.optional(SettingCatalog.RP_ID);
        Set<String> origins = reader.optional(SettingCatalog.RP_ORIGINS);
        if (!reader.allRead(SettingCatalog.RP_ID, SettingCatalog.RP_ORIGINS, SettingCatalog.PUBLIC_URL)) {
            return null;
        }
        PublicUrl usable = publicUrl != null && isUsable(publicUrl) ? publicUrl : null;
        String domain = rpId == null && usable != null ? usable.host() : rpId;
        Set<String> allowed = origins == null && usable != null ? Set.of(usable.origin()) : origins;
        if (domain == null && allowed == null) {
            return null;
        }
        if (domain == null) {
            reader.addProblem("RP_ORIGINS needs RP_ID, or a PUBLIC_URL with https and a domain.");
            return null;
        }
        if (allowed == null) {
            reader.addProblem("RP_ID needs RP_ORIGINS, or a PUBLIC_URL with https and a domain.");
            return null;
        }
        PasskeySettings settings = new PasskeySettings(domain, allowed);
        String source = origins == null ? "PUBLIC_URL" : "RP_ORIGINS";
        allowed.stream()
                .filter(origin -> !settings.mayUse(origin))
                .forEach(origin -> reader.addProblem(source
                        + " has the origin \"" + origin + "\", whose host is neither the RP id \"" + domain
                        + "\" nor a subdomain of it."));
        return settings;
    }

    /** Whether browsers let pages of an address use passkeys: the host is a domain, and the page is secure. */
    private static boolean isUsable(PublicUrl url) {
        return DOMAIN.matcher(url.host()).matches() && isSecure(URI.create(url.origin()));
    }

    private static boolean isSecure(URI origin) {
        return origin.getScheme().equals("https")
                || origin.getHost().equals(LOCALHOST)
                || origin.getHost().endsWith("." + LOCALHOST);
    }

    /** A domain of one label, such as {@code com}, does not include its subdomains, because it is a public suffix. */
    private boolean mayUse(String origin) {
        if (APP_ORIGIN.matcher(origin).matches()) {
            return true;
        }
        String host = URI.create(origin).getHost();
        return host.equals(rpId) || (rpId.contains(".") && host.endsWith("." + rpId));
    }

    static String parseRpId(String text) {
        if (!DOMAIN.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "must be a domain in lower case, such as example.com, without a scheme and a port; an IP address"
                            + " is not a domain");
        }
        return text;
    }

    /**
     * Parses a comma-separated list of origins.
     *
     * @throws IllegalArgumentException if an origin is invalid; the message is the reason
     */
    static Set<String> parseOrigins(String text) {
        Set<String> origins = new LinkedHashSet<>();
        Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .map(PasskeySettings::origin)
                .forEach(origins::add);
        return origins;
    }

    private static String origin(String text) {
        if (APP_ORIGIN.matcher(text).matches()) {
            return text;
        }
        URI uri = uri(text);
        if (!text.equals(PublicUrl.origin(uri))) {
            throw invalid(
                    text,
                    "which no browser sends as an origin; write scheme://host or scheme://host:port in lower case,"
                            + " without a default port");
        }
        if (!isSecure(uri)) {
            throw invalid(text, "but browsers allow passkeys only with https, or with http at localhost");
        }
        return text;
    }

    private static URI uri(String text) {
        try {
            URI uri = new URI(text);
            if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                return uri;
            }
        } catch (URISyntaxException malformed) {
            // the exception below reports this error
        }
        throw invalid(
                text,
                "which is neither an origin such as https://app.example.com nor the origin of an app, such as"
                        + " android:apk-key-hash: and 43 characters");
    }

    private static IllegalArgumentException invalid(String text, String reason) {
        return new IllegalArgumentException("has \"" + text + "\", " + reason);
    }
}
