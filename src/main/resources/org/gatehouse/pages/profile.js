// The screens about the user, the sessions, and the data of the account.

import { announce, button, confirmed, details, el, focusHeading, form, loaded, save, section, showScreen, time, timeText } from "./dom.js";
import { call, logOut, page, remember, send, user } from "./session.js";
import { t } from "./text.js";

/** Username and address. */
export function profileScreen({ mail }) {
  const content = loaded(async () => {
    remember(await call("GET", "user/me"));
    return [summary(mail), section(t("account.changeUsername"), usernameForm()), emailPart(mail)];
  });
  showScreen(t("account.screens.profile"), content);
}

/** The address as text. It may be any JSON in a database of the legacy service. */
function address() {
  return typeof user.email === "string" ? user.email : "";
}

function summary(mail) {
  const verified = Boolean(user.emailVerified);
  return [
    details([
      [t("common.username"), el("bdi", { class: "username" }, user.username)],
      [t("account.email"), address()
        ? [el("bdi", {}, address()), " ",
          el("span", { class: verified ? "badge good" : "badge" }, t(verified ? "account.verified" : "account.unverified"))]
        : t("common.none")],
      [t("account.created"), time(user.createdAt)],
    ]),
    address() && !verified && mail && [
      el("p", { class: "hint" }, t("account.verifyText")),
      el("div", { class: "actions" }, button(t("account.verify"), async () => {
        await call("POST", "email/verification", {});
        announce(t("account.verifySent", { email: address() }));
      })),
    ],
  ];
}

function usernameForm() {
  return form({
    fields: [{ name: "username", label: t("account.newUsername"), autocomplete: "username", value: user.username }],
    action: t("account.changeUsername"),
    submit: async ({ username }) => {
      remember(await call("PATCH", "user/me", { username }));
      document.querySelectorAll(".username").forEach((place) => (place.textContent = user.username));
      announce(t("account.usernameChanged"));
    },
  });
}

function emailPart(mail) {
  const heading = t(address() ? "account.changeEmail" : "account.addEmail");
  const hints = [mail && t("account.newEmailHint"), address() && t("account.removeHint")].filter(Boolean);
  return section(heading, form({
    fields: [
      { name: "email", label: t("account.newEmail"), type: "email", autocomplete: "email", optional: Boolean(address()),
        hint: hints.join(" ") },
      { name: "currentPassword", label: t("account.currentPassword"), type: "password", autocomplete: "current-password" },
    ],
    action: heading,
    submit: async ({ email = null, currentPassword }) => {
      if (email === null && !await confirmed(t("account.removeEmail"), t("account.removeText"), t("account.removeEmail"))) {
        return;
      }
      // Without mail there is no proof of an address, and it stays unverified.
      const { status } = mail || email === null || user.emailVerified
        ? await send("PUT", "user/me/email", { body: { email, currentPassword } })
        : await send("PATCH", "user/me", { body: { email } });
      profileScreen({ mail });
      announce(status === 202 ? t("account.emailAsked", { email }) : t("common.changed"));
    },
  }));
}

/** The sessions of the user, with buttons that end them. */
export function sessionScreen() {
  const list = el("ul", { class: "items" });
  const more = el("div", { class: "actions" });
  const content = loaded(async () => {
    list.replaceChildren();
    await add("session?limit=20");
    return [list, more, button(t("account.endOthers"), async () => {
      if (await confirmed(t("account.endOthers"), t("account.endOthersText"), t("account.endOthers"))) {
        await call("DELETE", "session?others=true");
        sessionScreen();
        announce(t("common.done"));
      }
    })];
  });

  async function add(path) {
    const { items, next } = await page(path);
    const added = items.map(item);
    list.append(...added);
    more.replaceChildren(...(next ? [button(t("common.more"), async () => (await add(next)).focus())] : []));
    return added[0];
  }

  function item(session) {
    const device = deviceName(session.userAgent);
    const started = timeText(session.createdAt);
    const line = el("li", { tabIndex: -1 },
      el("h2", {}, el("bdi", {}, device), " ", session.current && el("span", { class: "badge good" }, t("account.thisSession"))),
      details([
        [t("account.source"), el("bdi", {}, session.ip)],
        [t("account.loggedIn"), time(session.createdAt)],
        [t("account.lastUsed"), time(session.lastSeenAt)],
      ]),
      !session.current && button(t("common.end"), async () => {
        await call("DELETE", `session/${encodeURIComponent(session._id)}`);
        line.remove();
        focusHeading();
        announce(t("account.sessionEnded"));
      }, { "aria-label": t("account.endSession", { device, time: started }) }));
    return line;
  }

  showScreen(t("account.screens.sessions"), el("p", {}, t("account.sessionsText")), content);
}

const BROWSERS = [[/\bEdg/, "Edge"], [/\bOPR\//, "Opera"], [/\bFirefox\//, "Firefox"], [/Chrom(e|ium)\//, "Chrome"], [/\bSafari\//, "Safari"]];
const SYSTEMS = [[/\bAndroid\b/, "Android"], [/\biPhone\b|\biPad\b/, "iOS"], [/\bWindows\b/, "Windows"], [/\bMac OS X\b/, "macOS"],
  [/\bLinux\b/, "Linux"]];

/** Returns the browser and the system of a user agent, or else its text. */
function deviceName(userAgent) {
  const find = (list) => list.find(([pattern]) => pattern.test(userAgent))?.[1];
  const names = [find(BROWSERS), find(SYSTEMS)].filter(Boolean);
  return names.length === 2 ? names.join(", ") : userAgent || t("account.unknownDevice");
}

/** The export and the deletion of the account. */
export function dataScreen(features, goodbye) {
  showScreen(t("account.screens.data"),
    section(t("account.export"), el("p", {}, t("account.exportText")),
      el("div", { class: "actions" }, button(t("account.export"), async () => {
        // A large account needs longer than other calls.
        const response = await send("GET", "user/me/export", { signal: new AbortController().signal });
        save([await response.blob()], "account.json", "application/json");
        announce(t("account.exported"));
      }))),
    section(t("account.delete"), el("p", {}, t("account.deleteText")),
      el("div", { class: "actions" }, button(t("account.delete"), () => leave(goodbye), { class: "danger" }))));
}

async function leave(goodbye) {
  if (!await confirmed(t("account.delete"), t("account.deleteConfirm"), t("account.delete"))) {
    return;
  }
  const { deletedAfter } = await call("DELETE", "user/me");
  const text = t("account.leaving", { time: timeText(deletedAfter) });
  // The session has ended already. This only removes its cookie.
  await logOut().catch(() => {});
  goodbye(t("account.leavingTitle"), text);
}
