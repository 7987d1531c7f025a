package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.war.ServiceClient.credentials;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.bson.Document;
import org.gatehouse.mail.MailServer;
import org.gatehouse.store.Stores;

/**
 * Calls every operation of one instance. The calls contain secrets in the expected places, and also in wrong places.
 */
final class SecretCalls {
    /** The trace id of every call. */
    static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

    private static final String JSON = "application/json";
    private static final String NDJSON = "application/x-ndjson";
    private static final String FORM = "application/x-www-form-urlencoded";

    private final ServiceClient service;
    private final String instance;
    private final Stores stores;
    private final Secrets secrets;
    private final Secrets hashes;
    private final Secrets misplaced;
    private final String adminPassword;
    private final String metricsToken;
    private final SecretMailCalls mails;
    private final SecretFactorCalls factors;

    private final Set<String> called = new TreeSet<>();
    private final List<String> responses = new ArrayList<>();
    private final List<String> requestIds = new ArrayList<>();

    /**
     * Prepares the calls, but does not send any call.
     *
     * @param instance a name for the instance
     * @param kinds receives all secrets that the calls create
     * @param mails the server that receives the mails of the instance
     */
    SecretCalls(
            ServiceClient service,
            String instance,
            Stores stores,
            Secrets.Kinds kinds,
            String adminPassword,
            String metricsToken,
            MailServer mails) {
        this.service = service;
        this.instance = instance;
        this.stores = stores;
        this.secrets = kinds.secrets();
        this.hashes = kinds.hashes();
        this.misplaced = kinds.misplaced();
        this.adminPassword = adminPassword;
        this.metricsToken = metricsToken;
        this.mails = new SecretMailCalls(this, instance, mails, kinds);
        this.factors = new SecretFactorCalls(this, instance, kinds);
    }

    /** Returns the operations of the OpenAPI description that were called successfully. */
    Set<String> called() {
        return called;
    }

    /** Returns all responses, except responses that may contain secrets. */
    List<String> responses() {
        return responses;
    }

    /** Returns the request ids. Each id begins with {@code request-} and the name of the instance. */
    List<String> requestIds() {
        return requestIds;
    }

    /** Logs the administrator in and returns the token. */
    String adminToken() {
        return login("/login", credentials(WarServer.ADMIN, adminPassword)).text("token");
    }

    /** Sends a request whose response must not contain any secret. */
    Response call(String method, String path, String body, String... headers) {
        Response response = send(method, path, body, headers);
        responses.add(method + " " + path.replaceAll("[?].*", "") + "\n" + response.body());
        return response;
    }

    /** Sends a request whose response may contain secrets. */
    Response send(String method, String path, String body, String... headers) {
        Response response = service.patiently(() -> service.send(method, path, body, withRequestId(headers)));
        if (response.status() / 100 == 2) {
            ApiDescription.built()
                    .operation(method, path.replaceAll("[?].*", ""))
                    .ifPresent(called::add);
        }
        return response;
    }

    private String[] withRequestId(String... headers) {
        String requestId = "request-" + instance + "-" + requestIds.size();
        requestIds.add(requestId);
        List<String> all = new ArrayList<>(List.of(headers));
        all.addAll(List.of("X-Request-Id", requestId, "traceparent", "00-" + TRACE + "-00f067aa0ba902b7-01"));
        return all.toArray(String[]::new);
    }

    Response json(String method, String path, String token, String body) {
        return call(method, path, body, "auth", token, "Content-Type", JSON);
    }

    /** Logs in or refreshes a token, and records the secrets in the response. */
    Response login(String path, String body) {
        Response response = send("POST", path, body, "Content-Type", JSON);
        assertStatus(200, response);
        String token = response.text("token");
        secrets.add("an access token", token);
        secrets.add("the signature of a token", token.substring(token.lastIndexOf('.') + 1));
        String refreshToken = secrets.add("a refresh token", response.text("refreshToken"));
        byte[] decoded = Base64.getUrlDecoder().decode(refreshToken);
        secrets.add("the bytes of a refresh token", new String(decoded, StandardCharsets.ISO_8859_1));
        return response;
    }

