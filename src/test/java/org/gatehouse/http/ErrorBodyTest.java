package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorBodyTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/problem+json",
                "Application/Problem+JSON",
                "application/json, application/problem+json",
                "application/problem+json;q=0.5, application/json;q=0.4",
                "application/problem+json, */*;q=0.1",
                "application/problem+json;q=0.2, text/html",
                "*/*, application/json;q=0.5, application/problem+json;q=0.5",
                "application/*;q=0.1, */*, application/problem+json;q=0.2"
            })
    void isAProblemIfTheClientAcceptsProblemsAndDoesNotPreferJson(String accept) {
        assertThat(ErrorBody.wantedBy(accept)).isEqualTo(ErrorBody.PROBLEM);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*/*",
                "application/*",
                "application/json",
                "text/html",
                "application/problem+json;q=0",
                "application/problem+json;q=0.5, application/json",
                "application/problem+json;q=0.5, */*",
                "application/problem+json;q=0.5, application/*;q=0.6, */*;q=0.1",
                "application/problem+json;q=x",
                "application/problem+json2",
                "problem+json",
                ""
            })
    void isOrdinaryJsonIfTheClientPrefersJsonOrDoesNotAcceptProblems(String accept) {
        assertThat(ErrorBody.wantedBy(accept)).isEqualTo(ErrorBody.OWN);
    }

    @Test
    void isOrdinaryJsonWithoutAnAcceptHeader() {
        assertThat(ErrorBody.wantedBy(null)).isEqualTo(ErrorBody.OWN);
    }
}
