//! What columns of a sheet can mean, and the headings by which each is known.

/// A meaning of a column.
pub trait Field: Copy + Ord + 'static {
    /// All of them, in the order in which files of our own have them.
    const EVERY: &'static [Self];

    /// Headings by which it is known; the first is what files of our own say.
    fn headings(self) -> &'static [&'static str];

    /// The heading in files of our own.
    fn heading(self) -> &'static str {
        self.headings().first().copied().unwrap_or_default()
    }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $set:ident { $($(#[$field_doc:meta])* $name:ident = [$($heading:literal),+],)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $set {
            $($(#[$field_doc])* $name,)+
        }

        impl Field for $set {
            const EVERY: &'static [Self] = &[$(Self::$name),+];

            fn headings(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($heading),+],)+ }
            }
        }
    )+};
}

fields! {
    /// Columns of a sheet of groups.
    GroupField {
        /// Its name.
        Name = ["Group", "Group name", "Name"],
        /// The group above.
        Parent = ["Parent", "Parent group", "Under"],
        /// Asset, liability, income or expense.
        Nature = ["Nature", "Type"],
    }

    /// Columns of a sheet of ledgers.
    LedgerField {
        /// Its name.
        Name = ["Ledger", "Ledger name", "Account", "Account name", "Name", "Particulars"],
        /// The group it hangs below.
        Group = ["Group", "Group name", "Parent", "Under", "Parent group"],
        /// Other names.
        Aliases = ["Aliases", "Alias"],
        /// The source's identity.
        Key = ["Key", "GUID", "Id"],
        /// Whether its entries carry bills.
        BillWise = ["Bill-wise", "Bill wise", "Billwise", "Maintain bill by bill"],
        /// What it opens with, debit above zero or with Dr and Cr.
        Opening = ["Opening balance", "Opening", "Opening bal"],
        /// What it opens with on the debit side.
        OpeningDebit = ["Opening debit", "Opening Dr", "Debit"],
        /// What it opens with on the credit side.
        OpeningCredit = ["Opening credit", "Opening Cr", "Credit"],
        /// The day on which it opens.
        OpenedOn = ["Opening date", "As on", "As at"],
        /// Registration for goods and services tax.
        Gstin = ["GSTIN", "GST number", "GST no", "GSTIN/UIN"],
        /// Income-tax number.
        Pan = ["PAN", "PAN/IT no", "Income tax number"],
        /// State or county.
        State = ["State", "State name", "County"],
        /// Country.
        Country = ["Country"],
        /// Address.
        Address = ["Address"],
        /// E-mail address.
        Email = ["E-mail", "Email", "Email id", "E-mail address"],
        /// Telephone number.
        Phone = ["Phone", "Mobile", "Telephone", "Phone no", "Mobile no", "Contact"],
    }

    /// Columns of a sheet of openings, a row each ledger or each open bill.
    OpeningField {
        /// The ledger; empty in a row that adds a bill to the one above.
        Ledger = ["Ledger", "Ledger name", "Account", "Party", "Party name", "Particulars", "Name"],
        /// The day on which it opens.
        OpenedOn = ["Opening date", "As on", "As at"],
        /// The amount, debit above zero or with Dr and Cr.
        Amount = ["Amount", "Opening balance", "Balance", "Pending amount"],
        /// The amount on the debit side.
        Debit = ["Debit", "Dr", "Debit amount"],
        /// The amount on the credit side.
        Credit = ["Credit", "Cr", "Credit amount"],
        /// What the bill is.
        BillKind = ["Bill type", "Type of ref"],
        /// Which bill.
        Bill = ["Bill", "Bill no", "Bill number", "Ref no", "Invoice no", "Bill ref"],
        /// Its date.
        BillDate = ["Bill date", "Invoice date", "Date"],
        /// When it is due.
        BillDue = ["Due date", "Bill due", "Due on", "Due"],
        /// Its amount, where that is not the row's: debit above zero.
        BillAmount = ["Bill amount"],
    }

    /// Columns of a sheet of vouchers, a row each entry.
    VoucherField {
        /// Equal in all rows of one voucher.
        Voucher = ["Voucher", "Voucher row", "Transaction", "Transaction id"],
        /// The source's identity.
        Key = ["Key", "GUID"],
        /// The day on which it counts.
        Date = ["Date", "Voucher date", "Vch date", "Posting date", "Dated"],
        /// Its type.
        Kind = ["Type", "Voucher type", "Vch type", "Journal"],
        /// Its number.
        Number = ["Number", "Voucher number", "Voucher no", "Vch no", "Vch number", "No"],
        /// Number of the other side's document.
        Reference = ["Reference", "Ref", "Ref no", "Supplier invoice no"],
        /// Date of the other side's document.
        ReferenceDate = ["Reference date", "Ref date", "Supplier invoice date"],
        /// Ledger of the party.
        Party = ["Party", "Party name", "Party ledger"],
        /// Normal, optional or cancelled.
        State = ["State", "Status"],
        /// Words about it.
        Narration = ["Narration", "Description", "Memo", "Remarks"],
        /// Ledger of the entry.
        Ledger = ["Ledger", "Ledger name", "Account", "Account name", "Particulars"],
        /// The entry's debit.
        Debit = ["Debit", "Dr", "Debit amount", "Dr amount"],
        /// The entry's credit.
        Credit = ["Credit", "Cr", "Credit amount", "Cr amount"],
        /// The entry's amount: debit above zero, or with Dr and Cr.
        Amount = ["Amount"],
        /// The side of the amount: Dr or Cr.
        Side = ["Dr/Cr", "Side", "D/C", "Debit/Credit"],
        /// Ledger to debit, where a row is a whole voucher.
        DebitLedger = ["Debit ledger", "Debit account", "Dr ledger", "Dr account"],
        /// Ledger to credit, where a row is a whole voucher.
        CreditLedger = ["Credit ledger", "Credit account", "Cr ledger", "Cr account"],
        /// Words about the entry.
        EntryNarration = ["Entry narration", "Line narration", "Line description"],
        /// Number of the cheque or transfer.
        Instrument = ["Instrument", "Cheque no", "Cheque number", "Chq no", "Instrument no"],
        /// Its date.
        InstrumentDate = ["Instrument date", "Cheque date", "Chq date"],
        /// What the bill reference does.
        BillKind = ["Bill type", "Type of ref"],
        /// Which bill.
        Bill = ["Bill", "Bill no", "Bill number", "Bill ref"],
        /// Its date.
        BillDate = ["Bill date"],
        /// When it is due.
        BillDue = ["Bill due", "Due date"],
        /// Its part of the entry: debit above zero.
        BillAmount = ["Bill amount"],
        /// Kind of cost centre.
        CostCategory = ["Cost category"],
        /// Cost centre.
        CostCentre = ["Cost centre", "Cost center"],
        /// Its part of the entry: debit above zero.
        CostAmount = ["Cost amount"],
        /// What else was traded: another currency, or goods.
        Commodity = ["Commodity", "Currency", "Foreign currency"],
        /// How much of it.
        Quantity = ["Quantity", "Foreign amount", "Amount in currency"],
    }

    /// Columns of a bank statement.
    BankField {
        /// Day of booking.
        Date = ["Date", "Transaction date", "Txn date", "Tran date", "Posting date", "Booking date", "Post date", "Completion time", "Book date"],
        /// Day from which it bears interest.
        ValueDate = ["Value dt", "Value date", "Val date"],
        /// What it is about.
        Description = ["Narration", "Description", "Details", "Particulars", "Transaction details", "Transaction remarks", "Remarks"],
        /// Cheque or reference number.
        Reference = ["Chq./Ref.No.", "Reference", "Ref no", "Ref no./Cheque no.", "Cheque no", "Cheque number", "Chq no", "Transaction id", "Receipt no", "Receipt number", "UTR"],
        /// Amount, money in above zero or with Dr and Cr.
        Amount = ["Amount", "Transaction amount", "Amount (INR)"],
        /// Money out.
        Withdrawal = ["Withdrawal amt.", "Withdrawal", "Withdrawals", "Withdrawn", "Debit", "Debit amount", "Paid out", "Money out", "Dr", "Withdrawal amount (INR)"],
        /// Money in.
        Deposit = ["Deposit amt.", "Deposit", "Deposits", "Paid in", "Credit", "Credit amount", "Money in", "Cr", "Deposit amount (INR)"],
        /// The side of the amount: Dr or Cr.
        Side = ["Dr/Cr", "Cr/Dr", "Type", "Dr / Cr"],
        /// Balance behind the line.
        Balance = ["Closing balance", "Balance", "Running balance", "Balance (INR)", "Available balance"],
        /// Whether the line took place.
        Status = ["Transaction status", "Status"],
        /// The other side's name or account.
        Counterpart = ["Other party info", "Counterparty", "Beneficiary", "Payee"],
    }
}
