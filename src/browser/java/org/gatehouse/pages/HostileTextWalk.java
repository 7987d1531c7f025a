package org.gatehouse.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.function.BiConsumer;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.ObjectId;
import org.gatehouse.json.Json;
import org.gatehouse.pages.Sites.Person;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.gatehouse.war.Site;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shows {@link HostileTexts} on every screen, in each field that can hold text. None of them may run, or become more than
 * text. Fields that the present rules restrict are written to the database, because the legacy service had no rules.
 */
class HostileTextWalk {
    private static final List<String> TEXTS = HostileTexts.all();
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Elements that the pages do not create. A QR code is an image, but not on the screens of this test. */
    private static final String FOREIGN_ELEMENTS =
            "main :is(script, style, link, meta, base, img, svg, math, iframe, object,"
                    + " embed, video, audio, template, marquee, plaintext, frameset, form[action]), a[href^='javascript:' i],"
                    + " a[href^='data:' i], [onload], [onerror], [onfocus], [onclick]";

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    private static Site site;

    @BeforeAll
    static void start() {
        site = Sites.at(Sites.places().findFirst().orElseThrow());
    }

    /** Otherwise the other tests would prove nothing. */
    @Test
    void aScriptThatRunsAndARequestToAnotherHostAreReported() {
        Page page = chromium.open();
        page.navigate(site.address() + "/account");
        page.evaluate("() => { xss = 'ran'; alert('shown'); new Image().src = 'http://127.0.0.1:9/x'; }");
        page.locator("h1").waitFor();

        assertThatThrownBy(() -> chromium.assertNoFaults())
                .hasMessageContainingAll("hostile text: ran", "hostile text: alert shown", "policy: img-src");
    }

    @Test
    void namesAndFieldsOfPeopleAreShownAsText() {
        List<ObjectId> ids = new ArrayList<>();
        for (String text : TEXTS) {
            ObjectId id = new ObjectId();
            site.stores()
                    .users()
                    .insertOne(new Document("_id", id)
                            .append("username", text)
                            .append("usernameKey", "hostile-" + ids.size())
                            .append("roles", List.of("user"))
                            .append("status", "active")
                            .append("version", 1L)
                            .append("email", text)
                            .append("createdAt", new Date())
                            .append("updatedAt", new Date()));
            ids.add(id);
        }
        Document fields = new Document();
        TEXTS.forEach(text ->
                fields.append(text.replace('.', '_').replace('$', '_'), List.of(text, new Document("in", text))));
        fields.put("plain", "\u0000<script>alert(1)</script>");
        site.stores().users().updateOne(new Document("_id", ids.get(0)), new Document("$set", fields));

        Page page = console("#/people?status=active");
        showAll(page);
        assertShown(page, TEXTS);
        for (ObjectId id : ids) {
            page.navigate(site.address() + "/console#/people/" + id.toHexString());
            page.waitForFunction("id => document.querySelector('main').textContent.includes(id)", id.toHexString());
            assertNothingForeign(page);
        }
        page.navigate(site.address() + "/console#/people/" + ids.get(0).toHexString());
        page.waitForFunction(
                "id => document.querySelector('main').textContent.includes(id)",
                ids.get(0).toHexString());
        for (String text : TEXTS) {
            String name = text.replace('.', '_').replace('$', '_');
            assertThat(page.locator("main dl").first().textContent())
                    .contains(name, Json.MAPPER.valueToTree(text).toString());
        }
        new Keyboard(page).activate("Edit");
        assertNothingForeign(page);
    }

    @Test
    void sessionsAuditAndMailsAreShownAsText() {
        Person person = Sites.person(site, "copied");
        site.api().token(person.name(), Sites.PASSWORD);
        ServiceClient api = site.api();
        api.post("/password/forgot", "", "{\"username\":\"" + person.name() + "\"}");
        site.mails().await(person.email(), "reset");
        ObjectId id = new ObjectId(person.id());
        copies(
                "sessions",
                new Document("userId", id),
                (copy, text) -> copy.append("userAgent", text).append("ip", text));
        copies(
                "audit",
                new Document("user", id),
                (copy, text) -> copy.append("userAgent", text)
                        .append("address", text)
                        .append("username", text)
                        .append("requestId", text)
                        .append("details", new Document("reason", text).append("text " + TEXTS.indexOf(text), text)));
        copies(
                "mails",
                new Document("account", id),
                (copy, text) ->
                        copy.append("lastError", text).append("to", text).append("status", "failed"));

        Page page = chromium.open();
        new Keyboard(page)
                .open(site.address() + "/account#/sessions")
                .type("Username or email address", person.name())
                .type("Password", Sites.PASSWORD)
                .activate("Log in")
                .on("Sessions")
                .sees("End all other sessions");
        showAll(page);
        assertShown(page, TEXTS);

        page = console("#/audit?user=" + person.id());
        showAll(page);
        assertShown(page, TEXTS);
        page.navigate(site.address() + "/console#/mails?user=" + person.id());
        new Keyboard(page).on("Mails").sees("Test mail");
        showAll(page);
        assertShown(page, TEXTS);
        page.navigate(site.address() + "/console#/people/" + person.id());
        new Keyboard(page).on(person.name());
        assertNothingForeign(page);
    }

