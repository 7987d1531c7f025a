package org.gatehouse.mail;

import java.util.Optional;

/** Sends mails. */
interface MailTransport {
    /**
     * Sends one mail. Ends within the lease of a row, whatever the server does.
     *
     * @return empty if the server accepted the mail
     */
    Optional<MailFailure> send(MailMessage message);
}
