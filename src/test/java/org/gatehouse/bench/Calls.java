package org.gatehouse.bench;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** An infinite sequence of calls. */
interface Calls {
    Call next();

    /** Repeats the given calls in order. */
    static Calls cycle(List<Call> calls) {
        List<Call> all = List.copyOf(calls);
        return counted(number -> all.get(number % all.size()));
    }

    /** The same calls, each of which the service may reject because of overload. */
    default Calls orRejected() {
        return () -> next().orRejected();
    }

    /** Creates each call when the benchmark needs the call. The function receives the number of preceding calls. */
    static Calls counted(IntFunction<Call> maker) {
        AtomicInteger number = new AtomicInteger();
        return () -> maker.apply(number.getAndIncrement());
    }
}
