package org.gatehouse.account;

import jakarta.ws.rs.Consumes;
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
import java.util.Objects;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;
import org.gatehouse.mail.MailRow;
import org.gatehouse.mail.MailRows;
import org.gatehouse.user.Caller;
import org.jspecify.annotations.Nullable;

/** {@code /mail}: shows the mails and their fate to administrators. */
@Path("mail")
@Produces(MediaType.APPLICATION_JSON)
public final class MailResource {
    private static final String TO = "to";

    private final MailRows rows;
    private final AuditLog audit;

    MailResource(MailRows rows, AuditLog audit) {
        this.rows = rows;
        this.audit = audit;
    }

    /** Returns 200 with one page of mails, latest first. */
    @GET
    @Requires(Permission.MAIL_READ)
    public Response list(
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("after") @Nullable String after,
            @QueryParam("status") @Nullable String status,
            @QueryParam("user") @Nullable String user,
            @Context UriInfo uri) {
        return rows.list(limit, after, status, user).response(uri, MailRows::json, MailRows::cursor);
    }

    /** Returns 202 after the mail is due now. */
    @POST
    @Path("{id}/retry")
    @Requires(Permission.MAIL_RETRY)
    public Response retry(@PathParam("id") String id, JsonBody body, @Context ContainerRequestContext request) {
        body.requireEmpty();
        MailRow row = rows.retry(id);
        audit.record(Caller.of(request)
                .auditEvent(AuditType.MAIL_RETRIED)
                .with(Detail.EMAIL, Objects.requireNonNullElse(row.to(), "")));
        return response(row);
    }

    /** Returns 202 after a test mail is queued. */
    @POST
    @Path("test")
    @Requires(Permission.MAIL_TEST)
    @Consumes(MediaType.APPLICATION_JSON)
    public Response test(JsonBody body, @Context ContainerRequestContext request) {
        FieldErrors errors = new FieldErrors();
        String text = body.requiredText(TO, errors);
        body.rejectUnknown(List.of(TO), errors);
        EmailAddress to = AddressInput.read(text, TO, errors);
        errors.throwIfAny();
        return response(
                rows.test(Objects.requireNonNull(to), ClientInfo.of(request).language()));
    }

    private static Response response(MailRow row) {
        return Response.accepted(Json.write(MailRows.json(row))).build();
    }
}
