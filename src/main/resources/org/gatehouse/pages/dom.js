// Screens, forms and dialogs.

import { button, control, el, newId, problem, rule, sentence } from "./elements.js";
import { t } from "./text.js";

export * from "./elements.js";

/** Which field of a form an error is about, if the service does not name fields. */
const FIELD_OF_CODE = {
  CREDENTIALS_WRONG: "password",
  FACTOR_WRONG: "code",
  CHALLENGE_INVALID: "code",
  USERNAME_TAKEN: "username",
  EMAIL_TAKEN: "email",
};

let message = "";
let messageTimer = 0;

/** The number of requests that take long. */
let slow = 0;

/** Tells screen readers and eyes what happened. The text disappears after some seconds. */
export function announce(text) {
  message = text;
  showStatus();
  clearTimeout(messageTimer);
  messageTimer = text && setTimeout(() => announce(""), 8000);
}

function showStatus() {
  // While a dialog is open, everything outside of it is inert.
  const lines = [document.getElementById("status"), ...document.querySelectorAll("dialog[open] > .status")];
  const text = [message, slow > 0 && t("common.wait")].filter(Boolean).join(" ");
  lines.forEach((line, index) => (line.textContent = index === lines.length - 1 ? text : ""));
}

/** Waits for a response, and says so if this takes longer than half a second. */
export async function whileBusy(action) {
  let said = false;
  const timer = setTimeout(() => {
    said = true;
    slow++;
    showStatus();
  }, 500);
  try {
    return await action();
  } finally {
    clearTimeout(timer);
    if (said) {
      slow--;
      showStatus();
    }
  }
}

/** Replaces the content of the page, and moves the focus to its heading. */
export function showScreen(heading, ...parts) {
  const title = el("h1", { tabIndex: -1 }, heading);
  document.title = heading;
  document.getElementById("main").replaceChildren(title, ...parts.flat(Infinity).filter(Boolean));
  title.focus();
}

/** Moves the focus to the heading, such as after the focused element is removed. */
export function focusHeading() {
  document.querySelector("main h1")?.focus();
}

/** Returns a part of a screen with a heading. */
export function section(heading, ...parts) {
  return el("section", {}, el("h2", {}, heading), parts);
}

/** Returns a part of a screen whose content is loaded. If this fails, the part shows why, and a button to try again. */
export function loaded(load) {
  const part = el("div", {}, el("p", { class: "hint" }, t("common.wait")));
  const fill = async () => {
    try {
      part.replaceChildren(...[await load()].flat(Infinity).filter(Boolean));
    } catch (failed) {
      part.replaceChildren(problem(failed), button(t("common.retry"), () => fill().then(focusHeading)));
    }
  };
  void fill();
  return part;
}

/**
 * Creates a form. Its fields have labels, hints and errors, and keep their values if a call fails.
 *
 * @param fields {name, label, hint?, type?, autocomplete?, optional?, value?, options?: [[value, text]]}
 * @param action the label of the button
 * @param submit receives the values by name; throws the problem of a call
 * @returns the form, with `values()` and `field(name)`
 */
export function form({ fields, action, submit, extra = [], cancel, danger = false }) {
  const summary = el("div", { class: "problem", role: "alert" });
  const controls = new Map(fields.map((field) => [field.name, control(field)]));
  const values = () =>
    Object.fromEntries(fields
      .map((field) => [field.name, valueOf(field, controls.get(field.name).input)])
      .filter(([, value]) => value !== undefined));
  const send = button(action, async () => {
    if (created.reportValidity()) {
      await run();
    }
  }, { type: "submit", class: danger ? "danger" : "primary" });
  const run = async () => {
    mark(summary, controls, null);
    try {
      await submit(values());
    } catch (failed) {
      if (!failed?.canceled) {
        mark(summary, controls, failed);
      }
    }
  };
  const created = el("form", { noValidate: false },
    summary, [...controls.values()].map(({ parts }) => parts), extra,
    el("div", { class: "actions" }, send, cancel && button(t("common.cancel"), cancel)));
  // The button handles the click that Enter causes, too.
  created.addEventListener("submit", (event) => event.preventDefault());
  created.values = values;
  created.field = (name) => controls.get(name).input;
  return created;
}

