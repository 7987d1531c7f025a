package org.gatehouse.account;

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
import java.util.Set;
import org.gatehouse.docs.StaticContent;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.jspecify.annotations.Nullable;

/**
 * Serves the page {@code /account/{purpose}}, to which the links in mails lead, and the files of this page.
 *
 * <p>The page is the same for every link, because browsers do not send the fragment that contains the proof. Therefore
 * a GET cannot consume a proof. The script of the page posts the proof after a click or key press of the user.
 */
@Path("account")
public final class AccountPageResource {
    /** The last segments of the page's addresses. {@code page.js} has a form for each. */
    private static final Set<String> PURPOSES = Set.of("reset", "verification", "change", "undo", "invitation");

    /** The browser loads scripts and styles only from this service. It sends data only to this service, and no form. */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static final StaticContent PAGE = ofFile("page.html", StaticContent.HTML);

    private static final Map<String, StaticContent> FILES = Map.of(
            "page.js", ofFile("page.js", StaticContent.SCRIPT), "page.css", ofFile("page.css", StaticContent.STYLE));

    private static StaticContent ofFile(String name, MediaType type) {
        return StaticContent.ofFile(AccountPageResource.class, name, type);
    }

    /**
     * Returns 200 with the page or a file that the page loads.
     *
     * <p>A path with a trailing slash redirects to the path without it, because the page's links are relative. Browsers
     * keep the fragment (RFC 9110, section 10.2.2).
     *
     * @param name a purpose or the name of a file
     */
    @GET
    @Path("{purpose}")
    @PermitAll
    @Produces({MediaType.TEXT_HTML, "text/javascript", "text/css", MediaType.WILDCARD})
    public Response read(@PathParam("purpose") String name, @Context UriInfo uri, @Context Request request) {
        @Nullable StaticContent file = FILES.get(name);
        if (file != null) {
            return file.response(request).build();
        }
        if (!PURPOSES.contains(name)) {
            throw new GatehouseException(ErrorCode.NOT_FOUND);
        }
        if (uri.getRequestUri().getRawPath().endsWith("/")) {
            return Response.status(Status.MOVED_PERMANENTLY)
                    .header(HttpHeaders.LOCATION, "../" + name)
                    .build();
        }
        return PAGE.response(request)
                .header("Content-Security-Policy", POLICY)
                .header("Cross-Origin-Opener-Policy", "same-origin")
                .build();
    }
}