    @Test
    void namesOfServicesAreShownAsText() {
        ServiceClient api = site.api();
        String admin = api.adminToken();
        List<String> names = TEXTS.stream()
                .filter(text -> text.chars().noneMatch(Character::isISOControl))
                .toList();
        String id = "";
        for (String name : names) {
            id = Sites.expect(
                            201,
                            api.post(
                                    "/service",
                                    admin,
                                    Json.MAPPER
                                            .createObjectNode()
                                            .put("name", name)
                                            .set("roles", Json.MAPPER.createArrayNode())
                                            .toString()))
                    .text("_id");
        }

        Page page = console("#/services");
        new Keyboard(page).on("Service accounts");
        showAll(page);
        assertShown(page, names.stream().map(String::strip).toList());
        page.navigate(site.address() + "/console#/services/" + id);
        new Keyboard(page).on(names.get(names.size() - 1)).activate("Delete").inDialog("Delete: ");
        assertNothingForeign(page);
    }

    /** The factors of an import keep their names. */
    @Test
    void namesOfFactorsAreShownAsText() {
        List<String> names = TEXTS.stream()
                .filter(text -> text.length() <= 64 && text.chars().noneMatch(Character::isISOControl))
                .toList();
        ServiceClient api = site.api();
        String admin = api.adminToken();
        Page page = console("#/people");
        for (int begin = 0; begin < names.size(); begin += 10) {
            List<String> some = names.subList(begin, Math.min(begin + 10, names.size()));
            ObjectNode line = Json.MAPPER.createObjectNode().put("username", Sites.newName("factors"));
            some.forEach(name -> line.withArray("factors")
                    .addObject()
                    .put("_id", new ObjectId().toHexString())
                    .put("type", "totp")
                    .put("name", name)
                    .put("secret", "A".repeat(32))
                    .put("createdAt", "2026-01-01T00:00:00.000Z")
                    .putNull("lastUsedAt"));
            String result = api.send(
                            "POST", "/user/import", line + "\n", "auth", admin, "Content-Type", "application/x-ndjson")
                    .body();
            assertThat(result).contains("\"created\":1");
            String id = Response.json(result.lines().findFirst().orElseThrow())
                    .path("_id")
                    .asText();
            page.navigate(site.address() + "/console#/people/" + id);
            page.waitForFunction("id => document.querySelector('main').textContent.includes(id)", id);
            assertShown(page, some);
        }
    }

    @Test
    void linesOfAnImportAreShownAsText(@TempDir Path folder) throws Exception {
        Page page = console("#/import");
        for (int begin = 0; begin < TEXTS.size(); begin += 20) {
            List<String> some = TEXTS.subList(begin, Math.min(begin + 20, TEXTS.size()));
            Path file = folder.resolve("lines-" + begin);
            Files.writeString(
                    file,
                    String.join(
                            "\n",
                            some.stream()
                                    .map(text -> Json.MAPPER
                                            .createObjectNode()
                                            .put("username", text)
                                            .put("<img src=x onerror=alert(1)>", text)
                                            .toString())
                                    .toList()));
            page.navigate(site.address() + "/console#/import");
            page.reload();
            new Keyboard(page)
                    .on("Import")
                    .chooseFile("File", file)
                    .activate("Import")
                    .sees("The file has been checked.");
            assertThat(page.locator("tbody tr").count()).isEqualTo(some.size());
            assertNothingForeign(page);
        }
    }

