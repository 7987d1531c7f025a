// Uses the links of real mails, after a link scanner has used them: mail-walk.js BASE BROWSER [FOLDER]. Prints a line for
// each check. Exits with 1 if one fails. Saves screenshots of the mails in the folder, if one is given.
"use strict";

const { chromium } = require(process.cwd() + "/target/browser/node_modules/playwright-core");
const { submitByScript } = require("./script-gestures.js");

const [base, executablePath, screenshots] = process.argv.slice(2);
const { ADMIN_USERNAME, ADMIN_PASSWORD } = process.env;

const MAIL_TIMEOUT_MS = 60_000;
const POLL_EVERY_MS = 100;
/** More elements than a page has. */
const MAX_TABS = 20;

let passed = 0;
let failed = 0;

function check(what, holds, more) {
  passed += holds ? 1 : 0;
  failed += holds ? 0 : 1;
  console.log(`mail: ${holds ? "passed" : "FAILED"}: ${what}${holds || more === undefined ? "" : ": " + more}`);
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

async function login(username, password) {
  return (await ok("POST", "/login", { username, password })).token;
}

/** The token is read before each use, because it expires soon. */
async function asAdmin(method, path, body) {
  return ok(method, path, body, await login(ADMIN_USERNAME, ADMIN_PASSWORD));
}

/** Waits for the only mail of this kind to this address. */
async function mail(to, kind) {
  const end = Date.now() + MAIL_TIMEOUT_MS;
  while (Date.now() < end) {
    const response = await fetch(`${base}/dev/mail.json?to=${encodeURIComponent(to)}`);
    const found = (await response.json()).filter((one) => one.kind === kind);
    if (found.length > 0) {
      return found[0];
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
  throw new Error(`no mail of the kind ${kind} to ${to}`);
}

function unescape(html) {
  return html.replace(/&#x?3D;|&#61;/gi, "=");
}

async function linkOf(to, kind, purpose) {
  const { text, html } = await mail(to, kind);
  const [link] = /https?:\S+#proof=[\w-]{59}/.exec(text) ?? [];
  check(`${purpose}: both parts of the mail have the same link to the page`,
    link?.startsWith(`${base}/account/${purpose}#`) && unescape(html).includes(`href="${link}"`), text);
  return link;
}

/** Opens the link as programs do that check mails: by HEAD and GET, then in a browser that runs and submits everything. */
async function scan(browser, purpose, link, values) {
  const responses = [];
  for (const method of ["HEAD", "GET"]) {
    responses.push((await fetch(link, { method })).status, (await fetch(link.replace("#", "?"), { method })).status);
  }
  check(`${purpose}: a scanner gets no error of the server`, responses.every((status) => status < 500), responses);

  const context = await browser.newContext();
  const page = await context.newPage();
  const sent = [];
  page.on("request", (request) => request.method() !== "GET" && sent.push(request.url()));
  await page.goto(link);
  await page.waitForSelector("#send");
  await page.evaluate((given) => {
    for (const [name, value] of Object.entries(given)) {
      document.getElementById(name).value = value;
    }
  }, values);
  const attempts = await page.evaluate(submitByScript);
  // The browser sends requests in order, so a POST would begin before this request ends.
  await page.evaluate(() => fetch("style.css", { cache: "no-store" }));
  check(`${purpose}: ${attempts} attempts of a scanner send nothing`, sent.length === 0, sent.join());
  await context.close();
}

/** Moves the focus with the key Tab only. */
async function tabTo(page, id) {
  for (let i = 0; i < MAX_TABS; i++) {
    if (await page.evaluate((wanted) => document.activeElement.id === wanted, id)) {
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`the key Tab does not reach ${id}`);
}

/** Uses the link as a user who has only a keyboard. */
async function use(browser, purpose, link, values) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
  const page = await context.newPage();
  await page.goto(link);
  await page.waitForSelector("#send");
  for (const [name, value] of Object.entries(values)) {
    await tabTo(page, name);
    await page.keyboard.type(value);
  }
  await tabTo(page, Object.keys(values).at(-1) ?? "send");
  const pending = page.waitForResponse((response) => response.request().method() === "POST");
  await page.keyboard.press("Enter");
  const status = (await pending).status();
  await page.waitForSelector("#state.done:not(:empty), #error:not(:empty)");
  check(`${purpose}: the user succeeds after the scanner`,
    status === (purpose === "invitation" ? 201 : 204), `${status} ${await page.textContent("#error")}`);
  await screenshot(page, `${purpose}-done`);
  await context.close();
}

async function scanThenUse(browser, purpose, link, values = {}) {
  await scan(browser, purpose, link, values);
  await use(browser, purpose, link, values);
}

async function screenshot(page, name) {
  if (screenshots) {
    await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true });
  }
}

async function story(browser) {
  const name = "nora";
  const [old, next] = ["nora@example.com", "nora@example.org"];
  const [first, second, third] = ["correct horse battery staple", "staple battery horse correct", "battery correct staple horse"];
  const { _id: id } = await asAdmin("POST", "/user", { username: name, password: first, email: old });
  const verified = async () => (await asAdmin("GET", "/user/" + id)).emailVerified !== undefined;

  const verification = await linkOf(old, "verification", "verification");
  await scan(browser, "verification", verification, { password: first });
  check("verification: a scanner that knows the password verifies nothing", !(await verified()));
  await use(browser, "verification", verification, { password: first });
  check("verification: the address is verified", await verified());

  await ok("POST", "/password/forgot", { email: old });
  await scanThenUse(browser, "reset", await linkOf(old, "reset", "reset"), { newPassword: second });
  check("reset: the old password is wrong", (await call("POST", "/login", { username: name, password: first })).status === 401);
  check("reset: the user logs in with the new password", (await login(old, second)) !== undefined);

  const token = await login(name, second);
  await ok("PUT", `/user/${id}/email`, { email: next, currentPassword: second }, token);
  await scanThenUse(browser, "change", await linkOf(next, "change", "change"), { password: second });
  check("change: the new address is in force", (await asAdmin("GET", "/user/" + id)).email === next);

  await scanThenUse(browser, "undo", await linkOf(old, "notice-email", "undo"));
  check("undo: the old address is in force", (await asAdmin("GET", "/user/" + id)).email === old);

  await asAdmin("POST", "/invitation", { email: "otto@example.com" });
  await scanThenUse(browser, "invitation", await linkOf("otto@example.com", "invitation", "invitation"),
    { username: "otto", password: third });
  check("invitation: the user logs in with the address", (await login("otto@example.com", third)) !== undefined);
}

/** The HTML part of each mail, as a mail program shows it. */
async function mails(browser) {
  const context = await browser.newContext({ viewport: { width: 700, height: 800 } });
  const page = await context.newPage();
  const elsewhere = [];
  page.on("request", (request) => !request.url().startsWith(base) && elsewhere.push(request.url()));
  await page.goto(base + "/dev/mail");
  const parts = await page.$$eval('a[href$=".html"]', (links) => links.map((link) => link.href));
  check("the page of the mails lists them", parts.length > 5, parts.length);
  await screenshot(page, "dev-mail");
  for (const width of [700, 360]) {
    await page.setViewportSize({ width, height: 800 });
    for (const part of parts) {
      await page.goto(part);
      const wanted = await page.evaluate(() => document.documentElement.scrollWidth);
      check(`${part.replace(base, "")} fits in ${width} pixels`, wanted <= width, wanted);
      await screenshot(page, `mail-${/(\d+)\.html/.exec(part)[1]}-${width}`);
    }
  }
  check("a mail loads nothing from elsewhere", elsewhere.length === 0, elsewhere.join());
  await context.close();
}

(async () => {
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  try {
    await story(browser);
    await mails(browser);
  } catch (error) {
    check("the walk comes to its end", false, error.stack);
  } finally {
    await browser.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
})();
