package org.gatehouse.account;

import java.time.Clock;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.mail.MailLimits;
import org.gatehouse.mail.MailQueue;
import org.gatehouse.user.User;
import org.gatehouse.user.UserMails;
import org.gatehouse.user.UserProofs;

/** The objects that all services of this package use. */
record AccountContext(
        UserProofs proofs,
        UserMails mails,
        MailQueue queue,
        MailLimits limits,
        AddressRules addresses,
        AuditLog audit,
        Clock clock) {
    /** Records what a user did with a proof. */
    void record(AuditType type, User user, ClientInfo client) {
        audit.record(AuditEvent.of(type, client).by(user.id()).on(user.id(), user.username()));
    }
}
