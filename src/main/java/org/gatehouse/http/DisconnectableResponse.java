package org.gatehouse.http;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A response that does not report the disconnection of the client as an error.
 *
 * <p>After the first failed write, the rest of the response is dropped without an exception. Otherwise Jersey and the
 * container would each log the exception with its stack trace. The container closes the connection by itself.
 */
final class DisconnectableResponse extends HttpServletResponseWrapper {
    /** The request attribute, and Jersey property, that is set after a write has failed. */
    static final String DISCONNECTED = DisconnectableResponse.class.getName();

    private static final Logger log = LoggerFactory.getLogger(DisconnectableResponse.class);

    private final HttpServletRequest request;
    private @Nullable ServletOutputStream output;

    DisconnectableResponse(HttpServletRequest request, HttpServletResponse response) {
        super(response);
        this.request = request;
    }

    static boolean isDisconnected(ServletRequest request) {
        return request.getAttribute(DISCONNECTED) != null;
    }

    @Override
    public ServletOutputStream getOutputStream() throws IOException {
        if (output == null) {
            output = new Output(super.getOutputStream());
        }
        return output;
    }

    @Override
    public void flushBuffer() {
        unlessDisconnected(super::flushBuffer);
    }

    private interface Write {
        void run() throws IOException;
    }

    private void unlessDisconnected(Write write) {
        if (isDisconnected(request)) {
            return;
        }
        try {
            write.run();
        } catch (IOException gone) {
            request.setAttribute(DISCONNECTED, true);
            log.debug("The client of request {} has disconnected", RequestId.current(), gone);
        }
    }

    private final class Output extends ServletOutputStream {
        private final ServletOutputStream container;

        Output(ServletOutputStream container) {
            this.container = container;
        }

        @Override
        public void write(int one) {
            unlessDisconnected(() -> container.write(one));
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            unlessDisconnected(() -> container.write(bytes, offset, length));
        }

        @Override
        public void flush() {
            unlessDisconnected(container::flush);
        }

        @Override
        public void close() {
            unlessDisconnected(container::close);
        }

        @Override
        public boolean isReady() {
            return container.isReady();
        }

        @Override
        public void setWriteListener(WriteListener listener) {
            container.setWriteListener(listener);
        }
    }
}
