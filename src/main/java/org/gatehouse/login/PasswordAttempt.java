package org.gatehouse.login;

import java.util.function.BooleanSupplier;

/**
 * A password check that the {@link LoginThrottle} has admitted and counted. It counts as failed unless the caller calls
 * one of the first two methods, once.
 */
interface PasswordAttempt {
    /** The password was correct. The source's failures at this account are deleted; its total of attempts stays. */
    void succeeded();

    /** The password was not checked. All counts of this attempt are refunded. */
    void notChecked();

    /** Runs the check. If it throws, all counts of this attempt are refunded. */
    default boolean check(BooleanSupplier passwordIsRight) {
        try {
            return passwordIsRight.getAsBoolean();
        } catch (RuntimeException notDone) {
            notChecked();
            throw notDone;
        }
    }
}
