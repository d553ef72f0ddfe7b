//! The size of a document once its fragments are written out, without writing them out.
//!
//! Each fragment is weighed once and remembered, so a document costs its own length, however
//! often its fragments double each other.

use std::collections::HashMap;

use async_graphql::Positioned;
use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};

use super::{Bounds, Excess};

/// Fields of the introspection types that fan out into lists of further types.
const SCHEMA_LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];

/// How often those may be nested in each other. Tools need one; each further level multiplies the
/// answer by the size of the schema.
const SCHEMA_LISTS_MAX: usize = 2;

/// Whether a field asks for the schema.
pub fn is_introspection(field: &str) -> bool {
    matches!(field, "__schema" | "__type")
}

/// What a selection set comes to.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    /// Selections, with fragments written out.
    selections: usize,
    /// Levels of selection sets, those of fragments included: what a visitor's stack pays.
    height: usize,
    /// Levels of fields outside introspection.
    depth: usize,
    /// Levels of fields from the root into introspection.
    schema_depth: usize,
    /// Nested lists of types, had they been asked below `__schema` or `__type`.
    lists: usize,
    /// Nested lists of types below `__schema` or `__type`.
    schema_lists: usize,
}

impl Weight {
    fn beside(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            height: self.height.max(other.height),
            depth: self.depth.max(other.depth),
            schema_depth: self.schema_depth.max(other.schema_depth),
            lists: self.lists.max(other.lists),
            schema_lists: self.schema_lists.max(other.schema_lists),
        }
    }

    /// The weight of a spread or an inline fragment that holds this.
    const fn in_fragment(mut self) -> Self {
        self.selections = self.selections.saturating_add(1);
        self.height += 1;
        self
    }

    /// The weight of a field that selects this.
    fn in_field(self, name: &str) -> Self {
        let below = self.in_fragment();
        if is_introspection(name) {
            let schema_depth = self.depth.max(self.schema_depth) + 1;
            let schema_lists = self.lists.max(self.schema_lists);
            return Self { depth: 0, schema_depth, schema_lists, ..below };
        }
        Self {
            depth: self.depth + 1,
            schema_depth: if self.schema_depth == 0 { 0 } else { self.schema_depth + 1 },
            lists: self.lists + usize::from(SCHEMA_LISTS.contains(&name)),
            ..below
        }
    }
}

/// Weighs all operations and fragments of a document.
///
/// # Errors
/// [`Excess`] when a bound on the document as a whole is passed, or fragments form a circle.
pub(super) fn weigh(document: &ExecutableDocument, bounds: &Bounds) -> Result<(), Excess> {
    let mut scale = Scale { document, bounds, known: HashMap::new(), aliases: 0, directives: 0 };
    for name in document.fragments.keys() {
        scale.fragment(name, 0)?;
    }
    let mut total = Weight::default();
    for (_, operation) in document.operations.iter() {
        scale.directives(&operation.node.directives);
        for variable in &operation.node.variable_definitions {
            scale.directives(&variable.node.directives);
        }
        total = total.beside(scale.set(&operation.node.selection_set.node, 0)?);
    }
    let refuse = |over: bool, what: &str, bound: usize, unit: &str| {
        let excess = || Excess::too_complex(format_args!("The document {what} {bound} {unit}."));
        if over { Err(excess()) } else { Ok(()) }
    };
    let b = bounds;
    refuse(scale.aliases > b.aliases, "holds more than", b.aliases, "aliases")?;
    refuse(scale.directives > b.directives, "holds more than", b.directives, "directives")?;
    refuse(
        total.selections > b.selections,
        "selects more than",
        b.selections,
        "fields and fragments once its fragments are written out",
    )?;
    refuse(total.depth > b.depth, "nests its fields deeper than", b.depth, "levels")?;
    refuse(
        total.schema_depth > b.introspection_depth,
        "nests its fields of the schema deeper than",
        b.introspection_depth,
        "levels",
    )?;
    refuse(
        total.schema_lists > SCHEMA_LISTS_MAX,
        "nests lists of the schema's types deeper than",
        SCHEMA_LISTS_MAX,
        "levels",
    )
}

/// A document on the scale, with what is known so far.
struct Scale<'d> {
    document: &'d ExecutableDocument,
    bounds: &'d Bounds,
    /// The weight of each fragment; none while it is being weighed.
    known: HashMap<&'d str, Option<Weight>>,
    aliases: usize,
    directives: usize,
}

impl<'d> Scale<'d> {
    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        self.directives += directives.len();
    }

    fn set(&mut self, set: &'d SelectionSet, level: usize) -> Result<Weight, Excess> {
        let mut total = Weight::default();
        for selection in &set.items {
            self.directives(selection.node.directives());
            let weight = match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::InlineFragment(inline) => {
                    self.set(&inline.node.selection_set.node, level + 1)?.in_fragment()
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, level + 1)?.in_fragment()
                }
            };
            total = total.beside(weight);
        }
        self.bound(level.saturating_add(total.height))?;
        Ok(total)
    }

    fn field(&mut self, field: &'d Field, level: usize) -> Result<Weight, Excess> {
        self.aliases += usize::from(field.alias.is_some());
        Ok(self.set(&field.selection_set.node, level + 1)?.in_field(&field.name.node))
    }

    /// The weight of a fragment; one that is not defined weighs nothing, and the validator names it.
    fn fragment(&mut self, name: &str, level: usize) -> Result<Weight, Excess> {
        self.bound(level)?;
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Weight::default());
        };
        match self.known.get(name.as_str()) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => {
                return Err(Excess::bad_request(format_args!(
                    "The fragment \"{name}\" spreads itself, directly or through others."
                )));
            }
            None => {}
        }
        self.known.insert(name, None);
        self.directives(&fragment.node.directives);
        let weight = self.set(&fragment.node.selection_set.node, level)?;
        self.known.insert(name, Some(weight));
        Ok(weight)
    }

    fn bound(&self, level: usize) -> Result<(), Excess> {
        let bound = self.bounds.nesting;
        if level <= bound {
            return Ok(());
        }
        let what = "The document nests selections and fragments deeper than";
        Err(Excess::too_complex(format_args!("{what} {bound} levels.")))
    }
}
