/**
 * Contains the parts that all requests and responses share: size limits, request ids, access log, headers, pages of
 * lists, and error responses.
 *
 * <p>This package may depend on Jersey and the packages {@code config}, {@code error}, {@code json} and
 * {@code metrics}, but not on users, tokens or stores. Start reading at {@link org.gatehouse.http.ApplicationServlet},
 * then {@link org.gatehouse.http.ErrorMapper}.
 */
@NullMarked
package org.gatehouse.http;

import org.jspecify.annotations.NullMarked;
