package org.gatehouse.http;

import jakarta.ws.rs.core.Form;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.gatehouse.error.GatehouseException;

/**
 * The parameters of a form, as OAuth defines them: a parameter without a value counts as absent, and none may occur
 * twice (RFC 6749, section 3.2). Unknown parameters are ignored.
 */
public final class FormParameters {
    private final Map<String, List<String>> values;

    public FormParameters(Form form) {
        this.values = form.asMap();
    }

    /**
     * Returns the value of a parameter.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED} if the parameter is absent or occurs more than once
     */
    public String required(String name) {
        return optional(name).orElseThrow(() -> GatehouseException.invalid(name, "is required exactly once"));
    }

    /**
     * Returns the value of a parameter, which may be empty.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED} if the parameter is absent or occurs more than once
     */
    public String requiredEvenIfEmpty(String name) {
        return values.containsKey(name) ? optional(name).orElse("") : required(name);
    }

    /**
     * Returns the value of a parameter; empty if it is absent.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED} if the parameter occurs more than once
     */
    public Optional<String> optional(String name) {
        List<String> found = values.getOrDefault(name, List.of());
        if (found.size() > 1) {
            throw GatehouseException.invalid(name, "occurs more than once");
        }
        // The value of a parameter without "=" is null.
        return found.isEmpty()
                ? Optional.empty()
                : Optional.ofNullable(found.get(0)).filter(text -> !text.isEmpty());
    }
}
