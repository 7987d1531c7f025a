package org.gatehouse.http;

import jakarta.servlet.http.HttpServletRequest;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes request bodies to temporary files and returns each body once it is complete.
 *
 * <p>Only the operating system user of this process can read a file. The name of a file is deleted as soon as the file
 * is open. The operating system frees the space when the body is closed or the process ends.
 */
public final class BodySpool implements AutoCloseable {
    private static final int CHUNK = 64 * 1024;
    private static final Duration RETRY_AFTER = Duration.ofSeconds(2);
    private static final Logger log = LoggerFactory.getLogger(BodySpool.class);

    private final Path folder;
    private final long maxBytes;
    private final Set<FileChannel> files = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /** @param maxBytes the limit for one body */
    public BodySpool(Path folder, long maxBytes) {
        this.folder = folder;
        this.maxBytes = maxBytes;
    }

    /**
     * Receives a whole body. The caller must close the returned stream.
     *
     * @throws GatehouseException {@code BODY_TOO_LARGE}; {@code BODY_MALFORMED} if the body ends early; {@code BUSY} if
     *     the spool is closed
     * @throws IOException if the file cannot be written
     */
    public InputStream receive(HttpServletRequest request) throws IOException {
        if (request.getContentLengthLong() > maxBytes) {
            throw tooLarge();
        }
        FileChannel file = create();
        try {
            files.add(file);
            copy(request, Channels.newOutputStream(file));
            return read(file.position(0));
        } catch (IOException | RuntimeException failed) {
            delete(file);
            if (closed) {
                throw GatehouseException.temporary(ErrorCode.BUSY, RETRY_AFTER, failed);
            }
            throw failed;
        }
    }

    private void copy(HttpServletRequest request, OutputStream file) throws IOException {
        InputStream body = request.getInputStream();
        byte[] chunk = new byte[CHUNK];
        long left = maxBytes;
        for (int length = read(request, body, chunk); length >= 0; length = read(request, body, chunk)) {
            left -= length;
            if (left < 0) {
                throw tooLarge();
            }
            if (closed) {
                throw new IOException("The node stops");
            }
            file.write(chunk, 0, length);
        }
    }

    private static int read(HttpServletRequest request, InputStream body, byte[] into) {
        try {
            return body.read(into);
        } catch (IOException | RuntimeException incomplete) {
            // Some containers report malformed chunks as a RuntimeException.
            log.debug("A request body ended early", incomplete);
            IncomingBody.markIncomplete(request, incomplete);
            throw new GatehouseException(
                    ErrorCode.BODY_MALFORMED, "The request body ended early, or the client sent nothing for too long.");
        }
    }

    private InputStream read(FileChannel file) {
        return new FilterInputStream(Channels.newInputStream(file)) {
            @Override
            public void close() {
                delete(file);
            }
        };
    }

    private GatehouseException tooLarge() {
        return new GatehouseException(ErrorCode.BODY_TOO_LARGE, "The body is larger than " + maxBytes + " bytes.");
    }

    private FileChannel create() throws IOException {
        Path path = Files.createTempFile(folder, "gatehouse-", ".body");
        try {
            return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } finally {
            Files.delete(path);
        }
    }

    private void delete(FileChannel file) {
        files.remove(file);
        try {
            file.close();
        } catch (IOException failed) {
            log.warn("A temporary file cannot be closed", failed);
        }
    }

    /** Closes all files. Every later read or write of these files fails. */
    @Override
    public void close() {
        closed = true;
        files.forEach(this::delete);
    }
}
