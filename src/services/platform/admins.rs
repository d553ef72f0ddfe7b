//! People of the platform's office: added, listed, changed, disabled. The last administrator stays.

use daybook_domain::{chain::Canonical, email::Email, id::PlatformUserId, role::Permission};
use daybook_entity::main::people::{PlatformRole, PlatformStatus, platform_user};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use crate::{
    auth::{
        family::{self, OFFICE, OneTimeCode, Purpose},
        office_sessions, roles,
        sessions::Ended,
    },
    db::{
        failure,
        page::{Page, PageAsk},
    },
    error::{Code, Error, Result},
    lane::{Actor, Change},
    office::{Office, OfficeWriting},
    scope::PlatformScope,
    services::books::vouchers::Wrong,
};

const NAME_CHARS_MAX: usize = 200;

/// Somebody about to work for the platform.
#[derive(Debug, Clone)]
pub struct NewAdmin {
    /// The address by which they sign in.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they do.
    pub role: PlatformRole,
    /// argon2id; without one they are invited and set it themselves.
    pub password_hash: Option<String>,
}

/// What is to change; what is not named stays.
#[derive(Debug, Clone, Default)]
pub struct ChangeAdmin {
    /// Their name.
    pub name: Option<String>,
    /// What they do.
    pub role: Option<PlatformRole>,
    /// Whether they may sign in; disabling ends their sessions.
    pub is_disabled: Option<bool>,
    /// The version that was read.
    pub expected_version: Option<i32>,
}

/// The people of the office, the oldest first.
///
/// # Errors
/// No permission, a cursor of another list, or a main database that cannot be read.
pub async fn list(scope: &PlatformScope, ask: &PageAsk) -> Result<Page<platform_user::Model>> {
    scope.require(Permission::AdminRead)?;
    let reader = scope.office.main.reader();
    let all = platform_user::Entity::find();
    let total = if ask.wants_total { all.clone().count(reader).await? } else { 0 };
    let mut rows = all.order_by_asc(platform_user::Column::Id);
    if let Some(after) = ask.after_number()? {
        rows = rows.filter(platform_user::Column::Id.gt(PlatformUserId::new(after)));
    }
    let rows = rows.limit(ask.first.saturating_add(1)).all(reader).await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.id.to_string()]))
}

/// Somebody of the office; nothing where there is nobody of that id.
///
/// # Errors
/// No permission, or a main database that cannot be read.
pub async fn find(
    scope: &PlatformScope,
    id: PlatformUserId,
) -> Result<Option<platform_user::Model>> {
    scope.require(Permission::AdminRead)?;
    Ok(platform_user::Entity::find_by_id(id).one(scope.office.main.reader()).await?)
}

/// Adds somebody to the office.
///
/// # Errors
/// No permission, or refusals: a taken address, values out of form.
pub async fn create(scope: &PlatformScope, new: NewAdmin) -> Result<platform_user::Model> {
    scope.require(Permission::AdminCreate)?;
    create_of(&scope.office, new, scope.actor()).await
}

/// [`create`], for tools that run beside the server: how the first administrator comes.
///
/// # Errors
/// As [`create`], permission apart.
pub async fn create_of(
    office: &Office,
    new: NewAdmin,
    actor: Actor,
) -> Result<platform_user::Model> {
    let (email, name) = checked(&new)?;
    let mut log = office.write(actor).await?;
    let row = insert(office, &mut log, new, &email, name).await?;
    log.commit().await?;
    Ok(row)
}

/// Invites somebody to the office; the code, good for `code_ms`, is for the caller to hand on.
///
/// # Errors
/// As [`create`].
pub async fn invite(
    scope: &PlatformScope,
    new: NewAdmin,
    code_ms: i64,
) -> Result<(platform_user::Model, OneTimeCode)> {
    scope.require(Permission::AdminCreate)?;
    let new = NewAdmin { password_hash: None, ..new };
    let (email, name) = checked(&new)?;
    let mut log = scope.office.write(scope.actor()).await?;
    let row = insert(&scope.office, &mut log, new, &email, name).await?;
    let code = code_for(&log, row.id, Purpose::Invitation, code_ms).await?;
    log.commit().await?;
    Ok((row, code))
}

