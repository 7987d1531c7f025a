// The session of the browser, and calls of the API. The access token is in memory only. The refresh token is in a cookie
// that scripts cannot read. All tabs share one refresh.

import { Problem, whileBusy } from "./dom.js";

/** The address of the service. All calls are relative to it, so they are valid behind any proxy and context path. */
const BASE = new URL("../", import.meta.url);

/** A call that takes longer is reported as a failure of the network. */
const TIMEOUT_MS = 30_000;

/** The access token is refreshed this long before it expires. */
const EARLY_MS = 5_000;

/** The time for which the lock is kept after an action, so that other tabs receive its message before they have the lock. */
const MESSAGE_MS = 100;

const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("gatehouse " + BASE.pathname) : null;

/** The codes of a rejected access token. Other calls that return 401 are not repeated: a wrong password counts once. */
const TOKEN_REJECTED = ["TOKEN_MISSING", "TOKEN_MALFORMED", "TOKEN_INVALID", "TOKEN_EXPIRED", "SESSION_ENDED", "USER_NOT_FOUND"];

let token = null;
let expiresAt = 0;

/** Increases when the session ends. A call that began before does not continue, neither for no user nor for another user. */
let ends = 0;

/** The user of the session as the last login or refresh returned it; null without a session. */
export let user = null;

/** Whether the user must add a second factor before any other call. */
export let mustEnrol = false;

const handlers = { ended: () => {}, loginAgain: null, stepUp: null, renewed: () => {} };

/** What a user canceled, such as a login. Nothing is shown. */
export class Canceled extends Error {
  canceled = true;
}

/**
 * @param changed.ended is called when the session has ended, here or in another tab
 * @param changed.loginAgain asks the user to log in again above the present screen; resolves when this is done
 * @param changed.stepUp asks the user to authenticate again; resolves when this is done
 * @param changed.renewed is called when another tab has got a new token for the same user
 */
export function onSession(changed) {
  Object.assign(handlers, changed);
}

/** Sends a request without authentication. Throws a {@link Problem}. */
export function request(method, path, options = {}) {
  const ask = () => exchange(method, path, options);
  // Otherwise a response of a refresh could replace the cookie of a later login.
  return whileBusy(() => (options.body?.session === "cookie" ? exclusively(ask) : ask()));
}

