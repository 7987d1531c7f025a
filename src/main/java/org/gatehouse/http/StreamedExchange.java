package org.gatehouse.http;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * An answer that is made while the body of the request comes, for clients that read it while they send and for those that
 * read only afterwards.
 *
 * <p>The latter would wait for the server to read on, and the server for them to read, once all buffers between the two
 * are full. Nobody can tell the two kinds from each other, so only as much is sent at once as buffers surely hold: the
 * rest when the client falls silent, for then it waits, or has sent all. Until then it is spooled, and the body is read on.
 * Containers give a client some 20 s to take what is written, so to write anyway and wait would not do.
 */
public final class StreamedExchange implements StreamedAnswer.Body {
    /** In bytes; what is set aside at the least for a connection, at both its ends together. */
    static final int SURELY_BUFFERED = 64 * 1024;

    /** After this the client counts as one that waits. */
    static final Duration SILENCE = Duration.ofMillis(250);

    /** Something is sent so often in any case, so that nobody between the two takes the connection for dead. */
    private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(10);

    /** In bytes; what some million lines are answered. */
    private static final long SPOOLED = 256L << 20;

    private static final int CHUNK = 16 * 1024;

    private final Executor threads;
    private final InputStream body;
    private final Work work;
    private final Duration signOfLife;

    /** Reads the body and writes the answer. */
    public interface Work {
        void run(InputStream body, OutputStream answer) throws IOException;
    }

    /**
     * An exchange that begins when its answer is written.
     *
     * @param threads of which it takes two for as long as it lasts; they must not be queued for
     */
    public StreamedExchange(Executor threads, InputStream body, Work work) {
        this(threads, body, work, SIGN_OF_LIFE);
    }

    StreamedExchange(Executor threads, InputStream body, Work work, Duration signOfLife) {
        this.threads = threads;
        this.body = body;
        this.work = work;
        this.signOfLife = signOfLife;
    }

    @Override
    public void writeTo(OutputStream answer) throws IOException {
        ReadAhead ahead = new ReadAhead(body);
        try (Spool results = new Spool(Path.of(System.getProperty("java.io.tmpdir")), SPOOLED)) {
            CompletableFuture<@Nullable Void> reading = CompletableFuture.runAsync(ahead, threads);
            CompletableFuture<@Nullable Void> working = CompletableFuture.completedFuture(null);
            try {
                Map<String, String> logContext = MDC.getCopyOfContextMap();
                working = CompletableFuture.runAsync(() -> work(ahead, results, logContext), threads);
                send(ahead, results, answer);
            } finally {
                // The container may give the body to another request as soon as this one is answered.
                results.abandon();
                ahead.discard();
                awaitEnd(working);
                awaitEnd(reading);
            }
            rethrow(working);
        }
    }

    private void work(ReadAhead ahead, Spool results, @Nullable Map<String, String> logContext) {
        if (logContext != null) {
            MDC.setContextMap(logContext);
        }
        try {
            OutputStream buffered = new BufferedOutputStream(results, CHUNK);
            work.run(ahead, buffered);
            buffered.flush();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } finally {
            ahead.discard();
            results.complete();
            MDC.clear();
        }
    }

    private void send(ReadAhead ahead, Spool results, OutputStream answer) throws IOException {
        byte[] chunk = new byte[CHUNK];
        int unread = 0;
        for (int length = results.take(chunk); length >= 0; length = results.take(chunk)) {
            if (unread + length > SURELY_BUFFERED && awaitReader(ahead, results)) {
                unread = 0;
            }
            answer.write(chunk, 0, length);
            unread += length;
            if (results.isEmpty() || unread + CHUNK > SURELY_BUFFERED) {
                answer.flush();
            }
        }
    }

    /** Waits until the client reads, as far as one can tell, or something has to be sent anyway. */
    private boolean awaitReader(ReadAhead ahead, Spool results) throws IOException {
        long until = System.nanoTime() + signOfLife.toNanos();
        while (!results.isFull() && System.nanoTime() - until < 0) {
            if (ahead.awaitSilence(SILENCE, SILENCE.multipliedBy(2))) {
                return true;
            }
        }
        return false;
    }

    private static void awaitEnd(CompletableFuture<@Nullable Void> task) {
        var unused = task.handle((nothing, failure) -> true).join();
    }

    private static void rethrow(CompletableFuture<@Nullable Void> ended) throws IOException {
        try {
            var unused = ended.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof UncheckedIOException io) {
                throw io.getCause();
            }
            if (failed.getCause() instanceof RuntimeException runtime) {
                throw runtime;
            }
            throw failed;
        }
    }
}
