package org.gatehouse.factor;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.http.SessionCookie;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.FormatMark;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDaos;
import org.gatehouse.user.UserMails;
import org.gatehouse.user.UserService;

/**
 * Creates the objects of this package in two steps. The constructor creates the checks of factors, which other packages
 * need. {@link #resources} creates the resources, which need objects of other packages.
 */
public final class FactorModule implements AutoCloseable {
    private final ModuleContext context;
    private final SecureRandom random = new SecureRandom();
    private final UserMails mails;
    private final FormatMark format;
    private final MongoFactorDao dao;
    private final ChallengeStore challenges;
    private final FactorEvents events;
    private final TotpCipher cipher;
    private final TotpCodes codes;
    private final Passkeys passkeys;
    private final FactorThrottle throttle;
    private final SecondFactor secondFactor;
    private final MongoTotpReencryption reencryption;

    /** The objects of other packages that the resources use. */
    public record Parts(UserService users, StepUp stepUp, Predicate<User> mustHaveFactor, SessionUpgrade sessions) {}

    public FactorModule(ModuleContext context, UserDaos users, Throttle throttle, UserMails mails, AuditLog audit) {
        AuthKeys authKeys = context.settings().authKeys();
        this.context = context;
        this.mails = mails;
        this.format = new FormatMark(context.mongo());
        this.dao = new MongoFactorDao(users.serverData(), format);
        this.challenges = new ChallengeStore(context.mongo(), random, context.clock());
        this.events = new FactorEvents(audit, context.metrics());
        this.cipher = new TotpCipher(authKeys, random);
        this.codes = new TotpCodes(cipher, context.clock());
        this.throttle = new FactorThrottle(throttle, events);
        this.passkeys = new Passkeys(context.settings().passkeys());
        FactorVerifier verifier = new FactorVerifier(dao, cipher, codes, passkeys, events, mails, context.clock());
        this.secondFactor =
                new SecondFactor(dao, users.cached(), challenges, verifier, passkeys, this.throttle, context.clock());
        this.reencryption =
                new MongoTotpReencryption(context.mongo(), context.settings().usersCollection(), cipher);
    }

    /** Returns the object that requires and checks second factors. */
    public SecondFactor secondFactor() {
        return secondFactor;
    }

    /** Returns the object that reads and writes the factors in imports and exports. */
    public FactorTransfer transfer() {
        MongoFactorTransfer store =
                new MongoFactorTransfer(context.mongo(), context.settings().usersCollection());
        return new FactorTransfer(store, cipher, format, context.clock());
    }

    /**
     * Returns the factors of a user and the number of unused recovery codes, as administrators see them; empty if the
     * user does not exist.
     */
    public Optional<ObjectNode> find(UserId id) {
        return dao.find(id).map(FactorJson::write);
    }

    public FactorThrottle throttle() {
        return throttle;
    }

    /** Creates the missing indexes; several nodes may do this at the same time. */
    public void createIndexes() {
        challenges.createIndexes();
        MongoFactorDao.createIndexes(context.mongo(), context.settings().usersCollection());
    }

    /** Starts to encrypt TOTP secrets under a new {@code AUTH_KEY}, in the background. */
    public void startBackground() {
        if (context.settings().authKeys().previous() != null) {
            reencryption.start();
        }
    }

    public List<Object> resources(Parts parts) {
        FactorContext factors = new FactorContext(dao, parts.stepUp(), mails, events, random, context.clock());
        FactorEnrolment enrolment = new FactorEnrolment(factors, parts.sessions());
        FactorService service = new FactorService(factors, parts.users(), parts.mustHaveFactor());
        TotpUri uris = new TotpUri(context.settings().publicUrl());
        TotpEnrolment totp = new TotpEnrolment(factors, enrolment, cipher, codes, uris);
        PasskeyEnrolment passkey = new PasskeyEnrolment(factors, enrolment, passkeys, challenges, throttle);
        SessionCookie cookie = new SessionCookie(context.settings());
        return List.of(
                new FactorResource(service, totp, cookie),
                new UserFactorResource(service),
                new PasskeyResource(passkey, cookie));
    }

    @Override
    public void close() {
        reencryption.close();
    }
}
