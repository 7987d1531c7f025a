package org.gatehouse.store;

/** Is told how commands to Redis fare; called on the thread that waits for the answer, so it must be quick. */
public interface RedisObserver {
    RedisObserver NONE = new RedisObserver() {
        @Override
        public void answered(long nanos) {
            // nobody wants to know
        }

        @Override
        public void failed(Failure failure) {
            // nobody wants to know
        }
    };

    /** Why there is no answer. */
    enum Failure {
        /** It did not come in time. */
        LATE,
        /** It is an error. */
        REFUSED,
        /** The connection ended first. */
        BROKEN
    }

    /** A command was answered; until then, from its sending on, whoever sent it may also have done something else. */
    void answered(long nanos);

    /** A command was not. What is not sent at all, because Redis is away, is no command. */
    void failed(Failure failure);
}
