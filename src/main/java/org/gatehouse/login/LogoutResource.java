package org.gatehouse.login;

import com.fasterxml.jackson.databind.JsonNode;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.gatehouse.auth.Authenticator;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;
import org.gatehouse.session.SessionService;

/**
 * {@code POST /logout}: ends the session of the token that comes with it, also of one that has expired; without one that
 * could end anything there is nothing to do, which is a success too.
 */
@Path("logout")
@Produces(MediaType.APPLICATION_JSON)
public final class LogoutResource {
    private static final String EVERYWHERE = "everywhere";

    private record LoggedOut(String status, String message, long ended) {}

    private final SessionService sessions;
    private final Authenticator authenticator;

    public LogoutResource(SessionService sessions, Authenticator authenticator) {
        this.sessions = sessions;
        this.authenticator = authenticator;
    }

    /** 200 once the session, or with {@code everywhere} each of the user's sessions, has ended on all nodes. */
    @POST
    @PermitAll
    public byte[] logout(JsonBody body, @Context ContainerRequestContext request) {
        boolean everywhere = isEverywhere(body);
        long ended = authenticator
                .callerToLogOut(request)
                .map(caller -> everywhere ? sessions.logOutEverywhere(caller) : sessions.logOut(caller))
                .orElse(0L);
        return Json.write(new LoggedOut("success", "Logged out successfully!", ended));
    }

    /** A body that is not understood must not end less than its sender meant. */
    private static boolean isEverywhere(JsonBody body) {
        // Generated clients send null for a body that they leave out.
        if (body.node().isMissingNode() || body.node().isNull()) {
            return false;
        }
        JsonNode everywhere = body.object().path(EVERYWHERE);
        FieldErrors errors = new FieldErrors();
        if (!everywhere.isMissingNode() && !everywhere.isBoolean()) {
            errors.add(EVERYWHERE, "must be true or false");
        }
        body.rejectUnknown(List.of(EVERYWHERE), errors);
        errors.throwIfAny();
        return everywhere.asBoolean();
    }
}
