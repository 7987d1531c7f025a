package org.gatehouse.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gatehouse.config.PublicUrl;
import org.gatehouse.config.Settings;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;
import org.jspecify.annotations.Nullable;

/**
 * The cookie that holds the refresh token of a browser session, so that scripts cannot read the token.
 *
 * <p>Only requests of pages of the same origin, or of an origin in {@code CORS_ORIGINS} on the same site, may use the
 * cookie, and only if they ask for it. The browser itself sends the headers that this class checks, and a page cannot
 * change them. The prefix {@code __Host-} prevents that another host of the same site sets the cookie (RFC 6265bis,
 * section 4.1.3.2).
 */
public final class SessionCookie {
    /** The property of a request that holds the {@code Set-Cookie} of its response. */
    static final String PROPERTY = SessionCookie.class.getName();

    /** The field of a body in which a client asks for the cookie. */
    public static final String FIELD = "session";

    private static final String VALUE = "cookie";
    private static final String REFRESH_TOKEN = "refreshToken";
    private static final String REFRESH_EXPIRES_IN = "refreshExpiresIn";

    private static final String FETCH_SITE = "Sec-Fetch-Site";

    /**
     * The origins of a developer's own machine. Browsers do not store cookies with {@code Secure} for all of them without
     * TLS.
     */
    private static final Pattern LOCAL_ORIGIN =
            Pattern.compile("http://(?:localhost|127\\.0\\.0\\.1|\\[::1])(?::(\\d{1,5}))?");

    private static final String HTTP_PORT = "80";

    private final @Nullable String publicPath;
    private final Set<String> origins;

    public SessionCookie(Settings settings) {
        PublicUrl publicUrl = settings.publicUrl();
        this.publicPath =
                publicUrl == null ? null : URI.create(publicUrl.toString()).getRawPath();
        this.origins = settings.corsOrigins();
    }

    /** Returns whether the body asks for the cookie. Adds an error if {@link #FIELD} has another value. */
    public static boolean isAsked(JsonBody body, FieldErrors errors) {
        JsonNode session = body.node().path(FIELD);
        boolean asked = VALUE.equals(session.textValue());
        if (!asked && !session.isMissingNode()) {
            errors.add(FIELD, "must be \"cookie\" or absent");
        }
        return asked;
    }

    /**
     * Returns whether the body asks for the cookie. Ignores another value of {@link #FIELD}.
     *
     * @throws GatehouseException {@code COOKIE_NOT_ALLOWED} as {@link #requireAllowed} if it does
     */
    public boolean requireAllowedIfAsked(JsonBody body, ContainerRequestContext request) {
        boolean asked = isAsked(body, new FieldErrors());
        if (asked) {
            requireAllowed(request);
        }
        return asked;
    }

    /**
     * Rejects a request that must not set, use or remove the cookie, before it changes anything.
     *
     * @throws GatehouseException {@code COOKIE_NOT_ALLOWED}
     */
    public void requireAllowed(ContainerRequestContext request) {
        if (!isAllowed(request)) {
            throw new GatehouseException(ErrorCode.COOKIE_NOT_ALLOWED);
        }
    }

    /** Returns whether the request may set, use and remove the cookie. */
    public boolean isAllowed(ContainerRequestContext request) {
        return isJson(request.getMediaType()) && isSameSite(request);
    }

    private static boolean isJson(@Nullable MediaType type) {
        return type != null
                && type.getType().equalsIgnoreCase("application")
                && type.getSubtype().equalsIgnoreCase("json");
    }

    /** A repeated header is not allowed, because its lines are joined with commas. */
    private boolean isSameSite(ContainerRequestContext request) {
        String site = request.getHeaderString(FETCH_SITE);
        String origin = request.getHeaderString(Cors.ORIGIN);
        return "same-origin".equals(site)
                || ("same-site".equals(site) && origin != null && !origin.equals(Cors.ANY) && origins.contains(origin));
    }

