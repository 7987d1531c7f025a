// The account page: login, registration, and the screens of a user who has logged in. The fragment names the screen.

import { announce, button, el, focusHeading, form, problem, showScreen } from "./dom.js";
import { factorScreen, enrolmentScreen } from "./factors.js";
import { loginParts } from "./login.js";
import { dataScreen, profileScreen, sessionScreen } from "./profile.js";
import { features, logOut, mustEnrol, onSession, post, refresh, request, take, user } from "./session.js";
import { t } from "./text.js";

/** The screens of a user, by the fragment of the address. The first one is the start. */
const SCREENS = {
  "": profileScreen,
  "security": factorScreen,
  "sessions": sessionScreen,
  "data": dataScreen,
};

/** The roles that may use the console. */
const CONSOLE_ROLES = ["admin", "support", "auditor"];

const header = document.getElementById("header");

/** Changes with each screen, so that a slow answer does not replace a later screen. */
let present = 0;

/** Shows the screen that the fragment names. */
async function route() {
  const number = ++present;
  document.querySelectorAll("dialog").forEach((open) => open.close());
  try {
    const offered = await features();
    if (number === present) {
      show(location.hash.replace(/^#\/?/, ""), offered);
    }
  } catch (failed) {
    if (number === present) {
      showFailure(failed, route);
    }
  }
}

function show(name, offered) {
  showHeader(name);
  if (!user) {
    // Without HTTPS, the browser does not keep a session. The login says so.
    const possible = isSecureContext ? offered : {};
    (name === "register" && possible.registration ? showRegistration
      : name === "forgot" && possible.mail ? showForgotten : showLogin)(possible);
  } else if (mustEnrol) {
    enrolmentScreen(offered, route);
  } else {
    SCREENS[Object.hasOwn(SCREENS, name) ? name : ""](offered, goodbye);
  }
}

function showFailure(failed, again) {
  showScreen(t("account.title"), problem(failed), button(t("common.retry"), again, { class: "primary" }));
}

function showHeader(name) {
  header.hidden = !user;
  header.replaceChildren(...(!user ? [] : [
    el("a", { href: "#main", class: "skip", on: { click: skip } }, t("common.skip")),
    !mustEnrol && el("nav", { "aria-label": t("account.title") }, el("ul", {}, Object.keys(SCREENS).map((one) => el("li", {},
      el("a", { href: "#/" + one, "aria-current": one === name && "page" }, t("account.screens." + (one || "profile"))))))),
    el("p", {},
      el("bdi", { class: "username" }, user.username), " ",
      !mustEnrol && user.roles.some((role) => CONSOLE_ROLES.includes(role))
        && el("a", { href: "console" }, t("account.console")), " ",
      button(t("common.logOut"), async () => {
        await logOut();
        announce(t("account.loggedOut"));
      })),
  ].filter(Boolean)));
}

function skip(event) {
  event.preventDefault();
  focusHeading();
}

function showLogin({ registration, mail, passkeys }) {
  showScreen(t("account.logIn"), loginParts({ done: route, passkeys }),
    el("ul", { class: "links" },
      mail && el("li", {}, el("a", { href: "#/forgot" }, t("account.forgot"))),
      registration && el("li", {}, el("a", { href: "#/register" }, t("account.register")))));
}

function backToLogin() {
  return el("ul", { class: "links" }, el("li", {}, el("a", { href: "#/" }, t("account.toLogin"))));
}

function showRegistration({ mail }) {
  let created = null;
  const registration = form({
    fields: [
      { name: "username", label: t("common.username"), autocomplete: "username" },
      { name: "email", label: t("account.email"), type: "email", autocomplete: "email", optional: true,
        hint: mail ? t("account.emailHint") : null },
      { name: "password", label: t("common.password"), type: "password", autocomplete: "new-password", hint: t("common.passwordHint") },
    ],
    action: t("account.register"),
    submit: async ({ username, password, email }) => {
      // The same values with the same key do not create a second account, if the first response was lost.
      const values = JSON.stringify([username, password, email]);
      created = created?.values === values ? created : { values, key: crypto.randomUUID() };
      await request("POST", "user", {
        body: { username, password, ...(email && { email }) },
        headers: { "Idempotency-Key": created.key },
      });
      const granted = await post("login", { username, password, session: "cookie" });
      take(granted);
      history.replaceState(null, "", location.pathname);
      await route();
      announce(t(email && mail ? "account.registeredMail" : "account.registered"));
    },
  });
  showScreen(t("account.register"), registration, backToLogin());
}

function showForgotten() {
  const forgotten = form({
    fields: [{ name: "username", label: t("common.usernameOrAddress"), autocomplete: "username" }],
    action: t("account.sendLink"),
    submit: async ({ username }) => {
      await post("password/forgot", username.includes("@") ? { email: username } : { username });
      showScreen(t("account.forgot"), el("p", {}, t("account.linkSent")), backToLogin());
    },
  });
  showScreen(t("account.forgot"), el("p", {}, t("account.forgotText")), forgotten, backToLogin());
}

/** Shows a last message after the session has ended, and a way back to the login. */
function goodbye(heading, text) {
  present++;
  history.replaceState(null, "", location.pathname);
  showHeader("");
  showScreen(heading, el("p", {}, text), backToLogin());
}

/** Shows the login, and nothing of an earlier user. */
function ended() {
  showHeader("");
  document.getElementById("main").replaceChildren();
  history.replaceState(null, "", location.pathname);
  void route();
}

async function start() {
  try {
    await refresh();
  } catch (failed) {
    showFailure(failed, start);
    return;
  }
  await route();
}

onSession({ ended });
addEventListener("hashchange", route);
await start();
