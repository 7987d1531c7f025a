package org.gatehouse.pages;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;

/** Serves {@code /console}, the page of administrators. The API decides who may do what; the page itself is public. */
@Path("console")
public final class ConsolePageResource {
    /** Returns 200 with the console. Its files are among those of {@link AccountPageResource}. */
    @GET
    @PermitAll
    @Produces({MediaType.TEXT_HTML, MediaType.WILDCARD})
    public Response console(@Context UriInfo uri, @Context Request request) {
        return PageFiles.response(PageFiles.CONSOLE, "console", uri, request);
    }
}
