package org.gatehouse.password;

/** Is told how hashes take turns; called on the threads that wait and hash, so it must be quick. */
public interface HashObserver {
    HashObserver NONE = new HashObserver() {
        @Override
        public void began(long waitedNanos) {
            // nobody wants to know
        }

        @Override
        public void refused() {
            // nobody wants to know
        }
    };

    /** A hash, or the check of one, has its turn. */
    void began(long waitedNanos);

    /** Somebody was refused with {@code BUSY}. */
    void refused();
}
