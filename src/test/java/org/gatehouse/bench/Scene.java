package org.gatehouse.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;

/** The stores with their users, and separate processes: the WAR and the reference servers. */
final class Scene implements AutoCloseable {
    static final int CONNECTIONS = 32;

    /** The name of the main process of the WAR. */
    static final String WAR = "war";

    /** The number of users after {@link #addAllUsers}. */
    static final int USERS = 100_000;

    /**
     * The number of the first user that logs in. This user is in the middle of the list, so that the pages at both ends
     * contain similar users.
     */
    private static final int FIRST_CALLER = USERS / 2;

    private static final int CALLERS = 256;

    /** The initial number of users. Half of these users log in. See {@link #addAllUsers}. */
    private static final int FIRST_USERS = 2 * CALLERS;

    private static final String MAX_EXPIRY_MS = "86400000";

    private final Path folder;
    private final Stores stores;
    private ServerProcess war;
    private final ServerProcess bare;
    private final ServerProcess jersey;
    private final Population users;
    private final List<Caller> callers = new ArrayList<>();
    private final Calls ownReads;
    private final Calls fixedReads;

    /** A user that is logged in, with the JSON that the service returns for this user. */
    record Caller(int number, String id, String token, String json) {
        Call get(BodyCheck body) {
            return Call.get("/user/" + id, token, body);
        }

        /** Returns a call that sets the field {@code note} of the user. */
        Call patch(String note, BodyCheck body) {
            return Call.patch("/user/" + id, token, "{\"note\":\"" + note + "\"}", body);
        }

        BodyCheck anyVersion() {
            return BodyCheck.framedBy(start(), "}");
        }

        /** Returns the start of the JSON of the user. */
        String start() {
            return "{\"_id\":\"" + id + "\"";
        }
    }

    private Scene(Path folder, Stores stores) throws IOException {
        this.folder = folder;
        this.stores = stores;
        this.war = startNode(WAR, Map.of());
        this.users = Population.begin(stores, service());
        users.add(FIRST_CALLER, FIRST_CALLER + FIRST_USERS);
        for (int number = FIRST_CALLER; number < FIRST_CALLER + CALLERS; number++) {
            callers.add(logIn(number));
        }
        String recorded = recorded(war.port());
        this.bare = startReference(BenchServer.Kind.BARE_SERVLET, recorded);
        BodyCheck fixedBody = BodyCheck.equalTo(callers.get(0).json());
        this.ownReads = Calls.cycle(callers.stream()
                .map(caller -> caller.get(BodyCheck.equalTo(caller.json())))
                .toList());
        this.fixedReads = Calls.cycle(
                callers.stream().map(caller -> caller.get(fixedBody)).toList());
        this.jersey = startReference(BenchServer.Kind.DEFAULT_JERSEY, recorded);
        requireSame(shape(recorded), shape(recorded(bare.port())));
        requireSame(body(recorded), body(recorded(jersey.port())));
    }

    static Scene create(Path folder) throws IOException {
        Stores stores = new Stores();
        try {
            return new Scene(folder, stores);
        } catch (IOException | RuntimeException | AssertionError failed) {
            stores.close(); // the two server processes end when this process ends
            throw failed;
        }
    }

