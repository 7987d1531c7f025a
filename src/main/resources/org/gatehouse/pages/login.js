// Login with a password, a second factor or a passkey; another login after the session ended; step-up.

import { announce, button, confirmed, dialog, el, form, timeText } from "./dom.js";
import { assertion, hasPasskeys } from "./passkey.js";
import { Canceled, features, mustEnrol, onSession, post, send, take, user } from "./session.js";
import { t } from "./text.js";

/**
 * Returns the form of a login, and the button for passkeys.
 *
 * @param done is called after the login with the response
 * @param username the name to show at first
 * @param passkeys whether the service accepts passkeys
 */
export function loginParts({ done, username = "", passkeys = false }) {
  if (!isSecureContext) {
    // Without HTTPS, the browser does not keep the cookie, and a password could be read on its way.
    return [el("p", { class: "problem" }, t("common.insecure"))];
  }
  const finish = (granted) => {
    take(granted);
    if (granted.recoveryCodesLeft !== undefined) {
      setTimeout(() => announce(t("common.codesLeft", { count: granted.recoveryCodesLeft })), 1000);
    }
    return done(granted);
  };
  const parts = form({
    fields: [
      { name: "username", label: t("common.usernameOrAddress"), autocomplete: "username", value: username },
      { name: "password", label: t("common.password"), type: "password", autocomplete: "current-password" },
    ],
    action: t("common.logIn"),
    submit: async (values) => finish(await orKeep((options) =>
      withFactor(() => post("login", { ...values, ...options }), options))),
  });
  return [parts, passkeys && hasPasskeys && el("div", { class: "other" }, button(t("common.usePasskey"), async () =>
    finish(await orKeep(async (options) =>
      post("login/passkey", { credential: await usePasskey(await post("login/passkey/options")), ...options })))))];
}

/** Logs in. If the account is being deleted, asks whether to keep it, and then logs in again. */
async function orKeep(attempt) {
  try {
    return await attempt({ session: "cookie" });
  } catch (failed) {
    if (failed.code !== "ACCOUNT_LEAVING") {
      throw failed;
    }
    const explanation = t("common.leavingText", { time: timeText(failed.deletedAfter) });
    if (!await confirmed(t("common.leavingTitle"), explanation, t("common.leavingKeep"))) {
      throw new Canceled();
    }
    return attempt({ session: "cookie", keepAccount: true });
  }
}

/**
 * Makes a call that may ask for a second factor, and completes it.
 *
 * @param attempt makes the call. It is repeated if the challenge becomes invalid
 * @param more the fields of the request with the factor in addition to the factor
 */
async function withFactor(attempt, more = {}) {
  const challenge = async () => {
    try {
      return { granted: await attempt() };
    } catch (failed) {
      if (failed.code !== "FACTOR_REQUIRED") {
        throw failed;
      }
      return failed;
    }
  };
  const first = await challenge();
  const { granted, failed } = first.granted ? first : await askFactor(first, challenge, more) ?? {};
  if (!granted) {
    throw failed ?? new Canceled();
  }
  return granted;
}

/**
 * Asks for a factor in a dialog. Returns `granted`, or `failed` if another factor would not help; undefined if the user
 * cancels.
 */
function askFactor(first, renew, more) {
  let asked = first;
  const devices = first.factors.filter(({ type }) => type === "totp");
  return dialog(t("common.factorTitle"), (close) => {
    const complete = async (body) => {
      try {
        close({ granted: await post("login/factor", { challenge: asked.challenge, ...body, ...more }) });
      } catch (failed) {
        if (failed.code === "ACCOUNT_LEAVING") {
          close({ failed });
          return;
        }
        if (failed.code === "CHALLENGE_INVALID") {
          asked = await renew();
          if (asked.granted) {
            close(asked);
            return;
          }
        }
        throw failed;
      }
    };
    return [
      first.passkey && hasPasskeys && el("p", {}, button(t("common.usePasskey"), async () =>
        complete({ type: "passkey", credential: await usePasskey(asked.passkey) }))),
      form({
        fields: [
          devices.length > 1 && { name: "id", label: t("common.device"), options: devices.map((one) => [one._id, one.name]) },
          {
            name: "code",
            label: t("common.code"),
            hint: t(devices.length > 0 ? "common.codeHint" : "common.recoveryHint", { names: "" }),
            autocomplete: devices.length > 0 ? "one-time-code" : "off",
          },
        ].filter(Boolean),
        action: t("common.continue"),
        cancel: () => close(),
        submit: ({ id, code }) => {
          const totp = devices.length > 0 && /^[\d\s]{1,12}$/.test(code);
          return complete({ type: totp ? "totp" : "recovery", code, ...(totp && id && { id }) });
        },
      }),
    ];
  });
}

/** Asks the browser for a passkey. Throws a problem if the user does not use one. */
async function usePasskey(options) {
  try {
    return await assertion(options);
  } catch {
    throw { status: 400, code: "PASSKEY_FAILED" };
  }
}

/** Opens a dialog once, although several calls may need it at the same time. Rejects if the user cancels. */
function once(open) {
  let opened = null;
  return () => (opened ??= open().finally(() => (opened = null)).then((done) => {
    if (!done) {
      throw new Canceled();
    }
  }));
}

/** Closes the dialog in which the user is asked to log in again, after another tab has done so. */
let renewed = () => {};

/** Asks the user to log in again above the present screen. Another user gets a page without the data of the first one. */
const loginAgain = once(async () => {
  const before = user?._id;
  const { passkeys } = await features().catch(() => ({}));
  if (!user) {
    return false;
  }
  return dialog(t("common.endedTitle"), (close) => {
    renewed = () => close(true);
    const done = () => {
      if (user._id !== before) {
        location.reload();
        return;
      }
      close(!mustEnrol);
      if (mustEnrol) {
        dispatchEvent(new Event("hashchange")); // shows the screen for a new factor
      }
    };
    return [
      el("p", {}, t("common.endedText")),
      loginParts({ username: user?.username, passkeys, done }),
      el("div", { class: "other" }, button(t("common.cancel"), () => close())),
    ];
  });
});

/** Asks the user for the password, and for the factor if there is one. */
const stepUp = once(() => dialog(t("common.stepUpTitle"), (close) => [
  el("p", {}, t("common.stepUpText")),
  form({
    fields: [{ name: "password", label: t("common.password"), type: "password", autocomplete: "current-password" }],
    action: t("common.continue"),
    cancel: () => close(),
    submit: async (values) => {
      take(await withFactor(async () => (await send("POST", "login/step-up", { body: values })).json()));
      close(true);
    },
  }),
]));

onSession({ loginAgain, stepUp, renewed: () => renewed() });
