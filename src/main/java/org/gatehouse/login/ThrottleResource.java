package org.gatehouse.login;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.factor.FactorThrottle;
import org.gatehouse.identity.Roles;
import org.gatehouse.json.Json;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.WindowCount;
import org.gatehouse.user.Caller;
import org.gatehouse.user.User;
import org.gatehouse.user.UserService;
import org.jspecify.annotations.Nullable;

/** {@code /user/{id}/throttle}: lets administrators read and delete the failed-login counts of a user. */
@Path("user/{id}/throttle")
@Produces(MediaType.APPLICATION_JSON)
public final class ThrottleResource {
    /** @param factors the wrong codes of second factors, which are counted apart */
    private record FailedLogins(Failures strangers, List<Failures> sources, FailedFactors factors) {}

    private record FailedFactors(Failures strangers, List<Failures> sources) {}

    private record Failures(
            @Nullable String source,
            int failures,
            int limit,
            @Nullable Instant endsAt) {
        static Failures of(@Nullable String source, @Nullable WindowCount count, Quota quota) {
            return count == null
                    ? new Failures(source, 0, quota.limit(), null)
                    : new Failures(source, count.count(), quota.limit(), count.endsAt());
        }
    }

    private final UserService users;
    private final LoginThrottle throttle;
    private final FactorThrottle factorThrottle;
    private final AuditLog audit;

    public ThrottleResource(UserService users, LoginThrottle throttle, FactorThrottle factorThrottle, AuditLog audit) {
        this.users = users;
        this.throttle = throttle;
        this.factorThrottle = factorThrottle;
        this.audit = audit;
    }

    /** Returns 200 with the current counts: one for all strangers together, and one for each source. */
    @GET
    @RolesAllowed(Roles.ADMIN)
    public byte[] find(@PathParam("id") String id, @Context ContainerRequestContext request) {
        User user = users.find(Caller.of(request), id);
        LoginThrottle.AccountCounts counts = throttle.counts(user.id(), user.username());
        LoginThrottle.Limits limits = throttle.limits();
        Failures strangers = Failures.of(null, counts.strangers(), limits.strangers());
        List<Failures> sources = sources(counts.sources(), limits.failures());
        return Json.write(new FailedLogins(strangers, sources, factors(user)));
    }

    private FailedFactors factors(User user) {
        FactorThrottle.AccountCounts counts = factorThrottle.counts(user.id());
        return new FailedFactors(
                Failures.of(null, counts.strangers(), FactorThrottle.STRANGERS),
                sources(counts.sources(), FactorThrottle.SOURCE));
    }

    private static List<Failures> sources(Map<String, WindowCount> counts, Quota quota) {
        return counts.entrySet().stream()
                .map(source -> Failures.of(source.getKey(), source.getValue(), quota))
                .toList();
    }

    /** Returns 204 after all counts of the user have been deleted. */
    @DELETE
    @RolesAllowed(Roles.ADMIN)
    public void clear(@PathParam("id") String id, @Context ContainerRequestContext request) {
        Caller caller = Caller.of(request);
        User user = users.find(caller, id);
        throttle.clear(user.id(), user.username());
        factorThrottle.clear(user.id());
        user.verifiedEmail().ifPresent(address -> throttle.clear(user.id(), address.canonical()));
        audit.record(caller.auditEvent(AuditType.THROTTLE_CLEARED).on(user.id(), user.username()));
    }
}
