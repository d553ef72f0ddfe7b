//! Asks the endpoint one thing and tells apart an answer, a refusal and a failure.

import { ENDPOINT } from "./operations.js";

/** A failure of the request as a whole: network, transport or an entry of `errors[]`. */
export class Failure extends Error {
  /**
   * @param {string} message a sentence for the person
   * @param {string | null} code the code of `errors[].extensions`, when the server named one
   */
  constructor(message, code = null) {
    super(message);
    this.code = code;
  }
}

/** A refusal the caller can mend: the `userErrors` of a mutation's payload. */
export class Refusal extends Error {
  /** @param {{ code: string, field: string[] | null, message: string }[]} userErrors */
  constructor(userErrors) {
    super(userErrors.map((each) => each.message).join(" "));
    this.userErrors = userErrors;
  }
}

/**
 * Posts to the endpoint and answers the response, once it is sure to hold JSON.
 *
 * @param {string} body the request as JSON
 * @param {Record<string, string>} headers further headers
 */
export async function post(body, headers) {
  let response;
  try {
    response = await fetch(ENDPOINT, {
      method: "POST",
      cache: "no-store",
      headers: {
        accept: "application/graphql-response+json, application/json;q=0.9",
        "content-type": "application/json",
        ...headers,
      },
      body,
    });
  } catch {
    throw new Failure("The server did not answer. Is it running?");
  }
  if (!/[/+]json\b/.test(response.headers.get("content-type") ?? "")) {
    throw new Failure(`HTTP ${response.status}: ${(await response.text()).slice(0, 300)}`);
  }
  return response;
}

/**
 * Runs one operation of `operations.js` and answers its root field.
 *
 * @param {{ query: string, root: string }} operation
 * @param {object} variables
 * @param {string | null} token access token, when signed in
 * @returns {Promise<{ payload: any, serverNow: number }>} with the server's clock in
 *   milliseconds, or this machine's when the server tells none
 */
export async function ask({ query, root }, variables = {}, token = null) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const response = await post(JSON.stringify({ query, variables }), headers);
  const { data, errors } = await response.json();
  if (errors?.length) throw failureOf(errors[0]);
  const payload = data?.[root] ?? null;
  if (payload?.userErrors?.length) throw new Refusal(payload.userErrors);
  const serverNow = Date.parse(response.headers.get("date") ?? "");
  return { payload, serverNow: Number.isNaN(serverNow) ? Date.now() : serverNow };
}

function failureOf({ message, extensions }) {
  const request = extensions?.requestId ? ` (request ${extensions.requestId})` : "";
  return new Failure(`${message}${request}`, extensions?.code ?? null);
}
