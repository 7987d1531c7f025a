package org.gatehouse.pages;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.gatehouse.json.Json;
import org.gatehouse.pages.Sites.Person;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.gatehouse.war.Site;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Does the tasks of administrators with the keyboard only, each from an empty page of a new profile to the result. */
class ConsoleTasksWalk {
    private static final String SEARCH = "Person";

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    static Stream<Site.Place> places() {
        return Sites.places();
    }

    @ParameterizedTest
    @MethodSource("places")
    void findsOutWhyAPersonCannotLogIn(Site.Place place) {
        Site site = Sites.at(place);
        Person person = Sites.person(site, "locked");
        ServiceClient api = site.api();
        Sites.expect(200, api.patch("/user/" + person.id(), api.adminToken(), "{\"status\":\"disabled\"}"));
        Sites.expect(401, api.login(person.name(), Sites.PASSWORD));

        logIn(site, chromium.open())
                .on("People")
                .type(SEARCH, person.email())
                .activate("Search")
                .activate("Why no login? " + person.name())
                .on("Why can’t " + person.name() + " log in?")
                .sees("The account is disabled.")
                .activate("Enable")
                .sees("The account can log in.");

        Sites.expect(200, api.login(person.name(), Sites.PASSWORD));
    }

    /** From a typed address, one press of a button finds the person, and the next one shows the cause. */
    @Test
    void eightCausesAreTwoPressesAway() {
        Site site = Sites.at(Sites.places().findFirst().orElseThrow());
        Keyboard keyboard = logIn(site, chromium.open()).on("People");

        peopleWhoCannotLogIn(site)
                .forEach((person, cause) -> keyboard.type(SEARCH, person.email())
                        .activate("Search")
                        .activate("Why no login? " + person.name())
                        .on("Why can’t " + person.name() + " log in?")
                        .sees(cause)
                        .activate("People")
                        .on("People"));
    }

    private static Map<Person, String> peopleWhoCannotLogIn(Site site) {
        ServiceClient api = site.api();
        String admin = api.adminToken();
        Person disabled = Sites.person(site, "disabled");
        Sites.expect(200, api.patch("/user/" + disabled.id(), admin, "{\"status\":\"disabled\"}"));
        Person leaving = Sites.person(site, "leaving");
        Sites.expect(202, api.delete("/user/me", api.token(leaving.name(), Sites.PASSWORD)));
        Person forgetful = Sites.person(site, "forgetful");
        Sites.expect(401, api.login(forgetful.name(), "not the password"));
        Person throttled = Sites.person(site, "throttled");
        for (int failure = 0; failure < 10; failure++) {
            Sites.expect(401, api.patiently(() -> api.loginFrom("192.0.2.7", throttled.name(), "not the password")));
        }
        Person unguarded = Sites.person(site, "unguarded", "user", Sites.FACTOR_ROLE);
        Person passwordless = imported(site, Sites.newName("passwordless"));
        String name = Sites.newName("unverified");
        Person unverified = created(site, name, name + "@example.com");
        Person sharing = created(site, Sites.newName("sharing"), unguarded.email());
        return Map.of(
                disabled, "The account is disabled.",
                leaving, "The user asked to delete the account.",
                forgetful, "The latest passwords were wrong.",
                throttled, "Too many wrong passwords came from one IP address.",
                unguarded, "A role requires a second factor, and the user has none.",
                passwordless, "The account has no password.",
                unverified, "The address is not verified.",
                sharing, "Another account has verified this address.");
    }

    /** Creates a user with an address that is not verified. */
    private static Person created(Site site, String name, String email) {
        String fields = Json.MAPPER
                .createObjectNode()
                .put("username", name)
                .put("password", Sites.PASSWORD)
                .put("email", email)
                .toString();
        ServiceClient api = site.api();
        return new Person(
                Sites.expect(201, api.post("/user", api.adminToken(), fields)).text("_id"), name, email);
    }

    /** Creates a user without a password. */
    private static Person imported(Site site, String name) {
        String email = name + "@example.com";
        String line = Json.MAPPER
                .createObjectNode()
                .put("username", name)
                .put("email", email)
                .toString();
        ServiceClient api = site.api();
        Response report = api.send(
                "POST", "/user/import", line, "auth", api.adminToken(), "Content-Type", "application/x-ndjson");
        assertThat(Sites.expect(200, report).body()).contains("created");
        return new Person("", name, email);
    }

