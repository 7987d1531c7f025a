package org.gatehouse.store;

import org.bson.BsonDocument;

/** Sees what the store is asked. */
public interface MongoObserver {
    MongoObserver NONE = command -> {};

    /**
     * Called before a command is sent.
     *
     * @param command as it goes over the wire; does not outlast the call
     */
    void sending(BsonDocument command);

    /**
     * Called when a command was answered, or failed on its way.
     *
     * @param name of the command, such as {@code find}; one of those that this application sends
     * @param nanos since it was sent
     */
    default void answered(String name, long nanos, boolean succeeded) {}

    /** Called when somebody is told that the store could not be asked; no command need have been sent. */
    default void unavailable() {}

    /** Tells both. */
    static MongoObserver of(MongoObserver first, MongoObserver second) {
        return new MongoObserver() {
            @Override
            public void sending(BsonDocument command) {
                first.sending(command);
                second.sending(command);
            }

            @Override
            public void answered(String name, long nanos, boolean succeeded) {
                first.answered(name, nanos, succeeded);
                second.answered(name, nanos, succeeded);
            }

            @Override
            public void unavailable() {
                first.unavailable();
                second.unavailable();
            }
        };
    }
}
