/**
 * JSON: reads request bodies strictly, writes answers, and formats times.
 *
 * <p>Depends on {@code error}, Jakarta REST and Jackson only. Start reading at
 * {@link org.gatehouse.json.JsonBodyReader}, then {@link org.gatehouse.json.Json}.
 */
@NullMarked
package org.gatehouse.json;

import org.jspecify.annotations.NullMarked;
