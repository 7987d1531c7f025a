package org.gatehouse.http;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A request whose body has been received. Reading the body never blocks. */
final class ReceivedRequest extends HttpServletRequestWrapper {
    private final Content content;

    /** @param end supplies the exception that is thrown after the content; null if the body is complete */
    ReceivedRequest(HttpServletRequest request, byte[] content, @Nullable Supplier<? extends Exception> end) {
        super(request);
        this.content = new Content(content, end);
    }

    @Override
    public ServletInputStream getInputStream() {
        return content;
    }

    private static final class Content extends ServletInputStream {
        private final ByteArrayInputStream content;
        private final @Nullable Supplier<? extends Exception> end;

        Content(byte[] content, @Nullable Supplier<? extends Exception> end) {
            this.content = new ByteArrayInputStream(content);
            this.end = end;
        }

        @Override
        public int read() throws IOException {
            return endOr(content.read());
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            return endOr(content.read(buffer, offset, length));
        }

        private int endOr(int read) throws IOException {
            if (read < 0 && end != null) {
                Exception failure = end.get();
                if (failure instanceof RuntimeException unchecked) {
                    throw unchecked;
                }
                throw new IOException(failure);
            }
            return read;
        }

        /**
         * Returns at least 1 if {@link #end} follows. Jersey reads a byte of a form before it calls any filter if none
         * is available, and the exception would then reach the container.
         */
        @Override
        public int available() {
            return end == null ? content.available() : Math.max(1, content.available());
        }

        @Override
        public boolean isFinished() {
            return end == null && content.available() == 0;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new IllegalStateException("The body has been received");
        }
    }
}
