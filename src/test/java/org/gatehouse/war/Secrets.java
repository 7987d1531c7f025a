package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** Texts that must not leak. Each text has a name that a test can print. */
final class Secrets {
    /**
     * Three groups of secrets. The groups differ in the places where a secret may appear.
     *
     * @param secrets only the caller that sends or receives such a secret may see it
     * @param hashes password hashes; only the user's document and an export of hashes may contain them
     * @param misplaced secrets in names, custom fields or search terms; these are stored and returned, but must not be
     *     in logs or metrics
     */
    record Kinds(Secrets secrets, Secrets hashes, Secrets misplaced) {
        static Kinds none() {
            return new Kinds(new Secrets(), new Secrets(), new Secrets());
        }
    }

    private static final SecureRandom random = new SecureRandom();
    private static final AtomicInteger number = new AtomicInteger();

    private final Map<String, String> named = new LinkedHashMap<>();

    /**
     * Creates a secret of letters and digits, so that no encoding changes the secret. The secret is also a valid
     * password.
     */
    String make(String name) {
        byte[] bytes = new byte[10];
        random.nextBytes(bytes);
        return add(
                name, "s3cr3t" + number.incrementAndGet() + "x" + HexFormat.of().formatHex(bytes));
    }

    /** Adds a secret that the test did not create itself. */
    String add(String name, String secret) {
        assertThat(secret).as(name).hasSizeGreaterThan(20);
        named.put(secret, name);
        return secret;
    }

    /** Returns the names of the secrets that a text contains. */
    List<String> in(String text) {
        return named.entrySet().stream()
                .filter(secret -> text.contains(secret.getKey()))
                .map(Map.Entry::getValue)
                .toList();
    }

    int count() {
        return named.size();
    }
}
