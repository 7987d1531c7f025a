package org.gatehouse.user;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Distinguishes login credentials from custom fields. Custom fields must not contain credentials, because responses,
 * exports and the cache contain custom fields.
 *
 * <p>The name of a field determines whether the field is a credential. The depth of the field in the JSON does not
 * matter. Case and separators are ignored. A field whose name contains a word for a password is a credential, unless
 * words for a property follow, as in {@code password_changed_at}. The values true, false, 1 and 0 are never
 * credentials, because they are too short. The names {@code token}, {@code secret} and {@code apiKey} are allowed,
 * because they also name secrets that are not login credentials.
 */
final class CredentialFields {
    /**
     * The maximum number of characters of a name that are compared. Callers cannot choose a longer name, but another
     * service may have written a longer name.
     */
    private static final int MAX_NAME_LENGTH = 256;

    private static final Pattern SEPARATORS = Pattern.compile("[^A-Za-z0-9]+");

    private static final Pattern PASSWORD = Pattern.compile(
            "(?:.*(?:password|passwd|passphrase|passcode|passwort|kennwort)|(?:user|login|account|db|admin|new|old|current"
                    + "|my|hashed|encrypted|enc|plain|clear|raw|tmp|temp|initial|default|unicode|confirm|repeat)?pwd|pword)(.*)");

    /** Words for a property. A name with only such words after a word for a password is not a credential. */
    private static final Pattern STATEMENT =
            Pattern.compile("(?:hash)?(?:last|first|is|was|never|changed|changes|change"
                    + "|updated|update|modified|created|set|reset|expires|expired|expiry|expiration|age|max|min|days|hint|policy"
                    + "|rules?|length|strength|score|count|attempts?|failures?|failed|required|needed|allowed|enabled|disabled"
                    + "|status|state|type|method|provider|algorithm|algo|alg|version|less|manager|notice|reminder|at|on|date"
                    + "|time|timestamp|by|in|sent|requested|request|settings|options|config|id)+");

    private static final Pattern OTHER = Pattern.compile("(?:pass|pw|pswd|psw|passw"
            + "|(?:user|login|hashed|encrypted|enc|new|old|current|confirm|repeat|plain|admin|root|db)(?:pass|pw)|pass[12]|passconfirm"
            + "|(?:pass|pw|pin|secret|user|login|credential|salted|nt|lm|ntlm|bcrypt|argon2i?d?|scrypt|pbkdf2|crypt)?hash"
            + "|(?:pass|pw|hash|user)?salt(?:value|string)?|hash(?:ed)?(?:salted)?value|hashed|secretdata|srpverifier"
            + "|bcrypt|argon2i?d?|scrypt|pbkdf2"
            + "|.*(?:totp|hotp|otp|mfa|2fa|twofactor|multifactor|authenticator|webauthn|u2f)(?:secret|key|seed)s?"
            + "|.*(?:secretkey|privatekey)"
            + "|(?:mfa|otp|totp|2fa|twofactor)?(?:recovery|backup|scratch)codes?"
            + "|(?:security|secret)answers?"
            + "|(?:user|login|my)?(?:refresh|access|remember|reset|confirmation|session|auth|login|magiclink)tokens?)");

    /** Password hashes in the formats of crypt(3), PHC, LDAP, Spring and Django. */
    private static final Pattern HASH =
            Pattern.compile("(?:\\{(?i:s?sha[0-9]*|s?md5|bcrypt|argon2|scrypt|pbkdf2|crypt)\\}"
                    + "|\\$(?:1|2[abxy]?|5|6|7|P|H|S|y|gy|apr1|argon2i?d?|s?crypt|bcrypt-sha256|pbkdf2(?:-sha[0-9]+)?)\\$"
                    + "|(?:pbkdf2_sha(?:1|256)|bcrypt(?:_sha256)?|argon2|scrypt)\\$)[\\x21-\\x7e]{16,}");

    /** Rejects most texts quickly: every match of {@link #HASH} starts with one of these characters. */
    private static final Set<Character> FIRST_LETTERS_OF_HASHES = Set.of('{', '$', 'p', 'b', 'a', 's');

    private CredentialFields() {}

    /** Whether a field of this name is a credential. */
    static boolean isCredential(String name) {
        String word = word(name);
        var password = PASSWORD.matcher(word);
        if (password.matches()) {
            return !STATEMENT.matcher(password.group(1)).matches();
        }
        return OTHER.matcher(word).matches();
    }

    /** Whether a field of this name and value is a credential. */
    static boolean isCredential(String name, JsonNode value) {
        return !isFlag(value) && isCredential(name);
    }

    /** Whether the text is a password hash. The name of the field does not matter. */
    static boolean isHash(String text) {
        return !text.isEmpty()
                && FIRST_LETTERS_OF_HASHES.contains(text.charAt(0))
                && HASH.matcher(text).matches();
    }

    /** Returns a copy of the fields. Omits credentials that another service may have written. */
    static ObjectNode without(ObjectNode fields) {
        ObjectNode rest = fields.deepCopy();
        removeFrom(rest);
        return rest;
    }

    private static void removeFrom(JsonNode value) {
        if (value instanceof ObjectNode object) {
            object.properties().removeIf(field -> isCredential(field.getKey(), field.getValue()));
        }
        value.forEach(CredentialFields::removeFrom);
    }

    /**
     * Adds a null to the merged fields for each credential that a merge patch removes. Without the null, the update
     * would not remove the stored field, because users are read without credentials.
     *
     * @param merged the fields after the patch; modified by this method
     */
    static void keepRemovals(ObjectNode patch, ObjectNode merged) {
        patch.properties().forEach(change -> {
            String name = change.getKey();
            if (change.getValue().isNull() && isCredential(name)) {
                merged.putNull(name);
            } else if (change.getValue() instanceof ObjectNode inner && merged.get(name) instanceof ObjectNode object) {
                keepRemovals(inner, object);
            }
        });
    }

    private static boolean isFlag(JsonNode value) {
        return value.isBoolean()
                || (value.isIntegralNumber()
                        && (value.asText().equals("0") || value.asText().equals("1")));
    }

    /** Returns the name in lower case, with its letters and digits only. Other characters are separators of words. */
    private static String word(String name) {
        String word = SEPARATORS.matcher(name).replaceAll("");
        return word.substring(0, Math.min(word.length(), MAX_NAME_LENGTH)).toLowerCase(Locale.ROOT);
    }
}
