package org.gatehouse.auth;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a resource method that a service may also call with {@code Authorization: Basic}: its id and one of its
 * secrets. Names and passwords of users are never accepted in this header.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@interface AllowsBasic {}
