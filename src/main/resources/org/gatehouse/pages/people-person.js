// One person: the fields, and everything that decides whether the person can log in.

import { announce, button, confirmed, details, el, section, showScreen, table, time } from "./dom.js";
import { ask, customFields, customOf, difference, fieldEntries, p, rolesIn, statusText } from "./people-fields.js";
import { call, post } from "./session.js";
import { fragment, may, offered } from "./shell.js";
import { auditRow, mailRow } from "./system.js";
import { t } from "./text.js";
import { columns, data, link } from "./view.js";

/** Shows `#/people/ID`, or only the login at `#/people/ID/login`. Both need one request. */
export async function showPerson({ parts: [id, part], current }) {
  const overview = await call("GET", `user/${encodeURIComponent(id)}/overview`);
  if (!current()) {
    return;
  }
  const { user } = overview;
  const name = user.username;
  const why = part === "login";
  const reload = () => showPerson({ parts: [id, part], current });
  const act = actions(overview, reload);
  showScreen(why ? p("whyOf", { name }) : name,
    el("div", { class: "actions" },
      why && link(["people", id], p("everything", { name })),
      button(p("reload"), reload)),
    loginPart(overview, act),
    !why && [
      section(p("details"), details(fieldEntries(user)), el("div", { class: "actions" },
        act.edit(), act.password(), act.address(), act.reset(), user.status === "active" ? act.disable() : act.enable(), act.remove())),
      sessionPart(overview, act), factorPart(overview, act), throttlePart(overview, act), mailPart(overview, reload),
      auditPart(overview),
    ]);
}

/**
 * Returns the buttons for what the caller may do with the user. Each shows the person again afterwards. A change states
 * the version that the page shows, so it does not overwrite the change of another administrator.
 */
function actions({ user, factors = [], mails = [] }, reload) {
  const path = `user/${user._id}`;
  const name = user.username;
  const current = { headers: { "If-Match": `"${user.version}"` } };
  const address = typeof user.email === "string" ? user.email : "";
  const act = (permission, label, action, properties) => may(permission) && button(label, async () => {
    const result = await action();
    if (result) {
      await reload();
      announce(typeof result === "string" ? result : t("common.done"));
    }
  }, properties);
  const status = (key, value) => act("users:write", p(key), () => call("PATCH", path, { status: value }, current));
  const end = (permission, key, target, values = {}) => {
    const label = p(key, values);
    return act(permission, label, async () =>
      (await confirmed(label, p(`${key}Text`, { name }), label)) && [await call("DELETE", target)]);
  };
  const lastMail = mails.find(({ kind }) => !kind.startsWith("notice"));
  return {
    enable: () => status(user.status === "leaving" ? "keep" : "enable", "active"),
    disable: () => status("disable", "disabled"),
    edit: () => act("users:write", p("edit"), () => edit(user, path)),
    password: () => act("users:write", p("setPassword"), () => ask(p("setPassword"), p("setPasswordText"), [
      { name: "newPassword", label: t("common.newPassword"), type: "password", autocomplete: "new-password" },
    ], t("common.save"), (values) => call("PUT", path + "/password", values))),
    address: () => act("users:write", p("setAddress"), () => ask(p("setAddress"), p("setAddressText"), [
      { name: "email", label: p("email"), type: "email", optional: true, value: address },
      { name: "verified", label: p("setVerified"), type: "checkbox", value: true },
    ], t("common.save"), ({ email = null, verified }) => call("PUT", path + "/email", { email, ...(email && { verified }) }))),
    reset: () => offered.mail && address && act("mail:read", p("sendReset"), async () => {
      await post("password/forgot", { username: name });
      return p("resetSent");
    }),
    remove: () => act("users:write", p("delete"), async () => {
      if (await confirmed(p("delete"), p("deleteText", { name }), p("delete"))) {
        await call("DELETE", path, undefined, current);
        location.hash = fragment(["people"]);
      }
    }, { class: "danger" }),
    sessions: () => end("sessions:end", "endSessions", path + "/session"),
    throttle: () => end("throttle:clear", "clearThrottle", path + "/throttle"),
    factors: factors.map((factor) => () => end("factors:remove", "removeFactor", `${path}/factor/${factor._id}`, { factor: factor.name })),
    retry: (mail = lastMail) => ["queued", "failed"].includes(mail?.status) && act("mail:retry", p("retryMail", { kind: mail.kind }),
      async () => [await call("POST", `mail/${mail._id}/retry`)]),
  };
}

/** Asks for a change of the fields. If another administrator was faster, shows that change; only the differences are sent. */
function edit(user, path) {
  const values = ({ username, status, roles, ...more }) => ({ username, status, roles, ...customOf(more) });
  const before = values(user);
  let { version } = user;
  return ask(p("edit"), null, [
    { name: "username", label: t("common.username"), value: user.username },
    { name: "status", label: p("status"), value: user.status, options: [...new Set(["active", "disabled", user.status])]
      .map((status) => [status, statusText({ status })]) },
    { name: "roles", label: p("roles"), hint: p("rolesHint"), optional: true, value: user.roles.join(", ") },
    { name: "custom", label: p("custom"), hint: p("customHint"), optional: true, rows: 8, value: JSON.stringify(customOf(user), null, 2) },
  ], t("common.save"), async ({ roles, custom, ...more }) => {
    try {
      const patch = difference(before, { ...more, roles: rolesIn(roles), ...customFields(custom) });
      return await call("PATCH", path, patch, { headers: { "If-Match": `"${version}"` } });
    } catch (failed) {
      if (failed.code !== "VERSION_MISMATCH") {
        throw failed;
      }
      const now = await call("GET", path);
      version = now.version;
      throw { status: 412, message: p("conflict"), errors: Object.entries(difference(before, values(now)))
        .map(([field, value]) => ({ field, message: p("isNow", { value: JSON.stringify(value) }) })) };
    }
  });
}

