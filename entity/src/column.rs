//! What the tables are described with.

pub(crate) use daybook_domain::{id::*, money::*};
pub(crate) use sea_orm::entity::prelude::*;

/// Closes an entity that queries reach by its ids alone: joins are written where they are asked.
macro_rules! no_relations {
    () => {
        /// None.
        #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    };
}
pub(crate) use no_relations;
