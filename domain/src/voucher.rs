//! Voucher types, and entries that balance.

use crate::{
    id::LedgerId,
    money::{AMOUNT_MAX, Money},
};

/// Declares the built-in voucher types with code and name.
macro_rules! base_types {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        /// A built-in voucher type; tenants' own types behave as one of these.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum BaseType {
            $($(#[$doc])* $name,)+
        }

        impl BaseType {
            /// All of them.
            pub const EVERY: [Self; [$($code),+].len()] = [$(Self::$name),+];

            /// The code that is stored.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The type with this code.
            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

base_types! {
    /// Between cash and bank.
    Contra = "CTR",
    /// Money paid out.
    Payment = "PMT",
    /// Money taken in.
    Receipt = "RCT",
    /// Anything but cash and bank.
    Journal = "JRN",
    /// Goods or services sold.
    Sales = "SAL",
    /// Goods or services bought.
    Purchase = "PUR",
    /// A sale taken back or made cheaper.
    CreditNote = "CRN",
    /// A purchase sent back or made cheaper.
    DebitNote = "DBN",
    /// A note that does not touch the books.
    Memorandum = "MEM",
    /// Counts in scenario reports only, until a date.
    ReversingJournal = "REV",
    /// Value moves inside stock.
    StockJournal = "STJ",
    /// A count of stock.
    PhysicalStock = "PHY",
    /// Goods sent before the invoice.
    DeliveryNote = "DLN",
    /// Goods taken in before the bill.
    ReceiptNote = "RCN",
    /// Goods that came back from a customer.
    RejectionsIn = "RJI",
    /// Goods sent back to a supplier.
    RejectionsOut = "RJO",
    /// What a customer ordered.
    SalesOrder = "SO",
    /// What was ordered from a supplier.
    PurchaseOrder = "PO",
    /// Work taken in.
    JobWorkInOrder = "JWI",
    /// Work given out.
    JobWorkOutOrder = "JWO",
    /// Material that came in for work.
    MaterialIn = "MTI",
    /// Material that went out for work.
    MaterialOut = "MTO",
    /// Wages.
    Payroll = "PAY",
    /// Presence of staff.
    Attendance = "ATT",
}

impl BaseType {
    /// Whether its entries count in the books.
    pub const fn affects_books(self) -> bool {
        matches!(
            self,
            Self::Contra
                | Self::Payment
                | Self::Receipt
                | Self::Journal
                | Self::Sales
                | Self::Purchase
                | Self::CreditNote
                | Self::DebitNote
                | Self::Payroll
        )
    }

    /// Whether its entries count only in scenarios: memoranda, and reversing journals until their last day.
    pub const fn is_scenario(self) -> bool {
        matches!(self, Self::Memorandum | Self::ReversingJournal)
    }

    /// Whether it is a document without entries: what was ordered, sent or taken in.
    pub const fn is_document(self) -> bool {
        matches!(
            self,
            Self::DeliveryNote
                | Self::ReceiptNote
                | Self::RejectionsIn
                | Self::RejectionsOut
                | Self::SalesOrder
                | Self::PurchaseOrder
                | Self::JobWorkInOrder
                | Self::JobWorkOutOrder
        )
    }

    /// Whether its numbers follow the rule for tax documents (CGST Rules, rule 46 and 53).
    pub const fn is_tax_document(self) -> bool {
        matches!(self, Self::Sales | Self::CreditNote)
    }
}

/// One entry before it is posted: an amount on one side of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The ledger.
    pub ledger: LedgerId,
    /// Debit in the business's currency.
    pub debit: Money,
    /// Credit in the business's currency.
    pub credit: Money,
}

/// Entries that balance: only [`balance`] makes one, so whoever writes to the books cannot skip it; or no
/// entries at all, of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balanced {
    lines: Vec<Line>,
    total: Money,
}

impl Balanced {
    /// The entries.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// No entries, of a document that comes to this.
    pub fn document(total: Money) -> Self {
        Self { lines: Vec::new(), total }
    }

    /// Sum of the debits, which is the sum of the credits; of a document, what it comes to.
    pub fn total(&self) -> Money {
        self.total
    }
}

/// Why entries are no voucher. Places count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unbalanced {
    /// Fewer than two entries.
    #[error("a voucher has at least two entries")]
    TooFewLines,
    /// Not exactly one of debit and credit above zero.
    #[error("an entry has either a debit or a credit, above zero")]
    NotOneSided {
        /// Which entry.
        line: usize,
    },
    /// Below zero: the other side is meant.
    #[error("an amount is not below zero; use the other side")]
    NegativeAmount {
        /// Which entry.
        line: usize,
    },
    /// Beyond what is kept.
    #[error("this amount is too large")]
    TooLarge {
        /// Which entry.
        line: usize,
    },
    /// The sides differ.
    #[error("debits and credits differ")]
    Unequal {
        /// Sum of the debits.
        debit: Money,
        /// Sum of the credits.
        credit: Money,
    },
}

