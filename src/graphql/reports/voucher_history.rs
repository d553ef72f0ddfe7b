//! The history of a voucher in the API.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};
use daybook_domain::{id::UserId, role::Permission};
use daybook_entity::tenant::books::ActKind;

use crate::{
    connection,
    graphql::{
        books::{
            audit::{AuditChange, change},
            loaders,
            vouchers::{Voucher, voucher_of},
        },
        context::{Asks, Requires},
        error::ApiResult,
        page::{Ahead, PageAsk},
        scalar::{Date, DateTime},
        staff::User,
    },
    services::reports::registers::{
        exceptions::Act,
        history::{self as service, Version, Wanted},
    },
};

const VERSIONS: &str = "voucherHistory:versions";
const ACTS: &str = "voucherHistory:acts";

/// What happened to a voucher: every version that it stood in, and every act on it.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct VoucherHistory {
    /// The voucher in its last version.
    pub voucher: Voucher,
    #[graphql(skip)]
    versions: Ahead<VoucherHistoryVersion>,
    #[graphql(skip)]
    acts: Ahead<VoucherHistoryAct>,
}

/// A voucher as it stood after being posted or amended.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct VoucherHistoryVersion {
    /// 1 when first posted; one more for each amendment.
    pub version: i32,
    /// When it was stored.
    pub recorded_at: DateTime,
    /// The voucher in this version, with its entries.
    pub voucher: Voucher,
    /// Whether it stands: it was neither amended nor cancelled.
    pub is_standing: bool,
    /// By what it ended; null where it stands.
    pub ended_by: Option<VoucherHistoryActKind>,
    /// When it ended; null where it stands.
    pub ended_at: Option<DateTime>,
    /// What it changed of the version before, field by field; empty for the first version.
    pub changes: Vec<AuditChange>,
    #[graphql(skip)]
    made_by: Option<UserId>,
}

/// An act on a voucher.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct VoucherHistoryAct {
    /// What was done.
    pub kind: VoucherHistoryActKind,
    /// The version that it was done to.
    pub version: i32,
    /// Day in the books: of a cancelled or amended voucher, that of the version that ended.
    pub date: Date,
    /// Why it was done.
    pub reason: Option<String>,
    /// The voucher that has to do with it, such as the one by which it was reversed.
    pub related_voucher: Option<Voucher>,
    /// When it was stored.
    pub recorded_at: DateTime,
    #[graphql(skip)]
    acted: Option<UserId>,
}

/// What was done to a voucher.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "ActKind")]
pub enum VoucherHistoryActKind {
    /// It was taken back whole; its number stays used.
    Cancelled,
    /// It was taken back and stored as a new version.
    Amended,
    /// Another voucher reverses it.
    Reversed,
    /// Some of it was set against a bill later.
    Allocated,
    /// Such an allocation was undone.
    Deallocated,
}

connection!(
    /// Versions of a voucher, the oldest first.
    VoucherHistoryVersionConnection, VoucherHistoryVersionEdge, VoucherHistoryVersion
);
connection!(
    /// Acts on a voucher, the oldest first.
    VoucherHistoryActConnection, VoucherHistoryActEdge, VoucherHistoryAct
);

impl From<Act> for VoucherHistoryAct {
    fn from(act: Act) -> Self {
        Self {
            kind: act.kind.into(),
            version: act.version,
            date: Date(act.dated),
            reason: act.reason,
            related_voucher: act.related.map(Voucher::from),
            recorded_at: DateTime(act.recorded_at),
            acted: act.acted_by,
        }
    }
}

impl From<Version> for VoucherHistoryVersion {
    fn from(version: Version) -> Self {
        Self {
            version: version.voucher.version,
            recorded_at: DateTime(version.voucher.recorded_at),
            is_standing: version.ended.is_none(),
            ended_by: version.ended.map(|(kind, _)| kind.into()),
            ended_at: version.ended.map(|(_, at)| DateTime(at)),
            changes: version.changes.into_iter().map(change).collect(),
            made_by: version.made_by,
            voucher: version.voucher.into(),
        }
    }
}

#[ComplexObject]
impl VoucherHistoryAct {
    /// Who did it, or for whom a machine with a key did. Null when the program itself did, and for callers
    /// without USER_READ when it was somebody else.
    async fn acted_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        user(ctx, self.acted).await
    }
}

#[ComplexObject]
impl VoucherHistoryVersion {
    /// Who posted or amended it, or for whom a machine with a key did. Null when the program itself did,
    /// and for callers without USER_READ when it was somebody else.
    async fn recorded_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        user(ctx, self.made_by).await
    }
}

async fn user(ctx: &Context<'_>, id: Option<UserId>) -> ApiResult<Option<User>> {
    match id {
        Some(id) => Ok(loaders::user(ctx, id).await?.map(User::from)),
        None => Ok(None),
    }
}

#[ComplexObject]
impl VoucherHistory {
    /// Its versions, the oldest first.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<VoucherHistoryVersionConnection> {
        let ask = PageAsk::new(ctx, VERSIONS, first, after.as_deref())?;
        Ok(VoucherHistoryVersionConnection::of(VERSIONS, &ask, self.versions.page(&ask)?))
    }

    /// What was done to it later, the oldest first.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn acts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<VoucherHistoryActConnection> {
        let ask = PageAsk::new(ctx, ACTS, first, after.as_deref())?;
        Ok(VoucherHistoryActConnection::of(ACTS, &ask, self.acts.page(&ask)?))
    }
}

/// Queries of histories of vouchers.
#[derive(Default, Debug)]
pub struct VoucherHistoryQuery;

#[Object]
impl VoucherHistoryQuery {
    /// The history of a voucher, from the edit log's rows in the books; null when there is none that you
    /// may see, and for roles that see only their own documents. `auditLogs(subjectId:)` lists the lines of
    /// the log itself. Requires: AUDIT_READ.
    #[graphql(
        guard = "Requires(Permission::AuditRead)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity)"
    )]
    async fn voucher_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The voucher's id.")] voucher_id: ID,
    ) -> ApiResult<Option<VoucherHistory>> {
        let below = ctx.look_ahead().field("versions");
        let wanted = Wanted {
            versions: PageAsk::ahead(ctx, &["versions"], VERSIONS)?,
            with_changes: below.field("nodes").field("changes").exists()
                || below.field("edges").field("node").field("changes").exists(),
            acts: PageAsk::ahead(ctx, &["acts"], ACTS)?,
        };
        let found = service::history(&*ctx.tenant()?, voucher_of(&voucher_id), &wanted).await?;
        Ok(found.map(|found| {
            let versions = found.versions.into_iter();
            let versions = versions.map(|page| page.map(VoucherHistoryVersion::from));
            let acts = found.acts.into_iter().map(|page| page.map(VoucherHistoryAct::from));
            VoucherHistory {
                voucher: found.voucher.into(),
                versions: Ahead::of(wanted.versions, versions.collect()),
                acts: Ahead::of(wanted.acts, acts.collect()),
            }
        }))
    }
}
