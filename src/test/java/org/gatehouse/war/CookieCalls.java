package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

/** Logs in, refreshes and logs out with the session cookie, as a page of the same origin does behind TLS. */
final class CookieCalls {
    private static final String BY_COOKIE = "{\"session\":\"cookie\"}";

    private final ServiceClient service;
    private final String name;

    /** @param suffix what follows {@code __Host-gatehouse} in the name of the cookie */
    CookieCalls(ServiceClient service, String suffix) {
        this.service = service;
        this.name = "__Host-gatehouse" + suffix;
    }

    void run(String username, String password) {
        String credentials = ServiceClient.credentials(username, password).replace("}", ",\"session\":\"cookie\"}");
        Response login = service.patiently(() -> post("/login", credentials, ""));
        String cookie = set(login);
        String token = login.text("token");

        String second = set(post("/token/refresh", BY_COOKIE, "a=\"; $Version=1; ;=; " + cookie + "; \u00e9=1"));
        assertThat(second).isNotEqualTo(cookie);
        Response twice = post("/token/refresh", BY_COOKIE, second + "; " + cookie);
        assertThat(twice.text("code")).as(twice.body()).isEqualTo("COOKIE_NOT_ALLOWED");
        Response foreign = send("/token/refresh", BY_COOKIE, second, "cross-site");
        assertThat(foreign.text("code")).as(foreign.body()).isEqualTo("COOKIE_NOT_ALLOWED");

        Response logout = post("/logout", BY_COOKIE, second);
        assertThat(logout.json().path("ended").intValue()).as(logout.body()).isEqualTo(1);
        assertThat(cookieOf(logout)).isEqualTo(name + "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
        assertThat(service.get("/user/me", token).text("code")).isEqualTo("SESSION_ENDED");
        Response late = post("/token/refresh", BY_COOKIE, second);
        assertThat(late.status()).isEqualTo(401);
        assertThat(cookieOf(late)).startsWith(name + "=;");
    }

    private Response post(String path, String body, String cookie) {
        return send(path, body, cookie, "same-origin");
    }

    private Response send(String path, String body, String cookie, String site) {
        return service.send(
                "POST",
                path,
                body,
                "Content-Type",
                "application/json",
                "Origin",
                "https://login.example.com",
                "Sec-Fetch-Site",
                site,
                "Cookie",
                cookie);
    }

    /** Returns the name and the value of the cookie that the response sets. */
    private String set(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        assertThat(response.json().has("refreshToken")).isFalse();
        assertThat(cookieOf(response))
                .matches(name + "=[A-Za-z0-9_-]{64}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=\\d+");
        return cookieOf(response).split(";", 2)[0];
    }

    private static String cookieOf(Response response) {
        List<String> cookies = response.headers().allValues("Set-Cookie");
        assertThat(cookies).as(response.body()).hasSize(1);
        return cookies.get(0);
    }
}
