package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.mongodb.MongoBulkWriteException;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoCredential;
import com.mongodb.MongoException;
import com.mongodb.MongoSecurityException;
import com.mongodb.MongoSocketReadTimeoutException;
import com.mongodb.MongoTimeoutException;
import com.mongodb.MongoWriteConcernException;
import com.mongodb.MongoWriteException;
import com.mongodb.ServerAddress;
import com.mongodb.WriteError;
import com.mongodb.bulk.BulkWriteError;
import com.mongodb.bulk.BulkWriteResult;
import com.mongodb.bulk.WriteConcernError;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bson.BsonArray;
import org.bson.BsonDocument;
import org.bson.BsonDouble;
import org.bson.BsonInt32;
import org.bson.BsonString;
import org.gatehouse.store.MongoErrors.Kind;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MongoErrorsTest {
    private static final ServerAddress SERVER = new ServerAddress("db.example");
    private static final String TEXT =
            "not authorized on test to execute command { insert: \"users\", hash: \"hunter2\" }";

    @ParameterizedTest
    @ValueSource(
            ints = {
                6, 7, 24, 43, 46, 50, 64, 79, 82, 83, 89, 90, 91, 94, 95, 100, 112, 117, 133, 134, 149, 150, 175, 187,
                189, 199, 202, 203, 206, 215, 216, 225, 237, 239, 246, 249, 250, 251, 262, 264, 272, 279, 281, 282, 290,
                314, 317, 333, 355, 365, 371, 382, 384, 391, 402, 406, 407, 412, 433, 449, 450, 453, 462, 9001, 10058,
                10107, 11600, 11601, 11602, 12587, 13388, 13435, 13436, 14031, 46841, 50915, 91331, 10045600
            })
    void classifiesATemporaryErrorOfEachExceptionType(int code) {
        assertKindOfEachException(code, Optional.of(Kind.TEMPORARY));
    }

    @ParameterizedTest
    @ValueSource(ints = {11, 13, 18, 31, 334, 404, 8000})
    void classifiesAMissingPermissionOfEachExceptionType(int code) {
        assertKindOfEachException(code, Optional.of(Kind.FORBIDDEN));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 9, 14, 52, 59, 66, 67, 72, 85, 86, 121, 10334, 11000, 40415})
    void doesNotClassifyAnErrorOfTheCommandItself(int code) {
        assertKindOfEachException(code, Optional.empty());
    }

    @Test
    void classifiesUnknownCodesByTheirLabels() {
        for (String label : List.of("RetryableWriteError", "TransientTransactionError", "SystemOverloadedError")) {
            assertThat(MongoErrors.kind(command(123_456, label))).hasValue(Kind.TEMPORARY);
        }
        assertThat(MongoErrors.kind(command(123_456, "Other"))).isEmpty();
    }

    @Test
    void classifiesAWriteConcernErrorAsTemporary() {
        WriteConcernError concern =
                new WriteConcernError(123_456, "Other", "waiting for replication", new BsonDocument());

        assertThat(MongoErrors.kind(new MongoWriteConcernException(concern, null, SERVER, Set.of())))
                .hasValue(Kind.TEMPORARY);
        assertThat(MongoErrors.kind(bulk(List.of(11000), concern))).hasValue(Kind.TEMPORARY);
    }

    @Test
    void classifiesErrorsWithoutAReplyAsUnreachable() {
        assertThat(MongoErrors.kind(new MongoTimeoutException("late"))).hasValue(Kind.UNREACHABLE);
        assertThat(MongoErrors.kind(new MongoSocketReadTimeoutException("late", SERVER, new Exception())))
                .hasValue(Kind.UNREACHABLE);
        assertThat(MongoErrors.kind(security(new MongoSocketReadTimeoutException("late", SERVER, new Exception()))))
                .hasValue(Kind.UNREACHABLE);
        assertThat(MongoErrors.kind(security(command(18)))).hasValue(Kind.FORBIDDEN);
    }

    @Test
    void omitsTheCommandFromTheSummaryOfAnError() {
        for (MongoException error : List.of(command(13), write(13), bulk(List.of(13), null), security(command(13)))) {
            assertThat(MongoErrors.summary(error))
                    .contains("13", "not authorized on test to execute command")
                    .doesNotContain("hunter2", "users", "\n");
            assertThat(MongoErrors.describe(error)).doesNotContain("hunter2");
        }
    }

    private static void assertKindOfEachException(int code, Optional<Kind> kind) {
        assertThat(MongoErrors.kind(command(code))).isEqualTo(kind);
        assertThat(MongoErrors.kind(write(code))).isEqualTo(kind);
        assertThat(MongoErrors.kind(bulk(List.of(11000, code), null))).isEqualTo(kind);
    }

    private static MongoException command(int code, String... labels) {
        BsonDocument reply = new BsonDocument("ok", new BsonDouble(0))
                .append("code", new BsonInt32(code))
                .append("errmsg", new BsonString(TEXT))
                .append(
                        "errorLabels",
                        new BsonArray(
                                List.of(labels).stream().map(BsonString::new).toList()));
        return new MongoCommandException(reply, SERVER);
    }

    private static MongoException write(int code) {
        return new MongoWriteException(new WriteError(code, TEXT, new BsonDocument()), SERVER, Set.of());
    }

    private static MongoException bulk(List<Integer> codes, @Nullable WriteConcernError concern) {
        List<BulkWriteError> errors = codes.stream()
                .map(code -> new BulkWriteError(code, TEXT, new BsonDocument(), 0))
                .toList();
        return new MongoBulkWriteException(BulkWriteResult.unacknowledged(), errors, concern, SERVER, Set.of());
    }

    private static MongoException security(Exception cause) {
        MongoCredential credential = MongoCredential.createCredential("user", "admin", "hunter2".toCharArray());
        return new MongoSecurityException(credential, "Exception authenticating " + credential, cause);
    }
}
