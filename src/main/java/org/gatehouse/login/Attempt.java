package org.gatehouse.login;

import java.util.function.BooleanSupplier;

/**
 * An attempt to log in that was let through; it counts as failed unless one of the two methods says otherwise, once.
 */
public interface Attempt {
    /** The password was right: what the source failed before at this account is forgotten; the attempt of the source stays counted. */
    void succeeded();

    /** The password was not looked at: nothing stays counted. */
    void notChecked();

    /** Does the check, giving everything back when it could not be done. */
    default boolean check(BooleanSupplier passwordIsRight) {
        try {
            return passwordIsRight.getAsBoolean();
        } catch (RuntimeException notDone) {
            notChecked();
            throw notDone;
        }
    }
}