    /** Calls every operation, except operations that would end the tokens of other instances. */
    void callEverything() {
        String admin = adminToken();
        String name = "alice-" + instance;
        String password = secrets.make("the password of a new user");
        Response created = create(admin, name, password);
        String id = created.text("_id");
        Response login = login("/login", credentials(name, password));
        logins(name);
        tokens(login, admin, name, password);
        registrations(admin);
        changes(id, login.text("token"));
        passwords(name, password, login.text("token"));
        imports(admin);
        queries(admin, id);
        services(admin);
        mails.callEverything(admin);
        factors.callEverything(admin);
        misplacedInPaths(admin);
        misplacedInHeaders(admin);
        recordHashOf(name);
        endSessions(admin, id, name);
    }

    private Response create(String admin, String name, String password) {
        String body = credentials(name, password);
        Response created =
                call("POST", "/user", body, "auth", admin, "Content-Type", JSON, "Idempotency-Key", "key-" + name);
        assertThat(created.status()).as(created.body()).isEqualTo(201);
        Response again =
                call("POST", "/user", body, "auth", admin, "Content-Type", JSON, "Idempotency-Key", "key-" + name);
        assertThat(again.body()).isEqualTo(created.body());
        return created;
    }

    private void logins(String name) {
        String wrong = secrets.make("a wrong password");
        assertStatus(401, json("POST", "/login", "", credentials(name, wrong)));
        String typed = secrets.make("a password typed as the name at login");
        assertStatus(401, json("POST", "/login", "", credentials(typed, typed)));
        for (String body : List.of(
                "{\"username\":\"%s\",\"password\":\"SECRET\"",
                "{\"username\":\"%s\",\"password\":SECRET}",
                "SECRET",
                "{\"username\":\"%s\",\"password\":[\"SECRET\"]}",
                "{\"username\":{\"$ne\":\"SECRET\"},\"password\":\"SECRET\"}",
                "{\"username\":\"%s\",\"pasword\":\"SECRET\"}",
                "{\"SECRET\":1,\"SECRET\":2}",
                "{\"username\":\"%s\",\"password\":\"SECRET\",\"password\":\"SECRET\"}",
                "{\"username\":\"%s\",\"password\":\"SECRET\\u12\"}",
                "{\"username\":\"%s\",\"password\":\"SECRET\"} SECRET")) {
            String secret = misplaced.make("part of a bad login");
            assertStatus(400, json("POST", "/login", "", body.formatted(name).replace("SECRET", secret)));
        }
        String inForm = secrets.make("the password in a form");
        assertStatus(415, call("POST", "/login", "username=" + name + "&password=" + inForm, "Content-Type", FORM));
        String inQuery = secrets.make("the password in the query");
        assertStatus(400, json("POST", "/login?username=" + name + "&password=" + inQuery, "", "{}"));
        String large = secrets.make("the password in too large a body");
        assertStatus(413, json("POST", "/login", "", "{\"password\":\"" + large.repeat(3_000) + "\"}"));
    }

