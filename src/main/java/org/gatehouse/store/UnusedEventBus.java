package org.gatehouse.store;

import io.lettuce.core.event.Event;
import io.lettuce.core.event.EventBus;
import reactor.core.publisher.Flux;

/** Drops Lettuce's events, because Gatehouse does not read them. Lettuce's own bus would load 300 classes of Reactor. */
final class UnusedEventBus implements EventBus {
    @Override
    public Flux<Event> get() {
        throw new UnsupportedOperationException("events are not kept");
    }

    @Override
    public void publish(Event event) {
        // dropped
    }
}
