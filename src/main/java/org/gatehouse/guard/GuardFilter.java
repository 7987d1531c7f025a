package org.gatehouse.guard;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.gatehouse.guard.GuardSettings.Mode;
import org.jspecify.annotations.Nullable;

/**
 * Accepts requests of a web application that have a valid access token of Gatehouse, and sets their caller and roles.
 * Only the parameter {@code issuer} is required; {@code docs/guard.md} lists all parameters.
 *
 * <p>The application may rely on this: after the filter, {@code getUserPrincipal} returns a {@link GuardPrincipal},
 * {@code getRemoteUser} its subject, {@code getAuthType} {@code Bearer}, and {@code isUserInRole} whether the caller has
 * a role. Jakarta REST therefore applies {@code @RolesAllowed} and provides these values in its
 * {@code SecurityContext}. A {@code <security-constraint>} or {@code @ServletSecurity} does not use them, because
 * containers check these before filters.
 *
 * <p>Rejected requests are answered as RFC 6750, section 3, requires: 401 without {@code error} if the request has no
 * token, 401 {@code invalid_token}, 400 {@code invalid_request} if it has several, 403 {@code insufficient_scope}; 401
 * {@code insufficient_user_authentication} as RFC 9470, section 3, requires. If the token could not be checked, the
 * answer is 503 with {@code Retry-After}. The answers are sent with {@code sendError}, so error pages of the application
 * apply.
 *
 * <p>For use with {@code @WebFilter}, an application declares an empty subclass. Map the filter to the dispatcher types
 * REQUEST and ASYNC, and also to ERROR if error pages need the caller.
 */
public class GuardFilter implements Filter {
    /** The minimum time between two log entries about problems. */
    private static final Duration LOG_INTERVAL = Duration.ofMinutes(1);

    private final Clock clock;
    private final LongSupplier ticker;
    private @Nullable Running running;

    /** Creates a filter that {@link #init} configures. */
    public GuardFilter() {
        this(Clock.systemUTC(), System::nanoTime);
    }

    /** @param ticker a clock in ns with any origin */
    GuardFilter(Clock clock, LongSupplier ticker) {
        this.clock = clock;
        this.ticker = ticker;
    }

    /** What exists between {@link #init} and {@link #destroy}. */
    private static final class Running {
        private final GuardSettings settings;
        private final TokenChecker checker;
        private final ServletContext context;
        private final String attribute;
        private final AtomicLong nextLogAt;

        Running(GuardSettings settings, TokenChecker checker, FilterConfig config, long now) {
            this.settings = settings;
            this.checker = checker;
            this.context = config.getServletContext();
            this.attribute = GuardFilter.class.getName() + "." + config.getFilterName();
            this.nextLogAt = new AtomicLong(now);
        }
    }

    /**
     * Reads the settings. Does not call Gatehouse, so the application starts even if Gatehouse is unreachable.
     *
     * @throws ServletException with one message that lists all missing, invalid and unknown settings
     */
    @Override
    public void init(FilterConfig config) throws ServletException {
        SettingSource source = new SettingSource(config);
        try {
            GuardSettings settings = GuardSettings.read(source::find);
            IssuerConnection connection = new IssuerConnection(ticker);
            IssuerKeys keys = new IssuerKeys(connection, settings.issuer, ticker);
            TokenChecker checker = settings.mode == Mode.OFFLINE
                    ? new OfflineChecker(settings, keys, clock)
                    : new IntrospectingChecker(settings, connection, keys, clock, ticker);
            running = new Running(settings, checker, config, ticker.getAsLong());
        } catch (IllegalArgumentException invalid) {
            throw new ServletException("The filter " + config.getFilterName() + ": " + invalid.getMessage(), invalid);
        }
    }

    /** Forgets all keys and answers. */
    @Override
    public void destroy() {
        running = null;
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        Running current = running;
        if (current == null) {
            throw new ServletException("The filter is not initialized.");
        }
        if (!(request instanceof HttpServletRequest http) || !(response instanceof HttpServletResponse httpResponse)) {
            throw new ServletException("The filter accepts HTTP requests only.");
        }
        GuardPrincipal caller;
        try {
            caller = authenticate(current, http);
        } catch (Rejection rejected) {
            reject(httpResponse, rejected);
            return;
        }
        if (caller == null) {
            chain.doFilter(http, new GuardedResponse(httpResponse, false));
            return;
        }
        http.setAttribute(current.attribute, caller);
        chain.doFilter(new GuardedRequest(http, caller, current.attribute), new GuardedResponse(httpResponse, true));
    }

    /** Returns the caller; null if the request may pass without one. */
    private @Nullable GuardPrincipal authenticate(Running current, HttpServletRequest request) throws Rejection {
        if (request.getDispatcherType() != DispatcherType.REQUEST) {
            // The first dispatch checked the token. It may have expired meanwhile, but the request has been accepted.
            if (request.getAttribute(current.attribute) instanceof GuardPrincipal caller
                    && caller.issuer().equals(current.settings.issuer)) {
                return caller;
            }
            if (request.getDispatcherType() == DispatcherType.ERROR) {
                return null; // an error page must also be shown to a caller who was rejected
            }
        }
        String path = path(request);
        String token = RequestToken.of(request);
        if (token == null) {
            if (current.settings.optional && !current.settings.requiresCaller(path)) {
                return null;
            }
            throw Rejection.missing();
        }
        GuardPrincipal caller = check(current, token);
        current.settings.requiredRoles.require(caller, path);
        current.settings.requiredAuthentication.require(caller, path, clock);
        return caller;
    }

    private GuardPrincipal check(Running current, String token) throws Rejection {
        try {
            return current.checker.check(token);
        } catch (IssuerException failed) {
            log(current, "Access tokens of " + current.settings.issuer + " cannot be checked: " + failed.message());
            throw Rejection.unavailable();
        }
    }

    /** The container's log is used, because a logging library would be a further dependency. */
    private void log(Running current, String message) {
        long now = ticker.getAsLong();
        long next = current.nextLogAt.get();
        if (now - next >= 0 && current.nextLogAt.compareAndSet(next, now + LOG_INTERVAL.toNanos())) {
            current.context.log(message);
        }
    }

    /** Returns the decoded path within the application, which the container normalized. */
    private static String path(HttpServletRequest request) {
        String info = request.getPathInfo();
        return info == null ? request.getServletPath() : request.getServletPath() + info;
    }

    private static void reject(HttpServletResponse response, Rejection rejected) throws IOException {
        String challenge = rejected.challenge();
        if (challenge != null) {
            response.setHeader("WWW-Authenticate", challenge);
        }
        Integer retryAfter = rejected.retryAfter();
        if (retryAfter != null) {
            response.setHeader("Retry-After", retryAfter.toString());
        }
        response.sendError(rejected.status(), rejected.description());
    }
}
