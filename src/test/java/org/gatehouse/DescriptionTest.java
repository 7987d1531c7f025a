package org.gatehouse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.gatehouse.war.ServiceClient.credentials;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.password.CheapHasher;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Answer;
import org.gatehouse.war.ApiDescription;
import org.glassfish.jersey.model.Parameter.Source;
import org.glassfish.jersey.server.model.Resource;
import org.glassfish.jersey.server.model.ResourceMethod;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The description of the API has all that there is, and nothing else. */
class DescriptionTest {
    private static final String ERRORS = "errors";
    private static final String PASSWORD = "correct horse battery staple";
    /** What the OpenAPI Initiative says an OpenAPI 3.1 document is, the schemas in it included. */
    private static final String OPENAPI = "https://spec.openapis.org/oas/3.1/schema-base/2025-09-15";

    private static final ApiDescription description = ApiDescription.built();
    private static Stores stores;
    private static Node node;

    @BeforeAll
    static void start() {
        stores = new Stores();
        node = Node.start(stores);
    }

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @Test
    void isAnOpenApiDocument() {
        Schema openApi = SchemaRegistry.withDialect(
                        Dialects.getDraft202012(),
                        registry -> registry.schemaIdResolvers(addresses ->
                                addresses.mapPrefix("https://spec.openapis.org/oas/", "classpath:openapi/")))
                .getSchema(SchemaLocation.of(OPENAPI));
        assertThat(openApi.validate(description.document())).isEmpty();

        ObjectNode wrong = description.document().deepCopy();
        wrong.withObject("/components/schemas/User").put("type", "no type");
        wrong.withObject("/paths/~1login/post").put("sumary", "no field of an operation");
        assertThat(openApi.validate(wrong))
                .extracting(error -> error.getInstanceLocation().toString())
                .contains("/components/schemas/User/type", "/paths/~1login/post");
    }

    @Test
    void hasTheRoutesAndParametersOfTheResources() {
        Set<String> routed = new TreeSet<>();
        node.resources().forEach(type -> addRoutes("", Resource.from(type), routed));

        Set<String> described = new TreeSet<>();
        forEachOperation((route, operation) -> {
            Set<String> parameters = new TreeSet<>();
            for (JsonNode reference : operation.path("parameters")) {
                JsonNode parameter = description.resolve(reference);
                String place = parameter.path("in").asText();
                if (!place.equals("header")) {
                    parameters.add(place + ":" + parameter.path("name").asText());
                }
            }
            described.add(route + " " + parameters);
        });
        assertThat(described).isEqualTo(routed);
    }

    private static void addRoutes(String above, Resource resource, Set<String> routes) {
        String path = above + "/" + resource.getPath().replaceAll("^/|:[^}]*", "");
        for (ResourceMethod method : resource.getResourceMethods()) {
            Set<String> parameters = new TreeSet<>();
            method.getInvocable().getParameters().forEach(parameter -> {
                if (parameter.getSource() == Source.QUERY || parameter.getSource() == Source.PATH) {
                    String place = parameter.getSource() == Source.QUERY ? "query:" : "path:";
                    parameters.add(place + parameter.getSourceName());
                }
            });
            routes.add(method.getHttpMethod().toLowerCase(Locale.ROOT) + " " + path + " " + parameters);
        }
        resource.getChildResources().forEach(child -> addRoutes(path, child, routes));
    }

    @Test
    void saysOfEachOperationWhatItIs() {
        Set<String> ids = new TreeSet<>();
        forEachOperation((route, operation) -> {
            assertThat(ids.add(operation.path("operationId").asText()))
                    .as(route)
                    .isTrue();
            assertThat(operation.path("summary").asText()).as(route).isNotEmpty();
            assertThat(operation.path("tags")).as(route).hasSize(1);
            assertThat(operation.path("responses").properties().stream().map(status -> status.getKey()))
                    .as(route)
                    .anyMatch(status -> status.startsWith("2"))
                    .contains("400", "500", "503");
        });
        assertThat(ids).doesNotContain("");
    }

