//! The contract: what the schema says of itself, and that it does what it says.

use std::path::Path;

use serde_json::Value;

use daybook_domain::role::{Permission, Realm};
use daybook_entity::main::people::PlatformRole;

use crate::{
    client::Client,
    office::office,
    socket::{SOON, Socket},
    tenancy::{invited, is_empty},
};

/// Compares a committed file with its right text, or writes it where that is asked for.
fn hold(file: &str, right: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    #[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting")]
    if std::env::var("DAYBOOK_WRITE_DOCUMENTS").is_ok_and(|value| value == "1") {
        std::fs::write(&path, right).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let line = found.lines().zip(right.lines()).position(|(found, right)| found != right);
    assert!(
        found == right,
        "{file} is stale from line {line:?} (counted from 0): run `just schema`"
    );
}

#[test]
fn the_committed_schema_is_current() {
    hold("schema.graphql", &daybook::graphql::sdl());
}

#[test]
fn the_page_of_permissions_is_current() {
    hold("docs/permissions.md", &daybook_domain::role::permissions_markdown());
}

/// The schema as the endpoint tells it.
pub struct Introspected(Value);

impl Introspected {
    /// Asks for it.
    pub async fn of(client: &Client) -> Self {
        let of_type = (0..6)
            .fold("name kind".to_owned(), |inner, _| format!("name kind ofType {{ {inner} }}"));
        let value = format!("name description type {{ {of_type} }} defaultValue");
        let answer = client
            .query(&format!(
                "{{ __schema {{ types {{ name kind description
                    fields(includeDeprecated: true) {{ name description args {{ {value} }}
                        type {{ {of_type} }} }}
                    inputFields {{ {value} }} enumValues {{ name description }} }} }} }}"
            ))
            .await;
        Self(answer.at("__schema.types").clone())
    }

    /// Every type but those of introspection.
    pub fn types(&self) -> impl Iterator<Item = &Value> {
        let types = self.0.as_array().unwrap().iter();
        types.filter(|one| !one["name"].as_str().unwrap().starts_with("__"))
    }

    fn named(&self, name: &str) -> &Value {
        self.types().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no type {name}"))
    }

    /// Every root field with its operation.
    pub fn root_fields(&self) -> Vec<(&'static str, Value)> {
        [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")]
            .into_iter()
            .flat_map(|(operation, name)| {
                let fields = self.named(name)["fields"].as_array().unwrap().clone();
                fields.into_iter().map(move |field| (operation, field))
            })
            .collect()
    }

    /// Whether an argument, or a field of an input, is an id.
    pub fn takes_id(&self, field: &Value) -> bool {
        field["args"].as_array().unwrap().iter().any(|one| self.holds_id(&one["type"]))
    }

    fn holds_id(&self, of: &Value) -> bool {
        match of["kind"].as_str().unwrap() {
            "NON_NULL" | "LIST" => self.holds_id(&of["ofType"]),
            "INPUT_OBJECT" => self.inputs(of).iter().any(|one| self.holds_id(&one["type"])),
            _ => of["name"] == "ID",
        }
    }

    fn inputs(&self, of: &Value) -> &Vec<Value> {
        self.named(of["name"].as_str().unwrap())["inputFields"].as_array().unwrap()
    }

    /// Arguments that fit: what is required, and every id there is; `THE-ID` stands for ids.
    fn values(&self, of: &[Value]) -> String {
        let given: Vec<String> = of
            .iter()
            .filter(|one| {
                let required = one["type"]["kind"] == "NON_NULL" && one["defaultValue"].is_null();
                required || self.holds_id(&one["type"])
            })
            .map(|one| format!("{}: {}", one["name"].as_str().unwrap(), self.value(&one["type"])))
            .collect();
        given.join(", ")
    }

    fn value(&self, of: &Value) -> String {
        let name = of["name"].as_str().unwrap_or_default();
        match (of["kind"].as_str().unwrap(), name) {
            ("NON_NULL", _) => self.value(&of["ofType"]),
            ("LIST", _) => format!("[{}]", self.value(&of["ofType"])),
            ("INPUT_OBJECT", _) => format!("{{ {} }}", self.values(self.inputs(of))),
            ("ENUM", _) => self.named(name)["enumValues"][0]["name"].as_str().unwrap().to_owned(),
            (_, "ID") => "\"THE-ID\"".to_owned(),
            (_, "Int" | "Float") => "1".to_owned(),
            (_, "Boolean") => "true".to_owned(),
            (_, "Decimal") => "\"1\"".to_owned(),
            (_, "Date") => "\"2026-11-21\"".to_owned(),
            (_, "DateTime") => "\"2026-11-21T00:00:00Z\"".to_owned(),
            (_, "CurrencyCode") => "\"INR\"".to_owned(),
            _ => "\"text\"".to_owned(),
        }
    }

    /// What to select of a type: leaves, and one level below.
    fn selection(&self, of: &Value, depth: usize) -> String {
        let named = innermost(of);
        if is_leaf(named) {
            return String::new();
        }
        let fields = self.named(named["name"].as_str().unwrap())["fields"].as_array().unwrap();
        let picked: Vec<String> = fields
            .iter()
            .filter(|field| field["args"].as_array().unwrap().is_empty())
            .filter_map(|field| {
                let name = field["name"].as_str().unwrap();
                match (is_leaf(innermost(&field["type"])), depth) {
                    (true, _) => Some(name.to_owned()),
                    (false, 0) => None,
                    (false, _) => {
                        Some(format!("{name} {}", self.selection(&field["type"], depth - 1)))
                    }
                }
            })
            .collect();
        format!("{{ __typename {} }}", picked.join(" "))
    }
}

