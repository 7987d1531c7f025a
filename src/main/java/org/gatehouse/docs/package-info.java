/**
 * Contains the hand-written API description ({@code openapi.yaml}, OpenAPI 3.1), and the page that shows the
 * description. This package may depend on {@code http}, {@code json}, {@code error} and {@code Sha256} of
 * {@code store}. Start reading at {@link org.gatehouse.docs.OpenApiResource}.
 *
 * <p>To describe a new resource method, add its path, its parameters and each of its responses to {@code openapi.yaml}.
 * {@code DescriptionTest} compares the file with the resources. HTTP tests compare the file with each request that they
 * send and with the response.
 */
@NullMarked
package org.gatehouse.docs;

import org.jspecify.annotations.NullMarked;
