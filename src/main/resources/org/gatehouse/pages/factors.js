// The screens about the password and the second factors.

import { announce, button, confirmed, details, dialog, el, form, loaded, save, section, showScreen, time } from "./dom.js";
import { hasPasskeys, newPasskey } from "./passkey.js";
import { Canceled, call, mustEnrol, take, user } from "./session.js";
import { t } from "./text.js";

/** The password and the second factors. */
export function factorScreen(features) {
  showScreen(t("account.screens.security"),
    section(t("account.changePassword"), el("p", { class: "hint" }, t("account.passwordText")), passwordForm()),
    section(t("account.factors"), el("p", {}, t("account.factorsText")), loaded(() => factorParts(features))));
}

function passwordForm() {
  const created = form({
    fields: [
      { name: "currentPassword", label: t("account.currentPassword"), type: "password", autocomplete: "current-password" },
      { name: "newPassword", label: t("common.newPassword"), type: "password", autocomplete: "new-password",
        hint: t("common.passwordHint") },
    ],
    // Password managers store the new password under this name.
    extra: [el("input", { autocomplete: "username", value: user.username, readOnly: true, hidden: true })],
    action: t("account.changePassword"),
    submit: async (values) => {
      await call("PUT", "user/me/password", values);
      created.reset();
      announce(t("account.passwordChanged"));
    },
  });
  return created;
}

async function factorParts(features) {
  const { factors, recoveryCodesLeft } = await call("GET", "factor");
  const again = () => factorScreen(features);
  return [
    factors.length > 0 && el("ul", { class: "items" }, factors.map((factor) => item(factor, again))),
    factors.length > 0 && el("p", {}, t("account.codesLeft", { count: recoveryCodesLeft })),
    el("div", { class: "actions" }, addButtons(features, again),
      factors.length > 0 && button(t("account.newCodes"), async () => {
        if (await confirmed(t("account.newCodes"), t("account.newCodesText"), t("account.newCodes"))) {
          const { recoveryCodes } = await call("POST", "factor/recovery-codes", {});
          await showCodes(recoveryCodes);
          again();
        }
      })),
  ];
}

function item(factor, again) {
  return el("li", {},
    el("h3", {}, el("bdi", {}, factor.name), " ", el("span", { class: "badge" }, t("account.types." + factor.type))),
    details([
      factor.authenticator && factor.authenticator !== factor.name && [t("common.device"), factor.authenticator],
      [t("account.added"), time(factor.createdAt)],
      [t("account.lastUsed"), time(factor.lastUsedAt)],
    ]),
    button(t("common.remove"), async () => {
      if (await confirmed(t("account.removeFactor", { name: factor.name }), t("account.removeFactorText"), t("common.remove"))) {
        await call("DELETE", `factor/${factor._id}`);
        again();
        announce(t("common.done"));
      }
    }, { "aria-label": t("account.removeFactor", { name: factor.name }) }));
}

function addButtons({ passkeys }, done) {
  const add = (start) => async () => {
    const added = await start();
    if (added) {
      done();
      announce(t("account.factorAdded", { name: added.name }));
    }
  };
  return [
    button(t("account.addApp"), add(addApp)),
    passkeys && hasPasskeys && button(t("account.addPasskey"), add(addPasskey)),
  ];
}

/** Adds an authenticator app. Returns the new factor; undefined if the user cancels. */
async function addApp() {
  const device = await dialog(t("account.addApp"), (close) => form({
    fields: [{ name: "name", label: t("account.factorName"), value: t("account.appName"), maxLength: 64 }],
    action: t("common.continue"),
    cancel: () => close(),
    submit: async (values) => close(await call("POST", "factor/totp", values)),
  }));
  return device && completed(await dialog(t("account.addApp"), (close) => [
    el("p", {}, t("account.scan")),
    el("img", { class: "qr", src: "data:image/svg+xml;charset=utf-8," + encodeURIComponent(device.svg), alt: t("account.qr") }),
    el("p", {}, t("account.secret"), " ", el("code", {}, device.secret.replace(/.{4}(?=.)/g, "$& "))),
    form({
      fields: [{ name: "code", label: t("common.code"), hint: t("account.confirmHint"), autocomplete: "one-time-code", inputMode: "numeric" }],
      action: t("common.confirm"),
      cancel: () => close(),
      submit: async (values) => close(await call("POST", `factor/${device._id}/confirm`, inCookie(values))),
    }),
  ]));
}

/** Adds a passkey. Returns the new factor; undefined if the user cancels. */
async function addPasskey() {
  return completed(await dialog(t("account.addPasskey"), (close) => [
    el("p", {}, t("account.passkeyText")),
    form({
      fields: [{ name: "name", label: t("account.factorName"), optional: true, hint: t("account.passkeyNameHint"), maxLength: 64 }],
      action: t("common.continue"),
      cancel: () => close(),
      submit: async ({ name }) => {
        const options = await call("POST", "passkey/options", {});
        let credential;
        try {
          credential = await newPasskey(options);
        } catch (failed) {
          throw { status: 400, code: failed.name === "InvalidStateError" ? "PASSKEY_KNOWN" : "PASSKEY_FAILED" };
        }
        close(await call("POST", "passkey", inCookie({ ...(name && { name }), credential })));
      },
    }),
  ]));
}

/** The first factor of a user who must have one starts the session, whose refresh token must not reach a script. */
function inCookie(body) {
  return mustEnrol ? { ...body, session: "cookie" } : body;
}

/** Takes the new access token, and shows the recovery codes if there are any. */
async function completed(added) {
  if (added?.token) {
    take(added);
  }
  if (added?.recoveryCodes) {
    await showCodes(added.recoveryCodes);
  }
  return added;
}

/** Shows recovery codes until the user says that they are stored, or the session ends. They cannot be read again. */
async function showCodes(codes) {
  const { _id } = user;
  // Browsers close a dialog when Escape is pressed twice. The back button closes it, too.
  while (!await codesDialog(codes)) {
    if (user?._id !== _id) {
      throw new Canceled();
    }
  }
}

function codesDialog(codes) {
  const text = codes.join("\n") + "\n";
  return dialog(t("account.codes"), (close) => [
    el("p", {}, t("account.codesText")),
    el("ol", { class: "codes" }, codes.map((code) => el("li", {}, el("code", {}, code)))),
    el("div", { class: "actions" },
      button(t("account.saveCodes"), () => {
        save([text], "recovery-codes.txt", "text/plain");
        announce(t("common.done"));
      }),
      navigator.clipboard && button(t("account.copyCodes"), async () => {
        await navigator.clipboard.writeText(text);
        announce(t("common.done"));
      }),
      button(t("account.codesStored"), () => close(true), { class: "primary" })),
  ], { closable: false });
}

/** All that a user can do who must add a second factor first. */
export function enrolmentScreen(features, done) {
  showScreen(t("account.enrol"), el("p", {}, t("account.enrolText")), el("div", { class: "actions" }, addButtons(features, done)));
}
