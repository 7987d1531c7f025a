package org.gatehouse.bench;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.gatehouse.bench.Comparison.Target;
import org.gatehouse.bench.Comparison.Title;

/**
 * Compares a servlet behind the filter for other web applications with the same servlet alone. A small server in this
 * process takes the place of Gatehouse, so only the filter is measured.
 */
final class GuardBench {
    private static final Duration ROUND = Duration.ofMillis(500);
    private static final int ROUNDS = 20;
    private static final Duration WARM_UP = Duration.ofSeconds(10);
    private static final int CALLERS = 256;
    private static final String SUBJECT = "65f0a1b2c3d4e5f60718293a";
    private static final String BODY = "{\"_id\":\"" + SUBJECT + "\",\"username\":\"alice\",\"roles\":[\"user\"]}";
    private static final String RECORDED = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + BODY;

    private final Path folder;
    private final ECKey key;

    GuardBench(Path folder) {
        this.folder = folder;
        try {
            this.key = new ECKeyGenerator(Curve.P_256).keyID("bench").generate();
        } catch (JOSEException failed) {
            throw new IllegalStateException(failed);
        }
    }

    void measure(Figures figures) throws IOException {
        ExecutorService threads = Executors.newCachedThreadPool();
        HttpServer issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        issuer.setExecutor(threads);
        String address = "http://127.0.0.1:" + issuer.getAddress().getPort();
        serve(issuer, "/.well-known/openid-configuration", """
                {"issuer":"%1$s","jwks_uri":"%1$s/keys","introspection_endpoint":"%1$s/introspect"}
                """.formatted(address));
        serve(issuer, "/keys", new JWKSet(key.toPublicJWK()).toString());
        serve(
                issuer,
                "/introspect",
                "{\"active\":true,\"sub\":\"%s\",\"roles\":[\"user\"],\"exp\":%d}"
                        .formatted(SUBJECT, expiry().getEpochSecond()));
        issuer.start();
        Path file = Files.writeString(Files.createDirectories(folder).resolve("guard.http"), RECORDED)
                .toAbsolutePath();
        try (ServerProcess bare = start(BenchServer.Kind.BARE_SERVLET, "guard-bare", file);
                ServerProcess offline =
                        start(BenchServer.Kind.GUARDED_SERVLET, "guard-offline", file, address, "offline");
                ServerProcess introspect =
                        start(BenchServer.Kind.GUARDED_SERVLET, "guard-introspect", file, address, "introspect")) {
            compare(figures, calls(address), bare, offline, introspect);
        } finally {
            issuer.stop(0);
            threads.shutdownNow();
        }
    }

    private ServerProcess start(BenchServer.Kind kind, String name, Path file, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(file.toString()));
        arguments.addAll(List.of(more));
        return ServerProcess.start(kind, name, folder, Map.of(), arguments.toArray(String[]::new));
    }

    private static void compare(
            Figures figures, Calls calls, ServerProcess bare, ServerProcess offline, ServerProcess introspect)
            throws IOException {
        // The measured connections are opened later, because Jetty closes connections that are idle for 30 s.
        for (ServerProcess server : List.of(bare, offline, introspect)) {
            try (LoadedServer loaded = LoadedServer.of(server)) {
                loaded.drive(calls, WARM_UP);
            }
        }
        try (LoadedServer loadedBare = LoadedServer.of(bare);
                LoadedServer loadedOffline = LoadedServer.of(offline);
                LoadedServer loadedIntrospect = LoadedServer.of(introspect)) {
            List<Rates> rates = Rates.inTurns(
                    Scale.times(ROUNDS),
                    () -> loadedOffline.drive(calls, ROUND),
                    () -> loadedIntrospect.drive(calls, ROUND),
                    () -> loadedBare.drive(calls, ROUND));
            String reference = "bare servlet";
            Title ofOffline = new Title("guard-offline", "guarded servlet, offline", reference, Target.atLeast(0.75));
            Title ofIntrospect = new Title("guard-introspect", "guarded servlet, introspect", reference, Target.none());
            figures.addAll(rates.get(0).beside(ofOffline, "responses", rates.get(2)));
            figures.addAll(rates.get(1).beside(ofIntrospect, "responses", rates.get(2)));
        }
    }

    private Calls calls(String issuer) {
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            calls.add(Call.get("/user/" + SUBJECT, token(issuer, i), BodyCheck.equalTo(BODY)));
        }
        return Calls.cycle(calls);
    }

    private String token(String issuer, int number) {
        JWTClaimsSet claims = new JWTClaimsSet.Builder()
                .issuer(issuer)
                .subject(SUBJECT)
                .audience("gatehouse")
                .jwtID("token-" + number)
                .claim("sid", "session-" + number)
                .claim("client_id", "gatehouse")
                .claim("roles", List.of("user"))
                .expirationTime(Date.from(expiry()))
                .build();
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.ES256)
                .type(new JOSEObjectType("at+jwt"))
                .keyID(key.getKeyID())
                .build();
        SignedJWT token = new SignedJWT(header, claims);
        try {
            token.sign(new ECDSASigner(key));
        } catch (JOSEException failed) {
            throw new IllegalStateException(failed);
        }
        return token.serialize();
    }

    private static Instant expiry() {
        return Instant.now().plusSeconds(86_400);
    }

    private static void serve(HttpServer server, String path, String json) {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        server.createContext(path, exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().set("Cache-Control", "public, max-age=300");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
    }
}
