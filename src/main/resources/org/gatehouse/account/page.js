// The page to which the links in mails lead. It reads the proof from the fragment of its address, and posts the proof
// after a gesture of the user. Programs that check links may run scripts, but they must not use up the proof.

/** A request that takes longer is reported as a failure of the network. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The call and the fields of each purpose. Addresses are relative, so they are valid under any context path. */
const PURPOSES = {
  reset: { call: "../password/reset", fields: [password("newPassword", "new-password")] },
  verification: { call: "../email/confirm", fields: [password("password", "current-password")] },
  change: { call: "../email/confirm", fields: [password("password", "current-password")] },
  undo: { call: "../email/undo", fields: [] },
  invitation: {
    call: "../invitation/accept",
    fields: [
      { name: "username", label: "username", hint: "usernameHint", type: "text", autocomplete: "username", optional: true },
      password("password", "new-password"),
    ],
  },
};

const ENGLISH = {
  reset: ["Set a new password", "Choose a new password for your account.", "Set password",
    "The password is changed, and all sessions have ended. Log in with the new password."],
  verification: ["Confirm your email address", "Enter the password of your account to confirm this email address.",
    "Confirm email address", "Your email address is confirmed."],
  change: ["Confirm your new email address", "Enter the password of your account to use the new email address.",
    "Confirm email address", "Your account uses the new email address."],
  undo: ["Undo the change of your email address",
    "Your account gets its previous email address back, and all sessions end.", "Undo the change",
    "Your account has its previous email address again, and all sessions have ended. "
      + "A mail to this email address contains a link to set a new password."],
  invitation: ["Create your account", "Choose a username and a password.", "Create account",
    "Your account is created. Log in with your username and password."],
  factor: ["Confirm with a second factor", "Your account has a second factor. The new password is set after you confirm it.",
    "Set password"],
  unknown: ["This link is incomplete", "Open the link in the mail again, or copy the whole link into the address bar."],
  username: "Username",
  usernameHint: "Leave this empty if the mail names your username.",
  password: "Password",
  newPassword: "New password",
  newPasswordHint: "Several words that you do not use elsewhere make a good password.",
  code: "Code",
  codeHint: "The six digits in your authenticator app{names}, or one of your recovery codes.",
  recovery: "Recovery code",
  recoveryHint: "If you cannot use your passkey, enter one of your recovery codes.",
  passkey: "Use a passkey{names}",
  passkeyFailed: "The passkey was not used. Try again, or enter a code.",
  show: "Show password",
  sending: "Please wait …",
  failed: "The server could not process the request.",
  network: "The server did not respond. Check the connection, and try again.",
  wait: (minutes) => `Too many attempts. Try again in ${minutes === 1 ? "a minute" : minutes + " minutes"}.`,
  busy: "The service is not available at this time. Try again in a minute.",
  PROOF_INVALID: "This link is not valid. It has expired, was used already, or the account has changed since. "
    + "Request a new mail, or ask the sender of the invitation.",
  FACTOR_WRONG: "This was not accepted. Try again. An app shows a new code every 30 seconds, and each code works once.",
  CHALLENGE_INVALID: "The time is over, or there were too many attempts. Try again with a new code or with a passkey.",
  rules: [],
};

