package org.gatehouse.leaving;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.identity.UserId;
import org.gatehouse.mail.MailRows;
import org.gatehouse.session.SessionService;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.user.MongoLeavingUsers;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.UserDaos;
import org.gatehouse.user.UserLeaving;

/** Creates the objects of this package. {@link #close} stops the deletion of leaving users on this node. */
public final class LeavingModule implements AutoCloseable {
    private final MongoLeavingUsers users;
    private final DueDeletions deletions;
    private final List<Object> resources;

    /** The objects of other packages that this package uses. */
    public record Parts(
            UserDaos users,
            UserLeaving leaving,
            StepUp stepUp,
            SessionService sessions,
            Function<UserId, Optional<ObjectNode>> factors,
            MailRows mails,
            AuditLog audit) {}

    public LeavingModule(ModuleContext context, Parts parts) {
        users = new MongoLeavingUsers(context.mongo(), context.settings().usersCollection());
        deletions = new DueDeletions(users, parts.leaving()::deleteIfDue, context.clock());
        OwnDataExport exports = new OwnDataExport(
                parts.users().cached(),
                parts.factors(),
                parts.sessions(),
                parts.mails(),
                parts.audit(),
                context.clock());
        resources = List.of(new OwnDataResource(exports, parts.stepUp()));
    }

    /** Creates the missing indexes; several nodes may do this at the same time. */
    public void createIndexes() {
        users.createIndexes();
    }

    /** Starts to delete the leaving users that are due. */
    public void start() {
        deletions.start();
    }

    public List<Object> resources() {
        return resources;
    }

    @Override
    public void close() {
        deletions.close();
    }
}
