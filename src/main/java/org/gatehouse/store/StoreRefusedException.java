package org.gatehouse.store;

import org.jspecify.annotations.Nullable;

/** Thrown if a store replies but rejects operations. The message may be public; it does not contain hosts or values. */
public final class StoreRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StoreRefusedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
