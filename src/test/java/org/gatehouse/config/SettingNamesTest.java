package org.gatehouse.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.gatehouse.config.SettingNames.Scope;
import org.gatehouse.config.SettingSources.Source;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingNamesTest {
    @ParameterizedTest
    @CsvSource({
        "GATEHOUSE_AUTH_EXPIRTY, GATEHOUSE_AUTH_EXPIRY",
        "GATEHOUSE_CORS_ORIGIN, GATEHOUSE_CORS_ORIGINS",
        "GATEHOUSE_ADMIN_PASSWORD_FIEL, GATEHOUSE_ADMIN_PASSWORD_FILE",
        "GATEHOUSE_DB_NAME_FILE, GATEHOUSE_DB_NAME",
        "GATEHOUSE_PASSWORD_MINIMUM_LENGTH, GATEHOUSE_PASSWORD_MIN_LENGTH",
        "gatehouse_db_host, GATEHOUSE_DB_HOST",
    })
    void reportsAnUnknownPrefixedNameWithTheNearestSetting(String name, String nearest) {
        assertThat(mistyped(Scope.PREFIXED, name))
                .containsExactly(name + " in the test is not a setting and is ignored; the nearest one is " + nearest);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GATEHOUSE_AUTH_EXPIRY",
                "GATEHOUSE_AUTH_KEY_FILE",
                "AUTH_EXPIRTY",
                "gatehouse.test.port",
                "PATH",
                "GATEHOUSE"
            })
    void ignoresKnownSettingsAndUnprefixedNamesInASharedSource(String name) {
        assertThat(mistyped(Scope.PREFIXED, name)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "AUTH_EXPIRTY, AUTH_EXPIRY",
        "CORS_ORIGIN, CORS_ORIGINS",
        "db_name, DB_NAME",
        "db.name, DB_NAME",
        "DB_NMAE, DB_NAME",
        "DB_NAME_FILE, DB_NAME",
        "GATEHOUSE_LOG_LAYOUT, GATEHOUSE_LOG_FORMAT",
    })
    void reportsASimilarNameAmongServletContextParameters(String name, String nearest) {
        assertThat(mistyped(Scope.SIMILAR, name)).singleElement().asString().endsWith("the nearest one is " + nearest);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "org.eclipse.jetty.servlet.Default.dirAllowed",
                "contextConfigLocation",
                "DB_NAME",
                "AUTH_KEY_FILE"
            })
    void ignoresKnownSettingsAndDissimilarNamesAmongServletContextParameters(String name) {
        assertThat(mistyped(Scope.SIMILAR, name)).isEmpty();
    }

    @Test
    void reportsEveryUnknownNameOfAnExclusiveSourceAndOmitsItsValue() {
        List<String> sentences = new SettingSources(
                        List.of(Source.of(
                                ".env",
                                Scope.ALL,
                                Map.of("SECRET", "hunter2", "DB_NAME", "x", "GATEHOUSE_DB_NAME", "y"))),
                        List.of())
                .mistypedNames();

        assertThat(sentences)
                .singleElement()
                .asString()
                .startsWith("SECRET in .env is not a setting")
                .doesNotContain("hunter2");
    }

    @Test
    void ignoresVariablesOfAKubernetesService() {
        Map<String, String> environment = Map.of(
                "GATEHOUSE_SERVICE_HOST", "10.0.0.1",
                "GATEHOUSE_SERVICE_PORT", "8080",
                "GATEHOUSE_SERVICE_PORT_HTTP", "8080",
                "GATEHOUSE_PORT", "tcp://10.0.0.1:8080",
                "GATEHOUSE_PORT_8080_TCP", "tcp://10.0.0.1:8080",
                "GATEHOUSE_PORT_8080_TCP_ADDR", "10.0.0.1");

        assertThat(SettingNames.mistypedIn(Source.of("the environment", Scope.PREFIXED, environment)))
                .isEmpty();
        assertThat(mistyped(Scope.PREFIXED, "GATEHOUSE_PORT")).hasSize(1);
    }

    @Test
    void countsTwoTransposedLettersAsOneEdit() {
        assertThat(EditDistance.between("DB_NMAE", "DB_NAME")).isEqualTo(1);
        assertThat(EditDistance.between("CORS_ORIGIN", "CORS_ORIGINS")).isEqualTo(1);
        assertThat(EditDistance.between("", "ABC")).isEqualTo(3);
        assertThat(EditDistance.between("ABC", "ABC")).isZero();
    }

    private static List<String> mistyped(Scope scope, String name) {
        return SettingNames.mistypedIn(Source.of("the test", scope, Map.of(name, "hunter2")))
                .toList();
    }
}
