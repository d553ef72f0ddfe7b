//! What can be wrong in the area of banks, and amounts of an account.

use async_graphql::Context;
use daybook_domain::{id::LedgerId, money};

use crate::{
    error::Error,
    graphql::{context::Asks, error::ApiResult, scalar::Money},
    services::banks::account::{BankLedger, Banks},
    user_errors,
};

user_errors!(
    /// Something wrong with an input in the area of banks.
    BankUserError,
    /// What can be wrong with an input in the area of banks.
    BankErrorCode {
        /// The statement is of another account than this ledger's, or of several and none was named.
        AccountDiffers,
        /// It is so already: the line or entry is matched, the match is undone.
        AlreadyDone,
        /// The lines and the entries do not come to the same amount.
        AmountsDiffer,
        /// The business wants vouchers approved before they are posted.
        ApprovalRequired,
        /// There is no such bank line, or it is of another ledger.
        BankLineUnknown,
        /// A statement confirmed it; that match is to be undone first.
        BankReconciled,
        /// More than the bill has open.
        BillOverAllocated,
        /// The party has no such bill.
        BillUnknown,
        /// The bills come to more than the entry.
        BillsUnequal,
        /// There is no such business, or several and none was named.
        BusinessUnknown,
        /// The statement is in another currency than the ledger.
        CurrencyDiffers,
        /// There is no such currency.
        CurrencyUnknown,
        /// There is no such entry on this ledger that stands.
        EntryUnknown,
        /// The file is not of the form that it was said to be, or nothing in it can be taken.
        FileUnreadable,
        /// The ledger is archived and takes no more entries.
        LedgerArchived,
        /// There is no such ledger in this business, or it is no bank.
        LedgerUnknown,
        /// This is not treated in this way.
        NotAllowed,
        /// There is no such match, rule or file.
        NotFound,
        /// An entry has not exactly one of debit and credit, above zero.
        NotOneSided,
        /// The number would be too long for its kind of document.
        NumberTooLong,
        /// The period is locked, and no exception that you hold opens it.
        PeriodLocked,
        /// This cannot be left out or empty.
        Required,
        /// A ledger stands on a side that the voucher type does not allow.
        SideRule,
        /// Somebody changed it meanwhile.
        Stale,
        /// Fewer than two entries.
        TooFewEntries,
        /// The amount is beyond what is kept.
        TooLarge,
        /// The text is too long.
        TooLong,
        /// More than one call may name, or than a business can have.
        TooMany,
        /// More decimal places than the currency has; nothing is ever rounded.
        TooPrecise,
        /// Debits and credits differ.
        Unbalanced,
        /// There is no such voucher type.
        VoucherTypeUnknown,
        /// The accounting year is closed.
        YearClosed,
        /// The accounting year is not open yet, or lies before the books begin.
        YearNotOpen,
    }
);

/// An amount in an account's currency.
pub fn amount_of(bank: &BankLedger, amount: money::Money) -> Money {
    Money::of(amount, &bank.currency, bank.exponent)
}

/// The account of something that the caller sees.
pub async fn bank_of(ctx: &Context<'_>, ledger: LedgerId) -> ApiResult<BankLedger> {
    let scope = &ctx.tenant()?;
    let bank = Banks::known(scope).await?.visible(scope, ledger);
    // A ledger may have been moved to another group since.
    bank.ok_or_else(|| Error::NotFound("the bank ledger").into())
}
