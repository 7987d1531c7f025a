package org.gatehouse.factor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.IsoTime;
import org.gatehouse.user.UserJson;
import org.jspecify.annotations.Nullable;

/**
 * Reads the second factors of an import line. A factor without its secret or its public key is a violation, because the
 * account would lose the factor.
 */
final class FactorLineReader {
    /** The members of every factor. */
    static final Set<String> COMMON = Set.of(
            UserJson.ID,
            FactorDocument.TYPE,
            FactorDocument.NAME,
            FactorDocument.CREATED_AT,
            FactorDocument.LAST_USED_AT);

    /** A member of responses that follows from other members. */
    static final Set<String> DERIVED = Set.of("authenticator");

    private static final Set<String> TOTP = with(FactorDocument.SECRET);
    private static final Set<String> PASSKEY = with(
            FactorDocument.CREDENTIAL_ID,
            FactorDocument.PUBLIC_KEY,
            FactorDocument.COUNTER,
            FactorDocument.BACKUP_ELIGIBLE,
            FactorDocument.BACKED_UP,
            FactorDocument.TRANSPORTS,
            FactorDocument.AAGUID);

    private static final Pattern ID = Pattern.compile("[0-9a-f]{24}");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern AAGUID =
            Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final Pattern TRANSPORT = Pattern.compile("[a-z][a-z-]{0,31}");
    private static final int MAX_TRANSPORTS = 8;
    private static final int MAX_FACTORS = 2 * FactorEnrolment.MAX_PER_TYPE;

    /** Web Authentication, Level 3, sections 4 and 7.1. */
    private static final int MIN_CREDENTIAL_ID_BYTES = 16;

    private static final int MAX_CREDENTIAL_ID_BYTES = 1023;

    /** A signature counter has 32 bits (Web Authentication, Level 3, section 6.1). */
    private static final long MAX_COUNTER = 0xFFFF_FFFFL;

    private static final UUID NO_AAGUID = new UUID(0, 0);

    private final TotpCipher cipher;
    private final Clock clock;

    FactorLineReader(TotpCipher cipher, Clock clock) {
        this.cipher = cipher;
        this.clock = clock;
    }

    private static Set<String> with(String... more) {
        return Stream.concat(COMMON.stream(), Stream.of(more)).collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Reads the factors and recovery codes of a line.
     *
     * @param user the id that the new user will have
     * @param sameId whether this is also the id in the line
     */
    ImportedFactors read(ObjectNode line, UserId user, boolean sameId, FieldErrors errors) {
        List<Factor> factors = factors(line.path(UserJson.FACTORS), user, errors);
        Set<String> codes = recoveryCodes(line.path(UserJson.RECOVERY_CODES), errors);
        if (!codes.isEmpty() && factors.isEmpty() && !errors.hasErrorFor(UserJson.FACTORS)) {
            errors.add(UserJson.RECOVERY_CODES, "must be combined with factors");
        }
        if (!sameId && factors.stream().anyMatch(Factor.Passkey.class::isInstance)) {
            errors.add(UserJson.FACTORS, "has a passkey, so the line must have the _id that the passkey contains");
        }
        return factors.isEmpty() ? ImportedFactors.NONE : new ImportedFactors(factors, codes);
    }

    private List<Factor> factors(JsonNode array, UserId user, FieldErrors errors) {
        if (array.isMissingNode() || array.isNull()) {
            return List.of();
        }
        if (!array.isArray() || array.size() > MAX_FACTORS) {
            errors.add(UserJson.FACTORS, "must be an array of at most " + MAX_FACTORS + " factors");
            return List.of();
        }
        List<Factor> factors = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            FactorLineEntry entry = new FactorLineEntry(array.get(i), UserJson.FACTORS + "." + i, errors);
            Factor factor = read(entry, user);
            if (factor != null) {
                factors.add(factor);
            }
        }
        requireUnique(factors, errors);
        return factors;
    }

    private static void requireUnique(List<Factor> factors, FieldErrors errors) {
        for (FactorType type : FactorType.values()) {
            if (factors.stream().filter(factor -> factor.type() == type).count() > FactorEnrolment.MAX_PER_TYPE) {
                errors.add(
                        UserJson.FACTORS,
                        "must have at most " + FactorEnrolment.MAX_PER_TYPE + " of the type " + type.text());
            }
        }
        Set<String> ids = new HashSet<>();
        Set<String> credentials = new HashSet<>();
        for (Factor factor : factors) {
            boolean fresh = ids.add(factor.id())
                    && (!(factor instanceof Factor.Passkey passkey) || credentials.add(passkey.credentialId()));
            if (!fresh) {
                errors.add(UserJson.FACTORS, "must have each _id and each credentialId only once");
                return;
            }
        }
    }