    @Test
    void hasEveryErrorCodeUnderItsStatus() {
        Set<ErrorCode> described = EnumSet.of(ErrorCode.METHOD_NOT_ALLOWED); // of no operation; said in the preface
        forEachOperation((route, operation) -> operation
                .path("responses")
                .properties()
                .forEach(response -> response.getValue().path("x-error-codes").forEach(name -> {
                    ErrorCode code = ErrorCode.valueOf(name.asText());
                    assertThat(response.getKey()).as("%s %s", route, code).isEqualTo(Integer.toString(code.status()));
                    described.add(code);
                })));
        assertThat(described).isEqualTo(EnumSet.allOf(ErrorCode.class));
    }

    @Test
    void hasEveryTypeOfAuditEntry() {
        List<String> types = new ArrayList<>();
        description.document().at("/components/schemas/AuditType/enum").forEach(type -> types.add(type.asText()));
        assertThat(types)
                .containsExactlyElementsOf(
                        Arrays.stream(AuditType.values()).map(Enum::name).toList());
    }

    @Test
    void namesAllErrorCodes() {
        List<String> codes = new ArrayList<>();
        description.document().at("/components/schemas/ErrorCode/enum").forEach(code -> codes.add(code.asText()));
        assertThat(codes)
                .containsExactlyElementsOf(
                        Arrays.stream(ErrorCode.values()).map(Enum::name).toList());
    }

    /** Bodies, parameters and headers alike: each has an example, and the example is one of what it stands for. */
    @Test
    void hasExamplesThatFit() {
        List<String> wrong = new ArrayList<>();
        lookAt("", description.document(), wrong);
        assertThat(wrong).isEmpty();
    }

    private static void lookAt(String place, JsonNode node, List<String> wrong) {
        if (node.has("$ref")) {
            description.resolve(node);
        }
        if (node.has("schema")) {
            JsonNode schema = node.path("schema");
            boolean ofBody = !node.has("example") && !node.has("in") && !node.has("required");
            List<JsonNode> examples = new ArrayList<>();
            node.path("examples")
                    .forEach(
                            example -> examples.add(description.resolve(example).path("value")));
            if (node.has("example")) {
                examples.add(node.path("example"));
            }
            if (ofBody && examples.isEmpty() && place.contains("/content/")) {
                wrong.add(place + " has no example");
            }
            examples.forEach(example ->
                    description.complaints(schema, example).forEach(complaint -> wrong.add(place + ": " + complaint)));
        }
        node.properties().forEach(child -> lookAt(place + "/" + child.getKey(), child.getValue(), wrong));
        if (node.isArray()) {
            node.forEach(child -> lookAt(place, child, wrong));
        }
    }

    @Test
    void hasNothingThatNoOperationRefersTo() {
        String whole = description.document().toString();
        description.document().path("components").properties().forEach(kind -> {
            if (!kind.getKey().equals("securitySchemes")) {
                kind.getValue()
                        .properties()
                        .forEach(component -> assertThat(whole)
                                .contains("\"#/components/" + kind.getKey() + "/" + component.getKey() + "\""));
            }
        });
    }

    /** Generators of clients make types of all components, in one namespace, and some ignore the letter case. */
    @Test
    void givesEachComponentANameOfItsOwn() {
        Map<String, String> places = new TreeMap<>();
        description
                .document()
                .path("components")
                .properties()
                .forEach(kind -> kind.getValue().fieldNames().forEachRemaining(component -> {
                    String name = component.replaceAll("[^A-Za-z0-9]", "").toLowerCase(Locale.ROOT);
                    String place = kind.getKey() + "/" + component;
                    assertThat(places.put(name, place)).as(place).isNull();
                }));
        // In Go, NewUser() makes a User.
        assertThat(places.keySet()).noneMatch(name -> name.startsWith("new") && places.containsKey(name.substring(3)));
    }

    /** Before OpenAPI 3.1 what stands beside a reference is ignored, and many tools still ignore it. */
    @Test
    void hasNothingBesideAReference() {
        for (JsonNode parent : description.document().findParents("$ref")) {
            assertThat(parent).hasSize(1);
        }
    }

    @Test
    void namesItsLicense() {
        assertThat(description.document().at("/info/license/identifier").asText())
                .isEqualTo("Apache-2.0");
    }

