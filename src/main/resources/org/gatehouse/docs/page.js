// Shows the description beside this folder, and sends the token of a login with the calls that are tried.
"use strict";

(function () {
  const folder = new URL(".", document.currentScript.src);
  const service = new URL("..", folder);
  const description = new URL("openapi.json", service).href;
  const form = document.getElementById("login");
  const logoutButton = document.getElementById("logout");
  const state = document.getElementById("state");

  /** In milliseconds, how long before a token expires it is refreshed: short ones at half of their time. */
  const REFRESH_AHEAD = 60000;

  /** The tokens of a login, and when to refresh them; they are kept nowhere else. */
  let session = null;
  let timer = 0;
  let refreshing = null;

  function say(text, failed) {
    state.textContent = text;
    state.className = failed ? "failed" : "";
  }

  async function post(path, body, token) {
    const headers = { "Content-Type": "application/json" };
    if (token) {
      headers.Authorization = "Bearer " + token;
    }
    const response = await fetch(new URL(path, service), { method: "POST", headers, body: JSON.stringify(body) });
    return { ok: response.ok, status: response.status, answer: await response.json() };
  }

  function begin(answer) {
    const lifetime = answer.expiresIn * 1000;
    session = {
      token: answer.token,
      refreshToken: answer.refreshToken,
      refreshAt: Date.now() + Math.max(lifetime - REFRESH_AHEAD, lifetime / 2),
    };
    // Browsers limit how long a timer may be, and slow down those of hidden pages, so each call checks the time as well.
    clearTimeout(timer);
    timer = setTimeout(refresh, Math.min(session.refreshAt - Date.now(), 2 ** 31 - 1));
    form.hidden = true;
    logoutButton.hidden = false;
    say("Logged in as " + answer.user.username + ".", false);
  }

  function end(text, failed) {
    session = null;
    clearTimeout(timer);
    form.hidden = false;
    logoutButton.hidden = true;
    say(text, failed);
  }

  /** Calls that are tried meanwhile wait for the one refresh. */
  function refresh() {
    if (session && !refreshing) {
      const refreshed = session;
      refreshing = post("token/refresh", { refreshToken: session.refreshToken })
        .then(({ ok, status, answer }) => {
          if (session !== refreshed) {
            return; // logged out meanwhile
          }
          if (ok) {
            begin(answer);
          } else if (status === 401) {
            end("The session has ended. Log in again.", true);
          } else {
            say(answer.message, true);
          }
        })
        .catch(() => say("The service does not answer.", true))
        .finally(() => {
          refreshing = null;
        });
    }
    return refreshing;
  }

  async function withToken(request) {
    if (!session || request.url === description || !request.url.startsWith(service.href)) {
      return request;
    }
    if (Date.now() >= session.refreshAt) {
      await refresh();
    }
    if (session) {
      request.headers.Authorization = "Bearer " + session.token;
    }
    return request;
  }

  /** Ends the shown state of a session that the caller has ended by a call. */
  function afterCall(response) {
    if (session && new URL(response.url).pathname === new URL("logout", service).pathname && response.ok) {
      end("Logged out.", false);
    }
    return response;
  }

  /** One login is enough, and the answers that are errors, which each call has many of, are folded. */
  function plugin(system) {
    const React = system.React;
    const nothing = () => () => null;

    function foldable(Response) {
      return function (props) {
        const [open, setOpen] = React.useState(false);
        if (!(Number(props.code) >= 400)) {
          return React.createElement(Response, props);
        }
        const codes = props.response.get("x-error-codes");
        const title = (open ? "▾ " : "▸ ") + props.code + " " + (codes ? codes.join(", ") : props.response.get("description"));
        const toggle = React.createElement(
          "tr",
          { className: "error-response" },
          React.createElement(
            "td",
            { colSpan: 3 },
            React.createElement("button", { type: "button", "aria-expanded": open, onClick: () => setOpen(!open) }, title),
          ),
        );
        return React.createElement(React.Fragment, null, toggle, open ? React.createElement(Response, props) : null);
      };
    }

    return { wrapComponents: { authorizeBtn: nothing, authorizeOperationBtn: nothing, response: foldable } };
  }

  SwaggerUIBundle({
    url: description,
    domNode: document.getElementById("description"),
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayOperationId: false,
    validatorUrl: null,
    plugins: [plugin],
    requestInterceptor: withToken,
    responseInterceptor: afterCall,
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const { ok, answer } = await post("login", { username: form.username.value, password: form.password.value });
      if (ok) {
        form.password.value = "";
        begin(answer);
      } else {
        say(answer.message, true);
      }
    } catch (unreachable) {
      say("The service does not answer.", true);
    }
  });

  logoutButton.addEventListener("click", async () => {
    const { token } = session;
    try {
      const { ok, answer } = await post("logout", {}, token);
      if (ok) {
        end("Logged out.", false);
      } else {
        say(answer.message, true);
      }
    } catch (unreachable) {
      say("The service does not answer, so the session continues.", true);
    }
  });
})();
