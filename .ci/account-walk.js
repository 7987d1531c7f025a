// Uses the pages at /account/{purpose} in a browser: account-walk.js BASE BROWSER [FOLDER]. Prints a line for each check.
// Exits with 1 if one fails. Saves screenshots in the folder, if one is given.
"use strict";

const { chromium } = require(process.cwd() + "/target/browser/node_modules/playwright-core");
const { submitByScript } = require("./script-gestures.js");

const [base, executablePath, screenshots] = process.argv.slice(2);

/** A proof of the right form that the service has not issued. */
const PROOF = "A".repeat(59);
const PASSWORD = "correct horse battery staple";

const PURPOSES = {
  reset: { call: "/password/reset", values: { newPassword: PASSWORD } },
  verification: { call: "/email/confirm", values: { password: PASSWORD } },
  change: { call: "/email/confirm", values: { password: PASSWORD } },
  undo: { call: "/email/undo", values: {} },
  invitation: { call: "/invitation/accept", values: { username: "alice", password: PASSWORD } },
};

const INVALID = { status: 400, json: { status: "error", code: "PROOF_INVALID", message: "The proof is not valid." } };
const WEAK = {
  status: 400,
  json: {
    status: "error",
    code: "VALIDATION_FAILED",
    message: "Some fields are not acceptable.",
    errors: [{ field: "newPassword", message: "must have at least 8 characters <b>" }],
  },
};

const REQUIRED = {
  status: 401,
  json: {
    status: "error",
    code: "FACTOR_REQUIRED",
    message: "A second factor is required.",
    challenge: "first",
    factors: [{ _id: "1", type: "totp", name: "<b>Phone</b>" }, { _id: "2", type: "totp", name: "$& Tablet" }],
  },
};
const WRONG = { status: 401, json: { status: "error", code: "FACTOR_WRONG", message: "The factor is wrong." } };
const DEAD = { status: 401, json: { status: "error", code: "CHALLENGE_INVALID", message: "The challenge is not valid." } };

let passed = 0;
let failed = 0;

function check(what, holds, more) {
  passed += holds ? 1 : 0;
  failed += holds ? 0 : 1;
  console.log(`account: ${holds ? "passed" : "FAILED"}: ${what}${holds || more === undefined ? "" : ": " + more}`);
}

/** Opens a page in a context of its own. Its requests and its errors are collected; the answers may be replaced. */
async function open(browser, purpose, { answer, fragment = "#proof=" + PROOF, url, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...options });
  const page = await context.newPage();
  const posts = [];
  const errors = [];
  const elsewhere = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) =>
    message.type() === "error" && !/Failed to load resource/.test(message.text()) && errors.push(message.text()));
  page.on("request", (request) => {
    if (request.method() !== "GET") {
      posts.push({ url: request.url(), body: JSON.parse(request.postData()) });
    }
    if (!request.url().startsWith(base) && !request.url().startsWith("data:")) {
      elsewhere.push(request.url());
    }
  });
  if (answer) {
    await page.route((address) => address.pathname.endsWith(PURPOSES[purpose].call), answer);
  }
  await page.goto(url ?? `${base}/account/${purpose}${fragment}`);
  return { page, posts, errors, elsewhere, close: () => context.close() };
}

async function fill(page, purpose) {
  for (const [name, value] of Object.entries(PURPOSES[purpose].values)) {
    await page.fill("#" + name, value);
  }
}

/** The fields have values, so that only the missing gesture prevents the request. */
async function scan(browser, purpose) {
  const { page, posts, close } = await open(browser, purpose, { answer: (route) => route.fulfill(INVALID) });
  await page.waitForSelector("#send");
  await page.evaluate((values) => {
    for (const [name, value] of Object.entries(values)) {
      document.getElementById(name).value = value;
    }
  }, PURPOSES[purpose].values);
  const tried = await page.evaluate(submitByScript);
  // The browser sends requests in order, so a POST would begin before this request ends.
  await page.evaluate(() => fetch("style.css", { cache: "no-store" }));
  check(`${purpose}: ${tried} attempts of a script send nothing`, posts.length === 0, JSON.stringify(posts));
  check(`${purpose}: a script cannot leave the page by the form`, page.url() === `${base}/account/${purpose}`, page.url());
  await close();
}

