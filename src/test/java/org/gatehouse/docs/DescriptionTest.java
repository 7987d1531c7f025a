package org.gatehouse.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.gatehouse.war.ServiceClient.credentials;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import jakarta.annotation.security.RolesAllowed;
import jakarta.mail.MessagingException;
import jakarta.mail.Multipart;
import jakarta.mail.Part;
import jakarta.mail.internet.MimeMessage;
import jakarta.ws.rs.core.Form;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.gatehouse.app.Node;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.identity.Roles;
import org.gatehouse.json.JsonBody;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.user.AllowsEnrolment;
import org.gatehouse.war.ApiDescription;
import org.gatehouse.war.Response;
import org.glassfish.jersey.model.Parameter.Source;
import org.glassfish.jersey.server.model.Resource;
import org.glassfish.jersey.server.model.ResourceMethod;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Checks that the API description contains everything that Gatehouse offers, and nothing else. */
class DescriptionTest {
    private static final String ERROR_SCHEMA = "#/components/schemas/Error";
    private static final String LOGIN_SCHEMA = "#/components/schemas/Login";
    private static final String OWN_DATA_SCHEMA = "#/components/schemas/OwnData";
    private static final String PASSKEY_OPTIONS_SCHEMA = "#/components/schemas/PasskeyRequestOptions";
    private static final String OVERVIEW_SCHEMA = "#/components/schemas/UserOverview";

    /** Matches the fields in the parts of an overview, because the calls of the parts have the same fields. */
    private static final Predicate<String> OVERVIEW_PARTS = Pattern.compile(
                    "(user|sessions|factors|throttle|mails|audit|login\\.lastFailures)\\..*")
            .asMatchPredicate();

    private static final String PASSWORD = "correct horse battery staple";
    /**
     * The OpenAPI Initiative's JSON schema for OpenAPI 3.1 documents. This schema also checks the schemas inside these
     * documents.
     */
    private static final String OPENAPI_SCHEMA = "https://spec.openapis.org/oas/3.1/schema-base/2025-09-15";

    private static final ApiDescription description = ApiDescription.built();
    /** A row of the table of permissions: the permission and its roles. */
    private static final Pattern PERMISSION_ROW = Pattern.compile("\\| `([a-z-]+:[a-z-]+)` \\| ([^|]+) \\|");

    /** These methods accept a token but do not require one. The description must list both possibilities. */
    private static final Set<String> OPTIONAL_TOKEN = Set.of("post /logout", "post /email/confirm");

    /** A service sends its id and secret in a header or in the body. The description must list both possibilities. */
    private static final String SERVICE_TOKEN = "post /token";

    /** A proxy may send the body of another request. The service ignores this body. */
    private static final String CHECK = "post /check";

    private static final Pattern PROOF = Pattern.compile("#proof=([A-Za-z0-9_-]+)");

    /** The types of bodies that are not JSON, by their paths. */
    private static final Map<String, String> TYPES = Map.of(
            "/token", MediaType.APPLICATION_FORM_URLENCODED,
            "/introspect", MediaType.APPLICATION_FORM_URLENCODED,
            "/revoke", MediaType.APPLICATION_FORM_URLENCODED,
            "/user/import", "application/x-ndjson");

    private static final Set<ErrorCode> TOKEN_ERRORS = EnumSet.of(
            ErrorCode.TOKEN_AMBIGUOUS,
            ErrorCode.TOKEN_MISSING,
            ErrorCode.TOKEN_MALFORMED,
            ErrorCode.TOKEN_INVALID,
            ErrorCode.TOKEN_EXPIRED,
            ErrorCode.SESSION_ENDED,
            ErrorCode.BUSY);
    private static final Set<ErrorCode> CLIENT_ERRORS =
            EnumSet.of(ErrorCode.CLIENT_WRONG, ErrorCode.CLIENT_AMBIGUOUS, ErrorCode.LOGIN_THROTTLED);
    private static final Set<ErrorCode> BODY_ERRORS = EnumSet.of(
            ErrorCode.BODY_MALFORMED,
            ErrorCode.BODY_TOO_LARGE,
            ErrorCode.BODY_TIMEOUT,
            ErrorCode.UNSUPPORTED_MEDIA_TYPE);

    /** The methods of the resources. A key consists of HTTP method and path: {@code get /user/{id}}. */
    private static final Map<String, ResourceMethod> methods = new TreeMap<>();

