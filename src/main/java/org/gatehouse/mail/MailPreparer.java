package org.gatehouse.mail;

import org.gatehouse.error.GatehouseException;

/** Determines the receiver and the link of a mail when the mail is about to be sent. */
public interface MailPreparer {
    /** What the worker does with a row. */
    sealed interface Preparation permits Send, Skip {}

    /** The mail is sent. */
    record Send(MailMessage message) implements Preparation {}

    /**
     * Nothing is sent.
     *
     * @param reason a short reason for operators
     */
    record Skip(String reason) implements Preparation {}

    /**
     * Prepares the mail of a row.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    Preparation prepare(MailRow row);
}
