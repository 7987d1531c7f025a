package org.gatehouse.http;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.gatehouse.config.AddressRange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the client behind the proxies that are trusted to say who it is.
 *
 * <p>Each proxy adds to the right of the header who has spoken to it, and whatever stands left of that may be the
 * client's invention. So the hops are read from right to left, past trusted proxies only; the first other one is the
 * client. A proxy writes one of the two headers and passes the other on as the client sent it; which one is not known
 * here, so when both are there and name different clients neither is believed, and the request counts as the proxy's own.
 */
public final class TrustedProxies {
    /** A client can cause the warning at will, so it is bounded. */
    static final Duration WARNING_INTERVAL = Duration.ofHours(1);

    private static final Logger log = LoggerFactory.getLogger(TrustedProxies.class);

    private final List<AddressRange> ranges;
    private final Ticker ticker;
    private final AtomicLong nextWarning;

    /** @param ranges where the proxies are; with none the client is always whoever opened the connection */
    public TrustedProxies(List<AddressRange> ranges) {
        this(ranges, Ticker.systemTicker());
    }

    TrustedProxies(List<AddressRange> ranges, Ticker ticker) {
        this.ranges = List.copyOf(ranges);
        this.ticker = ticker;
        this.nextWarning = new AtomicLong(ticker.read());
    }

    /**
     * The client's address.
     *
     * @param peer who opened the connection
     * @param forwarded the lines of the header {@code Forwarded}, in the order in which they came
     * @param forwardedFor the lines of the header {@code X-Forwarded-For}
     */
    IpAddress clientOf(IpAddress peer, List<String> forwarded, List<String> forwardedFor) {
        if (forwarded.isEmpty() && forwardedFor.isEmpty()) {
            return peer;
        }
        if (!isTrusted(peer)) {
            warn(peer, forwardedFor.isEmpty() ? "Forwarded" : "X-Forwarded-For");
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

    /** A proxy that is missing in the setting makes all its clients one; a client may send the header too. */
    private void warn(IpAddress peer, String header) {
        long now = ticker.read();
        long due = nextWarning.get();
        if (now - due >= 0 && nextWarning.compareAndSet(due, now + WARNING_INTERVAL.toNanos())) {
            log.warn(
                    "A request from {} has {}, but that address is not in TRUSTED_PROXIES, so all clients behind it count"
                            + " as one. If it is your proxy, add it there. This is logged once an hour at most",
                    peer.text(),
                    header);
        }
    }

    private boolean isTrusted(IpAddress address) {
        return ranges.stream().anyMatch(range -> range.contains(address.value()));
    }
}
