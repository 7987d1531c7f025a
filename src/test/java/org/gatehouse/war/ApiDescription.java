package org.gatehouse.war;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gatehouse.json.Json;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * The OpenAPI description of Gatehouse. Checks the traffic between clients and the service. The description must cover
 * all responses, and all requests that the service accepts.
 */
public final class ApiDescription {
    /** Headers that need no description, because they belong to the connection or are the same on every response. */
    private static final Set<String> NOT_DESCRIBED = Set.of(
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "access-control-expose-headers",
            "cache-control",
            "connection",
            "content-length",
            "content-security-policy",
            "content-type",
            "cross-origin-resource-policy",
            "date",
            "referrer-policy",
            "server",
            "transfer-encoding",
            "vary",
            "x-frame-options",
            "x-content-type-options");

    /** Headers of responses that no operation produced: the request id, and headers that explain an error. */
    private static final Set<String> WITHOUT_OPERATION = Set.of("allow", "retry-after", "x-request-id");

    /** Headers of the response to a CORS preflight request. */
    private static final Set<String> PREFLIGHT = Set.of(
            "access-control-allow-headers",
            "access-control-allow-methods",
            "access-control-max-age",
            "accept-patch",
            "allow",
            "x-request-id");

    /** Finds the parts of a path that containers reject as ambiguous or malformed. */
    private static final Pattern AMBIGUOUS = Pattern.compile("[%;\\\\]|//|/\\.");

    /** A length in characters. Every container accepts a request line of this length, and headers of this length. */
    private static final int LONG = 4096;

    /**
     * The pattern of a time. The description does not contain this pattern, because generated Python clients apply
     * patterns to the parsed time and fail.
     */
    private static final String TIME = "^[+-]?\\d{4,}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$";

    private static final String REQUEST_ID = "X-Request-Id";
    private static final Pattern PARAMETER = Pattern.compile("\\{(\\w+)}");
    private static final String JSON = "application/json";
    private static final String PROBLEM = "application/problem+json";
    private static final String NDJSON = "application/x-ndjson";
    private static final String FORM = "application/x-www-form-urlencoded";
    private static final String ANY = "*/*";

    private static final ApiDescription BUILT = read();

    private final JsonNode document;
    private final SchemaRegistry registry = SchemaRegistry.withDialect(Dialects.getDraft202012());

    /**
     * The compiled schemas. The keys are compared by identity, because a comparison of contents would take longer than
     * the validation itself.
     */
    private final Map<JsonNode, Schema> schemas = Collections.synchronizedMap(new IdentityHashMap<>());

    private final List<Route> routes = new ArrayList<>();

    private record Route(String path, Pattern pattern, JsonNode operations) {}

    private ApiDescription(JsonNode document) {
        this.document = document;
        document.path("paths").properties().forEach(path -> routes.add(route(path.getKey(), path.getValue())));
        // The paths with the most literal characters come first, as in Jersey.
        routes.sort(Comparator.comparing(
                route -> -PARAMETER.matcher(route.path()).replaceAll("").length()));
    }

    public static ApiDescription built() {
        return BUILT;
    }

