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
  await page.evaluate(() => fetch("page.css", { cache: "no-store" }));
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
