package org.gatehouse.error;

/**
 * One field of the request that is not acceptable, and why.
 *
 * @param field the name as the caller sent it, dots between levels
 * @param message a sentence fragment that follows the field's name, such as "must be a string"
 */
public record FieldError(String field, String message) {}
