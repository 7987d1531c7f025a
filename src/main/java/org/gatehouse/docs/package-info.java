/**
 * The description of the API, and the page that shows it: {@link org.gatehouse.docs.DescriptionResource} and
 * {@link org.gatehouse.docs.PageResource} serve them.
 *
 * <p>The build makes the description (OpenAPI 3.1): {@link org.gatehouse.docs.DescriptionReader} reads the operations off
 * the resources and puts them into {@code src/main/openapi/gatehouse.yaml}. To describe a new one, give its method
 * {@code @Operation}, an {@code @ApiResponse} for each success and {@link org.gatehouse.error.Fails}, and put what they
 * refer to, the parameters by their names among it, into that file; tests say what is missing.
 */
@NullMarked
package org.gatehouse.docs;

import org.jspecify.annotations.NullMarked;
