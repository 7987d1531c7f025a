package org.gatehouse.user;

import java.time.Instant;
import java.util.List;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.mail.MailRequest;

/**
 * A successful login.
 *
 * @param client the client that logged in
 * @param withFactor whether a second factor or a passkey was part of the login
 * @param mails the mails that the login requests
 */
public record UserLogin(ClientInfo client, Instant at, boolean withFactor, List<MailRequest> mails) {
    public UserLogin {
        mails = List.copyOf(mails);
    }
}
