package org.gatehouse.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the parts of the filter that need no HTTP. */
class GuardPartsTest {
    @Test
    void theMemoryOfResultsIsBoundedByNumberAndBySize() {
        BoundedMemory<Integer> memory = new BoundedMemory<>();
        for (int i = 0; i < BoundedMemory.MAX_ENTRIES + 10; i++) {
            memory.put("key " + i, i, 500);
            memory.get("key 0");
        }
        assertThat(memory.size()).isEqualTo(BoundedMemory.MAX_ENTRIES);
        assertThat(memory.get("key 0")).isZero();
        assertThat(memory.get("key 1")).isNull();

        memory.put("long", 1, (int) BoundedMemory.MAX_CHARS);
        memory.put("long", 2, (int) BoundedMemory.MAX_CHARS);
        assertThat(memory.get("long")).isEqualTo(2);
        assertThat(memory.size()).isEqualTo(1);
        memory.remove("long");
        assertThat(memory.size()).isZero();
    }

    @Test
    void readsTheLifetimeOfAResponse() {
        assertThat(Freshness.lifetime("public, max-age=300", 0)).isEqualTo(Duration.ofSeconds(300));
        assertThat(Freshness.lifetime("max-age=\"60\"", 20)).isEqualTo(Duration.ofSeconds(40));
        assertThat(Freshness.lifetime("s-maxage=7", 0)).isEqualTo(Freshness.DEFAULT);
        assertThat(Freshness.lifetime("", 0)).isEqualTo(Freshness.DEFAULT);
        assertThat(Freshness.lifetime("no-store, max-age=300", 0)).isEqualTo(Freshness.MIN);
        assertThat(Freshness.lifetime("max-age=10", 20)).isEqualTo(Freshness.MIN);
        assertThat(Freshness.lifetime("max-age=999999999", 0)).isEqualTo(Freshness.MAX);
    }

    @Test
    void allMatchingRulesForRolesMustBeSatisfied() {
        RequiredRoles roles = RequiredRoles.parse("user; /admin/*=admin,auditor\n/admin/keys=admin");

        assertThatCode(() -> roles.require(caller("user"), "/x")).doesNotThrowAnyException();
        assertThatCode(() -> roles.require(caller("user", "auditor"), "/admin")).doesNotThrowAnyException();
        for (String path : List.of("/admin/keys/", "/admin//keys", "/admin/keys//")) {
            assertThatThrownBy(() -> roles.require(caller("user", "auditor"), path))
                    .isInstanceOf(Rejection.class);
            assertThat(RequiredRoles.parse("/admin/keys=admin").appliesTo(path)).isTrue();
            assertThat(RequiredRoles.parse("//admin/keys/=admin").appliesTo(path))
                    .isTrue();
        }
        for (String path : List.of("/admin", "/admin/", "/admin/x", "//admin/x")) {
            assertThatThrownBy(() -> roles.require(caller("user"), path))
                    .isInstanceOfSatisfying(
                            Rejection.class,
                            denied -> assertThat(denied.challenge()).endsWith("scope=\"admin auditor\""));
        }
        assertThatThrownBy(() -> roles.require(caller("user", "auditor"), "/admin/keys"))
                .isInstanceOf(Rejection.class);
        assertThatThrownBy(() -> roles.require(caller("admin"), "/admin/keys")).isInstanceOf(Rejection.class);
        assertThat(RequiredRoles.parse("").appliesTo("/")).isFalse();
        assertThat(RequiredRoles.parse("/*=a").appliesTo("/")).isTrue();
    }

    @Test
    void aRoleThatIsNotAScopeTokenIsNotShownAsAScope() {
        assertThatThrownBy(() -> RequiredRoles.parse("röle\"").require(caller(), "/"))
                .isInstanceOfSatisfying(
                        Rejection.class,
                        denied -> assertThat(denied.challenge())
                                .contains("insufficient_scope")
                                .doesNotContain("scope=\""));
    }

    private static GuardPrincipal caller(String... roles) {
        return new GuardPrincipal(
                "https://a.example", "1", null, null, Set.of(roles), Instant.MAX, CallerAuthentication.UNKNOWN);
    }

    @Test
    void aTokenThatIsTooLongIsNotParsed() {
        String token = "a".repeat(SignedToken.MAX_LENGTH + 1);

        assertThatThrownBy(() -> SignedToken.parse(token, "https://a.example", null, Clock.systemUTC()))
                .hasMessage("The access token is too long.");
    }

    @Test
    void theIssuerMustBeAnAddress() {
        for (String issuer :
                List.of("gatehouse", "ftp://a", "https:///x", "https://a?b", "https://a#b", "https://u@a")) {
            assertThatThrownBy(() -> read(Map.of("issuer", issuer)))
                    .as(issuer)
                    .hasMessageContaining("issuer must be an http or https address");
        }
        assertThat(read(Map.of("issuer", " https://a.example/x/ ")).issuer).isEqualTo("https://a.example/x/");
    }

    @Test
    void theSecretMayComeFromAFile(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("secret"), "hush\n");
        Map<String, String> settings = new HashMap<>(Map.of(
                "issuer",
                "https://a.example",
                "mode",
                "introspect",
                "client-id",
                "a",
                "client-secret-file",
                file.toString()));
        assertThat(read(settings).clientSecret).isEqualTo("hush");

        settings.put("client-secret-file", folder.resolve("none").toString());
        assertThatThrownBy(() -> read(settings)).hasMessageContaining("cannot be read");
    }

    private static GuardSettings read(Map<String, String> settings) {
        return GuardSettings.read(settings::get);
    }
}
