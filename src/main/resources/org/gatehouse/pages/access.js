// Signing keys and service accounts.

import { announce, button, confirmed, details, dialog, el, form, section, showScreen, time, timeText } from "./dom.js";
import { p, rolesIn, statusText } from "./people-fields.js";
import { call, send, user } from "./session.js";
import { t } from "./text.js";
import { data, done, link, list, s } from "./view.js";

const roles = ["admin"];

export const screens = [
  { path: "services", label: "system.services", roles, show: (at) => (at.parts[0] ? showService(at) : showServices(at)) },
  { path: "keys", label: "system.keys", roles, show: showKeys },
];

async function showKeys({ current }) {
  const { shown, parts } = await list({
    path: "key",
    caption: s("keys"),
    headings: ["kid", "algorithm", "created", "activeFrom", "status", "actions"],
    row: (key) => keyRow(key, current),
  });
  if (!current()) {
    return;
  }
  const fixed = shown[0] && !shown[0].createdAt; // a secret of the settings
  showScreen(s("keys"), el("p", {}, s(fixed ? "keysFixed" : "keysText")), parts,
    !fixed && button(s("rotate"), async () => {
      if (await confirmed(s("rotate"), s("rotateText"), s("rotate"))) {
        const { activeFrom } = await call("POST", "key/rotate", {});
        done(current, ["keys"], s("rotated", { time: timeText(activeFrom) }));
      }
    }, { class: "primary" }));
}

function keyRow({ kid, alg, createdAt, activeFrom, revokedAt, current: signs }, current) {
  const status = revokedAt ? "revoked" : signs ? "current" : Date.parse(activeFrom) > Date.now() ? "next" : "former";
  return [
    el("code", {}, kid),
    alg,
    time(createdAt),
    time(activeFrom),
    [s("key." + status), " ", revokedAt && time(revokedAt)],
    [createdAt && !revokedAt && button(s("revoke"), async () => {
      if (await confirmed(s("revokeKey", { kid }), s("revokeText", { kid }), s("revoke"))) {
        await call("DELETE", "key/" + encodeURIComponent(kid));
        done(current, ["keys"]);
      }
    }, { "aria-label": s("revokeKey", { kid }) })],
  ];
}

async function showServices({ current }) {
  const { parts } = await list({
    path: "service",
    caption: s("services"),
    headings: ["name", "id", "roles", "status", "created"],
    row: ({ _id, name, roles, status, createdAt }) => [
      link(["services", _id], data(name)), el("code", {}, _id), data(roles.join(", ")), statusText({ status }),
      time(createdAt)],
  });
  if (!current()) {
    return;
  }
  showScreen(s("services"), el("p", {}, s("servicesText")), parts,
    section(s("newService"), form({
      fields: nameAndRoles(),
      action: s("create"),
      submit: async (values) => {
        const created = await call("POST", "service", { ...values, roles: rolesIn(values.roles) });
        await showSecret(created, current);
        done(current, ["services", created._id]);
      },
    })));
}

function nameAndRoles({ name = "", roles = [] } = {}) {
  return [
    { name: "name", label: s("column.name"), value: name, maxLength: 100 },
    { name: "roles", label: s("column.roles"), hint: p("rolesHint"), value: roles.join(", "), optional: true },
  ];
}

/** Returns the entity tag for a condition. Proxies that compress responses mark it as weak, or add the encoding to it. */
function strongTag(response) {
  return response.headers.get("ETag").replace(/^W\//, "").replace(/-(gzip|br|zstd|deflate)"$/, '"');
}

async function showService({ parts: [id], current }) {
  const path = "service/" + encodeURIComponent(id);
  const response = await send("GET", path);
  const service = await response.json();
  if (!current()) {
    return;
  }
  const { name, status, createdAt, updatedAt, secrets } = service;
  const active = status === "active";
  const change = async (method, body) => {
    await call(method, path, body, { headers: { "If-Match": strongTag(response) } });
    done(current, body ? ["services", id] : ["services"]);
  };
  const ifConfirmed = (key, action, properties) => button(p(key), async () => {
    if (await confirmed(`${p(key)}: ${name}`, s(`${key}Text`), p(key))) {
      await action();
    }
  }, properties);
  showScreen(name,
    el("p", {}, link(["services"], s("services"))),
    details([
      ["ID", el("code", {}, id)],
      [p("status"), statusText(service)],
      [s("column.created"), time(createdAt)],
      [p("updatedAt"), time(updatedAt)],
      [s("secrets"), secrets.length === 0 ? t("common.none") : secrets.map((secret) =>
        el("div", {}, s("column.created"), " ", time(secret.createdAt),
          secret.expiresAt && [", ", s("validUntil"), " ", time(secret.expiresAt)]))],
    ]),
    el("p", {}, link(["audit"], s("serviceAudit"), { user: id })),
    section(s("change"), form({
      fields: nameAndRoles(service),
      action: t("common.save"),
      submit: (values) => change("PATCH", { ...values, roles: rolesIn(values.roles) }),
    })),
    section(s("newSecret"), form({
      fields: [{ name: "hours", label: s("previousHours"), hint: s("previousHint"), type: "number", min: 0, max: 720,
        step: "any", value: 24 }],
      action: s("newSecret"),
      submit: async ({ hours }) => {
        await showSecret(await call("POST", path + "/secret", { previousExpiresIn: Math.round(hours * 3600) }), current);
        done(current, ["services", id]);
      },
    })),
    section(s("end"), el("div", { class: "actions" },
      active ? ifConfirmed("disable", () => change("PATCH", { status: "disabled" }))
        : button(p("enable"), () => change("PATCH", { status: "active" })),
      ifConfirmed("delete", () => change("DELETE"), { class: "danger" }))));
}

/** Shows the id and the new secret of a service until the user confirms that it is stored. It cannot be read again. */
async function showSecret({ _id, name, secret }, current) {
  const field = (id, label, value) => {
    const input = el("input", { id, readOnly: true, value });
    const copy = button(s("copy"), async () => {
      input.select();
      // It is missing without TLS.
      await navigator.clipboard?.writeText(value);
      announce(s(navigator.clipboard ? "copied" : "selected"));
    }, { "aria-label": s("copyOf", { label }) });
    return el("div", { class: "field" }, el("label", { for: id }, label), input, el("div", { class: "actions" }, copy));
  };
  let stored;
  // Browsers close a dialog when Escape is pressed twice. The end of the session closes it for good.
  while (!stored && user && current()) {
    stored = await dialog(s("secretTitle", { name }), (close) => [
      el("p", {}, s("secretText")),
      field("service-id", "ID", _id),
      field("service-secret", s("secretOnce"), secret),
      el("div", { class: "actions" }, button(s("stored"), () => close(true), { class: "primary" })),
    ], { closable: false });
  }
}
