//! Vouchers in the API.

use std::collections::HashMap;

use std::borrow::Cow;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{LedgerId, LockExceptionId, UserId, VoucherId, VoucherTypeId},
    role::Permission,
};
use daybook_entity::tenant::{books::VoucherKind as StoredKind, business::business};

pub use super::voucher_errors::{VoucherErrorCode, VoucherUserError};
use super::{
    acts::{VoucherAct, claim},
    bills::VoucherBill,
    bulk::{VoucherBulkItemInput, VoucherBulkPostInput, VoucherBulkPostPayload},
    businesses::{Business, asked},
    documents::VoucherItem,
    drafts::{Done, VoucherDraft},
    entries::{VoucherEntry, VoucherEntryInput, money},
    ledgers::{LEDGER, Ledger},
    loaders,
    lock_exceptions::LockException,
};
use crate::{
    connection,
    error::{Error, Result},
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        files::attachments::VoucherAttachment,
        id,
        master::types::{VOUCHER_TYPE, VoucherType},
        page::PageAsk,
        retry::input_hash,
        scalar::{Date, DateTime, Decimal, Money},
        staff::User,
    },
    lane::{PostedEntry, PostedVoucher, stored::has_items},
    scope::TenantScope,
    services::books::{
        chart,
        registers::{self, Order, Status},
        vouchers::{self, PostVoucher},
    },
};

/// A posted voucher, as its current version says.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct Voucher {
    /// Opaque global id.
    pub id: ID,
    /// Its number, unique in its series; it never changes.
    pub number: String,
    /// Day it counts in the books.
    pub date: Date,
    /// Whether it is ordinary, an opening, an imported closing, or made by the program.
    pub kind: VoucherKind,
    /// Words about the voucher.
    pub narration: Option<String>,
    /// The other side's number, such as that of a cheque or a supplier's bill.
    pub reference: Option<String>,
    /// Date of that reference.
    pub reference_date: Option<Date>,
    /// When it happened, where that was told.
    pub occurred_at: Option<DateTime>,
    /// 1 when first posted; rises with each amendment.
    pub version: i32,
    /// When this version was stored.
    pub recorded_at: DateTime,
    #[graphql(skip)]
    pub(crate) posted: PostedVoucher,
}

/// Why a voucher is there.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoucherKind {
    /// Something happened.
    Ordinary,
    /// A balance was brought in when the books began.
    Opening,
    /// The closing entry of an imported year.
    Closing,
    /// Made by the program itself.
    System,
}

/// How a voucher stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub enum VoucherStatus {
    /// It counts.
    Posted,
    /// It was taken back; its number stays used.
    Cancelled,
    /// A later voucher reverses it.
    Reversed,
}

/// The kind of a voucher's global id.
pub const VOUCHER: &str = "Voucher";

impl From<PostedVoucher> for Voucher {
    fn from(posted: PostedVoucher) -> Self {
        Self {
            id: id::encode(VOUCHER, posted.id.get()),
            number: posted.number.clone(),
            date: Date(posted.dated),
            kind: match posted.kind {
                StoredKind::Ordinary => VoucherKind::Ordinary,
                StoredKind::Opening => VoucherKind::Opening,
                StoredKind::Closing => VoucherKind::Closing,
                StoredKind::System => VoucherKind::System,
            },
            narration: posted.narration.clone(),
            reference: posted.reference.clone(),
            reference_date: posted.reference_date.map(Date),
            occurred_at: posted.occurred_at.map(DateTime),
            version: posted.version,
            recorded_at: DateTime(posted.recorded_at),
            posted,
        }
    }
}

impl Voucher {
    /// Its entries: those that were read with it, or else by the loader.
    async fn read_entries(&self, ctx: &Context<'_>) -> ApiResult<Cow<'_, [PostedEntry]>> {
        if self.posted.entries.is_empty() {
            Ok(Cow::Owned(loaders::entries(ctx, self.posted.version_id).await?))
        } else {
            Ok(Cow::Borrowed(&self.posted.entries))
        }
    }
}

#[ComplexObject]
impl Voucher {
    /// The business in whose books it is.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.posted.business, |business| business.clone().into()).await
    }

    /// Its type.
    async fn voucher_type(&self, ctx: &Context<'_>) -> ApiResult<VoucherType> {
        let found = VoucherType::find(&*ctx.tenant()?, self.posted.voucher_type).await?;
        found.ok_or_else(|| Error::Internal("a voucher of no type".into()).into())
    }

