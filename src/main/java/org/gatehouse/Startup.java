package org.gatehouse;

import java.util.concurrent.TimeUnit;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.StartGate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prepares the stores and then opens the gate.
 *
 * <p>A store that is not there yet does not fail the deployment: it is asked again every second, in the background,
 * until it answers; meanwhile requests get a 503. Anything else that goes wrong does fail it.
 */
final class Startup implements AutoCloseable {
    private static final long RETRY_MS = 1_000;
    private static final Logger log = LoggerFactory.getLogger(Startup.class);

    private final StartGate gate;
    private final Runnable preparation;
    private final Thread retries = new Thread(this::retry, "gatehouse-startup");

    Startup(StartGate gate, Runnable preparation) {
        this.gate = gate;
        this.preparation = preparation;
        retries.setDaemon(true);
    }

    void run() {
        if (!prepared()) {
            log.warn("Waiting for MongoDB; requests are answered with 503 until it is there");
            retries.start();
        }
    }

    @Override
    public void close() {
        retries.interrupt();
        try {
            retries.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    private void retry() {
        try {
            do {
                Thread.sleep(RETRY_MS);
            } while (!prepared());
        } catch (InterruptedException stopped) {
            log.debug("Stopped while waiting for MongoDB");
        } catch (RuntimeException failed) {
            log.error("The start failed; requests go on being answered with 503", failed);
        }
    }

    private boolean prepared() {
        try {
            preparation.run();
        } catch (GatehouseException failed) {
            if (failed.code() == ErrorCode.STORE_UNAVAILABLE) {
                return false;
            }
            throw failed;
        }
        gate.open();
        log.info("Gatehouse is ready");
        return true;
    }
}
