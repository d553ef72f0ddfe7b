//! Files that people upload: announced, received in parts, read by whoever needs them, let go of.
//!
//! The bytes lie in the tenant's own database, so that a tenant moves whole and no node holds any.

pub mod attachments;
pub mod purge;
pub mod receive;
pub mod uploads;

use daybook_domain::id::{BusinessId, StoredFileId};
use daybook_entity::tenant::files::{FilePurpose, FileState, stored_file, stored_file_chunk};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};

pub use daybook_domain::file::Purpose;

use crate::{
    error::{Code, Error, Result},
    lane::Writing,
    scope::{Access, TenantScope},
};

/// Bytes of one stored part.
pub const PART_BYTES: usize = 256 << 10;

/// A file with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// As its owner calls it.
    pub name: String,
    /// Its type.
    pub media_type: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// The whole of a stored file that the caller may see: of this business, for this purpose, and for who sees
/// only own documents, uploaded by themselves.
///
/// # Errors
/// A refusal of `input.fileId` when there is no such file, or a database that cannot be read.
pub async fn read(
    scope: &TenantScope,
    business: BusinessId,
    id: StoredFileId,
    purpose: Purpose,
) -> Result<StoredFile> {
    let reader = scope.db.reader().await?;
    let row = stored(reader.conn(), &scope.access, business, id, purpose).await?;
    let most = usize::try_from(row.size).unwrap_or(0);
    let mut bytes = Vec::with_capacity(most);
    let mut number = 0;
    while let Some(part) = part_of(reader.conn(), id, number).await? {
        bytes.extend_from_slice(&part);
        number += 1;
    }
    if bytes.len() != most {
        let why = format!("file {id} has {} bytes instead of {most}", bytes.len());
        return Err(Error::Internal(why));
    }
    Ok(StoredFile { name: row.name, media_type: row.media_type, bytes })
}

/// The row of a stored file that somebody may use for a purpose.
///
/// # Errors
/// A refusal of `input.fileId` when there is none.
pub async fn stored(
    conn: &impl ConnectionTrait,
    access: &Access,
    business: BusinessId,
    id: StoredFileId,
    purpose: Purpose,
) -> Result<stored_file::Model> {
    let row = stored_file::Entity::find_by_id(id).one(conn).await?;
    row.filter(|row| {
        row.business_id == business && is_seen(access, row) && purpose_of(row.purpose) == purpose
    })
    .filter(|row| row.state == FileState::Stored)
    .ok_or_else(|| {
        let why = "there is no such file for this; upload one first";
        Error::refused(Code::NotFound, "input.fileId", why)
    })
}

/// Keeps a file for good: something uses it from this transaction on.
///
/// # Errors
/// What the database says.
pub async fn keep(writing: &Writing, row: &stored_file::Model) -> Result<()> {
    let mut row = row.clone().into_active_model();
    row.expires_at = Set(None);
    stored_file::Entity::update(row).exec(writing.conn()).await?;
    Ok(())
}

/// A file by its id, where the caller may see it.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(scope: &TenantScope, id: StoredFileId) -> Result<Option<stored_file::Model>> {
    let reader = scope.db.reader().await?;
    let row = stored_file::Entity::find_by_id(id).one(reader.conn()).await?;
    Ok(row.filter(|row| is_seen(&scope.access, row)))
}

/// One part of a file, counted from 0; none behind its end.
///
/// # Errors
/// What the database says.
pub async fn part_of(
    conn: &impl ConnectionTrait,
    id: StoredFileId,
    number: i32,
) -> Result<Option<Vec<u8>>> {
    let part = stored_file_chunk::Entity::find()
        .filter(stored_file_chunk::Column::FileId.eq(id))
        .filter(stored_file_chunk::Column::Part.eq(number))
        .one(conn)
        .await?;
    Ok(part.map(|part| part.bytes))
}

fn is_seen(access: &Access, row: &stored_file::Model) -> bool {
    access.businesses.includes(row.business_id)
        && (!access.own_documents_only || row.created_by == access.user)
}

/// What a stored purpose means.
pub fn purpose_of(stored: FilePurpose) -> Purpose {
    match stored {
        FilePurpose::Attachment => Purpose::Attachment,
        FilePurpose::Import => Purpose::Import,
        FilePurpose::BankStatement => Purpose::BankStatement,
    }
}
