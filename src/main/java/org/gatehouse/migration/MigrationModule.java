package org.gatehouse.migration;

import org.gatehouse.password.PasswordHasher;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.store.MongoConnection;

/**
 * Migrates a database of the legacy service or of an earlier version: users before the node serves requests, plain-text
 * passwords and addresses in the background.
 */
public final class MigrationModule implements AutoCloseable {
    private final LegacyUserMigration users;
    private final LegacyPasswordMigration passwords;
    private final AddressMigration addresses;

    private MigrationModule(LegacyUserMigration users, LegacyPasswordMigration passwords, AddressMigration addresses) {
        this.users = users;
        this.passwords = passwords;
        this.addresses = addresses;
    }

    public static MigrationModule of(ModuleContext context, PasswordHasher hasher) {
        MongoConnection mongo = context.mongo();
        String collection = context.settings().usersCollection();
        LegacyPasswordMigration passwords = new LegacyPasswordMigration(mongo, collection, hasher);
        AddressMigration addresses = new AddressMigration(mongo, collection);
        return new MigrationModule(
                new LegacyUserMigration(mongo, collection, passwords, addresses), passwords, addresses);
    }

    /** Turns documents of the legacy service into users; see {@link LegacyUserMigration#run}. */
    public void migrateUsers() {
        users.run();
    }

    /** Starts to hash plain-text passwords, and to prepare addresses for searches, in the background. */
    public void startBackground() {
        passwords.start();
        addresses.start();
    }

    @Override
    public void close() {
        passwords.close();
        addresses.close();
    }
}
