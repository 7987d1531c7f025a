package org.gatehouse.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one thread writes and another sends when it can. A little of it is kept in memory, more in a file that goes with
 * the spool; when there is as much as it takes, the writer waits.
 */
final class Spool extends OutputStream {
    /** In bytes. */
    static final int IN_MEMORY = 256 * 1024;

    private static final Logger log = LoggerFactory.getLogger(Spool.class);

    private final Path folder;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** What is taken first; then comes the file, then the memory. */
    private ByteBuffer first = ByteBuffer.allocate(0);

    private @Nullable FileChannel file;
    private long fileTaken;
    private long fileEnd;
    private final ByteArrayOutputStream memory = new ByteArrayOutputStream();

    private long capacity;
    private boolean complete;
    private boolean abandoned;

    /**
     * An empty spool.
     *
     * @param folder where the file is made; if that fails, only memory is used
     * @param capacity in bytes, of the file
     */
    Spool(Path folder, long capacity) {
        this.folder = folder;
        this.capacity = capacity;
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    /**
     * Waits for room.
     *
     * @throws IOException when nobody takes it any more
     */
    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        lock.lock();
        try {
            while (isFull() && !abandoned) {
                await();
            }
            if (abandoned) {
                throw new IOException("The client is gone");
            }
            memory.write(bytes, offset, length);
            if (memory.size() >= IN_MEMORY) {
                moveToFile();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** No more will be written. */
    void complete() {
        lock.lock();
        try {
            complete = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nobody will take any more. */
    void abandon() {
        lock.lock();
        try {
            abandoned = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for what is next, at most this much; -1 after the last of it. */
    int take(byte[] into) throws IOException {
        lock.lock();
        try {
            while (isEmpty() && !complete) {
                await();
            }
            if (isEmpty()) {
                return -1;
            }
            if (!first.hasRemaining()) {
                fetch();
            }
            int length = Math.min(into.length, first.remaining());
            first.get(into, 0, length);
            changed.signalAll();
            return length;
        } finally {
            lock.unlock();
        }
    }

    /** Whether there is nothing to take now. */
    boolean isEmpty() {
        lock.lock();
        try {
            return !first.hasRemaining() && fileTaken == fileEnd && memory.size() == 0;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the writer has to wait. */
    boolean isFull() {
        lock.lock();
        try {
            return memory.size() >= IN_MEMORY;
        } finally {
            lock.unlock();
        }
    }

    /** Removes the file. */
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            abandoned = true;
            if (file != null) {
                file.close();
            }
        } finally {
            lock.unlock();
        }
    }

    private void fetch() throws IOException {
        if (file != null && fileTaken < fileEnd) {
            first = ByteBuffer.allocate((int) Math.min(IN_MEMORY, fileEnd - fileTaken));
            while (first.hasRemaining()) {
                if (file.read(first, fileTaken + first.position()) < 0) {
                    throw new IOException("The spool's file is shorter than it was");
                }
            }
            fileTaken += first.flip().remaining();
            if (fileTaken == fileEnd) {
                file.truncate(0);
                fileTaken = 0;
                fileEnd = 0;
            }
        } else {
            first = ByteBuffer.wrap(memory.toByteArray());
            memory.reset();
        }
        if (memory.size() >= IN_MEMORY) {
            moveToFile();
        }
    }

    /** As far as there is room for it. */
    private void moveToFile() {
        if (fileEnd + memory.size() > capacity) {
            return;
        }
        try {
            if (file == null) {
                file = create();
            }
            ByteBuffer content = ByteBuffer.wrap(memory.toByteArray());
            while (content.hasRemaining()) {
                var unused = file.write(content, fileEnd + content.position());
            }
            fileEnd += content.limit();
            memory.reset();
        } catch (IOException failed) {
            log.warn("What a client does not read yet cannot be written to a file in {}", folder, failed);
            capacity = 0;
        }
    }

    private FileChannel create() throws IOException {
        return FileChannel.open(
                Files.createTempFile(folder, "gatehouse-", ".spool"),
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE);
    }

    @SuppressWarnings("WaitNotInLoop") // those who call it loop
    private void await() throws InterruptedIOException {
        try {
            changed.await();
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("The application stops");
        }
    }
}
