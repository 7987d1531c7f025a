package org.gatehouse.http;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The resource method accepts any query and ignores it, because probes, scrapers and browsers add parameters of their own:
 * a document that is the same for every query, or the state of the service. Every other method rejects query parameters
 * that it does not declare; see {@link QueryParameterFilter}.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface IgnoresQuery {}
