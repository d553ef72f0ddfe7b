//! Relay connections over keyset pages.

use std::sync::Arc;

use async_graphql::{
    Context, ServerError, SimpleObject, ValidationResult, Value,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::cost;
use crate::error::{Error, Result};

pub use crate::db::page::{Page, PageAsk};

/// Where a page stands in its list.
#[derive(SimpleObject, Debug, Clone, Default, PartialEq, Eq)]
pub struct PageInfo {
    /// Whether more follow this page.
    pub has_next_page: bool,
    /// Whether this page began after a cursor.
    pub has_previous_page: bool,
    /// Cursor of the first edge.
    pub start_cursor: Option<String>,
    /// Cursor of the last edge: `after` of the next page.
    pub end_cursor: Option<String>,
}

/// How many rows a page may have: the settings, in the schema's data.
///
/// It is an extension of the schema as well, for a field's cost is counted by a plain function that
/// sees nothing of that data: while a document is validated, it finds the settings in `COUNTING`.
#[derive(Debug, Clone, Copy)]
pub struct PageRows {
    /// Rows on a page when the caller does not say.
    pub default: i32,
    /// Most rows that a page may ask for.
    pub max: i32,
}

tokio::task_local! {
    static COUNTING: PageRows;
}

impl ExtensionFactory for PageRows {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(*self)
    }
}

#[async_trait::async_trait]
impl Extension for PageRows {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        COUNTING.scope(*self, next.run(ctx)).await
    }
}

/// The cost of a page: something for the list itself, and its rows' fields once per row. More rows
/// than are allowed cost no more, for they are refused by name.
pub fn cost(first: Option<i32>, child: usize) -> usize {
    let rows = COUNTING.try_with(|rows| first.unwrap_or(rows.default).clamp(1, rows.max));
    // Outside of a validation nobody may count on a small page.
    let rows = rows.map_or(usize::MAX, |rows| usize::try_from(rows).unwrap_or(1));
    cost::of_many(rows, child)
}

impl PageAsk {
    /// Checks the arguments of a list field whose cursors are bound to `order`.
    ///
    /// # Errors
    /// [`Error::BadInput`] on `first` or `after`.
    pub fn new(
        ctx: &Context<'_>,
        order: &str,
        first: Option<i32>,
        after: Option<&str>,
    ) -> Result<Self> {
        let wants_total = ctx.look_ahead().field("totalCount").exists();
        Self::checked(ctx, order, first, after, wants_total)
    }

    /// What the document asks of a list below the field at hand, at the end of this path, once for each
    /// way in which it asks: a report reads its lists together with its sums, so that all of it is of one
    /// moment.
    ///
    /// # Errors
    /// [`Error::BadInput`] on `first` or `after`.
    pub fn ahead(ctx: &Context<'_>, path: &[&str], order: &str) -> Result<Vec<Self>> {
        let below = path.iter().fold(ctx.look_ahead(), |above, field| above.field(field));
        let below = below.selection_fields();
        let mut asks: Vec<Self> = Vec::with_capacity(below.len());
        for one in below {
            let arguments = one.arguments();
            let arguments = arguments.map_err(|why| Error::bad_input(one.name(), why.message))?;
            let given = |name: &str| {
                let found = arguments.iter().find(|(known, _)| known.as_str() == name);
                found.map(|(_, value)| value)
            };
            let first = match given("first") {
                Some(Value::Number(number)) => {
                    let number = number.as_i64().unwrap_or(i64::MAX);
                    Some(i32::try_from(number).unwrap_or(i32::MAX))
                }
                _ => None,
            };
            let after = match given("after") {
                Some(Value::String(cursor)) => Some(cursor.as_str()),
                _ => None,
            };
            let wants_total = one.selection_set().any(|leaf| leaf.name() == "totalCount");
            let ask = Self::checked(ctx, order, first, after, wants_total)?;
            if !asks.contains(&ask) {
                asks.push(ask);
            }
        }
        Ok(asks)
    }

