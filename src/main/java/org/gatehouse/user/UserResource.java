package org.gatehouse.user;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.EntityTag;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.core.UriInfo;
import java.util.function.Consumer;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.http.BooleanParam;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.Page;
import org.gatehouse.http.Preconditions;
import org.gatehouse.http.RelativeReference;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.identity.Roles;
import org.gatehouse.json.JsonBody;
import org.jspecify.annotations.Nullable;

/**
 * Serves users over HTTP. {@link UserService} decides which calls are allowed. This class only converts requests and
 * responses.
 *
 * <p>The id {@code me} means the caller's own id.
 */
@Path("user")
@Produces(MediaType.APPLICATION_JSON)
public final class UserResource {
    private static final String MERGE_PATCH = "application/merge-patch+json";
    private static final String TOTAL_COUNT = "X-Total-Count";

    private final UserService users;
    private final UserRegistrar registrar;
    private final MongoUserLists lists;
    private final UserLeaving leaving;

    UserResource(UserService users, UserRegistrar registrar, MongoUserLists lists, UserLeaving leaving) {
        this.users = users;
        this.registrar = registrar;
        this.lists = lists;
        this.leaving = leaving;
    }

    /** Returns 201 with the user, its URL and its version. Creates one user for each {@code Idempotency-Key}. */
    @POST
    @RolesAllowed(Roles.NEWCOMER)
    @Requires(Permission.USERS_WRITE)
    @Consumes(MediaType.APPLICATION_JSON)
    public Response create(JsonBody body, @Context ContainerRequestContext request, @Context UriInfo uri) {
        User user = registrar.create(
                Caller.ifAny(request).orElse(null),
                ClientInfo.of(request),
                body,
                IdempotencyKey.of(request).orElse(null));
        String location = RelativeReference.child(uri, user.id().hex());
        return response(Response.status(Status.CREATED).header(HttpHeaders.LOCATION, location), user);
    }

    /**
     * Returns 200 with one page of users. {@code Link} (RFC 8288) refers to the first page, and to the next page if one
     * exists. If requested, {@code X-Total-Count} is the approximate size of the whole list.
     */
    @GET
    @Requires(Permission.USERS_READ)
    public Response list(
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("after") @Nullable String after,
            @QueryParam("sort") @Nullable String sort,
            @QueryParam("q") @Nullable String q,
            @QueryParam("search") @Nullable String search,
            @QueryParam("role") @Nullable String role,
            @QueryParam("status") @Nullable String status,
            @QueryParam("count") @Nullable String count,
            @Context UriInfo uri) {
        FieldErrors errors = new FieldErrors();
        boolean counted = BooleanParam.parse("count", count, errors);
        UserQuery query = UserQuery.parse(limit, after, sort, q, search, role, status, errors);
        Page<ListedUser> page = Page.of(lists.list(query.withOneMore()), query.limit());
        Response response = page.response(
                uri,
                listed -> UserJson.write(listed.user()),
                listed -> query.position(listed).cursor());
        if (counted) {
            response.getHeaders().putSingle(TOTAL_COUNT, lists.estimatedCount(query.filter()));
        }
        return response;
    }

    /** Returns 200 with the user, or 304 if the caller already has this version. */
    @GET
    @Path("{id}")
    @RolesAllowed(Roles.ANY)
    @Requires(Permission.USERS_READ)
    public Response find(@PathParam("id") String id, @Context ContainerRequestContext request) {
        Preconditions conditions = Preconditions.of(request);
        User user = users.find(Caller.of(request), id, Permission.USERS_READ);
        return conditions.isUnmodified(tag(user))
                ? Response.notModified(tag(user)).build()
                : response(Response.ok(), user);
    }

    /** Returns 200 with the user after the merge patch. */
    @PATCH
    @Path("{id}")
    @RolesAllowed(Roles.ANY)
    @Requires(Permission.USERS_WRITE)
    @Consumes({MediaType.APPLICATION_JSON, MERGE_PATCH})
    public Response change(@PathParam("id") String id, JsonBody body, @Context ContainerRequestContext request) {
        return response(Response.ok(), users.change(Caller.of(request), id, body, condition(request)));
    }

    /** Returns 204 after another user has been deleted, or 202 with the caller's user, which is deleted later. */
    @DELETE
    @Path("{id}")
    @RolesAllowed(Roles.ANY)
    @Requires(Permission.USERS_WRITE)
    public Response delete(@PathParam("id") String id, @Context ContainerRequestContext request) {
        Caller caller = Caller.of(request);
        if (users.isOwn(caller, id)) {
            return response(Response.accepted(), leaving.leave(caller.requireUser(), condition(request)));
        }
        users.delete(caller, id, condition(request));
        return Response.noContent().build();
    }

    /** Returns a check that throws if the user does not meet the preconditions of the request. */
    private static Consumer<User> condition(ContainerRequestContext request) {
        Preconditions conditions = Preconditions.of(request);
        return user -> conditions.isUnmodified(tag(user));
    }

    /** Adds the user and its tag to a response. */
    public static Response response(ResponseBuilder builder, User user) {
        return builder.tag(tag(user)).entity(user.answer().json(user)).build();
    }

    private static EntityTag tag(User user) {
        return new EntityTag(Long.toString(user.version()));
    }
}
