package org.gatehouse.bench;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** What is asked next, without an end. */
interface Calls {
    Call next();

    /** The same ones again and again. */
    static Calls cycle(List<Call> calls) {
        List<Call> all = List.copyOf(calls);
        return counted(number -> all.get(number % all.size()));
    }

    /** Each made when it is needed, from the number of those before it. */
    static Calls counted(IntFunction<Call> maker) {
        AtomicInteger number = new AtomicInteger();
        return () -> maker.apply(number.getAndIncrement());
    }
}
