package org.gatehouse.factor;

import com.eatthepath.otp.HmacOneTimePasswordGenerator;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import javax.crypto.spec.SecretKeySpec;
import org.gatehouse.identity.UserId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Verifies time-based codes (RFC 6238) with six digits, 30 seconds and SHA-1. */
final class TotpCodes {
    static final int DIGITS = 6;

    static final int STEP_SECONDS = 30;

    /** The length of the output of SHA-1, which RFC 4226, section 4, recommends for secrets. */
    static final int SECRET_BYTES = 20;

    /** How many steps a code may be early or late (RFC 6238, section 5.2). */
    private static final int WINDOW = 1;

    private static final Pattern CODE = Pattern.compile("[0-9]{" + DIGITS + "}");

    private static final Logger log = LoggerFactory.getLogger(TotpCodes.class);

    private final HmacOneTimePasswordGenerator generator = new HmacOneTimePasswordGenerator(DIGITS);
    private final AtomicBoolean reported = new AtomicBoolean();
    private final TotpCipher cipher;
    private final Clock clock;

    TotpCodes(TotpCipher cipher, Clock clock) {
        this.cipher = cipher;
        this.clock = clock;
    }

    /**
     * Returns the highest time step of a code if the code is right and this step was not consumed. The steps before and after the
     * current one are accepted, because the clocks of devices differ (RFC 6238, section 5.2).
     *
     * @param typed the text from the client, of any length; ASCII spaces are ignored
     */
    OptionalLong match(UserId user, Factor.Totp device, String typed) {
        return match(user, device.id(), device.secret(), device.step(), typed);
    }

    /**
     * Returns the time step of a code of a device that is not confirmed yet.
     *
     * @param secret the encrypted secret
     * @param consumed codes of this step and of earlier steps are rejected
     */
    OptionalLong match(UserId user, String factorId, String secret, long consumed, String typed) {
        String code = typed.replace(" ", "");
        if (!CODE.matcher(code).matches()) {
            return OptionalLong.empty();
        }
        Optional<byte[]> decrypted = cipher.decrypt(user, factorId, secret);
        if (decrypted.isEmpty()) {
            reportUnreadable();
            return OptionalLong.empty();
        }
        Key key = new SecretKeySpec(decrypted.get(), "RAW");
        long now = Math.floorDiv(clock.instant().getEpochSecond(), STEP_SECONDS);
        long match = -1;
        // Every step of the window is computed, so that the time of a response does not depend on the code.
        for (long step = now - WINDOW; step <= now + WINDOW; step++) {
            if (isEqual(code(key, step), code) && step > consumed) {
                match = step;
            }
        }
        return match < 0 ? OptionalLong.empty() : OptionalLong.of(match);
    }

    /** The first failure suffices as a warning, because a lost key concerns every device. */
    private void reportUnreadable() {
        if (!reported.getAndSet(true)) {
            log.warn("The secret of a TOTP device cannot be decrypted, so its codes are rejected; AUTH_KEY was changed"
                    + " without AUTH_KEY_PREVIOUS, or the secret was changed in the database");
        }
    }

    private String code(Key key, long step) {
        try {
            return generator.generateOneTimePasswordString(key, step, Locale.ROOT);
        } catch (InvalidKeyException impossible) {
            throw new IllegalStateException("HMAC-SHA-1 rejects a key of bytes", impossible);
        }
    }

    private static boolean isEqual(String expected, String code) {
        return MessageDigest.isEqual(
                expected.getBytes(StandardCharsets.US_ASCII), code.getBytes(StandardCharsets.US_ASCII));
    }
}