/// Checks double entry: at least two lines, each on one side, both sides exactly equal.
///
/// # Errors
/// The first rule that is broken.
pub fn balance(lines: Vec<Line>) -> Result<Balanced, Unbalanced> {
    if lines.len() < 2 {
        return Err(Unbalanced::TooFewLines);
    }
    let (mut debit, mut credit) = (Money::ZERO, Money::ZERO);
    for (line, entry) in lines.iter().enumerate() {
        if entry.debit.is_negative() || entry.credit.is_negative() {
            return Err(Unbalanced::NegativeAmount { line });
        }
        if entry.debit.is_zero() == entry.credit.is_zero() {
            return Err(Unbalanced::NotOneSided { line });
        }
        let too_large = Unbalanced::TooLarge { line };
        if entry.debit.minor() > AMOUNT_MAX || entry.credit.minor() > AMOUNT_MAX {
            return Err(too_large);
        }
        debit = debit.checked_add(entry.debit).ok_or(too_large)?;
        credit = credit.checked_add(entry.credit).ok_or(too_large)?;
    }
    if debit == credit {
        Ok(Balanced { lines, total: debit })
    } else {
        Err(Unbalanced::Unequal { debit, credit })
    }
}

/// What the side rules know of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerKind {
    /// Cash-in-Hand, Bank Accounts or Bank OD.
    CashOrBank,
    /// Any other.
    Other,
}

/// An entry on a side that its voucher type does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SideError {
    /// Which entry, from 0; `None` where an entry is missing.
    pub line: Option<usize>,
    /// The rule, for people.
    pub rule: &'static str,
}