async function usePurpose(browser, purpose) {
  const { call, values } = PURPOSES[purpose];
  let answer = INVALID;
  const { page, posts, errors, elsewhere, close } =
    await open(browser, purpose, { answer: (route) => route.fulfill(answer) });
  await page.waitForSelector("#send");
  check(`${purpose}: the proof is not in the address bar`, page.url() === `${base}/account/${purpose}`, page.url());
  check(`${purpose}: each field has a label`,
    await page.$$eval("form input", (all) => all.every((field) => field.labels.length === 1)));

  await fill(page, purpose);
  await page.click("#send");
  await page.waitForSelector("#error:not(:empty)");
  check(`${purpose}: a click posts the proof and the fields`, posts.length === 1 && posts[0].url === base + call
    && JSON.stringify(posts[0].body) === JSON.stringify({ proof: PROOF, ...values }), JSON.stringify(posts));
  check(`${purpose}: a rejected proof is explained`, /expired/.test(await page.textContent("#error")));
  const kept = await page.$$eval("form .field input", (all) => all.map((field) => field.value));
  check(`${purpose}: the fields keep their values`, kept.join() === Object.values(values).join(), kept);

  answer = { status: purpose === "invitation" ? 201 : 204 };
  const last = Object.keys(values).at(-1);
  await page.focus(last ? "#" + last : "#send");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#state.done:not(:empty)");
  check(`${purpose}: Enter posts once`, posts.length === 2, posts.length);
  check(`${purpose}: the form is gone after the success`, (await page.$$("form input, form button")).length === 0);
  check(`${purpose}: the focus is on the message`, await page.evaluate(() => document.activeElement.id === "state"));
  check(`${purpose}: nothing failed in the page`, errors.length === 0, errors.join("; "));
  check(`${purpose}: nothing is loaded from elsewhere`, elsewhere.length === 0, elsewhere.join());
  await close();
}

/** Each failure of a call: what the page shows, and that the user can try again. */
async function failures(browser) {
  const cases = [
    ["a weak password", WEAK, /New password must have at least 8 characters <b>/],
    ["too many attempts", { status: 429, headers: { "Retry-After": "90" }, json: { code: "TOO_MANY_REQUESTS" } }, /2 minutes/],
    ["an overloaded service", { status: 503, json: { code: "BUSY", message: "The server is overloaded." } }, /not available/],
    ["an error of a proxy", { status: 500, contentType: "text/html", body: "<h1>500</h1>" }, /could not process/],
    ["another error", { status: 409, json: { code: "OTHER", message: "<i>Other.</i>" } }, /<i>Other\.<\/i>/],
    ["a lost connection", "abort", /did not respond/],
  ];
  let answer;
  const { page, posts, errors, close } = await open(browser, "reset",
    { answer: (route) => (answer === "abort" ? route.abort("connectionreset") : route.fulfill(answer)) });
  await page.click("#send");
  check("an empty field is not sent", posts.length === 0);
  await page.fill("#newPassword", PASSWORD);
  for (const [what, given, expected] of cases) {
    answer = given;
    await page.click("#send");
    await page.waitForFunction(() => document.getElementById("send").getAttribute("aria-disabled") === "false");
    const shown = await page.textContent("#error");
    check(`${what} is shown`, expected.test(shown), shown);
    check(`the password is kept after ${what}`, (await page.inputValue("#newPassword")) === PASSWORD);
    if (given === WEAK) {
      check("the field is marked and has the focus", await page.evaluate(() =>
        document.activeElement.id === "newPassword" && document.activeElement.ariaInvalid === "true"));
      await screenshot(page, "reset-error");
    }
  }
  check("no failure is an error of the page", errors.length === 0, errors.join("; "));
  await close();
}

/** The rules that the service names in English are translated, except those that the page does not know. */
async function germanFailures(browser) {
  const messages = {
    "is not the password of the account": "Passwort ist nicht das Passwort des Kontos",
    "must have at most 256 bytes in UTF-8": "Passwort darf in UTF-8 höchstens 256 Byte lang sein",
    "is required without a token of the account": "Passwort ist erforderlich",
    "is unknown to the page": "Passwort is unknown to the page",
  };
  const errors = Object.keys(messages).map((message) => ({ field: "password", message }));
  const { page, close } = await open(browser, "verification", {
    answer: (route) => route.fulfill({ status: 400, json: { code: "VALIDATION_FAILED", message: "Invalid.", errors } }),
    locale: "de-DE",
  });
  await fill(page, "verification");
  await page.click("#send");
  await page.waitForSelector("#error li");
  const shown = await page.locator("#error li").allTextContents();
  check("violations are translated", shown.join() === Object.values(messages).join(), shown.join());
  await close();
}

