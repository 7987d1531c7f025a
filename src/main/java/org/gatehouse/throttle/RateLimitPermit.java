package org.gatehouse.throttle;

import java.util.List;
import java.util.Map;

/** An attempt that was allowed and counted. */
public final class RateLimitPermit {
    private final List<RateLimitStore> stores;
    private final String key;
    private final Map<String, WindowCount> windows;

    /** @param stores those that counted the attempt */
    RateLimitPermit(List<RateLimitStore> stores, String key, Map<String, WindowCount> windows) {
        this.stores = stores;
        this.key = key;
        this.windows = windows;
    }

    /**
     * Subtracts the attempt again because it did not take place; call at most once. If Redis has become unavailable, the
     * attempt stays counted.
     */
    public void refund() {
        refund(windows);
    }

    /** Subtracts the attempt from one of the quotas only. */
    public void refund(String quotaName) {
        WindowCount window = windows.get(quotaName);
        if (window != null) {
            refund(Map.of(quotaName, window));
        }
    }

    private void refund(Map<String, WindowCount> refunded) {
        stores.forEach(store -> store.refund(key, refunded));
    }
}
