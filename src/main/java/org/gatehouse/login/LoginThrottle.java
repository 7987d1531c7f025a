package org.gatehouse.login;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.store.Sha256;
import org.gatehouse.throttle.Admission;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.Tally;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.user.Username;

/**
 * Bounds the guessing of passwords: what one source may fail at one account, what all strangers together may fail at it, and
 * what one source may try at all.
 *
 * <p>A source that has logged in to the account before is no stranger: it neither feeds the strangers' count nor is
 * stopped by it, so nobody else can lock the owner out. Accounts are counted by name, whether they exist or not, so a
 * refusal tells nothing about that.
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
     * @param strangers failures of all strangers; empty when there were none
     * @param sources failures by source
     */
    record AccountTallies(Optional<Tally> strangers, Map<String, Tally> sources) {}

    private static final String FROM = "from ";

    private final Throttle throttle;
    private final Limits limits;

    public LoginThrottle(Throttle throttle) {
        this(throttle, Limits.USUAL);
    }

    LoginThrottle(Throttle throttle, Limits limits) {
        this.throttle = throttle;
        this.limits = limits;
    }

    /** What an account is counted by: the folded name, or the text that is nobody's name. */
    static String accountName(String typed) {
        return Username.fold(typed).map(Username::key).orElse(typed);
    }

    /**
     * Counts an attempt, before the password is looked at.
     *
     * @param accountName see {@link #accountName}; of any length
     * @param known whether this source has logged in to the account lately
     * @param source as {@code Origin.source()} has it
     * @throws GatehouseException {@code LOGIN_THROTTLED}; then nothing is counted
     */
    public Attempt admit(String accountName, boolean known, String source) {
        String account = accountKey(accountName);
        Quota failures = limits.failures().named(FROM + source);
        // The source first: while its count is being given back, the attempts of others are not touched.
        Admission bySource = throttle.admit("source:" + source, List.of(limits.attempts()), ErrorCode.LOGIN_THROTTLED);
        try {
            List<Quota> quotas = known ? List.of(failures) : List.of(failures, limits.strangers());
            Admission byAccount = throttle.admit(account, quotas, ErrorCode.LOGIN_THROTTLED);
            return new Attempt() {
                @Override
                public void succeeded() {
                    byAccount.giveBack(limits.strangers().name());
                    throttle.forget(account, failures.name());
                }

                @Override
                public void notChecked() {
                    byAccount.giveBack();
                    bySource.giveBack();
                }
            };
        } catch (GatehouseException refused) {
            bySource.giveBack();
            throw refused;
        }
    }

    /** What is counted for an account now. */
    AccountTallies tallies(String accountName) {
        Map<String, Tally> tallies = throttle.tallies(accountKey(accountName));
        Map<String, Tally> sources = new TreeMap<>();
        tallies.forEach((name, tally) -> {
            if (name.startsWith(FROM)) {
                sources.put(name.substring(FROM.length()), tally);
            }
        });
        return new AccountTallies(
                Optional.ofNullable(tallies.get(limits.strangers().name())), sources);
    }

    /**
     * Forgets all that is counted for an account; what its sources tried altogether stays.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} when Redis cannot be reached, so that counts may return with it
     */
    void clear(String accountName) {
        throttle.clear(accountKey(accountName));
    }

    Limits limits() {
        return limits;
    }

    /** A digest, so that keys have one length whatever was typed, and a password typed as a name is not kept. */
    private static String accountKey(String accountName) {
        return "account:" + Sha256.hex(accountName);
    }
}
