package org.gatehouse.guard;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The settings of a filter. All problems are reported together. */
final class GuardSettings {
    static final String ISSUER = "issuer";
    static final String MODE = "mode";
    static final String AUDIENCE = "audience";
    static final String CLIENT_ID = "client-id";
    static final String CLIENT_SECRET = "client-secret";
    static final String CLIENT_SECRET_FILE = "client-secret-file";
    static final String UNREACHABLE = "unreachable";
    static final String REQUIRED_ROLES = "required-roles";
    static final String REQUIRED_AUTHENTICATION = "required-authentication";
    static final String OPTIONAL = "optional";

    static final Set<String> NAMES = Set.of(
            ISSUER,
            MODE,
            AUDIENCE,
            CLIENT_ID,
            CLIENT_SECRET,
            CLIENT_SECRET_FILE,
            UNREACHABLE,
            REQUIRED_ROLES,
            REQUIRED_AUTHENTICATION,
            OPTIONAL);

    /** How tokens are checked. */
    enum Mode {
        /** By the keys of Gatehouse alone. A token is accepted until it expires, even after a logout. */
        OFFLINE,
        /** By asking Gatehouse (RFC 7662). */
        INTROSPECT
    }

    /** What happens while Gatehouse is unreachable. */
    enum Unreachable {
        /** The request is answered with 503. */
        REFUSE,
        /** Tokens that this filter has accepted before stay accepted until they expire. */
        UNTIL_EXPIRY
    }

    final String issuer;
    final Mode mode;
    final Unreachable unreachable;
    final boolean optional;
    final RequiredRoles requiredRoles;
    final RequiredAuthentication requiredAuthentication;
    /** The required member of {@code aud}; null if tokens for any audience are accepted. */
    final @Nullable String audience;
    /** Empty in the mode {@code offline}. */
    final String clientId;
    /** Empty in the mode {@code offline}. */
    final String clientSecret;

    private GuardSettings(Reader reader) {
        this.issuer = reader.issuer();
        this.mode = reader.choice(MODE, Mode.OFFLINE, Mode.values());
        this.unreachable = reader.choice(UNREACHABLE, Unreachable.REFUSE, Unreachable.values());
        this.optional = reader.flag(OPTIONAL);
        this.requiredRoles = reader.rules(REQUIRED_ROLES, RequiredRoles::parse);
        this.requiredAuthentication = reader.rules(REQUIRED_AUTHENTICATION, RequiredAuthentication::parse);
        this.audience = reader.find(AUDIENCE);
        boolean introspects = mode == Mode.INTROSPECT;
        this.clientId = introspects ? reader.require(CLIENT_ID, "because mode is introspect") : "";
        this.clientSecret = introspects ? reader.secret() : "";
    }

    /**
     * Reads the settings.
     *
     * @param source returns the value of a name; null or blank if there is none
     * @throws IllegalArgumentException with one message that lists all missing and invalid settings
     */
    static GuardSettings read(Function<String, @Nullable String> source) {
        Reader reader = new Reader(source);
        GuardSettings settings = new GuardSettings(reader);
        if (!reader.problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", reader.problems));
        }
        return settings;
    }

    /** Returns whether a rule matches the path, so that a request without a token must be rejected. */
    boolean requiresCaller(String path) {
        return requiredRoles.appliesTo(path) || requiredAuthentication.appliesTo(path);
    }

    private static final class Reader {
        private final List<String> problems = new ArrayList<>();
        private final Function<String, @Nullable String> source;

        Reader(Function<String, @Nullable String> source) {
            this.source = source;
        }

        @Nullable
        String find(String name) {
            String value = source.apply(name);
            return value == null || value.isBlank() ? null : value.strip();
        }

        String require(String name, String reason) {
            String value = find(name);
            if (value == null) {
                problems.add(name + " is missing, " + reason);
                return "";
            }
            return value;
        }

        /** The issuer is compared with the token character by character, so it is not normalized. */
        String issuer() {
            String issuer = require(ISSUER, "the address of Gatehouse, such as https://accounts.example.com");
            if (!issuer.isEmpty() && !isIssuer(issuer)) {
                problems.add(
                        "issuer must be an http or https address without query and fragment (RFC 8414, section 2)");
            }
            return issuer;
        }

        private static boolean isIssuer(String issuer) {
            try {
                URI uri = URI.create(issuer);
                String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
                return (scheme.equals("https") || scheme.equals("http"))
                        && uri.getHost() != null
                        && uri.getRawUserInfo() == null
                        && uri.getRawQuery() == null
                        && uri.getRawFragment() == null;
            } catch (IllegalArgumentException malformed) {
                return false;
            }
        }

        <E extends Enum<E>> E choice(String name, E usual, E[] choices) {
            String value = find(name);
            if (value == null) {
                return usual;
            }
            List<String> texts = new ArrayList<>();
            for (E choice : choices) {
                String text = choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
                if (text.equals(value)) {
                    return choice;
                }
                texts.add(text);
            }
            problems.add(name + " must be " + String.join(" or ", texts));
            return usual;
        }

        boolean flag(String name) {
            String value = find(name);
            if (value != null && !value.equals("true") && !value.equals("false")) {
                problems.add(name + " must be true or false");
            }
            return "true".equals(value);
        }

        <T> T rules(String name, Function<@Nullable String, T> parser) {
            try {
                return parser.apply(find(name));
            } catch (IllegalArgumentException invalid) {
                problems.add(String.valueOf(invalid.getMessage()));
                return parser.apply(null);
            }
        }

        /** The file is read once, at the start of the filter. */
        String secret() {
            String file = find(CLIENT_SECRET_FILE);
            if (file == null) {
                return require(CLIENT_SECRET, "because mode is introspect");
            }
            if (find(CLIENT_SECRET) != null) {
                problems.add(CLIENT_SECRET + " and " + CLIENT_SECRET_FILE + " are both set");
            }
            try {
                String secret = Files.readString(Path.of(file)).strip();
                if (secret.isEmpty()) {
                    problems.add(CLIENT_SECRET_FILE + " names an empty file");
                }
                return secret;
            } catch (IOException | RuntimeException unreadable) {
                problems.add(CLIENT_SECRET_FILE + " names a file that cannot be read");
                return "";
            }
        }
    }
}
