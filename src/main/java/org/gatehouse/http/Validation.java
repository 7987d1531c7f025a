package org.gatehouse.http;

import jakarta.validation.Validator;
import java.util.Comparator;
import org.gatehouse.error.FieldErrors;
import org.hibernate.validator.HibernateValidator;
import org.hibernate.validator.messageinterpolation.ParameterMessageInterpolator;

/** Checks the Jakarta Validation constraints of a form and adds what they say to the other complaints. */
public final class Validation {
    // Messages have no expressions, so no expression language is needed, nor an engine that could be fed one.
    private static final Validator VALIDATOR = jakarta.validation.Validation.byProvider(HibernateValidator.class)
            .configure()
            .messageInterpolator(new ParameterMessageInterpolator())
            .buildValidatorFactory()
            .getValidator();

    private Validation() {}

    /** Adds the first complaint about each field that was not complained of before. */
    public static void check(Object form, FieldErrors errors) {
        VALIDATOR.validate(form).stream()
                .sorted(Comparator.comparing(
                        violation -> violation.getPropertyPath().toString() + violation.getMessage()))
                .forEach(violation -> {
                    String field = violation.getPropertyPath().iterator().next().getName();
                    if (!errors.concerns(field)) {
                        errors.add(field, violation.getMessage());
                    }
                });
    }
}
