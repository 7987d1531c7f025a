package org.gatehouse.bench;

import java.io.IOException;
import java.time.Duration;

/** A server and its load generator. */
record LoadedServer(ServerProcess server, Load load) implements AutoCloseable {
    static LoadedServer of(ServerProcess server) throws IOException {
        return of(server, Scene.CONNECTIONS);
    }

    static LoadedServer of(ServerProcess server, int connections) throws IOException {
        return new LoadedServer(server, Load.on(server.port(), connections));
    }

    /** Sends as many calls as the server can answer. */
    Rates.Round drive(Calls calls, Duration time) throws IOException {
        long before = server.processorNanos();
        Load.Throughput throughput = load.drive(calls, time);
        return new Rates.Round(throughput.responses(), throughput.nanos(), server.processorNanos() - before);
    }

    /** Closes the connections. The server continues to run. */
    @Override
    public void close() throws IOException {
        load.close();
    }
}
