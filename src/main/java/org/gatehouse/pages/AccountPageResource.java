package org.gatehouse.pages;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.config.Settings;
import org.gatehouse.docs.StaticContent;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.json.Json;

/**
 * Serves the account page {@code /account}, the pages {@code /account/{purpose}} to which the links in mails lead, and
 * the files of all pages.
 *
 * <p>The page of a purpose is the same for every link, because browsers do not send the fragment that contains the
 * proof. Therefore a GET cannot consume a proof. The script of the page posts the proof after a click or key press of the
 * user.
 */
@Path("account")
public final class AccountPageResource {
    /** The last segments of the addresses in mails. {@code page.js} has a form for each. */
    private static final Set<String> PURPOSES = Set.of("reset", "verification", "change", "undo", "invitation");

    /**
     * What this installation offers, so that pages leave out the rest.
     *
     * @param registration whether anyone may create an account
     * @param mail whether mails are sent
     * @param passkeys whether passkeys are configured
     */
    private record Features(boolean registration, boolean mail, boolean passkeys) {}

    private final Features features;

    /** @param settings determine what the pages offer */
    public AccountPageResource(Settings settings) {
        features = new Features(settings.registrationOpen(), settings.mail() != null, settings.passkeys() != null);
    }

    /** Returns 200 with the account page. */
    @GET
    @PermitAll
    @Produces({MediaType.TEXT_HTML, MediaType.WILDCARD})
    public Response account(@Context UriInfo uri, @Context Request request) {
        return PageFiles.response(PageFiles.ACCOUNT, "account", uri, request);
    }

    /** Returns 200 with what this installation offers. */
    @GET
    @Path("features")
    @PermitAll
    @Produces(MediaType.APPLICATION_JSON)
    public byte[] features() {
        return Json.write(features);
    }

    /**
     * Returns 200 with the page of a purpose or with a file of the pages.
     *
     * @param name a purpose or the name of a file
     */
    @GET
    @Path("{purpose}")
    @PermitAll
    @Produces({MediaType.TEXT_HTML, "text/javascript", "text/css", MediaType.WILDCARD})
    public Response read(@PathParam("purpose") String name, @Context UriInfo uri, @Context Request request) {
        Optional<StaticContent> file = PageFiles.find(name);
        if (file.isPresent()) {
            return file.get().response(request).build();
        }
        if (!PURPOSES.contains(name)) {
            throw new GatehouseException(ErrorCode.NOT_FOUND);
        }
        return PageFiles.response(PageFiles.MAIL_LINK, name, uri, request);
    }
}
