// Texts in the language of the browser. Each language has one file; missing texts are taken from English.

import english from "./text.en.js";

const language = /^de\b/i.test(navigator.language) ? "de" : "en";
const chosen = language === "de" ? (await import("./text.de.js")).default : english;

function find(texts, key) {
  return key.split(".").reduce((part, name) => (part && Object.hasOwn(part, name) ? part[name] : undefined), texts);
}

/** Returns the text of a key such as "common.cancel", with `{name}` replaced by the value of this name. */
export function t(key, values = {}) {
  const text = find(chosen, key) ?? find(english, key) ?? key;
  return text.replace(/\{(\w+)\}/g, (match, name) => (Object.hasOwn(values, name) ? String(values[name]) : match));
}

/** Returns whether there is a text with this key. */
t.has = (key) => typeof (find(chosen, key) ?? find(english, key)) === "string";

/** Returns the sentence of the service about a field in the language of the reader; undefined if it is unknown. */
t.rule = (message) => {
  const rule = chosen.rules.find(([pattern]) => pattern.test(message));
  return rule && message.replace(...rule);
};

/** The language with its region, for times and numbers. */
t.locale = language === "de" ? navigator.language : /^en\b/i.test(navigator.language) ? navigator.language : "en";

document.documentElement.lang = language;
