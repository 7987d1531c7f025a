package org.gatehouse.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.gatehouse.war.WarServer;

/**
 * A server as a separate process: either the WAR with settings from the environment, or the bare servlet.
 *
 * <p>The process ends when its standard input ends, so it does not outlive its parent process.
 */
final class BenchServer {
    static final String WAR = "war";
    static final String BARE = "bare";

    private BenchServer() {}

    /**
     * Arguments: the kind of server, and the file for the port. The bare server also needs the file with the response.
     */
    @SuppressWarnings("SystemExitOutsideMain")
    public static void main(String[] arguments) throws Exception {
        Path portFile = Path.of(arguments[1]);
        if (arguments[0].equals(WAR)) {
            try (WarServer server = WarServer.deploy("", Map.of())) {
                run(portFile, server.port());
            }
        } else {
            try (BareServer server = BareServer.start(Path.of(arguments[2]))) {
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
