//! Set-wise writing: many rows of many tables in as few statements as the engine allows.
//!
//! PostgreSQL takes all tables in one data-modifying statement over `unnest` arrays. The others take
//! one statement per table, in chunks of 128, 64, … 1 rows, so that few different texts are prepared.

use chrono::NaiveDate;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value, sea_query::ArrayType,
};

use crate::{db::sql::marks, error::Result};

/// How a column travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// BIGINT.
    Big,
    /// INTEGER.
    Int,
    /// SMALLINT.
    Small,
    /// Any text.
    Text,
    /// DATE.
    Date,
    /// BOOLEAN.
    Bool,
}

/// A column: its name, kind, and whether NULL may stand in it.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    name: &'static str,
    kind: Kind,
    nullable: bool,
}

/// A column that always has a value.
pub const fn col(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: false }
}

/// A column that may be NULL.
pub const fn opt(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: true }
}

/// What happens to a row whose key is there already.
#[derive(Debug, Clone, Copy)]
pub enum OnKey {
    /// The insert fails.
    Refuse,
    /// The named columns take the new values.
    Replace { key: &'static str, columns: &'static [&'static str] },
    /// The new values are added to the named columns.
    Add { key: &'static str, columns: &'static [&'static str] },
}

/// A table as the lane writes it.
#[derive(Debug)]
pub struct Shape {
    /// The table's name.
    pub table: &'static str,
    /// The columns, in the order of the values.
    pub columns: &'static [Column],
    /// What happens to a key that is there already.
    pub on_key: OnKey,
}

/// Rows waiting to be written to one table.
#[derive(Debug)]
pub struct Rows {
    shape: &'static Shape,
    values: Vec<Value>,
    count: usize,
}

const CHUNKS: [usize; 8] = [128, 64, 32, 16, 8, 4, 2, 1];

impl Rows {
    /// No rows yet.
    pub fn of(shape: &'static Shape) -> Self {
        Self { shape, values: Vec::new(), count: 0 }
    }

    /// Adds a row; the values stand in the order of the shape's columns.
    pub fn push<const N: usize>(&mut self, row: [Value; N]) {
        debug_assert_eq!(
            N,
            self.shape.columns.len(),
            "a row of {} has other columns",
            self.shape.table
        );
        self.values.extend(row);
        self.count += 1;
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Writes all rows, then runs `last` (a statement with `?` marks) in the same breath.
///
/// # Errors
/// What the database says; the caller's transaction is then to be rolled back.
pub async fn write(
    txn: &DatabaseTransaction,
    tables: Vec<Rows>,
    last: (&str, Vec<Value>),
) -> Result<()> {
    let backend = txn.get_database_backend();
    let tables = tables.into_iter().filter(|rows| !rows.is_empty());
    if backend == DbBackend::Postgres {
        return write_at_once(txn, tables, last).await;
    }
    for rows in tables {
        write_in_chunks(txn, backend, rows).await?;
    }
    txn.execute_raw(Statement::from_sql_and_values(backend, last.0, last.1)).await?;
    Ok(())
}

async fn write_in_chunks(txn: &DatabaseTransaction, backend: DbBackend, rows: Rows) -> Result<()> {
    let width = rows.shape.columns.len();
    let mut left = rows.count;
    let mut values = rows.values.into_iter();
    for size in CHUNKS {
        while left >= size {
            let chunk: Vec<Value> = values.by_ref().take(size * width).collect();
            let text = insert_text(backend, rows.shape, size);
            txn.execute_raw(Statement::from_sql_and_values(backend, text, chunk)).await?;
            left -= size;
        }
    }
    Ok(())
}

fn insert_text(backend: DbBackend, shape: &Shape, rows: usize) -> String {
    let names: Vec<&str> = shape.columns.iter().map(|column| column.name).collect();
    let row = format!("({})", vec!["?"; names.len()].join(","));
    format!(
        "INSERT INTO {} ({}) VALUES {}{}",
        shape.table,
        names.join(","),
        vec![row.as_str(); rows].join(","),
        on_key_text(backend, shape)
    )
}

fn on_key_text(backend: DbBackend, shape: &Shape) -> String {
    let (key, columns, adds) = match shape.on_key {
        OnKey::Refuse => return String::new(),
        OnKey::Replace { key, columns } => (key, columns, false),
        OnKey::Add { key, columns } => (key, columns, true),
    };
    let table = shape.table;
    let set: Vec<String> = columns
        .iter()
        .map(|column| {
            let new = if backend == DbBackend::MySql {
                format!("VALUES({column})")
            } else {
                format!("excluded.{column}")
            };
            if adds {
                format!("{column} = {table}.{column} + {new}")
            } else {
                format!("{column} = {new}")
            }
        })
        .collect();
    if backend == DbBackend::MySql {
        format!(" ON DUPLICATE KEY UPDATE {}", set.join(", "))
    } else {
        format!(" ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", "))
    }
}

/// One statement for all tables. The driver binds arrays without NULL in them, so a value that no
/// column of ours can hold stands for NULL on the way and is turned back by `NULLIF`.
async fn write_at_once(
    txn: &DatabaseTransaction,
    tables: impl Iterator<Item = Rows>,
    last: (&str, Vec<Value>),
) -> Result<()> {
    let mut parts = Vec::new();
    let mut binds: Vec<Value> = Vec::new();
    for (index, rows) in tables.enumerate() {
        let shape = rows.shape;
        let width = shape.columns.len();
        let mut columns: Vec<Vec<Value>> = vec![Vec::with_capacity(rows.count); width];
        for (position, value) in rows.values.into_iter().enumerate() {
            let place = position % width;
            if let (Some(column), Some(shaped)) = (columns.get_mut(place), shape.columns.get(place))
            {
                column.push(if is_null(&value) { stand_in(shaped.kind) } else { value });
            }
        }
        let mut arrays = Vec::with_capacity(width);
        let mut picks = Vec::with_capacity(width);
        let mut names = Vec::with_capacity(width);
        for (column, values) in shape.columns.iter().zip(columns) {
            let (array, name) = array_of(column.kind);
            arrays.push(format!("?::{name}[]"));
            picks.push(if column.nullable {
                format!("NULLIF(v.{}, {})", column.name, stand_in_text(column.kind))
            } else {
                format!("v.{}", column.name)
            });
            names.push(column.name);
            binds.push(Value::Array(array, Some(Box::new(values))));
        }
        parts.push(format!(
            "w{index} AS (INSERT INTO {} ({}) SELECT {} FROM unnest({}) AS v({}){})",
            shape.table,
            names.join(","),
            picks.join(","),
            arrays.join(","),
            names.join(","),
            on_key_text(DbBackend::Postgres, shape)
        ));
    }
    let (tail, values) = last;
    binds.extend(values);
    let text = if parts.is_empty() {
        tail.to_owned()
    } else {
        format!("WITH {} {tail}", parts.join(", "))
    };
    let text = marks(DbBackend::Postgres, &text);
    txn.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, text, binds)).await?;
    Ok(())
}

fn is_null(value: &Value) -> bool {
    matches!(
        value,
        Value::BigInt(None)
            | Value::Int(None)
            | Value::SmallInt(None)
            | Value::String(None)
            | Value::ChronoDate(None)
            | Value::Bool(None)
    )
}

/// Text columns hold no control character (input is checked), amounts and ids are never the least
/// number, and no book date lies in the year 1.
fn stand_in(kind: Kind) -> Value {
    match kind {
        Kind::Big => Value::BigInt(Some(i64::MIN)),
        Kind::Int => Value::Int(Some(i32::MIN)),
        Kind::Small => Value::SmallInt(Some(i16::MIN)),
        Kind::Text => Value::String(Some("\u{1}".into())),
        Kind::Date => Value::ChronoDate(NaiveDate::from_ymd_opt(1, 1, 1)),
        Kind::Bool => Value::Bool(Some(false)),
    }
}

fn stand_in_text(kind: Kind) -> &'static str {
    match kind {
        Kind::Big => "-9223372036854775808",
        Kind::Int => "-2147483648",
        Kind::Small => "-32768",
        Kind::Text => "E'\\x01'",
        Kind::Date => "DATE '0001-01-01'",
        Kind::Bool => "NULL",
    }
}

fn array_of(kind: Kind) -> (ArrayType, &'static str) {
    match kind {
        Kind::Big => (ArrayType::BigInt, "int8"),
        Kind::Int => (ArrayType::Int, "int4"),
        Kind::Small => (ArrayType::SmallInt, "int2"),
        Kind::Text => (ArrayType::String, "text"),
        Kind::Date => (ArrayType::ChronoDate, "date"),
        Kind::Bool => (ArrayType::Bool, "bool"),
    }
}
