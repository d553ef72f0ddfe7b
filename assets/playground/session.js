//! Who is signed in. The access token lives in memory only; the refresh token in this
//! browser tab's sessionStorage, so that a reload stays signed in and a closed tab does not.

import { ask, Refusal } from "./api.js";
import { OPERATIONS } from "./operations.js";

const STORED = "daybook:session";
const TAB = "daybook:tab";

/** An access token is renewed this long before it ends. */
const RENEW_BEFORE_MS = 30_000;

let access = null; // { token, endsAt } with endsAt on this machine's clock
let stored = null; // { refreshToken, who }
let renewal = null; // the one renewal under way
let identity = 0; // counts sign-ins and sign-outs, to drop answers that come too late
const listeners = new Set();

/** Calls `listener(who)` at each sign-in and sign-out; `who` is null when signed out. */
export function onChange(listener) {
  listeners.add(listener);
}

/** Takes up the session of before a reload, if there is one. */
export async function restore() {
  if (await isDuplicatedTab()) {
    sessionStorage.removeItem(STORED);
    return;
  }
  try {
    stored = JSON.parse(sessionStorage.getItem(STORED));
  } catch {
    stored = null;
  }
  if (!stored) return;
  announce();
  await token().catch(() => null);
}

/** A token good for a request now, renewed when needed; null when signed out. */
export async function token() {
  if (!stored) return null;
  if (access && Date.now() < access.endsAt - RENEW_BEFORE_MS) return access.token;
  renewal ??= renew().finally(() => {
    renewal = null;
  });
  await renewal;
  return access?.token ?? null;
}

/**
 * Signs in with e-mail and password.
 *
 * @returns {Promise<{ choices: { subdomain: string, companyName: string }[],
 *   choiceToken: string } | null>} the choice to make when several tenants match, else null
 */
export async function signIn({ kind, email, password, subdomain }) {
  if (kind === "admin") {
    const { payload, serverNow } = await ask(OPERATIONS.adminLogin, { input: { email, password } });
    begin(payload.session, serverNow, `${email} (platform)`);
    return null;
  }
  const input = subdomain ? { email, password, subdomain } : { email, password };
  const { payload, serverNow } = await ask(OPERATIONS.login, { input });
  if (!payload.session) {
    const choices = (payload.choices ?? []).map((choice) => choice.tenant);
    return { choices, choiceToken: payload.choiceToken };
  }
  await beginAs(payload.session, serverNow, subdomain, email);
  return null;
}

/** Finishes a sign-in that fitted several tenants. */
export async function choose(choiceToken, tenant, email) {
  const input = { choiceToken, subdomain: tenant.subdomain };
  const { payload, serverNow } = await ask(OPERATIONS.loginChoose, { input });
  await beginAs(payload.session, serverNow, tenant.companyName, email);
}

/** Registers a business and signs its owner in; answers the new tenant. */
export async function register(input) {
  const { payload, serverNow } = await ask(OPERATIONS.register, { input });
  if (payload.session) {
    await beginAs(payload.session, serverNow, payload.tenant.companyName, input.email);
  }
  return payload.tenant;
}

/** Ends the session here at once, then on the server. */
export async function signOut() {
  const last = await token().catch(() => null);
  end();
  if (last) await ask(OPERATIONS.logout, {}, last);
}

/** Signs in, under the name and role the server knows. */
async function beginAs(session, serverNow, place, email) {
  const { payload: me } = await ask(OPERATIONS.me, {}, session.accessToken).catch(() => ({}));
  const parts = [me?.name ?? email, typeof me?.role === "string" ? me.role : null, place];
  begin(session, serverNow, parts.filter(Boolean).join(" · "));
}

function begin(session, serverNow, who) {
  identity += 1;
  keep(session, serverNow, who);
  announce();
}

function keep({ accessToken, refreshToken, expiresAt }, serverNow, who) {
  access = { token: accessToken, endsAt: Date.now() + (Date.parse(expiresAt) - serverNow) };
  stored = { refreshToken, who };
  sessionStorage.setItem(STORED, JSON.stringify(stored));
}

function end() {
  identity += 1;
  access = null;
  stored = null;
  sessionStorage.removeItem(STORED);
  announce();
}

async function renew() {
  const { refreshToken, who } = stored;
  const mine = identity;
  try {
    const { payload, serverNow } = await ask(OPERATIONS.sessionRefresh, { input: { refreshToken } });
    if (mine !== identity) return;
    keep(payload.session, serverNow, who);
  } catch (why) {
    const isOver = why instanceof Refusal || why.code === "UNAUTHENTICATED";
    if (!isOver) throw why;
    if (mine === identity) end();
  }
}

function announce() {
  for (const listener of listeners) listener(stored?.who ?? null);
}

/**
 * Whether this tab is a copy of one still open. A copied tab comes with a copy of the
 * refresh token; used twice, it would end the session of both.
 */
async function isDuplicatedTab() {
  if (!navigator.locks) return false;
  const hold = (name) =>
    new Promise((held) => {
      navigator.locks.request(name, { ifAvailable: true }, (lock) => {
        held(lock !== null);
        return lock ? new Promise(() => {}) : undefined;
      });
    });
  const known = sessionStorage.getItem(TAB);
  if (known) {
    const name = `daybook-tab-${known}`;
    if (await hold(name)) return false;
    // On a reload the page before may still be letting go.
    await new Promise((later) => setTimeout(later, 300));
    if (await hold(name)) return false;
  }
  const fresh = Array.from(crypto.getRandomValues(new Uint32Array(4))).join("-");
  sessionStorage.setItem(TAB, fresh);
  await hold(`daybook-tab-${fresh}`);
  return known !== null;
}
