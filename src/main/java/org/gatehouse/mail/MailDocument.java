package org.gatehouse.mail;

import com.mongodb.client.model.Projections;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.bson.BsonArray;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.BsonInt64;
import org.bson.BsonNull;
import org.bson.BsonString;
import org.bson.BsonValue;
import org.bson.conversions.Bson;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.BsonValues;
import org.jspecify.annotations.Nullable;

/** Maps mail requests and rows to documents. A request has the same form in the queue and in other documents. */
public final class MailDocument {
    public static final String ID = "_id";
    public static final String KIND = "kind";
    public static final String CREATED_AT = "createdAt";

    static final String TO = "to";
    static final String USER_ID = "userId";
    /** The user of a request that names an address or a username only, after the worker has found the user. */
    static final String ACCOUNT = "account";

    static final String USERNAME = "username";
    static final String LANGUAGE = "language";
    static final String LIMITED = "limited";
    static final String EXPIRES_AT = "expiresAt";
    static final String STATUS = "status";
    static final String ATTEMPTS = "attempts";
    static final String NEXT_AT = "nextAt";
    static final String LEASE = "lease";
    static final String LAST_ERROR = "lastError";
    static final String COUNTED = "counted";
    static final String PROOFS = "proofs";
    static final String USED_AT = "usedAt";
    static final String REMOVE_AT = "removeAt";

    private static final String NEW_ADDRESS = "newAddress";
    private static final String VERIFIED_AT = "verifiedAt";
    private static final String ACCOUNT_VERSION = "accountVersion";
    private static final String DEVICE = "device";
    private static final String IP = "ip";
    private static final String INVITATION = "invitation";
    private static final String ROLES = "roles";
    private static final String INVITED_BY = "invitedBy";
    private static final String FACTOR = "factor";
    private static final String EVENT = "event";
    private static final String NAME = "name";

    /** The fields that the receiver may see. The name in a request for a new password may be a password by mistake. */
    static final Bson EXPORTED = Projections.include(
            ID,
            KIND,
            TO,
            LANGUAGE,
            STATUS,
            ATTEMPTS,
            NEXT_AT,
            CREATED_AT,
            EXPIRES_AT,
            USED_AT,
            REMOVE_AT,
            NEW_ADDRESS,
            DEVICE,
            IP,
            FACTOR);

    private MailDocument() {}

    /** Returns the document of a request. */
    public static BsonDocument of(MailRequest request) {
        BsonDocument document = new BsonDocument(ID, BsonValues.id(request.id()));
        document.put(KIND, new BsonString(request.kind().text()));
        EmailAddress address = request.receiver().address();
        putText(document, TO, address == null ? null : address.typed());
        UserId userId = request.receiver().userId();
        if (userId != null) {
            document.put(USER_ID, BsonValues.id(userId));
        }
        putText(document, USERNAME, request.receiver().username());
        document.put(LANGUAGE, new BsonString(request.language()));
        document.put(LIMITED, BsonBoolean.valueOf(request.limited()));
        document.put(CREATED_AT, BsonValues.time(request.createdAt()));
        document.put(EXPIRES_AT, BsonValues.time(request.expiresAt()));
        MailRequest.Details details = request.details();
        putText(document, NEW_ADDRESS, details.newAddress());
        putText(document, DEVICE, details.device());
        putText(document, IP, details.ip());
        if (details.verifiedAt() != null) {
            document.put(VERIFIED_AT, BsonValues.time(details.verifiedAt()));
        }
        if (details.accountVersion() > 0) {
            document.put(ACCOUNT_VERSION, new BsonInt64(details.accountVersion()));
        }
        if (details.invitation() != null) {
            document.put(INVITATION, invitation(details.invitation()));
        }
        if (details.factor() != null) {
            document.put(FACTOR, factor(details.factor()));
        }
        return document;
    }

    private static BsonDocument invitation(MailRequest.Invitation invitation) {
        BsonArray roles = new BsonArray(
                invitation.roles().stream().sorted().map(BsonString::new).toList());
        BsonDocument document =
                new BsonDocument(ROLES, roles).append(INVITED_BY, new BsonString(invitation.invitedBy()));
        putText(document, USERNAME, invitation.username());
        return document;
    }

    private static BsonDocument factor(MailRequest.FactorDetails factor) {
        BsonDocument document = new BsonDocument(EVENT, new BsonString(factor.event()));
        putText(document, NAME, factor.name());
        return document;
    }

