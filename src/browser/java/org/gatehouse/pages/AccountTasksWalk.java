package org.gatehouse.pages;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Page;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.json.Json;
import org.gatehouse.mail.MailServer;
import org.gatehouse.pages.Sites.Person;
import org.gatehouse.war.ServiceClient;
import org.gatehouse.war.Site;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Does the tasks of users with the keyboard only, each from an empty page of a new profile to the result. */
class AccountTasksWalk {
    private static final String NEW_PASSWORD = "another battery of horses";
    private static final Pattern LINK = Pattern.compile("https?://localhost\\S*/account/\\w+#proof=[\\w-]+");

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    static Stream<Site.Place> places() {
        return Sites.places();
    }

    @ParameterizedTest
    @MethodSource("places")
    void logsInAndOut(Site.Place place) {
        Site site = Sites.at(place);
        Person person = Sites.person(site, "walker");
        Keyboard keyboard = new Keyboard(chromium.open());

        keyboard.open(site.address() + "/").on("Log in to your account");
        logIn(keyboard, person, Sites.PASSWORD).sees(person.email());
        keyboard.activate("Log out").on("Log in to your account").sees("You are logged out.");

        assertThat(keyboard.text()).doesNotContain(person.name());
    }

    @ParameterizedTest
    @MethodSource("places")
    void registersAndConfirmsTheAddress(Site.Place place) {
        Site site = Sites.at(place);
        String name = Sites.newName("newcomer");
        Keyboard keyboard = new Keyboard(chromium.open());

        keyboard.open(site.address() + "/account")
                .activate("Create an account")
                .on("Create an account")
                .type("Username", name)
                .type("Email address", name + "@example.com")
                .type("Password", Sites.PASSWORD)
                .activate("Create an account")
                .on("Profile")
                .sees("not confirmed");
        keyboard.open(link(site, name + "@example.com", "verification"))
                .type("Password", Sites.PASSWORD)
                .activate("Confirm email address")
                .sees("Your email address is confirmed.")
                .activate("Go to your account")
                .on("Profile");

        keyboard.sees("confirmed");
        assertThat(keyboard.text()).doesNotContain("not confirmed");
    }

    @ParameterizedTest
    @MethodSource("places")
    void acceptsAnInvitation(Site.Place place) {
        Site site = Sites.at(place);
        String name = Sites.newName("guest");
        String email = name + "@example.com";
        ServiceClient api = site.api();
        Sites.expect(
                202,
                api.post(
                        "/invitation",
                        api.adminToken(),
                        Json.MAPPER.createObjectNode().put("email", email).toString()));
        Keyboard keyboard = new Keyboard(chromium.open());

        keyboard.open(link(site, email, "invitation"))
                .on("Create your account")
                .type("Username", name)
                .type("Password", Sites.PASSWORD)
                .activate("Create account")
                .sees("Your account is created.")
                .activate("Go to your account");
        logIn(keyboard, new Person("", email, email), Sites.PASSWORD).sees(name);
    }

    @ParameterizedTest
    @MethodSource("places")
    void setsAForgottenPassword(Site.Place place) {
        Site site = Sites.at(place);
        Person person = Sites.person(site, "forgetful");
        Keyboard keyboard = new Keyboard(chromium.open());

        keyboard.open(site.address() + "/account")
                .activate("Forgot your password?")
                .on("Forgot your password?")
                .type("Username or email address", person.email())
                .activate("Send the link")
                .sees("a mail with a link is on its way");
        keyboard.open(link(site, person.email(), "reset"))
                .on("Set a new password")
                .type("New password", NEW_PASSWORD)
                .activate("Set password")
                .sees("The password is changed")
                .activate("Go to your account");
        logIn(keyboard, person, NEW_PASSWORD);
    }

    @ParameterizedTest
    @MethodSource("places")
    void changesThePassword(Site.Place place) {
        Site site = Sites.at(place);
        Person person = Sites.person(site, "careful");
        Keyboard keyboard = new Keyboard(chromium.open());

        logIn(keyboard.open(site.address() + "/account"), person, Sites.PASSWORD)
                .activate("Password and factors")
                .on("Password and factors")
                .type("Current password", Sites.PASSWORD)
                .type("New password", NEW_PASSWORD)
                .activate("Change password")
                .sees("Your password is changed, and all other sessions have ended.")
                .activate("Log out");
        logIn(keyboard, person, NEW_PASSWORD);
    }

    @ParameterizedTest
    @MethodSource("places")
    void changesTheAddress(Site.Place place) {
        Site site = Sites.at(place);
        Person person = Sites.person(site, "mover");
        String email = person.name() + "@example.org";
        Keyboard keyboard = new Keyboard(chromium.open());

        logIn(keyboard.open(site.address() + "/account"), person, Sites.PASSWORD)
                .type("New email address", email)
                .type("Current password", Sites.PASSWORD)
                .activate("Change email address")
                .sees("Open the link in the mail to " + email);
        keyboard.open(link(site, email, "change"))
                .on("Confirm your new email address")
                .type("Password", Sites.PASSWORD)
                .activate("Confirm email address")
                .sees("Your account uses the new email address.")
                .activate("Go to your account")
                .on("Profile")
                .sees(email);
    }

