package org.gatehouse.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.jwk.ECKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.gatehouse.testing.SettableClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests how the filter finds, caches and reloads keys, and what it does if it cannot. */
class GuardKeysTest {
    private static final Duration MAX_AGE = Duration.ofSeconds(300);

    private final SettableClock clock = SettableClock.atNow();
    private final IssuerStandIn issuer = new IssuerStandIn();

    @AfterEach
    void stop() {
        issuer.close();
    }

    private GuardedApplication start(String... parameters) {
        return GuardedApplication.start(new GuardFilter(clock, clock::nanos), issuer.parameters(parameters));
    }

    @Test
    void findsEachFormOfTheDiscoveryDocumentOfAnIssuerWithAPath() {
        for (String wellKnown :
                List.of("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")) {
            for (boolean suffix : List.of(true, false)) {
                if (wellKnown.contains("openid") && !suffix) {
                    continue; // OpenID Connect has one form only
                }
                try (IssuerStandIn accounts = new IssuerStandIn("/accounts");
                        GuardedApplication application = GuardedApplication.start(accounts.parameters())) {
                    accounts.wellKnown = wellKnown;
                    accounts.suffix = suffix;

                    assertThat(application.with(accounts.token()).statusCode())
                            .as(wellKnown + suffix)
                            .isEqualTo(200);
                }
            }
        }
    }

    @Test
    void aDocumentForAnotherIssuerIsNotUsed() {
        for (String claimed : List.of("https://other.example", issuer.issuer() + "/", "")) {
            issuer.claimedIssuer = claimed;
            try (GuardedApplication application = start("unreachable", "until-expiry")) {
                assertUnavailable(application.with(issuer.token()));
                assertThat(issuer.requests("/keys")).isZero();
            }
        }
    }

    @Test
    void theAddressesOfADocumentMustBeAsSecureAsTheIssuer() {
        assertThat(IssuerMetadata.addresses("https://a.example"))
                .hasToString("[https://a.example/.well-known/openid-configuration,"
                        + " https://a.example/.well-known/oauth-authorization-server]");
        assertThat(IssuerMetadata.addresses("https://a.example/x/"))
                .hasToString("[https://a.example/x/.well-known/openid-configuration,"
                        + " https://a.example/.well-known/oauth-authorization-server/x,"
                        + " https://a.example/x/.well-known/oauth-authorization-server]");
    }

    @Test
    void loadsKeysAgainAfterTheirMaxAgeOnly() {
        try (GuardedApplication application = start()) {
            String token = issuer.token(
                    all -> all.expirationTime(Date.from(Instant.now().plusSeconds(3600))));
            for (int i = 0; i < 5; i++) {
                assertThat(application.with(token).statusCode()).isEqualTo(200);
            }
            assertThat(issuer.requests("/keys")).isEqualTo(1);
            clock.advance(MAX_AGE.multipliedBy(7).dividedBy(10));
            assertThat(application.with(token).statusCode()).isEqualTo(200);
            assertThat(issuer.requests("/keys")).isEqualTo(1);

            issuer.keys = List.of(IssuerStandIn.newKey("second"));
            clock.advance(MAX_AGE.multipliedBy(3).dividedBy(10));
            assertThat(application.with(token).statusCode()).isEqualTo(401);
            assertThat(issuer.requests("/keys")).isGreaterThan(1);
        }
    }

