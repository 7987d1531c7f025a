package org.gatehouse.login;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.gatehouse.auth.UserTokens;
import org.gatehouse.concurrent.SideThreads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.UserId;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.session.AuthenticatedSession;
import org.gatehouse.session.SessionService;
import org.gatehouse.session.StartedSession;
import org.gatehouse.user.Credential;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserJson;
import org.gatehouse.user.UserLogin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Issues the tokens of users whose password or refresh token is correct. */
final class TokenGrants {
    private static final Logger log = LoggerFactory.getLogger(TokenGrants.class);

    private final UserDao users;
    private final SessionService sessions;
    private final UserTokens tokens;
    private final LoginRecorder recorder;
    private final DeviceNotices notices;
    private final SideThreads side;
    private final Clock clock;

    TokenGrants(
            UserDao users,
            SessionService sessions,
            UserTokens tokens,
            LoginRecorder recorder,
            DeviceNotices notices,
            SideThreads side,
            Clock clock) {
        this.users = users;
        this.sessions = sessions;
        this.tokens = tokens;
        this.recorder = recorder;
        this.notices = notices;
        this.side = side;
        this.clock = clock;
    }

    /**
     * Starts a session after the check of a password. The session, the time of the login and the audit entry are stored
     * when this method returns. Steps that do not need each other run at the same time, because each waits for MongoDB.
     *
     * @param authentication how and when the user logged in
     * @param rejected returns the exception if the user was deleted since the check, or has a factor now and the
     *     authentication does not contain one
     * @throws GatehouseException the exception of {@code rejected}; {@code STORE_UNAVAILABLE}
     */
    LoginResponse start(
            Credential credential,
            ClientInfo clientInfo,
            Authentication authentication,
            Function<UserId, GatehouseException> rejected) {
        Instant now = authentication.time();
        // The session gets the epoch that was read with the password. If the epoch has changed since, the new session
        // is already invalid.
        Supplier<StartedSession> starting = side.start(() -> sessions.start(
                credential.user(), clientInfo, authentication, !tokens.requiresEnrolment(credential.user())));
        try {
            List<MailRequest> notice = notices.of(credential, clientInfo, now);
            // The response needs the custom fields, which the credential does not contain.
            User user = users.recordLogin(
                            credential, new UserLogin(clientInfo, now, authentication.withFactor(), notice))
                    .orElseThrow(() -> rejected.apply(credential.user().id()));
            notices.handOver(user.id(), notice);
            StartedSession session = starting.get();
            Supplier<UserTokens.Granted> token = side.start(() -> issue(user, session.authenticated()));
            recorder.started(credential.user(), session.id(), clientInfo);
            return response("Logged as " + user.username(), user, session, token.get(), now);
        } catch (RuntimeException failed) {
            var unused = side.start(() -> discard(starting));
            throw failed;
        }
    }

    /** Ends a session whose tokens no client has. Otherwise, it would be in the list of the user's sessions. */
    private boolean discard(Supplier<StartedSession> starting) {
        try {
            return sessions.discard(starting.get());
        } catch (RuntimeException notNow) {
            log.debug("A session without a client remains until it expires", notNow);
            return false;
        }
    }

    /**
     * Refreshes a session.
     *
     * @throws GatehouseException {@code REFRESH_TOKEN_INVALID}, {@code SESSION_ENDED}; {@code FACTOR_ENROLMENT_REQUIRED}
     *     if the user must add a second factor, which does not use the refresh token
     */
    LoginResponse refresh(String refreshToken, ClientInfo clientInfo) {
        StartedSession session = sessions.refresh(refreshToken, clientInfo, tokens::requireEnrolled);
        User user = users.find(session.userId())
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED)); // deleted since the refresh
        return response("Token refreshed", user, session, issue(user, session.authenticated()), clock.instant());
    }

    /** Issues an access token of a session without a new refresh token. */
    UserTokens.Granted issue(User user, AuthenticatedSession session) {
        return tokens.issue(user, session);
    }

    private static LoginResponse response(
            String message, User user, StartedSession session, UserTokens.Granted granted, Instant now) {
        return new LoginResponse(
                "success",
                message,
                granted.token(),
                "Bearer",
                granted.lifetime().toSeconds(),
                granted.enrolment() ? null : session.refreshToken(),
                granted.enrolment()
                        ? null
                        : Duration.between(now, session.expiresAt()).toSeconds(),
                granted.enrolment() ? true : null,
                UserJson.write(user));
    }
}