    @ParameterizedTest
    @MethodSource("places")
    void addsAnAuthenticatorApp(Site.Place place) {
        Site site = Sites.at(place);
        Person person = Sites.person(site, "secure");
        Page page = chromium.open();
        Keyboard keyboard = new Keyboard(page);

        logIn(keyboard.open(site.address() + "/account"), person, Sites.PASSWORD)
                .activate("Password and factors")
                .activate("Add an authenticator app")
                .activate("Continue")
                .sees("Scan this image");
        String secret = page.locator("dialog p code").innerText().replace(" ", "");
        Instant used = Instant.now();
        keyboard.type("Code", FactorNodes.codeAt(secret, used))
                .activate("Confirm")
                .inDialog("Recovery codes");
        String recoveryCode = page.locator("dialog ol code").first().innerText();
        keyboard.activate("I have stored the codes").sees("Phone is added.").activate("Log out");

        // Each code works once, and the service accepts the next one early.
        enterCredentials(keyboard.on("Log in to your account"), person)
                .inDialog("Confirm with a second factor")
                .type("Code", FactorNodes.codeAt(secret, used.plus(FactorNodes.STEP)))
                .activate("Continue")
                .on("Profile")
                .activate("Log out");
        enterCredentials(keyboard.on("Log in to your account"), person)
                .inDialog("Confirm with a second factor")
                .type("Code", recoveryCode)
                .activate("Continue")
                .on("Profile")
                .sees("You used a recovery code. Codes left: 9.");
    }

    @ParameterizedTest
    @MethodSource("places")
    void addsAPasskey(Site.Place place) {
        Site site = Sites.at(place);
        Person person = Sites.person(site, "modern");
        Page page = chromium.open();
        addAuthenticator(page);
        Keyboard keyboard = new Keyboard(page);

        logIn(keyboard.open(site.address() + "/account"), person, Sites.PASSWORD)
                .activate("Password and factors")
                .activate("Add a passkey")
                .type("Name of the factor", "Key ring")
                .activate("Continue")
                .activate("I have stored the codes")
                .sees("Key ring is added.")
                .activate("Log out")
                .on("Log in to your account")
                .activate("Use a passkey")
                .on("Profile")
                .sees(person.email());
    }

    @ParameterizedTest
    @MethodSource("places")
    void endsAnotherSession(Site.Place place) {
        Site site = Sites.at(place);
        Person person = Sites.person(site, "tidy");
        String other = site.api().token(person.name(), Sites.PASSWORD);
        Keyboard keyboard = new Keyboard(chromium.open());

        logIn(keyboard.open(site.address() + "/account"), person, Sites.PASSWORD)
                .activate("Sessions")
                .on("Sessions")
                .activateFirst("End the session of ")
                .sees("The session has ended.");

        Sites.expect(401, site.api().get("/user/me", other));
    }

    @ParameterizedTest
    @MethodSource("places")
    void downloadsTheDataAndDeletesTheAccountAndKeepsIt(Site.Place place) throws Exception {
        Site site = Sites.at(place);
        Person person = Sites.person(site, "undecided");
        Page page = chromium.open();
        Keyboard keyboard = new Keyboard(page);

        logIn(keyboard.open(site.address() + "/account"), person, Sites.PASSWORD)
                .activate("Your data")
                .on("Your data");
        Path data = page.waitForDownload(() -> keyboard.activate("Download your data"))
                .path();
        assertThat(Files.readString(data)).contains("\"" + person.email() + "\"");
        keyboard.activate("Delete your account")
                .inDialog("Delete your account")
                .activate("Delete your account")
                .on("Your account will be deleted")
                .activate("Back to the login");
        enterCredentials(keyboard.on("Log in to your account"), person)
                .inDialog("Keep this account?")
                .activate("Keep the account")
                .on("Profile")
                .sees(person.email());
    }

    private static Keyboard logIn(Keyboard keyboard, Person person, String password) {
        return keyboard.on("Log in to your account")
                .type("Username or email address", person.name())
                .type("Password", password)
                .activate("Log in")
                .on("Profile");
    }

    private static Keyboard enterCredentials(Keyboard keyboard, Person person) {
        return keyboard.type("Username or email address", person.name())
                .type("Password", Sites.PASSWORD)
                .activate("Log in");
    }

    /** Returns the link in the latest mail of this kind. */
    private static String link(Site site, String address, String kind) {
        MailServer.Received mail = site.mails().await(address, kind);
        Matcher link = LINK.matcher(mail.text());
        assertThat(link.find()).as(mail.text()).isTrue();
        return link.group();
    }

    /** Gives the page a passkey authenticator of the device that always confirms the user. */
    private static void addAuthenticator(Page page) {
        CDPSession devTools = page.context().newCDPSession(page);
        devTools.send("WebAuthn.enable");
        JsonObject options = new JsonObject();
        options.addProperty("protocol", "ctap2");
        options.addProperty("transport", "internal");
        options.addProperty("hasResidentKey", true);
        options.addProperty("hasUserVerification", true);
        options.addProperty("isUserVerified", true);
        options.addProperty("automaticPresenceSimulation", true);
        JsonObject parameters = new JsonObject();
        parameters.add("options", options);
        devTools.send("WebAuthn.addVirtualAuthenticator", parameters);
    }
}