    private void tokens(Response login, String admin, String name, String password) {
        String token = login.text("token");
        String refreshToken = login.text("refreshToken");
        assertStatus(200, call("GET", "/user/me", "", "Authorization", "Bearer " + token));
        assertStatus(200, call("GET", "/session", "", "auth", token));
        String[] parts = token.split("\\.", -1);
        String forged = secrets.make("the signature of a forged token");
        for (String wrong : List.of(
                secrets.make("a malformed token"),
                refreshToken,
                parts[0] + "." + parts[1] + "." + forged,
                parts[0] + "." + secrets.make("the claims of a forged token") + "." + parts[2],
                secrets.make("the header of a forged token") + "." + parts[1] + "." + parts[2])) {
            assertStatus(401, call("GET", "/user/me", "", "auth", wrong));
            assertStatus(401, call("GET", "/user/me", "", "Authorization", "Bearer " + wrong));
            assertStatus(400, call("GET", "/user/me", "", "auth", token, "Authorization", "Bearer " + wrong));
            assertStatus(200, call("POST", "/introspect", "token=" + wrong, "auth", admin, "Content-Type", FORM));
        }
        assertStatus(200, call("POST", "/introspect", "token=" + token, "auth", admin, "Content-Type", FORM));
        String basic = basic("client", secrets.make("a client's secret"));
        assertStatus(401, call("POST", "/introspect", "token=" + token, "Authorization", basic, "Content-Type", FORM));

        login("/token/refresh", "{\"refreshToken\":\"" + refreshToken + "\"}");
        String unknown = secrets.add("an unknown refresh token", secrets.make("a refresh token") + "x".repeat(64));
        for (String body : List.of(
                "{\"refreshToken\":\"" + unknown.substring(0, 64) + "\"}", "{\"refreshToken\":\"" + unknown + "\"}")) {
            assertStatus(401, json("POST", "/token/refresh", "", body));
        }
        for (String body : List.of(
                "{\"refreshToken\":[\"" + refreshToken + "\"]}",
                "{\"refresh_token\":\"" + refreshToken + "\"}",
                "{\"refreshToken\":\"" + refreshToken,
                refreshToken)) {
            assertStatus(400, json("POST", "/token/refresh", "", body));
        }
        cookies(name, password);
        for (String inPath : List.of(token, refreshToken)) {
            assertStatus(404, call("GET", "/user/" + inPath, "", "auth", admin));
            assertStatus(404, call("GET", "/nothing/" + inPath, ""));
            assertStatus(404, call("GET", "/WEB-INF/" + inPath, ""));
            assertStatus(401, call("GET", "/user/me?access_token=" + inPath, ""));
            assertStatus(404, call("DELETE", "/session/" + inPath, "", "auth", token));
        }
    }

    private void cookies(String name, String password) {
        String asked = credentials(name, password).replace("}", ",\"session\":\"cookie\"}");
        String byCookie = "{\"session\":\"cookie\"}";
        String cookie = cookie(200, "/login", asked, "", "same-origin");
        String next = cookie(200, "/token/refresh", byCookie, cookie, "same-origin");
        cookie(403, "/token/refresh", byCookie, next, "cross-site");
        cookie(403, "/token/refresh", byCookie, cookie + "; " + next, "same-origin");
        cookie(400, "/token/refresh", byCookie.replace("}", ""), next, "same-origin");
        cookie(200, "/logout", byCookie, next, "same-origin");
        cookie(401, "/token/refresh", byCookie, next, "same-origin");
        String unknown = secrets.make("an unknown refresh token in a cookie");
        cookie(401, "/token/refresh", byCookie, next.substring(0, next.indexOf('=') + 1) + unknown, "same-origin");
    }

    /** Sends a request with the session cookie. Returns the cookie that the response sets, or the empty string. */
    private String cookie(int status, String path, String body, String cookie, String site) {
        Response response = call(
                "POST",
                path,
                body,
                "Content-Type",
                JSON,
                "Origin",
                "https://login.example.com",
                "Sec-Fetch-Site",
                site,
                "Cookie",
                cookie);
        assertStatus(status, response);
        String pair = response.header("Set-Cookie").split(";", 2)[0];
        String value = pair.substring(pair.indexOf('=') + 1);
        if (!value.isEmpty()) {
            secrets.add("a refresh token in a cookie", value);
        }
        return pair;
    }

