package org.gatehouse.user;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a resource method that also accepts users without the second factor that their role requires
 * ({@code FACTOR_REQUIRED_ROLES}). All other methods respond to them with 403 {@code FACTOR_ENROLMENT_REQUIRED}.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface AllowsEnrolment {}
