package org.gatehouse.transfer;

import java.nio.file.Path;
import java.util.List;
import java.util.function.BiPredicate;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.config.Settings;
import org.gatehouse.factor.FactorTransfer;
import org.gatehouse.http.BodySpool;
import org.gatehouse.identity.Permission;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.user.Caller;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.UserDaos;

/** Creates the objects of this package. {@link #close} stops all imports that are running. */
public final class TransferModule implements AutoCloseable {
    private final BodySpool bodies;
    private final UserImport imports;
    private final List<Object> resources;

    private TransferModule(BodySpool bodies, UserImport imports, UserExportResource exports, StepUp stepUp) {
        this.bodies = bodies;
        this.imports = imports;
        this.resources = List.of(new UserImportResource(bodies, imports, stepUp), exports);
    }

    /**
     * Creates the module.
     *
     * @param stillAllowed whether the caller of a long transfer still has the permission for it
     */
    public static TransferModule of(
            Settings settings,
            UserDaos users,
            PasswordHasher hasher,
            StepUp stepUp,
            FactorTransfer factors,
            AuditLog audit,
            BiPredicate<Caller, Permission> stillAllowed) {
        // A separate policy, because a policy estimates one password at a time, and an import would delay other calls.
        PasswordPolicy policy = new PasswordPolicy(settings.passwordMinLength());
        return new TransferModule(
                new BodySpool(Path.of(System.getProperty("java.io.tmpdir")), settings.importMaxBytes()),
                new UserImport(
                        users,
                        hasher,
                        policy,
                        factors,
                        audit,
                        caller -> stillAllowed.test(caller, Permission.USERS_IMPORT)),
                new UserExportResource(
                        new UserExport(
                                users.stored(),
                                factors::write,
                                audit,
                                caller -> stillAllowed.test(caller, Permission.USERS_EXPORT)),
                        stepUp),
                stepUp);
    }

    public List<Object> resources() {
        return resources;
    }

    @Override
    public void close() {
        imports.close();
        bodies.close();
    }
}
