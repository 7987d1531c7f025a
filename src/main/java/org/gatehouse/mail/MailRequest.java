package org.gatehouse.mail;

import java.time.Instant;
import java.util.Set;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

/**
 * A request for one mail. The queue stores it as one row. Before that, it may be part of the document whose change
 * requests it.
 *
 * @param id 24 hexadecimal digits; also the id of the row, so a request is queued once
 * @param receiver who receives the mail, as far as it is known
 * @param language the language that the client of the request prefers, as a BCP 47 tag; empty if it is unknown
 * @param limited whether strangers can cause this mail, so that the number of mails to one address is limited
 * @param expiresAt the mail is not sent after this time
 */
public record MailRequest(
        String id,
        MailKind kind,
        Receiver receiver,
        String language,
        boolean limited,
        Instant createdAt,
        Instant expiresAt,
        Details details) {

    /**
     * The receiver of a mail. The worker that sends the mail determines what is missing.
     *
     * @param address the address; null if the account determines it
     * @param userId the account; null if it must be found by address or by name
     * @param username the name as typed in a request for a new password; null in all other requests
     */
    public record Receiver(
            @Nullable EmailAddress address,
            @Nullable UserId userId,
            @Nullable String username) {}

    /**
     * The content of single kinds of mails. A value that the kind does not need is null.
     *
     * @param newAddress the new address, in a notice about a change of address
     * @param verifiedAt when the old address was verified, in a notice about a change of address
     * @param device the browser and the system of a login
     * @param ip the address of the client of a login
     * @param accountVersion the version of the user before a change of the address; 0 for all other mails
     * @param invitation what the invited user gets
     * @param factor the event in a notice about a second factor
     */
    public record Details(
            @Nullable String newAddress,
            @Nullable Instant verifiedAt,
            long accountVersion,
            @Nullable String device,
            @Nullable String ip,
            @Nullable Invitation invitation,
            @Nullable FactorDetails factor) {
        public static final Details NONE = new Details(null, null, 0, null, null, null, null);
    }

    /**
     * What happened to a second factor.
     *
     * @param event the name of the event; the texts of the mail have a section with this name
     * @param name the name of the factor; null if the event does not concern a named factor
     */
    public record FactorDetails(String event, @Nullable String name) {}

    /**
     * What an invited user gets.
     *
     * @param username null if the invited user chooses the name
     * @param invitedBy the id of the administrator
     */
    public record Invitation(Set<String> roles, @Nullable String username, String invitedBy) {
        public Invitation {
            roles = Set.copyOf(roles);
        }
    }
}