    private static void putText(BsonDocument document, String name, @Nullable String value) {
        if (value != null) {
            document.put(name, new BsonString(value));
        }
    }

    /** Returns the row of a new request. */
    static BsonDocument newRow(MailRequest request, Instant removeAt) {
        return of(request)
                .append(STATUS, new BsonString(MailStatus.QUEUED.text()))
                .append(ATTEMPTS, new BsonInt32(0))
                .append(NEXT_AT, BsonValues.time(request.createdAt()))
                .append(REMOVE_AT, BsonValues.time(removeAt));
    }

    /** Reads a request; empty if this version does not know its kind or its form. */
    public static Optional<MailRequest> request(BsonDocument document) {
        return text(document, KIND)
                .flatMap(MailKind::parse)
                .filter(kind ->
                        document.isObjectId(ID) && document.isDateTime(CREATED_AT) && document.isDateTime(EXPIRES_AT))
                .map(kind -> request(kind, document));
    }

    private static MailRequest request(MailKind kind, BsonDocument document) {
        return new MailRequest(
                document.getObjectId(ID).getValue().toHexString(),
                kind,
                new MailRequest.Receiver(
                        text(document, TO).flatMap(EmailAddress::parse).orElse(null),
                        document.isObjectId(USER_ID) ? BsonValues.userId(document.getObjectId(USER_ID)) : null,
                        text(document, USERNAME).orElse(null)),
                text(document, LANGUAGE).orElse(""),
                isTrue(document, LIMITED),
                BsonValues.instant(document.getDateTime(CREATED_AT)),
                BsonValues.instant(document.getDateTime(EXPIRES_AT)),
                readDetails(document));
    }

    private static MailRequest.Details readDetails(BsonDocument document) {
        return new MailRequest.Details(
                text(document, NEW_ADDRESS).orElse(null),
                instant(document, VERIFIED_AT),
                document.isNumber(ACCOUNT_VERSION)
                        ? document.getNumber(ACCOUNT_VERSION).longValue()
                        : 0,
                text(document, DEVICE).orElse(null),
                text(document, IP).orElse(null),
                document.isDocument(INVITATION) ? readInvitation(document.getDocument(INVITATION)) : null,
                document.isDocument(FACTOR) ? readFactor(document.getDocument(FACTOR)) : null);
    }

    private static MailRequest.FactorDetails readFactor(BsonDocument document) {
        return new MailRequest.FactorDetails(
                text(document, EVENT).orElse(""), text(document, NAME).orElse(null));
    }

    private static MailRequest.Invitation readInvitation(BsonDocument document) {
        Set<String> roles = new LinkedHashSet<>();
        if (document.isArray(ROLES)) {
            document.getArray(ROLES).stream()
                    .filter(BsonValue::isString)
                    .forEach(role -> roles.add(role.asString().getValue()));
        }
        return new MailRequest.Invitation(
                roles,
                text(document, USERNAME).orElse(null),
                text(document, INVITED_BY).orElse(""));
    }

    /** Reads a row; empty if this version does not know its kind, status or form. */
    static Optional<MailRow> row(BsonDocument document) {
        return text(document, STATUS)
                .flatMap(MailStatus::parse)
                .flatMap(status -> request(document)
                        .map(request -> new MailRow(
                                request,
                                text(document, TO).orElse(null),
                                document.isObjectId(ACCOUNT)
                                        ? BsonValues.userId(document.getObjectId(ACCOUNT))
                                        : request.receiver().userId(),
                                status,
                                document.isNumber(ATTEMPTS)
                                        ? document.getNumber(ATTEMPTS).intValue()
                                        : 0,
                                instant(document, NEXT_AT),
                                text(document, LEASE).orElse(null),
                                text(document, LAST_ERROR).orElse(null),
                                isTrue(document, COUNTED))));
    }

    private static Optional<String> text(BsonDocument document, String name) {
        BsonValue value = document.getOrDefault(name, BsonNull.VALUE);
        return value.isString() ? Optional.of(value.asString().getValue()) : Optional.empty();
    }

    private static @Nullable Instant instant(BsonDocument document, String name) {
        return document.isDateTime(name) ? BsonValues.instant(document.getDateTime(name)) : null;
    }

    private static boolean isTrue(BsonDocument document, String name) {
        return document.isBoolean(name) && document.getBoolean(name).getValue();
    }
}
