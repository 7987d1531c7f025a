package org.gatehouse.store;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toSet;

import com.mongodb.MongoBulkWriteException;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoCursorNotFoundException;
import com.mongodb.MongoException;
import com.mongodb.MongoNodeIsRecoveringException;
import com.mongodb.MongoNotPrimaryException;
import com.mongodb.MongoSecurityException;
import com.mongodb.MongoServerException;
import com.mongodb.MongoWriteConcernException;
import com.mongodb.MongoWriteException;
import com.mongodb.WriteError;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Determines whether a call may succeed later, from the error that MongoDB returned.
 *
 * <p>A code does not show whether a write happened, because a server may return any code after the write. Therefore
 * callers treat the outcome as unknown. The codes are from the server's list {@code error_codes.yml}.
 */
public final class MongoErrors {
    /** The maximum number of characters in the log; longer messages repeat the command and its values. */
    private static final int MAX_TEXT = 200;

    /** The driver and the server add these labels to errors after which the same call may succeed. */
    private static final Set<String> TEMPORARY_LABELS = Set.of(
            "RetryableWriteError",
            "TransientTransactionError",
            "RetryableError",
            "SystemOverloadedError",
            "NoWritesPerformed");

    /**
     * Codes that mean that the server or a server behind it cannot execute the operation now. The set contains the
     * categories NetworkError, Interruption, NotPrimaryError, ShutdownError, ExceededTimeLimitError, RetriableError,
     * SystemOverloadedError, WriteConcernError, StaleShardVersionError, SnapshotError and CursorInvalidatedError. The
     * other codes in the set are errors that end by themselves or after an operator has acted: locks, elections,
     * migrations, name resolution, resources of the server.
     */
    private static final Set<Integer> TEMPORARY = Set.of(
            6, // HostUnreachable
            7, // HostNotFound
            24, // LockTimeout
            43, // CursorNotFound
            46, // LockBusy
            50, // MaxTimeMSExpired
            63, // StaleShardVersion
            64, // WriteConcernTimeout
            70, // ShardNotFound
            71, // ReplicaSetNotFound
            74, // NodeNotFound
            75, // WriteConcernLegacyOK
            77, // OperationIncomplete
            79, // UnknownReplWriteConcern
            82, // NoProgressMade
            83, // RemoteResultsUnavailable
            89, // NetworkTimeout
            90, // CallbackCanceled
            91, // ShutdownInProgress
            92, // SecondaryAheadOfPrimary
            94, // NotYetInitialized
            95, // NotSecondary
            100, // UnsatisfiableWriteConcern
            107, // LockFailed
            109, // ConfigurationInProgress
            112, // WriteConflict
            117, // ConflictingOperationInProgress
            133, // FailedToSatisfyReadPreference
            134, // ReadConcernMajorityNotAvailableYet
            135, // StaleTerm
            143, // CursorInUse
            145, // PooledConnectionsDropped
            149, // NoConfigPrimary
            150, // StaleEpoch
            164, // InitialSyncActive
            172, // TransportSessionClosed
            175, // QueryPlanKilled
            187, // LinearizableReadConcernError
            189, // PrimarySteppedDown
            190, // MasterSlaveConnectionFailure
            194, // BalancerInterrupted
            199, // ReplicaSetMonitorRemoved
            202, // NetworkInterfaceExceededTimeLimit
            203, // ShardingStateNotInitialized
            205, // ClusterTimeFailsRateLimiter
            206, // NoSuchSession
            208, // TooManyLocks
            209, // StaleClusterTime
            210, // CannotVerifyAndSignLogicalTime
            211, // KeyNotFound
            215, // DatabaseDropPending
            216, // ElectionInProgress
            217, // IncompleteTransactionHistory
            225, // TransactionTooOld
            230, // DNSHostNotFound
            231, // DNSProtocolError
            237, // CursorKilled
            239, // SnapshotTooOld
            246, // SnapshotUnavailable
            249, // StaleDbVersion
            250, // StaleChunkHistory
            251, // NoSuchTransaction
            259, // KeyedExecutorRetry
            261, // TooManyLogicalSessions
            262, // ExceededTimeLimit
            264, // TooManyFilesOpen
            267, // PreparedTransactionInProgress
            272, // MigrationConflict
            276, // IndexBuildAborted
            279, // ClientDisconnect
            281, // TransactionCoordinatorSteppingDown
            282, // TransactionCoordinatorReachedAbortDecision
            285, // IndexBuildAlreadyInProgress
            290, // TransactionExceededLifetimeLimitSeconds
            308, // CurrentConfigNotCommittedYet
            310, // PeriodicJobIsStopped
            312, // OperationIsKilledAndDelisted
            314, // ObjectIsBusy
            317, // ConnectionPoolExpired
            319, // MovePrimaryInProgress
            333, // ServiceExecutorInShutdown
            337, // AuthenticationAbandoned
            338, // ReshardCollectionInProgress
            342, // ReshardingCriticalSectionTimeout
            343, // ShardCannotRefreshDueToLocksHeld
            355, // InterruptedDueToStorageChange
            358, // InternalTransactionNotSupported
            360, // PlacementVersionRefreshCanceled
            363, // RetryableTransactionInProgress
            365, // TemporarilyUnavailable
            371, // UserWritesBlocked
            372, // CloseConnectionForShutdownCommand
            379, // DatabaseMetadataRefreshCanceled
            382, // RemoteCommandExecutionError
            384, // ConnectionError
            385, // ConflictingServerlessOperation
            391, // ReauthenticationRequired
            398, // StreamTerminated
            402, // ResourceExhausted
            406, // MigrationBlockingOperationCoordinatorCleaningUp
            407, // PooledConnectionAcquisitionExceededTimeLimit
            412, // UpdatesStillPending
            414, // AddOrRemoveShardInProgress
            433, // AdmissionQueueOverflow
            449, // RateLimitExceeded
            450, // PooledConnectionAcquisitionRejected
            453, // InterruptedDueToReshardingCriticalSection
            462, // IngressRequestRateLimitExceeded
            9001, // SocketException
            10058, // LegacyNotPrimary
            10107, // NotWritablePrimary
            11600, // InterruptedAtShutdown
            11601, // Interrupted
            11602, // InterruptedDueToReplStateChange
            12586, // BackgroundOperationInProgressForDatabase
            12587, // BackgroundOperationInProgressForNamespace
            13388, // StaleConfig
            13435, // NotPrimaryNoSecondaryOk
            13436, // NotPrimaryOrSecondary
            14031, // OutOfDiskSpace
            16500, // too many requests, of Azure Cosmos DB
            46841, // ClientMarkedKilled
            50915, // BackupCursorOpenConflictWithCheckpoint
            56846, // ConfigServerUnreachable
            91331, // RetriableRemoteCommandFailure
            10045600); // InterruptedDueToFCVChange

