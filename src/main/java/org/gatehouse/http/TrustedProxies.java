package org.gatehouse.http;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.gatehouse.config.AddressRange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the address of the client behind trusted proxies.
 *
 * <p>Each proxy appends the address of its peer at the right end of a header. The client may have forged the entries to
 * the left. Therefore hops are read from right to left. The first hop that is not a trusted proxy is the client. A
 * proxy writes {@code Forwarded} or {@code X-Forwarded-For}, and passes on the other header unchanged. If the headers
 * name different clients, both are ignored, and the peer counts as the client.
 */
final class TrustedProxies {
    /** The minimum time between two warnings. It limits the log, because any client can cause a warning. */
    static final Duration WARNING_INTERVAL = Duration.ofHours(1);

    private static final Logger log = LoggerFactory.getLogger(TrustedProxies.class);

    private final List<AddressRange> ranges;
    private final Ticker ticker;
    private final AtomicLong nextWarning;

    /** @param ranges the addresses of the proxies; if empty, the peer is always the client */
    public TrustedProxies(List<AddressRange> ranges) {
        this(ranges, Ticker.systemTicker());
    }

    TrustedProxies(List<AddressRange> ranges, Ticker ticker) {
        this.ranges = List.copyOf(ranges);
        this.ticker = ticker;
        this.nextWarning = new AtomicLong(ticker.read());
    }

    /**
     * Returns the address of the client.
     *
     * @param peer the address of the other end of the connection
     * @param forwarded the lines of the header {@code Forwarded}, in the order in which they arrived
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
                .map(hops -> firstUntrusted(peer, hops))
                .collect(Collectors.toSet());
        return clients.size() == 1 ? clients.iterator().next() : peer;
    }

    /**
     * Reads the hops from right to left, and returns the first untrusted hop. If a hop has no valid address, the hop to
     * its right is returned. If all hops are trusted, the leftmost hop is returned.
     */
    private IpAddress firstUntrusted(IpAddress peer, List<String> hops) {
        IpAddress nearest = peer;
        for (int i = hops.size() - 1; i >= 0 && isTrusted(nearest); i--) {
            IpAddress next = ForwardedHops.addressOf(hops.get(i)).orElse(null);
            if (next == null) {
                return nearest;
            }
            nearest = next;
        }
        return nearest;
    }

    /** Warns that the peer may be a proxy that is not configured, or a client that sends the header itself. */
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
