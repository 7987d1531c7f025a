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
 * What a new password must be: long enough, not common, and more than a name that everybody knows.
 *
 * <p>No rules of composition and no truncation (NIST SP 800-63B-4, section 3.1.1.2). Few common passwords are as long as
 * a new one must be, so what people make of them to get there is refused too: zxcvbn estimates how many tries it takes
 * who knows 30,000 common passwords, and combines, repeats and continues them along the keyboard, the alphabet and the
 * calendar. Passwords that exist are never held to any of this.
 */
public final class PasswordPolicy {
    /** Bounds the work before hashing; far above any passphrase. */
    static final int MAX_BYTES = 256;

    /** A year of guessing at one account past the login throttle, which lets 100 failures an hour pass, is 876,000. */
    private static final double MIN_GUESSES = 1e6;

    /** A longer text is estimated in pieces, because the time grows with its square and more. */
    private static final int PIECE = 32;

    private static final String SERVICE = "gatehouse";

    /** For the turn to estimate; what a person waits for an answer without trying again. */
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(1);

    /** So that a flood holds this many of the container's threads and no more. */
    private static final int MAX_WAITING = 16;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final int minLength;
    private final Set<String> common;
    private final Zxcvbn estimator;

    /** One at a time: a hostile text takes a core 100 ms and more, and who sends it needs no account for that. */
    private final Semaphore turn = new Semaphore(1, true);

    /** @param minLength in code points */
    public PasswordPolicy(int minLength) {
        this.minLength = minLength;
        try {
            Dictionary passwords = StandardDictionaries.PASSWORDS_LOADER.load();
            this.common = passwords.getRankedDictionary().keySet();
            this.estimator = new ZxcvbnBuilder()
                    .dictionary(passwords)
                    .keyboards(StandardKeyboards.loadAllKeyboards())
                    .build();
        } catch (IOException incomplete) {
            throw new UncheckedIOException(incomplete);
        }
    }

    /**
     * Why this password is refused, as words that follow "password"; empty when it is accepted.
     *
     * @param username of the user whose password it would be
     * @throws GatehouseException {@code BUSY} when there are too many to estimate
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
        if (common.contains(folded)) {
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

    /** One good piece is enough: who cannot guess it cannot guess the whole. */
    private boolean isGuessable(String folded) {
        for (int start = 0; start < folded.length(); start += PIECE) {
            String piece = folded.substring(start, Math.min(start + PIECE, folded.length()));
            if (estimator.measure(piece).getGuesses() >= MIN_GUESSES) {
                return false;
            }
        }
        return true;
    }

    /** Case is no strength here: capitals are the first thing that people and guessers add. */
    private static String folded(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
    }
}