    private static ApiDescription read() {
        LoaderOptions strict = new LoaderOptions();
        strict.setAllowDuplicateKeys(false);
        try (InputStream file = ApiDescription.class.getResourceAsStream("/org/gatehouse/docs/openapi.yaml")) {
            Object document = new Yaml(new SafeConstructor(strict)).load(Objects.requireNonNull(file, "openapi.yaml"));
            return new ApiDescription(Json.MAPPER.valueToTree(document));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    public JsonNode document() {
        return document;
    }

    /** Returns the node to which the given node refers. Returns the given node if it is not a reference. */
    public JsonNode resolve(JsonNode node) {
        String reference = node.path("$ref").asText();
        if (reference.isEmpty()) {
            return node;
        }
        JsonNode found = document.at(reference.substring(1));
        if (found.isMissingNode()) {
            throw new AssertionError("the description refers to " + reference + ", which it does not have");
        }
        return found;
    }

    /** Returns the schema violations of a value, or an empty list if the value is valid. */
    public List<String> violations(JsonNode schema, JsonNode value) {
        Schema compiled = schemas.computeIfAbsent(schema, this::compile);
        return compiled.validate(value).stream().map(Error::toString).toList();
    }

    /**
     * Returns the key of the operation for a request, such as {@code get /user/{id}}. Returns empty if no operation
     * matches.
     */
    public Optional<String> operation(String method, String path) {
        return find(path).map(route -> described(method) + " " + route.path());
    }

    /**
     * Checks one request and its response.
     *
     * @param uri the path within the service, with the query
     * @throws AssertionError if the request or the response differs from the description; the message lists the
     *     differences
     */
    void check(String method, URI uri, Map<String, String> headers, String body, Response response) {
        List<String> violations = new ArrayList<>();
        Optional<Route> route = find(uri.getRawPath());
        JsonNode operation = route.map(found -> found.operations().path(described(method)))
                .orElseGet(JsonNodeFactory.instance::missingNode);
        if (isFromContainer(uri, headers, response)) {
            return;
        }
        if (method.equals("OPTIONS")) {
            checkOptions(route, response, violations);
        } else if (operation.isMissingNode()) {
            checkNoOperation(route, method, response, violations);
        } else {
            checkResponse(operation, method, response, violations);
            if (response.status() / 100 == 2) {
                checkRequest(operation, uri, headers, body, violations);
            }
        }
        if (!violations.isEmpty()) {
            throw new AssertionError("Not as described: " + method + " " + uri + " returned " + response.status() + " "
                    + response.body() + "\n" + String.join("\n", violations));
        }
    }

    /**
     * Returns whether the container rejected the request before Gatehouse received it. The reason must be visible in
     * the request.
     */
    private static boolean isFromContainer(URI uri, Map<String, String> headers, Response response) {
        if (!response.header(REQUEST_ID).isEmpty()) {
            return false;
        }
        return switch (response.status()) {
            case 400 -> AMBIGUOUS.matcher(uri.getRawPath()).find();
            case 414 -> uri.toString().length() > LONG;
            case 431 -> headers.toString().length() > LONG;
            default -> false;
        };
    }

    private void checkOptions(Optional<Route> route, Response response, List<String> violations) {
        if (response.status() >= 400) {
            checkNoOperation(route, "OPTIONS", response, violations);
            return;
        }
        if (response.status() != 204 || !response.body().isEmpty()) {
            violations.add("the response to OPTIONS must be 204 without a body");
        }
        checkNames(PREFLIGHT, response, violations);
        if (response.header("Access-Control-Allow-Methods").isEmpty()) {
            checkAllow(route, response, violations);
        }
    }

    /**
     * Checks the response to a request without a described operation. The status must be 404 for an unknown path, 405
     * for an unknown method, or 400, 500 or 503.
     */
    private void checkNoOperation(Optional<Route> route, String method, Response response, List<String> violations) {
        Set<Integer> statuses = Set.of(route.isPresent() ? 405 : 404, 400, 500, 503);
        if (!statuses.contains(response.status())) {
            violations.add("there is no such operation");
            return;
        }
        if (!method.equals("HEAD")) {
            boolean problem = mediaType(response.header("Content-Type")).equals(PROBLEM);
            JsonNode schema = document.at("/components/schemas/" + (problem ? "Problem" : "Error"));
            violations.addAll(violations(schema, response.json()));
        }
        checkNames(WITHOUT_OPERATION, response, violations);
        if (response.status() == 405) {
            checkAllow(route, response, violations);
        }
    }

    private static void checkNames(Set<String> known, Response response, List<String> violations) {
        if (response.header(REQUEST_ID).isEmpty()) {
            violations.add(REQUEST_ID + " is missing");
        }
        Set<String> undescribed = new TreeSet<>(response.headers().map().keySet());
        undescribed.removeAll(NOT_DESCRIBED);
        undescribed.removeAll(known);
        undescribed.forEach(name -> violations.add("there is no header " + name));
    }

    /** Checks that {@code Allow} lists the described methods of the path, OPTIONS, and HEAD if GET is described. */
    private static void checkAllow(Optional<Route> route, Response response, List<String> violations) {
        Set<String> methods = new TreeSet<>(Set.of("OPTIONS"));
        route.ifPresent(found -> found.operations().fieldNames().forEachRemaining(method -> {
            methods.add(method.toUpperCase(Locale.ROOT));
            if (method.equals("get")) {
                methods.add("HEAD");
            }
        }));
        Set<String> allowed = new TreeSet<>(List.of(response.header("Allow").split(", ", -1)));
        if (!allowed.equals(methods)) {
            violations.add("Allow has " + allowed + ", and the path " + methods);
        }
    }

    private void checkResponse(JsonNode operation, String method, Response response, List<String> violations) {
        JsonNode described = resolve(operation.path("responses").path(Integer.toString(response.status())));
        if (described.isMissingNode()) {
            violations.add("there is no such status");
            return;
        }
        JsonNode content = described.path("content");
        if (content.isMissingNode()) {
            if (!response.body().isEmpty()) {
                violations.add("there is no body");
            }
        } else {
            String type = mediaType(response.header("Content-Type"));
            if (!content.has(type)) {
                violations.add("there is no response of type '" + type + "'");
            } else if (!method.equals("HEAD")) {
                values(type, response.body()).forEach(value -> {
                    violations.addAll(violations(content.path(type).path("schema"), value));
                    checkCode(described.path("x-error-codes"), value, violations);
                });
            }
        }
        checkHeaders(described.path("headers"), response, violations);
    }

    private static void checkCode(JsonNode codes, JsonNode error, List<String> violations) {
        for (JsonNode code : codes) {
            if (code.equals(error.path("code"))) {
                return;
            }
        }
        if (!codes.isMissingNode()) {
            violations.add("the code " + error.path("code") + " is not one of " + codes);
        }
    }

    /** Returns the JSON values of a body. NDJSON has one value per line, and a body that is not JSON has none. */
    private static List<JsonNode> values(String type, String body) {
        return switch (type) {
            case JSON, PROBLEM -> List.of(Response.json(body));
            case NDJSON -> body.lines().map(Response::json).toList();
            default -> List.of();
        };
    }

    private void checkHeaders(JsonNode headers, Response response, List<String> violations) {
        Set<String> undescribed = new TreeSet<>(response.headers().map().keySet());
        undescribed.removeAll(NOT_DESCRIBED);
        headers.properties().forEach(named -> {
            JsonNode header = resolve(named.getValue());
            Optional<String> value = response.headers().firstValue(named.getKey());
            undescribed.remove(named.getKey().toLowerCase(Locale.ROOT));
            if (value.isPresent()) {
                JsonNode schema = header.path("schema");
                violations(schema, typed(schema, value.get()))
                        .forEach(violation -> violations.add(named.getKey() + ": " + violation));
            } else if (header.path("required").asBoolean()) {
                violations.add(named.getKey() + " is missing");
            }
        });
        undescribed.forEach(name -> violations.add("there is no header " + name));
    }

    private void checkRequest(
            JsonNode operation, URI uri, Map<String, String> headers, String body, List<String> violations) {
        Map<String, JsonNode> known = new HashMap<>();
        for (JsonNode reference : operation.path("parameters")) {
            JsonNode parameter = resolve(reference);
            if (parameter.path("in").asText().equals("query")) {
                known.put(parameter.path("name").asText(), parameter);
            }
        }
        Map<String, List<String>> given = pairs(Objects.requireNonNullElse(uri.getRawQuery(), ""));
        given.forEach((name, values) -> {
            JsonNode parameter = known.get(name);
            if (parameter == null) {
                violations.add("there is no parameter " + name);
                return;
            }
            JsonNode schema = parameter.path("schema");
            List<String> separate = isSeparatedByCommas(parameter)
                    ? values.stream()
                            .flatMap(value -> Stream.of(value.split(",", -1)))
                            .toList()
                    : values;
            violations(schema, typed(schema, separate)).forEach(violation -> violations.add(name + ": " + violation));
        });
        known.forEach((name, parameter) -> {
            if (parameter.path("required").asBoolean() && !given.containsKey(name)) {
                violations.add("the parameter " + name + " is required");
            }
        });
        checkRequestBody(resolve(operation.path("requestBody")), headers, body, violations);
    }

    private static boolean isSeparatedByCommas(JsonNode parameter) {
        return parameter.path("schema").path("type").asText().equals("array")
                && !parameter.path("explode").asBoolean(true);
    }

    private void checkRequestBody(
            JsonNode requestBody, Map<String, String> headers, String body, List<String> violations) {
        if (body.isEmpty()) {
            if (requestBody.path("required").asBoolean()) {
                violations.add("a body is required");
            }
            return;
        }
        if (requestBody.path("content").has(ANY)) {
            return;
        }
        // If the body is optional, the header Content-Type is optional too.
        String type = mediaType(headers.getOrDefault("content-type", requestBody.has("required") ? "" : JSON));
        JsonNode media = requestBody.path("content").path(type);
        if (media.isMissingNode()) {
            violations.add("no body of type '" + type + "' is accepted");
            return;
        }
        if (type.equals(NDJSON)) {
            // The service accepts every NDJSON body, and reports invalid lines in the response.
            return;
        }
        JsonNode value = type.equals(FORM) ? form(body) : Response.json(body);
        violations(media.path("schema"), value).forEach(violation -> violations.add("body: " + violation));
    }

    private Optional<Route> find(String path) {
        return routes.stream()
                .filter(route -> route.pattern().matcher(path).matches())
                .findFirst();
    }

    private Route route(String path, JsonNode operations) {
        String pattern = PARAMETER.matcher(path.replace(".", "\\.")).replaceAll(found -> values(found.group(1)));
        return new Route(path, Pattern.compile(pattern + "/?"), operations);
    }

    /** Returns a regular expression for a path parameter: one of the values in its schema, or any text. */
    private String values(String parameter) {
        List<String> texts = new ArrayList<>();
        document.at("/components/parameters/" + parameter + "Parameter/schema/enum")
                .forEach(text -> texts.add(text.asText()));
        return texts.isEmpty() ? "[^/]+" : "(" + String.join("|", texts) + ")";
    }

    private Schema compile(JsonNode schema) {
        ObjectNode whole = schema.deepCopy();
        ObjectNode components = document.path("components").deepCopy();
        components.withObject("/schemas/Time").put("pattern", TIME);
        whole.set("components", components);
        return registry.getSchema(whole);
    }

    private static String described(String method) {
        return method.equals("HEAD") ? "get" : method.toLowerCase(Locale.ROOT);
    }

    private static String mediaType(String header) {
        return header.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    }

    /** Converts the values of a parameter. Only a parameter whose schema requires an array may have several. */
    private static JsonNode typed(JsonNode schema, List<String> values) {
        if (values.size() == 1 && !schema.path("type").asText().equals("array")) {
            return typed(schema, values.get(0));
        }
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        values.forEach(value -> array.add(typed(schema.path("items"), value)));
        return array;
    }

    /** Returns the fields of a form. A field that occurs several times becomes an array. */
    private static JsonNode form(String body) {
        ObjectNode form = JsonNodeFactory.instance.objectNode();
        pairs(body).forEach((name, values) -> form.set(name, typed(MissingNode.getInstance(), values)));
        return form;
    }

    /** Converts the text of a header or parameter to the type that its schema requires. */
    private static JsonNode typed(JsonNode schema, String text) {
        String type = schema.path("type").asText();
        if (type.equals("integer") && text.matches("-?\\d+")) {
            return JsonNodeFactory.instance.numberNode(new BigDecimal(text));
        }
        return type.equals("boolean") && text.matches("true|false")
                ? JsonNodeFactory.instance.booleanNode(text.equals("true"))
                : JsonNodeFactory.instance.textNode(text);
    }

    private static Map<String, List<String>> pairs(String query) {
        Map<String, List<String>> pairs = new HashMap<>();
        for (String pair : query.split("&", -1)) {
            String[] parts = pair.split("=", 2);
            if (!parts[0].isEmpty()) {
                pairs.computeIfAbsent(decoded(parts[0]), absent -> new ArrayList<>())
                        .add(parts.length == 2 ? decoded(parts[1]) : "");
            }
        }
        return pairs;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
