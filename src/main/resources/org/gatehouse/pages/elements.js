// Elements, buttons, fields, and the sentences for failures: what all pages need. Text is never parsed as HTML.

import { t } from "./text.js";

let ids = 0;

/** Returns an id that no other element has. */
export function newId() {
  return `id-${++ids}`;
}

/** The failure of a call. `code`, `message` and `errors` are those of the service. */
export class Problem extends Error {
  constructor(response, body) {
    super(body?.message ?? "");
    Object.assign(this, body, {
      status: response.status,
      retryAfter: Number(response.headers.get("Retry-After")) || 60,
    });
  }
}

const isPresent = (value) => value !== null && value !== undefined && value !== false;

/**
 * Creates an element. A property whose name contains a hyphen, or is "role" or "for", becomes an attribute; "on" contains
 * event listeners. Children are elements or text; null and false are left out.
 */
export function el(name, properties = {}, ...children) {
  const created = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (!isPresent(value)) {
      continue;
    }
    if (key === "on") {
      Object.entries(value).forEach(([type, listener]) => created.addEventListener(type, listener));
    } else if (key === "class") {
      created.className = value;
    } else if (key.includes("-") || key === "role" || key === "for" || key === "list") {
      created.setAttribute(key, value);
    } else {
      created[key] = value;
    }
  }
  created.append(...children.flat(Infinity).filter(isPresent));
  return created;
}

/**
 * Returns a button; while its action runs, it is marked as busy and ignores further clicks. If the action fails, the
 * reason is shown below.
 */
export function button(label, action, properties = {}) {
  let running = false;
  const created = el("button", { type: "button", ...properties }, label);
  created.addEventListener("click", async (event) => {
    event.preventDefault();
    if (running) {
      return;
    }
    running = true;
    created.setAttribute("aria-disabled", running);
    const row = created.closest(".actions") ?? created;
    if (row.nextElementSibling?.matches("p.problem")) {
      row.nextElementSibling.remove();
    }
    try {
      await action(event);
    } catch (failed) {
      if (!failed?.canceled) {
        row.after(problem(failed));
      }
    } finally {
      running = false;
      created.setAttribute("aria-disabled", running);
    }
  });
  return created;
}

/** Returns a paragraph with the sentence for a failed call. */
export function problem(failed) {
  return sentence(failed, { class: "problem", role: "alert" });
}

/** The messages of the service are in English. */
export function sentence(failed, properties = {}) {
  const text = problemText(failed);
  return el("p", { ...properties, lang: text === failed?.message && "en" }, text);
}

/** Returns the sentence for a failed call: our own text for its code, else the message of the service. */
export function problemText(failed) {
  if (failed?.canceled) {
    return t("common.canceled");
  }
  if (!failed?.status) {
    if (!["TypeError", "TimeoutError", "AbortError"].includes(failed?.name)) {
      console.error(failed);
    }
    return t("error.NETWORK");
  }
  if (failed.status === 429) {
    const minutes = Math.ceil(failed.retryAfter / 60);
    return minutes <= 1 ? t("error.waitOne") : t("error.wait", { minutes });
  }
  if ([502, 503, 504].includes(failed.status) && !t.has("error." + failed.code)) {
    return t("error.busy");
  }
  const own = t.has("error." + failed.code) ? t("error." + failed.code) : failed.message || t("error.failed");
  return failed.status === 500 && failed.requestId ? `${own} (${failed.requestId})` : own;
}

/** Returns the sentence about a field. Those of the service are in English unless they are translated. */
export function rule(failed, message) {
  const own = t.rule(message);
  return el("span", { lang: failed instanceof Problem && !own && "en" }, own ?? message);
}

/** Returns the input of a field, the elements around it, its label, and the place for its error. */
export function control({
  name, label, hint, type = "text", autocomplete = "off", optional, value, options, rows, id = newId(), ...more
}) {
  const described = [hint && id + "-hint", id + "-error"].filter(Boolean).join(" ");
  const common = { id, required: !optional && type !== "checkbox", "aria-describedby": described, ...more };
  const input = options
    ? el("select", common, options.map(([key, text]) => el("option", { value: key, selected: key === value }, text)))
    : rows
      ? el("textarea", { ...common, rows, value: value ?? "", spellcheck: false })
      : el("input", { ...common, type, autocomplete, spellcheck: false, autocapitalize: "none",
        ...(type === "checkbox" ? { checked: Boolean(value) } : { value: value ?? "" }) });
  const error = el("p", { id: id + "-error", class: "error" });
  const note = hint && el("p", { id: id + "-hint", class: "hint" }, hint);
  const box = type === "checkbox"
    ? el("div", { class: "field" }, el("label", { class: "option" }, input, label), note, error)
    : el("div", { class: "field" }, el("label", { for: id }, label), input, note, error);
  const show = type === "password" && el("label", { class: "option" },
    el("input", {
      type: "checkbox",
      "aria-label": `${t("common.showPassword")}: ${label}`,
      on: { change: (event) => (input.type = event.target.checked ? "text" : "password") },
    }),
    t("common.showPassword"));
  return { input, error, label, parts: [box, show] };
}
