//! The bar above the editor: signing in and out, registering a business, and the dialogs.

import { Refusal } from "./api.js";
import * as session from "./session.js";

const byId = (id) => document.getElementById(id);

/** Wires the bar and its dialogs. */
export function mount() {
  for (const button of document.querySelectorAll("[data-opens]")) {
    button.addEventListener("click", () => open(button.dataset.opens));
  }
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-closes]")) dialog.close();
    });
  }
  for (const input of document.querySelectorAll("input.code")) {
    input.addEventListener("change", () => {
      input.value = input.value.trim().toUpperCase();
    });
  }
  mountSignIn();
  mountRegister();
  mountSignOut();
  session.onChange(showWho);
}

/** Says something to the person, and to a screen reader, in the bar. */
export function say(text) {
  byId("status").textContent = text;
}

function open(id) {
  if (id === "sign-in") offerSignIn();
  byId(id).showModal();
}

function mountSignIn() {
  const form = byId("sign-in-form");
  const subdomain = byId("sign-in-subdomain-row");
  for (const kind of form.elements.kind) {
    kind.addEventListener("change", () => {
      subdomain.hidden = form.elements.kind.value === "admin";
    });
  }
  onSubmit(form, async (input) => {
    const choice = await session.signIn(input);
    form.elements.password.value = "";
    if (choice) offerChoice(choice, input.email);
    else byId("sign-in").close();
  });
  byId("choose-back").addEventListener("click", offerSignIn);
}

function offerSignIn() {
  byId("choose-form").hidden = true;
  byId("sign-in-form").hidden = false;
}

function offerChoice({ choices, choiceToken }, email) {
  const form = byId("choose-form");
  const items = choices.map((tenant) => {
    const button = element("button", { type: "button", className: "choice" });
    button.append(
      element("strong", { textContent: tenant.companyName }),
      element("span", { className: "hint", textContent: tenant.subdomain }),
    );
    button.addEventListener("click", () =>
      attempt(form, async () => {
        await session.choose(choiceToken, tenant, email);
        byId("sign-in").close();
      }),
    );
    const item = element("li");
    item.append(button);
    return item;
  });
  byId("choices").replaceChildren(...items);
  byId("sign-in-form").hidden = true;
  form.hidden = false;
  clearErrors(form);
  items[0]?.firstChild.focus();
}

function mountRegister() {
  const form = byId("register-form");
  onSubmit(form, async (input) => {
    const tenant = await session.register(input);
    form.reset();
    byId("register").close();
    say(`${tenant.companyName} is registered as ${tenant.subdomain}.`);
  });
}

function mountSignOut() {
  byId("sign-out").addEventListener("click", async () => {
    try {
      await session.signOut();
    } catch (why) {
      say(`Signed out here, but the server did not hear of it: ${why.message}`);
    }
  });
}

function showWho(who) {
  byId("who").textContent = who ?? "";
  byId("signed-in").hidden = who === null;
  byId("signed-out").hidden = who !== null;
  say(who === null ? "Signed out." : "");
}

/** Runs `work` with the filled-in fields of `form` when the person submits it. */
function onSubmit(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearErrors(form);
    const empty = [...form.elements].find((input) => input.willValidate && !input.checkValidity());
    if (empty && !empty.closest("[hidden]")) {
      mark(form, empty, empty.validationMessage);
      return;
    }
    const filled = [...new FormData(form)].filter(([, value]) => value !== "");
    attempt(form, () => work(Object.fromEntries(filled)));
  });
}

/** Runs `work` once at a time and shows in `form` why it did not succeed. */
async function attempt(form, work) {
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  clearErrors(form);
  try {
    await work();
  } catch (why) {
    const field = why instanceof Refusal ? why.userErrors[0].field?.at(-1) : null;
    mark(form, field ? form.elements.namedItem(field) : null, why.message);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

function mark(form, input, text) {
  const error = form.querySelector(".form-error");
  error.id ||= `${form.id}-error`;
  error.textContent = text;
  if (!(input instanceof HTMLInputElement)) return;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", error.id);
  input.focus();
}

function clearErrors(form) {
  form.querySelector(".form-error").textContent = "";
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
}

function element(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}