async function links(browser) {
  const slash = await open(browser, "undo", { url: `${base}/account/undo/#proof=${PROOF}` });
  await slash.page.waitForSelector("#send");
  check("an address with a trailing slash shows the page", slash.page.url() === base + "/account/undo", slash.page.url());
  await slash.close();

  const { page, close } = await open(browser, "reset", { fragment: "" });
  check("without a proof there is no form", /incomplete/.test(await page.textContent("h1")));
  await screenshot(page, "incomplete");
  await page.goto(`${base}/account/reset#proof=${PROOF}`);
  await page.waitForSelector("#send");
  check("a link that is opened in the same tab shows the form", page.url() === base + "/account/reset", page.url());
  await close();

  const without = await open(browser, "reset", { javaScriptEnabled: false });
  check("without JavaScript the page says so", /needs JavaScript/.test(await without.page.innerText("main")));
  await without.close();
}

/** Opens the page for an account with a second factor. Its function `click` returns what the page sends then. */
async function factorPage(browser, required, options = {}) {
  let answer = required;
  const opened = await open(browser, "reset", {
    answer: (route) => route.fulfill(typeof answer === "function" ? answer(JSON.parse(route.request().postData())) : answer),
    ...options,
  });
  const { page, posts } = opened;
  const click = async (next, action = () => page.click("#send")) => {
    answer = next;
    const before = posts.length;
    await action();
    await page.waitForFunction(() => document.getElementById("send")?.getAttribute("aria-disabled") !== "true");
    return posts.slice(before).map((post) => post.body);
  };
  await page.fill("#newPassword", PASSWORD);
  await click(required);
  await page.waitForSelector("#code");
  return { ...opened, click };
}

async function scanCodes(browser) {
  const { page, posts, close } = await factorPage(browser, REQUIRED);
  await page.evaluate(() => (document.getElementById("code").value = "123456"));
  const tried = await page.evaluate(submitByScript);
  await page.evaluate(() => fetch("style.css", { cache: "no-store" }));
  check(`${tried} attempts of a script send no code`, posts.length === 1, JSON.stringify(posts));
  await close();
}

const focused = (page) => page.evaluate(() => document.activeElement.id);

async function codes(browser) {
  const { page, errors, click, close } = await factorPage(browser, REQUIRED);
  const first = { proof: PROOF, newPassword: PASSWORD };
  const same = (sent, ...bodies) => JSON.stringify(sent) === JSON.stringify(bodies);
  check("a second factor is asked for", /second factor/.test(await page.textContent("h1")));
  check("the field of the code has the focus, a label and a description", await page.evaluate(() =>
    document.activeElement.id === "code" && document.activeElement.labels.length === 1
      && document.activeElement.getAttribute("aria-describedby") === "introduction code-hint"));
  check("the names of the devices are text",
    /app \(<b>Phone<\/b>, \$& Tablet\),/.test(await page.textContent("#code-hint")), await page.textContent("#code-hint"));
  check("without passkeys there is no button for them", (await page.$("#passkey")) === null);
  await screenshot(page, "factor");
  await page.fill("#code", "123 456");
  const wrong = await click(WRONG);
  check("a code is sent with the proof, the password and the challenge",
    same(wrong, { ...first, challenge: "first", type: "totp", code: "123 456" }), JSON.stringify(wrong));
  check("a wrong code is explained", /not accepted/.test(await page.textContent("#error")));
  check("the field is marked and has the focus", await page.evaluate(() =>
    document.activeElement.id === "code" && document.activeElement.ariaInvalid === "true"));
  await screenshot(page, "factor-wrong");
  await page.keyboard.type("k3n9-recovery");
  const again = await click(WRONG);
  check("another code uses the same challenge, and letters are a recovery code",
    same(again, { ...first, challenge: "first", type: "recovery", code: "k3n9-recovery" }), JSON.stringify(again));

  const renewed = await click((body) =>
    body.challenge ? DEAD : { ...REQUIRED, json: { ...REQUIRED.json, challenge: "second" } });
  check("a dead challenge is replaced", renewed.length === 2 && same(renewed.slice(1), first), JSON.stringify(renewed));
  check("the user learns that the time is over", /time is over/.test(await page.textContent("#error")));
  check("the field is empty and has the focus", (await page.inputValue("#code")) === "" && (await focused(page)) === "code");
  await page.fill("#code", "654321");
  const throttled = await click({ status: 429, headers: { "Retry-After": "3600" }, json: { code: "LOGIN_THROTTLED" } });
  check("the new challenge is used", throttled[0].challenge === "second", JSON.stringify(throttled));
  check("too many codes are explained", /60 minutes/.test(await page.textContent("#error")));
  await click(WEAK);
  check("an error of the password leads back to its field", (await focused(page)) === "newPassword"
    && /at least 8/.test(await page.textContent("#error")));
  await page.fill("#newPassword", PASSWORD);
  await click(REQUIRED);
  await page.waitForSelector("#code");
  await page.keyboard.type("654321");
  await click({ status: 204 }, () => page.keyboard.press("Enter"));
  await page.waitForSelector("#state.done:not(:empty)");
  check("the password is set", (await page.$$("form input, form button")).length === 0 && (await focused(page)) === "state");
  check("no answer is an error of the page", errors.length === 0, errors.join("; "));
  await close();
}

