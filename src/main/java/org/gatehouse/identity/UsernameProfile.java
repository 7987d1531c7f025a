package org.gatehouse.identity;

import java.text.Bidi;
import java.text.Normalizer;
import rocks.xmpp.precis.PrecisProfile;

/**
 * The PRECIS profile {@code UsernameCaseMapped} (RFC 8265, section 3.3) with the contextual rules of RFC 5892, appendix
 * A. {@link PrecisProfile} does not implement these rules, and rejects every character to which a rule applies. Names
 * in Persian, Japanese, Catalan and Hebrew contain such characters.
 */
final class UsernameProfile extends PrecisProfile {
    private static final long serialVersionUID = 1L;

    UsernameProfile() {
        super(true);
    }

    /** @throws IllegalArgumentException if a character is not allowed at all, or not at its position */
    @Override
    public String prepare(CharSequence input) {
        String text = input.toString();
        if (!ContextRules.allow(text)) {
            throw new IllegalArgumentException("A character is not allowed where it stands");
        }
        super.prepare(ContextRules.CHARACTERS.matcher(text).replaceAll(""));
        return text;
    }

    /** @throws IllegalArgumentException if the text is not allowed, or is empty after enforcement */
    @Override
    public String enforce(CharSequence input) {
        String enforced = super.enforce(input);
        if (enforced.isEmpty()) {
            throw new IllegalArgumentException("A username is not empty");
        }
        return enforced;
    }

    @Override
    protected CharSequence applyWidthMappingRule(CharSequence input) {
        return widthMap(input);
    }

    @Override
    protected CharSequence applyAdditionalMappingRule(CharSequence input) {
        return input;
    }

    @Override
    protected CharSequence applyCaseMappingRule(CharSequence input) {
        return caseMap(input);
    }

    @Override
    protected CharSequence applyNormalizationRule(CharSequence input) {
        return Normalizer.normalize(input, Normalizer.Form.NFC);
    }

    @Override
    protected CharSequence applyDirectionalityRule(CharSequence input) {
        char[] chars = input.toString().toCharArray();
        if (Bidi.requiresBidi(chars, 0, chars.length)) {
            checkBidiRule(input);
        }
        return input;
    }
}
