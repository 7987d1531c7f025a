package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class SpoolTest {
    private static final int MUCH = 10 * Spool.IN_MEMORY;

    @TempDir
    private Path folder;

    @Test
    void givesBackWhatWasWrittenInItsOrder() throws IOException {
        byte[] content = random(MUCH + 7);
        try (Spool spool = new Spool(folder, 2L * MUCH)) {
            ByteArrayOutputStream taken = new ByteArrayOutputStream();
            Random random = new Random(2);
            for (int at = 0; at < content.length; ) {
                int length = Math.min(1 + random.nextInt(100_000), content.length - at);
                spool.write(content, at, length);
                at += length;
                if (random.nextBoolean()) {
                    take(spool, taken, random.nextInt(1, 30_000));
                }
            }
            spool.complete();
            while (take(spool, taken, 10_000)) {
                assertThat(spool.isFull()).isFalse();
            }
            assertThat(taken.toByteArray()).isEqualTo(content);
        }
        assertThat(files()).isZero();
    }

    @Test
    void letsTheWriterWaitWhenThereIsNoRoom() throws Exception {
        assertWaitsForRoom(new Spool(folder, 2 * Spool.IN_MEMORY), 3);
    }

    @Test
    void doesWithMemoryWhereNoFileCanBeMade() throws Exception {
        assertWaitsForRoom(new Spool(folder.resolve("missing"), MUCH), 1);
    }

    @Test
    void tellsAWaitingWriterThatNobodyTakesAnyMore() throws Exception {
        try (Spool spool = new Spool(folder, 0)) {
            spool.write(random(Spool.IN_MEMORY));
            CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> write(spool, random(1)));
            spool.abandon();
            assertThatThrownBy(() -> writing.get(60, TimeUnit.SECONDS)).hasRootCauseInstanceOf(IOException.class);
        }
    }

    /** @param pieces how many it takes before it is full */
    private static void assertWaitsForRoom(Spool full, int pieces) throws Exception {
        byte[] piece = random(Spool.IN_MEMORY);
        try (Spool spool = full) {
            for (int i = 0; i < pieces; i++) {
                assertThat(spool.isFull()).isFalse();
                spool.write(piece);
            }
            assertThat(spool.isFull()).isTrue();
            CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
                write(spool, piece);
                spool.complete();
            });
            ByteArrayOutputStream taken = new ByteArrayOutputStream();
            while (take(spool, taken, 100_000)) {
                // until it is complete
            }
            writing.get(60, TimeUnit.SECONDS);
            assertThat(taken.size()).isEqualTo((pieces + 1) * piece.length);
        }
    }

    private static boolean take(Spool spool, ByteArrayOutputStream taken, int length) throws IOException {
        byte[] part = new byte[length];
        int given = spool.take(part);
        taken.write(part, 0, Math.max(0, given));
        return given >= 0;
    }

    private static void write(Spool spool, byte[] bytes) {
        try {
            spool.write(bytes);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private long files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.count();
        }
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(1).nextBytes(bytes);
        return bytes;
    }
}
