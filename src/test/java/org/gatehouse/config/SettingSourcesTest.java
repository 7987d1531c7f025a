package org.gatehouse.config;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.ServletContext;
import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Tests the priority of the sources of settings. Tests cannot set environment variables, so they use
 * {@link #EXISTING_VARIABLE}.
 */
@Isolated("because the tests change system properties, which the whole JVM shares")
class SettingSourcesTest {
    /** Every process that Maven starts has this variable. */
    private static final String EXISTING_VARIABLE = "PATH";

    @Test
    void findsAContextParameter() {
        assertThat(sources(Map.of("GATEHOUSE_TEST", "parameter")).find("GATEHOUSE_TEST"))
                .hasValue("parameter");
        assertThat(sources(Map.of("GATEHOUSE_TEST", "parameter")).find("TEST")).hasValue("parameter");
        assertThat(sources(Map.of()).find("GATEHOUSE_TEST")).isEmpty();
    }

    @Test
    void theEnvironmentTakesPrecedenceOverTheContextParameter() {
        assertThat(sources(Map.of(EXISTING_VARIABLE, "parameter")).find(EXISTING_VARIABLE))
                .hasValue(System.getenv(EXISTING_VARIABLE));
    }

    @Test
    void theSystemPropertyTakesPrecedenceOverTheEnvironment() {
        System.setProperty(EXISTING_VARIABLE, "property");
        try {
            assertThat(sources(Map.of()).find(EXISTING_VARIABLE)).hasValue("property");
        } finally {
            System.clearProperty(EXISTING_VARIABLE);
        }
    }

    /**
     * The command {@code REDIS_URL= mvn jetty:run} sets an empty value. The address of the embedded Redis is a servlet
     * context parameter, and must still apply.
     */
    @Test
    void anEmptyValueDoesNotHideALaterSource() {
        System.setProperty("GATEHOUSE_TEST", " ");
        try {
            assertThat(sources(Map.of("GATEHOUSE_TEST", "parameter")).find("TEST"))
                    .hasValue("parameter");
            assertThat(sources(Map.of()).find("TEST")).isEmpty();
        } finally {
            System.clearProperty("GATEHOUSE_TEST");
        }
    }

    @Test
    void reportsAMisspelledSystemPropertyWithoutItsValue() {
        System.setProperty("GATEHOUSE_AUTH_EXPIRTY", "hunter2");
        try {
            assertThat(sources(Map.of("CORS_ORIGIN", "hunter2")).mistypedNames())
                    .containsExactly(
                            "GATEHOUSE_AUTH_EXPIRTY in the system properties is not a setting and is ignored; the nearest"
                                    + " one is GATEHOUSE_AUTH_EXPIRY",
                            "CORS_ORIGIN in the servlet context parameters is not a setting and is ignored; the nearest"
                                    + " one is CORS_ORIGINS");
        } finally {
            System.clearProperty("GATEHOUSE_AUTH_EXPIRTY");
        }
    }

    @Test
    void aContextParameterWithPrefixTakesPrecedenceOverAVariableWithoutPrefix() {
        assertThat(sources(Map.of("GATEHOUSE_" + EXISTING_VARIABLE, "ours")).find(EXISTING_VARIABLE))
                .hasValue("ours");
    }

    /** Returns the sources for a servlet context that has only these parameters. */
    private static SettingSources sources(Map<String, String> parameters) {
        return SettingSources.of((ServletContext) Proxy.newProxyInstance(
                SettingSourcesTest.class.getClassLoader(),
                new Class<?>[] {ServletContext.class},
                (proxy, method, arguments) -> method.getName().equals("getInitParameterNames")
                        ? Collections.enumeration(parameters.keySet())
                        : parameters.get(String.valueOf(arguments[0]))));
    }
}
