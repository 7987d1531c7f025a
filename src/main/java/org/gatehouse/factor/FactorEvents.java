package org.gatehouse.factor;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import java.util.function.BiConsumer;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.user.Caller;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;

/** Counts and records checks of factors. */
final class FactorEvents {
    private static final String RIGHT = "right";
    private static final String WRONG = "wrong";

    private final AuditLog audit;
    private final BiConsumer<FactorType, Boolean> checks;

    FactorEvents(AuditLog audit, Metrics metrics) {
        this.audit = audit;
        var counter = metrics.counter(
                "gatehouse_factor_checks_total", "Checks of second factors and passkeys.", "type", "outcome");
        for (FactorType type : FactorType.values()) { // so that the first increase is visible
            CounterDataPoint unusedRight = counter.labelValues(type.text(), RIGHT);
            CounterDataPoint unusedWrong = counter.labelValues(type.text(), WRONG);
        }
        this.checks = (type, right) ->
                counter.labelValues(type.text(), right ? RIGHT : WRONG).inc();
    }

    void checked(FactorType type, boolean right) {
        checks.accept(type, right);
    }

    void failed(User user, FactorType type, ClientInfo client) {
        audit.record(event(AuditType.FACTOR_FAILED, user, client).with(Detail.FACTOR, type.text()));
    }

    /** Records a code that was not checked, because too many were wrong. */
    void throttled(User user, FactorType type, ClientInfo client) {
        audit.recordThrottled(event(AuditType.FACTOR_FAILED, user, client)
                .with(Detail.FACTOR, type.text())
                .with(Detail.REASON, "throttled"));
    }

    /** Records a wrong passkey without a password. Every stranger can send one, so similar ones share an entry. */
    void failedAlone(User user, ClientInfo client) {
        audit.recordThrottled(
                event(AuditType.FACTOR_FAILED, user, client).with(Detail.FACTOR, FactorType.PASSKEY.text()));
    }

    void recoveryCodeUsed(User user, ClientInfo client) {
        audit.record(event(AuditType.RECOVERY_CODE_USED, user, client).by(user.id()));
    }

    void added(Caller caller, User user, Factor factor) {
        record(AuditType.FACTOR_ADDED, caller, user, factor);
    }

    void removed(Caller caller, User user, Factor factor) {
        record(AuditType.FACTOR_REMOVED, caller, user, factor);
    }

    void recoveryCodesReplaced(UserCaller caller, User user) {
        audit.record(caller.auditEvent(AuditType.RECOVERY_CODES_REPLACED).on(user.id(), user.username()));
    }

    private void record(AuditType type, Caller caller, User user, Factor factor) {
        audit.record(caller.auditEvent(type)
                .on(user.id(), user.username())
                .with(Detail.FACTOR, factor.type().text() + " " + factor.id()));
    }

    void counterDecreased(User user, Factor.Passkey passkey, ClientInfo client) {
        audit.record(event(AuditType.PASSKEY_COUNTER_DECREASED, user, client)
                .by(user.id())
                .with(Detail.FACTOR, passkey.id()));
    }

    private static AuditEvent event(AuditType type, User user, ClientInfo client) {
        return AuditEvent.of(type, client).on(user.id(), user.username());
    }
}
