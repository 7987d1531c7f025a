/**
 * The description of the API ({@code openapi.yaml}, OpenAPI 3.1), written by hand, and the page that shows it. The
 * package depends on {@code http} only. Start at {@link org.gatehouse.docs.OpenApiResource}.
 *
 * <p>To describe a new resource method, add its path, its parameters and each of its responses to {@code openapi.yaml}.
 * {@code DescriptionTest} compares the file with the resources, and tests over HTTP compare it with all requests and answers.
 */
@NullMarked
package org.gatehouse.docs;

import org.jspecify.annotations.NullMarked;
