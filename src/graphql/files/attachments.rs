//! Files beside vouchers in the API.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{UserId, VoucherAttachmentId, VoucherId},
    role::Permission,
};

use super::{StoredFile, downloads::Download, file_of};
use crate::{
    error::Error,
    graphql::{
        books::{
            loaders,
            vouchers::{Voucher, voucher_of},
        },
        context::{Asks, Requires},
        error::ApiResult,
        id,
        scalar::DateTime,
        staff::User,
    },
    payloads,
    services::{
        exports::{self, Opens},
        files::attachments::{self, Attach, Attachment},
    },
    user_errors,
};

/// The kind of an attachment's global id.
pub const VOUCHER_ATTACHMENT: &str = "VoucherAttachment";

/// A file beside a voucher.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct VoucherAttachment {
    /// Opaque global id.
    pub id: ID,
    /// The file.
    pub file: StoredFile,
    /// Words about it.
    pub note: Option<String>,
    /// When it was put there.
    pub attached_at: DateTime,
    /// When it was taken off; null while it stands.
    pub detached_at: Option<DateTime>,
    /// Why it was taken off.
    pub detach_reason: Option<String>,
    #[graphql(skip)]
    number: VoucherAttachmentId,
    #[graphql(skip)]
    beside: VoucherId,
    #[graphql(skip)]
    by: UserId,
    #[graphql(skip)]
    off_by: Option<UserId>,
}

impl From<Attachment> for VoucherAttachment {
    fn from(Attachment { row, file }: Attachment) -> Self {
        Self {
            id: id::encode(VOUCHER_ATTACHMENT, row.id.get()),
            file: file.into(),
            note: row.note,
            attached_at: DateTime(row.attached_at),
            detached_at: row.detached_at.map(DateTime),
            detach_reason: row.reason,
            number: row.id,
            beside: row.voucher_id,
            by: row.attached_by,
            off_by: row.detached_by,
        }
    }
}

#[ComplexObject]
impl VoucherAttachment {
    /// The voucher.
    async fn voucher(&self, ctx: &Context<'_>) -> ApiResult<Voucher> {
        let found = loaders::voucher(ctx, self.beside).await?;
        let none = || Error::Internal("an attachment of an unseen voucher".into());
        Ok(found.map(Voucher::from).ok_or_else(none)?)
    }

    /// Who put it there. Null for callers without USER_READ when it was somebody else.
    async fn attached_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        Ok(loaders::user(ctx, self.by).await?.map(User::from))
    }

    /// Who took it off. Null for callers without USER_READ when it was somebody else.
    async fn detached_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        match self.off_by {
            Some(user) => Ok(loaders::user(ctx, user).await?.map(User::from)),
            None => Ok(None),
        }
    }

    /// Where to fetch the file, for some minutes and for you alone.
    async fn download(&self, ctx: &Context<'_>) -> ApiResult<Download> {
        let office = &ctx.desk()?.office;
        let opens = Opens::Attachment(self.number.get());
        let link = exports::link(office, &*ctx.tenant()?, opens)?;
        Ok(Download::of(office, link, self.file.name.clone()))
    }
}

user_errors!(
    /// Something wrong with a file beside a voucher.
    VoucherAttachmentUserError,
    /// What can be wrong with a file beside a voucher.
    VoucherAttachmentErrorCode {
        /// It was taken off already.
        AlreadyDone,
        /// The file lies beside a voucher already.
        InUse,
        /// There is no such voucher, file or attachment.
        NotFound,
        /// This cannot be left out or empty.
        Required,
        /// The text is too long.
        TooLong,
        /// The voucher has as many files beside it as it can have.
        TooMany,
    }
);

/// A file to be put beside a voucher.
#[derive(InputObject, Debug)]
pub struct VoucherAttachInput {
    /// The voucher.
    pub voucher_id: ID,
    /// The file, uploaded as an ATTACHMENT and used nowhere yet.
    pub file_id: ID,
    /// Words about it, of at most 500 characters.
    pub note: Option<String>,
}

/// A file to be taken off a voucher.
#[derive(InputObject, Debug)]
pub struct VoucherDetachInput {
    /// The attachment.
    pub id: ID,
    /// Why, in at most 500 characters.
    pub reason: String,
}

payloads! {
    /// The attachment as it stands now; null when something was wrong.
    attachment: VoucherAttachment, of Attachment, or VoucherAttachmentUserError;
    /// What putting a file beside a voucher did.
    VoucherAttachPayload
    /// What taking a file off a voucher did.
    VoucherDetachPayload
}

/// Mutations of files beside vouchers.
#[derive(Default, Debug)]
pub struct AttachmentMutation;

#[Object]
impl AttachmentMutation {
    /// Puts an uploaded file beside a voucher. The books stay as they are, so no period lock is asked.
    /// Requires: VOUCHER_ATTACH.
    #[graphql(guard = "Requires(Permission::VoucherAttach)")]
    async fn voucher_attach(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which file, and beside which voucher.")] input: VoucherAttachInput,
    ) -> ApiResult<VoucherAttachPayload> {
        let command = Attach {
            voucher: voucher_of(&input.voucher_id).unwrap_or(VoucherId::new(0)),
            file: file_of(&input.file_id),
            note: input.note,
        };
        let most = ctx.desk()?.office.rules.files.attachments_max;
        VoucherAttachPayload::of(attachments::attach(&*ctx.tenant()?, command, most).await)
    }

    /// Takes a file off a voucher. Who did it and why stays with the voucher, and the file is kept.
    /// Requires: VOUCHER_ATTACH.
    #[graphql(guard = "Requires(Permission::VoucherAttach)")]
    async fn voucher_detach(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which attachment, and why.")] input: VoucherDetachInput,
    ) -> ApiResult<VoucherDetachPayload> {
        let id = VoucherAttachmentId::new(id::number(VOUCHER_ATTACHMENT, &input.id));
        VoucherDetachPayload::of(attachments::detach(&*ctx.tenant()?, id, &input.reason).await)
    }
}