    private void services(String admin) {
        Response created = send(
                "POST",
                "/service",
                "{\"name\":\"billing-" + instance + "\",\"roles\":[\"introspect\"]}",
                "auth",
                admin,
                "Content-Type",
                JSON);
        assertStatus(201, created);
        String id = created.text("_id");
        String path = "/service/" + id;
        String secret = secrets.add("the secret of a service", created.text("secret"));
        String basic = basic(id, secret);
        assertStatus(200, call("GET", "/service", "", "auth", admin));
        assertStatus(200, call("GET", path, "", "auth", admin));
        assertStatus(200, json("PATCH", path, admin, "{\"name\":\"invoices-" + instance + "\"}"));

        String token = serviceToken("", "Authorization", basic);
        serviceToken("&client_id=" + id + "&client_secret=" + secret);
        assertStatus(204, call("GET", "/check?role=introspect", "", "auth", token));
        assertStatus(204, call("POST", "/check", "", "auth", token));
        assertStatus(403, call("GET", "/user/me", "", "auth", token));
        for (String call : List.of("/introspect", "/revoke")) {
            assertStatus(200, call("POST", call, "token=" + token, "Authorization", basic, "Content-Type", FORM));
        }
        assertStatus(401, call("GET", "/check", "", "auth", token));

        Response next = send("POST", path + "/secret", "", "auth", admin);
        assertStatus(201, next);
        String nextSecret = secrets.add("the next secret of a service", next.text("secret"));
        misplacedSecrets(admin, id, nextSecret);
        assertStatus(204, call("DELETE", path, "", "auth", admin));
        assertStatus(401, call("POST", "/introspect", "token=x", "Authorization", basic, "Content-Type", FORM));
    }

    private void misplacedSecrets(String admin, String id, String secret) {
        String grant = "grant_type=client_credentials";
        String wrong = secrets.make("a wrong secret of a service");
        assertStatus(401, call("POST", "/token", grant, "Authorization", basic(id, wrong), "Content-Type", FORM));
        assertStatus(401, call("POST", "/token", grant, "Authorization", basic(secret, id), "Content-Type", FORM));
        assertStatus(
                400,
                call(
                        "POST",
                        "/token",
                        grant + "&client_secret=" + secret,
                        "Authorization",
                        basic(id, secret),
                        "Content-Type",
                        FORM));
        assertStatus(400, call("POST", "/token?client_secret=" + secret, grant, "Content-Type", FORM));
        assertStatus(400, call("POST", "/token", "grant_type=" + secret, "Content-Type", FORM));
        assertStatus(415, json("POST", "/token", "", "{\"client_secret\":\"" + secret + "\"}"));
        assertStatus(401, call("GET", "/check", "", "auth", secret));
        assertStatus(404, call("GET", "/service/" + secret, "", "auth", admin));
        assertStatus(400, json("POST", "/service", admin, "{\"name\":\"x\",\"secret\":\"" + secret + "\"}"));
        assertStatus(
                400, json("POST", "/service/" + id + "/secret", admin, "{\"previousExpiresIn\":\"" + secret + "\"}"));
    }

    /** Gets an access token for a service, and records the token. */
    private String serviceToken(String fields, String... headers) {
        List<String> all = new ArrayList<>(List.of(headers));
        all.addAll(List.of("Content-Type", FORM));
        Response response =
                send("POST", "/token", "grant_type=client_credentials" + fields, all.toArray(String[]::new));
        assertStatus(200, response);
        String token = secrets.add("an access token of a service", response.text("access_token"));
        secrets.add("the signature of a token of a service", token.substring(token.lastIndexOf('.') + 1));
        return token;
    }

    private String basic(String id, String secret) {
        String encoded = Base64.getEncoder().encodeToString((id + ":" + secret).getBytes(StandardCharsets.UTF_8));
        return "Basic " + secrets.add("the credentials of a service, encoded", encoded);
    }

