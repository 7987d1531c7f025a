package org.gatehouse.overview;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.gatehouse.identity.UserId;
import org.gatehouse.login.FailedLogins;
import org.gatehouse.user.User;
import org.jspecify.annotations.Nullable;

/**
 * What is known about the logins of a user. The parts that the caller may not see are absent.
 *
 * @param user the user as stored
 * @param factors the types of the second factors
 * @param mustEnrol whether a role requires a second factor and the user has none
 * @param addressOwner the user who has verified the address of this user; null if there is none
 * @param failures the counted failures; null if they are not visible
 * @param events the latest logins and failures of the audit log, newest first
 * @param statusChanges the latest entries about the end of the status {@code active}, newest first
 * @param mails the latest mails, newest first
 */
record LoginFacts(
        User user,
        boolean hasPassword,
        List<String> factors,
        boolean mustEnrol,
        @Nullable UserId addressOwner,
        @Nullable FailedLogins failures,
        List<ObjectNode> events,
        List<ObjectNode> statusChanges,
        List<ObjectNode> mails) {}
