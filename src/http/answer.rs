//! Answers: their form, their status, and what of an error may leave.

use async_graphql::{Response, ServerError};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response as HttpResponse},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::negotiate::Media;
use crate::{
    error::Error,
    graphql::{cost::Sheet, scalar},
};

/// An answer as it is written: errors first, so that nobody overlooks them; data as the library made it,
/// its fields in the order in which they were asked.
#[derive(Debug, Default, Serialize)]
pub struct Body {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Value>,
    /// None where nothing was executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<async_graphql::Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    extensions: Map<String, Value>,
}

impl Body {
    /// What is told of an event.
    pub fn of_event(data: async_graphql::Value, errors: Vec<Value>) -> Self {
        Self { errors, data: Some(data), extensions: Map::new() }
    }

    fn refused(error: Value) -> Self {
        Self { errors: vec![error], ..Self::default() }
    }
}

/// One operation's answer, with the status it has where the media type lets it show.
pub struct Answer {
    body: Body,
    /// Its status.
    pub status: StatusCode,
    retry_after: Option<u64>,
    /// Refused with a status of its own whatever the media type (a rate limit).
    forces_status: bool,
}

impl Answer {
    /// What the schema answered.
    pub fn of(response: Response, sheet: &Sheet, id: &str, may_introspect: bool) -> Self {
        let entries = sheet.read();
        let errors: Vec<Value> = response
            .errors
            .into_iter()
            .map(|error| error_json(error, id, may_introspect))
            .collect();
        let code = errors
            .iter()
            .find_map(|error| error.pointer("/extensions/code").and_then(Value::as_str));
        // A database that is gone and a queue that is full concern the whole request, not a field.
        let is_down = response.data == async_graphql::Value::Null
            && matches!(code, Some("UNAVAILABLE" | "THROTTLED"));
        let status = if entries.was_executed && !is_down {
            StatusCode::OK
        } else {
            status_of(code.unwrap_or("BAD_USER_INPUT"))
        };
        let waits = errors
            .iter()
            .filter_map(|error| error.pointer("/extensions/retryAfterSeconds"))
            .find_map(Value::as_u64);
        let mut extensions = Map::new();
        // What was never weighed has no cost, and says nothing of a bucket.
        if let Some(standing) = entries.standing {
            let cost = json!({
                "requestedQueryCost": entries.requested,
                "actualQueryCost": entries.actual,
                "throttleStatus": {
                    "maximumAvailable": standing.maximum,
                    "currentlyAvailable": standing.available,
                    "restoreRate": standing.restore_rate,
                },
            });
            extensions.insert("cost".to_owned(), cost);
        }
        for (name, value) in response.extensions {
            extensions.insert(name, value.into_json().unwrap_or(Value::Null));
        }
        let data = entries.was_executed.then_some(response.data);
        Self {
            body: Body { errors, data, extensions },
            status,
            retry_after: entries.wait_ms.map(|wait| wait.div_ceil(1_000)).or(waits),
            forces_status: entries.wait_ms.is_some() || is_down,
        }
    }

    /// A request that was refused before it reached the schema.
    pub fn refused(error: ServerError, id: &str) -> Self {
        let error = error_json(error, id, true);
        let code = error.pointer("/extensions/code").and_then(Value::as_str).unwrap_or_default();
        Self {
            status: status_of(code),
            body: Body::refused(error),
            retry_after: None,
            forces_status: false,
        }
    }

    /// A request that came to nothing.
    pub fn failed(error: &Error, id: &str) -> Self {
        if let Some(cause) = error.cause() {
            tracing::error!(request = id, code = error.code(), %cause, "a request failed");
        }
        let status = status_of(error.code());
        let retry_after = match error {
            Error::Throttled { retry_after_ms } => Some(retry_after_ms.div_ceil(1_000)),
            _ => None,
        };
        Self {
            body: Body::refused(error_of(id, error.code(), &error.to_string())),
            status,
            forces_status: matches!(error, Error::Throttled { .. } | Error::Unavailable(_)),
            retry_after,
        }
    }
}