    @Test
    void addressesAndInputAreShownAsText() {
        Page page = console("#/people");
        new Keyboard(page).on("People");
        List<String> paths =
                List.of("people/", "services/", "", "people?search=", "people?status=", "audit?user=", "mails?status=");
        for (int i = 0; i < TEXTS.size(); i++) {
            page.evaluate(
                    "hash => { location.hash = hash; }", "#/" + paths.get(i % paths.size()) + encoded(TEXTS.get(i)));
            page.evaluate("hash => { location.hash = hash; }", "#/" + TEXTS.get(i));
        }
        page.evaluate("() => { location.hash = '#/people?search=<img src=x onerror=alert(1)>'; }");
        page.waitForFunction("document.querySelector('input[type=search]')?.value.includes('onerror')");
        assertNothingForeign(page);

        Page account = chromium.open();
        for (String purpose : List.of("account", "account/reset", "account/verification", "account/invitation")) {
            account.navigate(site.address() + "/" + purpose);
            for (String text : TEXTS) {
                account.evaluate(
                        "hash => { location.hash = hash; }", (purpose.equals("account") ? "#/" : "#proof=") + text);
            }
            assertNothingForeign(account);
        }
        account.navigate(site.address() + "/account");
        Keyboard keyboard = new Keyboard(account);
        for (String text : HostileTexts.withoutBlanks().subList(0, 3)) {
            keyboard.on("Log in to your account")
                    .type("Username or email address", text)
                    .type("Password", text)
                    .activate("Log in")
                    .sees("is wrong");
        }
        assertNothingForeign(account);
    }

    @Test
    void aUserWithAHostileNameUsesTheAccountPage() {
        ServiceClient api = site.api();
        String name = "<img/src=x/onerror=alert(1)>\"'{name}";
        api.create(api.adminToken(), name, Sites.PASSWORD);
        Page page = chromium.open();
        Keyboard keyboard = new Keyboard(page)
                .open(site.address() + "/account")
                .type("Username or email address", name)
                .type("Password", Sites.PASSWORD)
                .activate("Log in")
                .on("Profile")
                .sees(name);

        for (String screen : List.of("Password and factors", "Sessions", "Your data")) {
            keyboard.activate(screen).on(screen);
            assertNothingForeign(page);
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Logs in to the console, and opens the screen. */
    private static Page console(String fragment) {
        Page page = chromium.open();
        new Keyboard(page)
                .open(site.address() + "/console" + fragment)
                .type("Username or email address", ServiceClient.ADMIN)
                .type("Password", ServiceClient.ADMIN_PASSWORD)
                .activate("Log in");
        page.locator("#header nav").waitFor();
        return page;
    }

    /** Waits for a list, and presses "Show more" until the list is complete. */
    private static void showAll(Page page) {
        page.locator("main :is(tbody tr, .items li)").first().waitFor();
        Locator more =
                page.locator("main button:text-is('Show more')").filter(new Locator.FilterOptions().setVisible(true));
        while (more.count() > 0) {
            int before = page.locator("main").textContent().length();
            more.first().click();
            page.waitForFunction("before => document.querySelector('main').textContent.length > before", before);
        }
    }

    /** Adds copies of a document, one for each text. */
    private static void copies(String collection, Document query, BiConsumer<Document, String> change) {
        Document original = site.stores().collection(collection).find(query).first();
        assertThat(original).as(collection).isNotNull();
        for (String text : TEXTS) {
            Document copy = new Document(original);
            Object id = original.get("_id");
            copy.put("_id", id instanceof ObjectId ? new ObjectId() : likeId(String.valueOf(id)));
            // Hashes are unique.
            copy.replaceAll(
                    (name, value) -> value instanceof Binary bytes ? new Binary(random(bytes.length())) : value);
            change.accept(copy, text);
            site.stores().collection(collection).insertOne(copy);
        }
    }

    /** Returns another random id of the same form. */
    private static String likeId(String id) {
        return Base64.getUrlEncoder().encodeToString(random(id.length())).substring(0, id.length());
    }

    private static byte[] random(int length) {
        byte[] random = new byte[length];
        RANDOM.nextBytes(random);
        return random;
    }

    private static void assertShown(Page page, List<String> texts) {
        String shown = page.locator("main").textContent();
        assertThat(texts.stream().filter(text -> !shown.contains(text)))
                .as("missing at " + page.url())
                .isEmpty();
        assertNothingForeign(page);
    }

    private static void assertNothingForeign(Page page) {
        assertThat(page.locator(FOREIGN_ELEMENTS).count()).as(page.url()).isZero();
        assertThat(page.locator("body > *").count()).isLessThanOrEqualTo(4);
    }
}
