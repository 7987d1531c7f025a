package org.gatehouse.pages;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Request;
import com.microsoft.playwright.options.Cookie;
import com.microsoft.playwright.options.SameSiteAttribute;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.gatehouse.pages.Sites.Person;
import org.gatehouse.war.ServiceClient;
import org.gatehouse.war.Site;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests what a hostile script, another site, another tab, a slow network and the back button can do with a session. */
class BrowserSessionWalk {
    /** All that a script of the page can read without a request. */
    private static final String READABLE = """
            async () => JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}, await indexedDB.databases(),
              await caches.keys(), history.state, location.href, document.documentElement.outerHTML])""";

    /** Refreshes as the page does, and returns all that the response shows. */
    private static final String REFRESH = """
            async () => {
              const response = await fetch("token/refresh", { method: "POST", body: '{"session":"cookie"}',
                headers: { "Content-Type": "application/json" } });
              return JSON.stringify([response.status, [...response.headers], await response.text(), document.cookie]);
            }""";

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    static Stream<Site.Place> places() {
        return Sites.places();
    }

    /** Returns the site for tests that do not depend on the place. */
    private static Site site() {
        return Sites.at(Sites.places().findFirst().orElseThrow());
    }

    @ParameterizedTest
    @MethodSource("places")
    void aHostileScriptCannotReadTheRefreshToken(Site.Place place) {
        Site site = Sites.at(place);
        Page page = chromium.open();
        logIn(page, site, Sites.person(site, "scripted"));

        List<Cookie> cookies = page.context().cookies();
        assertThat(cookies).hasSize(1);
        Cookie cookie = cookies.get(0);
        boolean tls = site.address().startsWith("https:");
        assertThat(cookie.httpOnly).isTrue();
        assertThat(cookie.sameSite).isEqualTo(SameSiteAttribute.STRICT);
        assertThat(cookie.path).isEqualTo("/");
        assertThat(cookie.domain).isEqualTo("localhost");
        assertThat(cookie.secure).isEqualTo(tls);
        assertThat(cookie.name.startsWith("__Host-gatehouse")).isEqualTo(tls);
        assertThat(String.valueOf(page.evaluate(READABLE)))
                .startsWith("[\"\",{},{},[],[],null,")
                .doesNotContain(cookie.value);
        String refreshed = String.valueOf(page.evaluate(REFRESH));
        String next = page.context().cookies().get(0).value;
        assertThat(refreshed).startsWith("[200,").doesNotContain(next, cookie.value, "refreshToken", "cookie\"");
        assertThat(next).isNotEqualTo(cookie.value);
    }

