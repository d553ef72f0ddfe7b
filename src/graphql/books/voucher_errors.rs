//! What can be wrong with vouchers and acts on them.

use crate::user_errors;

user_errors!(
    /// Something wrong with a voucher's input.
    VoucherUserError,
    /// What can be wrong with a voucher's input.
    VoucherErrorCode {
        /// It is done already.
        AlreadyDone,
        /// The business wants vouchers approved before they are posted.
        ApprovalRequired,
        /// An entry of the voucher is reconciled with the bank; that is to be undone first.
        BankReconciled,
        /// More than the bill has open, or than the voucher has left.
        BillOverAllocated,
        /// A bill of the voucher is settled; that is to be undone first.
        BillSettled,
        /// The bills come to more than the entry.
        BillsUnequal,
        /// The party has no such bill.
        BillUnknown,
        /// There is no such business, or several and none was named.
        BusinessUnknown,
        /// The ledger is kept in another currency than the entry.
        CurrencyMismatch,
        /// The cost centre, or its category, is archived and takes nothing more.
        CostCentreArchived,
        /// There is no such cost centre in this business.
        CostCentreUnknown,
        /// The cost centres of a category come to more than the entry, or to less where all is wanted.
        CostsUnequal,
        /// There is no such currency.
        CurrencyUnknown,
        /// There is no exchange rate of the day or before.
        ExchangeRateUnknown,
        /// A recurring voucher uses it.
        InUse,
        /// The ledger is archived and takes no more entries.
        LedgerArchived,
        /// There is no such ledger in this business.
        LedgerUnknown,
        /// This voucher, or a voucher of this type, is not treated in this way.
        NotAllowed,
        /// There is no such voucher, draft or allocation.
        NotFound,
        /// An entry has not exactly one of debit and credit, above zero.
        NotOneSided,
        /// The number would be too long for its kind of document.
        NumberTooLong,
        /// The period is locked, and no exception that you hold opens it; the message names the day through
        /// which it is.
        PeriodLocked,
        /// This cannot be left out.
        Required,
        /// Nobody approves what they wrote or submitted themselves.
        SelfApproval,
        /// A ledger stands on a side that the voucher type does not allow.
        SideRule,
        /// Somebody changed the voucher or draft meanwhile.
        Stale,
        /// Another one of this business has this name.
        Taken,
        /// Fewer than two entries.
        TooFewEntries,
        /// The amount is beyond what is kept.
        TooLarge,
        /// The text is too long.
        TooLong,
        /// More entries than a voucher can have, more bills than an entry, or more vouchers than a call.
        TooMany,
        /// More decimal places than the currency has; nothing is ever rounded.
        TooPrecise,
        /// Debits and credits differ.
        Unbalanced,
        /// The voucher is cancelled.
        VoucherCancelled,
        /// A later voucher reverses it.
        VoucherReversed,
        /// There is no such voucher type.
        VoucherTypeUnknown,
        /// The accounting year is closed.
        YearClosed,
        /// The accounting year is not open yet, or lies before the books begin.
        YearNotOpen,
    }
);