/** A user with passkeys only, in German; passkey-walk.js uses a real one. */
async function passkeysOnly(browser) {
  const passkey = { challenge: "AAAA", rpId: new URL(base).hostname, userVerification: "required",
    allowCredentials: [{ type: "public-key", id: "AQID" }] };
  const only = { ...REQUIRED, json: { ...REQUIRED.json, passkey, factors: [{ _id: "3", type: "passkey", name: "Laptop" }] } };
  for (const [name, options] of Object.entries({
    light: { colorScheme: "light" },
    dark: { colorScheme: "dark", locale: "de-DE" },
    narrow: { viewport: { width: 320, height: 640 }, locale: "de-AT" },
  })) {
    const { page, click, close } = await factorPage(browser, only, options);
    check(`factor: the button of the passkey has the focus in ${name}`, (await focused(page)) === "passkey");
    const { width, wanted } = await page.evaluate(() =>
      ({ width: innerWidth, wanted: document.documentElement.scrollWidth }));
    check(`factor: fits in ${width} pixels`, wanted <= width, wanted);
    await screenshot(page, `factor-passkey-${name}`);
    // Digits are a recovery code, because there is no app.
    await page.fill("#code", "123456");
    const sent = await click(WRONG);
    check("factor: without an app, each code is a recovery code", sent[0].type === "recovery", JSON.stringify(sent));
    await screenshot(page, `factor-passkey-wrong-${name}`);
    await close();
  }
}

/** The service itself has never issued the proof. */
async function real(browser) {
  const { page, posts, close } = await open(browser, "undo");
  const pending = page.waitForResponse((response) => response.request().method() === "POST");
  await page.click("#send");
  const response = await pending;
  await page.waitForSelector("#error:not(:empty)");
  check("the service rejects an unknown proof",
    posts.length === 1 && response.status() === 400 && /expired/.test(await page.textContent("#error")), response.status());
  await close();
}

async function screenshot(page, name) {
  if (screenshots) {
    await page.screenshot({ path: `${screenshots}/${name}.png` });
  }
}

async function appearance(browser) {
  for (const purpose of Object.keys(PURPOSES)) {
    for (const [name, options] of Object.entries({
      light: { colorScheme: "light" },
      dark: { colorScheme: "dark", locale: "de-DE" },
      narrow: { viewport: { width: 320, height: 640 }, locale: "de-AT" },
    })) {
      const { page, close } = await open(browser, purpose, options);
      await page.waitForSelector("#send");
      const { lang, width, wanted } = await page.evaluate(() => ({
        lang: document.documentElement.lang,
        width: innerWidth,
        wanted: document.documentElement.scrollWidth,
      }));
      check(`${purpose}: fits in ${width} pixels`, wanted <= width, wanted);
      check(`${purpose}: speaks ${options.locale ?? "English"}`, lang === (options.locale ? "de" : "en"), lang);
      await screenshot(page, `${purpose}-${name}`);
      await close();
    }
  }
}

(async () => {
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  try {
    for (const purpose of Object.keys(PURPOSES)) {
      await scan(browser, purpose);
      await usePurpose(browser, purpose);
    }
    await failures(browser);
    await germanFailures(browser);
    await scanCodes(browser);
    await codes(browser);
    await passkeysOnly(browser);
    await links(browser);
    await appearance(browser);
    await real(browser);
  } catch (error) {
    check("the walk comes to its end", false, error.stack);
  } finally {
    await browser.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
})();
