//! A caller of the API, and the answers it gets.

use std::net::SocketAddr;

use serde_json::{Value, json};

/// Everybody's password in tests.
pub const PASSWORD: &str = "loom and shuttle 42";

/// A caller of the API.
#[derive(Debug, Clone)]
pub struct Client {
    /// Shown with each request.
    pub token: Option<String>,
    /// For the next pair of tokens.
    pub refresh: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    url: String,
    http: reqwest::Client,
}

impl Client {
    /// A caller without a token.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            token: None,
            refresh: None,
            headers: Vec::new(),
            url: format!("http://{address}/graphql"),
            http: reqwest::Client::new(),
        }
    }

    /// The same caller with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same caller with another header.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// Keeps the tokens of an answer.
    pub fn take_session(&mut self, session: &Value) {
        let text = |name: &str| session[name].as_str().map(str::to_owned);
        self.token = text("accessToken");
        self.refresh = text("refreshToken");
        assert!(self.token.is_some(), "no session: {session}");
    }

    /// A POST to the endpoint with the caller's headers, to be completed.
    pub fn post(&self) -> reqwest::RequestBuilder {
        let mut request = self.http.post(&self.url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request
    }

    /// A GET of the endpoint.
    pub fn get(&self) -> reqwest::RequestBuilder {
        self.http.get(&self.url)
    }

    /// Asks one operation.
    pub async fn ask(&self, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables });
        let response = self.post().json(&body).send().await.unwrap();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text}"));
        Answer { body }
    }

    /// Asks one operation without variables.
    pub async fn query(&self, query: &str) -> Answer {
        self.ask(query, json!({})).await
    }
}

/// What the API answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The body.
    pub body: Value,
}

impl Answer {
    /// A value of the data, as in `voucherPost.voucher.number`; null where there is none.
    pub fn data(&self, path: &str) -> &Value {
        let mut found = &self.body["data"];
        for step in path.split('.') {
            found = match step.parse::<usize>() {
                Ok(index) => &found[index],
                Err(_) => &found[step],
            };
        }
        found
    }

    /// A value of the data that must be there.
    pub fn at(&self, path: &str) -> &Value {
        let found = self.data(path);
        assert!(!found.is_null(), "nothing at {path}: {}", self.body);
        found
    }

    /// A text of the data that must be there.
    pub fn text(&self, path: &str) -> String {
        self.at(path).as_str().unwrap_or_else(|| panic!("{path}: {}", self.body)).to_owned()
    }

    /// The user errors of a mutation, each as `CODE path.to.field`.
    pub fn refusals(&self, field: &str) -> Vec<String> {
        let errors = self.at(&format!("{field}.userErrors")).as_array().unwrap();
        errors
            .iter()
            .map(|error| {
                assert!(!error["message"].as_str().unwrap_or_default().is_empty(), "{error}");
                let path: Vec<&str> = error["field"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                format!("{} {}", error["code"].as_str().unwrap(), path.join("."))
            })
            .collect()
    }

    /// The code of the first error, with its request id checked; empty without errors.
    pub fn code(&self) -> &str {
        let Some(error) = self.body["errors"].get(0) else { return "" };
        let extensions = &error["extensions"];
        assert!(extensions["requestId"].is_string(), "{}", self.body);
        extensions["code"].as_str().unwrap_or_else(|| panic!("no code: {}", self.body))
    }
}
