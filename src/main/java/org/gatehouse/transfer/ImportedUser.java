package org.gatehouse.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.gatehouse.config.Secret;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.factor.FactorTransfer;
import org.gatehouse.factor.ImportedFactors;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.IsoTime;
import org.gatehouse.user.NewUser;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDocument;
import org.gatehouse.user.UserInput;
import org.gatehouse.user.UserJson;
import org.jspecify.annotations.Nullable;

/**
 * The user that an import line describes. A line may have the fields of {@code POST /user} and the additional fields of
 * an export.
 *
 * @param user the complete user, except for the hash of a plain password
 * @param password the plain password, not yet checked against the password policy; null if the line has none
 * @param factors the second factors, which {@code user} also contains
 */
record ImportedUser(NewUser user, @Nullable Secret password, ImportedFactors factors) {
    /** Fields that are neither custom fields nor in {@link UserJson#SETTABLE}. */
    static final Set<String> NAMES = Set.of(
            UserJson.ID,
            UserJson.PASSWORD,
            UserDocument.PASSWORD_HASH,
            UserJson.VERSION,
            UserJson.CREATED_AT,
            UserJson.UPDATED_AT,
            UserJson.LAST_LOGIN,
            UserJson.EMAIL_VERIFIED,
            UserJson.DELETED_AFTER,
            UserJson.FACTORS,
            UserJson.RECOVERY_CODES);

    /** Every JSON parser reads this number exactly, and later increments do not overflow. */
    private static final long MAX_VERSION = 1L << 52;

    /**
     * Reads the user in a line.
     *
     * @param violation returns the violation of a {@code passwordHash}; empty if the hash is valid
     * @param transfer reads the second factors
     * @throws GatehouseException {@code VALIDATION_FAILED} with every violation
     */
    static ImportedUser of(ObjectNode line, Function<String, Optional<String>> violation, FactorTransfer transfer) {
        FieldErrors errors = new FieldErrors();
        UserInput input = UserInput.ofImported(line, NAMES, errors);
        ForeignStatus.check(line, errors);
        UserId id = read(line, UserJson.ID, "must be 24 hexadecimal digits", ImportedUser::id, errors);
        UserId userId = id == null ? UserDocument.newId() : id;
        String hash = hash(line, input.password() != null, violation, errors);
        ImportedFactors factors = transfer.read(line, userId, id != null, errors);
        NewUser.Imported imported = new NewUser.Imported(
                id != null,
                read(line, UserJson.VERSION, "must be a whole number of at least 1", ImportedUser::version, errors),
                time(line, UserJson.CREATED_AT, errors),
                time(line, UserJson.UPDATED_AT, errors),
                time(line, UserJson.LAST_LOGIN, errors),
                time(line, UserJson.EMAIL_VERIFIED, errors),
                factors.serverData());
        var unusedDeletion = time(line, UserJson.DELETED_AFTER, errors); // the user is imported as disabled
        if (imported.emailVerified() != null && !line.hasNonNull(UserJson.EMAIL)) {
            errors.add(UserJson.EMAIL_VERIFIED, "must be combined with an email");
        }
        errors.throwIfAny();
        return new ImportedUser(input.newUser(userId, hash, imported), input.password(), factors);
    }

    private static @Nullable String hash(
            ObjectNode line, boolean hasPassword, Function<String, Optional<String>> violation, FieldErrors errors) {
        String hash = read(
                line,
                UserDocument.PASSWORD_HASH,
                "must be a string",
                node -> Optional.ofNullable(node.textValue()),
                errors);
        if (hash != null) {
            violation.apply(hash).ifPresent(wrong -> errors.add(UserDocument.PASSWORD_HASH, wrong));
        }
        if (hash != null && hasPassword) {
            errors.add(UserDocument.PASSWORD_HASH, "must not be combined with a password");
        }
        return hash;
    }

    UserId id() {
        return user.id();
    }

    String canonicalUsername() {
        return user.username().canonical();
    }

    /**
     * Whether the line describes this existing user, which has the same name. An earlier import may have created the
     * user. If the line has an id, only the ids are compared. Otherwise, roles, status and custom fields are compared,
     * and the address must be verified if it is verified in the line. Passwords are not compared, because a login may replace the imported hash.
     */
    boolean isSameAs(User present) {
        if (user.imported().sameId()) {
            return present.id().equals(user.id());
        }
        User asHere = present.with(present.username(), user.roles(), user.status(), user.fields());
        boolean isVerified = user.imported().emailVerified() == null || present.emailVerified() != null;
        return isVerified && UserDocument.isUnchanged(present, asHere);
    }

    /**
     * Whether the line has a factor, and this user has the same id or no other difference, but no factor. The import does
     * not change a user, so the account would be without its factor.
     */
    boolean hasMoreFactorsThan(User present) {
        return !factors.isEmpty() && !present.hasFactor() && isSameAs(present);
    }

    /** Returns the address that the user will have verified; empty if the line has none. */
    Optional<EmailAddress> verifiedAddress() {
        return user.imported().emailVerified() == null ? Optional.empty() : user.email();
    }

    @Override
    public String toString() {
        return "ImportedUser[" + user.username().typed() + "]";
    }

    private static @Nullable Instant time(ObjectNode line, String name, FieldErrors errors) {
        return read(line, name, "must be a time such as 2026-11-23T10:00:00.000Z", IsoTime::parse, errors);
    }

    /** Reads an optional field. Null counts as absent; an error is added if the reader returns empty. */
    private static <T> @Nullable T read(
            ObjectNode line,
            String name,
            String violation,
            Function<JsonNode, Optional<T>> reader,
            FieldErrors errors) {
        if (!line.hasNonNull(name)) {
            return null;
        }
        T value = reader.apply(line.path(name)).orElse(null);
        if (value == null) {
            errors.add(name, violation);
        }
        return value;
    }

    private static Optional<UserId> id(JsonNode node) {
        return Optional.ofNullable(node.textValue()).flatMap(UserId::parse);
    }

    private static Optional<Long> version(JsonNode node) {
        boolean sound = node.isIntegralNumber()
                && node.canConvertToLong()
                && node.longValue() >= 1
                && node.longValue() <= MAX_VERSION;
        return sound ? Optional.of(node.longValue()) : Optional.empty();
    }
}
