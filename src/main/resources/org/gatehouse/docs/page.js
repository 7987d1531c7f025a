// Shows the description beside this folder, and hands the token of a login to the calls that are tried.
"use strict";

(function () {
  const folder = new URL(".", document.currentScript.src);
  const service = new URL("..", folder);
  const form = document.getElementById("login");
  const state = document.getElementById("state");

  const ui = SwaggerUIBundle({
    url: new URL("openapi.json", service).href,
    domNode: document.getElementById("description"),
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayOperationId: false,
    validatorUrl: null,
  });

  function say(text, failed) {
    state.textContent = text;
    state.className = failed ? "failed" : "";
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const response = await fetch(new URL("login", service), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ username: form.username.value, password: form.password.value }),
      });
      const answer = await response.json();
      if (!response.ok) {
        say(answer.message, true);
        return;
      }
      ui.preauthorizeApiKey("bearer", answer.token);
      form.password.value = "";
      say(answer.message + "; the token lasts " + Math.round(answer.expiresIn / 60) + " minutes.", false);
    } catch (unreachable) {
      say("The service does not answer.", true);
    }
  });
})();
