package org.gatehouse.key;

import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import java.util.Optional;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.http.Cursor;
import org.gatehouse.http.Page;
import org.gatehouse.http.PageRequest;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;
import org.gatehouse.user.Caller;
import org.gatehouse.user.StepUp;
import org.jspecify.annotations.Nullable;

/** Lets administrators list, rotate and revoke the signing keys. Responses never contain private parts. */
@Path("key")
@Produces(MediaType.APPLICATION_JSON)
public final class KeyResource {
    private final SigningKeys keys;
    private final StepUp stepUp;
    private final AuditLog audit;

    public KeyResource(SigningKeys keys, StepUp stepUp, AuditLog audit) {
        this.keys = keys;
        this.stepUp = stepUp;
        this.audit = audit;
    }

    /** Returns 200 with one page of keys, newest first. Revoked keys and keys that do not sign yet are included. */
    @GET
    @Requires(Permission.KEYS_READ)
    public Response list(
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("after") @Nullable String after,
            @Context UriInfo uri) {
        List<KeyInfo> all = keys.list();
        FieldErrors errors = new FieldErrors();
        PageRequest wanted = PageRequest.parse(limit, after, errors);
        int start =
                wanted.position(cursor -> positionAfter(cursor, all), errors).orElse(0);
        errors.throwIfAny();
        List<KeyInfo> found =
                all.stream().skip(start).limit(wanted.limit() + 1L).toList();
        return Page.of(found, wanted.limit()).response(uri, key -> key, key -> Cursor.of(key.id()));
    }

    /** Returns 201 with the new key, which is published immediately and signs from {@code activeFrom} on. */
    @POST
    @Path("rotate")
    @Requires(Permission.KEYS_WRITE)
    public Response rotate(JsonBody body, @Context ContainerRequestContext request) {
        body.requireEmpty();
        KeyInfo made = keys.rotate();
        audit.record(Caller.of(request).auditEvent(AuditType.KEY_ROTATED).with(Detail.KEY, made.id()));
        return Response.status(Response.Status.CREATED).entity(Json.write(made)).build();
    }

    /**
     * Returns 204 after all nodes reject the key. This requires a recent authentication. The path excludes
     * {@code /key/rotate}, which has no DELETE.
     */
    @DELETE
    @Path("{kid: (?!rotate(?:/|$))[^/]+}")
    @Requires(Permission.KEYS_WRITE)
    public void revoke(@PathParam("kid") String kid, @Context ContainerRequestContext request) {
        Caller caller = Caller.of(request);
        stepUp.require(caller);
        keys.revoke(kid);
        audit.record(caller.auditEvent(AuditType.KEY_REVOKED).with(Detail.KEY, kid));
    }

    /** Returns the number of keys before the page, or empty if the key in the cursor has been deleted. */
    private static Optional<Integer> positionAfter(String cursor, List<KeyInfo> all) {
        List<String> ids = all.stream().map(KeyInfo::id).toList();
        return Cursor.parse(cursor, 1)
                .map(parts -> ids.indexOf(parts.get(0)) + 1)
                .filter(position -> position > 0);
    }
}
