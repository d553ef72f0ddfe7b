//! The menu of examples, read from `examples.json`, and the values it fills in.
//!
//! A variable that is exactly `{{name}}` is replaced when the example is opened: by today's
//! date, a fresh idempotency key, or a lookup of that file run as the person signed in. What
//! cannot be found stays behind as words that say what belongs there.

import { ask } from "./api.js";
import { say } from "./bar.js";
import * as session from "./session.js";

const dialog = document.getElementById("examples");

/** Reads the examples and fills the menu; `openTab(query, variables)` takes the chosen one. */
export async function mount(openTab) {
  const response = await fetch("/playground/examples.json");
  const { areas, lookups, examples } = await response.json();
  const sections = areas.map((area) => {
    const section = document.createElement("section");
    const heading = document.createElement("h3");
    const list = document.createElement("ul");
    heading.textContent = area;
    list.append(
      ...examples
        .filter((example) => example.area === area)
        .map((example) => item(example, () => choose(example, lookups, openTab))),
    );
    section.append(heading, list);
    return section;
  });
  document.getElementById("example-areas").replaceChildren(...sections);
}

function item(example, onChoose) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = example.title;
  button.addEventListener("click", onChoose);
  const entry = document.createElement("li");
  entry.append(button);
  return entry;
}

async function choose({ title, query, variables }, lookups, openTab) {
  dialog.close();
  const { filled, missing } = await fill(variables, lookups);
  openTab(query.join("\n"), filled === null ? "" : JSON.stringify(filled, null, 2));
  say(missing.length > 0 ? `${title}: still to fill in: ${missing.join(", ")}.` : "");
}

/** Replaces the placeholders in `variables`, each looked up once. */
async function fill(variables, lookups) {
  if (!variables) return { filled: null, missing: [] };
  const found = new Map();
  await resolve(variables, lookups, found);
  const missing = [];
  const settled = new Map();
  for (const name of placeholders(variables)) {
    const words = lookups[name]?.words ?? name;
    if (found.get(name) === null) missing.push(words);
    settled.set(name, found.get(name) ?? `<${words}>`);
  }
  return { filled: substitute(variables, settled), missing };
}

/** Finds a value, or null, for each placeholder in `variables` and in their own lookups. */
async function resolve(variables, lookups, found) {
  for (const name of placeholders(variables)) {
    if (found.has(name)) continue;
    found.set(name, null);
    const lookup = lookups[name];
    if (!lookup) {
      found.set(name, builtIn(name));
      continue;
    }
    await resolve(lookup.variables ?? {}, lookups, found);
    found.set(name, await lookUp(lookup, found).catch(() => null));
  }
}

function placeholders(variables) {
  const names = [...JSON.stringify(variables).matchAll(/"\{\{(\w+)\}\}"/g)].map(([, name]) => name);
  return new Set(names);
}

function builtIn(name) {
  switch (name) {
    case "today": {
      const now = new Date();
      return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
    }
    case "key":
      return `playground-${Array.from(crypto.getRandomValues(new Uint32Array(2))).join("-")}`;
    default:
      return null;
  }
}

/** Runs one lookup: the first row of `list` that has all of `where`, and of it `take`. */
async function lookUp({ query, root, variables, list = [], where = {}, take }, found) {
  const token = await session.token();
  const needs = placeholders(variables ?? {});
  if (!token || [...needs].some((name) => found.get(name) === null)) return null;
  const filled = substitute(variables ?? {}, found);
  const { payload } = await ask({ query: query.join("\n"), root }, filled, token);
  const rows = list.reduce((value, key) => value?.[key], payload) ?? [];
  const row = rows.find((each) => Object.entries(where).every(([key, is]) => each[key] === is));
  return row?.[take] ?? null;
}

/** A copy of `value` with each whole-string placeholder replaced by what was found for it. */
function substitute(value, found) {
  if (typeof value === "string") {
    const name = /^\{\{(\w+)\}\}$/.exec(value)?.[1];
    return name && found.has(name) ? found.get(name) : value;
  }
  if (Array.isArray(value)) return value.map((each) => substitute(each, found));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, substitute(each, found)]),
  );
}
