package org.gatehouse.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.SignedJWT;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.gatehouse.testing.SettableClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests the mode {@code introspect}. */
class GuardIntrospectionTest {
    private static final Duration LIFETIME = Duration.ofSeconds(2);

    private final SettableClock clock = SettableClock.atNow();
    private final IssuerStandIn issuer = new IssuerStandIn();

    @AfterEach
    void stop() {
        issuer.close();
    }

    private GuardedApplication start(String... more) {
        String[] all = new String[more.length + 6];
        System.arraycopy(more, 0, all, 6, more.length);
        System.arraycopy(
                new String[] {"mode", "introspect", "client-id", "reports", "client-secret", "s:e c"}, 0, all, 0, 6);
        return GuardedApplication.start(new GuardFilter(clock, clock::nanos), issuer.parameters(all));
    }

    @Test
    void asksWithTheCredentialsOfTheServiceAndUsesTheRolesOfTheAnswer() {
        issuer.roles = List.of("admin");
        try (GuardedApplication application = start()) {
            assertThat(application.with(issuer.token()).body()).contains("user=false admin=true");
            assertThat(issuer.authorization)
                    .isEqualTo("Basic "
                            + Base64.getEncoder().encodeToString("reports:s%3Ae+c".getBytes(StandardCharsets.UTF_8)));
        }
    }

    @Test
    void usesTheAuthenticationOfTheAnswer() {
        issuer.more = ",\"auth_time\":" + clock.instant().minusSeconds(100).getEpochSecond()
                + ",\"amr\":[\"mfa\",\"otp\",\"pwd\"],\"acr\":\"urn:gatehouse:2\"";
        try (GuardedApplication application = start("required-authentication", "acr=urn:gatehouse:2,max_age=120")) {
            String token = issuer.token();
            assertThat(application.with(token).statusCode()).isEqualTo(200);

            clock.advance(Duration.ofMillis(31_001)); // 1 s for the resolution, and 10 s because clocks may differ
            HttpResponse<String> rejected = application.with(token);
            assertThat(rejected.statusCode()).isEqualTo(401);
            assertThat(GuardedApplication.challenge(rejected))
                    .contains("error=\"insufficient_user_authentication\"")
                    .endsWith(", max_age=\"120\", acr_values=\"urn:gatehouse:2\"");
            issuer.more = "";
            clock.advance(LIFETIME);
            assertThat(GuardedApplication.challenge(application.with(token)))
                    .contains("error=\"insufficient_user_authentication\"");
        }
    }

    @Test
    void anAnswerIsUsedForLessThanTwoSeconds() {
        try (GuardedApplication application = start()) {
            String token = issuer.token();
            assertThat(application.with(token).statusCode()).isEqualTo(200);
            assertThat(application.with(token).statusCode()).isEqualTo(200);
            assertThat(issuer.requests("/introspect")).isEqualTo(1);

            issuer.end(token);
            clock.advance(Duration.ofMillis(900));
            assertThat(application.with(token).statusCode()).isEqualTo(200);
            clock.advance(LIFETIME.minusMillis(900));
            HttpResponse<String> rejected = application.with(token);
            assertThat(rejected.statusCode()).isEqualTo(401);
            assertThat(GuardedApplication.challenge(rejected)).contains("error=\"invalid_token\"");
        }
    }

    @Test
    void theTwoSecondsBeginBeforeTheRequestIsSent() {
        try (GuardedApplication application = start()) {
            String token = issuer.token();
            assertThat(application.with(issuer.token(all -> all.jwtID("other"))).statusCode())
                    .isEqualTo(200);
            issuer.held = new CountDownLatch(1);
            CompletableFuture<HttpResponse<String>> first =
                    application.getAsync("/", "Authorization", "Bearer " + token);
            await().until(() -> issuer.requests("/introspect") == 2);
            clock.advance(LIFETIME);
            issuer.held.countDown();
            assertThat(first.join().statusCode()).isEqualTo(200);

            issuer.end(token);
            assertThat(application.with(token).statusCode()).isEqualTo(401);
        }
    }

    @Test
    void oneRequestRenewsAnAnswerWhileOthersUseIt() {
        try (GuardedApplication application = start()) {
            String token = issuer.token();
            assertThat(application.with(token).statusCode()).isEqualTo(200);
            clock.advance(Duration.ofMillis(1500));
            issuer.held = new CountDownLatch(1);
            CompletableFuture<HttpResponse<String>> renewing =
                    application.getAsync("/", "Authorization", "Bearer " + token);
            await().until(() -> issuer.requests("/introspect") == 2);

            assertThat(application.with(token).statusCode()).isEqualTo(200);
            issuer.held.countDown();
            assertThat(renewing.join().statusCode()).isEqualTo(200);
            assertThat(issuer.requests("/introspect")).isEqualTo(2);
        }
    }

