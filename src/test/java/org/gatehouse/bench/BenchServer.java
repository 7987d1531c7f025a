package org.gatehouse.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.gatehouse.testing.LocalJetty;
import org.gatehouse.war.WarServer;

/**
 * A server as a separate process: either the WAR with settings from the environment, or a {@link ReferenceServer}.
 *
 * <p>The process ends when its standard input ends, so it does not outlive its parent process.
 */
final class BenchServer {
    enum Kind {
        WAR,
        BARE_SERVLET,
        GUARDED_SERVLET,
        DEFAULT_JERSEY
    }

    private BenchServer() {}

    /**
     * Arguments: the kind of server, and the file for the port. The reference servers also need the file with the
     * response. The guarded servlet also needs the issuer and the mode of the filter.
     */
    @SuppressWarnings("SystemExitOutsideMain")
    public static void main(String[] arguments) throws Exception {
        Kind kind = Kind.valueOf(arguments[0]);
        Path portFile = Path.of(arguments[1]);
        if (kind == Kind.WAR) {
            try (WarServer server = WarServer.deploy("", Map.of())) {
                run(portFile, server.port());
            }
        } else {
            String recorded = Files.readString(Path.of(arguments[2]));
            try (LocalJetty server = switch (kind) {
                case BARE_SERVLET -> ReferenceServer.bare(recorded);
                case GUARDED_SERVLET -> ReferenceServer.guarded(recorded, arguments[3], arguments[4]);
                default -> ReferenceServer.jersey(recorded);
            }) {
                server.start();
                run(portFile, server.port());
            }
        }
        System.exit(0);
    }

    private static void run(Path portFile, int port) throws IOException {
        Path complete = Files.writeString(Path.of(portFile + ".new"), Integer.toString(port));
        Files.move(complete, portFile, StandardCopyOption.ATOMIC_MOVE);
        while (System.in.read() >= 0) {
            // The process ignores all input and waits for the end of the input.
        }
    }
}