    private void registrations(String admin) {
        String registered = secrets.make("the password of a registered user");
        assertStatus(201, json("POST", "/user", "", credentials("bob-" + instance, registered)));
        String secret = secrets.make("the password of a rejected user");
        for (String body : List.of(
                "{\"username\":\"carol\",\"password\":{\"value\":\"" + secret + "\"}}",
                "{\"username\":\"ca rol\",\"password\":\"" + secret + "\"}",
                "{\"username\":\"carol\",\"passwordHash\":\"" + secret + "\"}",
                "{\"username\":\"carol\",\"password\":\"" + secret + "\",\"version\":\"" + secret + "\"}",
                "{\"username\":\"carol\",\"password\":\"" + secret + "\",\"roles\":\"" + secret + "\"}",
                "{\"username\":\"carol\",\"password\":\"" + secret)) {
            assertStatus(400, json("POST", "/user", admin, body));
        }
        assertStatus(409, json("POST", "/user", admin, credentials(WarServer.ADMIN, secret)));
        String typed = misplaced.make("a password typed as the name of a new user");
        assertStatus(400, json("POST", "/user", admin, credentials(typed, typed)));
        assertStatus(201, json("POST", "/user", admin, credentials(typed, secret)));
    }

    private void changes(String id, String token) {
        String customField = misplaced.make("a password in a custom field");
        assertStatus(200, json("PATCH", "/user/" + id, token, "{\"pasword\":\"" + customField + "\"}"));
        assertStatus(200, call("GET", "/user/" + id, "", "auth", token));
        assertStatus(200, call("GET", "/user/" + id, "", "auth", token));
        String secret = secrets.make("part of a bad patch");
        for (String body : List.of(
                "{\"password\":\"" + secret + "\"}",
                "{\"passwordHash\":\"" + secret + "\"}",
                "{\"status\":\"" + secret + "\"}",
                "{\"username\":[\"" + secret + "\"]}",
                "[\"" + secret + "\"]",
                "{\"a\":\"" + secret)) {
            assertThat(json("PATCH", "/user/" + id, token, body).status())
                    .as(body)
                    .isIn(400, 403);
        }
    }

    private void passwords(String name, String password, String token) {
        String path = "/user/me/password";
        String next = secrets.make("a new password");
        String wrong = secrets.make("a wrong current password");
        String given = "{\"currentPassword\":\"%s\",\"newPassword\":\"%s\"}";
        assertStatus(400, json("PUT", path, token, given.formatted(wrong, next)));
        assertStatus(400, json("PUT", path, token, given.formatted(password, next.substring(0, 9))));
        assertStatus(400, json("PUT", path, token, "{\"newPassword\":[\"" + next + "\"]}"));
        assertStatus(400, json("PUT", path, token, "{\"newPassword\":\"" + next));
        assertStatus(204, json("PUT", path, token, given.formatted(password, next)));
        login("/login", credentials(name, next));
    }

    private void imports(String admin) {
        String salt = Base64.getEncoder().withoutPadding().encodeToString(new byte[16]);
        String hash = hashes.make("a hash that was imported");
        String foreign = "$pbkdf2-sha256$i=1000$" + salt + "$" + (hash + "A".repeat(43)).substring(0, 43);
        String malformed = secrets.make("part of a bad line");
        String plain = secrets.make("the password of an imported user");
        String dave = "dave-" + instance;
        String lines = String.join(
                "\n",
                "{\"username\":\"%s\",\"passwordHash\":\"%s\"}".formatted(dave, foreign),
                credentials("erin-" + instance, plain),
                "{\"username\":\"frank\",\"passwordHash\":\"$%s$x\"}".formatted(malformed),
                "{\"username\":\"frank\",\"passwordHash\":\"$2a$10$%s\"}".formatted(malformed),
                "{\"username\":\"frank\",\"password\":[\"%s\"]}".formatted(malformed),
                "{\"username\":\"frank\",\"password\":\"%s\"".formatted(malformed),
                malformed,
                credentials(dave, malformed));
        for (String query : List.of("?dryRun=true", "")) {
            Response imported = call("POST", "/user/import" + query, lines, "auth", admin, "Content-Type", NDJSON);
            // The last line repeats a username. A dry run does not detect the repetition, because a dry run does not
            // compare lines with each other.
            assertThat(imported.body()).contains(query.isEmpty() ? "\"created\":2" : "\"created\":3");
        }
        assertStatus(401, json("POST", "/login", "", credentials(dave, secrets.make("a password to import"))));
        assertThat(hashes.in(call("GET", "/user/export", "", "auth", admin).body()))
                .isEmpty();
        assertThat(hashes.in(call("GET", "/user/me/export", "", "auth", admin).body()))
                .isEmpty();
        assertThat(hashes.in(send("GET", "/user/export?hashes=true", "", "auth", admin)
                        .body()))
                .isNotEmpty();
    }

