package org.gatehouse.http;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.EntityTag;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates {@code If-Match} and {@code If-None-Match} against a resource's current version (RFC 9110, section 13).
 *
 * <p>Jersey's implementation is not used, because it accepts malformed headers. It also compares strongly where RFC
 * 9110 requires weak comparison.
 */
public final class Preconditions {
    private static final String TAG = "(?:W/)?\"[!#-~\\x80-\\xff]*\"";
    private static final Pattern TAGS =
            Pattern.compile("[ \\t,]*" + TAG + "(?:[ \\t]*,[ \\t]*(?:" + TAG + ")?)*+[ \\t]*");
    private static final Pattern ONE_TAG = Pattern.compile("(W/)?\"([^\"]*)\"");
    private static final String ANYTHING = "*";

    private final @Nullable Condition match;
    private final @Nullable Condition noneMatch;
    private final boolean read;

    /** The tags of a header, or any tag if the header is {@code *}. */
    private record Condition(boolean any, List<EntityTag> tags) {}

    private Preconditions(@Nullable Condition match, @Nullable Condition noneMatch, boolean read) {
        this.match = match;
        this.noneMatch = noneMatch;
        this.read = read;
    }

    /**
     * Reads the conditions of a request.
     *
     * @throws GatehouseException {@code BAD_REQUEST} if a header is malformed
     */
    public static Preconditions of(ContainerRequestContext request) {
        return new Preconditions(
                condition(request, HttpHeaders.IF_MATCH),
                condition(request, HttpHeaders.IF_NONE_MATCH),
                Set.of(HttpMethod.GET, HttpMethod.HEAD).contains(request.getMethod()));
    }

    /**
     * Compares the conditions with the current version.
     *
     * @param current a strong tag
     * @return true if a read should return 304, because the caller already has this version
     * @throws GatehouseException {@code VERSION_MISMATCH} if a condition requires that the request is rejected
     */
    public boolean isUnmodified(EntityTag current) {
        if (match != null && !match.any() && !match.tags().contains(current)) {
            throw mismatch(match, current);
        }
        boolean known = noneMatch != null
                && (noneMatch.any()
                        || noneMatch.tags().stream()
                                .anyMatch(tag -> tag.getValue().equals(current.getValue())));
        if (known && !read) {
            throw new GatehouseException(ErrorCode.VERSION_MISMATCH);
        }
        return known;
    }

    /**
     * Returns the error for {@code If-Match}. Its message names the cause if a proxy has compressed the response and
     * therefore changed the tag of the current version: it made the tag weak, or appended the name of the coding.
     */
    private static GatehouseException mismatch(Condition match, EntityTag current) {
        boolean isChanged = match.tags().stream()
                .map(EntityTag::getValue)
                .anyMatch(value -> value.equals(current.getValue()) || value.startsWith(current.getValue() + "-"));
        return isChanged
                ? new GatehouseException(
                        ErrorCode.VERSION_MISMATCH,
                        "If-Match has the current version in a form that never matches. A proxy that compresses responses"
                                + " changes tags. Send \"" + current.getValue() + "\".")
                : new GatehouseException(ErrorCode.VERSION_MISMATCH);
    }

    private static @Nullable Condition condition(ContainerRequestContext request, String header) {
        String text = request.getHeaderString(header);
        if (text == null) {
            return null;
        }
        if (text.strip().equals(ANYTHING)) {
            return new Condition(true, List.of());
        }
        if (!TAGS.matcher(text).matches()) {
            throw new GatehouseException(
                    ErrorCode.BAD_REQUEST,
                    header + " must be * or a list of tags in double quotes, separated by commas.");
        }
        List<EntityTag> tags = new ArrayList<>();
        for (Matcher tag = ONE_TAG.matcher(text); tag.find(); ) {
            tags.add(new EntityTag(tag.group(2), tag.group(1) != null));
        }
        return new Condition(false, tags);
    }
}