/// The status of a request error, by its code.
pub fn status_of(code: &str) -> StatusCode {
    match code {
        "UNAUTHENTICATED" => StatusCode::UNAUTHORIZED,
        "FORBIDDEN" | "TENANT_SUSPENDED" => StatusCode::FORBIDDEN,
        "NOT_FOUND" | "TENANT_NOT_FOUND" => StatusCode::NOT_FOUND,
        "CONFLICT" => StatusCode::CONFLICT,
        "THROTTLED" => StatusCode::TOO_MANY_REQUESTS,
        "TENANT_UPGRADING" | "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        "CLIENT_TOO_OLD" => StatusCode::GONE,
        "INTERNAL" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// An error as it leaves: always with a code of the closed list and the request's id.
pub fn error_json(error: ServerError, id: &str, may_introspect: bool) -> Value {
    let mut message = error.message;
    if !may_introspect && let Some(at) = message.find(" Did you mean") {
        message.truncate(at);
    }
    let mut extensions = match error.extensions {
        Some(extensions) => match serde_json::to_value(extensions) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        },
        None => Map::new(),
    };
    if !extensions.contains_key("code") {
        let code = code_of_library(&message);
        if code == "INTERNAL" {
            tracing::error!(request = id, cause = message, "the library failed");
            message = "an internal error".to_owned();
        }
        if let Some((path, form)) = place_of_value(&message) {
            if let Some(form) = form {
                message.push_str(": ");
                message.push_str(form);
            }
            extensions.insert("field".to_owned(), Value::from(path));
        }
        extensions.insert("code".to_owned(), Value::from(code));
    }
    extensions.insert("requestId".to_owned(), Value::from(id));
    let mut body = Map::new();
    body.insert("message".to_owned(), Value::from(message));
    if !error.locations.is_empty() {
        let places: Vec<Value> = error
            .locations
            .iter()
            .map(|place| json!({ "line": place.line, "column": place.column }))
            .collect();
        body.insert("locations".to_owned(), Value::from(places));
    }
    if !error.path.is_empty() {
        let path = serde_json::to_value(&error.path).unwrap_or(Value::Null);
        body.insert("path".to_owned(), path);
    }
    body.insert("extensions".to_owned(), Value::Object(extensions));
    Value::Object(body)
}

/// Where the library found a value that does not fit, from the argument's name on, and what such a value
/// looks like. It writes the place as `Invalid value for argument "input.entries.0.debit", …`.
fn place_of_value(message: &str) -> Option<(Vec<String>, Option<&'static str>)> {
    let (place, why) = message.strip_prefix("Invalid value for argument \"")?.split_once("\", ")?;
    let mut path: Vec<String> = place.split('.').map(str::to_owned).collect();
    let quoted = |after: &str| why.strip_prefix(after)?.split('"').next();
    // What is missing or unknown is named beside the object that it is about.
    path.extend(quoted("field \"").or_else(|| quoted("unknown field \"")).map(str::to_owned));
    let scalar = quoted("expected type \"").map(|of| of.trim_end_matches('!'));
    Some((path, scalar.and_then(scalar::form_of)))
}

/// The code of an error that the GraphQL library made: it is the caller's fault, but for the few that
/// name a bound or the program's own parts. Their beginnings are the library's; what a caller wrote
/// never stands there.
fn code_of_library(message: &str) -> &'static str {
    let begins = |with: &str| message.starts_with(with);
    if begins("The recursion depth") || begins("recursion limit exceeded") {
        "QUERY_TOO_COMPLEX"
    } else if begins("Data `") || begins("internal: ") {
        "INTERNAL"
    } else {
        "BAD_USER_INPUT"
    }
}

fn error_of(id: &str, code: &str, message: &str) -> Value {
    json!({ "message": message, "extensions": { "code": code, "requestId": id } })
}