    /// Who posted it, or for whom a machine with a key did. Null when the program itself did, and for
    /// callers without USER_READ when it was somebody else.
    async fn created_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        match self.posted.created_by {
            Some(user) => Ok(loaders::user(ctx, UserId::new(user)).await?.map(User::from)),
            None => Ok(None),
        }
    }

    /// Sum of its debits, which is the sum of its credits.
    async fn total(&self, ctx: &Context<'_>) -> ApiResult<Money> {
        let total = self.posted.total;
        loaders::business(ctx, self.posted.business, |business| money(total, business)).await
    }

    /// How it stands.
    async fn status(&self, ctx: &Context<'_>) -> ApiResult<VoucherStatus> {
        Ok(loaders::status(ctx, self.posted.id).await?.into())
    }

    /// Its party, where it has one.
    async fn party(&self, ctx: &Context<'_>) -> ApiResult<Option<Ledger>> {
        match self.posted.party {
            Some(party) => Ok(Some(loaders::ledger(ctx, party).await?)),
            None => Ok(None),
        }
    }

    /// Which bills its entries open and settle, in order.
    async fn bills(&self, ctx: &Context<'_>) -> ApiResult<Vec<VoucherBill>> {
        let business = self.posted.business;
        let read = loaders::bills(ctx, self.posted.version_id).await?;
        Ok(read.into_iter().map(|row| VoucherBill::of(row, business)).collect())
    }

    /// The files beside it, in the order in which they came; with `includeDetached` also those that were
    /// taken off.
    async fn attachments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whether those are shown that were taken off.", default)]
        include_detached: bool,
    ) -> ApiResult<Vec<VoucherAttachment>> {
        let read = loaders::attachments(ctx, self.posted.id).await?;
        let shown = read.into_iter().filter(|one| include_detached || one.is_standing());
        Ok(shown.map(VoucherAttachment::from).collect())
    }

    /// What was done to it since, oldest first.
    async fn acts(&self, ctx: &Context<'_>) -> ApiResult<Vec<VoucherAct>> {
        let read = loaders::acts(ctx, self.posted.id).await?;
        Ok(read.into_iter().map(VoucherAct::from).collect())
    }

    /// The exception by which it passed a period lock; null where it met none, and for callers without
    /// LOCK_EXCEPTION_READ.
    async fn lock_exception(&self, ctx: &Context<'_>) -> ApiResult<Option<LockException>> {
        match self.posted.lock_exception {
            Some(id) => {
                let found = loaders::lock_exception(ctx, LockExceptionId::new(id)).await?;
                Ok(found.map(LockException::from))
            }
            None => Ok(None),
        }
    }

    /// Goods and services on it, in order.
    async fn items(&self, ctx: &Context<'_>) -> ApiResult<Vec<VoucherItem>> {
        if !has_items(self.posted.base_type) {
            return Ok(Vec::new());
        }
        let items = loaders::items(ctx, self.posted.version_id).await?;
        let shown = |business: &business::Model| {
            items.iter().map(|item| VoucherItem::of(item, business)).collect()
        };
        loaders::business(ctx, self.posted.business, shown).await
    }

    /// Whether its entries count in the books. Those of memoranda and reversing journals count only in
    /// statements that are asked for a scenario.
    async fn affects_books(&self) -> bool {
        self.posted.base_type.affects_books()
    }

    /// Of a reversing journal, the last day on which scenarios count it.
    async fn applies_until(&self, ctx: &Context<'_>) -> ApiResult<Option<Date>> {
        if !self.posted.base_type.is_scenario() {
            return Ok(None);
        }
        let entries = self.read_entries(ctx).await?;
        Ok(entries.first().and_then(|entry| entry.detail.applies_until).map(Date))
    }

    /// Its entries in order.
    async fn entries(&self, ctx: &Context<'_>) -> ApiResult<Vec<VoucherEntry>> {
        let scope = &ctx.tenant()?;
        let entries = self.read_entries(ctx).await?;
        let exponent_of = |code: &str| scope.catalogue.currency_exponent(code);
        let shown = |business: &business::Model| {
            let version = self.posted.version_id;
            let shown = entries.iter();
            shown.map(|entry| VoucherEntry::of(entry, version, business, exponent_of)).collect()
        };
        loaders::business(ctx, self.posted.business, shown).await
    }
}

connection!(
    /// Vouchers by date.
    VoucherConnection, VoucherEdge, Voucher
);

/// Which vouchers to list; all conditions hold together.
#[derive(InputObject, Debug, Default)]
pub struct VoucherFilter {
    /// The whole number.
    pub number: Option<String>,
    /// Of these types.
    pub voucher_type_ids: Option<Vec<ID>>,
    /// Not dated before this day.
    pub from: Option<Date>,
    /// Not dated after this day.
    pub to: Option<Date>,
    /// With an entry on this ledger.
    pub ledger_id: Option<ID>,
    /// Of this party.
    pub party_id: Option<ID>,
    /// That stand so.
    pub status: Option<VoucherStatus>,
    /// Total at least this, in the business's currency.
    pub total_min: Option<Decimal>,
    /// Total at most this, in the business's currency.
    pub total_max: Option<Decimal>,
    /// Part of narration or reference, whatever its case.
    pub text: Option<String>,
}

