package org.gatehouse.fault;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.gatehouse.app.Node;

/**
 * Runs a node as a separate process. The process reads settings from its standard input, one per line, up to an empty
 * line. Then it prints the port of the node. The process ends when its standard input ends, so it does not outlive its
 * parent process.
 */
final class NodeMain {
    private NodeMain() {}

    public static void main(String[] ignored) throws IOException {
        PrintStream toParent = System.out;
        System.setOut(System.err); // the standard output must contain only the port, not the log
        BufferedReader fromParent = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Map<String, String> settings = new HashMap<>();
        for (String line = fromParent.readLine(); line != null && !line.isEmpty(); line = fromParent.readLine()) {
            int equals = line.indexOf('=');
            settings.put(line.substring(0, equals), line.substring(equals + 1));
        }
        toParent.println(Node.start(settings).port());
        while (fromParent.readLine() != null) {
            // The process ignores all input and waits for the end of the input.
        }
        Runtime.getRuntime().halt(0);
    }
}
