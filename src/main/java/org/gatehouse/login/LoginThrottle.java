package org.gatehouse.login;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.Sha256;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.RateLimitPermit;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.throttle.WindowCount;
import org.gatehouse.user.Username;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the guessing of passwords: what one source may fail at one account, what all strangers together may fail at it, and
 * what one source may try at all.
 *
 * <p>A source that has logged in to the account before is no stranger: it neither feeds the strangers' count nor is
 * stopped by it, so strangers cannot lock the owner out. A login is counted twice: by the name, whether a user has it or
 * not, so a refusal tells nothing about that; and by the user's id, which a new name does not change. Other checks of the
 * password are counted by the id only.
 */
public final class LoginThrottle {
    /**
     * The bounds.
     *
     * @param failures of one source at one account
     * @param strangers failures of all strangers together at one account
     * @param attempts of one source at all accounts, also those that succeeded
     */
    record Limits(Quota failures, Quota strangers, Quota attempts) {
        /** A person who has forgotten the password fails a few times; a program that guesses fails thousands of times. */
        static final Limits USUAL = new Limits(
                new Quota("failures", 10, Duration.ofMinutes(15)),
                new Quota("strangers", 100, Duration.ofHours(1)),
                new Quota("attempts", 300, Duration.ofMinutes(5)));
    }

    /**
     * What is counted for an account.
     *
     * @param strangers failures of all strangers; null if there were none
     * @param sources failures by source
     */
    record AccountCounts(@Nullable WindowCount strangers, Map<String, WindowCount> sources) {}

    private static final String FROM = "from ";

    /** No name begins with the first character of the two. */
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
     * The folded name that logins are counted by. A text that cannot be a name is marked, because a digest of UTF-8
     * cannot tell a lone surrogate from a question mark.
     */
    static String accountName(String typed) {
        return Username.foldStripped(typed).map(Username::key).orElse('\0' + typed);
    }

    /**
     * Counts a login, before the password is checked.
     *
     * @param typed the name, of any length
     * @param user the user of this name, if any; an unknown name is counted as often, so that it takes the same time
     * @param known whether this source has logged in to the account lately
     * @param source as {@code ClientInfo.source()} has it
     * @throws GatehouseException {@code LOGIN_THROTTLED}; then nothing is counted
     */
    Attempt admitLogin(String typed, @Nullable UserId user, boolean known, String source) {
        String name = nameKey(typed);
        return admit(
                List.of(name, user == null ? digestKey(UNKNOWN + accountName(typed)) : userKey(user)), known, source);
    }

    /**
     * Counts a check of the password of a user who is logged in, before it is checked.
     *
     * @throws GatehouseException {@code LOGIN_THROTTLED}; then nothing is counted
     */
    Attempt admitCheck(UserId user, boolean known, String source) {
        return admit(List.of(userKey(user)), known, source);
    }

    private Attempt admit(List<String> accounts, boolean known, String source) {
        Quota failures = limits.failures().named(FROM + source);
        List<Quota> quotas = known ? List.of(failures) : List.of(failures, limits.strangers());
        List<RateLimitPermit> permits = new ArrayList<>();
        try {
            // The source first: while its count is being given back, the attempts of others are not touched.
            permits.add(throttle.acquire("source:" + source, List.of(limits.attempts()), ErrorCode.LOGIN_THROTTLED));
            for (String account : accounts) {
                permits.add(throttle.acquire(account, quotas, ErrorCode.LOGIN_THROTTLED));
            }
        } catch (GatehouseException refused) {
            permits.forEach(RateLimitPermit::refund);
            throw refused;
        }
        return new Attempt() {
            @Override
            public void succeeded() {
                for (RateLimitPermit byAccount : permits.subList(1, permits.size())) {
                    byAccount.refund(limits.strangers().name());
                }
                accounts.forEach(account -> throttle.remove(account, failures.name()));
            }

            @Override
            public void notChecked() {
                permits.forEach(RateLimitPermit::refund);
            }
        };
    }

    /** What is counted for a user now: by the id, or by the name if that is more. */
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
     * Forgets all that is counted for a user; what the sources tried altogether stays.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} when Redis cannot be reached, so that counts may return with it
     */
    public void clear(UserId user, String username) {
        throttle.clear(userKey(user));
        throttle.clear(nameKey(username));
    }

    Limits limits() {
        return limits;
    }

    /** A digest, so that keys have one length whatever was typed, and a password typed as a name is not kept. */
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