/// Checks on which sides cash and bank may stand.
///
/// Contra only between cash and bank; a payment credits at least one of them and debits none; a
/// receipt the reverse; none of the three moves money from a ledger to itself. A journal touches no cash or
/// bank unless the business allows it, and may stand on one ledger alone (it then parts its bills anew). A sale and a debit note
/// may take money in and never pay it out, a purchase, a credit note and payroll the reverse. Types
/// that do not count in the books have no rule.
///
/// # Errors
/// The first entry that breaks the rule.
pub fn check_sides(
    base: BaseType,
    lines: &[(LedgerKind, Line)],
    journal_allows_cash: bool,
) -> Result<(), SideError> {
    let find = |wrong: &dyn Fn(LedgerKind, Line) -> bool, rule| match lines
        .iter()
        .position(|(kind, line)| wrong(*kind, *line))
    {
        Some(line) => Err(SideError { line: Some(line), rule }),
        None => Ok(()),
    };
    let moves_money = matches!(base, BaseType::Contra | BaseType::Payment | BaseType::Receipt);
    let mut ledgers = lines.iter().map(|(_, line)| line.ledger);
    let first = ledgers.next();
    if moves_money && first.is_some() && ledgers.all(|ledger| Some(ledger) == first) {
        let rule = "all entries are on one ledger, so no money moves; name another ledger";
        return Err(SideError { line: None, rule });
    }
    let is_cash = |kind| kind == LedgerKind::CashOrBank;
    let some_cash = |credited: bool, rule| {
        let found =
            lines.iter().any(|(kind, line)| is_cash(*kind) && line.credit.is_zero() != credited);
        if found { Ok(()) } else { Err(SideError { line: None, rule }) }
    };
    match base {
        BaseType::Contra => find(
            &|kind, _| !is_cash(kind),
            "a contra voucher moves money between cash and bank only",
        ),
        BaseType::Payment => {
            find(
                &|kind, line| is_cash(kind) && !line.debit.is_zero(),
                "a payment does not debit cash or bank; use a contra or a receipt",
            )?;
            some_cash(true, "a payment credits at least one cash or bank ledger")
        }
        BaseType::Receipt => {
            find(
                &|kind, line| is_cash(kind) && !line.credit.is_zero(),
                "a receipt does not credit cash or bank; use a contra or a payment",
            )?;
            some_cash(false, "a receipt debits at least one cash or bank ledger")
        }
        BaseType::Journal if !journal_allows_cash => find(
            &|kind, _| is_cash(kind),
            "a journal does not touch cash or bank; use a payment, receipt or contra",
        ),
        BaseType::Sales | BaseType::DebitNote => find(
            &|kind, line| is_cash(kind) && !line.credit.is_zero(),
            "a sale or debit note does not credit cash or bank; pay with a payment",
        ),
        BaseType::Purchase | BaseType::CreditNote | BaseType::Payroll => find(
            &|kind, line| is_cash(kind) && !line.debit.is_zero(),
            "a purchase, credit note or payroll does not debit cash or bank; take in with a receipt",
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A type, two entries, and whether it allows them.
    type Case = (BaseType, [(LedgerKind, Line); 2], bool);

    fn line(debit: i64, credit: i64) -> Line {
        Line {
            ledger: LedgerId::new(1),
            debit: Money::from_minor(debit),
            credit: Money::from_minor(credit),
        }
    }

    #[test]
    fn vouchers_balance_or_say_why() {
        assert_eq!(balance(vec![line(1, 0)]), Err(Unbalanced::TooFewLines));
        assert_eq!(balance(vec![line(1, 0), line(0, 0)]), Err(Unbalanced::NotOneSided { line: 1 }));
        assert_eq!(balance(vec![line(1, 1), line(0, 1)]), Err(Unbalanced::NotOneSided { line: 0 }));
        assert_eq!(
            balance(vec![line(1, 0), line(-1, 0)]),
            Err(Unbalanced::NegativeAmount { line: 1 })
        );
        assert!(matches!(balance(vec![line(2, 0), line(0, 1)]), Err(Unbalanced::Unequal { .. })));
        assert_eq!(
            balance(vec![line(AMOUNT_MAX + 1, 0), line(0, AMOUNT_MAX + 1)]),
            Err(Unbalanced::TooLarge { line: 0 })
        );
        assert_eq!(balance(vec![line(5, 0), line(0, 5)]).unwrap().total(), Money::from_minor(5));
    }

    #[test]
    fn codes_come_back() {
        for base in BaseType::EVERY {
            assert_eq!(BaseType::parse(base.code()), Some(base));
        }
        assert_eq!(BaseType::parse("XXX"), None);
    }

    #[test]
    fn cash_stands_where_its_voucher_allows() {
        use LedgerKind::{CashOrBank as Cash, Other};
        let (debit, credit) = (line(1, 0), Line { ledger: LedgerId::new(2), ..line(0, 1) });
        let cases: [Case; 19] = [
            (BaseType::Contra, [(Cash, debit), (Cash, credit)], true),
            (BaseType::Contra, [(Cash, debit), (Other, credit)], false),
            (BaseType::Payment, [(Other, debit), (Cash, credit)], true),
            (BaseType::Payment, [(Cash, debit), (Other, credit)], false),
            (BaseType::Payment, [(Other, debit), (Other, credit)], false),
            (BaseType::Receipt, [(Cash, debit), (Other, credit)], true),
            (BaseType::Receipt, [(Other, debit), (Cash, credit)], false),
            (BaseType::Journal, [(Other, debit), (Other, credit)], true),
            (BaseType::Journal, [(Cash, debit), (Other, credit)], false),
            (BaseType::Contra, [(Other, debit), (Other, credit)], false),
            (BaseType::Receipt, [(Other, debit), (Other, credit)], false),
            (BaseType::Sales, [(Cash, debit), (Other, credit)], true),
            (BaseType::Sales, [(Other, debit), (Cash, credit)], false),
            (BaseType::Purchase, [(Other, debit), (Cash, credit)], true),
            (BaseType::Purchase, [(Cash, debit), (Other, credit)], false),
            (BaseType::CreditNote, [(Cash, debit), (Other, credit)], false),
            (BaseType::DebitNote, [(Other, debit), (Cash, credit)], false),
            (BaseType::Payroll, [(Cash, debit), (Other, credit)], false),
            (BaseType::Memorandum, [(Cash, debit), (Cash, credit)], true),
        ];
        for (base, lines, allowed) in cases {
            assert_eq!(check_sides(base, &lines, false).is_ok(), allowed, "{base:?} {lines:?}");
        }
        assert!(check_sides(BaseType::Journal, &[(Cash, debit), (Other, credit)], true).is_ok());
    }

    #[test]
    fn money_does_not_move_to_where_it_is() {
        use LedgerKind::{CashOrBank as Cash, Other};
        let (debit, credit) = (line(1, 0), line(0, 1));
        let same = check_sides(BaseType::Contra, &[(Cash, debit), (Cash, credit)], false);
        assert_eq!(same.unwrap_err().line, None);
        assert!(check_sides(BaseType::Journal, &[(Other, debit), (Other, credit)], false).is_ok());
    }

    #[test]
    fn a_side_error_points_at_its_entry() {
        use LedgerKind::{CashOrBank as Cash, Other};
        let (debit, credit) = (line(1, 0), Line { ledger: LedgerId::new(2), ..line(0, 1) });
        let at =
            |base, lines: &[(LedgerKind, Line)]| check_sides(base, lines, false).unwrap_err().line;
        assert_eq!(at(BaseType::Contra, &[(Cash, debit), (Other, credit)]), Some(1));
        assert_eq!(at(BaseType::Payment, &[(Other, debit), (Other, credit)]), None);
    }

    #[test]
    fn nine_types_count_in_the_books() {
        assert_eq!(BaseType::EVERY.len(), 24);
        assert_eq!(BaseType::EVERY.into_iter().filter(|base| base.affects_books()).count(), 9);
    }

    proptest! {
        #[test]
        fn what_balances_sums_to_zero(amounts in prop::collection::vec((any::<bool>(), -5_i64..100), 0..12)) {
            let lines: Vec<Line> = amounts
                .iter()
                .map(|(debit, amount)| if *debit { line(*amount, 0) } else { line(0, *amount) })
                .collect();
            let zero: i64 = lines.iter().map(|line| line.debit.minor() - line.credit.minor()).sum();
            if let Ok(balanced) = balance(lines) {
                prop_assert_eq!(zero, 0);
                let credits = Money::sum(balanced.lines().iter().map(|line| line.credit));
                prop_assert_eq!(credits, Some(balanced.total()));
            }
        }
    }
}
