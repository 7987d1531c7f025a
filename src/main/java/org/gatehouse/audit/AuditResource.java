package org.gatehouse.audit;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.jspecify.annotations.Nullable;

/** {@code GET /audit}: lists the audit log; administrators only. */
@Path("audit")
@Produces(MediaType.APPLICATION_JSON)
public final class AuditResource {
    private final AuditLog audit;

    public AuditResource(AuditLog audit) {
        this.audit = audit;
    }

    /** Returns 200 with one page of entries, newest first. {@code user} selects entries by actor or affected user. */
    @GET
    @Requires(Permission.AUDIT_READ)
    public Response list(
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("after") @Nullable String after,
            @QueryParam("user") @Nullable String user,
            @QueryParam("type") @Nullable String type,
            @QueryParam("since") @Nullable String since,
            @QueryParam("until") @Nullable String until,
            @Context UriInfo uri) {
        AuditQuery query = AuditQuery.parse(new AuditQuery.Parameters(limit, after, user, type, since, until));
        return audit.list(query).response(uri, entry -> entry, AuditQuery::cursor);
    }
}
