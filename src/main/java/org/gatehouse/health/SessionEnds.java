package org.gatehouse.health;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.gatehouse.audit.AuditDetail;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditObserver;
import org.gatehouse.audit.AuditType;

/**
 * Counts what ends sessions, by cause. One such event may end several; those that run out end without one.
 */
final class SessionEnds implements AuditObserver {
    private static final Set<AuditType> CAUSES = Set.of(
            AuditType.LOGOUT,
            AuditType.LOGOUT_EVERYWHERE,
            AuditType.TOKEN_REUSED,
            AuditType.SESSION_ENDED,
            AuditType.PASSWORD_CHANGED,
            AuditType.PASSWORD_RESET,
            AuditType.USER_DELETED,
            AuditType.ADMINISTRATOR_RESET);

    private static final String USER_DISABLED = "user_disabled";

    private final Map<AuditType, CounterDataPoint> counts = new EnumMap<>(AuditType.class);
    private final CounterDataPoint disabled;

    SessionEnds(Counter counter) {
        CAUSES.forEach(type -> counts.put(type, counter.labelValues(type.name().toLowerCase(Locale.ROOT))));
        this.disabled = counter.labelValues(USER_DISABLED);
    }

    @Override
    public void happened(AuditEvent event) {
        CounterDataPoint count = counts.get(event.type());
        if (count != null) {
            count.inc();
        }
        if (event.type() == AuditType.STATUS_CHANGED
                && "disabled".equals(event.details().get(AuditDetail.TO))) {
            disabled.inc();
        }
    }
}
