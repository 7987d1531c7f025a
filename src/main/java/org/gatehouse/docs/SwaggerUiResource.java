package org.gatehouse.docs;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.core.UriInfo;
import java.util.Map;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/** Serves {@code /docs}, which shows the API description and can send requests, and the files of this page. */
@Path("docs")
public final class SwaggerUiResource {
    /**
     * Scripts and styles come from this service only. {@code data:} and {@code unsafe-inline} are allowed, because
     * Swagger UI embeds icons in its styles and sets inline styles.
     */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
            + " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /** Reads the files at the first request for the page, because they have 1.6 MB, and most nodes never serve them. */
    private static final class Files {
        static final StaticContent PAGE = ofFile("page.html", StaticContent.HTML);
        static final Map<String, StaticContent> BY_NAME = Map.of(
                "page.js", ofFile("page.js", StaticContent.SCRIPT),
                "page.css", ofFile("page.css", StaticContent.STYLE),
                "swagger-ui-bundle.js", ofFile("swagger-ui-bundle.js", StaticContent.SCRIPT),
                "swagger-ui.css", ofFile("swagger-ui.css", StaticContent.STYLE));

        private static StaticContent ofFile(String name, MediaType type) {
            return StaticContent.ofFile(SwaggerUiResource.class, name, type);
        }
    }

    /** Returns 200 with the page. {@code /docs/} redirects to {@code /docs}, because the page's links are relative. */
    @GET
    @PermitAll
    @Produces({MediaType.TEXT_HTML, MediaType.WILDCARD})
    public Response page(@Context UriInfo uri, @Context Request request) {
        if (uri.getRequestUri().getRawPath().endsWith("/")) {
            return Response.status(Status.MOVED_PERMANENTLY)
                    .header(HttpHeaders.LOCATION, "../docs")
                    .build();
        }
        return Files.PAGE
                .response(request)
                .header("Content-Security-Policy", POLICY)
                .build();
    }

    /** Returns 200 with a file that the page loads. */
    @GET
    @Path("{file}")
    @PermitAll
    @Produces(MediaType.WILDCARD)
    public Response file(@PathParam("file") String name, @Context Request request) {
        StaticContent file = Files.BY_NAME.get(name);
        if (file == null) {
            throw new GatehouseException(ErrorCode.NOT_FOUND);
        }
        return file.response(request).build();
    }
}
