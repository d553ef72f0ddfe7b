//! Reads GraphQL requests out of HTTP requests, by the GraphQL-over-HTTP specification.

use async_graphql::Variables;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

/// One operation as it was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The document's text.
    pub query: String,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// Its variables.
    pub variables: Variables,
}

/// A request that is none: the status it has for every media type, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// HTTP status.
    pub status: StatusCode,
    /// What is wrong.
    pub message: String,
}

impl Malformed {
    /// A request that cannot be read.
    pub fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }
}

const REQUEST_TYPES: [&str; 2] = ["application/json", "application/graphql-response+json"];

/// Checks that a body is one of the two JSON types in UTF-8, by its header.
///
/// # Errors
/// 415 for any other content type: a form or a text can be sent from a foreign page unasked.
pub fn check_content_type(headers: &HeaderMap) -> Result<(), Malformed> {
    let refuse = || Malformed {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        message: "send the request as application/json or application/graphql-response+json, in \
                  UTF-8"
            .to_owned(),
    };
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return Err(refuse()) };
    let text = line.to_str().map_err(|_| refuse())?;
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    if !REQUEST_TYPES.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return Err(refuse());
    }
    for parameter in parts {
        if let Some((key, value)) = parameter.split_once('=')
            && key.trim().eq_ignore_ascii_case("charset")
        {
            let charset = value.trim().trim_matches('"');
            if !charset.eq_ignore_ascii_case("utf-8") && !charset.eq_ignore_ascii_case("utf8") {
                return Err(refuse());
            }
        }
    }
    Ok(())
}

/// Reads a body: one operation, or a list of at most `batch_max`. The flag tells a list.
///
/// # Errors
/// 400 for anything that is not a request.
pub fn read_body(body: &[u8], batch_max: usize) -> Result<(Vec<Asked>, bool), Malformed> {
    let value: Value =
        serde_json::from_slice(body).map_err(|_| Malformed::bad("the body is not JSON"))?;
    match value {
        Value::Object(members) => Ok((vec![read_members(members)?], false)),
        Value::Array(requests) => {
            if requests.is_empty() || requests.len() > batch_max {
                let message = format!("a batch holds 1 to {batch_max} requests");
                return Err(Malformed::bad(message));
            }
            let read = requests.into_iter().map(|request| match request {
                Value::Object(members) => read_members(members),
                _ => Err(Malformed::bad("a request is a JSON object")),
            });
            Ok((read.collect::<Result<_, _>>()?, true))
        }
        _ => Err(Malformed::bad("the body is not a JSON object")),
    }
}

/// Reads the parameters of a GET request.
///
/// # Errors
/// 400 when `query` is missing, something is twice, or `variables` and `extensions` are not objects.
pub fn read_parameters(pairs: Vec<(String, String)>) -> Result<Asked, Malformed> {
    let mut members = Map::new();
    for (name, text) in pairs {
        let value = match name.as_str() {
            "query" | "operationName" => Value::String(text),
            "variables" | "extensions" if text.is_empty() => Value::Null,
            "variables" | "extensions" => serde_json::from_str(&text)
                .map_err(|_| Malformed::bad(format!("{name} is not JSON")))?,
            _ => continue,
        };
        if members.insert(name.clone(), value).is_some() {
            return Err(Malformed::bad(format!("{name} is given twice")));
        }
    }
    if members.get("operationName") == Some(&Value::String(String::new())) {
        members.remove("operationName");
    }
    read_members(members)
}

/// Reads the members of one request.
///
/// # Errors
/// 400 when they are not what the specification says.
pub fn read_members(mut members: Map<String, Value>) -> Result<Asked, Malformed> {
    let query = match members.remove("query") {
        Some(Value::String(query)) if !query.trim().is_empty() => query,
        Some(Value::String(_)) | None => return Err(Malformed::bad("query is missing")),
        Some(_) => return Err(Malformed::bad("query is not a string")),
    };
    let operation_name = match members.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(Malformed::bad("operationName is not a string")),
    };
    let variables = match members.remove("variables") {
        None | Some(Value::Null) => Variables::default(),
        Some(variables @ Value::Object(_)) => Variables::from_json(variables),
        Some(_) => return Err(Malformed::bad("variables is not an object")),
    };
    match members.remove("extensions") {
        None | Some(Value::Null | Value::Object(_)) => {}
        Some(_) => return Err(Malformed::bad("extensions is not an object")),
    }
    Ok(Asked { query, operation_name, variables })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_or_refused() {
        let good = [
            r#"{"query":"{a}"}"#,
            r#"{"query":"{a}","variables":null,"operationName":null,"extensions":null}"#,
            r#"{"query":"{a}","variables":{"x":1},"operationName":"Q","extensions":{}}"#,
            r#"[{"query":"{a}"},{"query":"{b}"}]"#,
        ];
        for body in good {
            assert!(read_body(body.as_bytes(), 2).is_ok(), "{body}");
        }
        let bad = [
            "",
            "x",
            "1",
            "null",
            "\"{a}\"",
            "[]",
            "{}",
            "[1]",
            r#"{"query":1}"#,
            r#"{"query":""}"#,
            r#"{"query":"{a}","variables":[]}"#,
            r#"{"query":"{a}","variables":"{}"}"#,
            r#"{"query":"{a}","operationName":1}"#,
            r#"{"query":"{a}","extensions":1}"#,
            r#"[{"query":"{a}"},{"query":"{a}"},{"query":"{a}"}]"#,
            "{\"query\":\"{a}\"",
            "\u{feff}{}",
        ];
        for body in bad {
            assert_eq!(
                read_body(body.as_bytes(), 2).map(|_| ()).unwrap_err().status,
                StatusCode::BAD_REQUEST,
                "{body}"
            );
        }
        assert!(read_body(&[0xff, 0xfe], 2).is_err());
    }

    #[test]
    fn parameters_have_the_names_of_the_specification() {
        let pairs = |list: &[(&str, &str)]| {
            list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        let asked = read_parameters(pairs(&[
            ("query", "query Q {a}"),
            ("operationName", "Q"),
            ("variables", "{\"x\":1}"),
        ]))
        .unwrap();
        assert_eq!(asked.operation_name.as_deref(), Some("Q"));
        assert!(read_parameters(pairs(&[("operation_name", "Q")])).is_err());
        assert!(read_parameters(pairs(&[("query", "{a}"), ("query", "{b}")])).is_err());
        assert!(read_parameters(pairs(&[("query", "{a}"), ("variables", "1")])).is_err());
    }

    #[test]
    fn only_the_two_json_types_are_read() {
        for (text, fits) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json; charset=latin1", false),
            ("application/json;charset=\"utf-16\"", false),
            ("application/graphql-response+json", true),
            ("application/graphql-response+json; charset=utf-8", true),
            ("application/graphql-response+json; charset=latin1", false),
            ("application/graphql", false),
            ("application/json, text/plain", false),
            ("text/plain", false),
            ("multipart/form-data; boundary=x", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, text.parse().unwrap());
            assert_eq!(check_content_type(&headers).is_ok(), fits, "{text}");
        }
        assert!(check_content_type(&HeaderMap::new()).is_err());
    }
}
