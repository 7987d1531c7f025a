package org.gatehouse.identity;

import java.net.IDN;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An e-mail address (RFC 5321, section 4.1.2, and RFC 6531 for other than ASCII letters) without quoted local part,
 * comments and address literals.
 *
 * <p>Two addresses with the same canonical form are the same address. The canonical form has the domain in lower case
 * as A-labels (RFC 5890) and the local part with folded case. Dots and {@code +} in the local part are significant,
 * because only the receiving server knows their meaning. Letters with and without ASCII form never become equal, because
 * a mail to one of them reaches another mailbox than a mail to the other.
 *
 * @param typed the address as sent by the client; for display. Mails are sent to {@link #mailbox}
 * @param canonical the form for comparisons
 */
public record EmailAddress(String typed, String canonical) {
    /** RFC 5321, section 4.5.3.1.3: a path has 256 octets including the angle brackets. */
    public static final int MAX_BYTES = 254;

    /** RFC 5321, section 4.5.3.1.1. */
    private static final int MAX_LOCAL_BYTES = 64;

    /** RFC 1035, section 2.3.4: 255 octets on the wire are 253 characters. */
    private static final int MAX_DOMAIN_LENGTH = 253;

    /** {@code atext} (RFC 5322, section 3.2.3) and, with RFC 6531, letters and digits of any script. */
    private static final String LETTER = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[[^\\x00-\\x7f]&&[\\p{L}\\p{N}]]";

    /** Letters with marks. A mark at the beginning would change the sign before the address. */
    private static final String ATOM = "(?:" + LETTER + ")(?:" + LETTER + "|\\p{M})*";

    /** A dot-string of atoms. {@code =?} would begin an encoded word (RFC 2047), which some programs decode. */
    private static final Pattern LOCAL = Pattern.compile("(?!.*=\\?)" + ATOM + "(?:\\." + ATOM + ")*", Pattern.DOTALL);

    /** Letters and marks that are not visible (Default_Ignorable_Code_Point in Unicode). */
    private static final Pattern INVISIBLE =
            Pattern.compile("[\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u3164"
                    + "\\ufe00-\\ufe0f\\uffa0\\x{e0100}-\\x{e01ef}]");

    /** Host names in A-labels, with a dot. The last label begins with a letter, because other names may be IP addresses. */
    private static final Pattern DOMAIN =
            Pattern.compile("(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?");

    /** The dots of host names (RFC 3490, section 3.1) after compatibility normalization. */
    private static final Pattern DOTS = Pattern.compile("[.\\u3002]");

    /** Labels that IDNA 2008 may accept: it excludes all signs, such as emojis. */
    private static final Pattern UNICODE_LABEL = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}-]*");

    /** Returns the address; empty if the text is not an acceptable address. */
    public static Optional<EmailAddress> parse(String text) {
        int at = text.lastIndexOf('@');
        if (at < 0 || isTooLong(text)) {
            return Optional.empty();
        }
        String local = local(text.substring(0, at));
        String domain = domain(text.substring(at + 1));
        if (local == null || domain == null || bytes(local) > MAX_LOCAL_BYTES) {
            return Optional.empty();
        }
        return isTooLong(local + '@' + domain)
                ? Optional.empty()
                : Optional.of(new EmailAddress(text, fold(local) + '@' + domain));
    }

    /**
     * Returns the beginning of the canonical forms of all addresses with a typed beginning. A label of the domain that
     * has special letters and is not complete yet has no canonical form, so such a beginning matches no address.
     */
    public static String foldBeginning(String typed) {
        Optional<EmailAddress> complete = parse(typed);
        if (complete.isPresent()) {
            return complete.get().canonical();
        }
        int at = typed.lastIndexOf('@');
        String local = fold(Normalizer.normalize(at < 0 ? typed : typed.substring(0, at), Normalizer.Form.NFC));
        return at < 0 ? local : local + '@' + foldDomainBeginning(typed.substring(at + 1));
    }

    private static String foldDomainBeginning(String typed) {
        try {
            return Arrays.stream(DOTS.split(Normalizer.normalize(typed, Normalizer.Form.NFKC), -1))
                    .map(EmailAddress::asciiLabel)
                    .collect(Collectors.joining("."));
        } catch (IllegalArgumentException notAName) {
            return typed.toLowerCase(Locale.ROOT);
        }
    }

    /** Returns the rule that a text violates; empty if the text is an acceptable address. */
    public static Optional<String> violation(String text) {
        if (parse(text).isPresent()) {
            return Optional.empty();
        }
        int at = text.lastIndexOf('@');
        if (at < 1 || at == text.length() - 1) {
            return Optional.of("must be an address such as user@example.com");
        }
        if (isTooLong(text)) {
            return Optional.of("must have at most " + MAX_BYTES + " bytes");
        }
        String local = local(text.substring(0, at));
        if (local == null) {
            return Optional.of("must have only letters, digits, single dots and !#$%&'*+-/=?^_`{|}~ before the @;"
                    + " quotes, comments and =? are not supported");
        }
        if (bytes(local) > MAX_LOCAL_BYTES) {
            return Optional.of("must have at most " + MAX_LOCAL_BYTES + " bytes before the @");
        }
        return Optional.of("must have a host name with a dot after the @; write a name with special letters as xn--…");
    }

    /** Counts chars first, because a text may have many megabytes. */
    private static boolean isTooLong(String text) {
        return text.length() > MAX_BYTES || bytes(text) > MAX_BYTES;
    }

    /** Returns the local part in normal form (RFC 6532, section 3.1); null if it is not acceptable. */
    private static @Nullable String local(String typed) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(typed)) {
            return null;
        }
        String local = Normalizer.normalize(typed, Normalizer.Form.NFC);
        return LOCAL.matcher(local).matches() && !INVISIBLE.matcher(local).find() ? local : null;
    }

    /** Returns the domain in lower case as A-labels; null if it is not a host name. */
    private static @Nullable String domain(String typed) {
        String[] labels = DOTS.split(Normalizer.normalize(typed, Normalizer.Form.NFKC), -1);
        try {
            String ascii = Arrays.stream(labels).map(EmailAddress::asciiLabel).collect(Collectors.joining("."));
            return ascii.length() <= MAX_DOMAIN_LENGTH && DOMAIN.matcher(ascii).matches() ? ascii : null;
        } catch (IllegalArgumentException notAName) {
            return null;
        }
    }

    /**
     * Converts a label. {@link IDN} implements IDNA 2003, which replaces sharp s and final sigma and removes joiners.
     * IDNA 2008 keeps them, so the same text names two domains with different owners. Therefore such a label is rejected.
     * Its ASCII form is accepted.
     */
    private static String asciiLabel(String label) {
        if (label.chars().allMatch(c -> c < 0x80)) {
            return label.toLowerCase(Locale.ROOT);
        }
        String ascii = IDN.toASCII(label, IDN.USE_STD3_ASCII_RULES);
        String lower = label.codePoints()
                .map(Character::toLowerCase)
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
        boolean isKept = IDN.toUnicode(ascii).equals(Normalizer.normalize(lower, Normalizer.Form.NFC));
        if (!isKept
                || !UNICODE_LABEL.matcher(label).matches()
                || INVISIBLE.matcher(label).find()) {
            throw new IllegalArgumentException();
        }
        return ascii.toLowerCase(Locale.ROOT);
    }

    private static String fold(String local) {
        String folded = local.codePoints()
                .map(EmailAddress::foldCase)
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
        return Normalizer.normalize(folded, Normalizer.Form.NFC);
    }

    /**
     * Folds the case of a letter. Upper case comes first, because some letters have several lower-case forms, such as
     * sigma. A letter outside ASCII is kept if its folded form is an ASCII letter: dotless i, for example.
     */
    private static int foldCase(int letter) {
        int folded = Character.toLowerCase(Character.toUpperCase(letter));
        return letter >= 0x80 && folded < 0x80 ? letter : folded;
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** Returns the domain as A-labels. */
    public String domain() {
        return canonical.substring(canonical.lastIndexOf('@') + 1);
    }

    /**
     * Returns the address to which mails are sent: the local part in the case that the client sent, and the domain as
     * A-labels. Thus the owner of this domain, and not of a similar one, receives the proof.
     */
    public String mailbox() {
        String local = typed.substring(0, typed.lastIndexOf('@'));
        return Normalizer.normalize(local, Normalizer.Form.NFC) + '@' + domain();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof EmailAddress address && address.canonical.equals(canonical);
    }

    @Override
    public int hashCode() {
        return canonical.hashCode();
    }
}
