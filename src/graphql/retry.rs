//! The hash of a mutation's input, by which a repeated call is told from a different one.

use async_graphql::{Context, Name, Value};
use sha2::{Digest, Sha256};

use super::error::ApiResult;
use crate::error::Error;

/// SHA-256 of the field's `input` argument with variables filled in, without `dryRun` and the key.
///
/// # Errors
/// When the field has no such argument, which is a fault of the program.
pub fn input_hash(ctx: &Context<'_>) -> ApiResult<String> {
    let arguments = ctx.field().arguments().map_err(|error| Error::Internal(error.message))?;
    let input = arguments.into_iter().find(|(name, _)| name.as_str() == "input");
    let (_, mut input) = input.ok_or_else(|| Error::Internal("a field without input".into()))?;
    if let Value::Object(members) = &mut input {
        members.shift_remove(&Name::new("dryRun"));
        members.shift_remove(&Name::new("idempotencyKey"));
    }
    let mut text = String::new();
    write(&mut text, &input);
    Ok(hex::encode(Sha256::digest(text.as_bytes())))
}

/// Members in the order of their names, so that the order of writing does not matter; null members
/// are as absent ones.
fn write(out: &mut String, value: &Value) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<(&Name, &Value)> =
                members.iter().filter(|(_, value)| **value != Value::Null).collect();
            names.sort_by_key(|(name, _)| name.as_str());
            out.push('{');
            for (name, value) in names {
                out.push_str(name);
                out.push(':');
                write(out, value);
                out.push(',');
            }
            out.push('}');
        }
        Value::List(values) => {
            out.push('[');
            for value in values {
                write(out, value);
                out.push(',');
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}
