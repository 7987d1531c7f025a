package org.gatehouse.store;

/** Thrown if only an operator can make the store usable; the message says how. */
public final class UnusableStoreException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    public UnusableStoreException(String message) {
        super(message);
    }

    /** Rethrows the exception of another thread. */
    public UnusableStoreException(Throwable cause) {
        super(cause.getMessage(), cause);
    }
}