    /** Codes that mean that the account in the connection string lacks a permission; an operator must act. */
    private static final Set<Integer> FORBIDDEN = Set.of(
            11, // UserNotFound
            13, // Unauthorized
            18, // AuthenticationFailed
            31, // RoleNotFound
            33, // PrivilegeNotFound
            214, // AuthenticationRestrictionUnmet
            334, // MechanismUnavailable
            404, // LDAPRoleAcquisitionError
            8000); // AtlasError

    private MongoErrors() {}

    /** The reason for a failure of the store; the call itself may be valid. */
    enum Kind {
        /** No server is reachable, or none replied in time. */
        UNREACHABLE,
        /** A server replied that it cannot execute the operation now. */
        TEMPORARY,
        /** A server replied that Gatehouse may not execute the operation. */
        FORBIDDEN
    }

    /** Returns the reason, or empty if the call itself is invalid and therefore always fails. */
    static Optional<Kind> kind(MongoException error) {
        if (error instanceof MongoSecurityException) {
            // If a server replied to the authentication, the credentials or the mechanism are the reason.
            boolean isReply = serverError(error).isPresent() || error.getCause() == null;
            return Optional.of(isReply ? Kind.FORBIDDEN : Kind.UNREACHABLE);
        }
        if (!(error instanceof MongoServerException)) {
            // The driver retries until its timeout; the cause of its exception is then the last reply of the server.
            return serverError(error).flatMap(MongoErrors::kind).or(() -> Optional.of(Kind.UNREACHABLE));
        }
        Set<Integer> codes = codes(error);
        if (codes.stream().anyMatch(FORBIDDEN::contains)) {
            return Optional.of(Kind.FORBIDDEN);
        }
        boolean isTemporary = error instanceof MongoWriteConcernException
                || (error instanceof MongoBulkWriteException bulk && bulk.getWriteConcernError() != null)
                || codes.stream().anyMatch(TEMPORARY::contains)
                || TEMPORARY_LABELS.stream().anyMatch(error::hasErrorLabel)
                || error instanceof MongoNotPrimaryException
                || error instanceof MongoNodeIsRecoveringException
                || error instanceof MongoCursorNotFoundException;
        return isTemporary ? Optional.of(Kind.TEMPORARY) : Optional.empty();
    }