async function exchange(method, path, { body, headers = {}, raw, signal, keepalive = false }) {
  const response = await fetch(new URL(path, BASE), {
    method,
    headers: {
      Accept: "application/json",
      ...(body !== undefined && !raw && { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body === undefined || raw ? body : JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
    keepalive,
    signal: signal ?? AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) {
    throw new Problem(response, await response.json().catch(() => ({})));
  }
  return response;
}

async function json(response) {
  const text = await response.text();
  return text === "" ? null : JSON.parse(text);
}

/** Sends a request without authentication, and returns the JSON of the response. */
export async function post(path, body = {}) {
  return json(await request("POST", path, { body }));
}

/**
 * Sends a request with the access token. Refreshes the token if needed, asks for another login or a step-up if the
 * service requires it, and then repeats the call.
 */
export async function send(method, path, options = {}) {
  const same = sameSession();
  if (token === null || Date.now() > expiresAt - EARLY_MS) {
    await same(renew());
  }
  for (let attempt = 0; ; attempt++) {
    const used = token;
    const headers = { ...options.headers, Authorization: `Bearer ${used}` };
    try {
      return await same(request(method, path, { ...options, headers }));
    } catch (failed) {
      if (failed.status !== 401 || attempt === 3) {
        throw failed;
      }
      if (failed.code === "INSUFFICIENT_USER_AUTHENTICATION" && handlers.stepUp) {
        await same(handlers.stepUp());
      } else if (!TOKEN_REJECTED.includes(failed.code)) {
        throw failed;
      } else if (token === used) {
        await same(renew());
      }
    }
  }
}

/** Returns a function that waits for a part of a call, and throws if the session has ended meanwhile. */
function sameSession() {
  const before = ends;
  return (part = Promise.resolve()) => part.finally(() => {
    if (ends !== before) {
      throw new Canceled();
    }
  });
}

/** Sends a request as {@link send} does, and returns the JSON of the response; null if it has no body. */
export async function call(method, path, body, options = {}) {
  return json(await send(method, path, { ...options, body }));
}

/** Returns the entries of one page of a list, the path of the next page or null, and the total count if there is one. */
export async function page(path) {
  const response = await send("GET", path);
  const next = /<([^>]+)>;\s*rel="?next"?/.exec(response.headers.get("Link") ?? "");
  return {
    items: await response.json(),
    // A link may be relative, or contain the public address of the service.
    next: next ? path.split("?")[0] + new URL(next[1], response.url).search : null,
    total: response.headers.has("X-Total-Count") ? Number(response.headers.get("X-Total-Count")) : null,
  };
}

let known = null;

/** Returns what this installation offers: `registration`, `mail` and `passkeys`. */
export async function features() {
  known ??= await json(await request("GET", "account/features"));
  return known;
}

/** Gets a new access token with the cookie, or else asks the user to log in again. */
async function renew() {
  if (user === null) {
    throw new Canceled();
  }
  if (await refresh()) {
    return;
  }
  if (!handlers.loginAgain) {
    end();
    throw new Canceled();
  }
  await handlers.loginAgain();
}

/** Returns whether the browser has a session of the present user, if there is one, and takes its access token. */
export function refresh() {
  const before = token;
  const same = sameSession();
  return same(exclusively(async () => {
    await same();
    if (token !== before && token !== null) {
      return true; // another tab has refreshed the session meanwhile
    }
    try {
      // A page that is closed during the request must not lose the new cookie.
      const options = { body: { session: "cookie" }, keepalive: true };
      const granted = await same(whileBusy(() => exchange("POST", "token/refresh", options)).then(json));
      if (user && granted.user._id !== user._id) {
        end(); // another user has logged in in another tab
        throw new Canceled();
      }
      take(granted);
      return true;
    } catch (failed) {
      if ([400, 401, 403].includes(failed.status)) {
        if (token === before) {
          token = null;
        }
        return token !== null;
      }
      throw failed;
    }
  }));
}

/**
 * Runs a request that changes the cookie in one tab at a time. Without locks, the grace time of refresh tokens makes
 * concurrent refreshes harmless.
 */
function exclusively(action) {
  if (!navigator.locks) {
    return action();
  }
  return new Promise((resolve, reject) => {
    navigator.locks.request("gatehouse refresh " + BASE.pathname, async () => {
      await action().then(resolve, reject);
      await new Promise((passed) => setTimeout(passed, MESSAGE_MS));
    });
  });
}

/** Takes the access token of a login, a refresh, a step-up or a new factor. Other tabs take it, too. */
export function take(granted, shared = true) {
  token = granted.token;
  expiresAt = Date.now() + granted.expiresIn * 1000;
  user = granted.user ?? user;
  mustEnrol = granted.enrolmentRequired === true;
  if (shared && !mustEnrol) {
    channel?.postMessage({ type: "token", granted: { token, expiresIn: granted.expiresIn, user } });
  }
  return user;
}

/** Updates what the pages know about the user, such as after a change of the name. */
export function remember(changed) {
  if (changed._id === user?._id) {
    user = changed;
  }
}

/** Ends the session, or all sessions of the user. */
export async function logOut(everywhere = false) {
  await request("POST", "logout", {
    body: { session: "cookie", ...(everywhere && { everywhere: true }) },
    headers: token ? { Authorization: `Bearer ${token}` } : {},
  });
  channel?.postMessage({ type: "logout" });
  end();
}

/** Forgets the session in this tab. */
export function end() {
  ends++;
  token = null;
  user = null;
  mustEnrol = false;
  expiresAt = 0;
  handlers.ended();
}

channel?.addEventListener("message", ({ data }) => {
  if (user === null) {
    return;
  }
  if (data.type === "logout" || data.granted.user._id !== user._id) {
    end(); // another user has logged in in another tab, and has replaced the cookie
  } else {
    take(data.granted, false);
    handlers.renewed();
  }
});

// A page from the browser's cache of pages must not show the data of a session that has ended since.
addEventListener("pagehide", () => (document.body.hidden = true));
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    location.reload();
  }
});
