// Uses passkeys of a virtual authenticator in a browser: passkey-walk.js BASE BROWSER MAILS PORT FOREIGN [FOLDER].
// Serves the sample page of docs/factors.md at PORT, whose origin may use passkeys, and at FOREIGN, whose origin may not.
// Also sets new passwords on the page of the service, with the links in the mails that MAILS/dev/mail.json returns.
// Prints a line for each check. Exits with 1 if one fails. Saves screenshots in the folder, if one is given.
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const { chromium } = require(process.cwd() + "/target/browser/node_modules/playwright-core");

const [base, executablePath, mails, port, foreignPort, screenshots] = process.argv.slice(2);
const { ADMIN_USERNAME, ADMIN_PASSWORD } = process.env;

const USERNAME = "paula";
const ADDRESS = "paula@example.com";
const PASSWORDS = ["correct horse battery staple", "staple battery horse correct", "battery correct staple horse"];

/** The message of FACTOR_WRONG. */
const REJECTED = "The code or the passkey is not right.";

const MAIL_TIMEOUT_MS = 60_000;
const POLL_EVERY_MS = 100;
const CODES = 10;
const MAX_ATTEMPTS = 5;

let passed = 0;
let failed = 0;

function check(what, holds, more) {
  passed += holds ? 1 : 0;
  failed += holds ? 0 : 1;
  console.log(`passkey: ${holds ? "passed" : "FAILED"}: ${what}${holds || more === undefined ? "" : ": " + more}`);
}

