package org.gatehouse.mail;

/**
 * Why a mail was not sent.
 *
 * @param permanent whether another attempt would fail too, because the server answered with a 5xx code
 * @param reason a short reason for operators, without addresses, credentials and links
 */
record MailFailure(boolean permanent, String reason) {}
