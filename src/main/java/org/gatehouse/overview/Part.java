package org.gatehouse.overview;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.gatehouse.identity.Permission;
import org.gatehouse.user.Caller;

/** The parts of an overview that a caller sees only with another permission. */
enum Part {
    SESSIONS(Permission.SESSIONS_READ),
    FACTORS(Permission.FACTORS_READ),
    THROTTLE(Permission.THROTTLE_READ),
    MAILS(Permission.MAIL_READ),
    AUDIT(Permission.AUDIT_READ);

    private final Permission permission;

    Part(Permission permission) {
        this.permission = permission;
    }

    /** Returns the name of the field in the response. */
    String field() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the parts that the caller may see. */
    static Set<Part> of(Caller caller) {
        return Arrays.stream(values())
                .filter(part -> caller.may(part.permission))
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Part.class)));
    }
}
