//! What a row of the edit log says, field by field, read from the text that its hash covers.

use daybook_domain::money::{ExchangeRate, Money};
use serde_json::{Map, Value};

/// One field of the thing that a row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Path of the field, its steps parted by dots: `name`, `entries.0.debit`.
    pub field: String,
    /// Its value before; `None` where there was none.
    pub before: Option<Told>,
    /// Its value after; `None` where there is none.
    pub after: Option<Told>,
}

/// A value as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// As it stands.
    Plain(String),
    /// The number of a thing of this kind.
    Of(&'static str, i64),
    /// An instant, UTC milliseconds.
    Instant(i64),
}

/// Fields that hold the number of another thing, and its kind.
const REFERENCES: [(&str, &str); 21] = [
    ("bankLine", "BankLine"),
    ("bill", "Bill"),
    ("category", "CostCategory"),
    ("centre", "CostCentre"),
    ("differenceBy", "Voucher"),
    ("draft", "VoucherDraft"),
    ("file", "StoredFile"),
    ("group", "AccountGroup"),
    ("ledger", "Ledger"),
    ("owner", "User"),
    ("party", "Ledger"),
    ("postedVoucher", "Voucher"),
    ("reverses", "Voucher"),
    ("subgroup", "AccountSubgroup"),
    ("targetLedger", "Ledger"),
    ("template", "VoucherTemplate"),
    ("type", "VoucherType"),
    ("user", "User"),
    ("voucher", "Voucher"),
    ("voucherEntry", "VoucherEntry"),
    ("year", "BusinessYear"),
];

/// Lists whose rows are told by their id.
const ROWS: [(&str, &str); 4] = [
    ("businesses", "Business"),
    ("entries", "VoucherEntry"),
    ("groups", "AccountSubgroup"),
    ("ledgers", "Ledger"),
];
/// Amounts in minor units of the business's currency.
const AMOUNTS: [&str; 4] = ["amount", "credit", "debit", "total"];
/// Instants in UTC milliseconds.
const INSTANTS: [&str; 5] = ["archivedAt", "closedAt", "expiresAt", "occurredAt", "revokedAt"];
/// Numbers of the program's own, of no use to anybody who reads.
const INNER: [&str; 4] = ["areas", "series", "versionId", "lockException"];

/// How amounts of the row are written.
#[derive(Debug, Clone, Copy)]
pub struct Places<F> {
    /// Decimal places of the business's currency.
    pub own: u8,
    /// Decimal places of a currency by its code.
    pub of: F,
}

/// The fields that a row tells of, by name: those that differ, where it holds values before and after; all of
/// them, where it only says what was made or done. Nothing where the text is not of this form.
pub fn changes(canonical: &str, places: Places<impl Fn(&str) -> u8 + Copy>) -> Vec<FieldChange> {
    let whole = object(&Value::String(canonical.to_owned()));
    let content = whole.as_ref().and_then(|whole| object(whole.get("content")?));
    let Some(content) = content else { return Vec::new() };
    let side = |name: &str| {
        let mut told = Vec::new();
        if let Some(members) = content.get(name).and_then(object) {
            tell(&members, "", "", places, &mut told);
        }
        told
    };
    if content.contains_key("after") || content.contains_key("before") {
        return compare(side("before"), side("after"));
    }
    let mut told = Vec::new();
    tell(&content, "", "", places, &mut told);
    compare(Vec::new(), told)
}

type Fields = Vec<(String, Told)>;

/// An object, or the text of one.
fn object(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

fn compare(before: Fields, after: Fields) -> Vec<FieldChange> {
    let mut left = before;
    let mut changes = Vec::new();
    for (field, value) in after {
        let was = left.iter().position(|(name, _)| *name == field).map(|at| left.remove(at).1);
        if was.as_ref() != Some(&value) {
            changes.push(FieldChange { field, before: was, after: Some(value) });
        }
    }
    changes.extend(left.into_iter().map(|(field, value)| FieldChange {
        field,
        before: Some(value),
        after: None,
    }));
    changes
}

fn tell(
    members: &Map<String, Value>,
    path: &str,
    list: &str,
    places: Places<impl Fn(&str) -> u8 + Copy>,
    told: &mut Fields,
) {
    let foreign = members.get("currency").and_then(Value::as_str).map(places.of);
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    for (name, value) in sorted {
        if INNER.contains(&name.as_str()) {
            continue;
        }
        let field = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    let field = format!("{field}.{place}");
                    match item {
                        Value::Object(item) => tell(item, &field, name, places, told),
                        Value::Number(number) => {
                            told.push((field, of_number(name, number, places.own)))
                        }
                        other => told.extend(plain(other).map(|text| (field, text))),
                    }
                }
            }
            Value::Object(inner) => tell(inner, &field, name, places, told),
            Value::Number(number) => {
                let row = ROWS.iter().find(|(of, _)| *of == list && name == "id");
                let value = match (row, number.as_i64()) {
                    (Some((_, kind)), Some(id)) => Told::Of(kind, id),
                    _ => match (name.as_str(), foreign) {
                        ("currencyAmount", Some(exponent)) => amount(number, exponent),
                        _ => of_number(name, number, places.own),
                    },
                };
                // An entry stands on one side; nothing is said of the other.
                let is_other_side =
                    matches!(name.as_str(), "debit" | "credit") && number.as_i64() == Some(0);
                if !is_other_side {
                    told.push((field, value));
                }
            }
            other => told.extend(plain(other).map(|text| (field, text))),
        }
    }
}

