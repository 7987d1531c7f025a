package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.PASSWORD;
import static org.gatehouse.factor.FactorNodes.json;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.factor.FactorNodes.Enrolled;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests sessions whose refresh token is in a cookie, with two nodes. Each test has a separate user. */
class BrowserSessionTest {
    private static final String ORIGIN = "https://login.example.com";
    private static final String LISTED = "https://app.example.com";
    private static final String SAME_ORIGIN = "same-origin";
    private static final String SAME_SITE = "same-site";
    private static final String BY_COOKIE = "{\"session\":\"cookie\"}";
    private static final String NAME = "__Host-gatehouse";
    private static final String REMOVED = NAME + "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0";
    private static final String GUARDED = "guarded";

    private static final FactorNodes nodes = new FactorNodes(
            Map.of("CORS_ORIGINS", LISTED + ",http://localhost:3000", "FACTOR_REQUIRED_ROLES", GUARDED));
    private static final Node node = nodes.node;
    private static final Node other = nodes.other;
    private static final AtomicInteger number = new AtomicInteger();

    private final int own = number.incrementAndGet();
    private final String name = "user-" + own;
    private final String source = "198.18." + own / 250 + "." + own % 250;
    private final Browser browser = new Browser(ORIGIN, SAME_ORIGIN, source);
    private String id = "";

    @BeforeEach
    void create() {
        id = nodes.create(name);
    }

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @Test
    void aLoginPutsTheRefreshTokenIntoACookieThatScriptsCannotRead() {
        Response login = logIn();

        String cookie = onlyCookie(login);
        assertThat(cookie)
                .matches(NAME + "=[A-Za-z0-9_-]{64}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age="
                        + login.text("refreshExpiresIn"));
        assertThat(login.json().path("refreshExpiresIn").longValue())
                .isEqualTo(Duration.ofDays(7).toSeconds());
        assertThat(login.json().has("refreshToken")).isFalse();
        assertThat(login.body()).doesNotContain(value(browser));
        assertThat(node.get("/user/me", login.text("token")).text("username")).isEqualTo(name);
    }

    @Test
    void aRefreshReplacesTheCookie() {
        Response login = logIn();
        String first = browser.cookies();

        Response refreshed = browser.post(other, "/token/refresh", BY_COOKIE);

        assertThat(refreshed.status()).as(refreshed.body()).isEqualTo(200);
        assertThat(refreshed.text("token")).isNotEqualTo(login.text("token"));
        assertThat(refreshed.json().has("refreshToken")).isFalse();
        assertThat(refreshed.json().has("refreshExpiresIn")).isTrue();
        assertThat(browser.cookies()).startsWith(NAME + "=").isNotEqualTo(first);
    }

    @Test
    void anEmptyBodyUsesTheCookieToo() {
        logIn();
        String first = browser.cookies();

        assertThat(browser.post(node, "/token/refresh", "{}").status()).isEqualTo(200);
        assertThat(browser.cookies()).isNotEqualTo(first);

        Response foreign = browser.at(ORIGIN, "cross-site").post(node, "/token/refresh", "{}");
        assertRejected(foreign, 400, "VALIDATION_FAILED");
        Response without = new Browser(ORIGIN, SAME_ORIGIN, source).post(node, "/token/refresh", "{}");
        assertRejected(without, 400, "VALIDATION_FAILED");
    }