    /**
     * Returns the body of the response to a login or a refresh. If the client has asked for the cookie, the refresh token
     * is in the cookie instead. Without a refresh token, no cookie is set.
     *
     * @param response an object that may have the fields {@code refreshToken} and {@code refreshExpiresIn}
     */
    public byte[] write(Object response, boolean asked, ContainerRequestContext request) {
        if (!asked) {
            return Json.write(response);
        }
        ObjectNode body = Json.MAPPER.valueToTree(response);
        JsonNode refreshToken = body.remove(REFRESH_TOKEN);
        if (refreshToken != null) {
            set(request, refreshToken.textValue(), body.path(REFRESH_EXPIRES_IN).longValue());
        }
        return Json.write(body);
    }

    /**
     * Returns the refresh token in the cookie; empty if the request does not have the cookie.
     *
     * @throws GatehouseException {@code COOKIE_NOT_ALLOWED} if the request has the cookie more than once
     */
    public Optional<String> find(ContainerRequestContext request) {
        // Browsers let another host set a cookie whose name is the prefix after other white space, or whose value
        // contains
        // the name after a comma or a quote. Therefore a pair ends at a semicolon only, and begins after blanks only.
        String prefix = name(request) + "=";
        List<String> values = request.getHeaders().getOrDefault(HttpHeaders.COOKIE, List.of()).stream()
                .flatMap(line -> Arrays.stream(line.split(";[ \t]*", -1)))
                .filter(pair -> pair.startsWith(prefix))
                .map(pair -> pair.substring(prefix.length()))
                .toList();
        if (values.size() > 1) {
            throw new GatehouseException(
                    ErrorCode.COOKIE_NOT_ALLOWED, "The request has the cookie of the session more than once.");
        }
        return values.stream().findFirst();
    }

    /** Removes the cookie in the response to this request. */
    public void remove(ContainerRequestContext request) {
        set(request, "", 0);
    }

    private void set(ContainerRequestContext request, String refreshToken, long seconds) {
        String secure = isLocal(request) ? "" : "; Secure";
        request.setProperty(
                PROPERTY,
                name(request) + "=" + refreshToken + "; Path=/" + secure + "; HttpOnly; SameSite=Strict; Max-Age="
                        + seconds);
    }

    /**
     * Returns the name of the cookie. It contains the path of the service, because several services may share a host. On a
     * developer's machine, it also contains the port, because cookies do not depend on the port.
     */
    private String name(ContainerRequestContext request) {
        Matcher local = localOrigin(request);
        String suffix =
                suffix(publicPath == null ? request.getUriInfo().getBaseUri().getPath() : publicPath);
        return local.matches()
                ? "gatehouse-dev-" + (local.group(1) == null ? HTTP_PORT : local.group(1)) + suffix
                : "__Host-gatehouse" + suffix;
    }

    private static boolean isLocal(ContainerRequestContext request) {
        return localOrigin(request).matches();
    }

    private static Matcher localOrigin(ContainerRequestContext request) {
        String origin = request.getHeaderString(Cors.ORIGIN);
        return LOCAL_ORIGIN.matcher(origin == null ? "" : origin);
    }

    /** Returns a path as part of a cookie name (RFC 6265, section 4.1.1). Different paths have different results. */
    private static String suffix(String path) {
        String names = path.replaceAll("^/|/$", "");
        if (names.isEmpty()) {
            return "";
        }
        StringBuilder suffix = new StringBuilder("-");
        for (byte next : names.getBytes(StandardCharsets.UTF_8)) {
            char character = (char) (next & 0xff);
            if ((character < 0x80 && Character.isLetterOrDigit(character)) || "-._~".indexOf(character) >= 0) {
                suffix.append(character);
            } else {
                suffix.append("%%%02X".formatted((int) character));
            }
        }
        return suffix.toString();
    }
}
