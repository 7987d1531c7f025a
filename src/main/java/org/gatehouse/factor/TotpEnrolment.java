package org.gatehouse.factor;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.SessionCookie;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;

/** Adds TOTP devices in two steps: a new secret, and a code that proves that the device has the secret. */
final class TotpEnrolment {
    private static final String CODE = "code";
    private static final Pattern ID = Pattern.compile("[0-9a-f]{24}");

    private final FactorContext context;
    private final FactorEnrolment enrolment;
    private final TotpCipher cipher;
    private final TotpCodes codes;
    private final TotpUri uris;

    TotpEnrolment(FactorContext context, FactorEnrolment enrolment, TotpCipher cipher, TotpCodes codes, TotpUri uris) {
        this.context = context;
        this.enrolment = enrolment;
        this.cipher = cipher;
        this.codes = codes;
        this.uris = uris;
    }

    /**
     * Draws the secret of a new device. The device is a factor after {@link #confirm}.
     *
     * @return the id, and the secret as text, URI and image; this is the only response with the secret
     * @throws GatehouseException {@code VALIDATION_FAILED}, {@code INSUFFICIENT_USER_AUTHENTICATION},
     *     {@code SESSION_ENDED}, {@code FACTOR_LIMIT}
     */
    ObjectNode begin(UserCaller caller, JsonBody body) {
        FieldErrors errors = new FieldErrors();
        String name = FactorName.require(body.object(), errors);
        body.rejectUnknown(List.of(FactorName.FIELD), errors);
        errors.throwIfAny();
        byte[] secret = new byte[TotpCodes.SECRET_BYTES];
        context.random().nextBytes(secret);
        String id = FactorDocument.newId();
        String encrypted = cipher.encrypt(caller.id(), id, secret);
        User user = context.factors()
                .change(caller.id(), account -> {
                    context.requireAllowed(caller, account);
                    FactorEnrolment.requireCapacity(account, FactorType.TOTP);
                    Instant now = context.clock().instant();
                    return EnrolmentDocument.begin(account, new PendingTotp(id, name, encrypted, now), now);
                })
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED)); // deleted meanwhile
        String text = Base32.STANDARD.encode(secret);
        String uri = uris.of(user.username(), text);
        ObjectNode response = Json.MAPPER.createObjectNode();
        return response.put("_id", id).put("secret", text).put("otpauth", uri).put("svg", QrSvg.draw(uri));
    }

    /**
     * Adds a device that has proved its secret. The code counts as used.
     *
     * @return as {@link FactorEnrolment#add}
     * @throws GatehouseException {@code VALIDATION_FAILED}, {@code INSUFFICIENT_USER_AUTHENTICATION},
     *     {@code SESSION_ENDED}, {@code FACTOR_LIMIT}; {@code FACTOR_WRONG} for a wrong code; {@code FACTOR_NOT_FOUND} if
     *     the secret is unknown, expired, confirmed or void after too many wrong codes
     */
    ObjectNode confirm(UserCaller caller, String id, JsonBody body) {
        FieldErrors errors = new FieldErrors();
        body.object();
        String code = body.requiredText(CODE, errors);
        var unused = SessionCookie.isAsked(body, errors);
        body.rejectUnknown(List.of(CODE, SessionCookie.FIELD), errors);
        errors.throwIfAny();
        context.stepUp().require(caller);
        if (!ID.matcher(id).matches()
                || !context.factors()
                        .countConfirmation(caller.id(), id, context.clock().instant())) {
            throw FactorService.notFound();
        }
        try {
            ObjectNode added = enrolment.add(caller, account -> confirmed(account, id, code));
            context.events().checked(FactorType.TOTP, true);
            return added;
        } catch (GatehouseException rejected) {
            if (rejected.code() == ErrorCode.FACTOR_WRONG) {
                context.events().checked(FactorType.TOTP, false);
                context.factors().removeExhausted(caller.id(), id);
            }
            throw rejected;
        }
    }

    private Factor confirmed(StoredFactors account, String id, String code) {
        Instant now = context.clock().instant();
        PendingTotp pending = account.pending().stream()
                .filter(one -> one.id().equals(id) && !one.isExpired(now))
                .findFirst()
                .orElseThrow(FactorService::notFound);
        OptionalLong step = codes.match(account.user().id(), id, pending.secret(), 0, code);
        if (step.isEmpty()) {
            throw new GatehouseException(ErrorCode.FACTOR_WRONG);
        }
        String secret =
                cipher.renewed(account.user().id(), id, pending.secret()).orElseGet(pending::secret);
        return new Factor.Totp(id, pending.name(), now, null, secret, step.getAsLong());
    }
}
