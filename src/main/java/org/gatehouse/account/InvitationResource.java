package org.gatehouse.account;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.core.UriInfo;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.RelativeReference;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.json.JsonBody;
import org.gatehouse.user.Caller;
import org.gatehouse.user.User;
import org.gatehouse.user.UserResource;

/** {@code /invitation}: invites people, who then create their accounts. */
@Path("invitation")
@Produces(MediaType.APPLICATION_JSON)
public final class InvitationResource {
    private final InvitationService invitations;

    InvitationResource(InvitationService invitations) {
        this.invitations = invitations;
    }

    /** Returns 202 after the mail is queued. */
    @POST
    @Requires(Permission.USERS_INVITE)
    @Consumes(MediaType.APPLICATION_JSON)
    public Response invite(JsonBody body, @Context ContainerRequestContext request) {
        return Accepted.queued(invitations.invite(Caller.of(request), body));
    }

    /** Returns 201 with the new user, whose address is verified. */
    @POST
    @Path("accept")
    @PermitAll
    @Consumes(MediaType.APPLICATION_JSON)
    public Response accept(JsonBody body, @Context ContainerRequestContext request, @Context UriInfo uri) {
        User user = invitations.accept(body, ClientInfo.of(request));
        String location = RelativeReference.ofPath(uri, "user/" + user.id().hex());
        return UserResource.response(Response.status(Status.CREATED).header(HttpHeaders.LOCATION, location), user);
    }
}
