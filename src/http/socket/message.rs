//! The messages of `graphql-transport-ws`, read and written, and the codes by which a connection ends.

use axum::extract::ws::CloseFrame;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    graphql::limits::check_json,
    http::{
        answer::{Body, written},
        request::{Asked, read_members},
    },
};

/// The server stops.
pub const GOING_AWAY: u16 = 1001;
/// A message beyond the bound.
pub const TOO_BIG: u16 = 1009;
/// Not now: too many connections, or a database that does not answer.
pub const TRY_LATER: u16 = 1013;
/// A message that the protocol does not know.
pub const MALFORMED: u16 = 4400;
/// A subscription before the connection was initialised.
pub const UNAUTHORIZED: u16 = 4401;
/// A token that does not hold, or no longer.
pub const FORBIDDEN: u16 = 4403;
/// Nobody said who connects.
pub const INIT_TIMEOUT: u16 = 4408;
/// The id of a subscription that is still open.
pub const ID_TAKEN: u16 = 4409;
/// A second initialisation.
pub const TOO_MANY_INITS: u16 = 4429;
/// A fault of the program.
pub const INTERNAL: u16 = 4500;

/// Longest id of a subscription: it is sent with each event.
const ID_BYTES_MAX: usize = 128;
/// What a close frame has room for.
const REASON_BYTES_MAX: usize = 123;

/// What a client sends.
pub enum Incoming {
    /// Who it is.
    Init(Map<String, Value>),
    /// Whether the server lives.
    Ping(Option<Value>),
    /// That the client lives.
    Pong,
    /// To listen.
    Subscribe(String, Asked),
    /// To listen no longer.
    Complete(String),
}

/// Why a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell {
    code: u16,
    reason: String,
}

impl Farewell {
    /// An end by a code; a long reason is cut.
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
        Self { code, reason }
    }

    fn malformed(reason: impl Into<String>) -> Self {
        Self::new(MALFORMED, reason)
    }

    /// As a frame.
    pub fn into_frame(self) -> CloseFrame {
        CloseFrame { code: self.code, reason: self.reason.into() }
    }
}

/// Reads a message.
///
/// # Errors
/// 4400 and what is wrong.
pub fn read(text: &str, nesting: usize) -> Result<Incoming, Farewell> {
    check_json(text.as_bytes(), nesting).map_err(|why| Farewell::malformed(why.message))?;
    let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
        return Err(Farewell::malformed("a message is a JSON object"));
    };
    let payload = message.remove("payload").filter(|payload| !payload.is_null());
    let object = |payload: Option<Value>| match payload {
        None => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(Farewell::malformed("payload is not an object")),
    };
    match message.get("type").and_then(Value::as_str) {
        Some("connection_init") => Ok(Incoming::Init(object(payload)?.unwrap_or_default())),
        Some("ping") => Ok(Incoming::Ping(object(payload)?.map(Value::Object))),
        Some("pong") => object(payload).map(|_| Incoming::Pong),
        Some("subscribe") => {
            let id = id_of(&message)?;
            let asked =
                object(payload)?.ok_or_else(|| Farewell::malformed("payload is missing"))?;
            let asked = read_members(asked).map_err(|why| Farewell::malformed(why.message))?;
            Ok(Incoming::Subscribe(id, asked))
        }
        Some("complete") => Ok(Incoming::Complete(id_of(&message)?)),
        Some(_) => Err(Farewell::malformed("a message of this type is not known")),
        None => Err(Farewell::malformed("type is missing")),
    }
}

fn id_of(message: &Map<String, Value>) -> Result<String, Farewell> {
    match message.get("id").and_then(Value::as_str) {
        Some(id) if (1..=ID_BYTES_MAX).contains(&id.len()) => Ok(id.to_owned()),
        Some(_) => Err(Farewell::malformed(format!("id has 1 to {ID_BYTES_MAX} bytes"))),
        None => Err(Farewell::malformed("id is missing")),
    }
}

/// What the server sends.
#[derive(Serialize)]
struct Outgoing<'m, P> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'m str,
    payload: &'m P,
}

/// The connection is initialised.
pub fn ack() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

/// The answer to a ping.
pub fn pong(payload: Option<Value>) -> String {
    match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
        None => json!({ "type": "pong" }).to_string(),
    }
}

/// An event.
pub fn next(id: &str, payload: &Body) -> String {
    written(&Outgoing { kind: "next", id, payload })
}

/// A subscription ended by errors.
pub fn error(id: &str, errors: &[Value]) -> String {
    written(&Outgoing { kind: "error", id, payload: &errors })
}

/// A subscription ended.
pub fn complete(id: &str) -> String {
    json!({ "type": "complete", "id": id }).to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_messages_of_the_protocol_are_read() {
        for good in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"connection_init","payload":null}"#,
            r#"{"type":"connection_init","payload":{"authorization":"Bearer x"}}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"pong","payload":{"a":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"subscription { a }"}}"#,
            r#"{"type":"complete","id":"1"}"#,
        ] {
            assert!(read(good, 50).is_ok(), "{good}");
        }
        let long = format!(r#"{{"type":"complete","id":"{}"}}"#, "x".repeat(129));
        let deep = format!(r#"{{"type":"ping","payload":{}{}}}"#, "[".repeat(60), "]".repeat(60));
        for bad in [
            "",
            "x",
            "[]",
            "1",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"connection_init","payload":"Bearer x"}"#,
            r#"{"type":"ping","payload":[1]}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}"#,
            r#"{"type":"complete"}"#,
            &long,
            &deep,
        ] {
            assert_eq!(read(bad, 50).err().map(|why| why.code), Some(MALFORMED), "{bad}");
        }
    }

    #[test]
    fn a_reason_fits_into_its_frame() {
        let farewell = Farewell::new(MALFORMED, "ß".repeat(100));
        assert_eq!(farewell.reason.len(), 122);
        assert_eq!(farewell.into_frame().code, MALFORMED);
        assert_eq!(serde_json::from_str::<Value>(&pong(None)).unwrap()["type"], "pong");
    }
}
