package org.gatehouse.http;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * What is left of the body of a refused request, whatever it was refused for: after the answer it is read and thrown away.
 * A container closes the connection under a body that nobody reads, and a client that is still sending may then never see
 * the answer.
 */
final class UnreadBody {
    /** In bytes; a client that sends more than this meets the closed connection. */
    private static final int LIMIT = 2 * 1024 * 1024;

    /** A client that sends a little now and then does not hold a thread for longer. */
    private static final long NANOS = Duration.ofSeconds(10).toNanos();

    private static final int CHUNK = 16 * 1024;
    private static final String EXPECT = "Expect";

    private UnreadBody() {}

    static void discard(HttpServletRequest request) {
        // A client that asked first (RFC 9110, section 10.1.1) sends nothing after a refusal.
        if (request.getHeader(EXPECT) != null) {
            return;
        }
        try {
            discard(request.getInputStream());
        } catch (IOException | IllegalStateException gone) {
            // the client, and with it the need to read
        }
    }

    private static void discard(InputStream body) throws IOException {
        byte[] chunk = new byte[CHUNK];
        long until = System.nanoTime() + NANOS;
        int left = LIMIT;
        while (left > 0 && System.nanoTime() - until < 0) {
            int length = body.read(chunk);
            if (length < 0) {
                return;
            }
            left -= length;
        }
    }
}
