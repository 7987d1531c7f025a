/**
 * What every request and every answer have in common: the JSON rules, the size limit, the request id, the access log,
 * the headers, the pages of lists, and the one form of an error.
 *
 * <p>Knows the error codes, the metrics and Jersey, and nothing of users, tokens or stores. Start at
 * {@link org.gatehouse.http.ErrorMapper} and {@link org.gatehouse.json.JsonBody}.
 */
@NullMarked
package org.gatehouse.http;

import org.jspecify.annotations.NullMarked;
