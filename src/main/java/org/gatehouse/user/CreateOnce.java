package org.gatehouse.user;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.IdempotencyKey;
import org.gatehouse.http.Json;
import org.gatehouse.http.JsonBody;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.KeyedHash;
import org.gatehouse.store.Sha256;
import org.gatehouse.user.MongoCreations.Creation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates a user at most once for each {@link IdempotencyKey}, on however many nodes and whenever one of them dies: the
 * user's id is chosen and noted before the user is stored, so whoever goes on with a key stores the same user or finds it.
 *
 * <p>Neither the request nor the answer is kept: the same request makes the same answer again, from the id and the time.
 */
public final class CreateOnce {
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
    private static final int MAX_ATTEMPTS = 3;

    /** The order of fields, and white space, are not what a client means. */
    private static final ObjectWriter CANONICAL = Json.MAPPER.writer().with(JsonNodeFeature.WRITE_PROPERTIES_SORTED);

    private static final Logger log = LoggerFactory.getLogger(CreateOnce.class);

    private final MongoCreations creations;
    private final KeyedHash fingerprints;

    public CreateOnce(MongoCreations creations, KeyedHash fingerprints) {
        this.creations = creations;
        this.fingerprints = fingerprints;
    }

    /** What a request does, each time it is sent. */
    interface Work {
        /** Asks whether a user may be created now, or throws; the answer takes that back. */
        Runnable admit();

        /** Stores the user under this id. */
        User create(UserId id);

        /** The user of this id as stored now. */
        Optional<User> find(UserId id);

        /** The user as it was when it was created. */
        User asCreated(UserId id, Instant at);
    }

    /**
     * Creates the user, or answers the one that the same key and body created before.
     *
     * @param scope whose keys they are: those of others are other keys
     * @throws GatehouseException {@code IDEMPOTENCY_KEY_REUSED} with another body than before,
     *     {@code IDEMPOTENCY_KEY_IN_USE} while the first is under way, or what the work throws; a 4xx frees the key, after
     *     a 5xx it goes on standing for the same body
     */
    User create(String scope, IdempotencyKey key, JsonBody body, Work work) {
        String name = Sha256.hex(scope + ' ' + key.text());
        byte[] request = canonical(body);
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            Optional<Creation> known = creations.find(name);
            known.ifPresent(creation -> requireSame(creation, request));
            Optional<User> before =
                    known.flatMap(creation -> creation.createdAt().map(at -> work.asCreated(creation.userId(), at)));
            if (before.isPresent()) {
                return before.get();
            }
            if (known.filter(Creation::held).isPresent()) {
                break;
            }
            Runnable takeBack = work.admit();
            Optional<Creation> mine = orTakeBack(
                    takeBack,
                    () -> known.isEmpty()
                            ? creations.begin(name, fingerprints.of(request), UserDocument.newId())
                            : creations.takeOver(known.get()));
            if (mine.isPresent()) {
                return perform(mine.get(), known.isPresent(), work, takeBack);
            }
            takeBack.run(); // somebody else was quicker
        }
        throw GatehouseException.temporary(ErrorCode.IDEMPOTENCY_KEY_IN_USE, RETRY_AFTER, null);
    }

    private User perform(Creation creation, boolean begunBefore, Work work, Runnable takeBack) {
        UserId id = creation.userId();
        try {
            User created =
                    (begunBefore ? createdBefore(id, work) : Optional.<User>empty()).orElseGet(() -> work.create(id));
            quietly(() -> creations.finish(creation, created.createdAt()));
            return created;
        } catch (GatehouseException failed) {
            // A write whose answer was lost, or that of a thread from which this creation was taken over.
            Optional<User> created =
                    failed.code() == ErrorCode.USERNAME_TAKEN ? createdBefore(id, work) : Optional.empty();
            if (created.isPresent()) {
                quietly(() -> creations.finish(creation, created.get().createdAt()));
                return created.get();
            }
            if (failed.code().status() < 500) {
                quietly(() -> creations.forget(creation));
            } else {
                quietly(() -> creations.release(creation));
            }
            // That a name is taken is worth knowing, so it counts; what failed for a reason of ours does not.
            if (failed.code() != ErrorCode.USERNAME_TAKEN) {
                takeBack.run();
            }
            throw failed;
        }
    }

    private static Optional<User> createdBefore(UserId id, Work work) {
        return work.find(id).map(user -> work.asCreated(id, user.createdAt()));
    }

    private void requireSame(Creation creation, byte[] request) {
        if (!fingerprints.matches(request, creation.fingerprint())) {
            throw new GatehouseException(ErrorCode.IDEMPOTENCY_KEY_REUSED);
        }
    }

    /** What is noted only spares the next one the wait for the end of the lease. */
    private static void quietly(Runnable note) {
        try {
            note.run();
        } catch (GatehouseException unreachable) {
            log.debug("A key stays in use for some seconds", unreachable);
        }
    }

    private static <T> T orTakeBack(Runnable takeBack, Supplier<T> write) {
        try {
            return write.get();
        } catch (RuntimeException failed) {
            takeBack.run();
            throw failed;
        }
    }

    private static byte[] canonical(JsonBody body) {
        try {
            return CANONICAL.writeValueAsBytes(body.node());
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
