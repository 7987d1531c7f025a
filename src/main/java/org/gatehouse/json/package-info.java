/**
 * Contains the strict reader of request bodies, the JSON writer, and the time format.
 *
 * <p>This package may depend on {@code error}, {@code config}, Jakarta REST and Jackson only. Start reading at
 * {@link org.gatehouse.json.JsonBodyReader}, then {@link org.gatehouse.json.Json}.
 */
@NullMarked
package org.gatehouse.json;

import org.jspecify.annotations.NullMarked;