    @Test
    void aPageOfAnotherOriginCannotFrameThePages() throws Exception {
        Site site = site();
        String frames = Stream.of("/account", "/console", "/account/reset")
                .map(path -> "<iframe src=\"" + site.address() + path + "\"></iframe>")
                .reduce("", String::concat);
        for (String host : List.of("localhost", "127.0.0.1")) {
            try (OtherOrigin other = new OtherOrigin(host, frames)) {
                Page page = chromium.openUnwatched(true);
                List<String> refusals = new CopyOnWriteArrayList<>();
                page.onConsoleMessage(message -> {
                    if (message.text().contains("frame-ancestors")) {
                        refusals.add(message.text());
                    }
                });
                page.navigate(other.address());
                page.waitForCondition(() -> refusals.size() == 3);
                assertThat(page.frames()).hasSize(4);
                page.frames()
                        .forEach(frame -> assertThat(
                                        frame.locator("#main, #form").count())
                                .as(frame.url())
                                .isZero());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1"})
    void aPageOfAnotherOriginChangesNothing(String host) throws Exception {
        Site site = site();
        Person person = Sites.person(site, "attacked");
        Page page = chromium.openUnwatched(true);
        logIn(page, site, person);
        String refreshToken = page.context().cookies().get(0).value;
        String calls = """
                <script>
                  const site = "%s";
                  const bodies = { "logout": '{"session":"cookie","everywhere":true,"x":"', "token/refresh": '{"session":"cookie","x":"',
                    "login": '{"username":"%s","password":"%s","session":"cookie","x":"' };
                  const done = [];
                  for (const [path, text] of Object.entries(bodies)) {
                    const body = text + '="}';
                    for (const options of [{ headers: { "Content-Type": "application/json" } }, {}, { mode: "no-cors" }]) {
                      done.push(fetch(site + "/" + path, { method: "POST", credentials: "include", body, ...options })
                        .then((response) => response.type === "opaque" ? "" : response.text(), () => ""));
                    }
                  }
                  Promise.all(done).then((texts) => (document.title = "tried " + texts.join("")));
                  for (const [path, text] of Object.entries(bodies)) {
                    const form = Object.assign(document.createElement("form"),
                      { method: "POST", action: site + "/" + path, enctype: "text/plain", target: path });
                    form.append(Object.assign(document.createElement("input"), { name: text, value: '"}' }));
                    const frame = Object.assign(document.createElement("iframe"), { name: path });
                    frame.addEventListener("load", () => (frame.dataset.loaded = "yes"));
                    document.documentElement.append(frame, form);
                    form.submit();
                  }
                </script>""".formatted(site.address(), person.name(), Sites.PASSWORD);
        try (OtherOrigin other = new OtherOrigin(host, calls)) {
            Page attacker = chromium.another(page);
            attacker.navigate(other.address());
            attacker.waitForFunction("document.title.startsWith('tried')");
            attacker.waitForFunction("document.querySelectorAll('[data-loaded]').length === 3");
            assertThat(attacker.title()).isEqualTo("tried");
        }

        assertThat(page.context().cookies())
                .singleElement()
                .extracting(cookie -> cookie.value)
                .isEqualTo(refreshToken);
        page.reload();
        new Keyboard(page).on("Profile").sees(person.email());
        String token = site.api().token(person.name(), Sites.PASSWORD);
        assertThat(site.api().get("/session", token).json()).hasSize(2);
    }

    @Test
    void theBackButtonAfterTheLogoutShowsNothing() {
        Site site = site();
        Person person = Sites.person(site, "leaver");
        Page page = chromium.open();
        page.navigate(site.address() + "/docs");
        Keyboard keyboard = logIn(page, site, person)
                .activate("Sessions")
                .on("Sessions")
                .activate("Your data")
                .on("Your data")
                .activate("Log out")
                .on("Log in to your account");

        while (!page.url().endsWith("/docs")) {
            page.goBack();
            assertThat(page.content()).doesNotContain(person.name(), person.email());
        }
        page.goForward();
        keyboard.on("Log in to your account");
    }

    /** The browser may keep a page while another page is shown. The session may end meanwhile. */
    @Test
    void theBackButtonShowsNoPageOfASessionThatHasEnded() {
        Site site = site();
        Person person = Sites.person(site, "cached");
        Page page = chromium.open();
        logIn(page, site, person).sees(person.email());
        page.navigate(site.address() + "/docs");
        endSessions(site, person);

        page.goBack();

        new Keyboard(page).on("Log in to your account");
        assertThat(page.content()).doesNotContain(person.email());
    }

    @Test
    void aLogoutInOneTabEndsTheSessionInAnother() {
        Site site = site();
        Person person = Sites.person(site, "twofold");
        Page page = chromium.open();
        Keyboard first = logIn(page, site, person);
        Page other = chromium.another(page);
        Keyboard second = new Keyboard(other)
                .open(site.address() + "/account")
                .on("Profile")
                .sees(person.email());

        first.activate("Log out").on("Log in to your account");

        second.on("Log in to your account");
        assertThat(other.content()).doesNotContain(person.email());
    }

    @Test
    void tabsShareOneRefresh() {
        Site site = site();
        Page page = chromium.open();
        page.context().clock().install();
        Keyboard first = logIn(page, site, Sites.person(site, "sharing"));
        Page other = chromium.another(page);
        Keyboard second = new Keyboard(other).open(site.address() + "/account").on("Profile");
        List<String> refreshes = new CopyOnWriteArrayList<>();
        List.of(page, other)
                .forEach(tab -> tab.onRequest(request -> {
                    if (request.url().endsWith("/token/refresh")) {
                        refreshes.add(request.url());
                    }
                }));

        page.context().clock().fastForward(Duration.ofMinutes(10).toMillis());
        // Both tabs need a new token at the same time.
        page.evaluate("() => { location.hash = '#/sessions'; }");
        other.evaluate("() => { location.hash = '#/sessions'; }");
        first.on("Sessions").sees("this session");
        second.on("Sessions").sees("this session");

        assertThat(refreshes).hasSize(1);
    }

    @Test
    void nothingTypedIsLostIfTheSessionEnds() {
        Site site = site();
        Person person = Sites.person(site, "typing");
        String name = Sites.newName("renamed");
        Page page = chromium.open();
        Keyboard keyboard = logIn(page, site, person).type("New username", name);
        endSessions(site, person);

        keyboard.activate("Change username")
                .inDialog("Log in again")
                .type("Password", Sites.PASSWORD)
                .activate("Log in")
                .sees("Your username is changed.")
                .sees(name);

        Sites.expect(200, site.api().login(name, Sites.PASSWORD));
    }

    @Test
    void aSlowNetworkIsVisibleAndNothingIsSentTwice() {
        Site site = site();
        Person person = Sites.person(site, "slow");
        Page page = chromium.open();
        Keyboard keyboard = logIn(page, site, person).type("New username", Sites.newName("renamed"));
        List<Request> changes = new CopyOnWriteArrayList<>();
        page.onRequest(request -> {
            if (request.method().equals("PATCH")) {
                changes.add(request);
            }
        });
        CDPSession devTools = page.context().newCDPSession(page);
        JsonObject slow = new JsonObject();
        slow.addProperty("offline", false);
        slow.addProperty("latency", 3000);
        slow.addProperty("downloadThroughput", -1);
        slow.addProperty("uploadThroughput", -1);
        devTools.send("Network.enable");
        devTools.send("Network.emulateNetworkConditions", slow);

        keyboard.activate("Change username")
                .press("Enter")
                .press("Enter")
                .press("Space")
                .sees("Please wait");

        keyboard.sees("Your username is changed.");
        assertThat(changes).hasSize(1);
    }

    @Test
    void aBrokenNetworkIsReportedAndTheCallCanBeRepeated() {
        Site site = site();
        Person person = Sites.person(site, "offline");
        Page page = chromium.open();
        Keyboard keyboard = logIn(page, site, person).type("New username", Sites.newName("renamed"));

        page.context().setOffline(true);
        keyboard.activate("Change username").sees("The server did not respond.");
        page.context().setOffline(false);
        keyboard.activate("Change username").sees("Your username is changed.");
    }

    @Test
    void withoutJavaScriptASentenceSaysWhatIsNeeded() {
        Page page = chromium.openUnwatched(false);
        for (String path : List.of("/account", "/console", "/account/reset")) {
            page.navigate(site().address() + path);
            assertThat(page.locator("body").innerText()).as(path).contains("needs JavaScript.", "benötigt JavaScript.");
        }
    }

    private static Keyboard logIn(Page page, Site site, Person person) {
        return new Keyboard(page)
                .open(site.address() + "/account")
                .on("Log in to your account")
                .type("Username or email address", person.name())
                .type("Password", Sites.PASSWORD)
                .activate("Log in")
                .on("Profile");
    }

    private static void endSessions(Site site, Person person) {
        ServiceClient api = site.api();
        Sites.expect(204, api.delete("/user/" + person.id() + "/session", api.adminToken()));
    }

    /** A server of another origin, with one page. */
    private static final class OtherOrigin implements AutoCloseable {
        private final HttpServer server;
        private final String host;

        OtherOrigin(String host, String content) throws IOException {
            this.host = host;
            byte[] page = ("<!DOCTYPE html><title>other</title>" + content).getBytes(StandardCharsets.UTF_8);
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                exchange.getResponseHeaders().set("Content-Type", "text/html;charset=utf-8");
                exchange.sendResponseHeaders(200, page.length);
                try (var body = exchange.getResponseBody()) {
                    body.write(page);
                }
            });
            server.start();
        }

        String address() {
            return "http://" + host + ":" + server.getAddress().getPort() + "/";
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }
}
