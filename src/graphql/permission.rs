//! Roles and permissions in the API, taken from the one list in the domain.

use std::{borrow::Cow, sync::OnceLock};

use async_graphql::{
    ContextSelectionSet, Enum, InputType, InputValueResult, OutputType, Positioned, ServerResult,
    Value,
    parser::types::Field,
    registry::{Deprecation, MetaEnumValue, MetaType, MetaTypeId, Registry},
    resolver_utils::{EnumItem, EnumType, enum_value, parse_enum},
};
use daybook_domain::role::{self, PermissionSet};

/// A permission as clients see it. Written by hand and not derived, so that names and descriptions
/// come from the domain and no second list can differ from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission(pub role::Permission);

impl EnumType for Permission {
    fn items() -> &'static [EnumItem<Self>] {
        static ITEMS: OnceLock<Vec<EnumItem<Permission>>> = OnceLock::new();
        ITEMS.get_or_init(|| {
            role::Permission::EVERY
                .into_iter()
                .map(|one| EnumItem { name: one.as_str(), value: Self(one) })
                .collect()
        })
    }
}

impl Permission {
    fn describe(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::Enum, |_| MetaType::Enum {
            name: "Permission".into(),
            description: Some("Something that may be allowed. Everything else is not.".into()),
            enum_values: role::Permission::EVERY
                .into_iter()
                .map(|one| {
                    let value = MetaEnumValue {
                        name: one.as_str().into(),
                        description: Some(one.meaning().into()),
                        deprecation: Deprecation::NoDeprecated,
                        visible: None,
                        inaccessible: false,
                        tags: Vec::new(),
                        directive_invocations: Vec::new(),
                    };
                    (one.as_str().to_owned(), value)
                })
                .collect(),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            rust_typename: Some(std::any::type_name::<Self>()),
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        })
    }

    /// A set as a list.
    pub fn list(set: PermissionSet) -> Vec<Self> {
        set.iter().map(Self).collect()
    }

    /// A list as a set.
    pub fn set(list: impl IntoIterator<Item = Self>) -> PermissionSet {
        PermissionSet::of(list.into_iter().map(|one| one.0))
    }
}

impl InputType for Permission {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        "Permission".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Self::describe(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        parse_enum(value.unwrap_or_default())
    }

    fn to_value(&self) -> Value {
        enum_value(*self)
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl OutputType for Permission {
    fn type_name() -> Cow<'static, str> {
        "Permission".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Self::describe(registry)
    }

    async fn resolve(
        &self,
        _: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(enum_value(*self))
    }
}

/// What a person does for a business: the preset of permissions.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "role::TenantRole")]
pub enum Role {
    /// Owns the account: everything.
    Owner,
    /// Keeps the books.
    Accountant,
    /// Sells at the counter; sees only own documents.
    Cashier,
    /// Works in the business; sees only own documents.
    Staff,
    /// Looks, and changes nothing.
    Viewer,
    /// Sells on commission; sees only own documents.
    Agent,
}

/// What a person does for the platform.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "role::PlatformRole")]
pub enum AdminRole {
    /// Runs the platform.
    Admin,
    /// Looks into tenants' state and helps them.
    Support,
    /// Brings tenants.
    Salesman,
    /// Brings tenants through others.
    Distributor,
}
