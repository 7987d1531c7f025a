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
 * {@code POST /logout}: ends the session of the token in the request, even if the token has expired. A request without
 * a token of a live session succeeds, but does not end a session.
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

    /** Returns 200 after the session, or with {@code everywhere} all sessions of the user, have ended on all nodes. */
    @POST
    @PermitAll
    public byte[] logout(JsonBody body, @Context ContainerRequestContext request) {
        boolean everywhere = isEverywhere(body);
        long ended = authenticator
                .callerForLogout(request)
                .map(caller -> everywhere ? sessions.logOutEverywhere(caller) : sessions.logOut(caller))
                .orElse(0L);
        return Json.write(new LoggedOut("success", "Logged out successfully!", ended));
    }

    /** Rejects an invalid body. A default value could end fewer sessions than the client intended. */
    private static boolean isEverywhere(JsonBody body) {
        // Generated clients send null for an omitted body.
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