    private void queries(String admin, String id) {
        for (String path :
                List.of("/user", "/audit", "/key", "/session", "/service", "/mail", "/user/" + id + "/session")) {
            assertStatus(200, call("GET", path, "", "auth", admin));
            for (String parameter : List.of("after", "limit")) {
                String query = "?" + parameter + "=" + misplaced.make("a bad " + parameter);
                assertStatus(400, call("GET", path + query, "", "auth", admin));
            }
        }
        assertStatus(200, json("POST", "/user/bulk", admin, "{\"action\":\"enable\",\"users\":[\"" + id + "\"]}"));
        String bulk = misplaced.make("a field of a bulk request");
        assertStatus(
                400, json("POST", "/user/bulk", admin, "{\"action\":\"" + bulk + "\",\"users\":[\"" + bulk + "\"]}"));
        for (String parameter : List.of("sort", "status", "count", "role", "q", "search")) {
            String query = "?" + parameter + "=" + misplaced.make("a search term");
            assertThat(send("GET", "/user" + query, "", "auth", admin).status()).isIn(200, 400);
        }
        for (String query : List.of(
                "/audit?type=",
                "/audit?user=",
                "/audit?since=",
                "/audit?until=",
                "/mail?status=",
                "/mail?user=",
                "/user/export?hashes=",
                "/user/import?dryRun=")) {
            String path = query + misplaced.make("a bad parameter");
            String method = query.contains("import") ? "POST" : "GET";
            assertThat(call(method, path, "", "auth", admin, "Content-Type", NDJSON)
                            .status())
                    .isIn(200, 400, 415);
        }
        for (String path : List.of(
                "/",
                "/.well-known/jwks.json",
                "/.well-known/oauth-authorization-server",
                "/.well-known/openid-configuration",
                "/docs",
                "/docs/page.css",
                "/account",
                "/account/features",
                "/console",
                "/openapi.json",
                "/health/live",
                "/health/ready")) {
            String unknown = secrets.make("a token that is not needed");
            assertStatus(200, call("GET", path, "", "auth", unknown));
        }
        assertStatus(200, call("GET", "/metrics", "", "Authorization", "Bearer " + metricsToken));
        String wrong = secrets.make("a wrong token for the metrics");
        assertStatus(401, call("GET", "/metrics", "", "Authorization", "Bearer " + wrong));
        assertStatus(400, call("GET", "/metrics?token=" + metricsToken, ""));
    }

    private void misplacedInPaths(String admin) {
        for (String path : List.of("/docs/", "/account/", "/openapi.")) {
            assertStatus(404, call("GET", path + secrets.make("part of the path of a file"), ""));
        }
        for (String path : List.of("/user/", "/key/", "/session/", "/")) {
            for (String method : List.of("GET", "DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND")) {
                String inPath = secrets.make("part of a path");
                String body = method.equals("PATCH") ? "{\"a\":1}" : "";
                Response response = json(method, path + inPath, admin, body);
                assertThat(response.status()).isIn(204, 404, 405);
            }
        }
        for (String below : List.of("/session", "/throttle", "/password", "/overview")) {
            String inPath = secrets.make("part of a path of a user");
            assertThat(call("GET", "/user/" + inPath + below, "", "auth", admin).status())
                    .isIn(404, 405);
            assertThat(call("DELETE", "/user/" + inPath + below, "", "auth", admin)
                            .status())
                    .isIn(404, 405);
        }
    }

