//! The bounds on a parsed document, and what the server must know of it before it runs.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
    SelectionSet,
};

use super::weigh::{is_introspection, weigh};
use super::{Bounds, Excess};

/// What one document will run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Query, mutation or subscription.
    pub operation: OperationType,
    /// The name of the operation that runs, when it has one.
    pub operation_name: Option<String>,
    /// The names, not the aliases, of its root fields in the order of the text, with fragments
    /// written out; a field that is asked twice is there twice.
    pub root_fields: Vec<String>,
    /// Whether it asks for `__schema` or `__type`.
    pub selects_introspection: bool,
}

/// Checks one parsed document, without running into its fragments more than once.
///
/// # Errors
/// [`Excess`] when a bound is passed, when fragments form a circle, or when the operation to run
/// cannot be told.
pub fn check_document(
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    bounds: &Bounds,
) -> Result<Facts, Excess> {
    let (name, operation) = chosen(document, operation_name)?;
    // First of all: what follows walks written-out fragments, and is safe only within the bounds.
    weigh(document, bounds)?;
    let mut root_fields = Vec::new();
    collect(document, &operation.selection_set.node, bounds, &mut root_fields)?;
    let facts = Facts {
        operation: operation.ty,
        operation_name: name.map(str::to_owned),
        selects_introspection: root_fields.iter().any(|field| is_introspection(field)),
        root_fields: root_fields.into_iter().map(str::to_owned).collect(),
    };
    check_batch([&facts], bounds)?;
    Ok(facts)
}

/// Checks that all documents of a request together hold one of the single root fields at most.
///
/// # Errors
/// [`Excess`] when they hold more.
pub fn check_batch<'f>(
    batch: impl IntoIterator<Item = &'f Facts>,
    bounds: &Bounds,
) -> Result<(), Excess> {
    let single = bounds.single_root_fields;
    let fields = batch.into_iter().flat_map(|facts| &facts.root_fields);
    if fields.filter(|field| single.contains(&field.as_str())).count() <= 1 {
        return Ok(());
    }
    let message = format!("A request may hold one of the fields {} only once.", single.join(", "));
    Err(Excess::too_complex(message))
}

/// The operation that a request runs, with its name.
fn chosen<'d>(
    document: &'d ExecutableDocument,
    wanted: Option<&str>,
) -> Result<(Option<&'d str>, &'d OperationDefinition), Excess> {
    let operations = match (&document.operations, wanted) {
        (DocumentOperations::Single(operation), None) => return Ok((None, &operation.node)),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(wanted)) => {
            operations.get_key_value(wanted)
        }
        (DocumentOperations::Multiple(operations), None) => {
            let mut all = operations.iter();
            let first = all.next();
            if all.next().is_some() {
                let message = "The document holds several operations: operationName must say \
                               which one runs.";
                return Err(Excess::bad_request(message));
            }
            first
        }
    };
    let Some((name, operation)) = operations else {
        return Err(Excess::bad_request("The document holds no operation of that operationName."));
    };
    Ok((Some(name.as_str()), &operation.node))
}

