//! The playground's operations and examples fit the schema.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Name, Positioned,
    parser::{
        parse_query, parse_schema,
        types::{BaseType, Type, TypeKind, TypeSystemDefinition},
    },
};
use daybook::{
    clock::Clock,
    graphql::{
        ApiSchema,
        cost::{Buckets, CostSettings},
        page::PageRows,
    },
};
use serde_json::{Map, Value};

fn api() -> ApiSchema {
    let settings = CostSettings { query_max: u64::MAX, bucket_max: 1 << 40, per_second: 1 };
    let rows = PageRows { default: 20, max: 100 };
    ApiSchema::new(Arc::new(Buckets::alone(Clock::default(), settings)), rows, true)
}

/// Nobody asks, so everything that needs somebody fails while it runs, with a code. What does not fit
/// the schema fails before, without one.
async fn misfits(schema: &ApiSchema, query: &str) -> Vec<String> {
    let answer = schema.execute(query).await;
    answer
        .errors
        .into_iter()
        .filter(|error| error.extensions.as_ref().is_none_or(|known| known.get("code").is_none()))
        .map(|error| error.message)
        // Variables are filled in by the page.
        .filter(|message| !message.contains("is not defined") && !message.contains("Variable"))
        // Listening needs a socket; what it asks for is checked like the rest before that is noticed.
        .filter(|message| !message.contains("Subscriptions are not supported"))
        .collect()
}

