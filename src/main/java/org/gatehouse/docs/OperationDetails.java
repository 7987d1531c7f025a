package org.gatehouse.docs;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toList;

import io.swagger.v3.jaxrs2.ext.AbstractOpenAPIExtension;
import io.swagger.v3.jaxrs2.ext.OpenAPIExtension;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.SpecVersion;
import io.swagger.v3.oas.models.examples.Example;
import io.swagger.v3.oas.models.headers.Header;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.Parameter;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.responses.ApiResponses;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.core.Form;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.Fails;
import org.gatehouse.http.JsonBody;
import org.gatehouse.identity.Roles;

/**
 * What follows for every operation from its method: who may call it, its parameters, which
 * {@code gatehouse.yaml} describes by name, and the failures. Run by the build; no part of the WAR.
 */
final class OperationDetails extends AbstractOpenAPIExtension {
    private static final String NO_ANSWER_SAID = "default";

    /** Open to all, and looks at a token that comes all the same. */
    private static final String TAKES_TOKEN = "logout";

    /** The codes of an error response. A schema of their own for each response would multiply the classes of generated clients. */
    private static final String CODES = "x-error-codes";

    private static final String REQUEST_ID = "0a1b2c3d4e5f6071";

    @Override
    public void decorateOperation(Operation operation, Method method, Iterator<OpenAPIExtension> chain) {
        super.decorateOperation(operation, method, chain);
        RolesAllowed roles = method.getAnnotation(RolesAllowed.class);
        List<String> allowed = roles == null ? List.of() : List.of(roles.value());
        addSecurity(operation, allowed);
        if (operation.getParameters() != null) {
            operation.getParameters().replaceAll(OperationDetails::byName);
        }
        ApiResponses responses = operation.getResponses();
        responses.remove(NO_ANSWER_SAID);
        failures(method, allowed).stream()
                .collect(groupingBy(ErrorCode::status, TreeMap::new, toList()))
                .forEach((status, codes) -> {
                    ApiResponse ownForm = responses.get(Integer.toString(status));
                    responses.addApiResponse(
                            Integer.toString(status), ownForm == null ? failure(status, codes) : ownForm);
                });
    }

    /** One of the two ways to send the token, or none where the method is open to some without. */
    private static void addSecurity(Operation operation, List<String> allowed) {
        boolean open = allowed.isEmpty();
        if (open && !TAKES_TOKEN.equals(operation.getOperationId())) {
            operation.setSecurity(List.of());
            return;
        }
        if (open || allowed.contains(Roles.NEWCOMER)) {
            operation.addSecurityItem(new SecurityRequirement());
        }
        operation.addSecurityItem(new SecurityRequirement().addList("bearer"));
        operation.addSecurityItem(new SecurityRequirement().addList("auth"));
        if (!open && !allowed.contains(Roles.ANY)) {
            operation.setDescription(audience(allowed));
        }
    }

    private static String audience(List<String> allowed) {
        return allowed.stream()
                .map(role ->
                        role.equals(Roles.NEWCOMER) ? "anyone where registration is open" : "the role `" + role + "`")
                .collect(joining(", or ", "For ", "."));
    }

    private static Parameter byName(Parameter parameter) {
        return parameter.get$ref() != null
                ? parameter
                : new Parameter().$ref("#/components/parameters/" + parameter.getName());
    }

    private static Set<ErrorCode> failures(Method method, List<String> allowed) {
        EnumSet<ErrorCode> codes = EnumSet.of(
                ErrorCode.BAD_REQUEST, ErrorCode.NOT_ACCEPTABLE, ErrorCode.INTERNAL, ErrorCode.STORE_UNAVAILABLE);
        if (!allowed.isEmpty()) {
            codes.addAll(EnumSet.of(
                    ErrorCode.TOKEN_AMBIGUOUS,
                    ErrorCode.TOKEN_MISSING,
                    ErrorCode.TOKEN_MALFORMED,
                    ErrorCode.TOKEN_INVALID,
                    ErrorCode.TOKEN_EXPIRED,
                    ErrorCode.SESSION_ENDED,
                    ErrorCode.BUSY));
        }
        if (!allowed.isEmpty() && !allowed.contains(Roles.ANY)) {
            codes.add(ErrorCode.FORBIDDEN);
        }
        codes.add(ErrorCode.VALIDATION_FAILED); // an unknown query parameter
        List<Class<?>> taken = List.of(method.getParameterTypes());
        if (taken.contains(JsonBody.class)) {
            codes.add(ErrorCode.BODY_MALFORMED);
        }
        if (taken.contains(JsonBody.class) || taken.contains(Form.class)) {
            codes.add(ErrorCode.BODY_TOO_LARGE);
            codes.add(ErrorCode.BODY_TIMEOUT);
        }
        if (method.isAnnotationPresent(Consumes.class) || taken.contains(JsonBody.class)) {
            codes.add(ErrorCode.UNSUPPORTED_MEDIA_TYPE);
        }
        Fails fails = method.getAnnotation(Fails.class);
        codes.addAll(fails == null ? List.of() : Arrays.asList(fails.value()));
        return codes;
    }

