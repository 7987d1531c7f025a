package org.gatehouse.store;

/** The stores are in a state that only an operator can change; the message says what to do. */
public final class UnusableStoreException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    public UnusableStoreException(String message) {
        super(message);
    }

    /** The same, seen by another thread. */
    public UnusableStoreException(Throwable cause) {
        super(cause.getMessage(), cause);
    }
}