    fn checked(
        ctx: &Context<'_>,
        order: &str,
        first: Option<i32>,
        after: Option<&str>,
        wants_total: bool,
    ) -> Result<Self> {
        let rows = ctx.data_opt::<PageRows>();
        let rows =
            rows.ok_or_else(|| Error::Internal("the schema has no bounds of pages".into()))?;
        let first = first.unwrap_or(rows.default);
        if !(1..=rows.max).contains(&first) {
            let message = format!("{first} is not allowed; ask for 1 to {}", rows.max);
            return Err(Error::bad_input("first", message));
        }
        let after = after.map(|cursor| decode(order, cursor)).transpose()?;
        Ok(Self { first: u64::try_from(first).unwrap_or(1), after, wants_total })
    }
}

/// The pages of a list below a report, as [`PageAsk::ahead`] asked for them.
#[derive(Debug, Clone)]
pub struct Ahead<T>(Vec<(PageAsk, Page<T>)>);

impl<T: Clone> Ahead<T> {
    /// Pages in the order of their asks.
    pub fn of(asks: Vec<PageAsk>, pages: Vec<Page<T>>) -> Self {
        Self(asks.into_iter().zip(pages).collect())
    }

    /// The page that was asked for so.
    ///
    /// # Errors
    /// When nobody asked for it ahead, which is a fault of the program.
    pub fn page(&self, ask: &PageAsk) -> Result<Page<T>> {
        let found = self.0.iter().find(|(asked, _)| asked == ask);
        let found = found.map(|(_, page)| page.clone());
        found.ok_or_else(|| Error::Internal("a page that was not read ahead".into()))
    }
}

/// The cursor of a row: opaque, and of use only in the same order.
pub fn encode(order: &str, key: &[String]) -> String {
    let mut text = order.to_owned();
    for value in key {
        text.push('\u{1f}');
        text.push_str(value);
    }
    URL_SAFE_NO_PAD.encode(text)
}

/// The key that a cursor of this order holds.
///
/// # Errors
/// [`Error::BadInput`] on `after` for anything else.
pub fn decode(order: &str, cursor: &str) -> Result<Vec<String>> {
    let bad = || Error::bad_input("after", "this is not a cursor of this list in this order");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    let mut parts = text.split('\u{1f}');
    if parts.next() != Some(order) {
        return Err(bad());
    }
    let key: Vec<String> = parts.map(str::to_owned).collect();
    if key.is_empty() { Err(bad()) } else { Ok(key) }
}

/// Declares the connection and edge of an object, and how a page becomes one.
#[macro_export]
macro_rules! connection {
    ($(#[$doc:meta])* $connection:ident, $edge:ident, $node:ty) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject, Debug)]
        #[graphql(complex)]
        pub struct $connection {
            /// The rows of this page, each with its cursor.
            pub edges: Vec<$edge>,
            /// Where this page stands.
            pub page_info: $crate::graphql::page::PageInfo,
            /// How many rows there are in all, as far as the caller may see them.
            pub total_count: i64,
        }

        /// One row of a page.
        #[derive(async_graphql::SimpleObject, Debug)]
        pub struct $edge {
            /// The row.
            pub node: $node,
            /// Opaque place of the row in this list and order.
            pub cursor: String,
        }

        #[async_graphql::ComplexObject]
        impl $connection {
            /// The rows of this page.
            async fn nodes(&self) -> Vec<&$node> {
                self.edges.iter().map(|edge| &edge.node).collect()
            }
        }

        impl $connection {
            /// Makes the page's connection; cursors are bound to `order`.
            pub fn of<T: Into<$node>>(
                order: &str,
                ask: &$crate::graphql::page::PageAsk,
                page: $crate::graphql::page::Page<T>,
            ) -> Self {
                let rows = page.rows.into_iter();
                let edges: Vec<$edge> = rows
                    .map(|(key, row)| $edge {
                        node: row.into(),
                        cursor: $crate::graphql::page::encode(order, &key),
                    })
                    .collect();
                let page_info = $crate::graphql::page::PageInfo {
                    has_next_page: page.has_next,
                    has_previous_page: ask.after.is_some(),
                    start_cursor: edges.first().map(|edge| edge.cursor.clone()),
                    end_cursor: edges.last().map(|edge| edge.cursor.clone()),
                };
                Self { edges, page_info, total_count: page.total }
            }
        }
    };
}