    /** The operations of the API description. The keys have the same format as the keys of {@link #methods}. */
    private static final Map<String, JsonNode> operations = new TreeMap<>();

    private static Stores stores;
    private static Node node;

    @BeforeAll
    static void start() {
        stores = new Stores();
        node = Node.start(stores);
        node.resources().forEach(type -> addMethods("", Resource.from(type)));
        forEachOperation(operations::put);
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
                .getSchema(SchemaLocation.of(OPENAPI_SCHEMA));
        assertThat(openApi.validate(description.document())).isEmpty();

        ObjectNode wrong = description.document().deepCopy();
        wrong.withObject("/components/schemas/User").put("type", "no type");
        wrong.withObject("/paths/~1login/post").put("sumary", "no field of an operation");
        assertThat(openApi.validate(wrong))
                .extracting(error -> error.getInstanceLocation().toString())
                .contains("/components/schemas/User/type", "/paths/~1login/post");
    }

    @Test
    void hasTheOperationsOfTheResources() {
        assertThat(operations.keySet()).isEqualTo(methods.keySet());
    }

    @Test
    void hasTheParametersOfTheMethods() {
        methods.forEach((route, method) -> {
            Set<String> described = new TreeSet<>();
            for (JsonNode reference : operation(route).path("parameters")) {
                JsonNode parameter = description.resolve(reference);
                String location = parameter.path("in").asText();
                if (!location.equals("header")) {
                    described.add(location + ":" + parameter.path("name").asText());
                }
            }
            Set<String> declared = new TreeSet<>();
            method.getInvocable().getParameters().forEach(parameter -> {
                if (parameter.getSource() == Source.QUERY || parameter.getSource() == Source.PATH) {
                    String location = parameter.getSource().name().toLowerCase(Locale.ROOT);
                    declared.add(location + ":" + parameter.getSourceName());
                }
            });
            assertThat(described).as(route).isEqualTo(declared);
        });
    }

    @Test
    void hasTheMediaTypesThatTheMethodsConsume() {
        methods.forEach((route, method) -> {
            Set<String> consumed = texts(method.getConsumedTypes());
            if (consumed.isEmpty() && hasParameter(method, JsonBody.class)) {
                consumed.add(MediaType.APPLICATION_JSON);
            }
            if (route.equals(CHECK)) {
                consumed.add(MediaType.WILDCARD);
            }
            JsonNode body = description.resolve(operation(route).path("requestBody"));
            assertThat(keys(body.path("content"))).as(route).isEqualTo(consumed);
        });
    }

    @Test
    void hasTheMediaTypesThatTheMethodsProduce() {
        methods.forEach((route, method) -> {
            Set<String> described = new TreeSet<>();
            operation(route).path("responses").properties().forEach(response -> {
                if (response.getKey().compareTo("400") < 0) {
                    described.addAll(
                            keys(description.resolve(response.getValue()).path("content")));
                }
            });
            Set<String> produced = texts(method.getProducedTypes());
            boolean anything = produced.remove(MediaType.WILDCARD);
            if (route.equals("get /")) {
                produced.remove(MediaType.TEXT_HTML); // the HTML response is a redirect
            }
            if (!described.isEmpty() || anything) {
                assertThat(described).as(route).containsAll(produced);
            }
            if (!anything || !produced.isEmpty()) {
                assertThat(produced).as(route).containsAll(described);
            }
        });
    }

    @Test
    void statesTheAccessRuleOfEachOperation() {
        methods.forEach((route, method) -> {
            Set<String> roles = roles(method);
            Set<Set<String>> schemes = new HashSet<>();
            operation(route).path("security").forEach(requirement -> schemes.add(keys(requirement)));
            boolean acceptsToken = !roles.isEmpty() || OPTIONAL_TOKEN.contains(route);
            assertThat(schemes.contains(Set.of("bearer"))).as(route).isEqualTo(acceptsToken);
            assertThat(schemes.contains(Set.of("auth"))).as(route).isEqualTo(acceptsToken);
            assertThat(schemes.contains(Set.of("service")))
                    .as(route)
                    .isEqualTo(acceptsBasic(method) || route.equals(SERVICE_TOKEN));
            assertThat(schemes.contains(Set.of()))
                    .as(route)
                    .isEqualTo(OPTIONAL_TOKEN.contains(route)
                            || route.equals(SERVICE_TOKEN)
                            || roles.contains(Roles.NEWCOMER));
            assertThat(operation(route).path("description").asText().contains("no token if registration is open"))
                    .as(route)
                    .isEqualTo(roles.contains(Roles.NEWCOMER));
        });
    }

