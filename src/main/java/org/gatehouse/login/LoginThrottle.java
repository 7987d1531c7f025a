package org.gatehouse.login;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.gatehouse.store.Sha256;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.throttle.WindowCount;
import org.jspecify.annotations.Nullable;

/**
 * Limits password guessing with three quotas: failures of one source at one account, failures of all strangers at one
 * account, and attempts of one source.
 *
 * <p>A source is {@code ClientInfo.source()}. A stranger is a source without a recent login to the account
 * ({@code Credential.knows}). The quota for strangers does not apply to a source with a recent login, so strangers
 * cannot lock out the owner.
 *
 * <p>A login is counted by username and by user id. Unknown usernames are counted too, so a rejection does not reveal
 * whether the user exists. Ids are counted, because a rename does not change them. A password check of a logged-in user
 * is counted by id only.
 */
final class LoginThrottle {
    /**
     * The quotas.
     *
     * @param failures failures of one source at one account
     * @param strangers failures of all strangers together at one account
     * @param attempts attempts of one source at all accounts, including successful attempts
     */
    record Limits(Quota failures, Quota strangers, Quota attempts) {
        /** A user who has forgotten the password fails a few times; a guessing program fails thousands of times. */
        static final Limits USUAL = new Limits(
                new Quota("failures", 10, Duration.ofMinutes(15)),
                new Quota("strangers", 100, Duration.ofHours(1)),
                new Quota("attempts", 300, Duration.ofMinutes(5)));
    }

    /**
     * The current counts of an account.
     *
     * @param strangers failures of all strangers together; null if no failure is counted
     * @param sources the failures of each source
     */
    record AccountCounts(@Nullable WindowCount strangers, Map<String, WindowCount> sources) {}

    /** A counted password check. It counts as failed unless the caller calls {@link #succeeded}, at most once. */
    final class Attempt {
        private final String failures;
        private final List<Throttle.Permit> permits;

        /** @param permits the permit of the source, then the permits of the accounts */
        private Attempt(String failures, List<Throttle.Permit> permits) {
            this.failures = failures;
            this.permits = permits;
        }

        /** Runs the password check. If it throws an exception, all counts of this attempt are refunded. */
        boolean check(BooleanSupplier passwordIsRight) {
            try {
                return passwordIsRight.getAsBoolean();
            } catch (RuntimeException notDone) {
                permits.forEach(Throttle.Permit::refund);
                throw notDone;
            }
        }

        /**
         * Records that the password was correct. Deletes the source's failures at this account, not its attempts.
         *
         * @return waits until all nodes know it
         */
        Runnable succeeded() {
            List<Runnable> pending = permits.subList(1, permits.size()).stream()
                    .map(byAccount -> byAccount.refundAsync(limits.strangers().name(), failures))
                    .toList();
            return () -> pending.forEach(Runnable::run);
        }
    }

    private static final String FROM = "from ";

    /** This prefix and {@link #UNKNOWN} start with NUL, because usernames do not contain NUL. */
    private static final String USER = "\0user ";

    private static final String UNKNOWN = "\0unknown ";

    private final Throttle throttle;
    private final Limits limits;

    public LoginThrottle(Throttle throttle) {
        this(throttle, Limits.USUAL);
    }

    LoginThrottle(Throttle throttle, Limits limits) {
        this.throttle = throttle;
        this.limits = limits;
    }

    /**
     * Returns the folded username under which logins are counted. All spellings of an address count together, because
     * each spelling reaches the same user. An invalid username gets a NUL prefix. Without the prefix, a lone surrogate
     * would count as a question mark, because both have the same UTF-8 form.
     */
    static String accountName(String typed) {
        String name = EmailAddress.parse(Username.strip(typed))
                .map(EmailAddress::canonical)
                .orElse(typed);
        return Username.foldStripped(name).map(Username::canonical).orElse('\0' + typed);
    }

    /**
     * Counts a login by username and by user id before the password is checked. An unknown username is also counted
     * twice, so that the call takes as long as for a known username.
     *
     * @param typed the username as sent, of any length
     * @param user the user of this name; null if the name is unknown
     * @param known whether the user has recently logged in from this source
     * @param source the value of {@code ClientInfo.source()}
     * @throws GatehouseException {@code LOGIN_THROTTLED}; a rejected login is not counted
     */
    Attempt admitLogin(String typed, @Nullable UserId user, boolean known, String source) {
        String name = nameKey(typed);
        return admit(
                List.of(name, user == null ? digestKey(UNKNOWN + accountName(typed)) : userKey(user)), known, source);
    }

    /**
     * Counts a password check of a logged-in user before the password is checked.
     *
     * @throws GatehouseException {@code LOGIN_THROTTLED}; a rejected check is not counted
     */
    Attempt admitCheck(UserId user, boolean known, String source) {
        return admit(List.of(userKey(user)), known, source);
    }

    private Attempt admit(List<String> accounts, boolean known, String source) {
        Quota failures = limits.failures().named(FROM + source);
        List<Quota> quotas = known ? List.of(failures) : List.of(failures, limits.strangers());
        List<Throttle.Permit> permits = new ArrayList<>();
        try {
            // The source is counted first. If its limit is exceeded, the counts of the accounts do not change.
            permits.add(throttle.acquire("source:" + source, List.of(limits.attempts()), ErrorCode.LOGIN_THROTTLED));
            for (String account : accounts) {
                permits.add(throttle.acquire(account, quotas, ErrorCode.LOGIN_THROTTLED));
            }
        } catch (GatehouseException rejected) {
            permits.forEach(Throttle.Permit::refund);
            throw rejected;
        }
        return new Attempt(failures.name(), permits);
    }

    /** Returns the current counts of a user: for each quota, the higher of the counts by id and by username. */
    AccountCounts counts(UserId user, String username) {
        Map<String, WindowCount> counts = new HashMap<>(throttle.counts(userKey(user)));
        throttle.counts(nameKey(username)).forEach((name, count) -> counts.merge(name, count, WindowCount::max));
        Map<String, WindowCount> sources = new TreeMap<>();
        counts.forEach((name, count) -> {
            if (name.startsWith(FROM)) {
                sources.put(name.substring(FROM.length()), count);
            }
        });
        return new AccountCounts(counts.get(limits.strangers().name()), sources);
    }

    /**
     * Deletes all failures of a user. The counts of attempts by source are kept.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} if the counts in Redis cannot be deleted
     */
    public void clear(UserId user, String username) {
        throttle.clear(userKey(user));
        throttle.clear(nameKey(username));
    }

    Limits limits() {
        return limits;
    }

    /** Returns a digest. All keys therefore have the same length, and a password typed as a username is not stored. */
    private static String nameKey(String typed) {
        return digestKey(accountName(typed));
    }

    private static String userKey(UserId user) {
        return digestKey(USER + user.hex());
    }

    private static String digestKey(String text) {
        return "account:" + Sha256.hex(text);
    }
}
