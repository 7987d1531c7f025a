package org.gatehouse.user;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The browser family and the operating system in a {@code User-Agent}. Clients can send any header, so this value helps
 * users to recognize a device, but does not prove anything.
 *
 * @param family the browser family, or the name of another program; {@link #UNKNOWN} if neither is recognized
 * @param system the operating system, or {@link #OTHER}
 */
public record UserAgentName(String family, String system) {
    static final String UNKNOWN = "unknown";
    static final String OTHER = "other";

    private static final String SAFARI = "Safari";
    private static final String IOS = "iOS";
    private static final String MAC_OS = "macOS";

    /** The prefix of all common browsers. */
    private static final String BROWSER = "Mozilla/";

    /** A text in a {@code User-Agent} and its meaning. */
    private record Mark(Pattern pattern, String name) {
        static Mark of(String regex, String name) {
            return new Mark(Pattern.compile(regex), name);
        }
    }

    /** The first match counts, because browsers also name the browsers with which they are compatible. */
    private static final List<Mark> FAMILIES = List.of(
            Mark.of("\\b(Edg|EdgA|EdgiOS|Edge)/", "Edge"),
            Mark.of("\\b(OPR|Opera|OPT|OPX|OPiOS)/", "Opera"),
            Mark.of("\\bSamsungBrowser/", "Samsung Internet"),
            Mark.of("\\b(Firefox|FxiOS)/", "Firefox"),
            Mark.of("(Chrome|CriOS|Chromium)/", "Chrome"));

    /** The first match counts, because iOS is "like Mac OS X" and Android is also Linux. */
    private static final List<Mark> SYSTEMS = List.of(
            Mark.of("\\bWindows\\b", "Windows"),
            Mark.of("\\b(iPhone|iPad|iPod)\\b", IOS),
            Mark.of("\\bAndroid\\b", "Android"),
            Mark.of("\\b(Macintosh|Mac OS X|macOS)\\b", MAC_OS),
            Mark.of("(?i)\\bLinux", "Linux"));

    /** The product name at the start (RFC 9110, section 10.1.5), with only some of the permitted characters. */
    private static final Pattern PRODUCT = Pattern.compile("[A-Za-z0-9_.-]{1,40}(?=[/ ;(]|$)");

    /** Determines the names in a header. An absent header is an empty text. */
    public static UserAgentName parse(String userAgent) {
        String system = first(SYSTEMS, userAgent, OTHER);
        return new UserAgentName(family(userAgent, system), system);
    }

    private static String family(String userAgent, String system) {
        String known = first(FAMILIES, userAgent, "");
        if (!known.isEmpty()) {
            return known;
        }
        if (!userAgent.startsWith(BROWSER)) {
            Matcher product = PRODUCT.matcher(userAgent);
            // Mail programs show a name with dots as a link.
            return product.lookingAt() ? product.group().replace('.', '-') : UNKNOWN;
        }
        // All browsers of iOS, and apps that show web pages, are based on Safari. Old browsers of Android claim the
        // same.
        boolean apple = system.equals(IOS) || system.equals(MAC_OS);
        return apple && userAgent.contains("AppleWebKit/") ? SAFARI : UNKNOWN;
    }

    private static String first(List<Mark> marks, String userAgent, String otherwise) {
        return marks.stream()
                .filter(mark -> mark.pattern().matcher(userAgent).find())
                .map(Mark::name)
                .findFirst()
                .orElse(otherwise);
    }

    /** Returns the text that users see, such as {@code Firefox on Linux}. */
    public String text() {
        return system.equals(OTHER) ? family : family + " on " + system;
    }
}