fn innermost(of: &Value) -> &Value {
    if of["ofType"].is_null() { of } else { innermost(&of["ofType"]) }
}

fn is_leaf(of: &Value) -> bool {
    of["kind"] != "OBJECT" && of["kind"] != "INTERFACE"
}

/// A call of a root field with the fewest arguments that fit, and every id.
pub fn minimal(schema: &Introspected, operation: &str, field: &Value) -> String {
    let name = field["name"].as_str().unwrap();
    let values = schema.values(field["args"].as_array().unwrap());
    let arguments = if values.is_empty() { String::new() } else { format!("({values})") };
    let selection = schema.selection(&field["type"], 1);
    format!("{operation} {{ {name}{arguments} {selection} }}")
}

/// What the last sentence of a description says.
enum Needs {
    Permission(String),
    SignedIn,
    Nothing,
}

fn needs(field: &Value) -> Option<Needs> {
    // As it is served: programs look for this sentence on one line, after a space or at its beginning.
    let text = field["description"].as_str()?.lines().last()?;
    let begins = |at: usize| at == 0 || text[..at].ends_with(". ");
    if text.ends_with("Anyone may call it.") {
        return text.rfind("Anyone").is_some_and(begins).then_some(Needs::Nothing);
    }
    if !text.rfind("Requires: ").is_some_and(begins) {
        return None;
    }
    let (_, needed) = text.strip_suffix('.')?.rsplit_once("Requires: ")?;
    if ["a signed-in user", "the permission of the object's type"].contains(&needed) {
        return Some(Needs::SignedIn);
    }
    let is_name = needed.chars().all(|one| one.is_ascii_uppercase() || one == '_');
    is_name.then(|| Needs::Permission(needed.to_owned()))
}