    @Test
    void loadsKeysForUnknownIdsAtOnceButNotForEach() {
        try (GuardedApplication application = start()) {
            assertThat(application.with(issuer.token()).statusCode()).isEqualTo(200);
            for (String id : List.of("second", "third")) {
                ECKey rotated = IssuerStandIn.newKey(id);
                issuer.keys = List.of(rotated, issuer.keys.get(0));
                assertThat(application.with(issuer.token()).statusCode()).isEqualTo(200);
            }
            for (int i = 0; i < 50; i++) {
                ECKey unknown = IssuerStandIn.newKey("random-" + i);
                assertThat(application.with(issuer.token(unknown, all -> {})).statusCode())
                        .isEqualTo(401);
            }
            assertThat(issuer.requests("/keys")).isEqualTo(5);

            issuer.keys = List.of(IssuerStandIn.newKey("fourth"));
            clock.advance(Duration.ofSeconds(10));
            assertThat(application.with(issuer.token()).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void concurrentRequestsShareOneLoad() {
        issuer.held = new CountDownLatch(1);
        try (GuardedApplication application = start()) {
            List<CompletableFuture<HttpResponse<String>>> all = many(application, 30);
            await().until(() -> issuer.requests("/.well-known/openid-configuration") == 1);
            issuer.held.countDown();

            assertThat(statuses(all)).containsOnly(200);
            assertThat(issuer.requests("/.well-known/openid-configuration")).isEqualTo(1);
            assertThat(issuer.requests("/keys")).isEqualTo(1);
        }
    }

    @Test
    void refusesWhileGatehouseIsUnreachableAndRecovers() {
        try (GuardedApplication application = start()) {
            String token = issuer.token(
                    all -> all.expirationTime(Date.from(Instant.now().plusSeconds(3600))));
            issuer.status = 503;
            assertUnavailable(application.with(token));
            issuer.status = 200;
            clock.advance(Duration.ofSeconds(1));
            assertThat(application.with(token).statusCode()).isEqualTo(200);

            issuer.status = 503;
            assertThat(application.with(token).statusCode()).isEqualTo(200);
            clock.advance(MAX_AGE);
            assertUnavailable(application.with(token));
        }
    }

    @Test
    void untilExpiryAcceptsKnownTokensOnly() {
        try (GuardedApplication application = start("unreachable", "until-expiry")) {
            Date expiry = Date.from(clock.instant().plusSeconds(3600));
            String known = issuer.token(all -> all.expirationTime(expiry));
            String unknown = issuer.token(all -> all.expirationTime(expiry).jwtID("other"));
            assertThat(application.with(known).statusCode()).isEqualTo(200);

            issuer.close();
            clock.advance(MAX_AGE);
            assertThat(application.with(known).statusCode()).isEqualTo(200);
            assertUnavailable(application.with(unknown));
            clock.advance(Duration.ofSeconds(3600).minus(MAX_AGE).plus(SignedToken.CLOCK_SKEW));
            assertThat(application.with(known).statusCode()).isEqualTo(401);
        }
    }

    @Test
    void aSlowGatehouseDelaysFewThreadsForAShortTime() {
        issuer.held = new CountDownLatch(1);
        try (GuardedApplication application = GuardedApplication.start(issuer.parameters("unreachable", "refuse"))) {
            long begun = System.nanoTime();
            List<CompletableFuture<HttpResponse<String>>> all = many(application, 300);
            assertThat(statuses(all)).containsOnly(503);

            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(6));
            assertThat(issuer.requests("/.well-known/openid-configuration")).isLessThanOrEqualTo(3);
        }
    }

    @Test
    void aGatehouseThatSendsSingleBytesDelaysNoRequestForLong() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread sender = new Thread(() -> sendSingleBytes(server));
            sender.start();
            String address = "http://127.0.0.1:" + server.getLocalPort();
            try (GuardedApplication application = GuardedApplication.start(Map.of("issuer", address))) {
                String token = issuer.token(all -> all.issuer(address));
                CompletableFuture<HttpResponse<String>> first =
                        application.getAsync("/", "Authorization", "Bearer " + token);
                await().until(
                                () -> {
                                    application.getAsync("/", "auth", token);
                                    return first.isDone();
                                },
                                done -> done);
                assertUnavailable(first.join());
            }
        }
    }

    private static void sendSingleBytes(ServerSocket server) {
        try (Socket connection = server.accept()) {
            for (int i = 0; i < 600; i++) {
                connection.getOutputStream().write(i == 0 ? "HTTP/1.1 200 OK\r\nX: ".getBytes() : new byte[] {'x'});
                Thread.sleep(100);
            }
        } catch (IOException | InterruptedException closed) {
            // The filter has closed the connection.
        }
    }

    private List<CompletableFuture<HttpResponse<String>>> many(GuardedApplication application, int count) {
        String token = issuer.token();
        return IntStream.range(0, count)
                .mapToObj(i -> application.getAsync("/", "Authorization", "Bearer " + token))
                .toList();
    }

    private static Stream<Integer> statuses(List<CompletableFuture<HttpResponse<String>>> all) {
        return all.stream().map(response -> response.join().statusCode());
    }

    private static void assertUnavailable(HttpResponse<String> response) {
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
        assertThat(GuardedApplication.challenge(response)).isEmpty();
    }
}