    @ParameterizedTest
    @MethodSource("places")
    void disablesSeveralPeople(Site.Place place) {
        Site site = Sites.at(place);
        Person first = Sites.person(site, "bulk-" + place.ordinal());
        Person second = Sites.person(site, "bulk-" + place.ordinal());

        logIn(site, chromium.open())
                .on("People")
                .type(SEARCH, "bulk-" + place.ordinal())
                .activate("Search")
                .sees("Found: 2")
                .activate("Change several people")
                .choose("Change", "Disable")
                .choose("People", "All that match the search")
                .activate("Check first")
                .sees("Would change: 2")
                .activate("Change 2 now")
                .sees("Changed: 2")
                .activate("Close");

        Sites.expect(401, site.api().login(first.name(), Sites.PASSWORD));
        Sites.expect(401, site.api().login(second.name(), Sites.PASSWORD));
    }

    @ParameterizedTest
    @MethodSource("places")
    void importsAFileAndSavesTheFailedLines(Site.Place place, @TempDir Path folder) throws Exception {
        Site site = Sites.at(place);
        String imported = Sites.newName("imported");
        Path file = folder.resolve("users.ndjson");
        Files.writeString(file, "{\"username\":\"" + imported + "\"}\n{\"username\":\"x\"}\n");
        Page page = chromium.open();
        Keyboard keyboard = logIn(site, page).on("People").activate("Import");

        keyboard.on("Import")
                .chooseFile("File", file)
                .activate("Import")
                .sees("The file has been checked.")
                .toggle("Only check the file")
                .activate("Import")
                .sees("The import is complete.");
        Path failed = page.waitForDownload(() -> keyboard.activate("Save all failed lines"))
                .path();

        assertThat(Files.readString(failed)).contains("\"line\":2", "{\\\"username\\\":\\\"x\\\"}");
        assertThat(Files.readAllLines(failed)).hasSize(1);
        ServiceClient api = site.api();
        assertThat(api.get("/user?q=" + imported, api.adminToken()).json()).hasSize(1);
    }

    @ParameterizedTest
    @MethodSource("places")
    void createsAServiceAccount(Site.Place place) {
        Site site = Sites.at(place);
        String name = Sites.newName("service");
        Page page = chromium.open();
        Keyboard keyboard = logIn(site, page)
                .on("People")
                .activate("Service accounts")
                .on("Service accounts")
                .type("Name", name)
                .type("Roles", "support")
                .activate("Create")
                .inDialog("The secret of " + name);
        String id = page.locator("dialog input").first().inputValue();
        String secret = page.locator("dialog input").last().inputValue();

        keyboard.activate("I have stored the secret").on(name);

        assertThat(site.api().serviceToken(id, secret)).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("places")
    void createsASigningKey(Site.Place place) {
        Site site = Sites.at(place);
        ServiceClient api = site.api();
        int before = api.get("/key", api.adminToken()).json().size();

        logIn(site, chromium.open())
                .on("People")
                .activate("Signing keys")
                .on("Signing keys")
                .activate("Create a new key")
                .inDialog("Create a new key")
                .activate("Create a new key")
                .sees("The new key signs from");

        assertThat(api.get("/key", api.adminToken()).json()).hasSize(before + 1);
    }

    @ParameterizedTest
    @MethodSource("places")
    void findsEntriesOfTheAuditLog(Site.Place place) {
        Site site = Sites.at(place);
        Person person = Sites.person(site, "audited");

        logIn(site, chromium.open())
                .on("People")
                .activate("Audit log")
                .on("Audit log")
                .type("User or service", person.name())
                .activate("Apply filter")
                .sees("USER_CREATED");
    }

    private static Keyboard logIn(Site site, Page page) {
        return new Keyboard(page)
                .open(site.address() + "/console")
                .on("Log in to the console")
                .type("Username or email address", ServiceClient.ADMIN)
                .type("Password", ServiceClient.ADMIN_PASSWORD)
                .activate("Log in");
    }
}
