package org.gatehouse.store;

/**
 * Receives the changes of keys that this application has read with a GET: writes, expiries and evictions.
 *
 * <p>The thread that receives the replies of a connection calls these methods, before it completes any later reply.
 * They must not block.
 */
public interface Invalidations {
    /** The key has changed. Redis does not report its next change until the key has been read again. */
    void changed(String key);

    /** All keys have changed or may have changed. */
    void allChanged();
}
