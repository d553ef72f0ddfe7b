//! Files beside vouchers: put there, taken off with a reason, fetched.
//!
//! They change nothing in the books, so no period lock keeps them away; each leaves its line in the edit
//! log. The bytes of a file that was taken off stay.

use std::collections::HashMap;

use daybook_domain::{
    chain::Canonical,
    id::{StoredFileId, VoucherAttachmentId, VoucherId},
    role::Permission,
};
use daybook_entity::tenant::files::{stored_file, voucher_attachment};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, Set,
};

use super::{Purpose, keep, part_of, stored};
use crate::{
    error::{Code, Error, Result},
    lane::Change,
    scope::TenantScope,
    services::books::{acts::REASON_MAX, registers, vouchers::Wrong},
};

/// A file beside a voucher.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// The row that puts it there.
    pub row: voucher_attachment::Model,
    /// The file.
    pub file: stored_file::Model,
}

impl Attachment {
    /// Whether it was not taken off.
    pub fn is_standing(&self) -> bool {
        self.row.detached_at.is_none()
    }
}

/// A file to be put beside a voucher.
#[derive(Debug, Clone)]
pub struct Attach {
    /// The voucher; none has the number 0.
    pub voucher: VoucherId,
    /// The file; none has the number 0.
    pub file: StoredFileId,
    /// Words about it.
    pub note: Option<String>,
}

/// Puts an uploaded file beside a voucher that the caller sees; at most so many stand there.
///
/// # Errors
/// No permission, or refusals: no such voucher or file, a file in use already, too many files.
pub async fn attach(scope: &TenantScope, command: Attach, most: usize) -> Result<Attachment> {
    scope.require(Permission::VoucherAttach)?;
    let mut wrong = Wrong::below("input");
    let note = wrong.text("note", command.note.as_deref(), REASON_MAX, true);
    let found = registers::find(scope, &[command.voucher], false).await?.into_iter().next();
    if found.is_none() {
        wrong.add(Code::NotFound, "voucherId", "there is no such voucher");
    }
    wrong.finish()?;
    let Some(voucher) = found else { return Err(Error::Internal("no voucher".into())) };
    let access = scope.access.clone();
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let conn = writing.conn();
                let purpose = Purpose::Attachment;
                let file = stored(conn, &access, voucher.business, command.file, purpose).await?;
                if file.expires_at.is_none() {
                    let why = "this file lies beside a voucher already; upload it anew";
                    return Err(Error::refused(Code::InUse, "input.fileId", why));
                }
                let standing = voucher_attachment::Entity::find()
                    .filter(voucher_attachment::Column::VoucherId.eq(voucher.id))
                    .filter(voucher_attachment::Column::DetachedAt.is_null())
                    .count(conn)
                    .await?;
                if usize::try_from(standing).unwrap_or(usize::MAX) >= most {
                    let why = format!("a voucher has at most {most} files beside it");
                    return Err(Error::refused(Code::TooMany, "input.voucherId", why));
                }
                let row = voucher_attachment::Model {
                    id: VoucherAttachmentId::new(writing.next_id()?),
                    business_id: voucher.business,
                    voucher_id: voucher.id,
                    file_id: file.id,
                    note,
                    attached_by: access.user,
                    attached_at: writing.recorded_at(),
                    detached_by: None,
                    detached_at: None,
                    reason: None,
                };
                let new = voucher_attachment::ActiveModel::from(row.clone());
                voucher_attachment::Entity::insert(new)
                    .exec_without_returning(writing.conn())
                    .await?;
                keep(writing, &file).await?;
                let file = stored_file::Model { expires_at: None, ..file };
                let said = told(&row, &file).text_if("note", row.note.as_deref());
                writing.audit(change("FILE_ATTACHED", &row, said));
                Ok(Attachment { row, file })
            })
        })
        .await
}

