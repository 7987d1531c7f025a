package org.gatehouse.factor;

import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.user.Caller;
import org.gatehouse.user.FactorEvent;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;
import org.gatehouse.user.UserMails;

/** The objects that all changes of factors use. */
record FactorContext(
        MongoFactorDao factors, StepUp stepUp, UserMails mails, FactorEvents events, SecureRandom random, Clock clock) {
    /**
     * Requires that the caller may change the factors of the caller's account. Callers repeat this check for each state
     * that they are about to replace. Otherwise, a session that has passed the password only could add a factor while
     * the owner adds the first one.
     *
     * @param account the caller's account as read
     * @throws GatehouseException {@code INSUFFICIENT_USER_AUTHENTICATION}, {@code SESSION_ENDED}
     */
    void requireAllowed(UserCaller caller, StoredFactors account) {
        if (!caller.isStillAuthorized(account.user())) {
            throw new GatehouseException(ErrorCode.SESSION_ENDED);
        }
        stepUp.require(caller);
    }

    List<MailRequest> notice(User user, FactorEvent event, String factorName, Caller caller) {
        return mails.factorNotice(user, event, factorName, caller.clientInfo());
    }
}
