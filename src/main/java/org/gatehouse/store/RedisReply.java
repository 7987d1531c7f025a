package org.gatehouse.store;

import java.util.Optional;

/** The reply of Redis to a command. */
public sealed interface RedisReply<T> {
    record Value<T>(T content) implements RedisReply<T> {}

    /** Redis replied that there is no value. */
    record Nil<T>() implements RedisReply<T> {}

    /** Redis did not reply in time, replied with an error, or was not sent the command. */
    record Unavailable<T>() implements RedisReply<T> {}

    default boolean isAvailable() {
        return !(this instanceof Unavailable);
    }

    /** Returns the value; empty if there is none or Redis is unavailable. */
    default Optional<T> value() {
        return this instanceof Value<T> value ? Optional.of(value.content()) : Optional.empty();
    }
}
