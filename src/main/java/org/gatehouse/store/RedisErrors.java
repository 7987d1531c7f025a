package org.gatehouse.store;

import io.lettuce.core.RedisCommandExecutionException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Describes the errors of Redis for the log and for callers. */
final class RedisErrors {
    private static final int MAX_TEXT = 200;

    /** The first word of an error is its code. Up to Redis 6, script errors contain the code of the command. */
    private static final Pattern CODE = Pattern.compile("^-?([A-Z]{3,})\\b");

    private static final Pattern IN_SCRIPT = Pattern.compile(" -([A-Z]{3,}) ");

    /** The errors of Redis 6 and of later versions if the user may not execute a command of the script. */
    private static final Pattern NOT_ALLOWED_IN_SCRIPT =
            Pattern.compile("The user executing the script|ACL failure in script");

    /** The error for an unknown command repeats the arguments. The arguments of {@code AUTH} contain the password. */
    private static final Pattern ARGUMENTS = Pattern.compile(",? with args beginning with.*");

    private RedisErrors() {}

    /** Returns the code, such as {@code OOM} or {@code NOPERM}; {@code ERR} if a specific code is missing. */
    static String code(Throwable error) {
        String message = String.valueOf(error.getMessage());
        if (NOT_ALLOWED_IN_SCRIPT.matcher(message).find()) {
            return "NOPERM";
        }
        Matcher code = CODE.matcher(message);
        String first = code.find() ? code.group(1) : "ERR";
        Matcher inner = IN_SCRIPT.matcher(message);
        return first.equals("ERR") && inner.find() ? inner.group(1) : first;
    }

    /** Returns the refusal of a server, or empty if the failure is not a reply of a server. */
    static Optional<StoreRefusedException> refusal(Throwable failure) {
        for (Throwable next = failure; next != null; next = next.getCause()) {
            if (next instanceof StoreRefusedException refused) {
                return Optional.of(refused);
            }
            if (next instanceof RedisCommandExecutionException reply) {
                return Optional.of(new StoreRefusedException("It refuses commands with " + code(reply) + ".", reply));
            }
        }
        return Optional.empty();
    }

    /** Returns the root cause on one line. */
    static String describe(Throwable failure) {
        Throwable root = failure;
        for (Throwable next = root.getCause(); next != null; next = next.getCause()) {
            root = next;
        }
        String text = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
        String line = ARGUMENTS.matcher(text.replaceAll("\\s+", " ").strip()).replaceAll("");
        String shown = line.length() > MAX_TEXT ? line.substring(0, MAX_TEXT) + "…" : line;
        return root instanceof RedisCommandExecutionException || root instanceof StoreRefusedException
                ? shown
                : root.getClass().getSimpleName() + ": " + shown;
    }
}
