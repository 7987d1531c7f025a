package org.gatehouse.docs;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.core.UriInfo;
import jakarta.ws.rs.core.Variant;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.gatehouse.http.RelativeReference;
import org.gatehouse.json.Json;

/** Redirects browsers from {@code /} to the account page. Other clients receive links to the documentation. */
@Path("/")
public final class RootResource {
    private static final List<Variant> VARIANTS = Variant.mediaTypes(
                    MediaType.APPLICATION_JSON_TYPE, MediaType.TEXT_HTML_TYPE)
            .build();

    private record Service(String name, String version, String docs, String openapi) {}

    private final String version = new String(StaticContent.read("version"), StandardCharsets.UTF_8).strip();

    /** Returns 302 to the account page if the client prefers HTML, otherwise 200 with version and links. */
    @GET
    @PermitAll
    @Produces({MediaType.APPLICATION_JSON, MediaType.TEXT_HTML})
    public Response read(@Context UriInfo uri, @Context Request request) {
        Variant wanted = request.selectVariant(VARIANTS);
        if (wanted != null && wanted.getMediaType().isCompatible(MediaType.TEXT_HTML_TYPE)) {
            return Response.status(Status.FOUND)
                    .header(HttpHeaders.LOCATION, RelativeReference.child(uri, "account"))
                    .header(HttpHeaders.VARY, HttpHeaders.ACCEPT)
                    .build();
        }
        Service service = new Service(
                "Gatehouse",
                version,
                RelativeReference.child(uri, "docs"),
                RelativeReference.child(uri, "openapi.json"));
        return Response.ok(Json.write(service), MediaType.APPLICATION_JSON_TYPE)
                .header(HttpHeaders.VARY, HttpHeaders.ACCEPT)
                .build();
    }
}
