//! A type per kind of row, and the clock that makes their numbers.

/// Declares id types; each is a 64-bit number that cannot be mistaken for another kind's.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "orm", derive(sea_orm::DeriveValueType))]
        pub struct $name(i64);

        impl $name {
            /// The id with this number.
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(out)
            }
        }
    )+};
}

ids! {
    /// A customer of the platform, with a database of its own.
    TenantId,
    /// A server that holds tenants' databases.
    DatabaseServerId,
    /// Somebody of the platform's office.
    PlatformUserId,
    /// A shared account group.
    AccountGroupId,
    /// A shared voucher type.
    VoucherTypeId,
    /// A shared accounting year.
    AccountingYearId,
    /// A dated GST rate.
    GstRateId,
    /// A dated section of tax deducted or collected at source.
    TdsSectionId,
    /// A state or county.
    StateId,
    /// A currency.
    CurrencyId,
    /// A country.
    CountryId,
    /// A job in the background.
    JobId,
    /// A set of books inside a tenant.
    BusinessId,
    /// An accounting year of a business.
    BusinessYearId,
    /// An exception from soft locks.
    LockExceptionId,
    /// A tax return that was filed.
    TaxFilingId,
    /// A tenant's user.
    UserId,
    /// A chain of refresh tokens: one signing-in.
    SessionId,
    /// A machine's key.
    ApiKeyId,
    /// An invitation to work in a tenant.
    InvitationId,
    /// A tenant's own role.
    RoleId,
    /// The place of a row in the edit log, from 1 without a gap.
    AuditSeq,
    /// A registration for goods and services tax.
    GstinId,
    /// A tenant's own group below the shared ones.
    SubGroupId,
    /// A ledger.
    LedgerId,
    /// A row of numbers.
    SeriesId,
    /// A voucher.
    VoucherId,
    /// A version of a voucher.
    VoucherVersionId,
    /// An entry of a version.
    EntryId,
    /// An act on a voucher.
    VoucherActId,
    /// A voucher, or an act on one, that is not posted yet.
    VoucherDraftId,
    /// A file that somebody uploaded.
    StoredFileId,
    /// A file put beside a voucher.
    VoucherAttachmentId,
    /// A voucher that is kept to be written again.
    VoucherTemplateId,
    /// A voucher that comes again by a rule of dates.
    RecurringVoucherId,
    /// What became of one date of a recurring voucher.
    RecurringRunId,
    /// A file of books that is brought along.
    ImportId,
    /// A tenant's own voucher type, which behaves as a shared one.
    DerivedVoucherTypeId,
    /// A bill that is settled over time.
    BillId,
    /// A set of cost centres, by which each entry may be split once.
    CostCategoryId,
    /// Where a cost or an income belongs.
    CostCentreId,
    /// A plan of what is to come.
    BudgetId,
    /// A statement of a bank that was brought in.
    BankStatementId,
    /// A line of a bank statement.
    BankLineId,
    /// Lines of a bank set against entries of the books.
    BankMatchId,
    /// A rule that proposes what a bank line is.
    BankRuleId,
    /// A customer or supplier.
    PartyId,
    /// A product or service.
    ItemId,
    /// A place where stock lies.
    WarehouseId,
}

/// Milliseconds from 1970 to 2025-01-01T00:00:00Z, where ids begin.
pub const ID_EPOCH_MS: i64 = 1_735_689_600_000;
const NODE_BITS: u32 = 10;
const COUNTER_BITS: u32 = 12;
/// Greatest node number.
pub const NODE_MAX: u16 = (1 << NODE_BITS) - 1;
const COUNTER_MAX: i64 = (1 << COUNTER_BITS) - 1;

/// Makes time-ordered ids: 41 bits of milliseconds, 10 of a node number, 12 of a counter.
///
/// Strictly rising within a node, whatever the clock does; unique across nodes while their numbers
/// differ.
#[derive(Debug, Clone)]
pub struct IdClock {
    node: i64,
    last_ms: i64,
    counter: i64,
}

impl IdClock {
    /// A clock of one node; a number beyond [`NODE_MAX`] counts as that.
    pub fn new(node: u16) -> Self {
        Self { node: i64::from(node.min(NODE_MAX)), last_ms: 0, counter: 0 }
    }

    /// The next id at an instant (UTC milliseconds). A clock that steps back keeps the last
    /// millisecond; a full counter moves on to the next one.
    pub fn next(&mut self, now_ms: i64) -> i64 {
        let ms = now_ms.saturating_sub(ID_EPOCH_MS).max(0);
        if ms > self.last_ms {
            self.last_ms = ms;
            self.counter = 0;
        } else if self.counter < COUNTER_MAX {
            self.counter += 1;
        } else {
            self.last_ms += 1;
            self.counter = 0;
        }
        (self.last_ms << (NODE_BITS + COUNTER_BITS)) | (self.node << COUNTER_BITS) | self.counter
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_rise_whatever_the_clock_does(instants in prop::collection::vec(0_i64..50, 1..9000)) {
            let mut clock = IdClock::new(7);
            let mut last = -1;
            for instant in instants {
                let id = clock.next(ID_EPOCH_MS + instant);
                prop_assert!(id > last);
                last = id;
            }
        }

        #[test]
        fn two_nodes_never_make_the_same_id(first in 0_u16..1024, second in 0_u16..1024, ms in 0_i64..1000) {
            prop_assume!(first != second);
            let (mut one, mut other) = (IdClock::new(first), IdClock::new(second));
            for _ in 0..20 {
                prop_assert_ne!(one.next(ID_EPOCH_MS + ms), other.next(ID_EPOCH_MS + ms));
            }
        }
    }
}
