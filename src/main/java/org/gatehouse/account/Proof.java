package org.gatehouse.account;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.Sha256;

/**
 * The secret in a link: the id of the account or of the invitation, and 256 random bits. Only its hash is stored. A slow
 * hash is not needed, because the bits are random.
 */
final class Proof {
    private static final int ID_BYTES = 12;
    private static final int SECRET_BYTES = 32;
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{59}");

    private final String text;
    private final String id;

    private Proof(String text) {
        this.text = text;
        this.id = HexFormat.of().formatHex(Arrays.copyOf(Base64.getUrlDecoder().decode(text), ID_BYTES));
    }

    /** @param id 24 hexadecimal digits */
    static Proof draw(String id, SecureRandom random) {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        byte[] bytes = Arrays.copyOf(HexFormat.of().parseHex(id), ID_BYTES + SECRET_BYTES);
        System.arraycopy(secret, 0, bytes, ID_BYTES, SECRET_BYTES);
        return new Proof(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    }

    /** Parses a client's text; empty if the text does not have the format of a proof. */
    private static Optional<Proof> parse(String text) {
        return FORM.matcher(text).matches() ? Optional.of(new Proof(text)) : Optional.empty();
    }

    /**
     * Parses a client's text.
     *
     * @throws GatehouseException {@code PROOF_INVALID}
     */
    static Proof require(String text) {
        return parse(text).orElseThrow(Proof::invalid);
    }

    /** Every proof that is not valid has the same error, so the error does not show why. */
    static GatehouseException invalid() {
        return new GatehouseException(ErrorCode.PROOF_INVALID);
    }

    /** Returns the id as 24 hexadecimal digits. */
    String id() {
        return id;
    }

    UserId userId() {
        return new UserId(id);
    }

    /** Returns the text that a link contains. */
    String text() {
        return text;
    }

    /** Returns the SHA-256 of the text, as 64 hexadecimal digits. */
    String hash() {
        return Sha256.hex(text);
    }

    @Override
    public String toString() {
        return "Proof[REDACTED]";
    }
}
