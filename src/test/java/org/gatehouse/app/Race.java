package org.gatehouse.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.gatehouse.war.Response;

/**
 * Sends two requests at the same time, of which one must succeed.
 *
 * <p>On a busy machine, a store may not respond in time. The service then responds with 503, and the client cannot know
 * whether the request had an effect. Such a round may end without a success, but never with two. One round in 20, and one
 * more, may end so.
 */
public final class Race implements AutoCloseable {
    private final ExecutorService threads;
    private final int success;
    private int rounds;
    private int undecided;

    /**
     * Creates the threads of races.
     *
     * @param success the status of the response to the request that succeeds
     * @param races how many races may run at the same time
     */
    public Race(int success, int races) {
        this.success = success;
        threads = Executors.newFixedThreadPool(2 * races);
    }

    /**
     * Sends the requests.
     *
     * @param loser checks the response to a request that does not succeed
     * @return the response to the request that succeeded; empty if a store did not respond in time
     */
    public Optional<Response> run(List<Callable<Response>> requests, Consumer<Response> loser) throws Exception {
        List<Response> succeeded = new ArrayList<>();
        boolean unavailable = false;
        for (Future<Response> request : threads.invokeAll(requests)) {
            Response response = request.get();
            if (response.status() == success) {
                succeeded.add(response);
            } else if (response.status() == 503) {
                assertThat(response.text("code")).isEqualTo("STORE_UNAVAILABLE");
                unavailable = true;
            } else {
                loser.accept(response);
            }
        }
        if (unavailable && succeeded.isEmpty()) {
            count(1);
            return Optional.empty();
        }
        count(0);
        assertThat(succeeded).hasSize(1);
        return Optional.of(succeeded.get(0));
    }

    private synchronized void count(int without) {
        rounds++;
        undecided += without;
        assertThat(undecided).as("rounds without a success, of %s", rounds).isLessThanOrEqualTo(1 + rounds / 20);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
