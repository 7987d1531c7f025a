// The fields of people: how they are shown, asked for and compared.

import { dialog, el, form, time } from "./dom.js";
import { t } from "./text.js";

/** Returns a text of the screens for people. */
export function p(key, values) {
  return t("people." + key, values);
}

/** The fields of a user that are not custom fields. */
const KNOWN = ["_id", "username", "status", "deletedAfter", "roles", "email", "emailVerified", "locale", "lastLogin", "createdAt",
  "updatedAt", "version"];
const TIMES = ["emailVerified", "lastLogin", "createdAt", "updatedAt", "deletedAfter"];

/** Returns the names and values of all fields for a list. */
export function fieldEntries(user) {
  return [...KNOWN.filter((name) => name in user).map((name) => [name === "username" ? t("common.username") : p(name), name]),
    ...Object.keys(customOf(user)).map((name) => [name, name])].map(([label, name]) => [label,
    name === "status" ? statusText(user) : TIMES.includes(name) ? time(user[name])
      : name === "roles" ? user.roles.join(", ") : plain(user[name])]);
}

export function statusText({ status }) {
  return t.has("people.statuses." + status) ? p("statuses." + status) : status;
}

/** Returns any JSON as text. The direction of the text does not affect what is around it. */
function plain(value) {
  return typeof value === "string" ? el("bdi", {}, value) : el("code", {}, JSON.stringify(value, null, 1));
}

/** Returns the custom fields of a user. */
export function customOf(user) {
  return Object.fromEntries(Object.entries(user).filter(([name]) => !KNOWN.includes(name)));
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Returns the merge patch (RFC 7396) that turns one object into another. */
export function difference(before, after) {
  const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);
  return Object.fromEntries([...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map((name) => [name, own(before, name), own(after, name)])
    .filter(([, old, changed]) => JSON.stringify(old) !== JSON.stringify(changed))
    .map(([name, old, changed]) =>
      [name, changed === undefined ? null : isObject(old) && isObject(changed) ? difference(old, changed) : changed]));
}

/** Returns the problem of one field of a form. */
export function invalid(field, message) {
  return { status: 400, code: "VALIDATION_FAILED", errors: [{ field, message }] };
}

/** Returns the object that a text contains as JSON. Throws a problem of the field `custom`. */
export function customFields(text) {
  let value;
  try {
    value = JSON.parse(text || "{}");
  } catch (failed) {
    throw invalid("custom", p("notJson", { reason: failed.message }));
  }
  if (!isObject(value)) {
    throw invalid("custom", p("notObject"));
  }
  const reserved = [...KNOWN, "password", "currentPassword"].find((name) => Object.hasOwn(value, name));
  if (reserved) {
    throw invalid("custom", p("notCustom", { name: reserved }));
  }
  return value;
}

/** Returns the roles in a text. */
export function rolesIn(text = "") {
  return text.split(/[\s,]+/).filter(Boolean);
}

/** Asks for values in a dialog. Returns the result of the submission, or true; undefined if the user cancels. */
export function ask(heading, explanation, fields, action, submit) {
  return dialog(heading, (close) => [
    explanation && el("p", {}, explanation),
    form({ fields, action, cancel: () => close(), submit: async (values) => close((await submit(values)) ?? true) }),
  ].filter(Boolean));
}
