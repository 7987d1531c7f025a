package org.gatehouse.docs;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import org.gatehouse.json.Json;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Serves the API description at {@code /openapi.yaml}, and as JSON at {@code /openapi.json}. */
@Path("openapi.{form: json|yaml}")
public final class OpenApiResource {
    private static final String YAML = "application/yaml"; // RFC 9512

    /** Reads the description at the first request, because an earlier read would delay startup. */
    private static final class AsYaml {
        static final byte[] DOCUMENT = StaticContent.read("openapi.yaml");
        static final StaticContent CONTENT = new StaticContent(DOCUMENT, MediaType.valueOf(YAML));
    }

    /** Converts the description at the first request for JSON. */
    private static final class AsJson {
        static final StaticContent CONTENT =
                new StaticContent(toJson(AsYaml.DOCUMENT), MediaType.APPLICATION_JSON_TYPE);
    }

    /** Returns 200 with the description, or 304 if the client already has it. */
    @GET
    @PermitAll
    @Produces({MediaType.APPLICATION_JSON, YAML, MediaType.WILDCARD})
    public Response read(@PathParam("form") String form, @Context Request request) {
        return (form.equals("json") ? AsJson.CONTENT : AsYaml.CONTENT)
                .response(request)
                .build();
    }

    private static byte[] toJson(byte[] document) {
        Yaml reader = new Yaml(new SafeConstructor(new LoaderOptions()));
        Object value = reader.load(new String(document, StandardCharsets.UTF_8));
        return Json.write(Json.MAPPER.valueToTree(value));
    }
}
