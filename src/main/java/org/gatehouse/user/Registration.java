package org.gatehouse.user;

import java.util.function.Function;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Origin;

/**
 * Whether anyone may create an account.
 *
 * @param open without it only administrators may
 * @param throttle counts an account about to be created by a stranger and answers with what takes the count back, or
 *     throws {@link GatehouseException} when there were too many from that origin
 */
public record Registration(boolean open, Function<Origin, Runnable> throttle) {}