    /** Returns the last error reply of a server, or empty if the failure has another cause. */
    static Optional<MongoServerException> serverError(Throwable error) {
        return Stream.iterate(error, Objects::nonNull, Throwable::getCause)
                .filter(MongoServerException.class::isInstance)
                .map(MongoServerException.class::cast)
                .findFirst();
    }

    /** Returns all codes. A bulk write has a code for each failed write and for the write concern. */
    private static Set<Integer> codes(MongoException error) {
        if (error instanceof MongoBulkWriteException bulk) {
            return bulkErrors(bulk).map(WriteError::getCode).collect(toSet());
        }
        return Set.of(error.getCode());
    }

    private static Stream<WriteError> bulkErrors(MongoBulkWriteException bulk) {
        return Stream.concat(
                bulk.getWriteErrors().stream(),
                Stream.ofNullable(bulk.getWriteConcernError())
                        .map(failed -> new WriteError(failed.getCode(), failed.getMessage(), failed.getDetails())));
    }

    /** Returns the codes of the error. The message is not a part of the reason, because it depends on the command. */
    static String reason(MongoException error) {
        return new TreeSet<>(
                        codes(serverError(error).map(MongoException.class::cast).orElse(error)))
                .toString();
    }

    /**
     * Describes an error for the log: its code, its name, and the beginning of its message. The message may repeat the
     * command with all its values, so the description ends before the command.
     */
    static String summary(MongoException error) {
        if (error instanceof MongoBulkWriteException bulk
                && bulkErrors(bulk).findAny().isPresent()) {
            return bulkErrors(bulk)
                    .map(failed -> text(failed.getCode(), "", failed.getMessage()))
                    .distinct()
                    .limit(3)
                    .collect(joining("; "));
        }
        if (error instanceof MongoWriteException rejected) {
            return text(rejected.getCode(), "", rejected.getError().getMessage());
        }
        if (error instanceof MongoCommandException rejected) {
            return text(rejected.getErrorCode(), rejected.getErrorCodeName(), rejected.getErrorMessage());
        }
        Throwable cause = error.getCause();
        String own = error.getClass().getSimpleName() + ": " + redacted(String.valueOf(error.getMessage()));
        return cause instanceof MongoException deeper ? own + ": " + summary(deeper) : own;
    }

    /** Describes any failure for the log, on one line. */
    public static String describe(Throwable failure) {
        return failure instanceof MongoException mongo
                ? summary(mongo)
                : failure.getClass().getSimpleName() + ": " + redacted(String.valueOf(failure.getMessage()));
    }

    private static String text(int code, String name, String message) {
        return "error " + code + (name.isEmpty() ? "" : " (" + name + ")") + ": " + redacted(message);
    }

    /** Returns the text on one line, without the values of a command. */
    static String redacted(String text) {
        String line = text.replaceAll("\\s+", " ").strip();
        int command = line.indexOf('{');
        String safe = command < 0 ? line : line.substring(0, command).strip();
        return safe.length() > MAX_TEXT ? safe.substring(0, MAX_TEXT) + "…" : safe;
    }
}
