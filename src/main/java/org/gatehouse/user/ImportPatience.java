package org.gatehouse.user;

import java.time.Duration;
import java.util.function.Supplier;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.store.Pause;

/** How long an import waits for what is not there just now, before it gives up; then it throws what it was told last. */
final class ImportPatience {
    /** The store may be away for so long, as it is while another primary is elected. */
    private static final Duration STORE = Duration.ofSeconds(20);

    /** Logins go first, but there are never so many for so long. */
    private static final Duration HASHER = Duration.ofMinutes(2);

    private static final Duration RETRY = Duration.ofMillis(250);

    private ImportPatience() {}

    /** Does what needs the hasher, when it is its turn. */
    static <T> T untilHashed(Supplier<T> work) {
        return patiently(ErrorCode.BUSY, HASHER, work);
    }

    /** Does what needs the store. */
    static void untilStoreAnswers(Runnable work) {
        var unused = patiently(ErrorCode.STORE_UNAVAILABLE, STORE, () -> {
            work.run();
            return true;
        });
    }

    private static <T> T patiently(ErrorCode passing, Duration patience, Supplier<T> work) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                return work.get();
            } catch (GatehouseException failed) {
                if (failed.code() != passing || System.nanoTime() > deadline || !Pause.of(RETRY)) {
                    throw failed;
                }
            }
        }
    }
}
