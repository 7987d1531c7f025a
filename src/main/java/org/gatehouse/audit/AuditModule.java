package org.gatehouse.audit;

import com.github.benmanes.caffeine.cache.Ticker;
import java.util.List;
import org.gatehouse.store.ModuleContext;

/**
 * Creates the objects of this package.
 *
 * @param rejections the filter that records rejected requests
 * @param createIndexes runs at startup
 */
public record AuditModule(AuditLog log, Object rejections, Runnable createIndexes, List<Object> resources) {
    public static AuditModule of(ModuleContext context) {
        MongoAuditDao entries = new MongoAuditDao(context.mongo());
        AuditLog log = new AuditLog(
                entries, context.settings().auditKept(), context.clock(), Ticker.systemTicker(), context.metrics());
        return new AuditModule(log, new RejectionAudit(log), entries::createIndexes, List.of(new AuditResource(log)));
    }
}
