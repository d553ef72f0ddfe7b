//! The hash of a mutation's input, by which a repeated call is told from a different one.

use async_graphql::{InputType, Name, Value};
use sha2::{Digest, Sha256};

/// SHA-256 of a mutation's input as it was read, without `dryRun` and the key: two ways of writing one
/// instant or leaving a field out are one input. Numbers are to be in their shortest form.
pub fn input_hash(input: &impl InputType) -> String {
    let mut input = input.to_value();
    if let Value::Object(members) = &mut input {
        members.shift_remove(&Name::new("dryRun"));
        members.shift_remove(&Name::new("idempotencyKey"));
    }
    let mut text = String::new();
    write(&mut text, &input);
    hex::encode(Sha256::digest(text.as_bytes()))
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
