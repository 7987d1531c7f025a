package org.gatehouse.leaving;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.gatehouse.http.StreamedResponse;
import org.gatehouse.identity.Roles;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.UserCaller;

/** {@code GET /user/me/export}: returns everything that is stored about the caller. */
@Path("user/me/export")
@Produces(MediaType.APPLICATION_JSON)
public final class OwnDataResource {
    private final OwnDataExport exports;
    private final StepUp stepUp;

    OwnDataResource(OwnDataExport exports, StepUp stepUp) {
        this.exports = exports;
        this.stepUp = stepUp;
    }

    /** Returns 200 with the data as a file. A stolen token must not yield the history of the user. */
    @GET
    @RolesAllowed(Roles.ANY)
    public Response give(@Context ContainerRequestContext request) {
        UserCaller caller = UserCaller.of(request);
        stepUp.require(caller);
        Response response = StreamedResponse.of(
                request,
                MediaType.APPLICATION_JSON_TYPE,
                request.getMethod().equals(HttpMethod.HEAD) ? nothing -> {} : exports.start(caller));
        response.getHeaders().putSingle(HttpHeaders.CONTENT_DISPOSITION, "attachment; filename=\"account.json\"");
        return response;
    }
}
