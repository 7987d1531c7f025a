package org.gatehouse.transfer;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.http.BooleanParam;
import org.gatehouse.http.StreamedResponse;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.user.Caller;
import org.gatehouse.user.StepUp;
import org.jspecify.annotations.Nullable;

/** {@code GET /user/export}: exports all users as NDJSON; administrators only. */
@Path("user/export")
@Produces(StreamedResponse.NDJSON)
public final class UserExportResource {
    private final UserExport exports;
    private final StepUp stepUp;

    public UserExportResource(UserExport exports, StepUp stepUp) {
        this.exports = exports;
        this.stepUp = stepUp;
    }

    /**
     * Returns 200 with one user per line, in the format of {@code POST /user/import}; with hashes if requested. Hashes
     * require a recent authentication.
     */
    @GET
    @Requires(Permission.USERS_EXPORT)
    public Response give(@QueryParam("hashes") @Nullable String hashes, @Context ContainerRequestContext request) {
        FieldErrors errors = new FieldErrors();
        boolean withHashes = BooleanParam.parse("hashes", hashes, errors);
        errors.throwIfAny();
        Caller caller = Caller.of(request);
        if (withHashes) {
            stepUp.require(caller);
        }
        if (request.getMethod().equals(HttpMethod.HEAD)) {
            return StreamedResponse.of(request, nothing -> {}); // a HEAD response contains no users
        }
        return StreamedResponse.of(request, exports.start(caller, withHashes));
    }
}
