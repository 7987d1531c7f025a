package org.gatehouse.bench;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.ObjectId;
import org.gatehouse.bench.Comparison.Target;
import org.gatehouse.bench.Comparison.Title;
import org.gatehouse.store.Stores;
import org.gatehouse.war.AppServer;
import org.gatehouse.war.Deployment;
import org.gatehouse.war.Distribution;
import org.gatehouse.war.Jdk;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.gatehouse.war.WarServer;

/**
 * Measures the start time and the memory of each server, once with the WAR and once without an application. All servers
 * run with {@value #OPTIONS}.
 */
final class SizeBench {
    private static final String OPTIONS = Distribution.SMALL_HEAP;
    private static final int STARTS = 3;
    private static final int SESSIONS = 10_000;
    private static final double MAX_START_SECONDS = 2.2;
    private static final double MAX_IDLE_MEGABYTES = 175;
    private static final double MAX_BUSY_MEGABYTES = 230;
    private static final double MEGABYTE = 1 << 20;

    private final Figures figures;

    SizeBench(Figures figures) {
        this.figures = figures;
    }

    void ofEachServer() throws IOException {
        figures.note("WAR", megabytes(Files.size(WarServer.war())));
        figures.note("options of the servers that start", OPTIONS);
        for (Distribution distribution : Distribution.values()) {
            try (Stores stores = new Stores()) {
                // The first start prepares the stores. The measured starts use the prepared stores, as every later
                // start does.
                try (AppServer first = start(distribution, withWar(distribution, stores))) {
                    first.awaitReady("");
                    figures.note(
                            distribution + ": of the WAR unpacked",
                            megabytes(size(first.base().resolve("webapps"))
                                    + size(first.base().resolve("work"))));
                }
                figures.add(start(distribution, stores));
                memory(distribution, stores);
            }
        }
    }

    private static Comparison start(Distribution distribution, Stores stores) throws IOException {
        return Comparison.alternate(
                new Title(
                        "start " + distribution,
                        distribution + ": until ready",
                        "no application",
                        target(distribution, MAX_START_SECONDS)),
                "s",
                Scale.times(STARTS),
                () -> secondsUntilReady(distribution, stores),
                () -> secondsUntilResponse(distribution));
    }

    /** The targets apply to Tomcat 11, with which operators most often run Gatehouse. */
    private static Target target(Distribution distribution, double bound) {
        return distribution == Distribution.TOMCAT_11 ? Target.subjectAtMost(bound) : Target.none();
    }

    private static double secondsUntilReady(Distribution distribution, Stores stores) {
        Path base = withWar(distribution, stores);
        long begin = System.nanoTime();
        try (AppServer server = start(distribution, base)) {
            server.awaitReady("");
            return (System.nanoTime() - begin) / 1e9;
        }
    }

    private static double secondsUntilResponse(Distribution distribution) {
        Path base = AppServer.base(distribution, List.of());
        long begin = System.nanoTime();
        try (AppServer server = start(distribution, base)) {
            server.awaitResponse();
            return (System.nanoTime() - begin) / 1e9;
        }
    }

    private void memory(Distribution distribution, Stores stores) {
        double without;
        try (AppServer server = start(distribution, AppServer.base(distribution, List.of()))) {
            server.awaitResponse();
            without = idle(server);
        }
        try (AppServer server = start(distribution, withWar(distribution, stores))) {
            ServiceClient service = server.awaitReady("");
            Response login = service.login(ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD);
            double idle = idle(server);
            figures.add(new Comparison(
                    new Title(
                            "idle " + distribution,
                            distribution + ": idle",
                            "no application",
                            target(distribution, MAX_IDLE_MEGABYTES)),
                    "MB resident",
                    List.of(idle),
                    List.of(without)));
            sessions(stores, login.text("token")).parallelStream().forEach(token -> {
                int status = service.get("/user/me", token).status();
                if (status != 200) {
                    throw new AssertionError("GET /user/me returned " + status);
                }
            });
            figures.add(new Comparison(
                    new Title(
                            "sessions " + distribution,
                            distribution + ": 10,000 sessions in use",
                            "idle",
                            target(distribution, MAX_BUSY_MEGABYTES)),
                    "MB resident",
                    List.of(idle(server)),
                    List.of(idle)));
        }
    }

    /** Stores users with one session each, in the format of the service. Returns the tokens of the sessions. */
    private static List<String> sessions(Stores stores, String token) {
        try {
            SignedJWT template = SignedJWT.parse(token);
            Document session =
                    stored(stores, "sessions", template.getJWTClaimsSet().getStringClaim("sid"));
            Document user = stored(
                    stores, "users", new ObjectId(template.getJWTClaimsSet().getSubject()));
            Random random = new Random(SESSIONS);
            List<Document> users = new ArrayList<>();
            List<Document> sessions = new ArrayList<>();
            List<String> tokens = new ArrayList<>();
            for (int i = 0; i < SESSIONS; i++) {
                ObjectId id = new ObjectId();
                String name = "session-user-" + id;
                String sid = String.format(Locale.ROOT, "%08d", i)
                        + session.getString("_id").substring(8);
                users.add(new Document(user)
                        .append("_id", id)
                        .append("username", name)
                        .append("usernameKey", name)
                        .append("roles", List.of("user")));
                Document copy = new Document(session).append("_id", sid).append("userId", id);
                copy.replaceAll((field, value) -> value instanceof Binary hash ? other(hash, random) : value);
                sessions.add(copy);
                JWTClaimsSet claims = new JWTClaimsSet.Builder(template.getJWTClaimsSet())
                        .subject(id.toHexString())
                        .claim("sid", sid)
                        .claim("roles", List.of("user"))
                        .build();
                SignedJWT signed = new SignedJWT(template.getHeader(), claims);
                signed.sign(new MACSigner(ServiceClient.AUTH_KEY));
                tokens.add(signed.serialize());
            }
            stores.users().insertMany(users);
            stores.collection("sessions").insertMany(sessions);
            return tokens;
        } catch (ParseException | JOSEException unexpected) {
            throw new AssertionError(unexpected);
        }
    }

    private static Document stored(Stores stores, String collection, Object id) {
        return Objects.requireNonNull(
                stores.collection(collection).find(new Document("_id", id)).first(), "was just stored");
    }

    private static Binary other(Binary hash, Random random) {
        byte[] bytes = new byte[hash.length()];
        random.nextBytes(bytes);
        return new Binary(hash.getType(), bytes);
    }

    private static Path withWar(Distribution distribution, Stores stores) {
        Map<String, String> settings =
                ServiceClient.settings(stores, Map.of("AUTH_ALG", "HS256", "AUTH_EXPIRY", "3600000"));
        return AppServer.base(distribution, List.of(new Deployment("", settings)));
    }

    private static AppServer start(Distribution distribution, Path base) {
        return AppServer.start(distribution, Jdk.own(), Map.of(), base, OPTIONS);
    }

    /** Returns the memory in MB after five seconds without requests. */
    private static double idle(AppServer server) {
        try {
            TimeUnit.SECONDS.sleep(5);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopping);
        }
        return server.residentBytes() / MEGABYTE;
    }

    /** Returns the size of a folder in bytes, or 0 if the folder does not exist. */
    private static long size(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MB", bytes / MEGABYTE);
    }
}
