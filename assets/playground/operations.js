//! What the playground asks of the server: addresses and operations. Names of the API
//! that the page itself relies on stand here and in `examples.json`, nowhere else.

/** Where operations are posted. */
export const ENDPOINT = "/graphql";

/** Where subscriptions are opened, over `graphql-transport-ws`. */
export const SOCKET = "/graphql/ws";

const SESSION = "session { accessToken refreshToken expiresAt }";
const USER_ERRORS = "userErrors { code field message }";

/**
 * Operations behind the bar. `root` is the field whose payload is read: its `session`,
 * `userErrors`, and for a sign-in that fits several tenants `choices` and `choiceToken`.
 */
export const OPERATIONS = {
  register: {
    root: "register",
    query: `mutation Register($input: RegisterInput!) {
      register(input: $input) { tenant { id subdomain companyName } ${SESSION} ${USER_ERRORS} }
    }`,
  },
  login: {
    root: "login",
    query: `mutation Login($input: LoginInput!) {
      login(input: $input) {
        ${SESSION}
        choices { tenant { subdomain companyName } }
        choiceToken
        ${USER_ERRORS}
      }
    }`,
  },
  loginChoose: {
    root: "loginChoose",
    query: `mutation LoginChoose($input: LoginChooseInput!) {
      loginChoose(input: $input) { ${SESSION} ${USER_ERRORS} }
    }`,
  },
  adminLogin: {
    root: "adminLogin",
    query: `mutation AdminLogin($input: AdminLoginInput!) {
      adminLogin(input: $input) { ${SESSION} ${USER_ERRORS} }
    }`,
  },
  sessionRefresh: {
    root: "sessionRefresh",
    query: `mutation SessionRefresh($input: SessionRefreshInput!) {
      sessionRefresh(input: $input) { ${SESSION} ${USER_ERRORS} }
    }`,
  },
  logout: {
    root: "logout",
    query: `mutation Logout { logout { ${USER_ERRORS} } }`,
  },
  me: {
    root: "me",
    query: "query Me { me { name email role } }",
  },
};

/** What the first tab holds on a first visit; anyone may run it. */
export const WELCOME = `# Daybook: all of it behind one endpoint.
#
# Register a business or sign in above,
# then open Examples.
#
# Ctrl+Enter runs, Ctrl+Space completes;
# the book icon opens the reference.

query WhatIsHere {
  __schema {
    queryType {
      fields {
        name
        description
      }
    }
  }
}
`;

/** What a tab opened with + holds. */
export const BLANK = "# Ctrl+Space completes, Ctrl+Enter runs.\n";
