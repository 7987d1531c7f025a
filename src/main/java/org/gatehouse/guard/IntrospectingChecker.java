package org.gatehouse.guard;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.gatehouse.guard.GuardSettings.Unreachable;
import org.gatehouse.guard.IssuerConnection.Reply;
import org.jspecify.annotations.Nullable;

/**
 * Asks Gatehouse about each token (RFC 7662), and remembers each answer for less than 2 s.
 *
 * <p>Callers may rely on this: 2 s after a logout was acknowledged, no request with the old token is accepted. An answer
 * is used only until {@link #ANSWER_LIFETIME} after the moment <em>before</em> its request was sent. A request that was
 * sent after the logout returns that the token is not active.
 */
final class IntrospectingChecker implements TokenChecker {
    /** Shorter than the promised 2 s, because an accepted request still has to reach the application. */
    static final Duration ANSWER_LIFETIME = Duration.ofMillis(1900);

    /**
     * The age from which one request asks again while others still use the answer. A token in constant use then never
     * makes several requests wait.
     */
    private static final Duration REFRESH_AGE = Duration.ofMillis(1500);

    private final IssuerConnection connection;
    private final IssuerKeys keys;
    private final String issuer;
    private final @Nullable String audience;
    private final String authorization;
    private final boolean untilExpiry;
    private final Clock clock;
    private final LongSupplier ticker;

    private final BoundedMemory<Answer> answers = new BoundedMemory<>();
    private final ConcurrentHashMap<String, Question> questions = new ConcurrentHashMap<>();

    /** The caller of an active token, or null if the token is not active. */
    private static final class Answer {
        private final @Nullable GuardPrincipal principal;
        private final long askedAt;

        Answer(@Nullable GuardPrincipal principal, long askedAt) {
            this.principal = principal;
            this.askedAt = askedAt;
        }
    }

    /** A request to Gatehouse that is running, or about to be sent. */
    private static final class Question {
        private final CompletableFuture<Answer> answer = new CompletableFuture<>();
    }

    IntrospectingChecker(
            GuardSettings settings, IssuerConnection connection, IssuerKeys keys, Clock clock, LongSupplier ticker) {
        this.connection = connection;
        this.keys = keys;
        this.issuer = settings.issuer;
        this.audience = settings.audience;
        this.authorization = basic(settings.clientId, settings.clientSecret);
        this.untilExpiry = settings.unreachable == Unreachable.UNTIL_EXPIRY;
        this.clock = clock;
        this.ticker = ticker;
    }

