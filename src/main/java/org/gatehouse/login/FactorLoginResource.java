package org.gatehouse.login;

import com.fasterxml.jackson.databind.JsonNode;
import jakarta.annotation.security.PermitAll;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.Objects;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.factor.FactorResponse;
import org.gatehouse.factor.SecondFactor;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.SessionCookie;
import org.gatehouse.identity.Roles;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;
import org.gatehouse.user.AllowsEnrolment;
import org.gatehouse.user.UserCaller;

/** {@code /login/factor}, {@code /login/step-up} and {@code /login/passkey}: logins beyond the password. */
@Path("login")
@Produces(MediaType.APPLICATION_JSON)
public final class FactorLoginResource {
    private static final String CREDENTIAL = "credential";

    private final FactorLogin logins;
    private final StepUpService stepUps;
    private final SecondFactor secondFactor;
    private final SessionCookie cookie;

    FactorLoginResource(FactorLogin logins, StepUpService stepUps, SecondFactor secondFactor, SessionCookie cookie) {
        this.logins = logins;
        this.stepUps = stepUps;
        this.secondFactor = secondFactor;
        this.cookie = cookie;
    }

    /** Returns 200 with the tokens and the user after a login; without a refresh token after a step-up. */
    @POST
    @Path("factor")
    @PermitAll
    @Consumes(MediaType.APPLICATION_JSON)
    public byte[] complete(JsonBody body, @Context ContainerRequestContext request) {
        FieldErrors errors = new FieldErrors();
        FactorResponse response = FactorResponse.read(body.object(), errors);
        LoginOptions options = LoginOptions.read(body, errors);
        body.rejectUnknown(LoginOptions.and(FactorResponse.FIELDS), errors);
        errors.throwIfAny();
        if (options.cookie()) {
            cookie.requireAllowed(request);
        }
        return cookie.write(
                logins.logIn(Objects.requireNonNull(response), options.keepAccount(), ClientInfo.of(request)),
                options.cookie(),
                request);
    }

    /** Returns 200 with a new access token of the same session. */
    @POST
    @Path("step-up")
    @RolesAllowed(Roles.ANY)
    @AllowsEnrolment
    @Consumes(MediaType.APPLICATION_JSON)
    public byte[] stepUp(JsonBody body, @Context ContainerRequestContext request) {
        UserCaller caller = UserCaller.of(request);
        FieldErrors errors = new FieldErrors();
        body.object();
        String password = body.requiredText(StepUpService.PASSWORD, errors);
        body.rejectUnknown(List.of(StepUpService.PASSWORD), errors);
        errors.throwIfAny();
        return Json.write(stepUps.stepUp(caller, password));
    }

    /** Returns 200 with the options for {@code navigator.credentials.get}. */
    @POST
    @Path("passkey/options")
    @PermitAll
    public byte[] passkeyOptions(JsonBody body, @Context ContainerRequestContext request) {
        body.requireEmpty();
        return Json.write(secondFactor.passkeyOptions(ClientInfo.of(request)));
    }

    /** Returns 200 with the tokens and the user. */
    @POST
    @Path("passkey")
    @PermitAll
    @Consumes(MediaType.APPLICATION_JSON)
    public byte[] passkey(JsonBody body, @Context ContainerRequestContext request) {
        FieldErrors errors = new FieldErrors();
        JsonNode credential = body.object().path(CREDENTIAL);
        if (!credential.isObject()) {
            errors.add(CREDENTIAL, "is required and must be an object");
        }
        LoginOptions options = LoginOptions.read(body, errors);
        body.rejectUnknown(LoginOptions.and(List.of(CREDENTIAL)), errors);
        errors.throwIfAny();
        if (options.cookie()) {
            cookie.requireAllowed(request);
        }
        return cookie.write(
                logins.logInWithPasskey(credential, options.keepAccount(), ClientInfo.of(request)),
                options.cookie(),
                request);
    }
}
