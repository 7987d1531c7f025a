// The same change of many users. A trial shows first what would change. Each request changes one part of the users, so the
// change can be stopped, and continued after a failure.

import { button, dialog, el, form, problemText, save } from "./dom.js";
import { invalid, p, statusText } from "./people-fields.js";
import { call } from "./session.js";
import { t } from "./text.js";

/** The users that one request changes at most. */
const STEP = 100;

/** The failures that are shown. The file has all. */
const SHOWN_FAILURES = 20;

const ROLE_ACTIONS = ["add-role", "remove-role"];

/**
 * Returns the form of a change of many users.
 *
 * @param selected the ids of the selected users; they may change until the form is sent
 * @param filter selects all users that match
 * @param total the approximate number of the users that match
 * @param count this number in a sentence
 * @param done is called after a change with its result as text
 */
export function bulkPart({ selected, filter, total, count, done }) {
  const actions = ["disable", "enable", "end-sessions", ...ROLE_ACTIONS];
  return el("details", { class: "bulk" }, el("summary", {}, p("bulk.title")), form({
    fields: [
      { name: "action", label: p("bulk.action"), options: actions.map((action) => [action, p(action)]) },
      { name: "role", label: p("role"), hint: p("bulk.roleHint"), optional: true },
      { name: "target", label: p("title"),
        options: [["selected", p("bulk.selected")], ["all", `${p("bulk.all")} – ${count}`]] },
    ],
    action: p("bulk.check"),
    submit: async ({ action, role, target }) => {
      const takesRole = ROLE_ACTIONS.includes(action);
      if (takesRole && !role) {
        throw invalid("role", "is required");
      }
      if (target === "selected" && selected.size === 0) {
        throw invalid("target", p("bulk.nothingSelected"));
      }
      const users = target === "selected" ? [...selected] : null;
      const request = { action, ...(takesRole && { role: role.trim() }) };
      const result = await run(request, users, filter, users ? users.length : total);
      if (result) {
        await done(result);
      }
    },
  }));
}

/** Tries the change, and makes it if the user agrees. Returns the result as text if users may have changed. */
async function run(request, users, filter, total) {
  let walked;
  let dryRun = true;
  await dialog(p(request.action) + (request.role ? `: ${request.role}` : ""), (close) => {
    const box = el("div");
    const track = (result) => (walked = result);
    const start = (expected) => walk({ request: { ...request, dryRun }, users, filter, total, expected, box, close, apply, track });
    const apply = (expected) => {
      dryRun = false;
      return start(expected);
    };
    // The dialog is open then.
    queueMicrotask(start);
    return [!users && el("p", {}, filterText(filter)), box];
  });
  const result = await walked;
  return !dryRun && result;
}

function filterText(filter) {
  return Object.entries(filter)
    .map(([name, value]) => `${p(name)}: ${name === "status" ? statusText(filter) : value}`).join(", ") || p("bulk.everyone");
}

/**
 * Sends one request after the other, and shows the progress, and then the result. Meanwhile, Escape does not close the
 * dialog, but stops. If the browser or the end of the session closes it nevertheless, that stops, too.
 *
 * @param expected how many users the trial would change
 * @param track receives the promise of the result as text, also when the user continues
 */
async function walk({ request, users, filter, total, expected, box, close, apply, track }) {
  const { dryRun } = request;
  const failures = [];
  const counts = { changed: 0, unchanged: 0, failed: 0 };
  const kind = p(dryRun ? "bulk.trial" : "bulk.change");
  const progress = el("progress", { max: Math.max(total ?? 0, 1), value: 0, "aria-label": kind });
  const state = el("div", { "aria-live": "polite" });
  const number = (count) => ({ count: count.toLocaleString(t.locale) });
  let processed = 0;
  let after = null;
  let complete = false;
  const show = (title, parts, ...buttons) => {
    box.replaceChildren(el("p", {}, title), progress, state, ...parts.filter(Boolean), el("div", { class: "actions" }, buttons));
    box.querySelector(".actions button").focus();
  };

  const steps = async () => {
    let stopped = false;
    let problem = null;
    const stop = (event) => {
      event.preventDefault();
      stopped = true;
    };
    const opened = box.closest("dialog");
    opened.addEventListener("cancel", stop);
    show(kind, [], button(t("system.stop"), stop));
    while (!complete && !stopped && !problem && box.isConnected) {
      const part = users ? { users: users.slice(processed, processed + STEP) } : { filter, limit: STEP, ...(after && { after }) };
      try {
        const done = await call("POST", "user/bulk", { ...request, ...part });
        failures.push(...done.failed);
        counts.changed += done.changed;
        counts.unchanged += done.unchanged;
        counts.failed = failures.length;
        processed += part.users?.length ?? done.processed;
        after = done.after;
        complete = users ? processed >= users.length : !after;
        progress.max = complete ? 1 : Math.max(progress.max, processed);
        progress.value = complete ? 1 : processed;
        state.textContent = p("bulk.processed", number(processed));
      } catch (failed) {
        problem = failed.canceled ? t("common.canceled") : problemText(failed);
      }
    }
    opened.removeEventListener("cancel", stop);
    const title = complete ? t(dryRun ? "people.bulk.tried" : "common.done") : p("bulk.stopped");
    const lines = Object.entries(counts).map(([name, count]) => p(`bulk.${dryRun ? "would" : "did"}.${name}`, number(count)));
    if (complete && !users && !dryRun && counts.changed !== expected) {
      lines.push(p("bulk.expected", number(expected)));
    }
    show(title, [
      problem && el("p", { class: "problem", role: "alert" }, problem),
      failures.length > 0 && el("ul", {}, failures.slice(0, SHOWN_FAILURES).map(({ _id, username, code, message }) =>
        el("li", {}, el("bdi", {}, username ?? _id), ": ", ["FORBIDDEN", "VALIDATION_FAILED"].includes(code) || !t.has("error." + code) ? message : t("error." + code)))),
    ],
    complete && dryRun && counts.changed > 0
      && button(p("bulk.apply", number(counts.changed)), () => apply(counts.changed), { class: "primary" }),
    !complete && button(t("system.continue"), again),
    button(t("common.close"), () => close()),
    failures.length > 0 && button(p("bulk.save"), () => save([JSON.stringify(failures, null, 2)], "failures.json", "application/json")));
    state.replaceChildren(el("ul", {}, lines.map((line) => el("li", {}, line))));
    return title + " " + lines.join(", ");
  };
  const again = () => track(steps());
  await again();
}