async function call(method, path, body, token) {
  const response = await fetch(base + path, {
    method,
    headers: { ...(body && { "Content-Type": "application/json" }), ...(token && { auth: token }) },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, json: text.startsWith("{") ? JSON.parse(text) : undefined };
}

/** Returns the response of a call that must succeed. */
async function ok(...request) {
  const response = await call(...request);
  if (response.status >= 300) {
    throw new Error(`${request.slice(0, 2).join(" ")}: ${response.status} ${JSON.stringify(response.json)}`);
  }
  return response.json;
}

/** The sample page as the documentation shows it, with the address of this service. */
function samplePage() {
  const [, html] = /^```html\n([^]*?)^```$/m.exec(fs.readFileSync("docs/factors.md", "utf8"));
  const page = html.replace('"http://localhost:8080"', JSON.stringify(base));
  check("the sample page is about 60 lines long and names the address of the service once",
    html.split("\n").length < 75 && page !== html && !page.includes(":8080"));
  return page;
}

function serve(page, at) {
  const server = http.createServer((request, response) => {
    const found = request.url === "/";
    response.writeHead(found ? 200 : 404, { "Content-Type": "text/html; charset=utf-8" });
    response.end(found ? page : "");
  });
  return new Promise((resolve) => server.listen(at, "127.0.0.1", () => resolve(server)));
}

/** Waits until there are this many mails of the kind, and returns the link in the last one. */
async function link(kind, count) {
  const end = Date.now() + MAIL_TIMEOUT_MS;
  while (Date.now() < end) {
    const response = await fetch(`${mails}/dev/mail.json?to=${encodeURIComponent(ADDRESS)}`);
    const found = (await response.json()).filter((mail) => mail.kind === kind);
    if (found.length >= count) {
      return /https?:\S+#proof=[\w-]{59}/.exec(found.at(-1).text)[0];
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
  throw new Error(`no mail of the kind ${kind}`);
}

/** Opens a page with a virtual authenticator, such as the fingerprint reader of a laptop. */
async function open(browser) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("response", (response) => response.status() >= 500 && errors.push(`${response.url()} ${response.status()}`));
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const authenticator = {
    credentials: async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    verifies: (isUserVerified) => devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
  };
  return { page, errors, authenticator, close: () => context.close() };
}

/** Clicks a button of the sample page, and returns what the page shows then. */
async function click(page, id) {
  await page.evaluate(() => (document.getElementById("state").textContent = ""));
  await page.click("#" + id);
  await page.waitForSelector("#state:not(:empty)");
  return page.textContent("#state");
}

async function fillLogin(page, password) {
  await page.fill("#username", USERNAME);
  await page.fill("#password", password);
}

/** Enrols through the sample page and logs in with it. Returns the recovery codes. */
async function sample(page, authenticator, id, admin) {
  await page.goto(`http://localhost:${port}/`);
  await fillLogin(page, PASSWORDS[0]);
  check("the password is enough before", (await click(page, "login")) === `Logged in as ${USERNAME}.`,
    await page.textContent("#state"));
  const added = await click(page, "add");
  const codes = added.replace(/^.*: |\.$/g, "").split(" ");
  check("the page adds a passkey and shows the codes", codes.length === CODES && new Set(codes).size === CODES, added);
  const credentials = await authenticator.credentials();
  check("the passkey is discoverable", credentials.length === 1 && credentials[0].isResidentCredential
    && credentials[0].rpId === "localhost", JSON.stringify(credentials.map(({ privateKey, ...rest }) => rest)));
  const { factors, recoveryCodesLeft } = await ok("GET", `/user/${id}/factor`, undefined, admin);
  check("the account has the passkey", factors.length === 1 && factors[0].type === "passkey"
    && recoveryCodesLeft === CODES, JSON.stringify(factors));
  const again = await click(page, "add");
  check("the authenticator refuses to add the same passkey twice",
    !again.startsWith("Added") && (await authenticator.credentials()).length === 1, again);

  await page.reload();
  check("the passkey alone logs in", (await click(page, "passkey")) === `Logged in as ${USERNAME}.`,
    await page.textContent("#state"));
  const answer = await call("POST", "/login", { username: USERNAME, password: PASSWORDS[0] });
  check("the password alone does not", answer.status === 401 && answer.json.code === "FACTOR_REQUIRED",
    JSON.stringify(answer));
  await page.reload();
  await fillLogin(page, PASSWORDS[0]);
  check("the password and the passkey log in", (await click(page, "login")) === `Logged in as ${USERNAME}.`,
    await page.textContent("#state"));
  await authenticator.verifies(false);
  await page.reload();
  const unverified = await click(page, "passkey");
  check("a passkey without user verification does not log in", !unverified.startsWith("Logged in"), unverified);
  await authenticator.verifies(true);
  check("the user tries again", (await click(page, "passkey")) === `Logged in as ${USERNAME}.`);
  check("the counter has increased", (await authenticator.credentials())[0].signCount > 1);
  return codes;
}

/** A page of another origin, to which an attacker leads the user, uses the passkey of the same domain. */
async function foreign(page) {
  await page.goto(`http://localhost:${foreignPort}/`);
  const shown = await click(page, "passkey");
  check("the server does not accept a passkey from another origin", shown === REJECTED, shown);
  await fillLogin(page, PASSWORDS[0]);
  const second = await click(page, "login");
  check("neither as the second factor", second === REJECTED, second);
}

async function openReset(page, count, password) {
  await ok("POST", "/password/forgot", { email: ADDRESS });
  const url = await link("reset", count);
  check("the link leads to the page under the path of the service", url.startsWith(`${base}/account/reset#`), url);
  await page.goto(url);
  await page.fill("#newPassword", password);
  await page.click("#send");
  await page.waitForSelector("#code");
  return url;
}

async function settled(page) {
  await page.waitForFunction(() => document.getElementById("send")?.getAttribute("aria-disabled") !== "true");
}

/** Sets a new password with the passkey, after the user has cancelled once and has used up a challenge. */
async function resetWithPasskey(page, authenticator) {
  await openReset(page, 1, PASSWORDS[1]);
  check("the old password is still in force", (await call("POST", "/login",
    { username: USERNAME, password: PASSWORDS[0] })).json.code === "FACTOR_REQUIRED");
  await appearance(page);
  await authenticator.verifies(false);
  await page.click("#passkey");
  await page.waitForSelector("#error:not(:empty)");
  check("an unsuccessful passkey is explained", /was not used|not accepted/.test(await page.textContent("#error")),
    await page.textContent("#error"));
  check("the button keeps the focus", await page.evaluate(() => document.activeElement.id === "passkey"));
  await authenticator.verifies(true);
  for (let attempt = 0; attempt <= MAX_ATTEMPTS; attempt++) {
    await page.fill("#code", "AAAAAA-AAAAAA-AAAAAA-" + String(attempt).padStart(6, "A"));
    await page.click("#send");
    await settled(page);
    if (/time is over/.test(await page.textContent("#error"))) {
      break;
    }
  }
  check("a challenge that is used up is replaced", /time is over/.test(await page.textContent("#error")),
    await page.textContent("#error"));
  await page.focus("#passkey");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#state.done:not(:empty), #error:not(:empty)");
  check("the passkey sets the new password, with the keyboard only",
    await page.evaluate(() => document.activeElement.id === "state"), await page.textContent("#error"));
  await screenshot(page, "reset-done");
}

async function resetWithCode(page, code) {
  await openReset(page, 2, PASSWORDS[2]);
  await page.keyboard.press("Tab");
  await page.fill("#code", code.toLowerCase().replaceAll("-", " "));
  await page.keyboard.press("Enter");
  await page.waitForSelector("#state.done:not(:empty), #error:not(:empty)");
  check("a recovery code sets the new password", (await page.$("#state.done")) !== null, await page.textContent("#error"));
}

/** How the step of the second factor looks. */
async function appearance(page) {
  for (const [name, { colorScheme = "light", width = 1000 }] of Object.entries({
    light: {},
    dark: { colorScheme: "dark" },
    narrow: { width: 320 },
  })) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    const wanted = await page.evaluate(() => document.documentElement.scrollWidth);
    check(`the second step fits in ${width} pixels (${name})`, wanted <= width, wanted);
    await screenshot(page, `reset-${name}`);
  }
  await page.setViewportSize({ width: 1000, height: 800 });
}

async function screenshot(page, name) {
  if (screenshots) {
    await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true });
  }
}