const GERMAN = {
  reset: ["Neues Passwort festlegen", "Wählen Sie ein neues Passwort für Ihr Konto.", "Passwort festlegen",
    "Das Passwort ist geändert, und alle Sitzungen sind beendet. Melden Sie sich mit dem neuen Passwort an."],
  verification: ["Adresse bestätigen", "Geben Sie das Passwort Ihres Kontos ein, um diese E-Mail-Adresse zu bestätigen.",
    "Adresse bestätigen", "Ihre E-Mail-Adresse ist bestätigt."],
  change: ["Neue Adresse bestätigen", "Geben Sie das Passwort Ihres Kontos ein, um die neue E-Mail-Adresse zu verwenden.",
    "Adresse bestätigen", "Ihr Konto verwendet die neue E-Mail-Adresse."],
  undo: ["Änderung der E-Mail-Adresse rückgängig machen",
    "Ihr Konto erhält die vorherige E-Mail-Adresse zurück, und alle Sitzungen enden.", "Änderung rückgängig machen",
    "Ihr Konto hat wieder die vorherige E-Mail-Adresse, und alle Sitzungen sind beendet. "
      + "Eine E-Mail an diese Adresse enthält einen Link, um ein neues Passwort festzulegen."],
  invitation: ["Konto anlegen", "Wählen Sie einen Benutzernamen und ein Passwort.", "Konto anlegen",
    "Ihr Konto ist angelegt. Melden Sie sich mit Benutzername und Passwort an."],
  factor: ["Mit zweitem Faktor bestätigen",
    "Ihr Konto hat einen zweiten Faktor. Das neue Passwort gilt, sobald Sie ihn bestätigt haben.", "Passwort festlegen"],
  unknown: ["Dieser Link ist unvollständig",
    "Öffnen Sie den Link in der E-Mail erneut, oder kopieren Sie den ganzen Link in die Adresszeile."],
  username: "Benutzername",
  usernameHint: "Lassen Sie dieses Feld leer, wenn die E-Mail Ihren Benutzernamen nennt.",
  password: "Passwort",
  newPassword: "Neues Passwort",
  newPasswordHint: "Mehrere Wörter, die Sie sonst nicht verwenden, sind ein gutes Passwort.",
  code: "Code",
  codeHint: "Die sechs Ziffern in Ihrer Authenticator-App{names} oder einer Ihrer Wiederherstellungscodes.",
  recovery: "Wiederherstellungscode",
  recoveryHint: "Falls Sie Ihren Passkey nicht verwenden können, geben Sie einen Ihrer Wiederherstellungscodes ein.",
  passkey: "Passkey verwenden{names}",
  passkeyFailed: "Der Passkey wurde nicht verwendet. Versuchen Sie es erneut, oder geben Sie einen Code ein.",
  show: "Passwort anzeigen",
  sending: "Bitte warten …",
  failed: "Der Server konnte die Anfrage nicht verarbeiten.",
  network: "Der Server antwortet nicht. Prüfen Sie die Verbindung, und versuchen Sie es erneut.",
  wait: (minutes) =>
    `Zu viele Versuche. Versuchen Sie es in ${minutes === 1 ? "einer Minute" : minutes + " Minuten"} erneut.`,
  busy: "Der Dienst ist zurzeit nicht verfügbar. Versuchen Sie es in einer Minute erneut.",
  PROOF_INVALID: "Dieser Link ist nicht gültig. Er ist abgelaufen, wurde schon benutzt, oder das Konto hat sich "
    + "seitdem geändert. Fordern Sie eine neue E-Mail an, oder fragen Sie die Person, die Sie eingeladen hat.",
  FACTOR_WRONG: "Das wurde nicht akzeptiert. Versuchen Sie es erneut. Eine App zeigt alle 30 Sekunden einen neuen Code, "
    + "und jeder Code gilt nur einmal.",
  CHALLENGE_INVALID: "Die Zeit ist abgelaufen, oder es gab zu viele Versuche. Versuchen Sie es erneut mit einem neuen Code "
    + "oder einem Passkey.",
  VALIDATION_FAILED: "Bitte prüfen Sie Ihre Eingabe.",
  USERNAME_TAKEN: "Dieser Benutzername ist vergeben.",
  EMAIL_TAKEN: "Ein anderes Konto verwendet diese E-Mail-Adresse.",
  rules: [
    [/^must have at least (\d+) characters$/, "muss mindestens $1 Zeichen haben"],
    [/^must have at most (\d+) bytes in UTF-8$/, "darf in UTF-8 höchstens $1 Byte lang sein"],
    [/^must be well-formed Unicode$/, "muss gültiges Unicode sein"],
    [/^must have (\d+) to (\d+) characters, all of them letters, digits or visible ASCII$/,
      "muss $1 bis $2 Zeichen haben, und zwar nur Buchstaben, Ziffern oder sichtbare ASCII-Zeichen"],
    [/^is in the list of common passwords$/, "ist in der Liste häufiger Passwörter"],
    [/^is guessed in less than a million tries\b.*/, "ist leicht zu erraten: Es besteht aus häufigen "
      + "Passwörtern, Wiederholungen, Folgen, Tastenreihen oder Datumsangaben"],
    [/^is little more than the username\b.*/, "ist kaum mehr als der Benutzername oder der Name des Dienstes"],
    [/^is not the password of the account$/, "ist nicht das Passwort des Kontos"],
    [/^is required\b.*/, "ist erforderlich"],
  ],
};

const german = /^de\b/i.test(navigator.language);
const texts = german ? GERMAN : ENGLISH;

const purpose = /([^/;]*)[^/]*$/.exec(location.pathname)[1];
const title = document.getElementById("title");
const introduction = document.getElementById("introduction");
const form = document.getElementById("form");
const error = document.getElementById("error");
const state = document.getElementById("state");

let proof = null;
let sending = false;

/** The second step, if an account has a second factor: the body of the first step, and the challenge. */
let challenged = null;

function password(name, autocomplete) {
  const hint = autocomplete === "new-password" ? "newPasswordHint" : null;
  return { name, label: name, hint, type: "password", autocomplete };
}

