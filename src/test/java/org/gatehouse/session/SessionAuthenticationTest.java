package org.gatehouse.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.config.Secret;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.Authentication.Method;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Tests the authentication that a session stores. */
class SessionAuthenticationTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores);
    private static final MongoConnection mongo =
            new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics());
    private static final MongoSessionDao sessions = new MongoSessionDao(mongo);
    private static final AtomicInteger number = new AtomicInteger();

    private final String name = "user-" + number.incrementAndGet();
    private final UserId userId =
            UserId.parse(node.create(node.adminToken(), name, PASSWORD)).orElseThrow();
    private final Response login = node.login(name, PASSWORD);
    private final SessionId id =
            SessionId.parse(claims(login).getClaim("sid").toString()).orElseThrow();
    private final Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);

    @AfterAll
    static void stop() {
        mongo.close();
        node.close();
        stores.close();
    }

    @Test
    void aNewAuthenticationIsInTheTokensAfterARefresh() throws Exception {
        Authentication stronger = new Authentication(now.plusSeconds(30), Set.of(Method.PWD, Method.OTP, Method.MFA));

        Session session = sessions.authenticate(id, userId, stronger, now).orElseThrow();

        assertThat(session.authentication()).isEqualTo(stronger);
        JWTClaimsSet claims = claims(refresh());
        assertThat(claims.getLongClaim("auth_time")).isEqualTo(stronger.time().getEpochSecond());
        assertThat(claims.getStringListClaim("amr")).containsExactly("mfa", "otp", "pwd");
        assertThat(claims.getStringClaim("acr")).isEqualTo("urn:gatehouse:2");
    }

    @Test
    void addedMethodsKeepTheTimeAndTheEarlierMethods() throws Exception {
        Session session = sessions.addMethods(id, userId, Set.of(Method.HWK, Method.MFA), now)
                .orElseThrow();

        assertThat(session.authentication().amr()).containsExactly("hwk", "mfa", "pwd");
        JWTClaimsSet claims = claims(refresh());
        assertThat(claims.getLongClaim("auth_time")).isEqualTo(claims(login).getLongClaim("auth_time"));
        assertThat(claims.getStringListClaim("amr")).containsExactly("hwk", "mfa", "pwd");
    }

    @Test
    void aSessionOfAnEarlierVersionBeganWithAPassword() {
        stores.collection("sessions")
                .updateOne(
                        Filters.eq("_id", id.text()), Updates.combine(Updates.unset("authTime"), Updates.unset("amr")));
        Session before = sessions.findLive(id).orElseThrow();
        assertThat(before.authentication()).isEqualTo(Authentication.password(before.createdAt()));

        Session after = sessions.addMethods(id, userId, Set.of(Method.OTP, Method.MFA), now)
                .orElseThrow();

        assertThat(after.authentication().time()).isEqualTo(before.createdAt());
        assertThat(after.authentication().amr()).containsExactly("mfa", "otp", "pwd");
    }

    @Test
    void methodsThatAreAddedAtTheSameTimeAreAllKept() {
        var hwk = CompletableFuture.supplyAsync(
                () -> sessions.addMethods(id, userId, Set.of(Method.HWK, Method.MFA), now));
        var otp = CompletableFuture.supplyAsync(
                () -> sessions.addMethods(id, userId, Set.of(Method.OTP, Method.MFA), now));
        assertThat(hwk.join()).isPresent();
        assertThat(otp.join()).isPresent();

        assertThat(sessions.findLive(id).orElseThrow().authentication().amr())
                .containsExactly("hwk", "mfa", "otp", "pwd");
    }

    @Test
    void aSessionOfAnotherUserOrAnEndedOneIsNotChanged() {
        UserId other = UserId.parse("0123456789abcdef01234567").orElseThrow();
        Authentication later = Authentication.password(now.plusSeconds(30));
        assertThat(sessions.authenticate(id, other, later, now)).isEmpty();
        assertThat(sessions.addMethods(id, other, Set.of(Method.MFA), now)).isEmpty();
        Authentication stored = sessions.findLive(id).orElseThrow().authentication();
        assertThat(stored.amr()).containsExactly("pwd");

        assertThat(sessions.end(id, now)).isTrue();
        assertThat(sessions.authenticate(id, userId, later, now)).isEmpty();
        assertThat(sessions.addMethods(id, userId, Set.of(Method.MFA), now)).isEmpty();
    }

    private Response refresh() {
        return node.post("/token/refresh", "", "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}");
    }

    private static JWTClaimsSet claims(Response response) {
        try {
            return SignedJWT.parse(response.text("token")).getJWTClaimsSet();
        } catch (ParseException malformed) {
            throw new IllegalStateException(malformed);
        }
    }
}
