package org.gatehouse.login;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.gatehouse.app.Node;
import org.gatehouse.war.Response;

/** A page in a browser that keeps cookies and sends them with each request, as pages of the same site do. */
final class Browser {
    private final String origin;
    private final String site;
    private final String source;
    private final Map<String, String> cookies = new ConcurrentSkipListMap<>();

    /**
     * @param origin the origin of the page
     * @param site the {@code Sec-Fetch-Site} of its requests
     * @param source the address of the client
     */
    Browser(String origin, String site, String source) {
        this.origin = origin;
        this.site = site;
        this.source = source;
    }

    /** Returns another page of this browser. It has a copy of the cookies, but not those that are set later. */
    Browser at(String otherOrigin, String otherSite) {
        Browser other = new Browser(otherOrigin, otherSite, source);
        other.cookies.putAll(cookies);
        return other;
    }

    /** Returns the cookies as the header {@code Cookie}. */
    String cookies() {
        return String.join(
                "; ",
                cookies.entrySet().stream()
                        .map(cookie -> cookie.getKey() + "=" + cookie.getValue())
                        .toList());
    }

    /** Sends JSON. Headers replace the usual headers of the same name, or omit them if the value is empty. */
    Response post(Node node, String path, String json, String... more) {
        List<String> headers = new ArrayList<>(List.of(more));
        addUnlessIn(headers, "Content-Type", "application/json");
        addUnlessIn(headers, "Origin", origin);
        addUnlessIn(headers, "Sec-Fetch-Site", site);
        addUnlessIn(headers, "X-Forwarded-For", source);
        addUnlessIn(headers, "Cookie", cookies());
        Response response = node.send("POST", path, json, headers.toArray(String[]::new));
        response.headers().allValues("Set-Cookie").forEach(this::keep);
        return response;
    }

    private static void addUnlessIn(List<String> headers, String name, String value) {
        if (!headers.contains(name)) {
            headers.addAll(List.of(name, value));
        }
    }

    private void keep(String cookie) {
        String[] pair = cookie.split(";", 2)[0].split("=", 2);
        if (cookie.endsWith("Max-Age=0")) {
            cookies.remove(pair[0]);
        } else {
            cookies.put(pair[0], pair[1]);
        }
    }
}