    /** A permission is stated by extensions of the operation, for programs, and in the text, for readers. */
    @Test
    void statesThePermissionOfEachOperation() {
        methods.forEach((route, method) -> {
            JsonNode operation = operation(route);
            Permission permission = permission(method).orElse(null);
            if (permission == null) {
                assertThat(keys(operation)).as(route).doesNotContain("x-permission", "x-roles", "x-permission-unless");
                return;
            }
            assertThat(operation.path("x-permission").asText()).as(route).isEqualTo(permission.text());
            assertThat(texts(operation.path("x-roles"))).as(route).isEqualTo(permission.roles());
            assertThat(operation.has("x-permission-unless"))
                    .as(route)
                    .isEqualTo(method.getInvocable().getDefinitionMethod().isAnnotationPresent(RolesAllowed.class));
            assertThat(operation.path("description").asText().replaceAll("\\s+", " "))
                    .as(route)
                    .contains("the permission `" + permission.text() + "`");
        });
    }

    @Test
    void containsTheTableOfPermissions() throws IOException {
        String introduction = description.document().at("/info/description").asText();
        assertThat(permissions(introduction)).isEqualTo(permissions());
        assertThat(permissions(Files.readString(Path.of("docs", "api.md")))).isEqualTo(permissions());
    }

    /** Returns the table in a text. A row begins with a permission and its roles. */
    private static Map<String, List<String>> permissions(String text) {
        Map<String, List<String>> table = new LinkedHashMap<>();
        text.lines().forEach(line -> {
            Matcher row = PERMISSION_ROW.matcher(line);
            if (row.lookingAt()) {
                table.put(row.group(1), List.of(row.group(2).replace("`", "").split(", ")));
            }
        });
        return table;
    }

    private static Map<String, List<String>> permissions() {
        Map<String, List<String>> permissions = new LinkedHashMap<>();
        for (Permission permission : Permission.values()) {
            permissions.put(permission.text(), permission.roles());
        }
        return permissions;
    }

    /** Checks the errors that follow from a method's access rule or body. Tests over HTTP check all other errors. */
    @Test
    void listsTheErrorsThatFollowFromTheMethod() {
        methods.forEach((route, method) -> {
            Set<ErrorCode> expected = EnumSet.of(
                    ErrorCode.BAD_REQUEST,
                    ErrorCode.VALIDATION_FAILED, // an unknown query parameter causes this error
                    ErrorCode.NOT_ACCEPTABLE,
                    ErrorCode.INTERNAL);
            if (!route.equals("get /health/ready")) {
                // The 503 response of /health/ready is a health report, not an error.
                expected.add(ErrorCode.STORE_UNAVAILABLE);
            }
            Set<String> roles = roles(method);
            if (!roles.isEmpty()) {
                expected.addAll(TOKEN_ERRORS);
            }
            if (!roles.isEmpty() && !roles.contains(Roles.ANY)) {
                expected.add(ErrorCode.FORBIDDEN);
            }
            boolean allowsEnrolment =
                    method.getInvocable().getDefinitionMethod().isAnnotationPresent(AllowsEnrolment.class);
            if (!roles.isEmpty() && !allowsEnrolment) {
                expected.add(ErrorCode.FACTOR_ENROLMENT_REQUIRED);
            }
            if (allowsEnrolment) {
                assertThat(codes(route)).as(route).doesNotContain(ErrorCode.FACTOR_ENROLMENT_REQUIRED);
            }
            if (acceptsBasic(method) || route.equals(SERVICE_TOKEN)) {
                expected.addAll(CLIENT_ERRORS);
            }
            if (hasParameter(method, JsonBody.class)) {
                expected.add(ErrorCode.BODY_MALFORMED);
            }
            if (hasParameter(method, JsonBody.class) || hasParameter(method, Form.class)) {
                expected.addAll(EnumSet.of(ErrorCode.BODY_TOO_LARGE, ErrorCode.BODY_TIMEOUT));
            }
            if (operation(route).has("requestBody")) {
                expected.add(ErrorCode.UNSUPPORTED_MEDIA_TYPE);
            }
            assertThat(codes(route)).as(route).containsAll(expected);
            if (roles.isEmpty() && !OPTIONAL_TOKEN.contains(route) && !route.equals(SERVICE_TOKEN)) {
                assertThat(codes(route)).as(route).doesNotContain(ErrorCode.TOKEN_AMBIGUOUS, ErrorCode.TOKEN_MISSING);
            }
            if (!operation(route).has("requestBody")) {
                assertThat(codes(route)).as(route).doesNotContainAnyElementsOf(BODY_ERRORS);
            }
        });
    }

