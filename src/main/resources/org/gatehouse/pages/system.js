// The audit log, mails, settings and the state of the service. Other modules have services, keys, import and export.

import { screens as access } from "./access.js";
import { announce, button, details, el, form, loaded, section, showScreen, time } from "./dom.js";
import { p } from "./people-fields.js";
import { call, page } from "./session.js";
import { may, offered } from "./shell.js";
import { t } from "./text.js";
import { screens as transfer } from "./transfer.js";
import { columns, data, done, go, link, list, s } from "./view.js";

const EVERYONE = ["admin", "auditor", "support"];

const mails = {
  path: "mails",
  label: "system.mails",
  roles: ["admin", "support"],
  show: showMails,
  get hidden() {
    return !offered.mail;
  },
};

export const screens = [
  { path: "audit", label: "system.audit", roles: EVERYONE, show: showAudit },
  mails,
  ...access,
  ...transfer,
  { path: "settings", label: "system.settings", roles: ["admin"], show: showSettings },
  { path: "health", label: "system.health", roles: EVERYONE, show: showHealth },
];

async function showAudit({ query: { user, type = "", since, until }, current }) {
  const { parts, shown, saveShown } = await list({
    path: "audit",
    query: { user, type: type || undefined, since, until },
    caption: s("audit"),
    headings: ["time", "type", "person", "actor", "source", "details"],
    row: auditRow,
  });
  if (!current()) {
    return;
  }
  const chosen = type.split(",").filter(Boolean);
  const types = el("fieldset", {}, el("legend", {}, s("types")));
  const choices = (names) => el("div", { class: "choices" }, names.map((value) => el("label", { class: "option" },
    el("input", { type: "checkbox", value, checked: chosen.includes(value) }), value)));
  const otherTypes = async () =>
    choices((await call("GET", "openapi.json")).components.schemas.AuditType.enum.filter((name) => !chosen.includes(name)));
  types.append(choices(chosen));
  let others;
  const time = { type: "datetime-local", step: 1, optional: true };
  showScreen(s("audit"),
    filterForm({
      fields: [
        { name: "user", label: s("auditUser"), hint: s("auditUserHint"), optional: true, value: user },
        { name: "since", label: s("since"), value: local(since), ...time },
        { name: "until", label: s("until"), value: local(until), ...time },
      ],
      extra: el("details", { class: "field", on: { toggle: () => types.append(others ??= loaded(otherTypes)) } },
        el("summary", {}, s("typesChosen", { count: chosen.length || p("statuses.any") })), types),
      submit: async (values) => go(["audit"], {
        user: values.user && await idOf(values.user.trim()),
        type: [...types.querySelectorAll(":checked")].map(({ value }) => value).join(),
        since: values.since && new Date(values.since).toISOString(),
        until: values.until && new Date(values.until).toISOString(),
      }),
    }),
    parts,
    shown.length > 0 && button(s("saveShown"), () => saveShown("audit.ndjson")));
}

function filterForm(options) {
  const created = form({ ...options, action: s("filter") });
  created.className = "filter";
  return created;
}

