package org.gatehouse.password;

import com.nulabinc.zxcvbn.StandardDictionaries;
import com.nulabinc.zxcvbn.StandardKeyboards;
import com.nulabinc.zxcvbn.Zxcvbn;
import com.nulabinc.zxcvbn.ZxcvbnBuilder;
import com.nulabinc.zxcvbn.matchers.Dictionary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/**
 * Checks that a new password is long enough, is not common, and is not based on the username or the service's name.
 *
 * <p>Composition rules do not apply, and passwords are not truncated (NIST SP 800-63B-4, section 3.1.1.2). Most common
 * passwords are too short, so users extend them. The library zxcvbn estimates how many guesses find such extensions. It
 * assumes an attacker who knows 30,000 common passwords and tries combinations, repetitions, rows of keys, sequences
 * and dates. Existing passwords are never checked against this policy.
 */
public final class PasswordPolicy {
    /** Limits the work before hashing. Passphrases are much shorter. */
    static final int MAX_BYTES = 256;

    /** More than a year of guesses, because the login throttle permits 100 failures per hour, or 876,000 per year. */
    private static final double MIN_GUESSES = 1e6;

    /** Longer texts are estimated in pieces, because the time grows at least with the square of the length. */
    private static final int PIECE = 32;

    private static final String SERVICE = "gatehouse";

    /** The maximum wait for an estimate. Users wait this long for a response before they try again. */
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(1);

    /** A flood of requests occupies at most this many of the container's threads. */
    private static final int MAX_WAITING = 16;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final int minLength;

    /** Permits one estimate at a time. Anonymous clients can send texts that occupy a core for 100 ms or more. */
    private final Semaphore turn = new Semaphore(1, true);

    /** @param minLength in code points */
    public PasswordPolicy(int minLength) {
        this.minLength = minLength;
    }

    /**
     * Returns why this password is rejected, as words that follow "password"; empty if it is accepted.
     *
     * @param username the username of the user that would get this password
     * @throws GatehouseException {@code BUSY} if too many estimates are waiting
     */
    public Optional<String> violation(String password, String username) {
        if (password.codePointCount(0, password.length()) > MAX_BYTES
                || password.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
            return Optional.of("must have at most " + MAX_BYTES + " bytes in UTF-8");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(password)) {
            return Optional.of("must be well-formed Unicode");
        }
        String normal = Normalizer.normalize(password, Normalizer.Form.NFKC);
        if (normal.codePointCount(0, normal.length()) < minLength) {
            return Optional.of("must have at least " + minLength + " characters");
        }
        String folded = folded(normal);
        if (CommonPasswords.LOADED.words().contains(folded)) {
            return Optional.of("is in the list of common passwords");
        }
        enter();
        try {
            return guessable(folded, folded(username));
        } finally {
            turn.release();
        }
    }

    private Optional<String> guessable(String folded, String name) {
        if (isGuessable(folded)) {
            return Optional.of("is guessed in less than a million tries: it is made of common passwords, repetitions,"
                    + " sequences, rows of keys or dates");
        }
        String beyondNames = folded.replace(name, "").replace(SERVICE, "");
        if (!beyondNames.equals(folded) && isGuessable(beyondNames)) {
            return Optional.of("is little more than the username or the name of this service");
        }
        return Optional.empty();
    }

    private void enter() {
        if (turn.getQueueLength() >= MAX_WAITING || !Threads.tryAcquire(turn, WAIT_TIMEOUT)) {
            throw GatehouseException.temporary(ErrorCode.BUSY, RETRY_AFTER, null);
        }
    }

    /** Returns false if any piece is strong, because an attacker must guess all pieces. */
    private boolean isGuessable(String folded) {
        for (int start = 0; start < folded.length(); start += PIECE) {
            String piece = folded.substring(start, Math.min(start + PIECE, folded.length()));
            if (CommonPasswords.LOADED.estimator().measure(piece).getGuesses() >= MIN_GUESSES) {
                return false;
            }
        }
        return true;
    }

    /** Ignores case, because capitals are the first variation that users and attackers try. */
    private static String folded(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
    }

    /** The words take 7 MB and a third of a second. They are loaded at the first check, because most nodes rarely check. */
    private record CommonPasswords(Set<String> words, Zxcvbn estimator) {
        static final CommonPasswords LOADED = load();

        private static CommonPasswords load() {
            try {
                Dictionary dictionary = StandardDictionaries.PASSWORDS_LOADER.load();
                Zxcvbn estimator = new ZxcvbnBuilder()
                        .dictionary(dictionary)
                        .keyboards(StandardKeyboards.loadAllKeyboards())
                        .build();
                return new CommonPasswords(dictionary.getRankedDictionary().keySet(), estimator);
            } catch (IOException incomplete) {
                throw new UncheckedIOException(incomplete);
            }
        }
    }
}
