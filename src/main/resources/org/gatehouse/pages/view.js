// Lists and data of others on the screens of the console.

import { announce, button, el, save, table } from "./dom.js";
import { page } from "./session.js";
import { fragment } from "./shell.js";
import { t } from "./text.js";

/** A longer text is shown on request. */
const MAX_TEXT = 300;

/** Returns a text that others have written: of any length, and in any direction. */
export function data(text) {
  const all = String(text ?? "–");
  const whole = el("bdi", {}, all);
  return all.length <= MAX_TEXT ? whole
    : el("details", {}, el("summary", {}, el("bdi", {}, all.slice(0, MAX_TEXT) + "…")), whole);
}

/** Returns a link to a screen. */
export function link(parts, text, query) {
  return el("a", { href: fragment(parts, query) }, text);
}

/** Goes to a screen; loads it again if it is the present one. */
export function go(parts, query) {
  const target = fragment(parts, query);
  if (location.hash === target) {
    dispatchEvent(new Event("hashchange"));
  } else {
    location.hash = target;
  }
}

/** Shows the result of a change, unless the user has gone to another screen meanwhile. */
export function done(current, parts, text = t("common.done")) {
  if (current()) {
    go(parts);
    announce(text);
  }
}

/** Returns a text of the screens for the system. */
export function s(key, values) {
  return t("system." + key, values);
}

/** Returns a table whose columns have texts in `system.column`. */
export function columns(caption, names, rows) {
  return table(caption, names.filter(Boolean).map((name) => s("column." + name)), rows);
}

/**
 * Loads the first page of a list, and further pages on request.
 *
 * @param row receives an entry, and a function that replaces it; returns the cells
 * @returns the elements, the entries shown, and a function that saves these as NDJSON
 */
export async function list({ path, query = {}, caption, headings, row }) {
  const region = columns(caption, headings, []);
  const shown = [];
  let next = path + "?" + new URLSearchParams({ limit: 50, ...JSON.parse(JSON.stringify(query)) });
  const rowOf = (entry) => {
    const replace = (changed) => {
      const other = rowOf(changed);
      created.replaceWith(other);
      focusOn(other);
    };
    const created = columns("", [], [row(entry, replace).filter((cell) => cell !== false)]).querySelector("tbody > tr");
    return created;
  };
  const load = async () => {
    const { items, next: following } = await page(next);
    const rows = items.map(rowOf);
    next = following;
    shown.push(...items);
    region.querySelector("tbody").append(...rows);
    more.hidden = !next;
    return rows[0];
  };
  const more = button(t("common.more"), async () => {
    focusOn(await load());
    announce(s("shown", { count: shown.length }));
  });
  await load();
  return {
    shown,
    parts: [shown.length > 0 ? region : el("p", {}, t("common.none")), more],
    saveShown: (name) => save(shown.map((entry) => JSON.stringify(entry) + "\n"), name, "application/x-ndjson"),
  };
}

/** Moves the focus to an element, such as a new row; without one, to the heading of the screen. */
export function focusOn(target = document.querySelector("main h1")) {
  if (target) {
    target.tabIndex = -1;
    target.focus();
  }
}
