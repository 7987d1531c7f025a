package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.ApiDescription;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that a call with unknown query parameters or fields is rejected and changes nothing. */
class StrictRequestTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String FORM_TYPE = "application/x-www-form-urlencoded";
    private static final Set<String> FORMS = Set.of("/token", "/introspect", "/revoke");
    private static final ApiDescription description = ApiDescription.built();

    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores);
    private static String admin = "";
    private static String id = "";
    private static String service = "";

    /** A call from the API description. */
    private record DescribedCall(String method, String path, JsonNode operation) {}

    @BeforeAll
    static void createAlice() {
        admin = node.adminToken();
        id = node.create(admin, "alice", PASSWORD);
        service = node.post("/service", admin, "{\"name\":\"a service\"}").text("_id");
    }

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET    | /user?page=2                   | page",
                "GET    | /user?sortBy=username          | sortBy",
                "GET    | /user?Status=disabled          | Status",
                "GET    | /user?state=disabled           | state",
                "GET    | /user?status=active&x          | x",
                "GET    | /user?=x                       | ''",
                "GET    | /user/me?fields=username       | fields",
                "DELETE | /user/ID?force=true            | force",
                "PUT    | /user/ID/password?notify=false | notify",
                "POST   | /user?dryRun=true              | dryRun",
                "GET    | /audit?users=ID                | users",
                "GET    | /audit?User=ID                 | User",
                "GET    | /key?page=1                    | page",
                "GET    | /session?all=true              | all",
                "DELETE | /session?others=true&x=1       | x",
                "DELETE | /user/ID/session?x             | x",
                "GET    | /user/ID/throttle?x=1          | x",
                "POST   | /logout?everywhere=true        | everywhere",
                "POST   | /login?remember=true           | remember",
                "POST   | /token/refresh?x=1             | x",
                "POST   | /introspect?token=x            | token",
                "POST   | /token?grant_type=x            | grant_type",
                "POST   | /revoke?token=x                | token",
                "GET    | /check?roles=admin             | roles",
                "DELETE | /session?All=true              | All",
                "GET    | /service?page=2                | page",
                "DELETE | /service/ID?force=true         | force",
                "GET    | /user/export?Hashes=true       | Hashes",
                "POST   | /user/import?dryrun=true       | dryrun",
                "POST   | /user/import?dry_run=true      | dry_run",
                "POST   | /user/import?dry-run=true      | dry-run",
                "POST   | /user/import?DRYRUN=true       | DRYRUN",
                "POST   | /user/import?DryRun=true       | DryRun",
                "POST   | /user/import?dryRun%5B%5D=true | dryRun[]",
                "POST   | /user/import?dryRun=true&dryrun=true | dryrun"
            })
    void theErrorNamesAnUnknownQueryParameter(String method, String path, String name) {
        Response response = call(method, path.replace("ID", id), "{}");

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(response.json().path("errors").findValuesAsText("field")).containsExactly(name);
    }

    @Test
    void theErrorListsTheKnownParametersAndSuggestsTheNearest() {
        Response response = node.get("/user?Status=disabled&page=2", admin);

        assertThat(response.text("hint"))
                .isEqualTo("This call has the query parameters limit, after, sort, q, search, role, status, count.");
        assertThat(response.json().path("errors").findValuesAsText("message"))
                .containsExactly(
                        "is not a query parameter of this call; did you mean status?",
                        "is not a query parameter of this call");
        assertThat(node.get("/user/me?x=1", admin).text("hint")).isEqualTo("This call has no query parameters.");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/user?limit=1&limit=2",
                "/user?limit=1&limit=1",
                "/user?q=a&q=",
                "/user?status=active&l=1&status=active",
                "/user?count=true&count=false",
                "/user?%6Cimit=1&limit=2",
                "/audit?type=LOGOUT&type=LOGIN_FAILED",
                "/key?after=x&after=y",
                "/session?limit=1&limit=2",
                "/user/export?hashes=false&hashes=true"
            })
    void aParameterThatOccursTwiceIsRejected(String path) {
        Response response = node.get(path, admin);

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.json().path("errors").findValuesAsText("message")).contains("occurs more than once");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"q=%ff", "q=%C0%AF", "q=%ED%A0%80", "q=a%E4", "q=%e2%82", "%ff=1", "limit=%ff", "q=a&role=%80"})
    void textThatIsNotUtf8IsRejected(String query) {
        Response response = node.get("/user?" + query, admin);

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(response.json().path("errors").findValuesAsText("message"))
                .containsExactly("is not UTF-8 in percent-encoding");
        assertThat(node.get("/audit?" + query.replace("q=", "type="), admin).status())
                .isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?", "?limit=5&", "?&limit=5", "?q=%C3%A4+%2B", "?%71=alice", "?limit=5&after"})
    void aWellFormedQueryIsParsed(String query) {
        assertThat(node.get("/user" + query, admin).status()).isEqualTo(query.endsWith("after") ? 400 : 200);
    }

    /** Takes the calls from the API description, so that the test includes calls that are added later. */
    @Test
    void everyCallRejectsAnUnknownParameter() throws IOException, InterruptedException {
        for (DescribedCall call : describedCalls()) {
            assertThat(status(call, "cacheBuster=1")).as(call.path()).isEqualTo(400);
            assertThat(status(call, "%ff=1")).as(call.path()).isEqualTo(400);
        }
    }

    @Test
    void parametersAreCheckedOnlyAfterTheCallerIsAuthorized() {
        assertThat(node.get("/user?page=2", "").status()).isEqualTo(401);
        assertThat(node.get("/user?page=2", node.token("alice", PASSWORD)).status())
                .isEqualTo(403);
        assertThat(node.get("/nothing?page=2", "").status()).isEqualTo(404);
        assertThat(node.send("PUT", "/user?page=2", "").status()).isEqualTo(405);
        assertThat(node.send("OPTIONS", "/user?page=2", "").status()).isEqualTo(204);
        assertThat(node.send("HEAD", "/user?page=2", "", "auth", admin).status())
                .isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "POST | /login | {\"username\":\"alice\",\"password\":\"x\",\"remember\":true} | remember",
                "POST | /login | {\"username\":\"alice\",\"password\":\"x\",\"Username\":\"bob\"} | Username",
                "POST | /logout | {\"Everywhere\":true} | Everywhere",
                "POST | /logout | {\"everywhere\":true,\"all\":true} | all",
                "POST | /token/refresh | {\"refreshToken\":\"x\",\"refresh_token\":\"y\"} | refresh_token",
                "PUT  | /user/ID/password | {\"newPassword\":\"staple battery horse\",\"force\":true} | force",
                "PUT  | /user/ID/password | {\"newPassword\":\"staple battery horse\",\"NewPassword\":\"x\"} | NewPassword",
                "POST | /key/rotate | {\"alg\":\"RS256\"} | alg",
                "POST | /service | {\"name\":\"billing\",\"status\":\"active\"} | status",
                "PATCH | /service/ID | {\"Name\":\"billing\"} | Name",
                "POST | /service/ID/secret | {\"expiresIn\":0} | expiresIn"
            })
    void theErrorNamesAnUnknownFieldOfABodyWithFixedFields(String method, String path, String body, String name) {
        Response response = call(method, path.replace("ID", id), body);

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(response.json().path("errors").findValuesAsText("field")).containsExactly(name);
        assertThat(response.text("hint")).startsWith("This call has ");
    }

    @Test
    void everyDescribedBodyWithFixedFieldsRejectsAnUnknownField() {
        List<String> fixed = new ArrayList<>();
        for (DescribedCall call : describedCalls()) {
            JsonNode body = description.resolve(call.operation().path("requestBody"));
            JsonNode schema = description.resolve(body.at("/content/application~1json/schema"));
            if (!schema.isMissingNode() && !schema.path("additionalProperties").asBoolean()) {
                fixed.add(call.path());
                String of = call.path().startsWith("/service") ? service : id;
                Response response = call(call.method(), call.path().replace("{id}", of), "{\"unknownField\":1}");
                assertThat(response.status()).as(call.path()).isEqualTo(400);
                assertThat(response.json().path("errors").findValuesAsText("field"))
                        .as(call.path())
                        .contains("unknownField");
            }
        }
        assertThat(fixed)
                .contains("/login", "/logout", "/token/refresh", "/user/{id}/password", "/key/rotate")
                .contains("/service", "/service/{id}", "/service/{id}/secret")
                .doesNotContain("/user", "/user/{id}");
    }

    @Test
    void aLoginWithMisnamedFieldsGetsTheLegacyMessage() {
        Response response = node.post("/login", "", "{\"user\":\"alice\",\"password\":\"" + PASSWORD + "\"}");

        assertThat(response.text("code")).isEqualTo("CREDENTIALS_MISSING");
        assertThat(response.text("message")).isEqualTo("Username or password field is missing!");
        assertThat(response.json().path("errors").findValuesAsText("field")).containsExactly("username", "user");
    }

    @Test
    void aRejectedCallChangesNothing() {
        String token = node.token("alice", PASSWORD);
        assertThat(node.post("/logout?everywhere=true", token, "").status()).isEqualTo(400);
        assertThat(node.post("/logout", token, "{\"everywhere\":true,\"x\":1}").status())
                .isEqualTo(400);
        assertThat(node.get("/user/me", token).status()).isEqualTo(200);
        assertThat(node.delete("/user/" + id + "?force=true", admin).status()).isEqualTo(400);
        assertThat(node.get("/user/" + id, admin).status()).isEqualTo(200);
        int keys = node.get("/key", admin).json().size();
        assertThat(node.post("/key/rotate", admin, "{\"activeFrom\":\"now\"}").status())
                .isEqualTo(400);
        assertThat(node.get("/key", admin).json()).hasSize(keys);
    }

    /**
     * An introspection ignores unknown parameters (RFC 7662, section 2.1). No parameter may occur twice (RFC 6749,
     * section 3.2).
     */
    @Test
    void anIntrospectionIgnoresUnknownParameters() {
        String token = node.token("alice", PASSWORD);
        assertThat(introspect("token=" + token + "&token_type_hint=access_token&client_id=x")
                        .json()
                        .path("active")
                        .asBoolean())
                .isTrue();
        assertThat(introspect("token=" + token + "&token=" + token).status()).isEqualTo(400);
        assertThat(introspect("token=" + token + "&token_type_hint=a&token_type_hint=b")
                        .status())
                .isEqualTo(400);
    }

    private static Response introspect(String body) {
        return node.send("POST", "/introspect", body, "auth", admin, "Content-Type", FORM_TYPE);
    }

    private static Response call(String method, String path, String body) {
        String type = path.startsWith("/user/import")
                ? "application/x-ndjson"
                : FORMS.contains(path.replaceAll("\\?.*", "")) ? FORM_TYPE : "application/json";
        boolean hasBody = List.of("POST", "PUT", "PATCH").contains(method);
        return node.send(method, path, hasBody ? body : "", "auth", admin, "Content-Type", hasBody ? type : "");
    }

    private static List<DescribedCall> describedCalls() {
        List<DescribedCall> calls = new ArrayList<>();
        description
                .document()
                .path("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(operation -> calls.add(new DescribedCall(
                                operation.getKey().toUpperCase(Locale.ROOT), path.getKey(), operation.getValue()))));
        return calls;
    }

    /**
     * Sends a request without a check against the API description, because the description does not contain the
     * parameters of the test.
     */
    private static int status(DescribedCall call, String query) throws IOException, InterruptedException {
        String path = call.path()
                .replace("{id}", id)
                .replace("{form}", "json")
                .replace("{file}", "page.js")
                .replaceAll("\\{.*}", "x");
        JsonNode content =
                description.resolve(call.operation().path("requestBody")).path("content");
        String type =
                content.isMissingNode() ? "text/plain" : content.fieldNames().next();
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + path + "?" + query))
                .header("auth", admin)
                .header("Content-Type", type)
                .method(
                        call.method(),
                        HttpRequest.BodyPublishers.ofString(
                                content.isMissingNode() ? "" : ServiceClient.credentials("alice", PASSWORD)))
                .build();
        return HttpClient.newHttpClient()
                .send(request, BodyHandlers.discarding())
                .statusCode();
    }
}
