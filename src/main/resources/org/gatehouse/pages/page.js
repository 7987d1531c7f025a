// The pages to which the links in mails lead. A page reads the proof from the fragment of its address, and posts the proof
// after a gesture of the user. Programs that check links may run scripts, but they must not use up the proof.

import { button, control, el, Problem, rule, sentence } from "./elements.js";
import { assertion, hasPasskeys } from "./passkey.js";
import { t } from "./text.js";

/** A request that takes longer is reported as a failure of the network. */
const TIMEOUT_MS = 30_000;

/** The call and the fields of each purpose. Addresses are relative, so they are valid under any context path. */
const PURPOSES = {
  reset: { call: "../password/reset", fields: [password("newPassword", "new-password")] },
  verification: { call: "../email/confirm", fields: [password("password", "current-password")] },
  change: { call: "../email/confirm", fields: [password("password", "current-password")] },
  undo: { call: "../email/undo", fields: [] },
  invitation: {
    call: "../invitation/accept",
    fields: [
      { name: "username", label: t("common.username"), hint: t("link.usernameHint"), autocomplete: "username", optional: true },
      password("password", "new-password"),
    ],
  },
};

const purpose = /([^/;]*)[^/]*$/.exec(location.pathname)[1];
const [title, introduction, form, error, state, onward] = ["title", "introduction", "form", "error", "state", "onward"]
  .map((id) => document.getElementById(id));

let proof = null;
let sending = false;

/** The fields of the form by name. */
let controls = new Map();

/** The second step, if an account has a second factor: the body of the first step, and the challenge. */
let challenged = null;

function password(name, autocomplete) {
  const hint = autocomplete === "new-password" && t("common.passwordHint");
  return { name, label: t("common." + name), hint, type: "password", autocomplete };
}

/** Removes the proof from the address bar, so that it is neither copied with the address nor kept in the history. */
function takeProof() {
  const taken = new URLSearchParams(location.hash.slice(1)).get("proof");
  if (taken !== null) {
    proof = taken;
    history.replaceState(null, "", location.pathname + location.search);
  }
  return taken !== null;
}

/** Shows the form of the purpose, or the reason why there is none. */
function show() {
  const known = Object.hasOwn(PURPOSES, purpose) && proof;
  challenged = null;
  showForm("link." + (known ? purpose : "unknown"), known && PURPOSES[purpose].fields);
}

/**
 * Shows a form with these fields and a button, and the texts of a step; no form without fields. Fields have no name, so
 * that a form that is sent in another way does not contain their values.
 */
function showForm(step, fields, before) {
  showTitle(t(step + ".heading"));
  introduction.textContent = t(step + ".text");
  onward.hidden = true;
  report(null);
  finish("");
  form.hidden = !fields;
  controls = new Map((fields || []).map((field) => [field.name, control({ ...field, id: field.name })]));
  form.replaceChildren(...(!fields ? [] : [
    before,
    ...[...controls.values()].flatMap(({ parts }) => parts),
    gestureButton(t(step + ".action"), send, { id: "send", type: "submit", class: "primary" }),
  ].filter(Boolean)));
}

function showTitle(heading) {
  document.title = heading;
  title.textContent = heading;
}

/** Asks for a second factor. The proof and the fields of the first step stay valid. */
function askFactor(body, { challenge, factors, passkey }) {
  const named = (type) => factors.filter((factor) => factor.type === type).map(({ name }) => name).join(", ");
  const namesOf = (type) => (named(type) ? ` (${named(type)})` : "");
  const hasCodes = factors.some(({ type }) => type === "totp");
  challenged = { body, challenge, passkey, hasCodes };
  const usable = passkey && hasPasskeys;
  showForm("link.factor", [{
    name: "code",
    label: t(hasCodes ? "common.code" : "link.recovery"),
    hint: t(hasCodes ? "common.codeHint" : "common.recoveryHint", { names: namesOf("totp") }),
    autocomplete: hasCodes ? "one-time-code" : "off",
  }], usable && gestureButton(t("common.usePasskey") + namesOf("passkey"), usePasskey, { id: "passkey" }));
  // A screen reader reads the element after the focus moves there, and with it the introduction.
  const first = document.getElementById(usable && !hasCodes ? "passkey" : "code");
  first.setAttribute("aria-describedby", first.id === "code" ? "introduction code-hint" : "introduction");
  first.focus();
}