/** Creates an element. Text is never parsed as HTML. */
function element(name, properties, ...children) {
  const created = Object.assign(document.createElement(name), properties);
  created.append(...children);
  return created;
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
  showForm(texts[known ? purpose : "unknown"], known ? PURPOSES[purpose].fields.flatMap(field) : null);
}

/** Shows a form with these parts and a button; no form without parts. */
function showForm([heading, explanation, action], parts) {
  document.title = heading;
  title.textContent = heading;
  introduction.textContent = explanation;
  report(null);
  finish("");
  form.hidden = !parts;
  form.replaceChildren(...(parts ? [...parts, element("button", { id: "send", textContent: action })] : []));
}

/** Asks for a second factor. The proof and the fields of the first step stay valid. */
function askFactor(body, { challenge, factors, passkey }) {
  const named = (type) => factors.filter((factor) => factor.type === type).map((factor) => factor.name);
  challenged = { body, challenge, passkey, hasCodes: named("totp").length > 0 };
  const label = challenged.hasCodes ? "code" : "recovery";
  const autocomplete = challenged.hasCodes ? "one-time-code" : "off";
  const parts = field({ name: "code", label, hint: label + "Hint", type: "text", autocomplete });
  const hint = parts[0].querySelector(".hint");
  hint.textContent = withNames(hint.textContent, named("totp"));
  if (passkey && window.PublicKeyCredential) {
    const textContent = withNames(texts.passkey, named("passkey"));
    parts.unshift(element("button", { id: "passkey", type: "button", textContent }));
  }
  showForm(texts.factor, parts);
  // A screen reader reads the field after the focus moves there, and with it the introduction.
  const first = (!challenged.hasCodes && document.getElementById("passkey")) || document.getElementById("code");
  first.setAttribute("aria-describedby", first.id === "code" ? "introduction code-hint" : "introduction");
  first.focus();
}

function withNames(text, names) {
  return text.replace("{names}", () => (names.length > 0 ? ` (${names.join(", ")})` : ""));
}

/** Fields have no name, so that a form that is sent in another way does not contain their values. */
function field({ name, label, hint, type, autocomplete, optional }) {
  const input = element("input", { id: name, type, autocomplete, required: !optional, spellcheck: false });
  input.autocapitalize = "none";
  const parts = [element("label", { htmlFor: name, textContent: texts[label] }), input];
  if (hint) {
    parts.push(element("p", { id: name + "-hint", className: "hint", textContent: texts[hint] }));
    input.setAttribute("aria-describedby", name + "-hint");
  }
  const shown = [element("div", { className: "field" }, ...parts)];
  if (type === "password") {
    const box = element("input", { type: "checkbox" });
    box.addEventListener("change", () => (input.type = box.checked ? "text" : "password"));
    shown.push(element("label", { className: "option" }, box, texts.show));
  }
  return shown;
}

/**
 * Returns whether the user caused the event. Events of scripts are not trusted. Without a gesture shortly before, the
 * user is not active, even if a script makes the browser create a trusted event.
 */
function isGesture(event) {
  return event.isTrusted && navigator.userActivation?.isActive !== false;
}

async function send() {
  if (sending || !form.reportValidity()) {
    return;
  }
  if (challenged) {
    const code = document.getElementById("code").value;
    const type = challenged.hasCodes && /^[\d\s]{1,12}$/.test(code) ? "totp" : "recovery";
    await post({ ...challenged.body, challenge: challenged.challenge, type, code });
    return;
  }
  const body = { proof };
  for (const { name, optional } of PURPOSES[purpose].fields) {
    const { value } = document.getElementById(name);
    if (value !== "" || !optional) {
      body[name] = value;
    }
  }
  await post(body);
}

async function usePasskey() {
  if (sending) {
    return;
  }
  const { body, challenge, passkey } = challenged;
  setSending(true);
  report(null);
  try {
    const credential = assertion(await navigator.credentials.get({ publicKey: requestOptions(passkey) }));
    await post({ ...body, challenge, type: "passkey", credential });
  } catch {
    report({ message: texts.passkeyFailed, focus: "passkey" });
  } finally {
    setSending(false);
  }
}

/** Converts options from JSON, as PublicKeyCredential.parseRequestOptionsFromJSON does in newer browsers. */
function requestOptions(json) {
  const allowCredentials = (json.allowCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  return { ...json, challenge: bytes(json.challenge), allowCredentials };
}

/** Converts an assertion to JSON, as its method toJSON does in newer browsers. */
function assertion({ id, type, response, authenticatorAttachment }) {
  const { clientDataJSON, authenticatorData, signature, userHandle } = response;
  return {
    id,
    rawId: id,
    type,
    response: {
      clientDataJSON: base64url(clientDataJSON),
      authenticatorData: base64url(authenticatorData),
      signature: base64url(signature),
      ...(userHandle && { userHandle: base64url(userHandle) }),
    },
    ...(authenticatorAttachment && { authenticatorAttachment }),
    clientExtensionResults: {},
  };
}

function bytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
}

