package org.gatehouse.store;

/** Thrown if only an operator can make the store usable; the message explains how. */
public final class UnusableStoreException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    public UnusableStoreException(String message) {
        super(message);
    }

    /** Wraps the exception of another thread, with the same message. */
    public UnusableStoreException(Throwable cause) {
        super(cause.getMessage(), cause);
    }
}
