package org.gatehouse.password;

import com.github.benmanes.caffeine.cache.Ticker;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.text.Normalizer;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Checks passwords in at least the time of a check for an unknown user, so the time does not reveal users. */
final class PasswordVerifier {
    private final Argon2 argon2;

    /** A hash that no password matches, with the costs of a new hash. */
    private final Argon2Hash dummyHash;

    private final Ticker ticker;

    /** The time of the most recent hash with the costs of a new hash; 0 until it is measured. */
    private volatile long ownNanos;

    PasswordVerifier(Argon2 argon2, Argon2Hash dummyHash, Ticker ticker) {
        this.argon2 = argon2;
        this.dummyHash = dummyHash;
        this.ticker = ticker;
    }

    /** Hashes this password with the salt and the costs of the given hash. */
    byte[] derive(String password, Argon2Hash like) {
        return timed(normalized(password), like);
    }

    /** @param stored null for an unknown user; the result is then false */
    boolean matches(String candidate, @Nullable StoredPassword stored) {
        if (ownNanos == 0) {
            // The first check of a node measures the time of a new hash for any user. A measurement at the start
            // would load Bouncy Castle and keep 19 MiB before any login.
            var unused = timed("", dummyHash);
        }
        String normalized = normalized(candidate);
        // Gatehouse hashes the normalized text, and other services hash the typed text. Both are tried, because an
        // Argon2 hash may be from Gatehouse or another service.
        List<String> forms = normalized.equals(candidate) ? List.of(normalized) : List.of(normalized, candidate);
        ForeignHash foreign = stored == null ? null : stored.foreign().orElse(null);
        if (foreign != null) {
            return padded(forms.size(), () -> foreign.matches(candidate));
        }
        Argon2Hash expected = stored == null ? dummyHash : stored.argon2().orElse(dummyHash);
        if (!dummyHash.costsAtMost(expected)) {
            return padded(forms.size(), () -> isAnyOf(forms, expected));
        }
        boolean derived = isAnyOf(forms, expected);
        boolean same = stored != null
                && stored.plain()
                && MessageDigest.isEqual(bytes(normalized), bytes(normalized(stored.text())));
        return derived || same;
    }

    /**
     * Runs a check, then computes new hashes until the total time equals the time of a check for an unknown user. The
     * speed of a cheap hash therefore does not reveal that the user exists. A match is padded too, because the user may
     * be disabled. The method computes hashes instead of sleeping, because other load slows all hashes equally.
     *
     * @param hashes the number of new hashes that the check of an unknown user computes
     */
    private boolean padded(int hashes, BooleanSupplier check) {
        long began = ticker.read();
        boolean matches = check.getAsBoolean();
        double missing = hashes - (double) (ticker.read() - began) / ownNanos;
        for (; missing >= 1; missing--) {
            var unused = timed("", dummyHash);
        }
        dummyHash.scaled(missing).ifPresent(rest -> argon2.derive("", rest));
        return matches;
    }

    /** Tries all forms, so that the time does not depend on which form matches. */
    private boolean isAnyOf(List<String> forms, Argon2Hash hash) {
        boolean any = false;
        for (String form : forms) {
            any |= MessageDigest.isEqual(timed(form, hash), hash.hashBytes());
        }
        return any;
    }

    private byte[] timed(String candidate, Argon2Hash like) {
        long began = ticker.read();
        byte[] derived = argon2.derive(candidate, like);
        if (like.costsAtMost(dummyHash) && dummyHash.costsAtMost(like)) {
            ownNanos = ticker.read() - began;
        }
        return derived;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Unifies code points that keyboards enter for the same password (NIST SP 800-63B-4, section 3.1.1.2). */
    private static String normalized(String password) {
        return Normalizer.normalize(password, Normalizer.Form.NFKC);
    }
}
