package org.gatehouse.audit;

import com.github.benmanes.caffeine.cache.Ticker;
import java.util.List;
import org.gatehouse.store.ModuleContext;

/**
 * Creates the objects of this package.
 *
 * @param rejections the filter that records rejected requests
 */
public record AuditModule(AuditLog log, Object rejections, List<Object> resources) {
    public static AuditModule of(ModuleContext context) {
        AuditLog log = new AuditLog(
                context.mongo(),
                context.settings().auditKept(),
                context.clock(),
                Ticker.systemTicker(),
                context.metrics());
        return new AuditModule(log, new RejectionAudit(log), List.of(new AuditResource(log)));
    }
}
