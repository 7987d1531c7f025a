package org.gatehouse.factor;

import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.json.Json;
import org.gatehouse.user.Caller;

/** {@code /user/{id}/factor}: lets administrators list and remove the factors of any user, but not add any. */
@Path("user/{id}/factor")
@Produces(MediaType.APPLICATION_JSON)
public final class UserFactorResource {
    private final FactorService factors;

    UserFactorResource(FactorService factors) {
        this.factors = factors;
    }

    /** Returns 200 with the user's factors and the number of unused recovery codes. */
    @GET
    @Requires(Permission.FACTORS_READ)
    public byte[] list(@PathParam("id") String id, @Context ContainerRequestContext request) {
        return Json.write(factors.listOf(Caller.of(request), id));
    }

    /** Returns 204 after the factor has been removed and all sessions of the user have ended. */
    @DELETE
    @Path("{factorId}")
    @Requires(Permission.FACTORS_REMOVE)
    public void remove(
            @PathParam("id") String id,
            @PathParam("factorId") String factorId,
            @Context ContainerRequestContext request) {
        factors.removeOf(Caller.of(request), id, factorId);
    }
}