    /** Clients that set no roles must send none: an empty array would remove all. */
    @Test
    void letsInputsLeaveOutTheRoles() {
        for (String input : List.of("UserPatch", "UserCreate", "ImportedUser")) {
            JsonNode schema = description.document().at("/components/schemas/" + input);
            assertThat(schema.at("/properties/roles/type"))
                    .as(input)
                    .extracting(JsonNode::asText)
                    .containsExactly("array", "null");
            assertThat(schema.path("required").toString()).doesNotContain("roles");
        }
    }

    @Test
    void describesFlagsAsBooleans() {
        for (String flag : List.of("count", "dryRun", "hashes", "others")) {
            assertThat(description
                            .document()
                            .at("/components/parameters/" + flag + "Parameter/schema/type")
                            .asText())
                    .as(flag)
                    .isEqualTo("boolean");
        }
    }

    /** That nothing else is answered is seen by every test over HTTP; this one sees that all of it is. */
    @Test
    void hasNoStatusAndNoFieldThatIsNeverAnswered() {
        Set<String> statuses = new TreeSet<>();
        Map<String, Set<String>> fields = new TreeMap<>();
        forEachOperation((route, operation) -> operation
                .path("responses")
                .properties()
                .forEach(response -> {
                    if (response.getKey().compareTo("400") < 0) {
                        String status = route + " " + response.getKey();
                        statuses.add(status);
                        fields.put(what(status), fieldsOfSchema(schema(status)));
                    }
                }));
        fields.put(ERRORS, fieldsOfSchema(description.document().at("/components/schemas/Error")));

        SettableClock clock = SettableClock.atNow();
        try (Stores own = new Stores();
                Node service = Node.start(
                        own,
                        Map.of(),
                        new Gatehouse.Parts(clock, CheapHasher.create(), Node.SCHEDULE, command -> {}))) {
            Walk walk = new Walk(service);
            walk.go(clock);
            own.redis().kill();
            await().until(() -> walk.call("GET", "/health/ready", "", "").body().contains("\"reason\""));
            assertThat(walk.statuses()).isEqualTo(statuses);
            assertThat(walk.fields()).isEqualTo(fields);
        }
    }

    /** A call to each operation, in which everything happens that an answer can tell of. */
    private record Walk(Node service, Set<String> statuses, Map<String, Set<String>> fields) {
        Walk(Node service) {
            this(service, new TreeSet<>(), new TreeMap<>());
        }

        void go(SettableClock clock) {
            Answer login = call("POST", "/login", "", credentials(Node.ADMIN, Node.ADMIN_PASSWORD));
            String admin = login.text("token");
            call("POST", "/token/refresh", "", "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}");
            String alice =
                    call("POST", "/user", admin, credentials("alice", PASSWORD)).text("_id");
            call("POST", "/login", "", credentials("alice", "not the password of alice"));
            call("GET", "/user/" + alice + "/throttle", admin, "");
            call("GET", "/user/me", "not-a-token", "");
            call("DELETE", "/user/" + alice + "/throttle", admin, "");
            String token =
                    call("POST", "/login", "", credentials("alice", PASSWORD)).text("token");
            call("GET", "/user", admin, "");
            reread("/user/" + alice, admin);
            call("PATCH", "/user/" + alice, admin, "{\"roles\":[\"user\",\"author\"]}");
            call("POST", "/introspect", admin, "token=" + token);
            call("PUT", "/user/" + alice + "/password", admin, "{\"newPassword\":\"staple battery horse\"}");
            call("POST", "/login", "", credentials("alice", "staple battery horse"));
            String second = service.login(Node.ADMIN, Node.ADMIN_PASSWORD).text("token");
            call("DELETE", "/session?others=true", second, "");
            call("GET", "/user/" + alice + "/session", second, "");
            call("DELETE", "/user/" + alice + "/session", second, "");
            String key = call("POST", "/key/rotate", second, "").text("kid");
            call("DELETE", "/key/" + key, second, "");
            call("GET", "/key", second, "");
            call("GET", "/.well-known/jwks.json", "", "");
            call("GET", "/health/live", "", "");
            await().until(() -> call("GET", "/health/ready", "", "").status() == 200);
            call("GET", "/metrics", "", "");
            call("GET", "/user/export?hashes=true", second, "");
            String lines = "{\"username\":\"bob\"}\n{\"username\":7}";
            note(
                    "POST",
                    "/user/import",
                    service.send(
                            "POST", "/user/import", lines, "auth", second, "Content-Type", "application/x-ndjson"));
            await().until(() ->
                    call("GET", "/audit?limit=1000", second, "").body().contains("USERS_IMPORTED"));
            call("DELETE", "/user/" + alice, second, "");
            call("GET", "/", "", "");
            note("GET", "/", service.send("GET", "/", "", "Accept", "text/html"));
            call("GET", "/docs/", "", "");
            for (String path : List.of("/openapi.json", "/docs", "/docs/page.js")) {
                reread(path, "");
            }
            call("GET", "/user?limit=0", second, "");
            call("GET", "/user?page=2", second, "");
            clock.advance(Duration.ofMinutes(11));
            call("GET", "/session", second, "");
            String third = service.login(Node.ADMIN, Node.ADMIN_PASSWORD).text("token");
            for (JsonNode session : call("GET", "/session", third, "").json()) {
                if (!session.path("current").asBoolean()) {
                    call("DELETE", "/session/" + session.path("_id").asText(), third, "");
                }
            }
            call("POST", "/logout", third, "");
        }

