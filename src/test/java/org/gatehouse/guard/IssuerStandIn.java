package org.gatehouse.guard;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/** An HTTP server with the documents of an issuer, which tests can make wrong, slow or unavailable. */
final class IssuerStandIn implements AutoCloseable {
    static final String SUBJECT = "65f0a1b2c3d4e5f60718293a";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final String path;
    private final Queue<String> requests = new ConcurrentLinkedQueue<>();
    private final Set<String> ended = ConcurrentHashMap.newKeySet();

    volatile List<ECKey> keys = List.of(newKey("first"));
    volatile String caching = "public, max-age=300";
    volatile String claimedIssuer;
    volatile String wellKnown = "/.well-known/openid-configuration";
    volatile boolean suffix = true;
    volatile int status = 200;
    volatile int introspectionStatus = 200;
    volatile List<String> roles = List.of("user");
    /** More members of introspections, each with a comma before it. */
    volatile String more = "";

    volatile String tokenType = "Bearer";
    volatile String authorization = "";
    /** Responses wait for this latch. */
    volatile CountDownLatch held = new CountDownLatch(0);

    IssuerStandIn() {
        this("");
    }

    /** @param path the path of the issuer, such as {@code /accounts} */
    IssuerStandIn(String path) {
        this.path = path;
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 500);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        claimedIssuer = issuer();
        server.setExecutor(threads);
        server.createContext("/", this::respond);
        server.start();
    }

    static ECKey newKey(String id) {
        try {
            return new ECKeyGenerator(Curve.P_256).keyID(id).generate();
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    String issuer() {
        return origin() + path;
    }

    String origin() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void respond(HttpExchange exchange) throws IOException {
        String requested = exchange.getRequestURI().getPath();
        String form = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        requests.add(requested);
        try {
            held.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        String document = suffix ? path + wellKnown : wellKnown + path;
        if (status != 200) {
            send(exchange, status, "{}");
        } else if (requested.equals(document)) {
            exchange.getResponseHeaders().set("Cache-Control", caching);
            send(
                    exchange,
                    200,
                    "{\"issuer\":\"" + claimedIssuer + "\",\"jwks_uri\":\"" + origin()
                            + "/keys\",\"introspection_endpoint\":\"" + origin() + "/introspect\"}");
        } else if (requested.equals("/keys")) {
            exchange.getResponseHeaders().set("Cache-Control", caching);
            List<JWK> published =
                    keys.stream().map(ECKey::toPublicJWK).map(JWK.class::cast).toList();
            send(exchange, 200, new JWKSet(published).toString());
        } else if (requested.equals("/introspect")) {
            authorization = exchange.getRequestHeaders().getFirst("Authorization");
            send(exchange, introspectionStatus, introspection(form));
        } else {
            send(exchange, 404, "{}");
        }
    }

    private String introspection(String form) {
        String token = URLDecoder.decode(form.replaceAll("^token=|&.*", ""), StandardCharsets.UTF_8);
        if (ended.contains(token)) {
            return "{\"active\":false}";
        }
        return "{\"active\":true,\"token_type\":\"" + tokenType + "\",\"sub\":\"" + SUBJECT
                + "\",\"username\":\"alice\",\"roles\":[\""
                + String.join("\",\"", roles) + "\"],\"iss\":\"" + issuer() + "\",\"aud\":\"gatehouse\",\"exp\":"
                + Instant.now().plusSeconds(600).getEpochSecond() + more + "}";
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    /** Returns how many requests had this path. */
    long requests(String requested) {
        return requests.stream().filter(requested::equals).count();
    }

    void end(String token) {
        ended.add(token);
    }

    String token() {
        return token(keys.get(0), claims -> {});
    }

    String token(Consumer<JWTClaimsSet.Builder> change) {
        return token(keys.get(0), change);
    }

    String token(ECKey key, Consumer<JWTClaimsSet.Builder> change) {
        return token(new JWSHeader.Builder(JWSAlgorithm.ES256).type(new JOSEObjectType("at+jwt")), key, change);
    }

    String token(JWSHeader.Builder header, ECKey key, Consumer<JWTClaimsSet.Builder> change) {
        JWTClaimsSet.Builder claims = new JWTClaimsSet.Builder()
                .issuer(issuer())
                .subject(SUBJECT)
                .audience("gatehouse")
                .claim("client_id", "gatehouse")
                .claim("roles", List.of("user"))
                .issueTime(Date.from(Instant.now()))
                .expirationTime(Date.from(Instant.now().plusSeconds(600)));
        change.accept(claims);
        try {
            SignedJWT jwt = new SignedJWT(header.keyID(key.getKeyID()).build(), claims.build());
            jwt.sign(new ECDSASigner(key));
            return jwt.serialize();
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** Returns the parameters of a filter for this issuer. */
    Map<String, String> parameters(String... more) {
        Map<String, String> all = new HashMap<>(Map.of("issuer", issuer()));
        for (int i = 0; i < more.length; i += 2) {
            all.put(more[i], more[i + 1]);
        }
        return all;
    }

    @Override
    public void close() {
        held.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
