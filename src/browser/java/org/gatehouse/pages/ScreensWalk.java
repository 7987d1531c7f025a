package org.gatehouse.pages;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.function.BiConsumer;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.pages.Sites.Person;
import org.gatehouse.war.ServiceClient;
import org.gatehouse.war.Site;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Inspects each screen of the account page and of the console, and its states, in English and German. */
class ScreensWalk {
    private static final String LONG = "a-very-long-name-without-a-place-to-break-".repeat(4);

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    private static Site site;

    private final Inspection inspection = new Inspection();

    @BeforeAll
    static void start() {
        site = Sites.at(Sites.places().findFirst().orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(strings = {"en", "de"})
    void theLoginIsAccessible(String language) {
        Person person = Sites.person(site, "screens");
        BiConsumer<Page, String> inspect = inspect("login", language);
        Page page = page(language);
        Reader reader = new Reader(page).open(site.address() + "/account");

        inspect.accept(page, "start");
        reader.enter("common.usernameOrAddress", person.name())
                .enter("common.password", "wrong")
                .press("common.logIn")
                .sees("error.CREDENTIALS_WRONG");
        inspect.accept(page, "wrong");
        reader.press("account.forgot").awaits("h1:text-is('" + reader.text("account.forgot") + "')");
        inspect.accept(page, "forgot");
        reader.enter("common.usernameOrAddress", person.email())
                .press("account.sendLink")
                .sees("account.linkSent");
        inspect.accept(page, "link-sent");
        reader.open(site.address() + "/account#/register");
        inspect.accept(page, "register");
        reader.enter("common.username", "x")
                .enter("common.password", "short")
                .press("account.register")
                .awaits("[aria-invalid]");
        inspect.accept(page, "register-invalid");
        page.route("**/token/refresh", Route::abort);
        reader.open(site.address() + "/account").sees("error.NETWORK");
        inspect.accept(page, "no-network");
        inspection.assertFlawless();
    }

    @ParameterizedTest
    @ValueSource(strings = {"en", "de"})
    void theAccountIsAccessible(String language) {
        Person person = Sites.person(site, "screens");
        BiConsumer<Page, String> inspect = inspect("account", language);
        Page page = page(language);
        Reader reader = logIn(page, "/account", person);

        reader.sees("account.verified");
        inspect.accept(page, "profile");
        reader.enter("account.newEmail", "other@example.com")
                .enter("account.currentPassword", "wrong")
                .press("account.changeEmail")
                .awaits("[aria-invalid]");
        inspect.accept(page, "profile-wrong");
        reader.open(site.address() + "/account#/security").awaits("section + section .actions button");
        inspect.accept(page, "security");
        reader.press("account.addApp").awaits("dialog");
        inspect.accept(page, "app-name");
        reader.press("common.continue").awaits("dialog img");
        inspect.accept(page, "app-code");
        String secret = page.locator("dialog p code").innerText().replace(" ", "");
        Instant used = Instant.now();
        reader.enter("common.code", "000000").press("common.confirm").awaits("dialog [aria-invalid]");
        inspect.accept(page, "app-wrong-code");
        reader.enter("common.code", FactorNodes.codeAt(secret, used))
                .press("common.confirm")
                .awaits("dialog ol");
        inspect.accept(page, "recovery-codes");
        reader.press("account.codesStored").awaits("ul.items");
        inspect.accept(page, "factors");
        reader.press("account.addPasskey").awaits("dialog");
        inspect.accept(page, "passkey-name");
        reader.press("common.cancel").press("account.removeFactor").awaits("dialog");
        inspect.accept(page, "remove-factor");
        reader.press("common.cancel");
        inspection.assertFlawless();
    }

    @ParameterizedTest
    @ValueSource(strings = {"en", "de"})
    void sessionsAndDataAreAccessible(String language) {
        Person person = Sites.person(site, "screens");
        ServiceClient api = site.api();
        Sites.expect(
                200,
                api.send(
                        "POST",
                        "/login",
                        ServiceClient.credentials(person.name(), Sites.PASSWORD),
                        "Content-Type",
                        "application/json",
                        "User-Agent",
                        LONG));
        BiConsumer<Page, String> inspect = inspect("account", language);
        Page page = page(language);
        Reader reader = logIn(page, "/account", person);

        reader.open(site.address() + "/account#/sessions").awaits("ul.items li + li");
        inspect.accept(page, "sessions");
        reader.open(site.address() + "/account#/data");
        inspect.accept(page, "data");
        reader.press("account.delete").awaits("dialog");
        inspect.accept(page, "delete");
        reader.press("common.cancel");
        Sites.expect(204, api.delete("/user/" + person.id() + "/session", api.adminToken()));
        reader.press("account.export").awaits("dialog");
        inspect.accept(page, "log-in-again");
        reader.enter("common.password", Sites.PASSWORD).press("common.logIn").sees("account.exported");
        reader.press("account.delete").press("account.delete").sees("account.leavingTitle");
        inspect.accept(page, "leaving");
        reader.open(site.address() + "/account")
                .enter("common.usernameOrAddress", person.name())
                .enter("common.password", Sites.PASSWORD)
                .press("common.logIn")
                .awaits("dialog");
        inspect.accept(page, "keep");
        inspection.assertFlawless();
    }

    @ParameterizedTest
    @ValueSource(strings = {"en", "de"})
    void theFirstFactorOfARoleIsAccessible(String language) {
        Person person = Sites.person(site, "screens", "user", Sites.FACTOR_ROLE);
        BiConsumer<Page, String> inspect = inspect("account", language);
        Page page = page(language);

        logIn(page, "/account", person).sees("account.enrol");
        inspect.accept(page, "enrol");
        inspection.assertFlawless();
    }

    @ParameterizedTest
    @ValueSource(strings = {"en", "de"})
    void thePagesOfMailsAreAccessible(String language) {
        BiConsumer<Page, String> inspect = inspect("link", language);
        Page page = page(language);
        Reader reader = new Reader(page);

        for (String purpose : new String[] {"reset", "verification", "change", "undo", "invitation"}) {
            reader.open(site.address() + "/account/" + purpose + "#proof=" + "x".repeat(59))
                    .awaits("form button");
            inspect.accept(page, purpose);
        }
        page.locator("input[type=password]").fill(Sites.PASSWORD);
        page.locator("#send").click();
        reader.sees("error.PROOF_INVALID");
        inspect.accept(page, "invalid");
        reader.open(site.address() + "/account/reset");
        inspect.accept(page, "incomplete");
        inspection.assertFlawless();
    }

    @ParameterizedTest
    @ValueSource(strings = {"en", "de"})
    void peopleAreAccessible(String language) {
        Person person = Sites.person(site, "inspected-" + language);
        ServiceClient api = site.api();
        String admin = api.adminToken();
        Sites.expect(401, api.login(person.name(), "wrong"));
        api.token(person.name(), Sites.PASSWORD);
        Sites.expect(
                200,
                api.patch(
                        "/user/" + person.id(),
                        admin,
                        "{\"department\":\"" + LONG + "\",\"address\":{\"city\":\"Berlin\",\"lines\":[\"a\",\"b\"]}}"));
        String longName = LONG + language;
        api.create(admin, longName, Sites.PASSWORD);
        BiConsumer<Page, String> inspect = inspect("console", language);
        Page page = page(language);
        Reader reader = new Reader(page).open(site.address() + "/console");

        inspect.accept(page, "login");
        logIn(page, "/console", ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD)
                .awaits("tbody tr");
        inspect.accept(page, "people");
        page.locator("details summary").first().click();
        inspect.accept(page, "bulk");
        reader.open(site.address() + "/console#/people?search=inspected-" + language)
                .awaits("tbody tr");
        page.locator("details summary").first().click();
        page.locator("select[name=target], details select").last().selectOption("all");
        page.locator("details button[type=submit]").click();
        reader.awaits("dialog .actions button.primary");
        inspect.accept(page, "dry-run");
        reader.press("common.close");
        reader.open(site.address() + "/console#/people?search=" + LONG).awaits("tbody tr");
        inspect.accept(page, "long-name");
        reader.open(site.address() + "/console#/people?search=unknown").awaits("h2");
        inspect.accept(page, "nothing-found");
        reader.press("people.create").awaits("dialog");
        inspect.accept(page, "create");
        page.locator("dialog input").first().fill("x");
        page.locator("dialog input[type=password]").first().fill("short");
        page.locator("dialog button[type=submit]").click();
        reader.awaits("dialog [aria-invalid]");
        inspect.accept(page, "create-invalid");
        reader.press("common.cancel").press("people.invite").awaits("dialog");
        inspect.accept(page, "invite");
        reader.press("common.cancel");
        reader.open(site.address() + "/console#/people/" + person.id()).awaits("main dl");
        inspect.accept(page, "person");
        reader.press("people.edit").awaits("dialog");
        inspect.accept(page, "edit");
        reader.press("common.cancel").press("people.delete").awaits("dialog");
        inspect.accept(page, "delete");
        reader.press("common.cancel");
        Sites.expect(200, api.patch("/user/" + person.id(), admin, "{\"status\":\"disabled\"}"));
        reader.open(site.address() + "/console#/people/" + person.id() + "/login")
                .sees("people.causes.STATUS_DISABLED");
        inspect.accept(page, "why");
        reader.open(site.address() + "/console#/nothing");
        inspect.accept(page, "unknown");
        inspection.assertFlawless();
    }

    @ParameterizedTest
    @ValueSource(strings = {"en", "de"})
    void theSystemIsAccessible(String language, @TempDir Path folder) throws Exception {
        String service = service();
        BiConsumer<Page, String> inspect = inspect("console", language);
        Page page = page(language);
        Reader reader = logIn(page, "/console", ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD);
        reader.awaits("tbody tr");

        for (String screen : new String[] {"audit", "mails", "keys", "services", "settings", "health"}) {
            reader.open(site.address() + "/console#/" + screen).awaits("main :is(table, form)");
            inspect.accept(page, screen);
        }
        reader.open(site.address() + "/console#/audit?user=" + "0".repeat(24)).awaits("main form");
        page.locator("details summary").first().click();
        reader.awaits("fieldset input");
        inspect.accept(page, "audit-empty");
        reader.open(site.address() + "/console#/services/" + service).awaits("main dl");
        inspect.accept(page, "service");
        page.locator("form button[type=submit]").last().click();
        reader.awaits("dialog input");
        inspect.accept(page, "secret");
        reader.press("system.stored");
        reader.open(site.address() + "/console#/export");
        inspect.accept(page, "export");
        reader.open(site.address() + "/console#/import");
        inspect.accept(page, "import");
        Path file = folder.resolve("users.ndjson");
        Files.writeString(
                file,
                "{\"username\":\"x\"}\nno JSON\n{\"username\":\"" + LONG + "\",\"x\":1,\"password\":\"short\"}\n");
        page.locator("input[type=file]").setInputFiles(file);
        page.locator("main form button[type=submit]").click();
        reader.sees("system.checked");
        inspect.accept(page, "imported");
        inspection.assertFlawless();
    }

    @ParameterizedTest
    @ValueSource(strings = {"en", "de"})
    void theConsoleOfOtherRolesIsAccessible(String language) {
        Person person = Sites.person(site, "screens");
        BiConsumer<Page, String> inspect = inspect("console", language);
        for (String role : new String[] {"support", "auditor"}) {
            Page page = page(language);
            logIn(page, "/console", Sites.person(site, "screens", "user", role)).awaits("tbody tr");
            inspect.accept(page, role);
            new Reader(page)
                    .open(site.address() + "/console#/people/" + person.id())
                    .awaits("main dl");
            inspect.accept(page, role + "-person");
        }
        Page page = page(language);
        logIn(page, "/console", person).sees("console.forbidden");
        inspect.accept(page, "forbidden");
        inspection.assertFlawless();
    }

    private static Page page(String language) {
        return chromium.open(language, ColorScheme.LIGHT, 1280);
    }

    private BiConsumer<Page, String> inspect(String group, String language) {
        return language.equals("en")
                ? (page, name) -> inspection.inspect(page, group + "-" + name)
                : (page, name) -> inspection.inspectTexts(page, group + "-" + name + "-" + language);
    }

    private static Reader logIn(Page page, String path, Person person) {
        return logIn(page, path, person.name(), Sites.PASSWORD);
    }

    private static Reader logIn(Page page, String path, String name, String password) {
        return new Reader(page)
                .open(site.address() + path)
                .enter("common.usernameOrAddress", name)
                .enter("common.password", password)
                .press("common.logIn")
                .awaits("#header:not([hidden])");
    }

    private static String service() {
        ServiceClient api = site.api();
        String body = "{\"name\":\"billing\",\"roles\":[\"support\"]}";
        return Sites.expect(201, api.post("/service", api.adminToken(), body)).text("_id");
    }
}
