package org.gatehouse.error;

/**
 * An invalid field of a request.
 *
 * @param field the name as the caller sent it, with dots between levels
 * @param message a predicate that follows the name of the field, such as "must be a string"
 */
public record FieldError(String field, String message) {}