    @Test
    void tabsThatRefreshAtOnceGetTheSameCookie() throws Exception {
        logIn();
        List<Callable<String>> tabs = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Browser tab = browser.at(ORIGIN, SAME_ORIGIN);
            Node to = i % 2 == 0 ? node : other;
            tabs.add(() -> {
                assertThat(tab.post(to, "/token/refresh", BY_COOKIE).status()).isEqualTo(200);
                return tab.cookies();
            });
        }
        ExecutorService threads = Executors.newFixedThreadPool(tabs.size());
        try {
            List<String> cookies = new ArrayList<>();
            for (Future<String> cookie : threads.invokeAll(tabs)) {
                cookies.add(cookie.get());
            }
            assertThat(cookies).containsOnly(cookies.get(0)).doesNotContain(browser.cookies());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aCopiedCookieThatIsUsedLaterEndsTheSession() {
        String token = logIn().text("token");
        Browser copy = browser.at(ORIGIN, SAME_ORIGIN);
        browser.post(node, "/token/refresh", BY_COOKIE);
        nodes.clock.advance(Duration.ofSeconds(11));

        Response reused = copy.post(other, "/token/refresh", BY_COOKIE);

        assertThat(reused.text("code")).isEqualTo("SESSION_ENDED");
        assertThat(onlyCookie(reused)).isEqualTo(REMOVED);
        assertThat(node.get("/user/me", token).text("code")).isEqualTo("SESSION_ENDED");
        assertThat(nodes.audit(id)).contains("TOKEN_REUSED");
    }

    @Test
    void theCookieOfAnEndedSessionIsRemoved() {
        String token = logIn().text("token");
        assertThat(node.post("/logout", token, "{}").json().path("ended").intValue())
                .isEqualTo(1);

        Response refreshed = browser.post(other, "/token/refresh", BY_COOKIE);

        assertThat(refreshed.status()).isEqualTo(401);
        assertThat(onlyCookie(refreshed)).isEqualTo(REMOVED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "\"quoted\"", "=", "%00", "\u00e9", "a=b"})
    void aCookieWithAnotherValueIsRemoved(String value) {
        Response refreshed = browser.post(node, "/token/refresh", BY_COOKIE, "Cookie", NAME + "=" + value);

        assertThat(refreshed.status()).isEqualTo(401);
        assertThat(refreshed.text("code")).isEqualTo("REFRESH_TOKEN_INVALID");
        assertThat(onlyCookie(refreshed)).isEqualTo(REMOVED);
    }

    /** Another tab may have just logged in. The removal would end the session of that tab. */
    @Test
    void aRefreshWithoutACookieRemovesNone() {
        assertRejected(browser.post(node, "/token/refresh", BY_COOKIE), 401, "REFRESH_TOKEN_INVALID");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // Sec-Fetch-Site        | Origin                        | Content-Type
                "''                      | https://login.example.com     | application/json",
                "none                    | https://login.example.com     | application/json",
                "cross-site              | https://login.example.com     | application/json",
                "cross-site              | https://app.example.com       | application/json",
                "cross-site              | http://localhost:3000         | application/json",
                "same-site               | https://evil.example.com      | application/json",
                "same-site               | https://login.example.com     | application/json",
                "same-site               | null                          | application/json",
                "same-site               | ''                            | application/json",
                "same-site               | *                             | application/json",
                "same-site               | https://app.example.com.evil  | application/json",
                "same-site               | HTTPS://app.example.com       | application/json",
                "Same-Origin             | https://login.example.com     | application/json",
                "same-origin,same-origin | https://login.example.com     | application/json",
                "same-origin, cross-site | https://login.example.com     | application/json",
                "same-origin             | https://login.example.com     | text/plain",
                "same-origin             | https://login.example.com     | application/x-www-form-urlencoded",
                "same-origin             | https://login.example.com     | multipart/form-data; boundary=x",
                "same-origin             | https://login.example.com     | ''",
                "same-origin             | https://login.example.com     | application/jsonp",
                "same-origin             | https://login.example.com     | application/*",
                "same-origin             | https://login.example.com     | */json"
            })
    void anyOtherPageIsRejectedAndChangesNothing(String site, String origin, String type) {
        String token = logIn().text("token");
        String before = browser.cookies();
        boolean json = type.equals("application/json");

        for (Map.Entry<String, String> call :
                List.of(Map.entry("/login", credentials()), Map.entry("/token/refresh", BY_COOKIE))) {
            Response response = foreign(call.getKey(), call.getValue(), site, origin, type);
            assertThat(response.status()).as(call + response.body()).isIn(json ? List.of(403) : List.of(400, 403, 415));
            assertThat(response.headers().allValues("Set-Cookie")).isEmpty();
        }
        for (String body : List.of(BY_COOKIE, "{\"session\":\"cookie\",\"everywhere\":true}")) {
            assertRejected(foreign("/logout", body, site, origin, type), 403, "COOKIE_NOT_ALLOWED");
        }

        assertThat(node.get("/session", token).json()).hasSize(1);
        assertThat(browser.cookies()).isEqualTo(before);
        assertThat(browser.post(node, "/token/refresh", BY_COOKIE).status()).isEqualTo(200);
    }