    private static JsonNode operation(String route) {
        return operations.getOrDefault(route, MissingNode.getInstance());
    }

    private static Set<ErrorCode> codes(String route) {
        Set<ErrorCode> codes = EnumSet.noneOf(ErrorCode.class);
        operations
                .get(route)
                .path("responses")
                .forEach(response -> description
                        .resolve(response)
                        .path("x-error-codes")
                        .forEach(code -> codes.add(ErrorCode.valueOf(code.asText()))));
        return codes;
    }

    private static Set<String> roles(ResourceMethod method) {
        RolesAllowed allowed = method.getInvocable().getDefinitionMethod().getAnnotation(RolesAllowed.class);
        Set<String> roles = new TreeSet<>(allowed == null ? List.of() : List.of(allowed.value()));
        permission(method).ifPresent(permission -> roles.addAll(permission.roles()));
        return roles;
    }

    private static Optional<Permission> permission(ResourceMethod method) {
        return Optional.ofNullable(method.getInvocable().getDefinitionMethod().getAnnotation(Requires.class))
                .map(Requires::value);
    }

    /** Returns whether a service may authenticate with HTTP Basic. The annotation is not visible in this package. */
    private static boolean acceptsBasic(ResourceMethod method) {
        return Arrays.stream(method.getInvocable().getDefinitionMethod().getAnnotations())
                .anyMatch(annotation ->
                        annotation.annotationType().getSimpleName().equals("AllowsBasic"));
    }

    private static boolean hasParameter(ResourceMethod method, Class<?> type) {
        return method.getInvocable().getParameters().stream().anyMatch(parameter -> parameter.getRawType() == type);
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private static Set<String> texts(List<MediaType> types) {
        return types.stream().map(MediaType::toString).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> keys(JsonNode node) {
        return node.properties().stream().map(Map.Entry::getKey).collect(Collectors.toCollection(TreeSet::new));
    }

    private static void addMethods(String above, Resource resource) {
        String path = above + "/" + resource.getPath().replaceAll("^/|:[^}]*", "");
        resource.getResourceMethods()
                .forEach(method -> methods.put(method.getHttpMethod().toLowerCase(Locale.ROOT) + " " + path, method));
        resource.getChildResources().forEach(child -> addMethods(path, child));
    }

    @Test
    void givesEachOperationAnIdASummaryAndItsStatuses() {
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
            assertThat(operation.has("security")).as(route).isTrue();
        });
        assertThat(ids).doesNotContain("");
    }

    @Test
    void listsEveryErrorCodeUnderItsStatus() {
        // The introduction describes METHOD_NOT_ALLOWED, so the operations need not list this error.
        Set<ErrorCode> described = EnumSet.of(ErrorCode.METHOD_NOT_ALLOWED);
        forEachOperation((route, operation) -> operation
                .path("responses")
                .properties()
                .forEach(response -> {
                    JsonNode error = description.resolve(response.getValue());
                    assertThat(error.has("x-error-codes"))
                            .as("%s %s", route, response.getKey())
                            .isEqualTo(error.at("/content/application~1json/schema/$ref")
                                    .asText()
                                    .endsWith("/Error"));
                    error.path("x-error-codes").forEach(name -> {
                        ErrorCode code = ErrorCode.valueOf(name.asText());
                        assertThat(response.getKey()).as("%s %s", route, code).isEqualTo("" + code.status());
                        checkExample(error.at("/content/application~1json/examples"), code);
                        described.add(code);
                    });
                }));
        assertThat(described).isEqualTo(EnumSet.allOf(ErrorCode.class));
    }