/** Returns what creates the buttons that help with a cause. */
function remedies({ code, detail }, act) {
  return {
    STATUS_DISABLED: [act.enable],
    STATUS_LEAVING: [act.enable],
    NO_PASSWORD: [act.reset, act.password],
    WRONG_PASSWORD: [act.reset, act.password],
    SOURCE_THROTTLED: [act.throttle],
    STRANGERS_THROTTLED: [act.throttle],
    FACTOR_THROTTLED: [act.throttle],
    WRONG_FACTOR: act.factors,
    FACTOR_REQUIRED: act.factors,
    FACTOR_ENROLMENT_REQUIRED: [act.edit],
    ADDRESS_UNVERIFIED: [act.address],
    ADDRESS_SHARED: [act.address, () => detail && link(["people", detail], p("otherAccount"))],
    MAIL_FAILED: [act.retry, act.reset],
    MAIL_PENDING: [act.retry],
  }[code] ?? [];
}

/** Says whether the user can log in, and lists the causes with what helps, and the latest failures. */
function loginPart({ login }, act) {
  const fails = login.causes.some(({ severity }) => severity !== "information");
  return section(p("login"),
    el("p", { class: !login.can && "problem" }, p(!login.can ? "cannot" : fails ? "may" : "can")),
    login.causes.length > 0 && el("ul", { class: "items" }, login.causes.map((cause) => causeItem(cause, act))),
    !fails && el("p", {}, p("canText")),
    login.lastFailures?.length > 0 && auditTable(p("failures"), login.lastFailures));
}

function causeItem(cause, act) {
  const { code, severity, message, detail, since, until, source, count } = cause;
  const facts = [since && [p("since"), time(since)], until && [p("until"), time(until)], source && [p("source"), source],
    count && [p("failed"), count], detail && code !== "ADDRESS_SHARED" && [p("details"), data(detail)]].filter(Boolean);
  return el("li", {},
    el("h3", {}, t.has("people.causes." + code) ? p("causes." + code) : message),
    el("p", {}, el("span", { class: severity === "blocks" ? "badge bad" : "badge" }, p("severities." + severity))),
    facts.length > 0 && details(facts),
    el("div", { class: "actions" }, remedies(cause, act).map((create) => create())));
}

/** Returns a part of the overview, if the caller may see it. */
function listPart({ more = [] }, key, entries, parts, further) {
  return entries && section(p(key), entries.length > 0 ? parts() : el("p", {}, t("common.none")),
    more.includes(key) && el("p", {}, further ? link(...further) : p("latest")));
}

function sessionPart(overview, act) {
  return listPart(overview, "sessions", overview.sessions, () => [
    table(p("sessions"), [p("started"), p("lastSeen"), p("until"), p("source"), p("agent")], overview.sessions.map((one) =>
      [time(one.createdAt), time(one.lastSeenAt), time(one.expiresAt), one.ip, data(one.userAgent)])),
    act.sessions()]);
}

function factorPart(overview, act) {
  return listPart(overview, "factors", overview.factors, () => [
    table(p("factors"), [p("name"), p("type"), p("added"), p("lastSeen"), p("help")], overview.factors.map((one, index) =>
      [data(one.name), one.type, time(one.createdAt), time(one.lastUsedAt), act.factors[index]() || "–"])),
    el("p", {}, p("recoveryCodes", { count: overview.recoveryCodesLeft }))]);
}

function throttlePart({ throttle }, act) {
  const rows = throttle && [[throttle, t("common.password")], [throttle.factors, p("factors")]].flatMap(([counts, kind]) =>
    [...counts.sources, counts.strangers].filter(({ failures }) => failures > 0).map((one) =>
      [one.source ?? p("strangers"), kind, p("of", one), time(one.endsAt)]));
  return listPart({}, "throttle", rows, () =>
    [table(p("throttle"), [p("source"), p("type"), p("failed"), p("until")], rows), act.throttle()]);
}

function mailPart(overview, reload) {
  return listPart(overview, "mails", overview.mails, () =>
    columns(p("mails"), ["time", "kind", "to", "status", "attempts", "next", "error", may("mail:retry") && "actions"],
      overview.mails.map((mail) => mailRow(mail, reload).filter((cell) => cell !== false))),
  [["mails"], t("common.more"), { user: overview.user._id }]);
}

function auditPart(overview) {
  return listPart(overview, "audit", overview.audit, () => auditTable(p("audit"), overview.audit),
    [["audit"], t("common.more"), { user: overview.user._id }]);
}

function auditTable(caption, entries) {
  return columns(caption, ["time", "type", "person", "actor", "source", "details"], entries.map(auditRow));
}
