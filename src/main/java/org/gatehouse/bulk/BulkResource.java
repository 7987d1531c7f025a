package org.gatehouse.bulk;

import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.function.Predicate;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;
import org.gatehouse.session.SessionService;
import org.gatehouse.user.Caller;
import org.gatehouse.user.MongoUserLists;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.UserService;

/** {@code POST /user/bulk}: changes many users, page by page. */
@Path("user/bulk")
@Produces(MediaType.APPLICATION_JSON)
public final class BulkResource {
    private final BulkContext context;
    private final StepUp stepUp;

    private BulkResource(BulkContext context, StepUp stepUp) {
        this.context = context;
        this.stepUp = stepUp;
    }

    /**
     * Returns the resources of this package.
     *
     * @param stillAllowed whether a caller still has the permission {@code users:write}
     */
    public static List<Object> resources(
            UserService users,
            MongoUserLists lists,
            SessionService sessions,
            StepUp stepUp,
            Predicate<Caller> stillAllowed) {
        return List.of(new BulkResource(new BulkContext(users, lists, sessions, stillAllowed), stepUp));
    }

    /** Returns 200 with the counts, the users that were not changed, and the position of the next page. */
    @POST
    @Requires(Permission.USERS_WRITE)
    @Consumes(MediaType.APPLICATION_JSON)
    public Response run(JsonBody body, @Context ContainerRequestContext request) {
        BulkRequest bulk = BulkRequest.parse(body);
        Caller caller = Caller.of(request);
        stepUp.require(caller);
        return Response.ok(Json.write(new BulkRun(context, caller, bulk).run())).build();
    }
}
