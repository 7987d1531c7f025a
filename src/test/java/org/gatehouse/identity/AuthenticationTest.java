package org.gatehouse.identity;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.gatehouse.identity.Authentication.Method;
import org.junit.jupiter.api.Test;

/** Tests the age and the class of an authentication. */
class AuthenticationTest {
    private static final Instant SECOND = Instant.parse("2026-12-01T10:00:00Z");

    @Test
    void theAgeIsCountedFromTheEndOfTheSecond() {
        for (Instant time : List.of(SECOND, SECOND.plusMillis(999))) {
            Authentication authentication = Authentication.password(time);

            assertThat(authentication.isWithin(Duration.ZERO, SECOND.plusMillis(1_000)))
                    .isTrue();
            assertThat(authentication.isWithin(Duration.ZERO, SECOND.plusMillis(1_001)))
                    .isFalse();
            assertThat(authentication.isWithin(Duration.ofSeconds(600), SECOND.plusMillis(601_000)))
                    .isTrue();
            assertThat(authentication.isWithin(Duration.ofSeconds(600), SECOND.plusMillis(601_001)))
                    .isFalse();
        }
    }

    @Test
    void onlyAnAuthenticationWithAFactorSatisfiesTheHigherClass() {
        Authentication password = Authentication.password(SECOND);
        Authentication factor = new Authentication(SECOND, Set.of(Method.HWK, Method.MFA));

        assertThat(password.acr()).isEqualTo("urn:gatehouse:1");
        assertThat(factor.acr()).isEqualTo("urn:gatehouse:2");
        for (Authentication any : List.of(password, factor, Authentication.service(SECOND))) {
            assertThat(any.satisfies("urn:gatehouse:1")).isTrue();
            assertThat(any.satisfies("urn:gatehouse:3")).isFalse();
        }
        assertThat(factor.satisfies("urn:gatehouse:2")).isTrue();
        assertThat(password.satisfies("urn:gatehouse:2")).isFalse();
        assertThat(Authentication.service(SECOND).satisfies("urn:gatehouse:2")).isFalse();
    }
}
