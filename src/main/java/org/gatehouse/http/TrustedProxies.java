package org.gatehouse.http;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.gatehouse.config.AddressRange;

/**
 * Finds the client behind the proxies that are trusted to say who it is.
 *
 * <p>Each proxy adds to the right of the header who has spoken to it, and whatever stands left of that may be the
 * client's invention. So the hops are read from right to left, past trusted proxies only; the first other one is the
 * client. A proxy writes one of the two headers and passes the other on as the client sent it; which one is not known
 * here, so when both are there and name different clients neither is believed, and the request counts as the proxy's own.
 */
public final class TrustedProxies {
    private final List<AddressRange> ranges;

    /** @param ranges where the proxies are; with none the client is always whoever opened the connection */
    public TrustedProxies(List<AddressRange> ranges) {
        this.ranges = List.copyOf(ranges);
    }

    /**
     * The client's address.
     *
     * @param peer who opened the connection
     * @param forwarded the lines of the header {@code Forwarded}, in the order in which they came
     * @param forwardedFor the lines of the header {@code X-Forwarded-For}
     */
    IpAddress clientOf(IpAddress peer, List<String> forwarded, List<String> forwardedFor) {
        if ((forwarded.isEmpty() && forwardedFor.isEmpty()) || !isTrusted(peer)) {
            return peer;
        }
        Set<IpAddress> clients = Stream.of(
                        ForwardedHops.ofForwarded(forwarded), ForwardedHops.ofXForwardedFor(forwardedFor))
                .filter(hops -> !hops.isEmpty())
                .map(hops -> firstStranger(peer, hops))
                .collect(Collectors.toSet());
        return clients.size() == 1 ? clients.iterator().next() : peer;
    }

    /** What cannot be read ends the search: the last proxy that could be read did not know its client. */
    private IpAddress firstStranger(IpAddress peer, List<String> hops) {
        IpAddress nearest = peer;
        for (int i = hops.size() - 1; i >= 0 && isTrusted(nearest); i--) {
            Optional<IpAddress> next = ForwardedHops.addressOf(hops.get(i));
            if (next.isEmpty()) {
                return nearest;
            }
            nearest = next.orElseThrow();
        }
        return nearest;
    }

    private boolean isTrusted(IpAddress address) {
        return ranges.stream().anyMatch(range -> range.contains(address.value()));
    }
}
