package org.gatehouse.user;

import java.util.function.Consumer;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Origin;

/**
 * Whether anyone may create an account.
 *
 * @param open without it only administrators may
 * @param throttle counts an account about to be created by a stranger, or throws {@link GatehouseException} when there
 *     were too many from that origin
 */
public record Registration(boolean open, Consumer<Origin> throttle) {}