/// Makes a code with which somebody of the office sets a new password, or takes up an invitation whose
/// code was lost.
///
/// # Errors
/// No permission, or a refusal on `id`: nobody of that id, oneself, somebody disabled, or somebody who
/// may do more than the caller.
pub async fn reset_code(
    scope: &PlatformScope,
    id: Option<PlatformUserId>,
    code_ms: i64,
) -> Result<(platform_user::Model, OneTimeCode)> {
    scope.require(Permission::AdminUpdate)?;
    let refused = |why: &str| Error::refused(Code::NotAllowed, "id", why);
    if id == Some(scope.access.user) {
        // Else whoever finds a session open could take the account over.
        return Err(refused("your own password is changed with passwordChange"));
    }
    let id = id.ok_or_else(unknown)?;
    let mut log = scope.office.write(scope.actor()).await?;
    let row = platform_user::Entity::find_by_id(id).one(log.conn()).await?.ok_or_else(unknown)?;
    if !roles::platform_role(row.role).permissions().is_subset(scope.access.permissions) {
        return Err(refused("this person holds rights that you do not hold"));
    }
    let code = issue(&mut log, &row, code_ms).await?;
    log.commit().await?;
    Ok((row, code))
}

/// Makes such a code for anybody of the office, its only administrator included: the operator's own way
/// in.
///
/// # Errors
/// A refusal when nobody has this address or the person is disabled.
pub async fn reset_code_by_operator(
    office: &Office,
    email: &str,
    code_ms: i64,
) -> Result<OneTimeCode> {
    let mut log = office.write(Actor::system()).await?;
    let row = platform_user::Entity::find()
        .filter(platform_user::Column::EmailKey.eq(email.trim().to_lowercase()))
        .one(log.conn())
        .await?;
    let missing = "nobody of the office has this address";
    let row = row.ok_or_else(|| Error::refused(Code::NotFound, "email", missing))?;
    let code = issue(&mut log, &row, code_ms).await?;
    log.commit().await?;
    Ok(code)
}

async fn issue(
    log: &mut OfficeWriting,
    row: &platform_user::Model,
    code_ms: i64,
) -> Result<OneTimeCode> {
    let (purpose, action) = match row.status {
        PlatformStatus::Invited => (Purpose::Invitation, "INVITATION_REPEATED"),
        PlatformStatus::Active => (Purpose::PasswordReset, "PASSWORD_RESET_REQUESTED"),
        PlatformStatus::Disabled => {
            return Err(Error::refused(Code::NotAllowed, "id", "this person is disabled"));
        }
    };
    let code = code_for(log, row.id, purpose, code_ms).await?;
    log.audit(&Change {
        action,
        subject_type: "PlatformUser",
        subject: Some(row.id.get()),
        business: None,
        canonical: Canonical::new().finish(),
    })
    .await?;
    Ok(code)
}

async fn code_for(
    log: &OfficeWriting,
    user: PlatformUserId,
    purpose: Purpose,
    code_ms: i64,
) -> Result<OneTimeCode> {
    let (now, user) = (log.recorded_at(), user.get());
    let expires_at = now.saturating_add(code_ms);
    let conn = log.conn();
    let code =
        family::insert_code(conn, OFFICE, None, user, purpose, None, now, expires_at).await?;
    Ok(OneTimeCode { code, purpose, expires_at })
}

fn unknown() -> Error {
    Error::refused(Code::NotFound, "id", "nobody of the office has this id")
}

/// Address and name as they are kept, or everything that is wrong with them.
fn checked(new: &NewAdmin) -> Result<(Email, String)> {
    let mut wrong = Wrong::below("input");
    let email = wrong.take(Code::Invalid, "email", Email::parse(&new.email));
    let name = wrong.required("name", &new.name, NAME_CHARS_MAX);
    wrong.finish_with(email.map(|email| (email, name)))
}

