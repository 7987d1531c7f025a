package org.gatehouse.user;

import jakarta.validation.Constraint;
import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;
import jakarta.validation.Payload;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.jspecify.annotations.Nullable;

/** The text is a {@link Username}. */
@Documented
@Target(ElementType.FIELD)
@Retention(RetentionPolicy.RUNTIME)
@Constraint(validatedBy = ValidUsername.Check.class)
@interface ValidUsername {
    String message() default
            "must have " + Username.MIN_LENGTH + " to " + Username.MAX_LENGTH
                    + " characters, all of them letters, digits or visible ASCII";

    Class<?>[] groups() default {};

    Class<? extends Payload>[] payload() default {};

    /** Absent text is another constraint's business. */
    final class Check implements ConstraintValidator<ValidUsername, String> {
        @Override
        public boolean isValid(@Nullable String text, ConstraintValidatorContext context) {
            return text == null || Username.parse(text).isPresent();
        }
    }
}
