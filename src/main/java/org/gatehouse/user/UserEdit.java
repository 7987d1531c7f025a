package org.gatehouse.user;

import java.util.List;
import org.gatehouse.mail.MailRequest;
import org.jspecify.annotations.Nullable;

/**
 * A change of a user, and what else is stored in the same write.
 *
 * @param passwordHash the new password; null if the password does not change
 * @param removesUndo whether earlier addresses cannot be restored any more
 * @param mails the mails that the change requests
 * @param serverData the change of data that another package owns
 */
public record UserEdit(
        User after,
        @Nullable String passwordHash,
        boolean removesUndo,
        List<MailRequest> mails,
        ServerDataStore.Change serverData) {
    public UserEdit {
        mails = List.copyOf(mails);
    }

    /** A change that sets a new password. */
    public static UserEdit withPassword(User after, String passwordHash, List<MailRequest> mails) {
        return new UserEdit(after, passwordHash, false, mails, ServerDataStore.Change.NONE);
    }

    /** A change that keeps the password. */
    public static UserEdit of(User after, List<MailRequest> mails) {
        return new UserEdit(after, null, false, mails, ServerDataStore.Change.NONE);
    }

    /** A change by an administrator, which the receivers of earlier notices cannot undo. */
    public static UserEdit withoutUndo(User after, List<MailRequest> mails) {
        return new UserEdit(after, null, true, mails, ServerDataStore.Change.NONE);
    }

    /** A change of server data. */
    public static UserEdit withServerData(User after, List<MailRequest> mails, ServerDataStore.Change serverData) {
        return new UserEdit(after, null, false, mails, serverData);
    }

    @Override
    public String toString() {
        return "UserEdit[" + after.id() + "]";
    }
}
