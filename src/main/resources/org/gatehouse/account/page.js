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
  unknown: ["This link is incomplete", "Open the link in the mail again, or copy the whole link into the address bar."],
  username: "Username",
  usernameHint: "Leave this empty if the mail names your username.",
  password: "Password",
  newPassword: "New password",
  newPasswordHint: "Several words that you do not use elsewhere make a good password.",
  show: "Show password",
  sending: "Please wait …",
  failed: "The server could not process the request.",
  network: "The server did not respond. Check the connection, and try again.",
  wait: (minutes) => `Too many attempts. Try again in ${minutes === 1 ? "a minute" : minutes + " minutes"}.`,
  busy: "The service is not available at this time. Try again in a minute.",
  PROOF_INVALID: "This link is not valid. It has expired, was used already, or the account has changed since. "
    + "Request a new mail, or ask the sender of the invitation.",
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
  unknown: ["Dieser Link ist unvollständig",
    "Öffnen Sie den Link in der E-Mail erneut, oder kopieren Sie den ganzen Link in die Adresszeile."],
  username: "Benutzername",
  usernameHint: "Lassen Sie dieses Feld leer, wenn die E-Mail Ihren Benutzernamen nennt.",
  password: "Passwort",
  newPassword: "Neues Passwort",
  newPasswordHint: "Mehrere Wörter, die Sie sonst nicht verwenden, sind ein gutes Passwort.",
  show: "Passwort anzeigen",
  sending: "Bitte warten …",
  failed: "Der Server konnte die Anfrage nicht verarbeiten.",
  network: "Der Server antwortet nicht. Prüfen Sie die Verbindung, und versuchen Sie es erneut.",
  wait: (minutes) =>
    `Zu viele Versuche. Versuchen Sie es in ${minutes === 1 ? "einer Minute" : minutes + " Minuten"} erneut.`,
  busy: "Der Dienst ist zurzeit nicht verfügbar. Versuchen Sie es in einer Minute erneut.",
  PROOF_INVALID: "Dieser Link ist nicht gültig. Er ist abgelaufen, wurde schon benutzt, oder das Konto hat sich "
    + "seitdem geändert. Fordern Sie eine neue E-Mail an, oder fragen Sie die Person, die Sie eingeladen hat.",
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
  const [heading, explanation, action] = texts[known ? purpose : "unknown"];
  document.title = heading;
  title.textContent = heading;
  introduction.textContent = explanation;
  report(null);
  finish("");
  form.replaceChildren();
  form.hidden = !known;
  if (known) {
    form.append(...PURPOSES[purpose].fields.flatMap(field), element("button", { id: "send", textContent: action }));
  }
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
  const { call, fields } = PURPOSES[purpose];
  const body = { proof };
  for (const { name, optional } of fields) {
    const { value } = document.getElementById(name);
    if (value !== "" || !optional) {
      body[name] = value;
    }
  }
  setSending(true);
  report(null);
  try {
    const response = await fetch(call, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    if (response.ok) {
      succeed();
    } else {
      report(await failure(response));
    }
  } catch {
    report({ message: texts.network });
  } finally {
    setSending(false);
  }
}

/** The button keeps the focus while a request is sent, because it is not disabled. */
function setSending(value) {
  sending = value;
  document.getElementById("send")?.setAttribute("aria-disabled", value);
  if (value) {
    finish(texts.sending);
  } else if (state.textContent === texts.sending) {
    finish("");
  }
}

function succeed() {
  proof = null;
  form.replaceChildren();
  form.hidden = true;
  introduction.textContent = "";
  finish(texts[purpose][3], true);
  state.focus();
}

function finish(text, done = false) {
  state.textContent = text;
  state.classList.toggle("done", done);
}

/** Returns what to show: own sentences for errors that users can act on, otherwise the message of the service. */
async function failure(response) {
  const { code, message, errors, requestId } = await response.json().catch(() => ({}));
  if (response.status === 429) {
    const seconds = Number(response.headers.get("Retry-After")) || 60;
    return { message: texts.wait(Math.ceil(seconds / 60)) };
  }
  if (response.status === 502 || response.status === 503 || response.status === 504) {
    return { message: texts.busy };
  }
  return {
    message: code === "INTERNAL" ? `${message} (${requestId})` : texts[code] ?? message ?? texts.failed,
    isOwn: typeof texts[code] === "string" || !message,
    errors: Array.isArray(errors) ? errors : [],
  };
}

/** Shows an error in the live region, marks the fields that it names, and moves the focus to the first of them. */
function report(failed) {
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
  }
  error.replaceChildren();
  if (!failed) {
    return;
  }
  const { message, isOwn = true, errors = [] } = failed;
  error.append(element("p", { lang: isOwn ? document.documentElement.lang : "en", textContent: message }));
  if (errors.length > 0) {
    error.append(element("ul", {}, ...errors.map(fieldError)));
  }
  for (const { field: name } of errors) {
    form.querySelector("input#" + CSS.escape(name))?.setAttribute("aria-invalid", "true");
  }
  (form.querySelector("[aria-invalid]") ?? document.getElementById("send"))?.focus();
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
  if (event.target.id === "send") {
    event.preventDefault();
    if (isGesture(event)) {
      void send();
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