function base64url(buffer) {
  const text = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Makes the call. If the challenge is not valid any more, repeats the call without it, to get a new one. */
async function post(body) {
  setSending(true);
  report(null);
  try {
    const first = await request(body);
    const renews = first.problem?.code === "CHALLENGE_INVALID" && challenged !== null;
    const asked = renews ? challenged.body : body;
    const { response, problem } = renews ? await request(asked) : first;
    if (response.ok) {
      succeed();
    } else if (problem.code === "FACTOR_REQUIRED") {
      askFactor(asked, problem);
      report(renews ? { message: texts.CHALLENGE_INVALID, focus: challenged.hasCodes ? "code" : "passkey" } : null);
    } else {
      fail(failure(response, problem), body);
    }
  } catch {
    report({ message: texts.network });
  } finally {
    setSending(false);
  }
}

async function request(body) {
  const response = await fetch(PURPOSES[purpose].call, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
    redirect: "error",
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  return { response, problem: response.ok ? null : await response.json().catch(() => ({})) };
}

/** Shows why a call failed, with the step in which the user can correct it. */
function fail(failed, { type }) {
  if (challenged && failed.errors?.length > 0) {
    show();
  }
  if (failed.code === "FACTOR_WRONG") {
    failed.focus = type === "passkey" ? "passkey" : "code";
  }
  report(failed);
}

/** The buttons keep the focus while a request is sent, because they are not disabled. */
function setSending(value) {
  sending = value;
  form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-disabled", value));
  if (value) {
    finish(texts.sending);
  } else if (state.textContent === texts.sending) {
    finish("");
  }
}

function succeed() {
  proof = null;
  challenged = null;
  form.replaceChildren();
  form.hidden = true;
  introduction.textContent = "";
  document.title = texts[purpose][0];
  title.textContent = texts[purpose][0];
  finish(texts[purpose][3], true);
  state.focus();
}

function finish(text, done = false) {
  state.textContent = text;
  state.classList.toggle("done", done);
}

/** Returns what to show: own sentences for errors that users can act on, otherwise the message of the service. */
function failure(response, { code, message, errors, requestId }) {
  if (response.status === 429) {
    const seconds = Number(response.headers.get("Retry-After")) || 60;
    return { message: texts.wait(Math.ceil(seconds / 60)) };
  }
  if (response.status === 502 || response.status === 503 || response.status === 504) {
    return { message: texts.busy };
  }
  return {
    code,
    message: code === "INTERNAL" ? `${message} (${requestId})` : texts[code] ?? message ?? texts.failed,
    isOwn: typeof texts[code] === "string" || !message,
    errors: Array.isArray(errors) ? errors : [],
  };
}

/**
 * Shows an error in the live region, and marks the fields that it names. Moves the focus to the first of them, or to the
 * element that the error names.
 */
function report(failed) {
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
  }
  error.replaceChildren();
  if (!failed) {
    return;
  }
  const { message, isOwn = true, errors = [], focus = "send" } = failed;
  error.append(element("p", { lang: isOwn ? document.documentElement.lang : "en", textContent: message }));
  if (errors.length > 0) {
    error.append(element("ul", {}, ...errors.map(fieldError)));
  }
  for (const { field: name } of errors) {
    form.querySelector("input#" + CSS.escape(name))?.setAttribute("aria-invalid", "true");
  }
  const code = document.getElementById("code");
  if (failed.code === "FACTOR_WRONG" && focus === "code") {
    code.setAttribute("aria-invalid", "true");
    code.select();
  }
  (form.querySelector("[aria-invalid]") ?? document.getElementById(focus) ?? code)?.focus();
}

function fieldError({ field: name, message }) {
  const known = PURPOSES[purpose].fields.find((one) => one.name === name);
  const rule = texts.rules.find(([pattern]) => pattern.test(message));
  const text = rule ? message.replace(rule[0], rule[1]) : message;
  return element("li", {}, known ? texts[known.label] : name, " ",
    element("span", { lang: rule ? document.documentElement.lang : "en", textContent: text }));
}

form.addEventListener("submit", (event) => event.preventDefault());

// Enter in a field also causes a trusted click of the button. A script cannot cause one.
form.addEventListener("click", (event) => {
  const use = { send, passkey: usePasskey }[event.target.id];
  if (use) {
    event.preventDefault();
    if (isGesture(event)) {
      void use();
    }
  }
});

// A second link that is opened in the same tab changes only the fragment.
addEventListener("hashchange", () => {
  if (takeProof()) {
    show();
  }
});

document.documentElement.lang = german ? "de" : "en";
takeProof();
show();