    /** Both parts are encoded as in a form before they are joined (RFC 6749, section 2.3.1). */
    private static String basic(String id, String secret) {
        String joined =
                URLEncoder.encode(id, StandardCharsets.UTF_8) + ":" + URLEncoder.encode(secret, StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(joined.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public GuardPrincipal check(String token) throws Rejection, IssuerException {
        Answer known = answers.get(token);
        Answer answer = known != null && isUsable(known) ? refreshed(token, known) : ask(token, known);
        GuardPrincipal principal = answer.principal;
        if (principal == null) {
            throw Rejection.invalidToken("The access token is not active.");
        }
        if (!clock.instant().isBefore(principal.expiresAt().plus(SignedToken.CLOCK_SKEW))) {
            throw SignedToken.expired();
        }
        return principal;
    }

    private boolean isUsable(Answer answer) {
        return ticker.getAsLong() - answer.askedAt < ANSWER_LIFETIME.toNanos();
    }

    /** Returns a newer answer if this request is the one that asks again. */
    private Answer refreshed(String token, Answer known) throws IssuerException {
        if (ticker.getAsLong() - known.askedAt < REFRESH_AGE.toNanos() || known.principal == null) {
            return known;
        }
        Question own = new Question();
        if (questions.putIfAbsent(token, own) != null) {
            return known;
        }
        try {
            return connection.await(() -> lead(own, token));
        } catch (IssuerException failed) {
            Answer latest = answers.get(token); // another request may have received a newer answer
            return latest != null && isUsable(latest) ? latest : lastResort(latest, failed);
        } finally {
            close(own, token);
        }
    }

    private Answer ask(String token, @Nullable Answer known) throws Rejection, IssuerException {
        try {
            if (known == null || known.principal == null) {
                requirePlausible(token); // a token that was active has passed this check before
            }
            return connection.await(() -> share(token));
        } catch (IssuerException failed) {
            return lastResort(answers.get(token), failed);
        }
    }

    /** Accepts a token that was active at the last answer, if the operator prefers this to a rejection. */
    private Answer lastResort(@Nullable Answer known, IssuerException failed) throws IssuerException {
        if (untilExpiry && failed.isUnreachable() && known != null && known.principal != null) {
            return known;
        }
        throw failed;
    }

    /**
     * Rejects a token that Gatehouse did not sign, or that has expired, so that such tokens cause no calls. If Gatehouse
     * signs with a shared secret, only the claims are checked.
     */
    private void requirePlausible(String token) throws Rejection, IssuerException {
        SignedToken signed = SignedToken.parse(token, issuer, audience, clock);
        KeySet current = keys.current();
        if (current.isEmpty() && signed.isSymmetric()) {
            return;
        }
        String keyId = signed.keyId();
        if (keyId == null || !signed.isSignedWith(OfflineChecker.requireKey(keys, current, keyId))) {
            throw SignedToken.unverified();
        }
    }

    /** Asks Gatehouse, or waits for the answer to a running request if that answer will still be usable. */
    private Answer share(String token) throws IssuerException {
        long deadline = ticker.getAsLong() + ANSWER_LIFETIME.toNanos();
        while (true) {
            Question own = new Question();
            Question running = questions.putIfAbsent(token, own);
            if (running == null) {
                try {
                    return lead(own, token);
                } finally {
                    close(own, token);
                }
            }
            Answer shared = join(running, deadline);
            if (isUsable(shared)) {
                return shared;
            }
        }
    }

    private Answer join(Question running, long deadline) throws IssuerException {
        try {
            return running.answer.get(deadline - ticker.getAsLong(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof IssuerException cause
                    ? cause
                    : IssuerException.unreachable("another request failed");
        } catch (TimeoutException late) {
            throw IssuerException.unreachable("it responds slowly");
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw IssuerException.unreachable("the thread was interrupted");
        }
    }

    private Answer lead(Question own, String token) throws IssuerException {
        try {
            Answer answer = introspect(token);
            own.answer.complete(answer);
            return answer;
        } catch (IssuerException failed) {
            own.answer.completeExceptionally(failed);
            throw failed;
        }
    }

    /** Without an effect if the question was answered. */
    private void close(Question own, String token) {
        questions.remove(token, own);
        own.answer.completeExceptionally(IssuerException.unreachable("another request failed"));
    }

    private Answer introspect(String token) throws IssuerException {
        KeySet last = keys.last();
        // The address does not become wrong when the keys expire.
        KeySet known = last != null ? last : keys.current();
        URI address = known.metadata.introspection;
        if (address == null) {
            throw IssuerException.misconfigured("the discovery document has no introspection_endpoint");
        }
        String form = "token=" + URLEncoder.encode(token, StandardCharsets.UTF_8) + "&token_type_hint=access_token";
        Reply reply = connection.post(address, form, authorization);
        if (reply.status == 400 || reply.status == 401 || reply.status == 403) {
            throw IssuerException.misconfigured(
                    "status " + reply.status
                            + " for an introspection; client-id or client-secret may be wrong, or the service lacks the role introspect");
        }
        if (reply.status != 200) {
            throw IssuerException.misconfigured("status " + reply.status + " for an introspection");
        }
        Answer answer = new Answer(principal(reply.body), reply.sentAt);
        answers.put(token, answer, token.length());
        return answer;
    }

    /** Returns null if the token is not active, or not for this issuer and audience (RFC 7662, section 2.2). */
    private @Nullable GuardPrincipal principal(String body) throws IssuerException {
        try {
            Map<String, Object> answer = JSONObjectUtils.parse(body);
            if (!JSONObjectUtils.getBoolean(answer, "active")) {
                return null;
            }
            // Gatehouse also answers for refresh tokens, which must not be accepted here.
            String type = JSONObjectUtils.getString(answer, "token_type");
            if (type != null && !type.equalsIgnoreCase("Bearer")) {
                return null;
            }
            String subject = JSONObjectUtils.getString(answer, "sub");
            Object answerIssuer = answer.get("iss");
            boolean foreign = answerIssuer != null && !issuer.equals(answerIssuer);
            if (subject == null || subject.isBlank() || foreign || !isForAudience(answer.get("aud"))) {
                return null;
            }
            List<String> roles = JSONObjectUtils.getStringList(answer, "roles");
            String clientId = JSONObjectUtils.getString(answer, "client_id");
            return new GuardPrincipal(
                    issuer,
                    subject,
                    JSONObjectUtils.getString(answer, "username"),
                    clientId,
                    roles == null ? Set.of() : Set.copyOf(roles),
                    Instant.ofEpochSecond(JSONObjectUtils.getLong(answer, "exp")),
                    CallerAuthentication.of(
                            subject,
                            clientId,
                            seconds(answer, "auth_time"),
                            seconds(answer, "iat"),
                            JSONObjectUtils.getString(answer, "acr")));
        } catch (ParseException | RuntimeException malformed) {
            throw IssuerException.unreachable("its answer to an introspection cannot be read");
        }
    }

    /** Returns null if the member is absent, as {@code auth_time} is in answers of earlier versions. */
    private static @Nullable Long seconds(Map<String, Object> answer, String name) throws ParseException {
        return answer.get(name) == null ? null : JSONObjectUtils.getLong(answer, name);
    }

    private boolean isForAudience(@Nullable Object claim) {
        return audience == null
                || audience.equals(claim)
                || (claim instanceof List<?> audiences && audiences.contains(audience));
    }
}