/// Takes a file off a voucher. Who took it off, when and why stays, and so do its bytes.
///
/// # Errors
/// No permission, or refusals: no such attachment, taken off already, no reason.
pub async fn detach(
    scope: &TenantScope,
    id: VoucherAttachmentId,
    reason: &str,
) -> Result<Attachment> {
    scope.require(Permission::VoucherAttach)?;
    let mut wrong = Wrong::below("input");
    let reason = wrong.reason(Some(reason));
    wrong.finish()?;
    let missing = || Error::refused(Code::NotFound, "input.id", "there is no such attachment");
    let found = find(scope, id).await?.ok_or_else(missing)?;
    let user = scope.access.user;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let now = voucher_attachment::Entity::find_by_id(id).one(writing.conn()).await?;
                let mut after = now.ok_or_else(missing)?;
                if after.detached_at.is_some() {
                    let why = "this file was taken off already";
                    return Err(Error::refused(Code::AlreadyDone, "input.id", why));
                }
                let mut row = after.clone().into_active_model();
                after.detached_by = Some(user);
                after.detached_at = Some(writing.recorded_at());
                after.reason = Some(reason.clone());
                row.detached_by = Set(after.detached_by);
                row.detached_at = Set(after.detached_at);
                row.reason = Set(after.reason.clone());
                voucher_attachment::Entity::update(row).exec(writing.conn()).await?;
                let said = told(&after, &found.file).text("reason", &reason);
                writing.audit(change("FILE_DETACHED", &after, said));
                Ok(Attachment { row: after, file: found.file })
            })
        })
        .await
}

fn told(row: &voucher_attachment::Model, file: &stored_file::Model) -> Canonical {
    Canonical::new()
        .int("voucher", row.voucher_id.get())
        .int("file", row.file_id.get())
        .text("name", &file.name)
        .text_if("sha256", file.sha256.as_deref())
}

fn change(action: &'static str, row: &voucher_attachment::Model, said: Canonical) -> Change {
    Change {
        action,
        subject_type: "VoucherAttachment",
        subject: Some(row.id.get()),
        business: Some(row.business_id),
        canonical: said.finish(),
    }
}

/// The files beside some vouchers, which the caller sees, in the order in which they came; those that were
/// taken off included.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_vouchers(
    scope: &TenantScope,
    ids: &[VoucherId],
) -> Result<HashMap<VoucherId, Vec<Attachment>>> {
    let reader = scope.db.reader().await?;
    let mut found: HashMap<VoucherId, Vec<Attachment>> = HashMap::new();
    for some in ids.chunks(500) {
        let rows = voucher_attachment::Entity::find()
            .filter(voucher_attachment::Column::VoucherId.is_in(some.iter().copied()))
            .order_by_asc(voucher_attachment::Column::Id)
            .all(reader.conn())
            .await?;
        for one in with_files(reader.conn(), rows).await? {
            found.entry(one.row.voucher_id).or_default().push(one);
        }
    }
    Ok(found)
}

/// An attachment of a voucher that the caller sees.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, id: VoucherAttachmentId) -> Result<Option<Attachment>> {
    scope.require(Permission::VoucherRead)?;
    let reader = scope.db.reader().await?;
    let row = voucher_attachment::Entity::find_by_id(id).one(reader.conn()).await?;
    let found = with_files(reader.conn(), row.into_iter().collect()).await?.pop();
    drop(reader);
    let Some(found) = found else { return Ok(None) };
    let seen = registers::find(scope, &[found.row.voucher_id], false).await?;
    Ok((!seen.is_empty()).then_some(found))
}

async fn with_files(
    conn: &impl ConnectionTrait,
    rows: Vec<voucher_attachment::Model>,
) -> Result<Vec<Attachment>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids = rows.iter().map(|row| row.file_id);
    let files = stored_file::Entity::find().filter(stored_file::Column::Id.is_in(ids));
    let files: HashMap<StoredFileId, stored_file::Model> =
        files.all(conn).await?.into_iter().map(|file| (file.id, file)).collect();
    let both = rows.into_iter().filter_map(|row| {
        let file = files.get(&row.file_id)?.clone();
        Some(Attachment { row, file })
    });
    Ok(both.collect())
}

/// One part of an attachment's bytes, counted from 0; none behind its end.
///
/// # Errors
/// When the database cannot be read.
pub async fn part(scope: &TenantScope, found: &Attachment, number: i32) -> Result<Option<Vec<u8>>> {
    let reader = scope.db.reader().await?;
    part_of(reader.conn(), found.file.id, number).await
}
