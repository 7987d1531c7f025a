package org.gatehouse.login;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.stream.Stream;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.http.SessionCookie;
import org.gatehouse.json.JsonBody;

/**
 * The optional fields in the body of every login.
 *
 * @param cookie whether the client receives the refresh token as a cookie instead of in the body
 * @param keepAccount whether a leaving user wants to keep the account
 */
record LoginOptions(boolean cookie, boolean keepAccount) {
    private static final String KEEP_ACCOUNT = "keepAccount";
    private static final List<String> FIELDS = List.of(SessionCookie.FIELD, KEEP_ACCOUNT);

    /** Reads the options. Adds an error for each option that has another value than the allowed ones. */
    static LoginOptions read(JsonBody body, FieldErrors errors) {
        return new LoginOptions(SessionCookie.isAsked(body, errors), isKeepAccount(body, errors));
    }

    private static boolean isKeepAccount(JsonBody body, FieldErrors errors) {
        JsonNode keepAccount = body.node().path(KEEP_ACCOUNT);
        if (!keepAccount.isMissingNode() && !keepAccount.isBoolean()) {
            errors.add(KEEP_ACCOUNT, "must be true or false");
        }
        return keepAccount.asBoolean();
    }

    /** Returns these fields and the fields of all options. */
    static List<String> and(List<String> fields) {
        return Stream.concat(fields.stream(), FIELDS.stream()).toList();
    }
}