/// Adds the root fields of a selection set. The document is already weighed, so the recursion
/// ends within `bounds.nesting` levels and `bounds.selections` steps.
fn collect<'d>(
    document: &'d ExecutableDocument,
    set: &'d SelectionSet,
    bounds: &Bounds,
    fields: &mut Vec<&'d str>,
) -> Result<(), Excess> {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => fields.push(field.node.name.node.as_str()),
            Selection::InlineFragment(inline) => {
                collect(document, &inline.node.selection_set.node, bounds, fields)?;
            }
            Selection::FragmentSpread(spread) => {
                let fragment = document.fragments.get(&spread.node.fragment_name.node);
                if let Some(fragment) = fragment {
                    collect(document, &fragment.node.selection_set.node, bounds, fields)?;
                }
            }
        }
        if fields.len() > bounds.root_fields {
            return Err(Excess::too_complex(format_args!(
                "The operation asks for more than {} root fields.",
                bounds.root_fields
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fmt::Write;
    use std::time::{Duration, Instant};

    use async_graphql::parser::parse_query;

    use super::super::ExcessKind;
    use super::*;

    fn check(query: &str) -> Result<Facts, Excess> {
        check_document(&parse_query(query).unwrap(), None, &Bounds::default())
    }

    fn refused(query: &str) -> String {
        let excess = check(query).unwrap_err();
        assert_eq!(excess.kind, ExcessKind::TooComplex, "{excess}");
        excess.message
    }

    fn nested(levels: usize) -> String {
        format!("{{{}a{}}}", "a{".repeat(levels - 1), "}".repeat(levels - 1))
    }

    #[test]
    fn facts_tell_what_runs() {
        let facts = check(
            "mutation Post { a: voucherPost { x } ...F ... { z: partyCreate { y } } } \
             fragment F on Mutation { ledgerCreate { __typename } }",
        )
        .unwrap();
        assert_eq!(facts.operation, OperationType::Mutation);
        assert_eq!(facts.operation_name.as_deref(), Some("Post"));
        assert_eq!(facts.root_fields, ["voucherPost", "ledgerCreate", "partyCreate"]);
        assert!(!facts.selects_introspection);
        assert_eq!(check("{ me }").unwrap().operation_name, None);
    }

    #[test]
    fn the_operation_is_the_named_one() {
        let two = parse_query("query A { a } subscription B { b }").unwrap();
        let bounds = Bounds::default();
        let facts = check_document(&two, Some("B"), &bounds).unwrap();
        assert_eq!(facts.operation, OperationType::Subscription);
        assert_eq!(facts.root_fields, ["b"]);
        for (document, name) in
            [(&two, None), (&two, Some("C")), (&parse_query("{ a }").unwrap(), Some("A"))]
        {
            let excess = check_document(document, name, &bounds).unwrap_err();
            assert_eq!(excess.kind, ExcessKind::BadRequest);
            assert!(excess.message.contains("operationName"), "{excess}");
        }
    }

    #[test]
    fn depth_is_bounded_and_fragments_add_none() {
        check(&nested(15)).unwrap();
        assert_eq!(refused(&nested(16)), "The document nests its fields deeper than 15 levels.");
        let deep = "a{".repeat(14);
        let closed = "}".repeat(14);
        check(&format!("{{ ...F }} fragment F on Q {{ ... {{ {deep}a{closed} }} }}")).unwrap();
        refused(&format!("{{ b {{ ...F }} }} fragment F on Q {{ {deep}a{closed} }}"));
        // An operation that does not run is validated all the same.
        let other = parse_query(format!("query A {{ a }} query B {}", nested(16))).unwrap();
        check_document(&other, Some("A"), &Bounds::default()).unwrap_err();
    }

    #[test]
    fn aliases_root_fields_and_directives_are_bounded() {
        let repeat = |count: usize, one: &dyn Fn(usize) -> String| -> String {
            let all: Vec<String> = (0..count).map(one).collect();
            format!("{{ a {{ {} }} }}", all.join(" "))
        };
        check(&repeat(50, &|n| format!("a{n}: b"))).unwrap();
        let message = "The document holds more than 50 aliases.";
        assert_eq!(refused(&repeat(51, &|n| format!("a{n}: b"))), message);
        assert_eq!(refused(&repeat(1_000, &|n| format!("a{n}: b"))), message);
        let hidden = repeat(51, &|n| format!("a{n}: b"));
        assert_eq!(refused(&format!("{{ ...F }} fragment F on Q {hidden}")), message);

        check(&format!("{{ {} }}", "a ".repeat(20))).unwrap();
        let message = "The operation asks for more than 20 root fields.";
        assert_eq!(refused(&format!("{{ {} }}", "a ".repeat(21))), message);
        let spread = "...F ".repeat(11);
        assert_eq!(refused(&format!("{{ {spread} }} fragment F on Q {{ a b }}")), message);

        let message = "The document holds more than 20 directives.";
        check(&format!("{{ a {} }}", "@x ".repeat(20))).unwrap();
        assert_eq!(refused(&format!("{{ a {} }}", "@x ".repeat(21))), message);
        let five = "@x @x @x @x @x";
        let spread_out = format!(
            "query ($v: Int {five}) {five} {{ ...F {five} ... @x {{ a }} }} \
             fragment F on Q {five} {{ a }}"
        );
        assert_eq!(refused(&spread_out), message);
    }

    #[test]
    fn doubling_fragments_are_refused_in_no_time() {
        let mut query = "{ ...F0 } fragment F50 on Q { a }".to_owned();
        for n in 0..50 {
            write!(query, " fragment F{n} on Q {{ ...F{} ...F{} }}", n + 1, n + 1).unwrap();
        }
        let document = parse_query(&query).unwrap();
        let fastest = (0..5)
            .map(|_| {
                let started = Instant::now();
                let excess = check_document(&document, None, &Bounds::default()).unwrap_err();
                assert_eq!(
                    excess.message,
                    "The document selects more than 20000 fields and fragments once its \
                     fragments are written out."
                );
                started.elapsed()
            })
            .min();
        assert!(fastest < Some(Duration::from_millis(5)), "took {fastest:?}");
    }

    #[test]
    fn fragments_in_a_circle_and_in_endless_chains_are_refused() {
        for circle in [
            "{ ...A } fragment A on Q { ...A }",
            "{ ...A } fragment A on Q { a { ...B } } fragment B on Q { ... { ...A } }",
            "{ a } fragment A on Q { ...B } fragment B on Q { ...A }",
        ] {
            let excess = check(circle).unwrap_err();
            assert_eq!(excess.kind, ExcessKind::BadRequest);
            assert!(excess.message.contains("spreads itself"), "{excess}");
        }
        let chain = |length: usize| {
            let mut query = format!("{{ ...F0 }} fragment F{length} on Q {{ a }}");
            for n in 0..length {
                write!(query, " fragment F{n} on Q {{ ...F{} }}", n + 1).unwrap();
            }
            query
        };
        check(&chain(198)).unwrap();
        let message = "The document nests selections and fragments deeper than 200 levels.";
        for length in [199, 20_000] {
            assert_eq!(refused(&chain(length)), message);
        }
        // A spread of nothing is the validator's to name.
        check("{ ...Missing }").unwrap();
    }

    #[test]
    fn one_request_signs_in_once() {
        check("mutation { login { token } me { id } }").unwrap();
        let message = "A request may hold one of the fields login, adminLogin, register, \
                       loginChoose only once.";
        for twice in [
            "mutation { login { t } b: login { t } }",
            "mutation { login { t } ...F } fragment F on M { adminLogin { t } }",
            "mutation { ...F ...F } fragment F on M { register { t } }",
        ] {
            assert_eq!(refused(twice), message);
        }
        let login = check("mutation { login { t } }").unwrap();
        let choose = check("mutation { loginChoose { t } }").unwrap();
        let bounds = Bounds::default();
        check_batch([&login, &check("{ me }").unwrap()], &bounds).unwrap();
        assert_eq!(check_batch([&login, &choose], &bounds).unwrap_err().message, message);
    }

    #[test]
    fn who_asks_for_the_schema_is_noticed() {
        for query in [
            "{ __schema { queryType { name } } }",
            "{ a: __type(name: \"Q\") { name } }",
            "{ ...F } fragment F on Q { ... { __schema { description } } }",
        ] {
            assert!(check(query).unwrap().selects_introspection);
        }
        assert!(!check("{ __typename me { __typename } }").unwrap().selects_introspection);
    }

    #[test]
    fn the_standard_introspection_query_passes_and_an_exploding_one_does_not() {
        let of_type = format!("{}kind name{}", "kind name ofType {".repeat(9), "}".repeat(9));
        let standard = format!(
            "query IntrospectionQuery {{ __schema {{ description queryType {{ name }} types {{ ...FullType }} \
             directives {{ name args(includeDeprecated: true) {{ ...InputValue }} }} }} }} \
             fragment FullType on __Type {{ kind name fields(includeDeprecated: true) {{ name \
             args {{ ...InputValue }} type {{ ...TypeRef }} }} inputFields {{ ...InputValue }} \
             interfaces {{ ...TypeRef }} enumValues {{ name }} possibleTypes {{ ...TypeRef }} }} \
             fragment InputValue on __InputValue {{ name type {{ ...TypeRef }} defaultValue }} \
             fragment TypeRef on __Type {{ {of_type} }}"
        );
        check(&standard).unwrap();

        let message = |inner: &str| {
            let query = format!("{{ __schema {{ types {{ {inner} }} }} }}");
            check(&query).unwrap_err().message
        };
        assert_eq!(
            message("fields { type { fields { type { interfaces { name } } } } }"),
            "The document nests lists of the schema's types deeper than 2 levels."
        );
        assert_eq!(
            message(&format!("{}name{}", "ofType {".repeat(20), "}".repeat(20))),
            "The document nests its fields of the schema deeper than 20 levels."
        );
        // Data that happens to carry such names is not introspection.
        check("{ a { fields { fields { fields { fields { b } } } } } }").unwrap();
    }
}