/// In which order to list vouchers.
#[derive(InputObject, Debug)]
pub struct VoucherOrder {
    /// By what.
    #[graphql(default_with = "VoucherOrderField::Date")]
    pub field: VoucherOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Desc")]
    pub direction: OrderDirection,
}

/// By what vouchers are ordered.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoucherOrderField {
    /// Book date; vouchers of one day by when they were posted.
    Date,
}

/// Which way a list is ordered.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderDirection {
    /// Least or oldest first.
    Asc,
    /// Greatest or newest first.
    Desc,
}

/// A voucher to be posted.
#[derive(InputObject, Debug, Clone)]
pub struct VoucherPostInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again posts nothing
    /// more and answers what the first call made.
    pub idempotency_key: String,
    /// In whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// Its type: one that counts in the books, a memorandum or a reversing journal.
    pub voucher_type_id: ID,
    /// Day it counts in the books.
    pub date: Date,
    /// Words about the voucher.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Date of that reference.
    pub reference_date: Option<Date>,
    /// When it happened.
    pub occurred_at: Option<DateTime>,
    /// Of a reversing journal: the last day on which scenarios count it.
    pub applies_until: Option<Date>,
    /// The exception by which it shall pass a soft period lock. Left out, one that you hold is found.
    pub lock_exception_id: Option<ID>,
    /// At least two entries whose debits equal their credits.
    pub entries: Vec<VoucherEntryInput>,
    /// Whether an entry on Round Off takes what rounding leaves of entries in other currencies: at most one
    /// minor unit for each of them.
    pub close_residue: Option<bool>,
    /// Shows what would be posted, with a number for preview, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

impl VoucherPostInput {
    /// The same input with every number written in its shortest form: "7.0" and "7.00" are one input.
    fn plain(&self) -> Self {
        let mut plain = self.clone();
        plain.entries.iter_mut().for_each(VoucherEntryInput::shorten);
        plain
    }
}

/// What posting a voucher did.
#[derive(SimpleObject, Debug)]
pub struct VoucherPostPayload {
    /// The voucher; null when something was wrong, or while it waits for approval.
    pub voucher: Option<Voucher>,
    /// The draft that waits for approval, where the business wants that.
    pub draft: Option<VoucherDraft>,
    /// Whether an earlier call with the same key had posted it.
    pub replayed: bool,
    /// Whether nothing was stored because only a preview was asked.
    pub dry_run: bool,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<VoucherUserError>,
}

/// Queries of vouchers.
#[derive(Default, Debug)]
pub struct VoucherQuery;

#[Object]
impl VoucherQuery {
    /// Vouchers of a business by date, the newest first unless asked otherwise. Roles that see only
    /// their own documents see only those. Requires: VOUCHER_READ.
    #[graphql(
        guard = "Requires(Permission::VoucherRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn vouchers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Which vouchers.")] filter: Option<VoucherFilter>,
        #[graphql(desc = "In which order; by date, the newest first, when left out.")]
        order_by: Option<VoucherOrder>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<VoucherConnection> {
        let scope = &ctx.tenant()?;
        let order = match order_by {
            Some(VoucherOrder { direction: OrderDirection::Asc, .. }) => Order::Oldest,
            _ => Order::Newest,
        };
        let bound = if order == Order::Newest { "vouchers:date:desc" } else { "vouchers:date:asc" };
        let ask = PageAsk::new(ctx, bound, first, after.as_deref())?;
        let business = asked(business_id.as_ref());
        let chart = chart::chart(scope).await?;
        let exponent = chart::exponent(chart.asked(scope, business)?);
        let filter = filtered(filter.unwrap_or_default(), exponent)?;
        let looks = ctx.look_ahead();
        let with_entries = looks.field("nodes").field("entries").exists()
            || looks.field("edges").field("node").field("entries").exists();
        let page =
            registers::list_vouchers(scope, business, &filter, order, &ask, with_entries).await?;
        Ok(VoucherConnection::of(bound, &ask, page))
    }

    /// One voucher. Requires: VOUCHER_READ.
    #[graphql(guard = "Requires(Permission::VoucherRead)")]
    async fn voucher(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The voucher's id.")] id: ID,
    ) -> ApiResult<Option<Voucher>> {
        find(ctx, voucher_of(&id)).await
    }
}

/// A voucher that the caller may see.
pub async fn find(ctx: &Context<'_>, id: Option<VoucherId>) -> ApiResult<Option<Voucher>> {
    let Some(id) = id else { return Ok(None) };
    Ok(find_all(&*ctx.tenant()?, &[id]).await?.remove(&id))
}

