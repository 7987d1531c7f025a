package org.gatehouse.guard;

import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import org.jspecify.annotations.Nullable;

/**
 * The sources of the settings of a filter. The first source with a value is used: initialization parameter of the
 * filter, context parameter {@code gatehouse.guard.NAME}, JNDI {@code java:comp/env/gatehouse/guard/NAME}, system
 * property {@code gatehouse.guard.NAME}, environment {@code GATEHOUSE_GUARD_NAME}. The nearest source is first, because
 * several filters and applications may share a server.
 */
final class SettingSource {
    private static final String PREFIX = "gatehouse.guard.";
    private static final String JNDI_FOLDER = "java:comp/env/gatehouse/guard/";

    private final FilterConfig config;

    /** @throws ServletException if the filter has an unknown parameter, because its intended effect would be missing */
    SettingSource(FilterConfig config) throws ServletException {
        this.config = config;
        List<String> unknown = Collections.list(config.getInitParameterNames()).stream()
                .filter(name -> !GuardSettings.NAMES.contains(name))
                .toList();
        if (!unknown.isEmpty()) {
            throw new ServletException(
                    "The filter " + config.getFilterName() + " has unknown parameters: " + String.join(", ", unknown)
                            + "; known are " + String.join(", ", new TreeSet<>(GuardSettings.NAMES)));
        }
    }

    /** Returns the value of a setting; null if no source has a value that is not blank. */
    @Nullable
    String find(String name) {
        String environment = (PREFIX + name).toUpperCase(Locale.ROOT).replaceAll("[.-]", "_");
        String value = present(config.getInitParameter(name));
        value = value != null ? value : present(config.getServletContext().getInitParameter(PREFIX + name));
        value = value != null ? value : present(jndiValue(name));
        value = value != null ? value : present(System.getProperty(PREFIX + name));
        return value != null ? value : present(System.getenv(environment));
    }

    private static @Nullable String present(@Nullable String value) {
        return value == null || value.isBlank() ? null : value;
    }

    @SuppressWarnings("BanJNDI") // looks up only names of settings, below java:comp
    private static @Nullable String jndiValue(String name) {
        try {
            Object value = InitialContext.<@Nullable Object>doLookup(JNDI_FOLDER + name);
            return value == null ? null : value.toString();
        } catch (NamingException absent) {
            return null;
        }
    }
}
