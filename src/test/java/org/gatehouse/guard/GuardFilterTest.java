package org.gatehouse.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.gatehouse.guard.GuardedApplication.challenge;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests the answers of the filter, and what the application sees, over HTTP. */
class GuardFilterTest {
    private static final IssuerStandIn issuer = new IssuerStandIn();
    private static GuardedApplication application;

    @BeforeAll
    static void start() {
        application = GuardedApplication.start(issuer.parameters("required-roles", "/admin/*=admin,auditor"));
    }

    @AfterAll
    static void stop() {
        application.close();
        issuer.close();
    }

    @Test
    void setsTheCallerAndTheRoles() {
        String token = issuer.token();
        for (String[] header : List.of(
                new String[] {"Authorization", "Bearer " + token},
                new String[] {"Authorization", "bEARER  " + token},
                new String[] {"auth", token},
                new String[] {"AUTH", "Bearer " + token})) {
            HttpResponse<String> response = application.get("/", header);

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body())
                    .isEqualTo("REQUEST " + IssuerStandIn.SUBJECT + " " + IssuerStandIn.SUBJECT
                            + " Bearer user=true admin=false any=true");
        }
    }

    @Test
    void respondsToAMissingTokenWith401WithoutAnError() {
        for (String[] headers : List.of(
                new String[] {},
                new String[] {"Authorization", "Basic YTpi"},
                new String[] {"Authorization", "Bearertoken"},
                new String[] {"auth", ""})) {
            HttpResponse<String> response = application.get("/", headers);

            assertThat(response.statusCode()).isEqualTo(401);
            assertThat(challenge(response)).isEqualTo("Bearer realm=\"gatehouse\"");
        }
    }

    @Test
    void respondsToSeveralTokensWith400() {
        String token = issuer.token();
        for (String[] headers : List.of(
                new String[] {"Authorization", "Bearer " + token, "Authorization", "Bearer " + token},
                new String[] {"Authorization", "Bearer " + token, "Authorization", "Basic YTpi"},
                new String[] {"Authorization", "Bearer " + token, "auth", token},
                new String[] {"auth", token, "auth", token},
                new String[] {"Authorization", "Bearer " + token + ", Bearer " + token},
                new String[] {"Authorization", "Bearer"})) {
            HttpResponse<String> response = application.get("/", headers);

            assertThat(response.statusCode()).as(List.of(headers).toString()).isEqualTo(400);
            assertThat(challenge(response)).contains("error=\"invalid_request\"");
        }
    }

    @Test
    void respondsToAnInvalidTokenWith401() throws Exception {
        ECKey other = IssuerStandIn.newKey("first");
        JWTClaimsSet claims = SignedJWT.parse(issuer.token()).getJWTClaimsSet();
        SignedJWT withPublicKeyAsSecret = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256)
                        .type(new JOSEObjectType("at+jwt"))
                        .keyID("first")
                        .build(),
                claims);
        withPublicKeyAsSecret.sign(
                new MACSigner(issuer.keys.get(0).toPublicJWK().toString().getBytes()));
        Date past = Date.from(Instant.now().minusSeconds(31));
        Date future = Date.from(Instant.now().plusSeconds(60));
        Map<String, String> tokens = Map.of(
                "malformed", "abc",
                "without a signature", new PlainJWT(claims).serialize(),
                "signed by another key", issuer.token(other, all -> {}),
                "signed with the public key as a secret", withPublicKeyAsSecret.serialize(),
                "expired", issuer.token(all -> all.expirationTime(past)),
                "not valid yet", issuer.token(all -> all.notBeforeTime(future)),
                "of another issuer", issuer.token(all -> all.issuer("https://other.example")),
                "without a subject", issuer.token(all -> all.subject(null)),
                "without an expiry", issuer.token(all -> all.expirationTime(null)));
        tokens.forEach((name, token) -> {
            HttpResponse<String> response = application.with(token);

            assertThat(response.statusCode()).as(name).isEqualTo(401);
            assertThat(challenge(response))
                    .as(name)
                    .startsWith("Bearer realm=\"gatehouse\", error=\"invalid_token\", error_description=\"The ");
            assertThat(response.body()).as(name).doesNotContain(token);
        });
    }

    @Test
    void acceptsTheTypesOfAccessTokensOnly() {
        for (String type : List.of("at+jwt", "AT+JWT", "application/at+jwt", "JWT")) {
            assertThat(application.with(typed(type)).statusCode()).as(type).isEqualTo(200);
        }
        assertThat(application.with(typed("logout+jwt")).statusCode()).isEqualTo(401);
        String untyped = issuer.token(new JWSHeader.Builder(JWSAlgorithm.ES256), issuer.keys.get(0), all -> {});
        assertThat(application.with(untyped).statusCode()).isEqualTo(401);
    }

    private static String typed(String type) {
        return issuer.token(
                new JWSHeader.Builder(JWSAlgorithm.ES256).type(new JOSEObjectType(type)),
                issuer.keys.get(0),
                all -> {});
    }

    @Test
    void acceptsOnlyTheConfiguredAudience() {
        try (GuardedApplication strict = GuardedApplication.start(issuer.parameters("audience", "reports"))) {
            assertThat(strict.with(issuer.token()).statusCode()).isEqualTo(401);
            assertThat(strict.with(issuer.token(all -> all.audience(List.of("gatehouse", "reports"))))
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void respondsToAMissingRoleWith403() {
        String user = issuer.token();
        String auditor = issuer.token(all -> all.claim("roles", List.of("auditor")));
        for (String path : List.of("/admin", "/admin/x", "//admin//x", "/%61dmin/x", "/admin;a=b/x")) {
            HttpResponse<String> denied = application.get(path, "auth", user);
            if (denied.statusCode() == 400) {
                continue; // Jetty itself rejects paths that other servers may read differently
            }
            assertThat(denied.statusCode()).as(path).isEqualTo(403);
            assertThat(challenge(denied))
                    .isEqualTo("Bearer realm=\"gatehouse\", error=\"insufficient_scope\","
                            + " error_description=\"The caller does not have a required role.\","
                            + " scope=\"admin auditor\"");
            assertThat(application.get(path, "auth", auditor).statusCode()).isEqualTo(200);
        }
        assertThat(application.get("/administration", "auth", user).statusCode())
                .isEqualTo(200);
    }

    @Test
    void respondsToAnInsufficientAuthenticationWith401() {
        try (GuardedApplication strict = GuardedApplication.start(issuer.parameters(
                "optional",
                "true",
                "required-roles",
                "/admin/*=admin",
                "required-authentication",
                "/admin/*=acr=urn:gatehouse:2; /pay=max_age=300,acr=urn:gatehouse:1; /recent=max_age=300"))) {
            long now = Instant.now().getEpochSecond();
            String none = issuer.token();
            String old = issuer.token(all -> all.claim("auth_time", now - 320).claim("acr", "urn:gatehouse:2"));
            String password =
                    issuer.token(all -> all.claim("auth_time", now - 290).claim("acr", "urn:gatehouse:1"));
            String service = issuer.token(all -> all.claim("client_id", IssuerStandIn.SUBJECT));

            assertThat(strict.get("/", "auth", none).statusCode()).isEqualTo(200);
            for (String token : List.of(none, old)) {
                HttpResponse<String> rejected = strict.get("/pay", "auth", token);
                assertThat(rejected.statusCode()).isEqualTo(401);
                assertThat(challenge(rejected))
                        .isEqualTo("Bearer realm=\"gatehouse\", error=\"insufficient_user_authentication\","
                                + " error_description=\"A more recent or a stronger authentication is required.\","
                                + " max_age=\"300\", acr_values=\"urn:gatehouse:1\"");
            }
            assertThat(challenge(strict.get("/recent", "auth", old))).endsWith(", max_age=\"300\"");
            for (String token : List.of(password, service)) {
                assertThat(strict.get("/pay", "auth", token).statusCode()).isEqualTo(200);
                assertThat(strict.get("/recent", "auth", token).statusCode()).isEqualTo(200);
                assertThat(strict.get("/admin/x", "auth", token).statusCode()).isEqualTo(403);
            }
            assertThat(strict.get("/pay").statusCode()).isEqualTo(401);
            assertThat(challenge(strict.get("/pay"))).isEqualTo("Bearer realm=\"gatehouse\"");
            String admin = issuer.token(all -> all.claim("roles", List.of("admin")));
            assertThat(challenge(strict.get("/admin/x", "auth", admin))).endsWith(", acr_values=\"urn:gatehouse:2\"");
            String strong =
                    issuer.token(all -> all.claim("roles", List.of("admin")).claim("acr", "urn:gatehouse:2"));
            assertThat(strict.get("/admin/x", "auth", strong).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void addsAChallengeToA403OfTheApplication() {
        String token = issuer.token();
        for (String path : List.of("/status/403", "/error/403")) {
            HttpResponse<String> response = application.get(path, "auth", token);

            assertThat(response.statusCode()).isEqualTo(403);
            assertThat(challenge(response)).isEqualTo("Bearer realm=\"gatehouse\", error=\"insufficient_scope\"");
        }
        assertThat(challenge(application.get("/error/401", "auth", token))).isEqualTo("Bearer realm=\"gatehouse\"");
        assertThat(challenge(application.get("/error/404", "auth", token))).isEmpty();
    }

    @Test
    void asynchronousRequestsAndErrorPagesKeepTheCaller() {
        String token = issuer.token();

        assertThat(application.get("/async", "auth", token).body()).startsWith("ASYNC " + IssuerStandIn.SUBJECT);
        HttpResponse<String> error = application.get("/error/418", "auth", token);
        assertThat(error.statusCode()).isEqualTo(418);
        assertThat(error.body()).startsWith("ERROR " + IssuerStandIn.SUBJECT);
    }

    @Test
    void optionalLetsRequestsWithoutATokenPassExceptWhereRolesAreRequired() {
        try (GuardedApplication open =
                GuardedApplication.start(issuer.parameters("optional", "true", "required-roles", "/admin/*=admin"))) {
            assertThat(open.get("/").body()).isEqualTo("REQUEST null null null user=false admin=false any=false");
            assertThat(open.get("/admin/x").statusCode()).isEqualTo(401);
            assertThat(open.with("abc").statusCode()).isEqualTo(401);
            assertThat(open.with(issuer.token()).body()).contains("user=true");
            assertThat(challenge(open.get("/error/401"))).isEqualTo("Bearer realm=\"gatehouse\"");
            assertThat(challenge(open.get("/error/403"))).isEmpty();
        }
    }

    @Test
    void aStartFailsWithAllProblemsOfTheParameters() {
        assertThatThrownBy(() -> GuardedApplication.start(Map.of(
                        "mode", "introspect", "unreachable", "never", "optional", "yes", "required-roles", "/a=")))
                .rootCause()
                .message()
                .contains("issuer is missing", "client-id is missing", "client-secret is missing")
                .contains("unreachable must be refuse or until-expiry", "optional must be true or false")
                .contains("required-roles: /a= has no roles");
        for (String rule : List.of(
                "/a=acr=urn:gatehouse:3",
                "/a=max_age=-1",
                "/a=max_age=9999999999",
                "max_age=1,max_age=2",
                "/a=300",
                "/a=max_age=\uff11")) {
            assertThatThrownBy(() -> GuardedApplication.start(issuer.parameters("required-authentication", rule)))
                    .rootCause()
                    .hasMessageContaining("required-authentication: " + rule + " must have acr=");
        }
        assertThatThrownBy(() -> GuardedApplication.start(issuer.parameters("required-authentication", "/a")))
                .rootCause()
                .hasMessageContaining("required-authentication: /a has no acr or max_age");
        assertThatThrownBy(() -> GuardedApplication.start(issuer.parameters("required-role", "admin")))
                .rootCause()
                .message()
                .contains("unknown parameters: required-role; known are audience, client-id");
    }
}