    /** Returns null if the entry has a violation. */
    private @Nullable Factor read(FactorLineEntry entry, UserId user) {
        FactorType type = entry.text(
                FactorDocument.TYPE,
                "must be totp or passkey",
                text -> FactorType.parse(text).filter(found -> found != FactorType.RECOVERY));
        String id = entry.text(UserJson.ID, "must be 24 hexadecimal digits in lower case", matching(ID));
        String name = entry.name();
        Instant created = entry.optional(
                FactorDocument.CREATED_AT, "must be a time such as 2026-11-23T10:00:00.000Z", IsoTime::parse);
        Instant used = entry.optional(
                FactorDocument.LAST_USED_AT, "must be a time such as 2026-11-23T10:00:00.000Z", IsoTime::parse);
        if (type == null || id == null || entry.isInvalid()) {
            return null;
        }
        Instant createdAt = Objects.requireNonNullElseGet(created, clock::instant);
        return type == FactorType.TOTP
                ? totp(entry, user, id, name, createdAt, used)
                : passkey(entry, id, name, createdAt, used);
    }

    private @Nullable Factor totp(
            FactorLineEntry entry, UserId user, String id, String name, Instant createdAt, @Nullable Instant usedAt) {
        entry.rejectOthers(TOTP);
        byte[] secret = entry.text(
                FactorDocument.SECRET,
                "must be the secret in 32 characters of Base32, as an export with hashes=true contains it",
                text -> Base32.STANDARD.decode(text).filter(bytes -> bytes.length == TotpCodes.SECRET_BYTES));
        if (secret == null || entry.isInvalid()) {
            return null;
        }
        Instant latest = Objects.requireNonNullElse(usedAt, createdAt);
        return new Factor.Totp(id, name, createdAt, usedAt, cipher.encrypt(user, id, secret), consumedStep(latest));
    }

    /** Returns a step that covers a code used at this time, which may have been one step early. */
    private long consumedStep(Instant latestUse) {
        Instant latest = latestUse.isAfter(clock.instant()) ? clock.instant() : latestUse;
        return Math.max(0, Math.floorDiv(latest.getEpochSecond(), TotpCodes.STEP_SECONDS) + 1);
    }

    private static @Nullable Factor passkey(
            FactorLineEntry entry, String id, String name, Instant createdAt, @Nullable Instant usedAt) {
        entry.rejectOthers(PASSKEY);
        String credentialId = entry.text(
                FactorDocument.CREDENTIAL_ID, "must be 16 to 1023 bytes in base64url", FactorLineReader::credentialId);
        byte[] publicKey = entry.text(
                FactorDocument.PUBLIC_KEY,
                "must be a COSE key of a supported algorithm in base64url, as an export with hashes=true contains it",
                text -> CredentialJson.decode(text, CredentialKeys.MAX_BYTES).filter(CredentialKeys::isAcceptable));
        Long counter = entry.optional(
                FactorDocument.COUNTER, "must be a whole number from 0 to " + MAX_COUNTER, FactorLineReader::counter);
        boolean backupEligible = entry.flag(FactorDocument.BACKUP_ELIGIBLE);
        boolean backedUp = entry.flag(FactorDocument.BACKED_UP);
        if (backedUp && !backupEligible) {
            entry.reject(FactorDocument.BACKED_UP, "must be false if backupEligible is false");
        }
        List<String> transports = entry.texts(FactorDocument.TRANSPORTS, TRANSPORT, MAX_TRANSPORTS);
        UUID aaguid = entry.optional(FactorDocument.AAGUID, "must be a UUID in lower case", FactorLineReader::aaguid);
        if (credentialId == null || publicKey == null || entry.isInvalid()) {
            return null;
        }
        long count = Objects.requireNonNullElse(counter, 0L);
        UUID model = Objects.requireNonNullElse(aaguid, NO_AAGUID);
        return new Factor.Passkey(
                id,
                name,
                createdAt,
                usedAt,
                credentialId,
                publicKey,
                count,
                backupEligible,
                backedUp,
                transports,
                model);
    }

    private static Optional<String> credentialId(String text) {
        return CredentialJson.decode(text, MAX_CREDENTIAL_ID_BYTES)
                .filter(bytes -> bytes.length >= MIN_CREDENTIAL_ID_BYTES)
                .map(bytes -> text);
    }

    private static Optional<UUID> aaguid(JsonNode node) {
        return Optional.ofNullable(node.textValue()).flatMap(matching(AAGUID)).map(UUID::fromString);
    }

    private static Optional<Long> counter(JsonNode node) {
        boolean valid = node.isIntegralNumber()
                && node.canConvertToLong()
                && node.longValue() >= 0
                && node.longValue() <= MAX_COUNTER;
        return valid ? Optional.of(node.longValue()) : Optional.empty();
    }

    private static Function<String, Optional<String>> matching(Pattern pattern) {
        return text -> Optional.of(text).filter(pattern.asMatchPredicate());
    }

    private static Set<String> recoveryCodes(JsonNode array, FieldErrors errors) {
        if (array.isMissingNode() || array.isNull()) {
            return Set.of();
        }
        Set<String> hashes = new HashSet<>();
        for (JsonNode hash : array) {
            if (hash.isTextual() && HASH.matcher(hash.textValue()).matches()) {
                hashes.add(hash.textValue());
            }
        }
        if (!array.isArray() || array.size() > RecoveryCodes.COUNT || hashes.size() < array.size()) {
            errors.add(
                    UserJson.RECOVERY_CODES,
                    "must be an array of at most " + RecoveryCodes.COUNT
                            + " different SHA-256 hashes in hexadecimal digits in lower case");
            return Set.of();
        }
        return hashes;
    }
}
