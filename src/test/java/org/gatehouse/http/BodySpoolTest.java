package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.gatehouse.error.GatehouseException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BodySpoolTest {
    private static final int MAX_BYTES = 10;

    private final Server server = new Server();
    private final ServerConnector connector = new ServerConnector(server);
    private final BlockingQueue<Object> received = new LinkedBlockingQueue<>();
    private final List<Socket> clients = new ArrayList<>();
    private BodySpool spool;

    @TempDir
    Path folder;

    @BeforeEach
    void start() throws Exception {
        spool = new BodySpool(folder, MAX_BYTES);
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        context.addServlet(new ServletHolder(new Receiver()), "/*");
        server.setHandler(context);
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        for (Socket client : clients) {
            client.close();
        }
        server.stop();
        spool.close();
    }

    private final class Receiver extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
            try {
                received.add(spool.receive(request));
            } catch (GatehouseException rejected) {
                received.add(rejected.code().name());
            }
        }
    }

    @Test
    void storesABodyInADeletedFileThatOnlyItsOwnerMayRead() throws Exception {
        send("Content-Length: 10", "0123456789");

        InputStream body = (InputStream) next();
        assertThat(new String(body.readAllBytes(), StandardCharsets.US_ASCII)).isEqualTo("0123456789");
        assertThat(folder).isEmptyDirectory();
        List<Path> files = files();
        assertThat(files).hasSize(1);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(files.get(0))))
                .isEqualTo("rw-------");
        body.close();
        assertThat(files()).isEmpty();
    }

    @Test
    void rejectsABodyAboveTheSizeLimit() throws Exception {
        send("Content-Length: 11", "");
        send("Transfer-Encoding: chunked", "b\r\n0123456789a\r\n");

        assertThat(next()).isEqualTo("BODY_TOO_LARGE");
        assertThat(next()).isEqualTo("BODY_TOO_LARGE");
        assertThat(files()).isEmpty();
    }

    @Test
    void rejectsATruncatedOrMalformedBody() throws Exception {
        Socket client = send("Content-Length: 10", "0123");
        await().until(() -> files().size() == 1);
        client.close();
        send("Transfer-Encoding: chunked", "1\r\n0\r\nzz\r\n");

        assertThat(next()).isEqualTo("BODY_MALFORMED");
        assertThat(next()).isEqualTo("BODY_MALFORMED");
        assertThat(files()).isEmpty();
    }

    @Test
    void deletesAllFilesWhenTheSpoolIsClosed() throws Exception {
        send("Content-Length: 1", "0");
        InputStream body = (InputStream) next();
        Socket client = send("Content-Length: 10", "0123");
        await().until(() -> files().size() == 2);

        spool.close();

        assertThat(files()).isEmpty();
        assertThat(readable(body)).isFalse();
        client.getOutputStream().write('4');
        assertThat(next()).isEqualTo("BUSY");
    }

    @Test
    void rejectsABodyAfterTheSpoolIsClosed() throws Exception {
        spool.close();

        send("Content-Length: 1", "0");

        assertThat(next()).isEqualTo("BUSY");
        assertThat(files()).isEmpty();
    }

    private static boolean readable(InputStream body) {
        try {
            return body.read() >= 0;
        } catch (IOException closed) {
            return false;
        }
    }

    private Object next() throws InterruptedException {
        return received.poll(Duration.ofSeconds(30).toSeconds(), TimeUnit.SECONDS);
    }

    private Socket send(String header, String body) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort());
        clients.add(socket);
        String head = "POST / HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n\r\n";
        socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /** Returns the files in the folder that this process has open. The list includes deleted files. */
    private List<Path> files() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(link -> target(link).startsWith(folder + "/")).toList();
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }
}