    private void misplacedInHeaders(String admin) {
        for (String header : List.of(
                "Cookie",
                "X-Api-Key",
                "Proxy-Authorization",
                "Authorization",
                "Accept",
                "Accept-Language",
                "Content-Type",
                "Content-Encoding",
                "Origin",
                "Referer",
                "If-Match",
                "If-None-Match",
                "Forwarded",
                "X-Forwarded-For",
                "traceresponse",
                "tracestate")) {
            String inHeader = secrets.make("the value of the header " + header);
            for (String value : List.of(inHeader, "Bearer " + inHeader)) {
                assertThat(call("GET", "/user/me", "", header, value).status()).isBetween(400, 499);
                String type = header.equals("Content-Type") ? "" : JSON;
                Response patched =
                        call("PATCH", "/user/me", "{\"a\":1}", "auth", admin, "Content-Type", type, header, value);
                assertThat(patched.status()).isBetween(200, 499);
            }
        }
    }

    private void endSessions(String admin, String id, String name) {
        String token = adminToken();
        assertStatus(200, call("GET", "/user/" + id + "/throttle", "", "auth", admin));
        assertStatus(200, call("GET", "/user/" + id + "/overview", "", "auth", admin));
        assertStatus(200, call("GET", "/setting", "", "auth", admin));
        assertStatus(204, call("DELETE", "/user/" + id + "/throttle", "", "auth", admin));
        assertStatus(204, call("DELETE", "/session?others=true", "", "auth", token));
        assertStatus(401, call("GET", "/user/me", "", "auth", admin));
        assertStatus(204, call("DELETE", "/user/" + id + "/session", "", "auth", token));
        String sid = call("GET", "/session", "", "auth", token)
                .json()
                .get(0)
                .path("_id")
                .asText();
        assertStatus(
                204,
                json(
                        "PUT",
                        "/user/" + id + "/password",
                        token,
                        "{\"newPassword\":\"" + secrets.make("a password set by an administrator") + "\"}"));
        assertStatus(204, call("DELETE", "/user/" + id, "", "auth", token));
        assertStatus(401, json("POST", "/login", "", credentials(name, secrets.make("a password of a deleted user"))));
        assertStatus(204, call("DELETE", "/session/" + sid, "", "auth", token));
        assertStatus(200, json("POST", "/logout", token, "{}"));
        assertStatus(200, json("POST", "/logout", secrets.make("a token at a logout"), "{\"everywhere\":true}"));
        assertStatus(400, json("POST", "/logout", "", "{\"token\":\"" + secrets.make("a bad logout")));
    }

    /** Requests mails while the mail server is stopped. */
    void retryMail() {
        mails.retry();
    }

    /** Creates a key and revokes it. Then the other instances must reject this key. */
    void revokeKey() {
        String admin = adminToken();
        recordHashOf(WarServer.ADMIN);
        Response rotated = call("POST", "/key/rotate", "", "auth", admin);
        assertStatus(201, rotated);
        assertStatus(204, call("DELETE", "/key/" + rotated.text("kid"), "", "auth", admin));
    }

    private void recordHashOf(String username) {
        Document user = stores.users().find(new Document("username", username)).first();
        assertThat(user).isNotNull();
        String hash = user.getString("passwordHash");
        assertThat(hash).startsWith("$argon2id$");
        hashes.add("the hash of a password", hash.substring(hash.lastIndexOf('$') + 1));
    }

    static void assertStatus(int status, Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(status);
    }
}
