package org.gatehouse.http;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads the hops in the headers {@code Forwarded} (RFC 7239) and {@code X-Forwarded-For}. Each hop is the client or a
 * proxy. The hop nearest to this server is last. Empty elements are skipped (RFC 9110, section 5.6.1).
 *
 * <p>Any client can send these headers, so malformed text is not rejected, but becomes a hop without an address.
 */
final class ForwardedHops {
    private static final String NO_ADDRESS = "";

    /** An optional pair (RFC 7239, section 4) and its delimiter. No address is longer than 256 characters. */
    private static final Pattern PAIR = Pattern.compile("\\G[ \\t]*"
            + "(?:(?<name>[\\w!#$%&'*+.^`|~-]+)="
            + "(?:(?<token>[\\w!#$%&'*+.^`|~-]+)|\"(?<quoted>(?:[^\"\\\\]|\\\\.){0,256}+)\"))?"
            + "[ \\t]*(?<end>[;,]|$)");

    /** RFC 7239, section 6: an IPv6 address with a port is in brackets. Without a port, proxies omit the brackets. */
    private static final Pattern NODE =
            Pattern.compile("(?<host>\\[[^\\]]*\\]|[^:\\[\\]]*)(?::(?:[0-9]{1,5}|_[\\w.-]{1,64}))?");

    private ForwardedHops() {}

    /** Returns the hops of a {@code Forwarded} header. The header lines form one list. */
    static List<String> ofForwarded(List<String> lines) {
        return lines.stream().flatMap(ForwardedHops::ofForwarded).toList();
    }

    /** Returns the hops of an {@code X-Forwarded-For} header. The header lines form one list. */
    static List<String> ofXForwardedFor(List<String> lines) {
        return lines.stream()
                .flatMap(line -> Arrays.stream(line.split(",", -1)))
                .map(String::strip)
                .filter(hop -> !hop.isEmpty())
                .toList();
    }

    /** Returns the IP address of a hop, without the port; empty if the address is unknown, hidden or malformed. */
    static Optional<IpAddress> addressOf(String hop) {
        Matcher node = NODE.matcher(hop);
        return IpAddress.parse(node.matches() ? node.group("host") : hop);
    }

    private static Stream<String> ofForwarded(String line) {
        List<String> hops = new ArrayList<>();
        String hop = NO_ADDRESS;
        boolean empty = true;
        for (Matcher pair = PAIR.matcher(line); pair.find(); ) {
            if ("for".equalsIgnoreCase(pair.group("name"))) {
                if (!hop.equals(NO_ADDRESS)) {
                    return Stream.of(NO_ADDRESS); // "for" may occur only once in an element
                }
                hop = Optional.ofNullable(pair.group("token")).orElseGet(() -> unescaped(pair.group("quoted")));
            }
            empty &= pair.group("name") == null;
            if (!pair.group("end").equals(";")) {
                if (!empty) {
                    hops.add(hop);
                }
                hop = NO_ADDRESS;
                empty = true;
            }
            if (pair.group("end").isEmpty()) {
                return hops.stream();
            }
        }
        // If the line is malformed, for example because a quote is not closed, its hops are unknown.
        return Stream.of(NO_ADDRESS);
    }

    private static String unescaped(String quoted) {
        return quoted.replaceAll("\\\\(.)", "$1");
    }
}
