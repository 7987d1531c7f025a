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
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What an error of MongoDB means for the caller: whether the same call may succeed later without any change to it.
 *
 * <p>No code here says whether a write happened: a server may answer each of them after the write, so callers treat the
 * outcome as unknown. The codes are those of the server's list {@code error_codes.yml}.
 */
public final class MongoErrors {
    /** Longer texts repeat the command, with what is in it. */
    private static final int MAX_TEXT = 200;

    /** The driver and the server mark errors with these labels if the same call may succeed later. */
    private static final Set<String> TEMPORARY_LABELS = Set.of(
            "RetryableWriteError",
            "TransientTransactionError",
            "RetryableError",
            "SystemOverloadedError",
            "NoWritesPerformed");

    /**
     * The server, or one behind it, cannot do the work now. These are the categories NetworkError, Interruption,
     * NotPrimaryError, ShutdownError, ExceededTimeLimitError, RetriableError, SystemOverloadedError, WriteConcernError,
     * StaleShardVersionError, SnapshotError and CursorInvalidatedError, and errors outside of any category that end by
     * themselves or when an operator has acted: locks, elections, migrations, name resolution, resources of the server.
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

    /** The account that the connection string names may not do this; an operator must act. */
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

    /** Why the store could not do what it was asked, although the call may be right. */
    enum Kind {
        /** No server could be asked, or none answered in time. */
        UNREACHABLE,
        /** A server answered that it cannot do it now. */
        TEMPORARY,
        /** A server answered that Gatehouse may not do it. */
        FORBIDDEN
    }

    /** Empty if the error is about the call itself, so that the same call always fails. */
    static Optional<Kind> kind(MongoException error) {
        if (error instanceof MongoSecurityException) {
            return Optional.of(isAnswered(error) ? Kind.FORBIDDEN : Kind.UNREACHABLE);
        }
        if (!(error instanceof MongoServerException)) {
            // The driver repeats what may succeed later until its time is over, and then has the answer as the cause.
            return answer(error).flatMap(MongoErrors::kind).or(() -> Optional.of(Kind.UNREACHABLE));
        }
        Set<Integer> codes = codes(error);
        if (codes.stream().anyMatch(FORBIDDEN::contains)) {
            return Optional.of(Kind.FORBIDDEN);
        }
        boolean isTemporary = error instanceof MongoWriteConcernException
                || (error instanceof MongoBulkWriteException bulk && bulk.getWriteConcernError() != null)
                || codes.stream().anyMatch(TEMPORARY::contains)
                || TEMPORARY_LABELS.stream().anyMatch(error::hasErrorLabel)
                || isOfDriver(error);
        return isTemporary ? Optional.of(Kind.TEMPORARY) : Optional.empty();
    }

    /** Whether a server answered the attempt to log in, so that the credentials or the mechanism are the reason. */
    private static boolean isAnswered(Throwable error) {
        return answer(error).isPresent() || error.getCause() == null;
    }

    /** What a server answered last, if the error is an answer or was caused by one. */
    static Optional<MongoServerException> answer(Throwable error) {
        return Stream.iterate(error, Objects::nonNull, Throwable::getCause)
                .filter(MongoServerException.class::isInstance)
                .map(MongoServerException.class::cast)
                .findFirst();
    }

    /** The classes that the driver has for servers that cannot work now, whatever their code. */
    private static boolean isOfDriver(MongoException error) {
        return error instanceof MongoNotPrimaryException
                || error instanceof MongoNodeIsRecoveringException
                || error instanceof MongoCursorNotFoundException;
    }

    /** All codes in it: a bulk write has one for each refused write, and one of the write concern. */
    private static Set<Integer> codes(MongoException error) {
        if (error instanceof MongoBulkWriteException bulk) {
            return refusals(bulk).map(Refusal::code).collect(toSet());
        }
        return Set.of(error.getCode());
    }

    private record Refusal(int code, String text) {}

    private static Stream<Refusal> refusals(MongoBulkWriteException bulk) {
        return Stream.concat(
                bulk.getWriteErrors().stream().map(write -> new Refusal(write.getCode(), write.getMessage())),
                Stream.ofNullable(bulk.getWriteConcernError())
                        .map(concern -> new Refusal(concern.getCode(), concern.getMessage())));
    }

    /** The codes alone, which are the same for all commands. */
    static String reason(MongoException error) {
        return new TreeSet<>(codes(answer(error).map(MongoException.class::cast).orElse(error))).toString();
    }

    /**
     * What a server answered, for the log: code and name, and the beginning of its text. The text of a refused command may
     * repeat the command with all that is in it, so it is cut before that.
     */
    static String summary(MongoException error) {
        if (error instanceof MongoBulkWriteException bulk
                && refusals(bulk).findAny().isPresent()) {
            return refusals(bulk)
                    .map(refusal -> text(refusal.code(), "", refusal.text()))
                    .distinct()
                    .limit(3)
                    .collect(joining("; "));
        }
        if (error instanceof MongoWriteException refused) {
            return text(refused.getCode(), "", refused.getError().getMessage());
        }
        if (error instanceof MongoCommandException refused) {
            return text(refused.getErrorCode(), refused.getErrorCodeName(), refused.getErrorMessage());
        }
        Throwable cause = error.getCause();
        String own = error.getClass().getSimpleName() + ": " + shown(String.valueOf(error.getMessage()));
        return cause instanceof MongoException deeper ? own + ": " + summary(deeper) : own;
    }

    /** Any failure, for the log, on one line. */
    public static String describe(Throwable failure) {
        return failure instanceof MongoException answered
                ? summary(answered)
                : failure.getClass().getSimpleName() + ": " + shown(String.valueOf(failure.getMessage()));
    }

    private static String text(int code, String name, String message) {
        return "error " + code + (name.isEmpty() ? "" : " (" + name + ")") + ": " + shown(message);
    }

    /** On one line, without what a command holds. */
    static String shown(String text) {
        String line = text.replaceAll("\\s+", " ").strip();
        int command = line.indexOf('{');
        String safe = command < 0 ? line : line.substring(0, command).strip();
        return safe.length() > MAX_TEXT ? safe.substring(0, MAX_TEXT) + "…" : safe;
    }
}
