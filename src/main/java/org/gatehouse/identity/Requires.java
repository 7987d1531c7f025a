package org.gatehouse.identity;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a resource method that callers with this permission may call. If the method also has {@code @RolesAllowed},
 * callers with those roles may call it, too, and the method itself checks the permission where it is needed. For
 * example, every user may read the own account, and the permission is needed for other accounts.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Requires {
    Permission value();
}
