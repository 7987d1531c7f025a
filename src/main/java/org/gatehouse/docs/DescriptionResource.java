package org.gatehouse.docs;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.Fails;

/** {@code /openapi.json} and {@code /openapi.yaml}: the description of the API that the build made. */
@Tag(name = "description")
@Path("openapi.{form: json|yaml}")
public final class DescriptionResource {
    private static final String YAML = "application/yaml"; // RFC 9512

    private final StaticContent json = StaticContent.ofFile("openapi.json", MediaType.APPLICATION_JSON_TYPE);
    private final StaticContent yaml = StaticContent.ofFile("openapi.yaml", MediaType.valueOf(YAML));

    /** 200 with the description, or 304 when the caller has it already. */
    @GET
    @PermitAll
    @Produces({MediaType.APPLICATION_JSON, YAML, MediaType.WILDCARD})
    @Operation(
            operationId = "readDescription",
            summary = "Read this description",
            parameters = @Parameter(ref = "If-None-Match"))
    @ApiResponse(responseCode = "200", ref = "Description")
    @ApiResponse(responseCode = "304", ref = "NotModified")
    @Fails(ErrorCode.NOT_FOUND)
    public Response read(@PathParam("form") String form, @Context Request request) {
        return (form.equals("json") ? json : yaml).answer(request).build();
    }
}