async function story(browser) {
  const admin = (await ok("POST", "/login", { username: ADMIN_USERNAME, password: ADMIN_PASSWORD })).token;
  const { _id: id } = await ok("POST", "/user", { username: USERNAME, password: PASSWORDS[0] }, admin);
  await ok("PUT", `/user/${id}/email`, { email: ADDRESS, verified: true }, admin);
  const { page, errors, authenticator, close } = await open(browser);

  const codes = await sample(page, authenticator, id, admin);
  await foreign(page);
  await resetWithPasskey(page, authenticator);
  check("the old password has ended", (await call("POST", "/login",
    { username: USERNAME, password: PASSWORDS[0] })).json.code === "CREDENTIALS_WRONG");
  await resetWithCode(page, codes[0]);
  const { recoveryCodesLeft } = await ok("GET", `/user/${id}/factor`, undefined, admin);
  check("the recovery code is used up", recoveryCodesLeft === CODES - 1, recoveryCodesLeft);
  await page.goto(`http://localhost:${port}/`);
  await fillLogin(page, PASSWORDS[2]);
  check("the new password and the passkey log in", (await click(page, "login")) === `Logged in as ${USERNAME}.`,
    await page.textContent("#state"));
  check("no script failed, and no response was an error of the server", errors.length === 0, errors.join("; "));
  await close();
}

(async () => {
  const page = samplePage();
  const servers = await Promise.all([port, foreignPort].map((at) => serve(page, at)));
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP localhost 127.0.0.1"],
  });
  try {
    await story(browser);
  } catch (error) {
    check("the walk comes to its end", false, error.stack);
  } finally {
    await browser.close();
    servers.forEach((server) => server.close());
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
})();