/**
 * Returns a button that acts only on a gesture of the user. Events of scripts are not trusted. Without a gesture shortly
 * before, the user is not active, even if a script makes the browser create a trusted event. Enter in a field also causes
 * a trusted click.
 */
function gestureButton(label, action, properties) {
  return button(label, async (event) => {
    if (sending || !event.isTrusted || navigator.userActivation?.isActive === false) {
      return;
    }
    sending = true;
    try {
      await action();
    } catch (failed) {
      report(failed);
    } finally {
      sending = false;
      if (state.textContent === t("common.wait")) {
        finish("");
      }
    }
  }, properties);
}

async function send() {
  if (!form.reportValidity()) {
    return;
  }
  if (challenged) {
    const code = controls.get("code").input.value;
    const type = challenged.hasCodes && /^[\d\s]{1,12}$/.test(code) ? "totp" : "recovery";
    await post({ ...challenged.body, challenge: challenged.challenge, type, code });
    return;
  }
  const filled = [...controls].map(([name, { input }]) => [name, input.value]).filter(([, value]) => value !== "");
  await post({ proof, ...Object.fromEntries(filled) });
}

async function usePasskey() {
  const { body, challenge, passkey } = challenged;
  wait();
  const credential = await assertion(passkey).catch(() => null);
  if (credential) {
    await post({ ...body, challenge, type: "passkey", credential });
  } else {
    report({ status: 400, code: "PASSKEY_FAILED" }, "passkey");
  }
}

/** Makes the call. If the challenge is not valid any more, repeats the call without it, to get a new one. */
async function post(body) {
  wait();
  const first = await request(body);
  const renews = first?.code === "CHALLENGE_INVALID" && challenged;
  const asked = renews ? challenged.body : body;
  const failed = renews ? await request(asked) : first;
  if (!failed) {
    succeed();
  } else if (failed.code === "FACTOR_REQUIRED") {
    askFactor(asked, failed);
    report(renews ? first : null, challenged.hasCodes ? "code" : "passkey");
  } else {
    if (challenged && failed.errors?.length > 0) {
      show();
    }
    report(failed, failed.code === "FACTOR_WRONG" && (body.type === "passkey" ? "passkey" : "code"));
  }
}

/** Returns the problem of a call; null if it succeeds. */
async function request(body) {
  const response = await fetch(PURPOSES[purpose].call, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return response.ok ? null : new Problem(response, await response.json().catch(() => ({})));
}

function wait() {
  report(null);
  finish(t("common.wait"));
}

function succeed() {
  proof = null;
  challenged = null;
  form.replaceChildren();
  form.hidden = true;
  introduction.textContent = "";
  showTitle(t(`link.${purpose}.heading`));
  finish(t(`link.${purpose}.done`), true);
  onward.hidden = false;
  state.focus();
}

function finish(text, done = false) {
  state.textContent = text;
  state.classList.toggle("done", done);
}

/**
 * Shows an error in the live region, and marks the fields that it names. Moves the focus to the first of them, or else to
 * the element with the id `focus`.
 */
function report(failed, focus) {
  form.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
  error.replaceChildren();
  if (!failed) {
    return;
  }
  const errors = failed.errors ?? [];
  error.append(sentence(failed));
  if (errors.length > 0) {
    error.append(el("ul", {}, errors.map(({ field, message }) =>
      el("li", {}, controls.get(field)?.label ?? field, " ", rule(failed, message)))));
  }
  const wrong = failed.code === "FACTOR_WRONG" && focus === "code" ? [{ field: "code" }] : errors;
  wrong.forEach(({ field }) => controls.get(field)?.input.setAttribute("aria-invalid", "true"));
  const target = form.querySelector("[aria-invalid]") ?? document.getElementById(focus || "send");
  target?.focus();
  if (wrong !== errors) {
    target.select();
  }
}

form.addEventListener("submit", (event) => event.preventDefault());

// A second link that is opened in the same tab changes only the fragment.
addEventListener("hashchange", () => {
  if (takeProof()) {
    show();
  }
});

onward.firstElementChild.textContent = t("link.toAccount");
takeProof();
show();
