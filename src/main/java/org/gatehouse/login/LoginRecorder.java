package org.gatehouse.login;

import java.util.function.Consumer;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.SessionId;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.user.User;
import org.jspecify.annotations.Nullable;

/** Counts every login by its outcome. The audit log contains throttled logins and logins with checked credentials. */
final class LoginRecorder {
    private final AuditLog audit;
    private final Consumer<LoginOutcome> outcomes;

    public LoginRecorder(AuditLog audit, Metrics metrics) {
        this.audit = audit;
        this.outcomes = Metrics.byConstant(
                LoginOutcome.class,
                metrics.counter("gatehouse_logins_total", "Attempts to log in.", "outcome")::labelValues);
    }

    void started(User user, SessionId session, ClientInfo clientInfo) {
        audit.record(AuditEvent.of(AuditType.LOGIN_SUCCEEDED, clientInfo)
                .by(user.id())
                .on(user.id(), user.username())
                .with(Detail.SESSION, session.text()));
    }

    void succeeded() {
        outcomes.accept(LoginOutcome.SUCCEEDED);
    }

    /** @param user null if the username is unknown */
    void failed(LoginOutcome failure, @Nullable User user, ClientInfo clientInfo) {
        outcomes.accept(failure);
        AuditEvent failed = AuditEvent.of(AuditType.LOGIN_FAILED, clientInfo).with(Detail.REASON, failure.text());
        AuditEvent event = user == null ? failed : failed.on(user.id(), user.username());
        if (failure == LoginOutcome.THROTTLED) {
            audit.recordThrottled(event);
        } else {
            audit.record(event);
        }
    }

    /** Counts a login without a session that {@link #failed(LoginOutcome, User, ClientInfo)} has not counted. */
    void failed(ErrorCode code) {
        switch (code) {
            case BUSY -> outcomes.accept(LoginOutcome.BUSY);
            case STORE_UNAVAILABLE -> outcomes.accept(LoginOutcome.UNAVAILABLE);
            case FACTOR_REQUIRED -> outcomes.accept(LoginOutcome.FACTOR_REQUIRED);
            default -> {}
        }
    }

    /** Records that the password was right, because a client may know it without having the factor. */
    void factorRequired(User user, ClientInfo clientInfo) {
        audit.record(AuditEvent.of(AuditType.FACTOR_REQUIRED, clientInfo).on(user.id(), user.username()));
    }

    void steppedUp(User user, SessionId session, ClientInfo clientInfo) {
        audit.record(AuditEvent.of(AuditType.STEP_UP_SUCCEEDED, clientInfo)
                .by(user.id())
                .on(user.id(), user.username())
                .with(Detail.SESSION, session.text()));
    }
}