on_every_engine! {
    async fn the_schema_does_what_it_says(app: &TestApp) {
        let owner = app.register("meera").await;
        let viewer = invited(app, &owner, "VIEWER", Value::Null).await;
        let mine = viewer.query("{ me { permissions } }").await;
        let mine = mine.at("me.permissions").as_array().unwrap();
        let schema = Introspected::of(&owner).await;

        let mut bare = Vec::new();
        let mut look = |place: &str, one: &Value| {
            if one["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
                bare.push(place.to_owned());
            }
        };
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        for of in schema.types() {
            let name = of["name"].as_str().unwrap();
            // The scalars of the specification itself are described there.
            if !["ID", "Int", "Float", "String", "Boolean"].contains(&name) {
                look(name, of);
            }
            for part in ["fields", "inputFields", "enumValues"] {
                for one in list(&of[part]) {
                    let place = format!("{name}.{}", one["name"].as_str().unwrap());
                    look(&place, &one);
                    for argument in list(&one["args"]) {
                        look(&format!("{place}({})", argument["name"]), &argument);
                    }
                }
            }
        }
        assert!(bare.is_empty(), "without description: {bare:#?}");

        let permissions = list(&schema.named("Permission")["enumValues"]);
        let mut wrong = Vec::new();
        for (operation, field) in schema.root_fields() {
            let name = field["name"].as_str().unwrap();
            let Some(needs) = needs(&field) else {
                wrong.push(format!("{name} does not say what it requires"));
                continue;
            };
            if operation == "subscription" {
                continue;
            }
            let call = minimal(&schema, operation, &field);
            let bare = app.stranger().query(&call).await;
            let is_refused = bare.code() == "UNAUTHENTICATED";
            if is_refused == matches!(needs, Needs::Nothing) {
                wrong.push(format!("{name} to a stranger: {}", bare.body));
            }
            let Needs::Permission(needed) = needs else { continue };
            if !permissions.iter().any(|one| one["name"] == *needed) {
                wrong.push(format!("{name} requires {needed}, which is no permission"));
            }
            let answer = viewer.query(&call).await;
            let has = mine.iter().any(|one| one == &needed);
            if (answer.code() == "FORBIDDEN") == has {
                wrong.push(format!("{name} to a viewer ({needed}: {has}): {}", answer.body));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    async fn no_token_opens_the_other_realm(app: &TestApp) {
        let owner = app.register("meera").await;
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        let schema = Introspected::of(&owner).await;
        let mut tried = [0, 0];
        for (operation, field) in schema.root_fields() {
            let name = field["name"].as_str().unwrap();
            let realm = match needs(&field).unwrap() {
                Needs::Permission(needed) => {
                    let found = Permission::EVERY.into_iter().find(|one| one.as_str() == needed);
                    found.unwrap_or_else(|| panic!("{name} requires {needed}")).realm()
                }
                Needs::SignedIn if name == "me" => Realm::Tenant,
                Needs::SignedIn if name == "adminMe" => Realm::Platform,
                // These serve both, each what is its own; `foreign` ids are tried elsewhere.
                Needs::SignedIn | Needs::Nothing => continue,
            };
            let (foreign, place) =
                if realm == Realm::Tenant { (&admin, 0) } else { (&owner, 1) };
            let call = minimal(&schema, operation, &field);
            let code = if operation == "subscription" {
                let mut socket = Socket::of(app.address, foreign).await;
                socket.subscribe("1", &call, serde_json::json!({})).await;
                let answer = socket.next(SOON).await;
                assert_eq!(answer["type"], "error", "{name}: {answer}");
                answer["payload"][0]["extensions"]["code"].as_str().unwrap().to_owned()
            } else {
                let answer = foreign.query(&call).await;
                assert!(is_empty(&answer.body["data"]), "{name}: {}", answer.body);
                answer.code().to_owned()
            };
            assert!(["FORBIDDEN", "UNAUTHENTICATED"].contains(&code.as_str()), "{name}: {code}");
            tried[place] += 1;
        }
        assert!(tried[0] > 30 && tried[1] > 15, "{tried:?}");
        // Both still stand, and the office's token still opens its own.
        assert_eq!(owner.query("{ me { name } }").await.text("me.name"), "Meera Shah");
        assert_eq!(admin.query("{ adminTenantCounts { total } }").await.at("adminTenantCounts.total"), 1);
    }
}