async fn insert(
    office: &Office,
    log: &mut OfficeWriting,
    new: NewAdmin,
    email: &Email,
    name: String,
) -> Result<platform_user::Model> {
    let now = log.recorded_at();
    let row = platform_user::Model {
        id: PlatformUserId::new(office.ids.next()?),
        email: email.as_str().to_owned(),
        email_key: email.key(),
        name,
        role: new.role,
        status: match new.password_hash {
            Some(_) => PlatformStatus::Active,
            None => PlatformStatus::Invited,
        },
        password_hash: new.password_hash,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    platform_user::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(log.conn())
        .await
        .map_err(|error| {
            if failure::is_taken(&error) {
                let why = "somebody of the office has this e-mail address";
                Error::refused(Code::EmailTaken, "input.email", why)
            } else {
                error.into()
            }
        })?;
    log.access_changes();
    log.audit(&change("PLATFORM_USER_CREATED", None, &row)).await?;
    Ok(row)
}

/// Changes somebody of the office.
///
/// # Errors
/// No permission, or refusals: nobody of that id, a stale version, the last administrator.
pub async fn update(
    scope: &PlatformScope,
    id: Option<PlatformUserId>,
    change: ChangeAdmin,
) -> Result<platform_user::Model> {
    scope.require(Permission::AdminUpdate)?;
    let id = id.ok_or_else(unknown)?;
    let mut log = scope.office.write(scope.actor()).await?;
    let before =
        platform_user::Entity::find_by_id(id).one(log.conn()).await?.ok_or_else(unknown)?;
    Error::unless_current(change.expected_version, before.version)?;
    let mut after = before.clone();
    if let Some(name) = &change.name {
        let mut wrong = Wrong::below("input");
        after.name = wrong.required("name", name, NAME_CHARS_MAX);
        wrong.finish()?;
    }
    if let Some(role) = change.role {
        after.role = role;
    }
    let is_disabled = before.status == PlatformStatus::Disabled;
    if change.is_disabled == Some(is_disabled) {
        let why =
            if is_disabled { "this person is disabled" } else { "this person is not disabled" };
        return Err(Error::refused(Code::AlreadyDone, "id", why));
    }
    after.status = match (change.is_disabled, &before.password_hash) {
        (None, _) => before.status,
        (Some(true), _) => PlatformStatus::Disabled,
        (Some(false), Some(_)) => PlatformStatus::Active,
        (Some(false), None) => PlatformStatus::Invited,
    };
    let runs_it = |row: &platform_user::Model| {
        row.role == PlatformRole::Admin && row.status == PlatformStatus::Active
    };
    if runs_it(&before) && !runs_it(&after) && administrators(&log).await? <= 1 {
        let why = "the platform keeps at least one active administrator";
        return Err(Error::refused(Code::LastAdmin, "id", why));
    }
    after.version = before.version.saturating_add(1);
    after.updated_at = log.recorded_at();
    let row = after.clone().into_active_model().reset_all();
    row.update(log.conn()).await?;
    if after.status == PlatformStatus::Disabled {
        office_sessions::end_all(&mut log, id, None, Ended::UserDisabled).await?;
    }
    if after.role != before.role {
        // Who holds a code asked for it when the person had the role of before.
        family::void_codes(log.conn(), OFFICE, id.get()).await?;
    }
    log.access_changes();
    log.audit(&self::change("PLATFORM_USER_UPDATED", Some(&before), &after)).await?;
    log.commit().await?;
    Ok(after)
}

async fn administrators(log: &OfficeWriting) -> Result<u64> {
    Ok(platform_user::Entity::find()
        .filter(platform_user::Column::Role.eq(PlatformRole::Admin))
        .filter(platform_user::Column::Status.eq(PlatformStatus::Active))
        .count(log.conn())
        .await?)
}

fn change(
    action: &'static str,
    before: Option<&platform_user::Model>,
    after: &platform_user::Model,
) -> Change {
    let describe = |row: &platform_user::Model| {
        Canonical::new()
            .text("name", &row.name)
            .text("role", &row.role.to_value())
            .text("status", &row.status.to_value())
    };
    Change {
        action,
        subject_type: "PlatformUser",
        subject: Some(after.id.get()),
        business: None,
        canonical: Canonical::new()
            .object_if("before", before.map(describe))
            .object("after", describe(after))
            .finish(),
    }
}
