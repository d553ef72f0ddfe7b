//! GraphiQL itself: how it reaches the server, where it keeps its tabs, and the handle
//! through which the rest of the page opens tabs and reloads the schema.

import { post } from "./api.js";
import { BLANK, ENDPOINT, SOCKET, WELCOME } from "./operations.js";
import * as session from "./session.js";

const { React, ReactDOM, GraphiQL, graphqlWs } = globalThis;
const { useEditorContext, useSchemaContext } = GraphiQL.React;

let handle = null;
let socket = null;

/** Puts GraphiQL into `container`. */
export function mount(container) {
  connect();
  const fetcher = GraphiQL.createFetcher({
    url: ENDPOINT,
    enableIncrementalDelivery: false,
    fetch: send,
    wsClient: { subscribe: (...request) => socket.subscribe(...request) },
  });
  const editor = React.createElement(
    GraphiQL,
    {
      fetcher,
      storage: tabStorage(),
      shouldPersistHeaders: false,
      showPersistHeadersSettings: false,
      defaultTabs: [{ query: WELCOME }],
      defaultQuery: BLANK,
      defaultEditorToolsVisibility: "variables",
      inputValueDeprecation: true,
    },
    React.createElement(GraphiQL.Logo, null, React.createElement(Handle)),
  );
  container.replaceChildren();
  ReactDOM.createRoot(container).render(editor);
}

/** Ends open subscriptions and reads the schema anew: another person may see another one. */
export function changeIdentity() {
  if (!handle) return;
  connect();
  handle.schema.introspect();
}

/** Opens a tab with this operation and moves the keyboard to it. */
export function openTab(query, variables) {
  ReactDOM.flushSync(() => handle.editor.addTab());
  handle.editor.variableEditor?.setValue(variables);
  handle.editor.queryEditor?.setValue(query);
  handle.editor.queryEditor?.focus();
}

/** Draws nothing: it stands inside GraphiQL to reach the contexts of its editors. */
function Handle() {
  handle = { editor: useEditorContext(), schema: useSchemaContext() };
  return null;
}

async function send(_url, { body, headers }) {
  const token = await session.token();
  return post(body, token ? { authorization: `Bearer ${token}`, ...headers } : headers);
}

/** A lazy client: it opens its socket with the first subscription, closes it with the last. */
function connect() {
  socket?.dispose();
  const url = new URL(SOCKET, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  socket = graphqlWs.createClient({
    url: url.href,
    retryAttempts: 3,
    connectionParams: async () => {
      const token = await session.token();
      return token ? { authorization: `Bearer ${token}` } : {};
    },
  });
}

/**
 * Keeps tabs and history in sessionStorage, since variables may hold a password or the
 * figures of a business; only how the page looks outlives the browser tab.
 */
function tabStorage() {
  const lasting = new Set(["graphiql:theme"]);
  const of = (key) => (lasting.has(key) ? localStorage : sessionStorage);
  const ours = (store) => Object.keys(store).filter((key) => key.startsWith("graphiql:"));
  return {
    getItem: (key) => of(key).getItem(key),
    setItem: (key, value) => of(key).setItem(key, value),
    removeItem: (key) => of(key).removeItem(key),
    clear() {
      for (const store of [localStorage, sessionStorage]) {
        for (const key of ours(store)) store.removeItem(key);
      }
    },
    get length() {
      return ours(localStorage).length + ours(sessionStorage).length;
    },
  };
}
