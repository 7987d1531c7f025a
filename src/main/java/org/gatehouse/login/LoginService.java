package org.gatehouse.login;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.gatehouse.auth.SessionId;
import org.gatehouse.auth.TokenIssuer;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.user.Credential;
import org.gatehouse.user.MongoUserDao;
import org.gatehouse.user.User;
import org.gatehouse.user.UserStatus;
import org.gatehouse.user.Username;

/**
 * Checks a name and a password.
 *
 * <p>An unknown user, a disabled one and a wrong password get the same answer after the same work. Credentials come
 * from the store itself, never from the cache.
 */
public final class LoginService {
    private final MongoUserDao users;
    private final PasswordHasher hasher;
    private final TokenIssuer tokens;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();

    public LoginService(MongoUserDao users, PasswordHasher hasher, TokenIssuer tokens, Clock clock) {
        this.users = users;
        this.hasher = hasher;
        this.tokens = tokens;
        this.clock = clock;
    }

    /**
     * Logs a user in.
     *
     * @throws GatehouseException {@code CREDENTIALS_WRONG}; {@code BUSY} or {@code STORE_UNAVAILABLE} when it could not
     *     be checked
     */
    public Login login(String name, String password) {
        Optional<Credential> credential = Username.parse(name).flatMap(users::findCredential);
        boolean right = hasher.matches(password, credential.flatMap(Credential::passwordHash));
        User user = credential
                .map(Credential::user)
                .filter(found -> right && found.status() == UserStatus.ACTIVE)
                .orElseThrow(() -> new GatehouseException(ErrorCode.CREDENTIALS_WRONG));
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        users.recordLogin(user.id(), now);
        String token = tokens.issue(user.id(), SessionId.draw(random), user.roles());
        return new Login(user.loggedInAt(now), token, tokens.lifetime());
    }
}