    /** Starts one more process of the WAR on the same stores. */
    ServerProcess startNode(String name, Map<String, String> extraSettings) throws IOException {
        // The throttle limits the logins from one address. Therefore the load generator acts as a proxy that forwards
        // logins from many addresses.
        Map<String, String> settings = new HashMap<>(
                ServiceClient.settings(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1", "AUTH_EXPIRY", MAX_EXPIRY_MS)));
        settings.putAll(extraSettings);
        Map<String, String> environment = new HashMap<>();
        settings.forEach((setting, value) -> environment.put("GATEHOUSE_" + setting, value));
        return ServerProcess.start(BenchServer.Kind.WAR, name, folder, environment);
    }

    /** Replaces the process of the WAR by a new one, which has not answered any request yet. */
    void restartWar() throws IOException {
        war.close();
        war = startNode(WAR, Map.of());
    }

    private Caller logIn(int number) {
        Response login = service()
                .loginFrom(
                        "10.254." + number / 256 % 256 + "." + number % 256,
                        Population.name(number),
                        Population.PASSWORD);
        if (login.status() != 200) {
            throw new AssertionError("The login failed: " + login.body());
        }
        Response user = service().get("/user/" + users.id(number), login.text("token"));
        return new Caller(number, users.id(number), login.text("token"), user.body());
    }

    private ServerProcess startReference(BenchServer.Kind kind, String recorded) throws IOException {
        Path file = Files.writeString(folder.resolve("response.http"), recorded);
        return ServerProcess.start(
                kind, kind.name(), folder, Map.of(), file.toAbsolutePath().toString());
    }

    private static void requireSame(List<String> recorded, List<String> replayed) {
        if (!replayed.equals(recorded)) {
            throw new AssertionError("A reference server returns\n" + replayed + "\ninstead of\n" + recorded);
        }
    }

    private static List<String> body(String response) {
        return response.lines().filter(line -> line.startsWith("{")).toList();
    }

    private String recorded(int port) throws IOException {
        Caller caller = callers.get(0);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            Call call = Call.get("/user/" + caller.id(), caller.token(), BodyCheck.equalTo(caller.json()));
            String request = new String(call.request(), StandardCharsets.UTF_8);
            String last = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
            socket.getOutputStream().write(last.getBytes(StandardCharsets.UTF_8));
            String response = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return response.replace("Connection: close\r\n", "");
        }
    }

    /**
     * Returns the sorted lines of a response, with the length of each header instead of its value. The bare servlet may
     * send the headers in another order, and with other values of the same length.
     */
    private static List<String> shape(String response) {
        return response.lines()
                .map(line -> line.startsWith("{") ? line : line.replaceAll(": .*", ": ") + line.length())
                .sorted()
                .toList();
    }

    /**
     * Adds the remaining users. The earlier measurements run with few users, because they change users by id and
     * version. For such a change, embedded MongoDB scans all users. A MongoDB server does not scan the users.
     */
    void addAllUsers() {
        users.add(1, FIRST_CALLER);
        users.add(FIRST_CALLER + FIRST_USERS, USERS);
    }

    Stores stores() {
        return stores;
    }

    ServiceClient service() {
        return new Service(war.port());
    }

    Population users() {
        return users;
    }

    List<Caller> callers() {
        return callers;
    }

    /** Each caller reads its own user, which must not have changed since the login. */
    Calls ownReads() {
        return ownReads;
    }

    /** Each caller reads its own user, which may have changed. */
    Calls ownReadsOfAnyVersion() {
        return Calls.cycle(
                callers.stream().map(caller -> caller.get(caller.anyVersion())).toList());
    }

    /** The same calls as {@link #ownReads}. All expect the fixed response of the reference servers. */
    Calls fixedReads() {
        return fixedReads;
    }

    ServerProcess war() {
        return war;
    }

    ServerProcess bare() {
        return bare;
    }

    ServerProcess jersey() {
        return jersey;
    }

    /** Empties the cache, as if all cache entries had expired at once. */
    void emptyRedis() {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), stores.redis().port())) {
            socket.getOutputStream().write("FLUSHALL\r\n".getBytes(StandardCharsets.US_ASCII));
            InputStream input = socket.getInputStream();
            if (input.read() != '+') {
                throw new IOException("Redis rejects FLUSHALL");
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void close() throws IOException {
        jersey.close();
        bare.close();
        war.close();
        stores.close();
    }

    private static final class Service extends ServiceClient {
        private final int port;

        Service(int port) {
            this.port = port;
        }

        @Override
        protected String baseUri() {
            return "http://127.0.0.1:" + port;
        }

        @Override
        public void close() {
            // This client does not own the server process, and therefore does not stop the process.
        }
    }
}