    @Test
    void concurrentRequestsShareOneAnswer() {
        try (GuardedApplication application = start()) {
            assertThat(application.with(issuer.token(all -> all.jwtID("other"))).statusCode())
                    .isEqualTo(200);
            String token = issuer.token();
            issuer.held = new CountDownLatch(1);
            List<CompletableFuture<HttpResponse<String>>> all = IntStream.range(0, 30)
                    .mapToObj(i -> application.getAsync("/", "Authorization", "Bearer " + token))
                    .toList();
            await().until(() -> issuer.requests("/introspect") == 2);
            issuer.held.countDown();

            assertThat(all).allMatch(response -> response.join().statusCode() == 200);
            assertThat(issuer.requests("/introspect")).isLessThan(5);
        }
    }

    @Test
    void refreshTokensAreNotAccepted() {
        issuer.tokenType = "refresh_token";
        try (GuardedApplication application = start()) {
            assertThat(application.with("a-refresh-token").statusCode()).isEqualTo(401);
            assertThat(issuer.requests("/introspect")).isZero();
            assertThat(application.with(issuer.token()).statusCode()).isEqualTo(401);
        }
    }

    @Test
    void tokensOfOtherIssuersCauseNoCalls() {
        try (GuardedApplication application = start()) {
            for (int i = 0; i < 10; i++) {
                assertThat(application
                                .with(issuer.token(IssuerStandIn.newKey("first"), all -> {}))
                                .statusCode())
                        .isEqualTo(401);
            }
            assertThat(issuer.requests("/introspect")).isZero();
        }
    }

    @Test
    void otherSpellingsOfATokenCauseNoCalls() {
        try (GuardedApplication application = start()) {
            String token = issuer.token();
            assertThat(application.with(token).statusCode()).isEqualTo(200);
            int signature = token.lastIndexOf('.') + 1;
            for (String junk : List.of("!", "*", "!!")) {
                assertThat(application
                                .with(token.substring(0, signature + 3) + junk + token.substring(signature + 3))
                                .statusCode())
                        .isEqualTo(401);
            }
            assertThat(issuer.requests("/introspect")).isEqualTo(1);
        }
    }

    @Test
    void aTokenThatHasExpiredCausesNoCalls() {
        try (GuardedApplication application = start()) {
            String token = issuer.token();
            issuer.end(token);
            assertThat(application.with(token).statusCode()).isEqualTo(401);
            clock.advance(Duration.ofHours(2));
            for (int i = 0; i < 3; i++) {
                assertThat(application.with(token).statusCode()).isEqualTo(401);
                clock.advance(LIFETIME);
            }
            assertThat(issuer.requests("/introspect")).isEqualTo(1);
        }
    }

    @Test
    void tokensWithASharedSecretAreCheckedByGatehouse() throws Exception {
        SignedJWT shared = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256)
                        .type(new JOSEObjectType("at+jwt"))
                        .keyID("shared")
                        .build(),
                SignedJWT.parse(issuer.token()).getJWTClaimsSet());
        shared.sign(new MACSigner("a secret that only Gatehouse has".getBytes(StandardCharsets.UTF_8)));
        try (GuardedApplication application = start()) {
            assertThat(application.with(shared.serialize()).statusCode()).isEqualTo(401);
        }
        issuer.keys = List.of();
        try (GuardedApplication application = start()) {
            assertThat(application.with(shared.serialize()).statusCode()).isEqualTo(200);
            assertThat(issuer.requests("/introspect")).isEqualTo(1);
        }
    }

    @Test
    void refusesWhileGatehouseIsUnreachable() {
        try (GuardedApplication application = start()) {
            String token = issuer.token();
            assertThat(application.with(token).statusCode()).isEqualTo(200);
            issuer.close();
            assertThat(application.with(token).statusCode()).isEqualTo(200);
            clock.advance(LIFETIME);
            HttpResponse<String> refused = application.with(token);
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.headers().firstValue("Retry-After")).hasValue("1");
        }
    }

    @Test
    void untilExpiryAcceptsTokensThatWereActiveAtTheLastAnswer() {
        try (GuardedApplication application = start("unreachable", "until-expiry")) {
            String active = issuer.token();
            String ended = issuer.token(all -> all.jwtID("ended"));
            assertThat(application.with(active).statusCode()).isEqualTo(200);
            assertThat(application.with(ended).statusCode()).isEqualTo(200);
            issuer.end(ended);
            clock.advance(LIFETIME);
            assertThat(application.with(ended).statusCode()).isEqualTo(401);

            issuer.close();
            clock.advance(LIFETIME);
            for (int i = 0; i < 5; i++) {
                assertThat(application.with(active).statusCode()).isEqualTo(200);
            }
            assertThat(application.with(ended).statusCode()).isEqualTo(503);
            assertThat(application.with(issuer.token(all -> all.jwtID("new"))).statusCode())
                    .isEqualTo(503);
            clock.advance(Duration.ofSeconds(650));
            assertThat(application.with(active).statusCode()).isNotEqualTo(200);
        }
    }

    @Test
    void wrongCredentialsOfTheServiceAreNeverAnOutage() {
        try (GuardedApplication application = start("unreachable", "until-expiry")) {
            String token = issuer.token();
            assertThat(application.with(token).statusCode()).isEqualTo(200);
            issuer.introspectionStatus = 401;
            clock.advance(LIFETIME);
            assertThat(application.with(token).statusCode()).isEqualTo(503);
        }
    }
}
