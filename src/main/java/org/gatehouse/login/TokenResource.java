package org.gatehouse.login;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.SessionCookie;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;

/**
 * {@code POST /token/refresh}: exchanges a refresh token for a new pair of tokens. The refresh token is in the body or in
 * the {@link SessionCookie}, and so is the next one.
 */
@Path("token")
@Produces(MediaType.APPLICATION_JSON)
public final class TokenResource {
    private static final String REFRESH_TOKEN = "refreshToken";

    private final TokenGrants grants;
    private final SessionCookie cookie;

    TokenResource(TokenGrants grants, SessionCookie cookie) {
        this.grants = grants;
        this.cookie = cookie;
    }

    /** Returns 200 with the tokens and the user, in the same format as after a login. */
    @POST
    @Path("refresh")
    @PermitAll
    @Consumes(MediaType.APPLICATION_JSON)
    public byte[] refresh(JsonBody body, @Context ContainerRequestContext request) {
        FieldErrors errors = new FieldErrors();
        boolean asked = SessionCookie.isAsked(body, errors);
        if (asked && body.node().has(REFRESH_TOKEN)) {
            errors.add(SessionCookie.FIELD, "must be absent with refreshToken");
        }
        boolean byCookie = asked || hasUsableCookie(body, request);
        String token = byCookie ? "" : body.requiredText(REFRESH_TOKEN, errors);
        body.rejectUnknown(List.of(REFRESH_TOKEN, SessionCookie.FIELD), errors);
        errors.throwIfAny();
        return byCookie ? refreshByCookie(request) : Json.write(grants.refresh(token, ClientInfo.of(request)));
    }

    /** Returns whether the body is an empty object, and the request has the cookie and may use it. */
    private boolean hasUsableCookie(JsonBody body, ContainerRequestContext request) {
        return body.node().isObject()
                && body.node().isEmpty()
                && cookie.isAllowed(request)
                && cookie.find(request).isPresent();
    }

    /** Removes the cookie if its session has ended. The cookie remains if the session may still be live. */
    private byte[] refreshByCookie(ContainerRequestContext request) {
        cookie.requireAllowed(request);
        // Another tab may be logging in. Without a cookie, there is nothing to remove except the cookie of this login.
        String token = cookie.find(request).orElseThrow(() -> new GatehouseException(ErrorCode.REFRESH_TOKEN_INVALID));
        try {
            return cookie.write(grants.refresh(token, ClientInfo.of(request)), true, request);
        } catch (GatehouseException rejected) {
            if (rejected.code().status() == 401) {
                cookie.remove(request);
            }
            throw rejected;
        }
    }
}