    private static void checkExample(JsonNode examples, ErrorCode code) {
        JsonNode example = description.resolve(examples.path(code.name())).path("value");
        assertThat(example.path("code").asText()).isEqualTo(code.name());
        assertThat(example.path("message").asText()).isEqualTo(code.message());
        assertThat(example.path("name").asText()).isEqualTo(code.legacyName().orElse(""));
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

    /** Every body has an example, and every example is valid for its schema. */
    @Test
    void hasAValidExampleForEachBody() {
        List<String> problems = new ArrayList<>();
        checkExamples("", description.document(), problems);
        assertThat(problems).isEmpty();
    }

    private static void checkExamples(String location, JsonNode node, List<String> problems) {
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
            if (ofBody && examples.isEmpty() && location.contains("/content/")) {
                problems.add(location + " has no example");
            }
            examples.forEach(example -> description
                    .violations(schema, example)
                    .forEach(violation -> problems.add(location + ": " + violation)));
        }
        node.properties().forEach(child -> checkExamples(location + "/" + child.getKey(), child.getValue(), problems));
        if (node.isArray()) {
            node.forEach(child -> checkExamples(location, child, problems));
        }
    }

    @Test
    void hasNoUnusedComponent() {
        String document = description.document().toString();
        description.document().path("components").properties().forEach(kind -> {
            if (!kind.getKey().equals("securitySchemes")) {
                kind.getValue()
                        .properties()
                        .forEach(component -> assertThat(document)
                                .contains("\"#/components/" + kind.getKey() + "/" + component.getKey() + "\""));
            }
        });
    }

    /**
     * Client generators create types for all components in one namespace. Some generators ignore the letter case of
     * names.
     */
    @Test
    void givesEachComponentAUniqueName() {
        Map<String, String> locations = new TreeMap<>();
        description
                .document()
                .path("components")
                .properties()
                .forEach(kind -> kind.getValue().fieldNames().forEachRemaining(component -> {
                    String name = component.replaceAll("[^A-Za-z0-9]", "").toLowerCase(Locale.ROOT);
                    String location = kind.getKey() + "/" + component;
                    assertThat(locations.put(name, location)).as(location).isNull();
                }));
        // A component NewUser would collide with the Go function that creates a User, because this function is also
        // named NewUser.
        assertThat(locations.keySet())
                .noneMatch(name -> name.startsWith("new") && locations.containsKey(name.substring(3)));
    }

    /** Before OpenAPI 3.1, fields beside a {@code $ref} are ignored. Many tools still ignore such fields. */
    @Test
    void hasNoFieldBesideAReference() {
        for (JsonNode parent : description.document().findParents("$ref")) {
            assertThat(parent).hasSize(1);
        }
    }

    @Test
    void namesItsLicense() {
        assertThat(description.document().at("/info/license/identifier").asText())
                .isEqualTo("Apache-2.0");
    }

