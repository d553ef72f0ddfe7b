//! The tenant's people: users, their sessions, keys for machines, one-time codes.

use crate::column::*;

/// What a person does for a tenant: the preset of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum UserRole {
    /// Everything.
    Owner,
    /// The books.
    Accountant,
    /// The counter.
    Cashier,
    /// Own documents.
    Staff,
    /// Looks only.
    Viewer,
    /// Own sales, for a commission.
    Agent,
}

/// Whether a user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum UserStatus {
    /// Has not set a password yet.
    Invited,
    /// May.
    Active,
    /// May not any more.
    Disabled,
}

/// What a one-time code is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum CodePurpose {
    /// Setting the first password.
    Invitation,
    /// Setting a new password.
    PasswordReset,
}

pub mod user {
    //! A person who works for a tenant.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: UserId,
        /// As it was typed.
        pub email: String,
        /// Lower-cased: what signing in looks for.
        pub email_key: String,
        pub name: String,
        pub phone: Option<String>,
        /// argon2id; none until an invitation is taken up.
        pub password_hash: Option<String>,
        pub role: UserRole,
        /// Permission words beyond the role's preset, separated by one space.
        #[sea_orm(column_type = "Text")]
        pub permissions_added: String,
        /// Permission words taken from the role's preset, separated by one space.
        #[sea_orm(column_type = "Text")]
        pub permissions_removed: String,
        /// Whether every business is visible, or only those of `user_businesses`.
        pub all_businesses: bool,
        pub status: UserStatus,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod user_business {
    //! A business that a user may see.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "user_businesses")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: UserId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: BusinessId,
    }

    no_relations!();
}

pub mod session {
    //! One sign-in of a user: the family of its refresh tokens.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: SessionId,
        pub user_id: UserId,
        pub created_at: i64,
        pub expires_at: i64,
        pub revoked_at: Option<i64>,
        pub revoked_because: Option<String>,
    }

    no_relations!();
}

pub mod refresh_token {
    //! A refresh token: good once; used twice, its session ends.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "refresh_tokens")]
    pub struct Model {
        /// SHA-256 in hexadecimal; the secret itself is never kept.
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub session_id: SessionId,
        pub issued_at: i64,
        pub used_at: Option<i64>,
    }

    no_relations!();
}

pub mod api_key {
    //! A key with which a machine acts for a user.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ApiKeyId,
        pub user_id: UserId,
        pub name: String,
        /// SHA-256 in hexadecimal; the secret itself is never kept.
        pub secret_hash: String,
        /// Permission words, separated by one space.
        #[sea_orm(column_type = "Text")]
        pub scopes: String,
        pub created_at: i64,
        pub expires_at: Option<i64>,
        pub revoked_at: Option<i64>,
        /// When it was last used, as nearly as that is noted.
        pub last_used_at: Option<i64>,
    }

    no_relations!();
}

pub mod one_time_code {
    //! An invitation or a password reset.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "one_time_codes")]
    pub struct Model {
        /// SHA-256 in hexadecimal; the secret itself is never kept.
        #[sea_orm(primary_key, auto_increment = false)]
        pub code_hash: String,
        pub user_id: UserId,
        pub purpose: CodePurpose,
        pub created_by: Option<UserId>,
        pub created_at: i64,
        pub expires_at: i64,
        pub used_at: Option<i64>,
    }

    no_relations!();
}
