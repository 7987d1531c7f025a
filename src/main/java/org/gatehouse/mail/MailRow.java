package org.gatehouse.mail;

import java.time.Instant;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

/**
 * One row of the queue.
 *
 * @param to the address as typed; null until the worker has determined it
 * @param user the user that the mail concerns; null if there is none, or until the worker has found the user
 * @param attempts how many times a node has begun to send the mail
 * @param nextAt when the next attempt is due; while a node sends the mail, when the lease of that node ends
 * @param lease identifies the current attempt; null if no node has begun to send the mail
 * @param lastError why the last attempt failed, or why the mail is void
 * @param counted whether the mail is included in the number of mails to its address
 */
public record MailRow(
        MailRequest request,
        @Nullable String to,
        @Nullable UserId user,
        MailStatus status,
        int attempts,
        @Nullable Instant nextAt,
        @Nullable String lease,
        @Nullable String lastError,
        boolean counted) {}