/// The answers of a request as one.
pub fn respond(media: Media, answers: Vec<Answer>, is_batch: bool) -> HttpResponse {
    let retry_after = answers.iter().filter_map(|answer| answer.retry_after).max();
    let shows = |answer: &Answer| {
        let shown = answer.forces_status || media == Media::GraphqlResponse;
        if shown { answer.status } else { StatusCode::OK }
    };
    let status = if is_batch {
        let forced = answers.iter().find(|answer| answer.forces_status).map(|answer| answer.status);
        forced.unwrap_or(StatusCode::OK)
    } else {
        answers.first().map_or(StatusCode::OK, shows)
    };
    let bodies: Vec<Body> = answers.into_iter().map(|answer| answer.body).collect();
    let body = if is_batch { written(&bodies) } else { written(&bodies.first()) };
    let content = (header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    let vary = (header::VARY, HeaderValue::from_static("accept"));
    let mut response = (status, [content, vary], body).into_response();
    if let Some(seconds) = retry_after
        && let Ok(value) = HeaderValue::from_str(&seconds.to_string())
    {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// The text of what is answered. Its keys are strings and its numbers finite, so there always is one.
pub fn written(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written");
        String::new()
    })
}

/// An error before GraphQL: it has its status for every media type.
pub fn refusal(id: &str, status: StatusCode, code: &str, message: &str) -> HttpResponse {
    let content = HeaderValue::from_static("application/json; charset=utf-8");
    let body = written(&Body::refused(error_of(id, code, message)));
    (status, [(header::CONTENT_TYPE, content)], body).into_response()
}

/// The method is not one that the endpoint knows, or not one for this operation.
pub fn not_allowed(id: &str, allow: &'static str, message: &str) -> HttpResponse {
    let mut response = refusal(id, StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT", message);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_library_has_a_code_and_says_nothing_of_the_program() {
        for (message, code, shown) in [
            ("Unknown field \"x\" on type \"Query\".", "BAD_USER_INPUT", None),
            ("Failed to parse \"Int\": \"too deep\"", "BAD_USER_INPUT", None),
            (
                "The recursion depth of the query cannot be greater than `64`",
                "QUERY_TOO_COMPLEX",
                None,
            ),
            (
                "Data `alloc::sync::Arc<daybook::Desk>` does not exist.",
                "INTERNAL",
                Some("an internal error"),
            ),
        ] {
            let error = error_json(ServerError::new(message, None), "id", false);
            let found = error.pointer("/extensions/code").and_then(Value::as_str);
            assert_eq!(found, Some(code), "{message}");
            let found = error.get("message").and_then(Value::as_str);
            assert_eq!(found, Some(shown.unwrap_or(message)));
            assert!(error.pointer("/extensions/requestId").is_some());
        }
        for (message, field, ending) in [
            (
                "Invalid value for argument \"input.entries.0.debit\", expected type \"Decimal\"",
                json!(["input", "entries", "0", "debit"]),
                "such as \"1234.50\"",
            ),
            (
                "Invalid value for argument \"input\", field \"name\" of type \"String!\" is required but \
                 not provided",
                json!(["input", "name"]),
                "not provided",
            ),
            (
                "Invalid value for argument \"first\", expected type \"Int\"",
                json!(["first"]),
                "\"Int\"",
            ),
        ] {
            let error = error_json(ServerError::new(message, None), "id", false);
            assert_eq!(error.pointer("/extensions/field"), Some(&field), "{error}");
            let shown = error.get("message").and_then(Value::as_str).unwrap_or_default();
            assert!(shown.starts_with(message) && shown.ends_with(ending), "{shown}");
        }
        let error = ServerError::new("Unknown field \"nam\". Did you mean \"name\"?", None);
        let shown = error_json(error, "id", false).to_string();
        assert!(!shown.contains("Did you mean"), "{shown}");
    }
}