        private void reread(String path, String token) {
            String tag = call("GET", path, token, "").header("ETag");
            note("GET", path, service.send("GET", path, "", "auth", token, "If-None-Match", tag));
        }

        private Answer call(String method, String path, String token, String body) {
            String type = path.equals("/introspect") ? "application/x-www-form-urlencoded" : "application/json";
            Answer answer = service.send(method, path, body, "auth", token, "Content-Type", body.isEmpty() ? "" : type);
            note(method, path, answer);
            return answer;
        }

        private void note(String method, String path, Answer answer) {
            String operation =
                    description.operation(method, path.replaceAll("\\?.*", "")).orElseThrow();
            String status = operation + " " + answer.status();
            if (answer.status() < 400) {
                statuses.add(status);
            }
            Set<String> seen =
                    fields.computeIfAbsent(answer.status() < 400 ? what(status) : ERRORS, absent -> new TreeSet<>());
            if (answer.header("Content-Type").equals("application/json") && !path.equals("/openapi.json")) {
                seen.addAll(fieldsOf(answer.json()));
            }
            if (answer.header("Content-Type").equals("application/x-ndjson")) {
                answer.body().lines().forEach(line -> seen.addAll(fieldsOf(Answer.json(line))));
            }
        }
    }

    private static JsonNode schema(String status) {
        String[] parts = status.split(" ", 3);
        JsonNode operation = description.document().path("paths").path(parts[1]).path(parts[0]);
        JsonNode response = description.resolve(operation.path("responses").path(parts[2]));
        JsonNode lines = response.at("/content/application~1x-ndjson/schema");
        return lines.isMissingNode() ? response.at("/content/application~1json/schema") : lines;
    }

    /** What an answer holds, one or many of: operations that answer the same share it. */
    private static String what(String status) {
        JsonNode schema = schema(status);
        String one = schema.path("$ref").asText();
        String many = schema.at("/items/$ref").asText();
        return one.isEmpty() && many.isEmpty() ? status : one + many;
    }

    private static Set<String> fieldsOf(JsonNode value) {
        Set<String> fields = new TreeSet<>();
        value.properties().forEach(field -> add(field.getKey(), fieldsOf(field.getValue()), fields));
        if (value.isArray()) {
            value.forEach(element -> fields.addAll(fieldsOf(element)));
        }
        return fields;
    }

    private static Set<String> fieldsOfSchema(JsonNode schema) {
        JsonNode resolved = description.resolve(schema);
        Set<String> fields = new TreeSet<>();
        resolved.path("properties")
                .properties()
                .forEach(property -> add(property.getKey(), fieldsOfSchema(property.getValue()), fields));
        if (resolved.has("items")) {
            fields.addAll(fieldsOfSchema(resolved.path("items")));
        }
        return fields;
    }

    private static void add(String name, Set<String> below, Set<String> fields) {
        fields.add(name);
        below.forEach(field -> fields.add(name + "." + field));
    }

    private static void forEachOperation(BiConsumer<String, JsonNode> check) {
        description
                .document()
                .path("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(operation ->
                                check.accept(operation.getKey() + " " + path.getKey(), operation.getValue())));
    }
}
