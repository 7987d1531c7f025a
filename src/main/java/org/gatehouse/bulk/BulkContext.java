package org.gatehouse.bulk;

import java.util.function.Predicate;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.session.SessionService;
import org.gatehouse.user.Caller;
import org.gatehouse.user.MongoUserLists;
import org.gatehouse.user.UserService;

/**
 * The objects that bulk requests use.
 *
 * @param stillAllowed checked before each user, because the caller may lose the permission meanwhile
 */
record BulkContext(UserService users, MongoUserLists lists, SessionService sessions, Predicate<Caller> stillAllowed) {
    /** @throws GatehouseException {@code FORBIDDEN} */
    void requireAllowed(Caller caller) {
        if (!stillAllowed.test(caller)) {
            throw new GatehouseException(
                    ErrorCode.FORBIDDEN, "You no longer have the permission users:write, or your session has ended.");
        }
    }
}
