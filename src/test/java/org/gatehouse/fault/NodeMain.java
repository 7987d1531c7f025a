package org.gatehouse.fault;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.gatehouse.Node;

/**
 * A node in a process of its own: reads settings, one a line, up to an empty line; prints its port; and ends when its
 * standard input does, so that it does not outlive whoever started it.
 */
final class NodeMain {
    private NodeMain() {}

    public static void main(String[] none) throws IOException {
        PrintStream toParent = System.out;
        System.setOut(System.err); // the log must not mix with the port
        BufferedReader fromParent = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Map<String, String> settings = new HashMap<>();
        for (String line = fromParent.readLine(); line != null && !line.isEmpty(); line = fromParent.readLine()) {
            int equals = line.indexOf('=');
            settings.put(line.substring(0, equals), line.substring(equals + 1));
        }
        toParent.println(Node.start(settings).port());
        while (fromParent.readLine() != null) {
            // nothing more is said; what is waited for is the end
        }
        Runtime.getRuntime().halt(0);
    }
}
