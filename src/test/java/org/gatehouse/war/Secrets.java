package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** Texts that must not turn up somewhere, each with a name by which a test may speak of it. */
final class Secrets {
    /**
     * Secrets by where they may be.
     *
     * @param secrets with who brought them or is given them, and nowhere else
     * @param hashes of passwords: with the user in the store, and in an export that asks for them
     * @param misplaced given as a name, as an own field or as what is looked for, which are kept and shown, but not told
     */
    record Kinds(Secrets secrets, Secrets hashes, Secrets misplaced) {
        static Kinds none() {
            return new Kinds(new Secrets(), new Secrets(), new Secrets());
        }
    }

    private static final SecureRandom random = new SecureRandom();
    private static final AtomicInteger number = new AtomicInteger();

    private final Map<String, String> named = new LinkedHashMap<>();

    /** A new one: letters and digits, so that no encoding changes it, and good enough for a password. */
    String make(String name) {
        byte[] bytes = new byte[10];
        random.nextBytes(bytes);
        return add(
                name, "s3cr3t" + number.incrementAndGet() + "x" + HexFormat.of().formatHex(bytes));
    }

    /** One that somebody else made. */
    String add(String name, String secret) {
        assertThat(secret).as(name).hasSizeGreaterThan(20);
        named.put(secret, name);
        return secret;
    }

    /** The names of those that are in a text. */
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
