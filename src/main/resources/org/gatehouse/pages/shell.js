// What the screens of the console share: the rights of the user, and the addresses of screens.
// The service checks each call. The console only leaves out what the service would reject.

import { user } from "./session.js";

/** The roles that have a permission besides `admin`. */
const ROLES = {
  "users:read": ["support", "auditor"],
  "sessions:read": ["support"],
  "sessions:end": ["support"],
  "throttle:read": ["support"],
  "throttle:clear": ["support"],
  "audit:read": ["support", "auditor"],
  "mail:read": ["support"],
  "mail:retry": ["support"],
};

/** What this installation offers: `registration`, `mail` and `passkeys`. */
export const offered = {};

/** Returns whether the user has one of the roles. */
export function hasRole(roles) {
  return Boolean(user?.roles.some((role) => roles.includes(role)));
}

/** Returns whether the user has a permission. */
export function may(permission) {
  return hasRole(["admin", ...(ROLES[permission] ?? [])]);
}

/** Returns the fragment of a screen. Parts and values of the query may contain any characters; empty values are left out. */
export function fragment(parts, query = {}) {
  const set = Object.entries(query).filter(([, value]) => value);
  return "#/" + parts.map(encodeURIComponent).join("/") + (set.length > 0 ? "?" + new URLSearchParams(set) : "");
}
