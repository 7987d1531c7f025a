package org.gatehouse.migration;

import org.gatehouse.password.PasswordHasher;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.store.MongoConnection;

/** Migrates a legacy database: users before the node serves requests, plain-text passwords in the background. */
public final class MigrationModule implements AutoCloseable {
    private final LegacyUserMigration users;
    private final LegacyPasswordMigration passwords;

    private MigrationModule(LegacyUserMigration users, LegacyPasswordMigration passwords) {
        this.users = users;
        this.passwords = passwords;
    }

    public static MigrationModule of(ModuleContext context, PasswordHasher hasher) {
        MongoConnection mongo = context.mongo();
        String collection = context.settings().usersCollection();
        LegacyPasswordMigration passwords = new LegacyPasswordMigration(mongo, collection, hasher);
        return new MigrationModule(new LegacyUserMigration(mongo, collection, passwords), passwords);
    }

    /** Turns documents of the legacy service into users; see {@link LegacyUserMigration#run}. */
    public void migrateUsers() {
        users.run();
    }

    /** Starts to hash plain-text passwords in the background. */
    public void startPasswords() {
        passwords.start();
    }

    @Override
    public void close() {
        passwords.close();
    }
}
