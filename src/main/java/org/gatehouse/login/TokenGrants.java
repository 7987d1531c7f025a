package org.gatehouse.login;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import org.gatehouse.auth.TokenIssuer;
import org.gatehouse.concurrent.SideThreads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.mail.MailRequest;
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
    private final TokenIssuer tokens;
    private final LoginRecorder recorder;
    private final DeviceNotices notices;
    private final SideThreads side;
    private final Clock clock;

    TokenGrants(
            UserDao users,
            SessionService sessions,
            TokenIssuer tokens,
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
     * @param now the time of the login
     * @throws GatehouseException {@code CREDENTIALS_WRONG} if the user was deleted since the check,
     *     {@code STORE_UNAVAILABLE}
     */
    LoginResponse start(Credential credential, ClientInfo clientInfo, Instant now) {
        // The session gets the epoch that was read with the password. If the epoch has changed since, the new session
        // is already invalid.
        Supplier<StartedSession> starting = side.start(() -> sessions.start(credential.user(), clientInfo));
        try {
            List<MailRequest> notice = notices.of(credential, clientInfo, now);
            // The response needs the custom fields, which the credential does not contain.
            User user = users.recordLogin(credential, new UserLogin(clientInfo, now, notice))
                    .orElseThrow(() -> new GatehouseException(ErrorCode.CREDENTIALS_WRONG)); // deleted since the check
            notices.handOver(user.id(), notice);
            StartedSession session = starting.get();
            Supplier<TokenIssuer.Issued> token = side.start(() -> issue(user, session));
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
     * @throws GatehouseException {@code REFRESH_TOKEN_INVALID}, {@code SESSION_ENDED}
     */
    LoginResponse refresh(String refreshToken, ClientInfo clientInfo) {
        StartedSession session = sessions.refresh(refreshToken, clientInfo);
        User user = users.find(session.userId())
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED)); // deleted since the refresh
        return response("Token refreshed", user, session, issue(user, session), clock.instant());
    }

    private TokenIssuer.Issued issue(User user, StartedSession session) {
        return tokens.issue(user.id(), session.id(), user.roles(), session.expiresAt());
    }

    private static LoginResponse response(
            String message, User user, StartedSession session, TokenIssuer.Issued issued, Instant now) {
        return new LoginResponse(
                "success",
                message,
                issued.token(),
                "Bearer",
                issued.lifetime().toSeconds(),
                session.refreshToken(),
                Duration.between(now, session.expiresAt()).toSeconds(),
                UserJson.write(user));
    }
}
