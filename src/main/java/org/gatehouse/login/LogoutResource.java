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
import java.util.Optional;
import org.gatehouse.auth.Authenticator;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.SessionCookie;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;
import org.gatehouse.session.SessionService;
import org.gatehouse.user.UserCaller;

/**
 * {@code POST /logout}: ends the session of the token in the request, even if the token has expired, and the session of
 * the {@link SessionCookie} if the body asks for it. A request without a live session succeeds, but does not end one.
 */
@Path("logout")
@Produces(MediaType.APPLICATION_JSON)
public final class LogoutResource {
    private static final String EVERYWHERE = "everywhere";

    private record LoggedOut(String status, String message, long ended) {}

    /** The fields of the body. */
    private record Options(boolean everywhere, boolean cookie) {}

    private final SessionService sessions;
    private final Authenticator authenticator;
    private final SessionCookie cookie;

    LogoutResource(SessionService sessions, Authenticator authenticator, SessionCookie cookie) {
        this.sessions = sessions;
        this.authenticator = authenticator;
        this.cookie = cookie;
    }

    /** Returns 200 after the session, or with {@code everywhere} all sessions of the user, have ended on all nodes. */
    @POST
    @PermitAll
    public byte[] logout(JsonBody body, @Context ContainerRequestContext request) {
        Options options = options(body);
        long ended = 0;
        if (options.cookie()) {
            cookie.requireAllowed(request);
            ended += end(callerOfCookie(request), options);
            // The browser is logged out even if the token is rejected.
            cookie.remove(request);
        }
        // The token is usually of the same session as the cookie. Then that session has ended already.
        ended += end(authenticator.callerForLogout(request), options);
        return Json.write(new LoggedOut("success", "Logged out successfully!", ended));
    }

    private long end(Optional<UserCaller> found, Options options) {
        return found.map(caller -> options.everywhere() ? sessions.logOutEverywhere(caller) : sessions.logOut(caller))
                .orElse(0L);
    }

    private Optional<UserCaller> callerOfCookie(ContainerRequestContext request) {
        return cookie.find(request).flatMap(refreshToken -> sessions.findCaller(refreshToken, ClientInfo.of(request)));
    }

    /** Rejects an invalid body. A default value could end fewer sessions than the client intended. */
    private static Options options(JsonBody body) {
        // Generated clients send null for an omitted body.
        if (body.node().isMissingNode() || body.node().isNull()) {
            return new Options(false, false);
        }
        JsonNode everywhere = body.object().path(EVERYWHERE);
        FieldErrors errors = new FieldErrors();
        if (!everywhere.isMissingNode() && !everywhere.isBoolean()) {
            errors.add(EVERYWHERE, "must be true or false");
        }
        boolean asked = SessionCookie.isAsked(body, errors);
        body.rejectUnknown(List.of(EVERYWHERE, SessionCookie.FIELD), errors);
        errors.throwIfAny();
        return new Options(everywhere.asBoolean(), asked);
    }
}
