package org.gatehouse.guard;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.security.Principal;
import org.jspecify.annotations.Nullable;

/** A request with the caller that the filter determined, instead of a caller that the container determined. */
final class GuardedRequest extends HttpServletRequestWrapper {
    /** Any authenticated caller (Jakarta Servlet 6.0, section 13.3). */
    private static final String ANY_CALLER = "**";

    private final String attribute;
    private @Nullable GuardPrincipal caller;

    /** @param attribute the request attribute through which later dispatches of the request find the caller */
    GuardedRequest(HttpServletRequest request, GuardPrincipal caller, String attribute) {
        super(request);
        this.caller = caller;
        this.attribute = attribute;
    }

    /** Returns {@code Bearer}, or null after {@link #logout}. */
    @Override
    public @Nullable String getAuthType() {
        return caller == null ? null : "Bearer";
    }

    @Override
    public @Nullable String getRemoteUser() {
        return caller == null ? null : caller.getName();
    }

    @Override
    public @Nullable Principal getUserPrincipal() {
        return caller;
    }

    @Override
    public boolean isUserInRole(@Nullable String role) {
        if (caller == null || role == null) {
            return false;
        }
        return role.equals(ANY_CALLER) || caller.roles().contains(role);
    }

    /** Returns true, because the caller is authenticated already. */
    @Override
    public boolean authenticate(HttpServletResponse response) {
        return caller != null;
    }

    /** @throws ServletException always, because only a token identifies a caller */
    @Override
    public void login(String username, String password) throws ServletException {
        throw new ServletException("A caller of this application is authenticated by an access token only.");
    }

    /** Removes the caller from this request. The token and the session in Gatehouse remain valid. */
    @Override
    public void logout() {
        caller = null;
        removeAttribute(attribute);
    }
}