fn lines(value: &Value) -> String {
    let lines = value.as_array().unwrap();
    lines.iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_example_fits_the_schema() {
    let schema = api();
    let file: Value =
        serde_json::from_str(include_str!("../assets/playground/examples.json")).unwrap();
    let mut wrong = Vec::new();
    let examples = file["examples"].as_array().unwrap();
    assert!(examples.len() > 10);
    for example in examples {
        for message in misfits(&schema, &lines(&example["query"])).await {
            wrong.push(format!("{}: {message}", example["title"]));
        }
    }
    for (name, lookup) in file["lookups"].as_object().unwrap() {
        for message in misfits(&schema, &lines(&lookup["query"])).await {
            wrong.push(format!("lookup {name}: {message}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_bar_asks_what_the_schema_answers() {
    let schema = api();
    let script = include_str!("../assets/playground/operations.js");
    let filled = script
        .replace("${SESSION}", "session { accessToken refreshToken expiresAt }")
        .replace("${USER_ERRORS}", "userErrors { code field message }");
    let mut asked = 0;
    for part in filled.split("query: ").skip(1) {
        let quote = part.chars().next().unwrap();
        let query = part[1..].split(quote).next().unwrap();
        asked += 1;
        assert_eq!(misfits(&schema, query).await, Vec::<String>::new(), "{query}");
    }
    assert!(asked >= 6, "only {asked} operations were found");
}

/// The types of the schema by name.
struct Types(HashMap<Name, TypeKind>);

impl Types {
    fn read() -> Self {
        let document = parse_schema(daybook::graphql::sdl()).unwrap();
        let kinds = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(kind) => Some((kind.node.name.node, kind.node.kind)),
            _ => None,
        });
        Self(kinds.collect())
    }

    /// What is wrong with a value that is given where this type stands.
    fn misfits(&self, path: &str, value: &Value, wanted: &Type) -> Vec<String> {
        if value.is_null() {
            return if wanted.nullable { Vec::new() } else { vec![format!("{path} is missing")] };
        }
        let name = match (&wanted.base, value) {
            (BaseType::List(inner), Value::Array(all)) => {
                let each =
                    all.iter().zip(0..).map(|(value, place)| (format!("{path}[{place}]"), value));
                return each.flat_map(|(path, value)| self.misfits(&path, value, inner)).collect();
            }
            // One value stands for a list of it.
            (BaseType::List(inner), one) => return self.misfits(path, one, inner),
            (BaseType::Named(name), _) => name,
        };
        let fits = match (self.0.get(name), name.as_str()) {
            (Some(TypeKind::InputObject(input)), _) => {
                let Some(given) = value.as_object() else {
                    return vec![format!("{path} is no {name}")];
                };
                let fields = input.fields.iter().map(|field| {
                    let needed = Type {
                        nullable: field.node.ty.node.nullable || field.node.default_value.is_some(),
                        base: field.node.ty.node.base.clone(),
                    };
                    (&field.node.name.node, needed)
                });
                return self.misfits_of(path, given, fields.collect());
            }
            (Some(TypeKind::Enum(words)), _) => {
                let known = words.values.iter().map(|one| one.node.value.node.as_str());
                known.into_iter().any(|word| value.as_str() == Some(word))
            }
            (_, "Int") => value.is_i64(),
            (_, "Boolean") => value.is_boolean(),
            // A placeholder is a text too.
            (None | Some(TypeKind::Scalar), _) => value.is_string(),
            _ => false,
        };
        if fits { Vec::new() } else { vec![format!("{path} = {value} is no {name}")] }
    }

    /// What is wrong with the fields of an object, or with the variables of an operation.
    fn misfits_of(
        &self,
        path: &str,
        given: &Map<String, Value>,
        wanted: Vec<(&Name, Type)>,
    ) -> Vec<String> {
        let unknown =
            given.keys().filter(|key| !wanted.iter().any(|(name, _)| name.as_str() == *key));
        let unknown: Vec<String> = unknown.map(|key| format!("{path}.{key} is unknown")).collect();
        let known = wanted.iter().flat_map(|(name, kind)| {
            let value = given.get(name.as_str()).unwrap_or(&Value::Null);
            self.misfits(&format!("{path}.{name}"), value, kind)
        });
        unknown.into_iter().chain(known).collect()
    }

    /// What is wrong with the variables that an operation is sent with.
    fn misfits_with(&self, query: &str, variables: &Value) -> Vec<String> {
        let document = parse_query(query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let wanted =
            operation.node.variable_definitions.iter().map(|Positioned { node, .. }| {
                let kind = &node.var_type.node;
                let nullable = kind.nullable || node.default_value.is_some();
                (&node.name.node, Type { nullable, base: kind.base.clone() })
            });
        let none = Map::new();
        self.misfits_of("", variables.as_object().unwrap_or(&none), wanted.collect())
    }
}

#[test]
fn the_variables_of_every_example_fit_the_input_types() {
    let types = Types::read();
    let file: Value =
        serde_json::from_str(include_str!("../assets/playground/examples.json")).unwrap();
    let mut wrong = Vec::new();
    for example in file["examples"].as_array().unwrap() {
        for message in types.misfits_with(&lines(&example["query"]), &example["variables"]) {
            wrong.push(format!("{}: {message}", example["title"]));
        }
    }
    for (name, lookup) in file["lookups"].as_object().unwrap() {
        for message in types.misfits_with(&lines(&lookup["query"]), &lookup["variables"]) {
            wrong.push(format!("lookup {name}: {message}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn variables_that_do_not_fit_are_noticed() {
    let types = Types::read();
    let query = "mutation($input: LedgerCreateInput!, $first: Int) { ledgerCreate(input: $input) \
        { ledger { id } } }";
    let wrong = serde_json::json!({
        "input": { "groupId": "1", "name": 5 }, "first": "20", "other": null,
    });
    let mut found = types.misfits_with(query, &wrong);
    found.sort();
    for part in
        [".input.groupId is unknown", ".input.name = 5", ".first = \"20\"", ".other is unknown"]
    {
        assert!(found.iter().any(|message| message.contains(part)), "{part}: {found:#?}");
    }
    assert_eq!(types.misfits_with(query, &Value::Null), [".input is missing"]);
    let role = "mutation($input: UserInviteInput!) { userInvite(input: $input) { code } }";
    let wrong = serde_json::json!({ "input": { "role": "KING" } });
    let found = types.misfits_with(role, &wrong);
    assert!(found.contains(&".input.role = \"KING\" is no Role".to_owned()), "{found:#?}");
    assert!(found.contains(&".input.email is missing".to_owned()), "{found:#?}");
}
