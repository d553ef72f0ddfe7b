//! Announcing a file: what is to come, whether there is room for it, and the address to send it to.

use daybook_domain::{
    chain::Canonical,
    file::{Media, Purpose},
    id::StoredFileId,
    role::Permission,
};
use daybook_entity::tenant::files::{FilePurpose, FileState, stored_file};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::purge;
use crate::{
    auth::links::{self, Link},
    db::sql::{self, statement},
    error::{Code, Error, Result},
    lane::Change,
    office::Office,
    scope::TenantScope,
    services::books::{
        chart::{self, Asked},
        vouchers::Wrong,
    },
};

/// The kind of the links to which files are sent.
pub const UPLOAD: &str = "upload";

/// Most characters of a file's name.
const NAME_CHARS_MAX: usize = 200;

/// Expired files that go when another one is announced.
const PURGED_MAX: u64 = 5;

/// A file that is to come.
#[derive(Debug, Clone)]
pub struct CreateUpload {
    /// For whose books.
    pub business: Asked,
    /// What it is for.
    pub purpose: Purpose,
    /// As its owner calls it.
    pub name: String,
    /// Its type.
    pub media_type: String,
    /// How many bytes it has.
    pub size: i64,
}

/// Announces a file; the link opens the way for its bytes. Expired files make room first.
///
/// # Errors
/// No permission, or refusals: a name, type or size that is not taken, or no room left.
pub async fn create(
    office: &Office,
    scope: &TenantScope,
    command: CreateUpload,
) -> Result<(stored_file::Model, Link)> {
    scope.require(Permission::FileUpload)?;
    let rules = &office.rules.files;
    let chart = chart::chart(scope).await?;
    let business = chart.chosen(scope, command.business, "input")?.id;
    let mut wrong = Wrong::below("input");
    let name = wrong.required("fileName", &command.name, NAME_CHARS_MAX);
    if name.contains(['/', '\\']) || name.starts_with('.') {
        wrong.add(Code::Invalid, "fileName", "a file's name has no folders and no dot before it");
    }
    let media = Media::parse(&command.media_type).filter(|media| command.purpose.takes(*media));
    if media.is_none() {
        let known: Vec<&str> = command.purpose.types().iter().map(|media| media.as_str()).collect();
        let why = format!("a file for this is one of {}", known.join(", "));
        wrong.add(Code::MediaTypeRefused, "mediaType", &why);
    }
    let most = rules.bytes_max(command.purpose);
    if command.size > most {
        wrong.add(Code::TooLarge, "size", &format!("a file for this has at most {most} bytes"));
    } else if command.size < 1 {
        wrong.add(Code::Invalid, "size", "an empty file says nothing");
    }
    wrong.finish()?;
    let Some(media) = media else { return Err(Error::Internal("no media type".into())) };
    let (user, limit) = (scope.access.user, scope.db.route().storage_limit_bytes);
    let lasts = i64::try_from(rules.upload_link.as_millis()).unwrap_or(i64::MAX / 2);
    let (purpose, size) = (stored_purpose(command.purpose), command.size);
    let row = scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                purge::expired(writing, PURGED_MAX).await?;
                if bytes_taken(writing.conn()).await?.saturating_add(size) > limit {
                    let why =
                        format!("the account may store {limit} bytes in files; that is used up");
                    return Err(Error::refused(Code::StorageLimit, "input.size", why));
                }
                let now = writing.recorded_at();
                let row = stored_file::Model {
                    id: StoredFileId::new(writing.next_id()?),
                    business_id: business,
                    purpose,
                    name,
                    media_type: media.as_str().to_owned(),
                    size,
                    sha256: None,
                    state: FileState::Awaited,
                    attempt: 0,
                    created_by: user,
                    created_at: now,
                    expires_at: Some(now.saturating_add(lasts)),
                };
                let insert =
                    stored_file::Entity::insert(stored_file::ActiveModel::from(row.clone()));
                insert.exec_without_returning(writing.conn()).await?;
                let said = Canonical::new()
                    .text("name", &row.name)
                    .text("mediaType", &row.media_type)
                    .int("size", size);
                writing.audit(change("FILE_ANNOUNCED", &row, said));
                Ok(row)
            })
        })
        .await?;
    let link = links::make(&office.keys, scope, UPLOAD, rules.upload_link, row.id.get())?;
    Ok((row, link))
}

/// Bytes of all files of the tenant, those included whose bytes are still to come.
///
/// # Errors
/// What the database says.
pub async fn bytes_taken(conn: &impl ConnectionTrait) -> Result<i64> {
    let backend = conn.get_database_backend();
    let text = format!("SELECT {} FROM stored_files", sql::sum(backend, "size"));
    let row = conn.query_one_raw(statement(backend, &text, [])).await?;
    let sum: Option<i64> = match row {
        Some(row) => row.try_get_by_index(0)?,
        None => None,
    };
    Ok(sum.unwrap_or(0))
}

/// A line of the edit log about a file.
pub fn change(action: &'static str, row: &stored_file::Model, said: Canonical) -> Change {
    Change {
        action,
        subject_type: "StoredFile",
        subject: Some(row.id.get()),
        business: Some(row.business_id),
        canonical: said.finish(),
    }
}

fn stored_purpose(purpose: Purpose) -> FilePurpose {
    match purpose {
        Purpose::Attachment => FilePurpose::Attachment,
        Purpose::Import => FilePurpose::Import,
        Purpose::BankStatement => FilePurpose::BankStatement,
    }
}
