// The console of administrators: login, navigation, and the screen that the fragment of the address names.

import { announce, button, el, problemText, showScreen } from "./dom.js";
import { enrolmentScreen } from "./factors.js";
import { loginParts } from "./login.js";
import { screens as people } from "./people.js";
import { features, logOut, mustEnrol, onSession, refresh, user } from "./session.js";
import { fragment, hasRole, offered } from "./shell.js";
import { screens as system } from "./system.js";
import { t } from "./text.js";
import { focusOn } from "./view.js";

const header = document.getElementById("header");

/** Changes with each screen, so that a slow answer does not replace a later screen. */
let present = 0;

/** Shows the login, or the screen that the fragment names: `#/path/part/part?query`. */
async function route() {
  const number = ++present;
  const current = () => number === present;
  document.querySelectorAll("dialog").forEach((open) => open.close());
  const screens = user && !mustEnrol ? [...people, ...system].filter(({ roles }) => hasRole(roles)) : [];
  const [path, query] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [name, ...parts] = path.split("/").map(decoded);
  const screen = name === "" ? screens[0] : screens.find((one) => one.path === name);
  showHeader(screens, screen);
  try {
    Object.assign(offered, await features());
    if (!current()) {
      return;
    }
    showHeader(screens, screen);
    if (!user) {
      showScreen(t("console.login"), loginParts({ done: route, passkeys: offered.passkeys }));
    } else if (mustEnrol) {
      enrolmentScreen(offered, route);
    } else if (screen) {
      await screen.show({ parts, query: Object.fromEntries(new URLSearchParams(query)), current });
    } else if (screens.length > 0) {
      showScreen(t("console.unknown"), el("p", {}, el("a", { href: fragment([screens[0].path]) }, t(screens[0].label))));
    } else {
      showScreen(t("console.forbidden"), el("p", {}, t("console.forbiddenText")));
    }
  } catch (failed) {
    if (current()) {
      showFailure(failed?.canceled ? t("common.canceled") : problemText(failed), route);
    }
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function showFailure(text, again) {
  showScreen(t("console.title"), el("p", { class: "problem", role: "alert" }, text),
    button(t("common.retry"), again, { class: "primary" }));
}

function showHeader(screens, shown) {
  header.hidden = !user;
  header.replaceChildren(...(!user ? [] : [
    el("a", { href: "#main", class: "skip", on: { click: skip } }, t("common.skip")),
    screens.length > 0 && el("nav", { "aria-label": t("console.title") }, el("ul", {}, screens
      .filter(({ hidden }) => !hidden)
      .map((one) => el("li", {},
        el("a", { href: fragment([one.path]), "aria-current": one === shown && "page" }, t(one.label)))))),
    el("p", {}, el("a", { href: "account" }, el("bdi", {}, user.username)), " ", button(t("common.logOut"), () => logOut())),
  ].filter(Boolean)));
}

function skip(event) {
  event.preventDefault();
  focusOn();
}

/** Shows the login, and nothing of the user whose session has ended. */
function ended() {
  history.replaceState(null, "", location.pathname);
  document.getElementById("main").replaceChildren();
  announce("");
  void route();
}

async function start() {
  try {
    await refresh();
  } catch (failed) {
    showFailure(problemText(failed), start);
    return;
  }
  await route();
}

onSession({ ended });
addEventListener("hashchange", route);
await start();
