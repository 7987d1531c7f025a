// People: the list, and new users.

import { announce, button, el, form, loaded, showScreen, table, time } from "./dom.js";
import { bulkPart } from "./people-bulk.js";
import { ask, customFields, p, rolesIn, statusText } from "./people-fields.js";
import { showPerson } from "./people-person.js";
import { call, page } from "./session.js";
import { fragment, may, offered } from "./shell.js";
import { t } from "./text.js";
import { focusOn } from "./view.js";

const PAGE = 50;

/** The service counts the users that match a filter up to this number. */
const MAX_COUNT = 10_000;

export const screens = [{
  path: "people",
  label: "people.title",
  roles: ["admin", "support", "auditor"],
  show: (parameters) => (parameters.parts[0] ? showPerson(parameters) : showList(parameters)),
}];

async function showList({ query, current }) {
  const state = el("p", { role: "status", class: "hint" });
  const results = el("div");
  let filter = filterOf(query);
  let latest = 0;
  const load = async () => {
    const asked = filter;
    const mine = ++latest;
    const { items, next, total } = await page("user?" + new URLSearchParams({ ...asked, limit: PAGE, count: true }));
    if (current() && mine === latest) {
      const capped = Object.keys(asked).length > 0 && total >= MAX_COUNT;
      const count = p(capped ? "countOrMore" : "count", { count: (total ?? items.length).toLocaleString(t.locale) });
      state.textContent = count;
      results.replaceChildren(...(items.length > 0 ? found(items, next, asked, total, count, changed) : absent(asked)));
    }
  };
  const changed = async (result) => {
    if (current()) {
      await load();
      focusOn();
      announce(result);
    }
  };
  const search = form({
    fields: [
      { name: "search", label: p("search"), hint: p("searchHint"), type: "search", optional: true, maxLength: 256, value: filter.search },
      { name: "role", label: p("role"), optional: true, value: filter.role },
      { name: "status", label: p("status"), optional: true, value: filter.status ?? "",
        options: ["", "active", "disabled", "leaving"].map((status) => [status, p("statuses." + (status || "any"))]) },
    ],
    action: p("find"),
    submit: async (values) => {
      filter = filterOf(values);
      history.pushState(null, "", fragment(["people"], filter));
      await load();
    },
  });
  search.className = "filter";
  search.setAttribute("role", "search");
  results.append(loaded(load));
  showScreen(p("title"), el("div", { class: "actions" },
    may("users:write") && button(p("create"), createUser),
    offered.mail && may("users:invite") && button(p("invite"), () => invite(filter.search))), search, state, results);
}

/** Returns the parts of the filter that are set. */
function filterOf({ search, role, status }) {
  return Object.fromEntries(Object.entries({ search: search?.trim(), role: role?.trim(), status }).filter(([, value]) => value));
}

function found(items, next, filter, total, count, done) {
  const selected = new Set();
  const list = table(p("title"), [
    t("common.username"), p("help"), p("email"), p("status"), p("roles"), p("lastLogin"),
  ], items.map((user) => row(user, selected)));
  const more = next && button(t("common.more"), async () => {
    const further = await page(next);
    next = further.next;
    const added = table("", [], further.items.map((user) => row(user, selected))).querySelectorAll("tbody tr");
    list.querySelector("tbody").append(...added);
    focusOn(added[0]);
    more.hidden = !next;
  });
  return [may("users:write") && bulkPart({ selected, filter, total, count, done }), list, more].filter(Boolean);
}

function row(user, selected) {
  const name = el("bdi", {}, user.username);
  const select = may("users:write") && el("input", {
    type: "checkbox",
    "aria-label": p("select", { name: user.username }),
    on: { change: (event) => selected[event.target.checked ? "add" : "delete"](user._id) },
  });
  return [
    [select, " ", el("a", { href: fragment(["people", user._id]) }, name)],
    el("a", { href: fragment(["people", user._id, "login"]), class: "button", "aria-label": `${p("why")} ${user.username}` },
      p("why")),
    [el("bdi", {}, typeof user.email === "string" ? user.email : "–"), user.emailVerified && ` (${p("verified")})`],
    statusText(user),
    user.roles.join(", "),
    time(user.lastLogin),
  ];
}

/** What it may mean that no user matches the filter. */
function absent(filter) {
  return [
    el("h2", {}, p("absent")),
    filter.search && el("p", {}, p("absentText")),
    filter.search && el("ul", {}, ["typo", "address", "invited", "deleted", "unregistered", (filter.role || filter.status) && "filter"]
      .filter(Boolean).map((reason) => el("li", {}, p("reasons." + reason)))),
    el("div", { class: "actions" },
      filter.search && offered.mail && may("mail:read") && el("a", { href: fragment(["mails"]), class: "button" }, p("mails")),
      filter.search && may("audit:read")
        && el("a", { href: fragment(["audit"], { type: "USER_DELETED" }), class: "button" }, p("deletions"))),
  ].filter(Boolean);
}

async function createUser() {
  // A repeated attempt after a failure of the network does not create a second user.
  const headers = { "Idempotency-Key": Array.from(crypto.getRandomValues(new Uint32Array(4))).join("-") };
  const created = await ask(p("create"), null, [
    { name: "username", label: t("common.username") },
    { name: "password", label: t("common.password"), type: "password", autocomplete: "new-password" },
    { name: "email", label: p("email"), hint: p("emailHint"), type: "email", optional: true },
    { name: "roles", label: p("roles"), hint: p("rolesHint"), optional: true },
    { name: "custom", label: p("custom"), hint: p("customHint"), rows: 4, optional: true },
  ], p("create"), ({ custom, roles, ...values }) =>
    call("POST", "user", { ...customFields(custom), ...values, ...(roles && { roles: rolesIn(roles) }) }, { headers }));
  if (created) {
    location.hash = fragment(["people", created._id]);
  }
}

async function invite(search = "") {
  const sent = await ask(p("invite"), p("inviteText"), [
    { name: "email", label: p("email"), type: "email", value: search.includes("@") ? search : "" },
    { name: "username", label: t("common.username"), optional: true },
    { name: "roles", label: p("roles"), hint: p("rolesHint"), optional: true },
  ], p("invite"), ({ roles, ...values }) => call("POST", "invitation", { ...values, ...(roles && { roles: rolesIn(roles) }) }));
  if (sent) {
    announce(p("invited"));
  }
}
