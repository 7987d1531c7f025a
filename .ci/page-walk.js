// Uses the page at /docs in a browser: page-walk.js BASE BROWSER. Prints a line for each check. Exits with 1 if one fails.
"use strict";

const { chromium } = require(process.cwd() + "/target/browser/node_modules/playwright-core");

const [base, executablePath] = process.argv.slice(2);
const { ADMIN_USERNAME: username, ADMIN_PASSWORD: password } = process.env;
let passed = 0;
let failed = 0;

function check(what, holds, more) {
  passed += holds ? 1 : 0;
  failed += holds ? 0 : 1;
  console.log(`browser: ${holds ? "passed" : "FAILED"}: ${what}${holds || more === undefined ? "" : ": " + more}`);
}

/** Pairs of chips of which one covers a part of the other. */
function overlaps() {
  const chips = [...document.querySelectorAll("code, .info .version-stamp, .info .title small > *, .error-response button")];
  const boxes = chips.flatMap((chip) =>
    [...chip.getClientRects()].filter((box) => box.width > 0).map((box) => ({ chip, box })));
  const found = [];
  for (const [i, one] of boxes.entries()) {
    for (const other of boxes.slice(i + 1)) {
      if (
        !one.chip.contains(other.chip) && !other.chip.contains(one.chip) &&
        Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left) > 1 &&
        Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top) > 1
      ) {
        found.push(one.chip.textContent + " and " + other.chip.textContent);
      }
    }
  }
  return found.join("; ");
}

async function walk(browser) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const errors = [];
  const elsewhere = [];
  const refreshes = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(base)) {
      elsewhere.push(request.url());
    }
  });
  page.on("response", (response) => response.url().endsWith("/token/refresh") && refreshes.push(response.status()));

  await page.goto(base + "/docs");
  await page.waitForSelector(".opblock");
  const logins = page.locator("#login button, .auth-wrapper, .authorize, .authorization__btn");
  check("there is one login", (await logins.count()) === 1, await logins.count());
  check("there is no logout before the login", await page.locator("#logout").isHidden());

  const create = page.locator("#operations-users-createUser");
  await create.locator(".opblock-summary-control").click();
  await create.locator(".responses-table .error-response").first().waitFor();
  const height = (await create.boundingBox()).height;
  check("POST /user fits in 2,500 pixels", height < 2500, height);
  check("the errors are folded", (await create.locator('tr.response[data-code="400"]').count()) === 0);
  await create.locator(".error-response button").first().click();
  check("an error can be unfolded", await create.locator('tr.response[data-code="400"]').isVisible());
  for (const width of [1280, 700, 400]) {
    await page.setViewportSize({ width, height: 900 });
    const found = await page.evaluate(overlaps);
    check(`nothing overlaps in ${width} pixels`, found === "", found);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await create.locator(".opblock-summary-control").click();

  await page.fill("[name=username]", username);
  await page.fill("[name=password]", "wrong");
  await page.click("#login button");
  await page.waitForSelector("#state.failed");
  check("a failed login shows the reason", (await page.textContent("#state")) === "Wrong username or password!");
  errors.length = 0; // The browser reports the 401.

  await page.fill("[name=password]", password);
  await page.click("#login button");
  await page.waitForSelector("#logout:visible");
  check("the login shows the username", (await page.textContent("#state")).includes(username));
  check("the password is not kept in the form", (await page.inputValue("[name=password]")) === "");

  const read = page.locator("#operations-users-readUser");
  await read.locator(".opblock-summary-control").click();
  await read.getByText("Try it out").click();
  async function call() {
    const pending = page.waitForResponse((response) => response.url().endsWith("/user/me"));
    await read.locator("button.execute").click();
    const response = await pending;
    return { status: response.status(), token: (await response.request().allHeaders()).authorization };
  }
  const first = await call();
  check("a call is sent with the token", first.status === 200 && /^Bearer ./.test(first.token), first.status);

  // The access token expires within this time; the page must have refreshed it.
  const { exp } = JSON.parse(Buffer.from(first.token.split(".")[1], "base64url"));
  await page.waitForFunction((time) => Date.now() > time, exp * 1000 + 1000);
  const later = await call();
  check("the token is refreshed before it expires", refreshes.length > 0 && refreshes.every((status) => status === 200));
  check("a call after that is sent with the new token", later.status === 200 && later.token !== first.token, later.status);

  const kept = await page.evaluate(() => localStorage.length + sessionStorage.length + document.cookie.length);
  check("no token is stored", kept === 0 && (await context.cookies()).length === 0);

  await page.click("#logout");
  await page.waitForSelector("#login:visible");
  check("the logout is shown", (await page.textContent("#state")) === "Logged out.");
  const ended = await fetch(base + "/user/me", { headers: { Authorization: later.token } });
  check("the logout ends the session", ended.status === 401);
  check("nothing failed in the page", errors.length === 0, errors.join("; "));
  const anonymous = await call();
  check("a call after the logout has no token", anonymous.status === 401 && anonymous.token === undefined);
  check("nothing is loaded from elsewhere", elsewhere.length === 0, elsewhere.join());
}

(async () => {
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  try {
    await walk(browser);
  } catch (error) {
    check("the walk comes to its end", false, error.stack);
  } finally {
    await browser.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
})();
