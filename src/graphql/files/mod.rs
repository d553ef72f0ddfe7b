//! Files in the API: sent in here, attached to vouchers, fetched.

pub mod attachments;
pub mod downloads;
pub mod uploads;

use async_graphql::{ComplexObject, Context, Enum, ID, MergedObject, SimpleObject};
use daybook_domain::{
    file,
    id::{BusinessId, StoredFileId, UserId},
    role::Permission,
};
use daybook_entity::tenant::files::{FileState as Stored, stored_file};

use super::{
    books::{businesses::Business, loaders},
    context::Asks,
    error::ApiResult,
    id,
    scalar::DateTime,
    staff::User,
};
use crate::services::files as service;

/// Mutations of files.
#[derive(MergedObject, Default, Debug)]
pub struct FilesMutation(
    uploads::UploadMutation,
    attachments::AttachmentMutation,
    downloads::DownloadMutation,
);

/// The kind of a file's global id.
pub const STORED_FILE: &str = "StoredFile";

/// What a file is for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "file::Purpose")]
pub enum FilePurpose {
    /// To lie beside a voucher: PDF, PNG, JPEG, WebP, XLSX, CSV or text.
    Attachment,
    /// Books of another program, to be read in: CSV, XLSX, XML, text, JSON or ZIP.
    Import,
    /// A bank's statement, to be compared: CSV, XLSX, OFX, text or XML.
    BankStatement,
}

/// How far a file has come.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Stored")]
pub enum FileState {
    /// Its bytes are still to come.
    Awaited,
    /// All of it is here.
    Stored,
}

/// A file that somebody uploaded, or is about to.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct StoredFile {
    /// Opaque global id.
    pub id: ID,
    /// As its owner calls it.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// How many bytes it has.
    pub size: i32,
    /// SHA-256 of its bytes in hexadecimal, once they are here.
    pub sha256: Option<String>,
    /// What it is for.
    pub purpose: FilePurpose,
    /// How far it has come.
    pub state: FileState,
    /// When it was announced.
    pub created_at: DateTime,
    /// When it goes, unless its bytes come and something uses it before; null for one in use.
    pub expires_at: Option<DateTime>,
    #[graphql(skip)]
    in_books: BusinessId,
    #[graphql(skip)]
    by: UserId,
}

#[ComplexObject]
impl StoredFile {
    /// For whose books.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.in_books, |one| one.clone().into()).await
    }

    /// Who uploads it. Null for callers without USER_READ when it was somebody else.
    async fn created_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        Ok(loaders::user(ctx, self.by).await?.map(User::from))
    }
}

impl From<stored_file::Model> for StoredFile {
    fn from(row: stored_file::Model) -> Self {
        Self {
            id: id::encode(STORED_FILE, row.id.get()),
            name: row.name,
            media_type: row.media_type,
            size: i32::try_from(row.size).unwrap_or(i32::MAX),
            sha256: row.sha256,
            purpose: service::purpose_of(row.purpose).into(),
            state: row.state.into(),
            created_at: DateTime(row.created_at),
            expires_at: row.expires_at.map(DateTime),
            in_books: row.business_id,
            by: row.created_by,
        }
    }
}

/// The file that a global id names; no file has the number 0.
pub fn file_of(global: &ID) -> StoredFileId {
    StoredFileId::new(id::number(STORED_FILE, global))
}

/// A file by its number, where the caller may see it.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(ctx: &Context<'_>, number: i64) -> ApiResult<Option<StoredFile>> {
    let scope = &*ctx.tenant()?;
    scope.require(Permission::FileUpload)?;
    Ok(service::find(scope, StoredFileId::new(number)).await?.map(StoredFile::from))
}