    private Response foreign(String path, String body, String site, String origin, String type) {
        return browser.post(node, path, body, "Sec-Fetch-Site", site, "Origin", origin, "Content-Type", type);
    }

    @Test
    void aRepeatedHeaderIsRejected() {
        logIn();

        for (String[] twice : List.of(
                new String[] {"Sec-Fetch-Site", SAME_ORIGIN, "Sec-Fetch-Site", SAME_ORIGIN},
                new String[] {"Sec-Fetch-Site", SAME_ORIGIN, "Sec-Fetch-Site", "cross-site"},
                new String[] {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Site", SAME_ORIGIN},
                new String[] {"Sec-Fetch-Site", SAME_SITE, "Origin", LISTED, "Origin", LISTED},
                new String[] {"Sec-Fetch-Site", SAME_SITE, "Origin", "https://evil.example", "Origin", LISTED})) {
            assertRejected(browser.post(node, "/token/refresh", BY_COOKIE, twice), 403, "COOKIE_NOT_ALLOWED");
        }
    }

    @Test
    void aRejectionSaysWhatIsNeeded() {
        Response rejected = browser.at(ORIGIN, "none").post(node, "/login", credentials());

        assertThat(rejected.text("message")).contains("application/json", "Sec-Fetch-Site", "CORS_ORIGINS");
    }

    @Test
    void aListedOriginOfTheSameSiteMayUseTheCookie() {
        logIn();
        Browser app = browser.at(LISTED, SAME_SITE);

        Response refreshed = app.post(node, "/token/refresh", BY_COOKIE);

        assertThat(refreshed.status()).isEqualTo(200);
        assertThat(refreshed.header("Access-Control-Allow-Origin")).isEqualTo(LISTED);
        assertThat(refreshed.header("Access-Control-Allow-Credentials")).isEqualTo("true");
        assertThat(app.post(other, "/login", credentials()).status()).isEqualTo(200);
        assertThat(app.post(node, "/logout", BY_COOKIE).json().path("ended").intValue())
                .isEqualTo(1);
        assertThat(app.cookies()).isEmpty();
    }

    @Test
    void theWildcardDoesNotAllowTheCookie() {
        try (Node open = Node.start(nodes.stores, Map.of("CORS_ORIGINS", "*"))) {
            logIn();

            Response rejected = browser.at(LISTED, SAME_SITE).post(open, "/token/refresh", BY_COOKIE);
            assertRejected(rejected, 403, "COOKIE_NOT_ALLOWED");
            assertThat(rejected.header("Access-Control-Allow-Origin")).isEqualTo("*");
            assertThat(rejected.headers().map()).doesNotContainKey("access-control-allow-credentials");
            assertThat(browser.post(open, "/token/refresh", BY_COOKIE).status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "true", "\"\"", "\"Cookie\"", "\"token\"", "[\"cookie\"]", "{}", "1"})
    void theOnlyKindOfSessionIsTheCookie(String value) {
        String token = logIn().text("token");
        String field = "\"session\":" + value + "}";

        for (Map.Entry<String, String> call : List.of(
                Map.entry("/login", credentials().replace("\"session\":\"cookie\"}", field)),
                Map.entry("/login/factor", "{\"challenge\":\"x\",\"type\":\"totp\",\"code\":\"123456\"," + field),
                Map.entry("/login/passkey", "{\"credential\":{}," + field),
                Map.entry("/token/refresh", "{" + field),
                Map.entry("/logout", "{" + field))) {
            String body = call.getValue().replace("\"session\":\"cookie\"", "\"session\":" + value);
            Response rejected = browser.post(node, call.getKey(), body);
            assertRejected(rejected, 400, "VALIDATION_FAILED");
            assertThat(rejected.body()).as(call.getKey()).contains("\"session\"");
        }
        assertThat(node.get("/user/me", token).status()).isEqualTo(200);
    }

    @Test
    void aBodyWithARefreshTokenNeitherReadsNorSetsTheCookie() {
        logIn();
        String before = browser.cookies();
        Response login = node.loginFrom(source, name, PASSWORD);
        String refreshToken = login.text("refreshToken");

        assertRejected(
                browser.post(node, "/token/refresh", json(Map.of("refreshToken", refreshToken, "session", "cookie"))),
                400,
                "VALIDATION_FAILED");
        Response refreshed = browser.post(node, "/token/refresh", json(Map.of("refreshToken", refreshToken)));
        assertThat(refreshed.status()).isEqualTo(200);
        assertThat(refreshed.text("refreshToken")).isNotEmpty();
        assertThat(refreshed.headers().allValues("Set-Cookie")).isEmpty();
        assertRejected(
                browser.post(node, "/token/refresh", json(Map.of("refreshToken", "unknown"))),
                401,
                "REFRESH_TOKEN_INVALID");
        assertThat(browser.cookies()).isEqualTo(before);
        assertThat(browser.post(node, "/token/refresh", BY_COOKIE).status()).isEqualTo(200);
    }

    @Test
    void noOtherCallReadsOrSetsTheCookie() {
        String token = logIn().text("token");

        for (Response response : List.of(
                browser.post(node, "/login", json(Map.of("username", name, "password", PASSWORD))),
                browser.post(node, "/logout", "{}"),
                browser.post(node, "/logout", "{\"everywhere\":true}"),
                browser.post(node, "/login/step-up", json(Map.of("password", PASSWORD)), "auth", token),
                node.send("GET", "/user/me", "", "Cookie", browser.cookies(), "Sec-Fetch-Site", SAME_ORIGIN),
                node.send("OPTIONS", "/login", "", "Cookie", browser.cookies(), "Sec-Fetch-Site", SAME_ORIGIN),
                node.send("OPTIONS", "/logout", "", "Cookie", browser.cookies(), "Sec-Fetch-Site", SAME_ORIGIN),
                node.send("HEAD", "/token/refresh", "", "Cookie", browser.cookies(), "Sec-Fetch-Site", SAME_ORIGIN),
                node.send("GET", "/logout", "", "Cookie", browser.cookies(), "Sec-Fetch-Site", SAME_ORIGIN))) {
            assertThat(response.headers().allValues("Set-Cookie"))
                    .as(response.request() + response.body())
                    .isEmpty();
            assertThat(response.request().getPath().equals("/user/me") ? response.status() : 401)
                    .isEqualTo(401);
        }
        assertThat(browser.post(node, "/token/refresh", BY_COOKIE).status()).isEqualTo(200);
    }

    @Test
    void aCookieThatOccursTwiceIsRejected() {
        logIn();
        String cookie = browser.cookies();

        for (String[] headers : List.of(
                new String[] {"Cookie", cookie + "; " + cookie},
                new String[] {"Cookie", cookie + "; " + NAME + "=" + "x".repeat(64)},
                new String[] {"Cookie", NAME + "=;" + cookie},
                new String[] {"Cookie", cookie, "Cookie", NAME + "=" + "x".repeat(64)})) {
            assertRejected(browser.post(node, "/token/refresh", BY_COOKIE, headers), 403, "COOKIE_NOT_ALLOWED");
            assertRejected(browser.post(node, "/logout", BY_COOKIE, headers), 403, "COOKIE_NOT_ALLOWED");
        }
        assertThat(browser.post(node, "/token/refresh", BY_COOKIE).status()).isEqualTo(200);
    }

    /** Another host of the same site can set such cookies. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "gatehouse=VALUE",
                "__host-gatehouse=VALUE",
                "__Secure-gatehouse=VALUE",
                "x__Host-gatehouse=VALUE",
                "__Host-gatehouse-x=VALUE",
                "a=1,__Host-gatehouse=VALUE",
                "a=\"1, __Host-gatehouse=VALUE\"",
                "\u00a0__Host-gatehouse=VALUE",
                "\u0085__Host-gatehouse=VALUE",
                "__Host-gatehouse =VALUE",
                "__Host-gatehouse",
                "$Version=1, __Host-gatehouse=VALUE",
                "gatehouse-dev-80=VALUE"
            })
    void aCookieWithASimilarNameIsNotTheCookie(String similar) {
        logIn();
        Browser attacker = browser.at(ORIGIN, SAME_ORIGIN);
        String tossed = similar.replace("VALUE", value(attacker));

        assertRejected(browser.post(node, "/token/refresh", BY_COOKIE, "Cookie", tossed), 401, "REFRESH_TOKEN_INVALID");
        Response both = browser.post(node, "/token/refresh", BY_COOKIE, "Cookie", tossed + "; " + browser.cookies());
        assertThat(both.status()).as(both.body()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {";", ";;;=;=;", "=", "a", "a=\"", "$Version=1; $Path=/", "\t", "a=\u00ff", "{}", "a=b;c"})
    void malformedCookiesBesideTheCookieAreIgnored(String malformed) {
        logIn();

        for (String header : List.of(malformed + "; " + browser.cookies(), malformed + ";" + browser.cookies())) {
            Response refreshed = browser.post(node, "/token/refresh", BY_COOKIE, "Cookie", header);
            assertThat(refreshed.status()).as(refreshed.body()).isEqualTo(200);
            nodes.clock.advance(Duration.ofSeconds(1));
        }
    }

    @Test
    void manyOtherCookiesAreIgnored() {
        logIn();
        String many = "a=b; ".repeat(1000);

        assertThat(browser.post(node, "/token/refresh", BY_COOKIE, "Cookie", many + browser.cookies())
                        .status())
                .isEqualTo(200);
        Response tooMany = browser.post(node, "/token/refresh", BY_COOKIE, "Cookie", many.repeat(4));
        assertThat(tooMany.status()).isEqualTo(431);
    }

    @Test
    void aLogoutEndsTheSessionOfTheCookieAndRemovesIt() {
        String token = logIn().text("token");

        Response logout = browser.post(other, "/logout", BY_COOKIE);

        assertThat(ended(logout)).isEqualTo(1);
        assertThat(onlyCookie(logout)).isEqualTo(REMOVED);
        assertThat(browser.cookies()).isEmpty();
        assertThat(node.get("/user/me", token).text("code")).isEqualTo("SESSION_ENDED");
        assertThat(nodes.audit(id)).contains("LOGOUT");
        Response again = browser.post(node, "/logout", BY_COOKIE);
        assertThat(ended(again)).isZero();
        assertThat(onlyCookie(again)).isEqualTo(REMOVED);
    }

    @Test
    void aLogoutEverywhereByCookieEndsAllSessionsOfTheUser() {
        logIn();
        String token = node.loginFrom(source, name, PASSWORD).text("token");

        assertThat(ended(browser.post(other, "/logout", "{\"session\":\"cookie\",\"everywhere\":true}")))
                .isEqualTo(2);
        assertThat(node.get("/user/me", token).text("code")).isEqualTo("SESSION_ENDED");
    }

    @Test
    void aLogoutEndsTheSessionsOfTheTokenAndOfTheCookie() {
        String token = logIn().text("token");
        assertThat(ended(browser.post(node, "/logout", BY_COOKIE, "auth", token)))
                .isEqualTo(1);
        assertThat(nodes.audit(id)).containsOnlyOnce("LOGOUT");

        logIn();
        String otherSession = node.loginFrom(source, name, PASSWORD).text("token");
        assertThat(ended(browser.post(node, "/logout", BY_COOKIE, "auth", otherSession)))
                .isEqualTo(2);

        logIn();
        String third = node.loginFrom(source, name, PASSWORD).text("token");
        assertThat(ended(browser.post(node, "/logout", "{\"session\":\"cookie\",\"everywhere\":true}", "auth", third)))
                .isEqualTo(2);
        assertThat(nodes.audit(id)).containsOnlyOnce("LOGOUT_EVERYWHERE");
    }

    @Test
    void aRejectedTokenDoesNotKeepTheCookie() {
        Response service = node.post("/service", node.adminToken(), "{\"name\":\"" + name + "\",\"roles\":[]}");
        String ofService = node.serviceToken(service.text("_id"), service.text("secret"));
        String first = logIn().text("token");

        Response logout = browser.post(node, "/logout", BY_COOKIE, "auth", ofService);

        assertThat(logout.text("code")).isEqualTo("FORBIDDEN");
        assertThat(onlyCookie(logout)).isEqualTo(REMOVED);
        assertThat(node.get("/user/me", first).text("code")).isEqualTo("SESSION_ENDED");

        String second = logIn().text("token");
        Response ambiguous =
                browser.post(node, "/logout", BY_COOKIE, "auth", second, "Authorization", "Bearer " + first);
        assertThat(ambiguous.text("code")).isEqualTo("TOKEN_AMBIGUOUS");
        assertThat(onlyCookie(ambiguous)).isEqualTo(REMOVED);
        assertThat(node.get("/user/me", second).text("code")).isEqualTo("SESSION_ENDED");
    }

    @Test
    void aLogoutAcceptsTheEarlierCookieWhileARefreshAcceptsIt() {
        logIn();
        Browser tab = browser.at(ORIGIN, SAME_ORIGIN);
        browser.post(node, "/token/refresh", BY_COOKIE);
        assertThat(ended(tab.post(other, "/logout", BY_COOKIE))).isEqualTo(1);

        String token = logIn().text("token");
        String elsewhere = node.loginFrom(source, name, PASSWORD).text("token");
        Browser copy = browser.at(ORIGIN, SAME_ORIGIN);
        browser.post(node, "/token/refresh", BY_COOKIE);
        nodes.clock.advance(Duration.ofSeconds(11));
        assertThat(ended(copy.post(other, "/logout", "{\"session\":\"cookie\",\"everywhere\":true}")))
                .isZero();
        assertThat(node.get("/user/me", token).text("code")).isEqualTo("SESSION_ENDED");
        assertThat(node.get("/user/me", elsewhere).status()).isEqualTo(200);
    }

    @Test
    void aSecondFactorCompletesALoginByCookie() {
        Enrolled user = nodes.enrol(name + "-totp", source);
        nodes.nextStep();
        String challenge = nodes.challenge(user.name(), source);
        Map<String, String> code =
                Map.of("challenge", challenge, "type", "totp", "code", nodes.code(user.secret()), "session", "cookie");

        assertRejected(
                browser.at(ORIGIN, "cross-site").post(node, "/login/factor", json(code)), 403, "COOKIE_NOT_ALLOWED");
        Response login = browser.post(other, "/login/factor", json(code));

        assertThat(login.status()).as(login.body()).isEqualTo(200);
        assertThat(onlyCookie(login)).startsWith(NAME + "=");
        assertThat(login.json().has("refreshToken")).isFalse();
        assertThat(browser.post(node, "/token/refresh", BY_COOKIE).status()).isEqualTo(200);
    }

    @Test
    void theFirstStepOfALoginWithAFactorSetsNoCookie() {
        Enrolled user = nodes.enrol(name + "-totp", source);

        Response first = browser.post(
                node, "/login", json(Map.of("username", user.name(), "password", PASSWORD, "session", "cookie")));

        assertRejected(first, 401, "FACTOR_REQUIRED");
    }

    @Test
    void aStepUpKeepsTheSessionAndItsCookie() {
        Enrolled user = nodes.enrol(name + "-totp", source);
        nodes.nextStep();
        browser.post(
                node,
                "/login/factor",
                json(Map.of(
                        "challenge",
                        nodes.challenge(user.name(), source),
                        "type",
                        "totp",
                        "code",
                        nodes.code(user.secret()),
                        "session",
                        "cookie")));
        String token = browser.post(node, "/token/refresh", BY_COOKIE).text("token");
        String before = browser.cookies();
        nodes.nextStep();
        Response required = browser.post(node, "/login/step-up", json(Map.of("password", PASSWORD)), "auth", token);
        Response steppedUp = browser.post(
                node,
                "/login/factor",
                json(Map.of(
                        "challenge",
                        required.text("challenge"),
                        "type",
                        "totp",
                        "code",
                        nodes.code(user.secret()),
                        "session",
                        "cookie")));

        assertThat(steppedUp.status()).as(steppedUp.body()).isEqualTo(200);
        assertThat(steppedUp.headers().allValues("Set-Cookie")).isEmpty();
        assertThat(browser.cookies()).isEqualTo(before);
        assertThat(FactorNodes.claims(steppedUp.text("token")).path("sid"))
                .isEqualTo(FactorNodes.claims(token).path("sid"));
        assertThat(browser.post(node, "/token/refresh", BY_COOKIE).status()).isEqualTo(200);
    }

    @Test
    void aUserWhoMustAddAFactorGetsTheCookieAfterwards() {
        assertThat(node.patch("/user/" + id, node.adminToken(), "{\"roles\":[\"user\",\"guarded\"]}")
                        .status())
                .isEqualTo(200);
        Response login = logIn();
        assertThat(login.json().path("enrolmentRequired").booleanValue()).isTrue();
        assertThat(login.headers().allValues("Set-Cookie")).isEmpty();
        String token = login.text("token");
        Response device = browser.post(node, "/factor/totp", json(Map.of("name", "phone")), "auth", token);
        String path = "/factor/" + device.text("_id") + "/confirm";
        String code = json(Map.of("code", nodes.code(device.text("secret")), "session", "cookie"));

        assertRejected(
                browser.at(ORIGIN, "cross-site").post(node, path, code, "auth", token), 403, "COOKIE_NOT_ALLOWED");
        assertRejected(
                browser.post(node, path, "{\"code\":\"123456\",\"session\":1}", "auth", token),
                400,
                "VALIDATION_FAILED");
        Response confirmed = browser.post(node, path, code, "auth", token);

        assertThat(confirmed.status()).as(confirmed.body()).isEqualTo(200);
        assertThat(confirmed.json().has("refreshToken")).isFalse();
        assertThat(onlyCookie(confirmed)).endsWith("Max-Age=" + confirmed.text("refreshExpiresIn"));
        assertThat(browser.post(other, "/token/refresh", BY_COOKIE).status()).isEqualTo(200);
    }

    @Test
    void aChangeOfThePasswordKeepsTheSession() {
        String token = logIn().text("token");
        assertThat(node.send(
                                "PUT",
                                "/user/" + id + "/password",
                                json(Map.of("currentPassword", PASSWORD, "newPassword", "staple battery horse")),
                                "auth",
                                token,
                                "Content-Type",
                                "application/json",
                                "X-Forwarded-For",
                                source)
                        .status())
                .isEqualTo(204);

        assertThat(browser.post(other, "/token/refresh", BY_COOKIE).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({
        "http://localhost,        gatehouse-dev-80",
        "http://localhost:8080,   gatehouse-dev-8080",
        "http://127.0.0.1:5173,   gatehouse-dev-5173",
        "http://[::1]:8080,       gatehouse-dev-8080",
    })
    void aDevelopersMachineGetsACookieThatDoesNotNeedTls(String origin, String cookieName) {
        Browser local = browser.at(origin, SAME_ORIGIN);
        Response login = local.post(node, "/login", credentials());

        assertThat(onlyCookie(login))
                .matches(cookieName + "=[A-Za-z0-9_-]{64}; Path=/; HttpOnly; SameSite=Strict; Max-Age=\\d+");
        assertThat(local.post(node, "/token/refresh", BY_COOKIE).status()).isEqualTo(200);
        // The cookies of all ports of a host reach each server.
        Response otherPort = local.at("http://localhost:9", SAME_ORIGIN).post(node, "/token/refresh", BY_COOKIE);
        assertRejected(otherPort, 401, "REFRESH_TOKEN_INVALID");
        assertRejected(
                local.at(ORIGIN, SAME_ORIGIN).post(node, "/token/refresh", BY_COOKIE), 401, "REFRESH_TOKEN_INVALID");
        assertThat(onlyCookie(local.post(node, "/logout", BY_COOKIE)))
                .isEqualTo(cookieName + "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://localhost:8443",
                "http://localhost.example.com",
                "http://login.example.com",
                "http://localhost:8080/",
                "http://localhost@evil.example",
                "http://127.0.0.2",
                "http://localhost:123456",
                "null"
            })
    void everyOtherOriginGetsACookieThatNeedsTls(String origin) {
        Response login = browser.at(origin, SAME_ORIGIN).post(node, "/login", credentials());

        assertThat(onlyCookie(login)).startsWith(NAME + "=").contains("; Secure;");
    }

    @ParameterizedTest
    @CsvSource({
        "'',          '',                                  ''",
        "/accounts,   '',                                  -accounts",
        "/a/b,        '',                                  -a%2Fb",
        "/a-b,        '',                                  -a-b",
        "'',          https://example.com,                 ''",
        "'',          https://example.com/accounts,        -accounts",
        "/inner,      https://example.com/accounts,        -accounts",
        "/inner,      https://example.com,                 ''",
        "'',          https://example.com/a%20b;c=d,       -a%2520b%3Bc%3Dd",
    })
    void theNameContainsThePathOfTheService(String contextPath, String publicUrl, String suffix) {
        Map<String, String> settings = publicUrl.isEmpty() ? Map.of() : Map.of("PUBLIC_URL", publicUrl);
        try (Node service = Node.startUnder(contextPath, nodes.stores, settings)) {
            assertThat(onlyCookie(browser.post(service, "/login", credentials())))
                    .startsWith("__Host-gatehouse" + suffix + "=");
            assertThat(browser.post(service, "/token/refresh", BY_COOKIE).status())
                    .isEqualTo(200);
            assertThat(ended(browser.post(service, "/logout", BY_COOKIE))).isEqualTo(1);
            assertThat(browser.cookies()).isEmpty();
            Response local = browser.at("http://localhost:8080", SAME_ORIGIN).post(service, "/login", credentials());
            assertThat(onlyCookie(local)).startsWith("gatehouse-dev-8080" + suffix + "=");
        }
    }

    private Response logIn() {
        Response login = browser.post(node, "/login", credentials());
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        return login;
    }

    private String credentials() {
        return "{\"username\":\"" + name + "\",\"password\":\"" + PASSWORD + "\",\"session\":\"cookie\"}";
    }

    private static void assertRejected(Response response, int status, String code) {
        assertThat(response.status()).as(response.body()).isEqualTo(status);
        assertThat(response.text("code")).isEqualTo(code);
        assertThat(response.headers().allValues("Set-Cookie")).isEmpty();
    }

    private static long ended(Response logout) {
        assertThat(logout.status()).as(logout.body()).isEqualTo(200);
        return logout.json().path("ended").longValue();
    }

    private static String value(Browser browser) {
        return browser.cookies().split("=", 2)[1];
    }

    private static String onlyCookie(Response response) {
        List<String> cookies = response.headers().allValues("Set-Cookie");
        assertThat(cookies).as(response.body()).hasSize(1);
        return cookies.get(0);
    }
}
