package org.gatehouse.transfer;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.http.BodySpool;
import org.gatehouse.http.BooleanParam;
import org.gatehouse.http.StreamedBody;
import org.gatehouse.http.StreamedResponse;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.user.Caller;
import org.gatehouse.user.StepUp;
import org.glassfish.jersey.server.CloseableService;
import org.jspecify.annotations.Nullable;

/** {@code POST /user/import}: imports users from NDJSON; administrators only. */
@Path("user/import")
@Produces(StreamedResponse.NDJSON)
public final class UserImportResource {
    private final BodySpool bodies;
    private final UserImport imports;
    private final StepUp stepUp;

    public UserImportResource(BodySpool bodies, UserImport imports, StepUp stepUp) {
        this.bodies = bodies;
        this.imports = imports;
        this.stepUp = stepUp;
    }

    /** Receives the whole body. Then returns 200 with a result for each line, and a last line with the counts. */
    @POST
    @Requires(Permission.USERS_IMPORT)
    @Consumes(StreamedResponse.NDJSON)
    @StreamedBody
    public Response take(
            @QueryParam("dryRun") @Nullable String dryRun,
            @Context ContainerRequestContext request,
            @Context HttpServletRequest received,
            @Context CloseableService endOfRequest)
            throws IOException {
        FieldErrors errors = new FieldErrors();
        boolean dry = BooleanParam.parse("dryRun", dryRun, errors);
        errors.throwIfAny();
        Caller caller = Caller.of(request);
        if (!dry) {
            stepUp.require(caller); // a line may create an administrator
        }
        InputStream lines = bodies.receive(received);
        endOfRequest.add(lines);
        return StreamedResponse.of(request, imports.start(caller, dry, lines));
    }
}
