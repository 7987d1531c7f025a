package org.gatehouse.account;

import org.gatehouse.error.FieldErrors;
import org.gatehouse.identity.EmailAddress;
import org.jspecify.annotations.Nullable;

/** Reads addresses in bodies. */
final class AddressInput {
    private AddressInput() {}

    /**
     * Returns the address in a field; null if the field is absent or invalid. An invalid address is added to the errors.
     *
     * @param text the text of the field; null if it is absent
     */
    static @Nullable EmailAddress read(@Nullable String text, String field, FieldErrors errors) {
        if (text == null || errors.hasErrorFor(field)) {
            return null;
        }
        EmailAddress.violation(text).ifPresent(violation -> errors.add(field, violation));
        return EmailAddress.parse(text).orElse(null);
    }
}
