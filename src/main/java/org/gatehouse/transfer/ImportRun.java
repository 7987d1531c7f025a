package org.gatehouse.transfer;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditType;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Username;
import org.gatehouse.json.JsonBodyReader;
import org.gatehouse.user.Caller;
import org.gatehouse.user.UserJson;
import org.jspecify.annotations.Nullable;

/** One import: reads the lines of a body, collects them in batches, and reports the result of each line. */
final class ImportRun {
    private final UserImport imports;
    private final Caller caller;
    private final NdjsonReader lines;
    private final ImportReport report;
    private final ImportBatch batch;

    /** The number of the last line that is in the batch or has a result. */
    private long lastRead;

    ImportRun(UserImport imports, Caller caller, boolean dryRun, InputStream body, OutputStream output) {
        this.imports = imports;
        this.caller = caller;
        this.lines = new NdjsonReader(body);
        this.report = new ImportReport(output, dryRun, imports.hasher::isWeak);
        this.batch = new ImportBatch(imports, caller, dryRun, report);
    }

    void run() throws IOException {
        try {
            readAll();
            report.done(lastRead);
        } catch (GatehouseException stop) {
            long first = batch.firstOpenOr(lastRead + 1);
            report.sendBefore(first);
            report.stopped(first, stop);
        } finally {
            imports.audit.record(caller.auditEvent(AuditType.USERS_IMPORTED).with(Detail.COUNTS, report.counts()));
        }
    }

    private void readAll() throws IOException {
        for (Optional<NdjsonReader.Line> line = lines.next(); line.isPresent(); line = lines.next()) {
            read(line.get());
            lastRead = line.get().number();
        }
        settle();
    }

    private void read(NdjsonReader.Line line) throws IOException {
        if (line.isBlank()) {
            return;
        }
        Username username = null;
        try {
            byte[] content = line.content().orElseThrow(ImportRun::tooLong);
            ImportedUser imported = ImportedUser.of(
                    JsonBodyReader.parse(content, JsonBodyReader.LINE).object(),
                    imports.hasher::violation,
                    imports.factors);
            username = imported.user().username();
            requirePolicy(username, imported.password());
            if (batch.has(imported)) {
                settle();
            }
            batch.add(line.number(), imported, content.length);
        } catch (GatehouseException wrong) {
            if (wrong.code().status() >= 500) {
                throw wrong;
            }
            report.failed(line.number(), username, wrong);
        }
        if (batch.isFull() || report.size() >= ImportBatch.SIZE) {
            settle();
        }
    }

    private void requirePolicy(Username username, @Nullable Secret password) {
        if (password == null) {
            return;
        }
        imports.retryWhileBusy(() -> imports.policy.violation(password.reveal(), username.typed()))
                .ifPresent(violation -> {
                    throw GatehouseException.invalid(UserJson.PASSWORD, violation);
                });
    }

    /** Imports the lines of the batch and sends their results. */
    private void settle() throws IOException {
        batch.settle();
        report.sendBefore(Long.MAX_VALUE);
    }

    private static GatehouseException tooLong() {
        return new GatehouseException(
                ErrorCode.BODY_TOO_LARGE, "The line is longer than " + NdjsonReader.MAX_BYTES / 1024 + " KiB.");
    }
}