/** Converts a time to the value of an input: in the reader's time zone, to the second. */
function local(iso) {
  const at = new Date(iso ?? NaN);
  return isNaN(at) ? "" : new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** Returns the id of a user or service. A text that is not an id is a username. */
async function idOf(text) {
  if (/^[0-9a-f]{24}$/i.test(text)) {
    return text;
  }
  const { items } = await page("user?" + new URLSearchParams({ q: text, limit: 200 }));
  const found = items.find(({ username }) => username.toLowerCase() === text.toLowerCase());
  if (!found) {
    throw { status: 404, message: s("unknownUser") };
  }
  return found._id;
}

export function auditRow({ type, at, actor, user, username, address, userAgent, requestId, details: facts }) {
  const name = data(username ?? user);
  const service = facts?.service;
  return [
    el("time", { dateTime: at }, new Date(at).toLocaleString(t.locale)), // to the second
    el("code", {}, type),
    service && may("services:read") ? link(["services", service], data(service)) : user ? link(["people", user], name) : name,
    actor ? link(["audit"], data(actor === user && username ? username : actor), { user: actor }) : "–",
    data(address),
    Object.entries({ ...facts, userAgent, requestId }).filter(([, value]) => value)
      .map(([key, value]) => el("div", {}, key + ": ", data(typeof value === "string" ? value : JSON.stringify(value)))),
  ];
}

async function showMails({ query: { status, user }, current }) {
  if (mails.hidden) {
    showScreen(s("mails"), el("p", {}, s("mailsOff")));
    return;
  }
  const { parts } = await list({
    path: "mail",
    query: { status, user },
    caption: s("mails"),
    headings: ["time", "kind", "to", "status", "attempts", "next", "error", may("mail:retry") && "actions"],
    row: mailRow,
  });
  if (!current()) {
    return;
  }
  const statuses = ["", "queued", "sent", "failed", "expired", "void"];
  showScreen(s("mails"),
    filterForm({
      fields: [{
        name: "status", label: p("status"), optional: true, value: status,
        options: statuses.map((one) => [one, one ? s("mail." + one) : p("statuses.any")]),
      }],
      submit: (values) => go(["mails"], { user, ...values }),
    }),
    parts,
    may("mail:test") && section(s("testMail"), form({
      fields: [{ name: "to", label: s("column.to"), type: "email" }],
      action: s("sendTest"),
      submit: async (values) => {
        await call("POST", "mail/test", values);
        done(current, ["mails"], s("testQueued"));
      },
    })));
}

export function mailRow({ _id, kind, to, user, status, attempts, nextAt, lastError, createdAt }, replace) {
  return [
    time(createdAt),
    kind,
    user ? link(["people", user], data(to ?? user)) : data(to),
    s("mail." + status),
    String(attempts),
    status === "queued" ? time(nextAt) : "–",
    data(lastError),
    may("mail:retry") && [["queued", "failed"].includes(status) && button(s("retry"), async () => {
      replace(await call("POST", `mail/${_id}/retry`, {}));
      announce(t("common.done"));
    }, { "aria-label": s("retryTo", { to: to ?? _id }) })],
  ];
}

async function showSettings({ current }) {
  const settings = await call("GET", "setting");
  if (!current()) {
    return;
  }
  const region = columns(s("settings"), ["name", "value", "origin", "description"],
    settings.map(({ name, value, secret, set, source, default: preset, description }) => [
      el("code", {}, name),
      [data(value ?? s(secret && set ? "secret" : "unset")),
        set && preset && el("p", { class: "hint" }, s("default"), " ", data(preset))],
      data(source),
      description,
    ]));
  const rows = [...region.querySelectorAll("tbody > tr")];
  const filter = el("input", { type: "search", id: "filter", autocomplete: "off", spellcheck: false });
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/);
    rows.forEach((row) => (row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word))));
    announce(s("shown", { count: rows.filter(({ hidden }) => !hidden).length }));
  });
  showScreen(s("settings"), el("p", {}, s("settingsText")),
    el("div", { class: "field" }, el("label", { for: "filter" }, s("filterSettings")), filter), region);
}

async function showHealth({ current }) {
  const results = el("div", {}, await healthParts());
  if (current()) {
    showScreen(s("health"), results,
      el("div", { class: "actions" }, button(p("reload"), async () => {
        results.replaceChildren(...await healthParts());
        announce(t("common.done"));
      })),
      el("p", {}, el("a", { href: "account" }, s("ownSessions"))));
  }
}

async function healthParts() {
  const [ready, { version }] = await Promise.all([call("GET", "health/ready").catch((failed) => {
    if (!failed.dependencies) {
      throw failed;
    }
    return failed; // a report, too
  }), call("GET", "")]);
  const up = ready.status === "ready";
  return [
    el("p", {}, el("span", { class: up ? "badge good" : "badge bad" }, s(up ? "ready" : "unready")), " ", ready.reason),
    details([["Gatehouse", version], [s("checkedAt"), new Date().toLocaleString(t.locale)]]),
    columns(s("dependencies"), ["name", "status", "latency", "required", "absence"],
      ready.dependencies.map(({ name, state, reason, latencyMs, required, absence }) => [
        name,
        [el("span", { class: state === "up" ? "badge good" : "badge bad" }, s("state." + state)), " ", reason],
        latencyMs ? latencyMs.toLocaleString(t.locale) + " ms" : "–",
        t(required ? "common.yes" : "common.no"),
        absence,
      ])),
  ];
}