function valueOf({ type, optional }, input) {
  if (type === "checkbox") {
    return input.checked;
  }
  return input.value === "" && optional ? undefined : input.value;
}

/** Shows a problem in the form, marks the fields that it names, and moves the focus to the first of them. */
function mark(summary, controls, failed) {
  controls.forEach(({ input, error }) => {
    input.removeAttribute("aria-invalid");
    error.textContent = "";
  });
  summary.textContent = "";
  if (!failed) {
    return;
  }
  const unknown = [];
  for (const { field, message } of failed.errors ?? []) {
    const found = controls.get(field);
    if (found) {
      found.input.setAttribute("aria-invalid", "true");
      found.error.replaceChildren(found.label, " ", rule(failed, message));
    } else {
      unknown.push([field, " ", rule(failed, message)]);
    }
  }
  summary.append(sentence(failed), ...unknown.map((text) => el("p", {}, text)));
  const about = controls.get(FIELD_OF_CODE[failed.code])?.input;
  about?.setAttribute("aria-invalid", "true");
  about?.select?.();
  (summary.parentElement.querySelector("[aria-invalid]") ?? summary.parentElement.querySelector("[type=submit]"))?.focus();
}

/**
 * Shows a modal dialog until `close(value)` is called.
 *
 * @param build receives `close` and returns the content
 * @param options.closable whether the user may cancel with Escape
 * @returns a promise of the value; undefined if the user cancels
 */
export function dialog(heading, build, { closable = true } = {}) {
  return new Promise((resolve) => {
    const id = newId();
    let result;
    const close = (value) => {
      result = value;
      box.close();
    };
    const before = document.activeElement;
    const box = el("dialog", { "aria-labelledby": id }, el("h2", { id }, heading), build(close),
      el("p", { class: "status", role: "status" }));
    box.addEventListener("cancel", (event) => closable || event.preventDefault());
    box.addEventListener("close", () => {
      box.remove();
      if (before?.isConnected) {
        before.focus();
      }
      resolve(result);
    });
    document.body.append(box);
    box.showModal();
    (box.querySelector("[data-focus]") ?? box.querySelector("input, select, textarea") ?? box.querySelector("button"))?.focus();
  });
}

/** Asks a question; returns whether the user agrees. The focus is on the answer that changes nothing. */
export async function confirmed(heading, explanation, action) {
  return await dialog(heading, (close) => [
    el("p", {}, explanation),
    el("div", { class: "actions" },
      button(action, () => close(true), { class: "primary" }),
      button(t("common.cancel"), () => close(false), { "data-focus": "" })),
  ]) === true;
}

/** Returns a table in a region that scrolls sideways on narrow screens. Cells are text or elements. */
export function table(caption, headings, rows) {
  return el("div", { class: "scroll", role: "region", tabIndex: 0, "aria-label": caption },
    el("table", {}, el("caption", {}, caption),
      el("thead", {}, el("tr", {}, headings.map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell, index) =>
        index === 0 ? el("th", { scope: "row" }, cell) : el("td", {}, cell)))))));
}

/** Returns a list of names and values. */
export function details(entries) {
  return el("dl", {}, entries.filter(Boolean).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/** Returns a time in the format of the reader's language, to the minute. */
export function timeText(iso) {
  return new Date(iso).toLocaleString(t.locale, { dateStyle: "medium", timeStyle: "short" });
}

/** Returns an element with a time in the format of the reader's language. */
export function time(iso) {
  return iso ? el("time", { dateTime: iso, title: new Date(iso).toLocaleString(t.locale) }, timeText(iso)) : "–";
}

/** Offers data to save as a file. */
export function save(parts, name, type) {
  const link = el("a", { href: URL.createObjectURL(new Blob(parts, { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
