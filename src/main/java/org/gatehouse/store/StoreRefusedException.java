package org.gatehouse.store;

import org.jspecify.annotations.Nullable;

/** A store answers, but refuses what it is asked. The message may be shown to anyone: it names neither hosts nor values. */
public final class StoreRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StoreRefusedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
