//! People who work for the platform, and their sessions.

use crate::column::*;

/// What a person does for the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum PlatformRole {
    /// Runs it.
    Admin,
    /// Helps tenants.
    Support,
    /// Wins tenants.
    Salesman,
    /// Leads salesmen in a region.
    Distributor,
}

/// Whether a platform user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum PlatformStatus {
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
pub enum PlatformCodePurpose {
    /// Setting the first password.
    Invitation,
    /// Setting a new password.
    PasswordReset,
}

pub mod platform_user {
    //! A person who works for the platform.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "platform_users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: PlatformUserId,
        /// As it was typed.
        pub email: String,
        /// Lower-cased: what signing in looks for.
        pub email_key: String,
        pub name: String,
        /// argon2id; none until an invitation is taken up.
        pub password_hash: Option<String>,
        pub role: PlatformRole,
        pub status: PlatformStatus,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod platform_session {
    //! One sign-in of a platform user: the family of its refresh tokens.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "platform_sessions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: SessionId,
        pub user_id: PlatformUserId,
        pub created_at: i64,
        pub expires_at: i64,
        pub revoked_at: Option<i64>,
        pub revoked_because: Option<String>,
    }

    no_relations!();
}

pub mod platform_refresh_token {
    //! A refresh token: good once; used twice, its session ends.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "platform_refresh_tokens")]
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

pub mod platform_one_time_code {
    //! An invitation or a password reset.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "platform_one_time_codes")]
    pub struct Model {
        /// SHA-256 in hexadecimal; the secret itself is never kept.
        #[sea_orm(primary_key, auto_increment = false)]
        pub code_hash: String,
        pub user_id: PlatformUserId,
        pub purpose: PlatformCodePurpose,
        pub created_at: i64,
        pub expires_at: i64,
        pub used_at: Option<i64>,
    }

    no_relations!();
}