    /** A client that does not set roles must omit the field, because an empty array would remove all roles. */
    @Test
    void allowsInputsWithoutRoles() {
        for (String input :
                List.of("UserPatch", "UserCreate", "ImportedUser", "ServiceAccountPatch", "ServiceAccountCreate")) {
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
        for (String flag : List.of("count", "dryRun", "hashes", "others", "all")) {
            assertThat(description
                            .document()
                            .at("/components/parameters/" + flag + "Parameter/schema/type")
                            .asText())
                    .as(flag)
                    .isEqualTo("boolean");
        }
    }

    /**
     * Checks that each described status and field occurs in a response. The tests over HTTP check that the description
     * contains each response.
     */
    @Test
    void describesOnlyStatusesAndFieldsThatOccur() {
        Set<String> statuses = new TreeSet<>();
        Map<String, Set<String>> fields = new TreeMap<>();
        forEachOperation((route, operation) -> operation
                .path("responses")
                .properties()
                .forEach(response -> {
                    if (response.getKey().compareTo("400") < 0) {
                        String status = route + " " + response.getKey();
                        statuses.add(status);
                        fields.put(schemaOrStatus(status), fieldsOfSchema(schema(status)));
                    }
                }));
        fields.put(ERROR_SCHEMA, fieldsOfSchema(description.document().at(ERROR_SCHEMA.substring(1))));

        SettableClock clock = SettableClock.atNow();
        GreenMail mails = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
        mails.start();
        Map<String, String> settings = Map.of(
                "PUBLIC_URL",
                "https://id.example",
                "SMTP_URL",
                "smtp://127.0.0.1:" + mails.getSmtp().getPort() + "?starttls=never",
                "MAIL_FROM",
                "accounts@id.example",
                "FACTOR_REQUIRED_ROLES",
                FactorCalls.ROLE);
        try (Stores separateStores = new Stores();
                Node service = Node.start(separateStores, settings, clock)) {
            CallSequence calls = new CallSequence(service);
            calls.run(clock, mails);
            separateStores.redis().kill();
            await().until(() ->
                    calls.call("GET", "/health/ready", "", "").body().contains("\"reason\""));
            assertThat(calls.statuses()).isEqualTo(statuses);
            fields.get(OVERVIEW_SCHEMA).removeIf(OVERVIEW_PARTS);
            calls.fields().get(OVERVIEW_SCHEMA).removeIf(OVERVIEW_PARTS);
            // The fields of an export depend on everything that can happen to an account; see OwnDataTest.
            fields.remove(OWN_DATA_SCHEMA);
            calls.fields().remove(OWN_DATA_SCHEMA);
            fields.get(LOGIN_SCHEMA).remove("user.deletedAfter"); // after a login, the user is active
            assertThat(calls.fields()).isEqualTo(fields);
        } finally {
            mails.stop();
        }
    }

    /** Calls every operation, so that every described status and field occurs in a response. */
    private record CallSequence(Node service, Set<String> statuses, Map<String, Set<String>> fields) {
        CallSequence(Node service) {
            this(service, new TreeSet<>(), new TreeMap<>());
        }

        void run(SettableClock clock, GreenMail mails) {
            Response login = call("POST", "/login", "", credentials(Node.ADMIN, Node.ADMIN_PASSWORD));
            String admin = login.text("token");
            call("POST", "/token/refresh", "", "{\"refreshToken\":\"" + login.text("refreshToken") + "\"}");
            String alice =
                    call("POST", "/user", admin, credentials("alice", PASSWORD)).text("_id");
            var unused = service.send(
                    "POST",
                    "/user/import",
                    "{\"username\":\"dora\",\"password\":\"" + PASSWORD
                            + "\",\"email\":\"dora@example.com\",\"emailVerified\":\"2026-01-02T03:04:05.678Z\"}",
                    "auth",
                    admin,
                    "Content-Type",
                    "application/x-ndjson");
            call("POST", "/login", "", credentials("dora", PASSWORD));
            call("POST", "/login", "", credentials("alice", "not the password of alice"));
            call("GET", "/user/" + alice + "/throttle", admin, "");
            for (int i = 1; i < 10; i++) { // then the source is throttled
                service.login("alice", "not the password of alice");
            }
            call("GET", "/user/" + alice + "/overview", admin, "");
            call("GET", "/setting", admin, "");
            call("GET", "/user/me", "not-a-token", "");
            call("DELETE", "/user/" + alice + "/throttle", admin, "");
            String token =
                    call("POST", "/login", "", credentials("alice", PASSWORD)).text("token");
            call("GET", "/user", admin, "");
            reread("/user/" + alice, admin);
            call("PATCH", "/user/" + alice, admin, "{\"roles\":[\"user\",\"author\"]}");
            call("POST", "/introspect", admin, "token=" + token);
            call("GET", "/check?role=author&role=user", token, "");
            call("POST", "/check", token, "");
            call("GET", "/check?acr=urn:gatehouse:2&max_age=600", token, "");
            call("POST", "/revoke", admin, "token=" + token);
            String own = call("GET", "/user/me", admin, "").text("_id");
            call("POST", "/user/bulk", admin, "{\"action\":\"disable\",\"users\":[\"" + own + "\"]}");
            call("PUT", "/user/" + alice + "/password", admin, "{\"newPassword\":\"staple battery horse\"}");
            call("POST", "/login", "", credentials("alice", "staple battery horse"));
            String secondToken = service.login(Node.ADMIN, Node.ADMIN_PASSWORD).text("token");
            call("DELETE", "/session?others=true", secondToken, "");
            call("GET", "/user/" + alice + "/session", secondToken, "");
            call("DELETE", "/user/" + alice + "/session", secondToken, "");
            runForService(secondToken);
            call("POST", "/login/step-up", secondToken, "{\"password\":\"" + Node.ADMIN_PASSWORD + "\"}");
            JsonNode passkeyOptions = new FactorCalls(this::call, clock).run(secondToken);
            // A login with a passkey only gets the same object, but without ids of passkeys.
            fields.computeIfAbsent(PASSKEY_OPTIONS_SCHEMA, absent -> new TreeSet<>())
                    .addAll(fieldsOf(passkeyOptions));
            runForMail(secondToken, mails);
            String key = call("POST", "/key/rotate", secondToken, "").text("kid");
            call("DELETE", "/key/" + key, secondToken, "");
            call("GET", "/key", secondToken, "");
            call("GET", "/.well-known/jwks.json", "", "");
            call("GET", "/.well-known/oauth-authorization-server", "", "");
            call("GET", "/.well-known/openid-configuration", "", "");
            call("GET", "/health/live", "", "");
            await().until(() -> call("GET", "/health/ready", "", "").status() == 200);
            call("GET", "/metrics", "", "");
            String leaver = service.login("alice", "staple battery horse").text("token");
            call("GET", "/user/me/export", leaver, "");
            call("DELETE", "/user/me", leaver, "");
            call("POST", "/login", "", credentials("alice", "staple battery horse"));
            call("GET", "/user/export?hashes=true", secondToken, "");
            String lines = "{\"username\":\"bob\"}\n{\"username\":7}";
            observe(
                    "POST",
                    "/user/import",
                    service.send(
                            "POST",
                            "/user/import",
                            lines,
                            "auth",
                            secondToken,
                            "Content-Type",
                            "application/x-ndjson"));
            await().until(() ->
                    call("GET", "/audit?limit=1000", secondToken, "").body().contains("USERS_IMPORTED"));
            call("DELETE", "/user/" + alice, secondToken, "");
            call("GET", "/", "", "");
            observe("GET", "/", service.send("GET", "/", "", "Accept", "text/html"));
            call("GET", "/docs/", "", "");
            for (String path : List.of("/openapi.json", "/docs", "/docs/page.js")) {
                reread(path, "");
            }
            call("GET", "/user?limit=0", secondToken, "");
            call("GET", "/user?page=2", secondToken, "");
            clock.advance(Duration.ofMinutes(11));
            call("GET", "/session", secondToken, "");
            String thirdToken = service.login(Node.ADMIN, Node.ADMIN_PASSWORD).text("token");
            for (JsonNode session : call("GET", "/session", thirdToken, "").json()) {
                if (!session.path("current").asBoolean()) {
                    call("DELETE", "/session/" + session.path("_id").asText(), thirdToken, "");
                }
            }
            call("POST", "/logout", thirdToken, "");
        }

        private void runForService(String admin) {
            Response created = call("POST", "/service", admin, "{\"name\":\"billing\",\"roles\":[\"introspect\"]}");
            String path = "/service/" + created.text("_id");
            String credentials = "&client_id=" + created.text("_id") + "&client_secret=" + created.text("secret");
            call("POST", "/token", "", "grant_type=password" + credentials);
            String token = call("POST", "/token", "", "grant_type=client_credentials" + credentials)
                    .text("access_token");
            call("POST", "/introspect", admin, "token=" + token);
            call("POST", path + "/secret", admin, "");
            call("GET", "/service", admin, "");
            reread(path, admin);
            call("PATCH", path, admin, "{\"name\":\"invoices\"}");
            call("DELETE", path, admin, "");
        }

        private void runForMail(String admin, GreenMail mails) {
            String user = "/user/"
                    + call(
                                    "POST",
                                    "/user",
                                    admin,
                                    "{\"username\":\"erin\",\"password\":\"" + PASSWORD
                                            + "\",\"email\":\"erin@example.com\",\"locale\":\"en\"}")
                            .text("_id");
            String token = service.login("erin", PASSWORD).text("token");
            call("POST", "/email/verification", token, "");
            call("POST", "/email/confirm", token, proofIn(mails, "verification", "erin@example.com", ""));
            call("POST", "/email/verification", token, "");
            call("POST", "/login", "", credentials("erin@example.com", PASSWORD));
            call(
                    "PUT",
                    user + "/email",
                    token,
                    "{\"email\":\"erin@example.org\",\"currentPassword\":\"" + PASSWORD + "\"}");
            call("POST", "/email/undo", "", proofIn(mails, "notice-email", "erin@example.com", ""));
            call("GET", user, admin, "");
            call("PUT", user + "/email", admin, "{\"email\":\"erin@example.net\",\"verified\":true}");
            call("POST", "/password/forgot", "", "{\"email\":\"erin@example.net\"}");
            String newPassword = ",\"newPassword\":\"staple battery horse\"";
            call("POST", "/password/reset", "", proofIn(mails, "reset", "erin@example.net", newPassword));
            call("POST", "/invitation", admin, "{\"email\":\"frank@example.com\"}");
            String account = ",\"username\":\"frank\",\"password\":\"" + PASSWORD + "\"";
            call("POST", "/invitation/accept", "", proofIn(mails, "invitation", "frank@example.com", account));
            call("GET", "/account/reset", "", "");
            call("GET", "/account/reset/", "", "");
            for (String page : List.of("/account", "/console")) {
                call("GET", page + "/", "", "");
                reread(page, "");
            }
            call("GET", "/account/features", "", "");
            reread("/account/page.js", "");
            await().until(() -> call("GET", "/mail", admin, "").body().contains("\"to\":"));
            mails.stop();
            String mail = call("POST", "/mail/test", admin, "{\"to\":\"operator@example.com\"}")
                    .text("_id");
            await().until(() ->
                    call("GET", "/mail?status=queued", admin, "").body().contains("\"lastError\":"));
            call("POST", "/mail/" + mail + "/retry", admin, "");
        }

        private void reread(String path, String token) {
            String tag = call("GET", path, token, "").header("ETag");
            observe("GET", path, service.send("GET", path, "", "auth", token, "If-None-Match", tag));
        }

        private Response call(String method, String path, String token, String body) {
            String type = TYPES.getOrDefault(path, MediaType.APPLICATION_JSON);
            Response response =
                    service.send(method, path, body, "auth", token, "Content-Type", body.isEmpty() ? "" : type);
            observe(method, path, response);
            return response;
        }

        private void observe(String method, String path, Response response) {
            String operation =
                    description.operation(method, path.replaceAll("\\?.*", "")).orElseThrow();
            String status = operation + " " + response.status();
            if (response.status() < 400) {
                statuses.add(status);
            }
            Set<String> seen = fields.computeIfAbsent(
                    response.status() < 400 ? schemaOrStatus(status) : ERROR_SCHEMA, absent -> new TreeSet<>());
            if (response.header("Content-Type").equals("application/json") && !path.equals("/openapi.json")) {
                seen.addAll(fieldsOf(response.json()));
            }
            if (response.header("Content-Type").equals("application/x-ndjson")) {
                response.body().lines().forEach(line -> seen.addAll(fieldsOf(Response.json(line))));
            }
        }
    }

    /** Returns a body with the proof of the first mail of this kind to this address, after the mail has arrived. */
    private static String proofIn(GreenMail mails, String kind, String address, String moreFields) {
        Matcher proof = await().until(() -> PROOF.matcher(textOf(mails, kind, address)), Matcher::find);
        return "{\"proof\":\"" + proof.group(1) + "\"" + moreFields + "}";
    }

    private static String textOf(GreenMail mails, String kind, String address) throws IOException, MessagingException {
        for (MimeMessage mail : mails.getReceivedMessages()) {
            boolean isOfKind = kind.equals(mail.getHeader("X-Gatehouse-Mail", null));
            if (isOfKind && mail.getAllRecipients()[0].toString().contains(address)) {
                return textOf(mail);
            }
        }
        return "";
    }

    private static String textOf(Part part) throws IOException, MessagingException {
        Object content = part.getContent();
        return content instanceof Multipart parts ? textOf(parts.getBodyPart(0)) : content.toString();
    }

    private static JsonNode schema(String status) {
        String[] parts = status.split(" ", 3);
        JsonNode operation = description.document().path("paths").path(parts[1]).path(parts[0]);
        JsonNode response = description.resolve(operation.path("responses").path(parts[2]));
        JsonNode lines = response.at("/content/application~1x-ndjson/schema");
        return lines.isMissingNode() ? response.at("/content/application~1json/schema") : lines;
    }

    /**
     * Returns the {@code $ref} of the response's schema or of the schema's items. Operations that share a schema
     * therefore share the result. Returns the status if there is no {@code $ref}.
     */
    private static String schemaOrStatus(String status) {
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