    private static ApiResponse failure(int status, Collection<ErrorCode> codes) {
        ApiResponse response = new ApiResponse()
                .description(codes.stream().map(code -> "`" + code + "`").collect(joining(", ")))
                .addHeaderObject("X-Request-Id", header("X-Request-Id"));
        switch (status) {
            case 400 -> {
                if (codes.contains(ErrorCode.TOKEN_AMBIGUOUS)) {
                    response.addHeaderObject("WWW-Authenticate", header("WWW-Authenticate-If-Token"));
                }
            }
            case 403 -> response.addHeaderObject("WWW-Authenticate", header("WWW-Authenticate-If-Token"));
            case 415 ->
                List.of("Accept", "Accept-Encoding", "Accept-Patch", "Accept-Post")
                        .forEach(name -> response.addHeaderObject(name, header(name)));
            case 401 -> response.addHeaderObject("WWW-Authenticate", header("WWW-Authenticate"));
            case 409 -> {
                if (codes.contains(ErrorCode.IDEMPOTENCY_KEY_IN_USE)) {
                    response.addHeaderObject("Retry-After", header("Retry-After-In-Use"));
                }
            }
            case 429, 503 -> response.addHeaderObject("Retry-After", header("Retry-After"));
            default -> {}
        }
        MediaType json = new MediaType().schema(schema("Error"));
        codes.forEach(code -> json.addExamples(code.name(), new Example().value(example(code))));
        MediaType problem = new MediaType().schema(schema("Problem"));
        codes.forEach(code -> problem.addExamples(code.name(), new Example().value(exampleOfProblem(code))));
        response.addExtension(CODES, codes.stream().map(ErrorCode::name).toList());
        return response.content(
                new Content().addMediaType("application/json", json).addMediaType("application/problem+json", problem));
    }

    private static Header header(String name) {
        return new Header().$ref("#/components/headers/" + name);
    }

    private static Schema<?> schema(String form) {
        Schema<Object> error = new Schema<>(SpecVersion.V31);
        error.set$ref("#/components/schemas/" + form);
        return error;
    }

    private static Map<String, Object> example(ErrorCode code) {
        Map<String, Object> example = new LinkedHashMap<>();
        example.put("status", "error");
        example.put("code", code.name());
        code.originalName().ifPresent(name -> example.put("name", name));
        example.put("message", code.message());
        addWhatBothFormsHave(code, example);
        return example;
    }

    private static Map<String, Object> exampleOfProblem(ErrorCode code) {
        Map<String, Object> example = new LinkedHashMap<>();
        example.put(
                "type",
                "urn:gatehouse:error:" + code.name().toLowerCase(Locale.ROOT).replace('_', '-'));
        example.put("title", code.message());
        example.put("status", code.status());
        example.put("detail", code.message());
        example.put("code", code.name());
        code.originalName().ifPresent(name -> example.put("name", name));
        addWhatBothFormsHave(code, example);
        return example;
    }

    private static void addWhatBothFormsHave(ErrorCode code, Map<String, Object> example) {
        if (code == ErrorCode.TOKEN_EXPIRED) {
            example.put("expiredAt", "2026-11-23T10:10:00.000Z");
        }
        example.put("requestId", REQUEST_ID);
        if (code == ErrorCode.VALIDATION_FAILED) {
            example.put("errors", List.of(Map.of("field", "username", "message", "is required")));
        }
    }
}
