//! Rows for any entity, made from its columns.
//!
//! The n-th row of every table has the same number in each of its BIGINT columns, so that its
//! references find the n-th row of the other table. That number does not fit a floating point.

use std::fmt::Debug;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait,
    IdenStatic, IntoActiveModel, Iterable, TryIntoModel, Value,
    prelude::Date,
    sea_query::{ColumnType, ValueType},
};

/// Columns whose value a test decides.
pub type Given<'a> = &'a [(&'static str, Value)];

/// Whether columns that may be empty are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    Full,
    Sparse,
}

/// The number in the BIGINT columns of row `n`.
pub fn number(n: i64) -> i64 {
    (1 << 53) + 2 * n + 1
}

/// A day, which exists.
pub fn day(year: i32, month: u32, day: u32) -> Date {
    Date::from_ymd_opt(year, month, day).unwrap()
}

/// No value for a column of the type `T`.
pub fn none<T: ValueType + sea_orm::sea_query::Nullable>() -> Value {
    T::null()
}

fn sample(column: &ColumnType, n: i64) -> Value {
    match column {
        ColumnType::BigInteger => number(n).into(),
        ColumnType::Integer => (i32::MAX - 1).into(),
        ColumnType::SmallInteger => 1i16.into(),
        ColumnType::Boolean => true.into(),
        ColumnType::Date => day(2024, 2, 29).into(),
        ColumnType::Text => format!("₹ {n} {}", "चालान ".repeat(20_000)).into(),
        ColumnType::VarBinary(_) | ColumnType::Blob => [0_u8, 255, 39, 92].repeat(65_536).into(),
        ColumnType::String(_) => format!("₹{n}").into(),
        other => panic!("no sample of {other:?}"),
    }
}

fn empty(column: &ColumnType) -> Value {
    match column {
        ColumnType::BigInteger => none::<i64>(),
        ColumnType::Integer => none::<i32>(),
        ColumnType::SmallInteger => none::<i16>(),
        ColumnType::Boolean => none::<bool>(),
        ColumnType::Date => none::<Date>(),
        _ => none::<String>(),
    }
}

/// Row `n` of an entity.
pub fn row<E>(n: i64, fill: Fill, given: Given<'_>) -> E::ActiveModel
where
    E: EntityTrait,
{
    for (name, _) in given {
        assert!(E::Column::iter().any(|column| column.as_str() == *name), "no column {name}");
    }
    let mut row = <E::ActiveModel as ActiveModelTrait>::default();
    for column in E::Column::iter() {
        let definition = column.def();
        let value = match given.iter().find(|(name, _)| *name == column.as_str()) {
            Some((_, value)) => value.clone(),
            None if fill == Fill::Sparse && definition.is_null() => {
                empty(definition.get_column_type())
            }
            None => sample(definition.get_column_type(), n),
        };
        row.set(column, value);
    }
    row
}

/// Inserts row `n` of an entity.
pub async fn insert<E>(
    db: &DatabaseConnection,
    n: i64,
    fill: Fill,
    given: Given<'_>,
) -> Result<E::Model, DbErr>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model> + Send,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let row = row::<E>(n, fill, given);
    let model = row.clone().try_into_model()?;
    E::insert(row).exec_without_returning(db).await?;
    Ok(model)
}

/// Inserts row `n` of an entity and finds it as it was.
pub async fn fits<E>(db: &DatabaseConnection, n: i64, fill: Fill, given: Given<'_>)
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model> + Send,
    E::Model: IntoActiveModel<E::ActiveModel> + PartialEq + Debug,
{
    let table = E::default().table_name().to_owned();
    let wanted = insert::<E>(db, n, fill, given)
        .await
        .unwrap_or_else(|why| panic!("{table} takes no row: {why}"));
    let found = E::find().all(db).await.unwrap_or_else(|why| panic!("{table} unread: {why}"));
    assert!(found.contains(&wanted), "{table}: {wanted:?} is not in {found:?}");
}

/// Rows 1 (full) and 2 (sparse) fit.
pub async fn both_fit<E>(db: &DatabaseConnection, given: Given<'_>)
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model> + Send,
    E::Model: IntoActiveModel<E::ActiveModel> + PartialEq + Debug,
{
    fits::<E>(db, 1, Fill::Full, given).await;
    fits::<E>(db, 2, Fill::Sparse, given).await;
}

/// The one row of a table that a migration fills fits.
pub async fn one_fits<E>(db: &DatabaseConnection)
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model> + Send,
    E::Model: IntoActiveModel<E::ActiveModel> + PartialEq + Debug,
{
    assert_eq!(E::find().all(db).await.unwrap().len(), 1, "the migration's row");
    for fill in [Fill::Sparse, Fill::Full] {
        E::delete_many().exec(db).await.unwrap();
        fits::<E>(db, 1, fill, &[("id", 1.into())]).await;
    }
}

/// Runs a statement as it stands.
pub async fn tell(db: &DatabaseConnection, sql: &str) -> Result<(), DbErr> {
    db.execute_unprepared(sql).await.map(|_| ())
}