/// Those of these vouchers that the caller may see.
pub async fn find_all(
    scope: &TenantScope,
    ids: &[VoucherId],
) -> Result<HashMap<VoucherId, Voucher>> {
    let found = registers::find(scope, ids, true).await?;
    Ok(found.into_iter().map(|one| (one.id, Voucher::from(one))).collect())
}

/// The voucher that a global id names.
pub fn voucher_of(global: &ID) -> Option<VoucherId> {
    id::decode(VOUCHER, global).map(VoucherId::new)
}

fn filtered(filter: VoucherFilter, exponent: u8) -> ApiResult<registers::VoucherFilter> {
    let amount = |name: &str, value: Option<Decimal>| {
        value
            .map(|text| daybook_domain::money::Money::parse(&text.0, exponent))
            .transpose()
            .map_err(|why| Error::bad_input(format!("filter.{name}"), why.to_string()))
    };
    let ledger = |global: &ID| LedgerId::new(id::number(LEDGER, global));
    let kind = |global: &ID| VoucherTypeId::new(id::number(VOUCHER_TYPE, global));
    Ok(registers::VoucherFilter {
        number: filter.number,
        voucher_types: filter.voucher_type_ids.map(|ids| ids.iter().map(kind).collect()),
        from: filter.from.map(|day| day.0),
        to: filter.to.map(|day| day.0),
        ledger: filter.ledger_id.as_ref().map(ledger),
        party: filter.party_id.as_ref().map(ledger),
        status: filter.status.map(Status::from),
        total_min: amount("totalMin", filter.total_min)?,
        total_max: amount("totalMax", filter.total_max)?,
        text: filter.text.filter(|text| !text.is_empty()),
    })
}

/// Mutations of vouchers.
#[derive(Default, Debug)]
pub struct VoucherMutation;

#[Object]
impl VoucherMutation {
    /// Posts a voucher. Its debits and credits must be equal; it gets its number, and nothing changes
    /// it afterwards. Where the business wants approval, it becomes a draft that waits for it.
    /// Requires: VOUCHER_POST.
    #[graphql(
        guard = "Requires(Permission::VoucherPost)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn voucher_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The voucher.")] input: VoucherPostInput,
    ) -> ApiResult<VoucherPostPayload> {
        let scope = &ctx.tenant()?;
        let claim = claim("voucherPost", &input.idempotency_key, input_hash(&input.plain()));
        let dry_run = input.dry_run;
        let command = PostVoucher::from(VoucherBulkItemInput {
            business_id: input.business_id,
            voucher_type_id: input.voucher_type_id,
            date: input.date,
            narration: input.narration,
            reference: input.reference,
            reference_date: input.reference_date,
            occurred_at: input.occurred_at,
            applies_until: input.applies_until,
            lock_exception_id: input.lock_exception_id,
            entries: input.entries,
            close_residue: input.close_residue,
        });
        let done = vouchers::post(scope, command, claim, dry_run).await;
        let Done { voucher, draft, replayed, user_errors } = Done::of(ctx, done).await?;
        Ok(VoucherPostPayload { voucher, draft, replayed, dry_run, user_errors })
    }

    /// Posts several vouchers, all or none, in one transaction. Requires: VOUCHER_POST.
    #[graphql(
        guard = "Requires(Permission::VoucherPost)",
        complexity = "crate::graphql::cost::of_many(input.vouchers.len(), child_complexity.saturating_add(15))"
    )]
    async fn voucher_bulk_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The vouchers.")] input: VoucherBulkPostInput,
    ) -> ApiResult<VoucherBulkPostPayload> {
        let scope = &ctx.tenant()?;
        let mut plain = input.clone();
        let entries = plain.vouchers.iter_mut().flat_map(|voucher| &mut voucher.entries);
        entries.for_each(VoucherEntryInput::shorten);
        let claim = claim("voucherBulkPost", &input.idempotency_key, input_hash(&plain));
        let dry_run = input.dry_run;
        let commands = input.vouchers.into_iter().map(PostVoucher::from).collect();
        let done = vouchers::post_all(scope, commands, claim, dry_run).await;
        let (posted, user_errors) = answer(done)?;
        let Some(posted) = posted else {
            let vouchers = Vec::new();
            return Ok(VoucherBulkPostPayload { vouchers, replayed: false, dry_run, user_errors });
        };
        let vouchers = if posted.vouchers.is_empty() {
            let mut found = registers::find(scope, &posted.ids, true).await?;
            found.sort_by_key(|one| posted.ids.iter().position(|id| *id == one.id));
            found
        } else {
            posted.vouchers
        };
        let vouchers = vouchers.into_iter().map(Voucher::from).collect();
        let replayed = posted.replayed;
        Ok(VoucherBulkPostPayload { vouchers, replayed, dry_run, user_errors })
    }
}