fn of_number(name: &str, number: &serde_json::Number, exponent: u8) -> Told {
    let Some(value) = number.as_i64() else { return Told::Plain(number.to_string()) };
    if let Some((_, kind)) = REFERENCES.iter().find(|(field, _)| *field == name) {
        return Told::Of(kind, value);
    }
    match name {
        "exchangeRate" => Told::Plain(ExchangeRate::from_raw(value).format()),
        _ if AMOUNTS.contains(&name) => amount(number, exponent),
        _ if INSTANTS.contains(&name) => Told::Instant(value),
        _ => Told::Plain(value.to_string()),
    }
}

fn amount(number: &serde_json::Number, exponent: u8) -> Told {
    Told::Plain(Money::from_minor(number.as_i64().unwrap_or(0)).format(exponent))
}

fn plain(value: &Value) -> Option<Told> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Told::Plain(text.clone())),
        other => Some(Told::Plain(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use daybook_domain::chain::Canonical;

    use super::*;

    fn told(content: String) -> Vec<FieldChange> {
        let row = Canonical::new().text("action", "TESTED").text("content", &content).finish();
        changes(&row, Places { own: 2, of: |code: &str| if code == "JPY" { 0 } else { 2 } })
    }

    fn plain(text: &str) -> Option<Told> {
        Some(Told::Plain(text.to_owned()))
    }

    fn change(field: &str, before: Option<Told>, after: Option<Told>) -> FieldChange {
        FieldChange { field: field.to_owned(), before, after }
    }

    #[test]
    fn what_differs_is_told() {
        let side = |name: &str, days: Option<i64>| {
            Canonical::new().text("name", name).int_if("creditDays", days).int("group", 7)
        };
        let content = Canonical::new()
            .object("before", side("Old", Some(30)))
            .object("after", side("New", None))
            .finish();
        let right = vec![
            change("name", plain("Old"), plain("New")),
            change("creditDays", plain("30"), None),
        ];
        assert_eq!(told(content), right);
        // Both sides may stand there as texts.
        let content = Canonical::new()
            .text("before", &side("Old", None).finish())
            .text("after", &side("New", None).finish())
            .finish();
        assert_eq!(told(content), [change("name", plain("Old"), plain("New"))]);
    }

    #[test]
    fn numbers_are_told_as_what_they_are() {
        let entry = Canonical::new()
            .int("id", 4)
            .int("ledger", 5)
            .int("debit", 1_050)
            .int("credit", 0)
            .text("currency", "JPY")
            .int("currencyAmount", 20)
            .int("exchangeRate", 5_250_000_000);
        let content = Canonical::new()
            .int("voucher", 3)
            .int("areas", 64)
            .int("total", 1_050)
            .int("occurredAt", 1_000)
            .list("entries", [entry])
            .finish();
        let right = [
            ("entries.0.currency", Told::Plain("JPY".into())),
            ("entries.0.currencyAmount", Told::Plain("20".into())),
            ("entries.0.debit", Told::Plain("10.50".into())),
            ("entries.0.exchangeRate", Told::Plain("0.525".into())),
            ("entries.0.id", Told::Of("VoucherEntry", 4)),
            ("entries.0.ledger", Told::Of("Ledger", 5)),
            ("occurredAt", Told::Instant(1_000)),
            ("total", Told::Plain("10.50".into())),
            ("voucher", Told::Of("Voucher", 3)),
        ];
        assert_eq!(told(content), right.map(|(field, after)| change(field, None, Some(after))));
    }

    #[test]
    fn a_text_of_another_form_tells_nothing() {
        let places = Places { own: 2, of: |_: &str| 2 };
        for text in ["", "[]", "{}", "{\"content\":5}", "{\"content\":\"x\"}"] {
            assert!(changes(text, places).is_empty(), "{text}");
        }
    }
}
