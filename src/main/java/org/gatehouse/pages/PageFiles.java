package org.gatehouse.pages;

import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.core.UriInfo;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.gatehouse.docs.StaticContent;

/** The files of the pages, and the headers of the pages. */
final class PageFiles {
    static final StaticContent ACCOUNT = page("account.html");
    static final StaticContent CONSOLE = page("console.html");
    static final StaticContent MAIL_LINK = page("page.html");

    /**
     * The browser loads scripts and styles only from this service. It sends data only to this service, and no form. QR
     * codes are images in {@code data:} addresses. Scripts cannot turn text into HTML or code.
     */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
            + " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
            + " require-trusted-types-for 'script'; trusted-types 'none'";

    private static final Map<String, StaticContent> FILES = Stream.concat(
                    files(
                            StaticContent.SCRIPT,
                            "access.js",
                            "account.js",
                            "console.js",
                            "dom.js",
                            "elements.js",
                            "factors.js",
                            "login.js",
                            "page.js",
                            "passkey.js",
                            "people-bulk.js",
                            "people-fields.js",
                            "people-person.js",
                            "people.js",
                            "profile.js",
                            "session.js",
                            "shell.js",
                            "system.js",
                            "text.de.js",
                            "text.en.js",
                            "text.js",
                            "transfer.js",
                            "view.js"),
                    files(StaticContent.STYLE, "style.css"))
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

    private PageFiles() {}

    private static StaticContent page(String name) {
        return StaticContent.ofFile(PageFiles.class, name, StaticContent.HTML);
    }

    private static Stream<Map.Entry<String, StaticContent>> files(MediaType type, String... names) {
        Function<String, StaticContent> content = name -> StaticContent.ofCompactFile(PageFiles.class, name, type);
        return Stream.of(names).map(name -> Map.entry(name, content.apply(name)));
    }

    /** Returns the script or style with this name. */
    static Optional<StaticContent> find(String name) {
        return Optional.ofNullable(FILES.get(name));
    }

    /**
     * Returns 200 with a page. A path with a trailing slash redirects to the path without it, because the page's links
     * are relative. Browsers keep the fragment (RFC 9110, section 10.2.2).
     *
     * @param name the last segment of the page's path
     */
    static Response response(StaticContent page, String name, UriInfo uri, Request request) {
        if (uri.getRequestUri().getRawPath().endsWith("/")) {
            return Response.status(Status.MOVED_PERMANENTLY)
                    .header(HttpHeaders.LOCATION, "../" + name)
                    .build();
        }
        return page.response(request)
                .header("Content-Security-Policy", POLICY)
                .header("Cross-Origin-Opener-Policy", "same-origin")
                .build();
    }
}
