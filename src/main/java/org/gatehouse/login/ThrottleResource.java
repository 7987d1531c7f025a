package org.gatehouse.login;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.SecurityContext;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.http.IsoTime;
import org.gatehouse.http.Json;
import org.gatehouse.identity.Roles;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.WindowCount;
import org.gatehouse.user.Caller;
import org.gatehouse.user.User;
import org.gatehouse.user.UserService;
import org.jspecify.annotations.Nullable;

/** {@code /user/{id}/throttle}: the failed logins that are counted for a user, to be seen and to be forgotten. */
@Path("user/{id}/throttle")
@Produces(MediaType.APPLICATION_JSON)
public final class ThrottleResource {
    private final UserService users;
    private final LoginThrottle throttle;
    private final AuditLog audit;

    public ThrottleResource(UserService users, LoginThrottle throttle, AuditLog audit) {
        this.users = users;
        this.throttle = throttle;
        this.audit = audit;
    }

    /** 200 with what is counted now: of all strangers together, and of each source. */
    @GET
    @RolesAllowed(Roles.ADMIN)
    public byte[] find(@PathParam("id") String id, @Context SecurityContext security) {
        User user = users.find(Caller.of(security), id);
        LoginThrottle.AccountCounts counts = throttle.counts(user.id(), user.username());
        ObjectNode answer = Json.MAPPER.createObjectNode();
        write(
                answer.putObject("strangers"),
                counts.strangers(),
                throttle.limits().strangers());
        ArrayNode sources = answer.putArray("sources");
        counts.sources()
                .forEach((source, count) -> write(
                        sources.addObject().put("source", source),
                        count,
                        throttle.limits().failures()));
        return Json.write(answer);
    }

    /** 204 when nothing is counted any more. */
    @DELETE
    @RolesAllowed(Roles.ADMIN)
    public void clear(@PathParam("id") String id, @Context SecurityContext security) {
        Caller caller = Caller.of(security);
        User user = users.find(caller, id);
        throttle.clear(user.id(), user.username());
        audit.record(AuditEvent.of(AuditType.THROTTLE_CLEARED, caller.origin())
                .by(caller.userId())
                .on(user.id(), user.username()));
    }

    private static void write(ObjectNode json, @Nullable WindowCount count, Quota quota) {
        json.put("failures", count == null ? 0 : count.count());
        json.put("limit", quota.limit());
        if (count != null) {
            json.put("endsAt", IsoTime.format(count.endsAt()));
        }
    }
}
