package org.gatehouse.login;

import java.time.Instant;
import java.util.List;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.UserId;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.session.SessionService;
import org.gatehouse.user.Credential;
import org.gatehouse.user.User;
import org.gatehouse.user.UserAgentName;
import org.gatehouse.user.UserMails;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests a notice when a user logs in from a new device. A login never fails because of the notice, and reads more
 * than the credential only if the address range and the browser family are new.
 */
final class DeviceNotices {
    private static final Logger log = LoggerFactory.getLogger(DeviceNotices.class);

    private final UserMails mails;
    private final SessionService sessions;

    DeviceNotices(UserMails mails, SessionService sessions) {
        this.mails = mails;
        this.sessions = sessions;
    }

    /**
     * Returns the notice that this login requests, if any.
     *
     * @param credential the user as read for this login
     * @param now the time of the login, before its session starts
     */
    List<MailRequest> of(Credential credential, ClientInfo client, Instant now) {
        if (!credential.isNewDevice(client, now)) {
            return List.of();
        }
        String device = UserAgentName.parse(client.userAgent()).text();
        List<MailRequest> notice = mails.deviceNotice(credential.user(), device, client);
        return notice.isEmpty() || hasSession(credential.user(), client, now) ? List.of() : notice;
    }

    private boolean hasSession(User user, ClientInfo client, Instant now) {
        try {
            return sessions.hasEarlierSession(user, client.userAgent(), now);
        } catch (RuntimeException notNow) {
            // An unnecessary notice does less harm than a missing one.
            log.debug("The sessions of {} were not read; the device counts as new", user.id(), notNow);
            return false;
        }
    }

    /** Tells the queue that a login of this user, with this notice, is stored. */
    void handOver(UserId user, List<MailRequest> notice) {
        if (!notice.isEmpty()) {
            mails.handOver(user);
        }
    }
}
