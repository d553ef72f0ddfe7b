//! Several vouchers posted together, in the API.

use async_graphql::{ID, InputObject, SimpleObject};
use daybook_domain::id::LockExceptionId;

use super::{
    businesses::asked,
    entries::VoucherEntryInput,
    lock_exceptions::exception_of,
    vouchers::{Voucher, VoucherUserError},
};
use crate::{
    graphql::{
        master::types::type_of,
        scalar::{Date, DateTime},
    },
    services::books::vouchers::PostVoucher,
};

/// One of several vouchers to be posted together.
#[derive(InputObject, Debug, Clone)]
pub struct VoucherBulkItemInput {
    /// In whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// Its type, one that counts in the books.
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
    /// An exception by which it may enter a locked period; one that the caller holds is found without it.
    pub lock_exception_id: Option<ID>,
    /// At least two entries whose debits equal their credits.
    pub entries: Vec<VoucherEntryInput>,
    /// Whether an entry on Round Off takes what rounding leaves of entries in other currencies: at most one
    /// minor unit for each of them.
    pub close_residue: Option<bool>,
}

impl From<VoucherBulkItemInput> for PostVoucher {
    fn from(input: VoucherBulkItemInput) -> Self {
        Self {
            business: asked(input.business_id.as_ref()),
            voucher_type: type_of(&input.voucher_type_id),
            dated: input.date.0,
            narration: input.narration,
            reference: input.reference,
            reference_date: input.reference_date.map(|day| day.0),
            occurred_at: input.occurred_at.map(|instant| instant.0),
            applies_until: input.applies_until.map(|day| day.0),
            // No exception has the number 0.
            lock_exception: input
                .lock_exception_id
                .as_ref()
                .map(|global| exception_of(global).map_or(0, LockExceptionId::get)),
            entries: input.entries.into_iter().map(Into::into).collect(),
            close_residue: input.close_residue.unwrap_or(false),
        }
    }
}

/// Vouchers to be posted together, all or none.
#[derive(InputObject, Debug, Clone)]
pub struct VoucherBulkPostInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again posts nothing
    /// more and answers what the first call made.
    pub idempotency_key: String,
    /// 1 to 500 vouchers; they get their numbers in this order.
    pub vouchers: Vec<VoucherBulkItemInput>,
    /// Shows what would be posted, with numbers for preview, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// What posting several vouchers did.
#[derive(SimpleObject, Debug)]
pub struct VoucherBulkPostPayload {
    /// The vouchers in the order of the input; empty when something was wrong with any of them.
    pub vouchers: Vec<Voucher>,
    /// Whether an earlier call with the same key had posted them.
    pub replayed: bool,
    /// Whether nothing was stored because only a preview was asked.
    pub dry_run: bool,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<VoucherUserError>,
}
