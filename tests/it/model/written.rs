//! What the model's people write by chance: vouchers that are mostly right, and now and then wrong.

use chrono::{Days, NaiveDate};

use super::{
    books::{Books, Content, MONEY, OF_THE_YEAR, PARTIES},
    parts::{Asked, Kind, Rest},
};
use crate::reports::Chance;

/// Ledgers that are neither money nor a party's.
const PLAIN: [&str; 4] = ["Rent", "Sales", "Salaries", "Capital Account"];

/// Something wrong in itself, which is refused whatever the books say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Debits and credits differ.
    Unequal,
    /// An amount of nothing.
    Nothing,
    /// Half a paisa.
    Precise,
    /// A ledger that is not there.
    Stranger,
}

impl Fault {
    /// One of them, seldom.
    pub fn by_chance(chance: &mut Chance) -> Option<Self> {
        match chance.below(40) {
            0 => Some(Self::Unequal),
            1 => Some(Self::Nothing),
            2 => Some(Self::Precise),
            3 => Some(Self::Stranger),
            _ => None,
        }
    }

    /// How it is refused.
    pub fn refused(self, path: &str, content: &Content) -> String {
        let side = if content.lines[0].1 > 0 { "debit" } else { "credit" };
        match self {
            Self::Unequal => format!("UNBALANCED {path}.entries"),
            Self::Nothing => format!("NOT_ONE_SIDED {path}.entries.0.{side}"),
            Self::Precise => format!("TOO_PRECISE {path}.entries.0.{side}"),
            Self::Stranger => format!("LEDGER_UNKNOWN {path}.entries.0.ledgerId"),
        }
    }
}

/// A day: mostly of the first months, now and then of another year or none.
pub fn day(books: &Books, chance: &mut Chance) -> NaiveDate {
    let begins = books.years[0].begins;
    let days = match chance.below(24) {
        0 => return begins - Days::new(1 + chance.below(40)),
        1..=3 => 365 + chance.below(60),
        4 => 730 + chance.below(60),
        5 => 1_100 + chance.below(400),
        _ => chance.below(90),
    };
    begins + Days::new(days)
}

/// An amount.
pub fn minor(chance: &mut Chance) -> i64 {
    i64::try_from(1 + chance.below(100_000)).unwrap()
}

/// Which amounts a voucher of a type moves; the sides are mostly right for it.
pub fn content(books: &Books, chance: &mut Chance, code: &str) -> Content {
    let money = chance.of(&MONEY);
    let others: Vec<&str> = PLAIN.into_iter().chain(PARTIES).chain(PARTIES).collect();
    let mut lines = match code {
        "CTR" => vec![("Cash", 0), ("State Bank", 0)],
        "PMT" => vec![(chance.of(&others), 1), (money, -1)],
        "RCT" => vec![(money, 1), (chance.of(&others), -1)],
        _ => {
            let first = chance.of(&others);
            let rest: Vec<&str> = others.iter().copied().filter(|one| *one != first).collect();
            vec![(first, 1), (chance.of(&rest), -1)]
        }
    };
    if chance.below(30) == 0 {
        // On the side or ledger that the type may not have.
        lines.swap(0, 1);
        lines[0].1 = 1;
        lines[1].1 = -1;
    }
    let amount = minor(chance);
    lines[0].1 = if lines[0].1 < 0 { -amount } else { amount };
    lines[1].1 = -lines[0].1;
    // Some amounts fall on two ledgers of the year.
    if chance.below(4) == 0 && amount > 1 && code != "CTR" {
        let part = 1 + i64::try_from(chance.below(u64::try_from(amount - 1).unwrap())).unwrap();
        let place = usize::from(MONEY.contains(&lines[0].0));
        let side = lines[place].1.signum();
        lines[place].1 -= part * side;
        lines.push((chance.of(&OF_THE_YEAR), part * side));
    }
    let mut asked = Vec::new();
    for (line, (ledger, minor)) in lines.iter().enumerate() {
        if PARTIES.contains(ledger) {
            asked.extend(bills(books, chance, line, ledger, *minor));
        }
    }
    Content { day: day(books, chance), lines, asked }
}

/// What an entry of a party opens and settles.
fn bills(books: &Books, chance: &mut Chance, line: usize, ledger: &str, minor: i64) -> Vec<Asked> {
    let mut asked = Vec::new();
    let mut left = minor.abs();
    for place in 0..usize::try_from(chance.below(3)).unwrap() {
        let amount = match chance.below(20) {
            0 => left + 1,
            1..=9 => left,
            _ => 1 + i64::try_from(chance.below(u64::try_from(left.max(1)).unwrap())).unwrap(),
        };
        let amount = amount.max(1);
        let mut one = Asked {
            line,
            place,
            kind: Kind::New,
            bill: None,
            reference: None,
            minor: amount,
            rest: Rest::Refused,
        };
        match chance.below(8) {
            0 => one.kind = Kind::OnAccount,
            1 => one.kind = Kind::Advance,
            2..=5 if !books.bills.is_empty() => {
                one.kind = Kind::Against;
                let bill = settleable(books, chance, ledger, minor.signum());
                one.bill = Some(bill);
                let open = books.open(bill).abs();
                if open > 0 && chance.below(4) > 0 {
                    one.minor = one.minor.min(open);
                }
                if chance.below(3) == 0 {
                    one.rest = Rest::OnAccount;
                }
            }
            _ => one.reference = Some(format!("B/{}", chance.below(1_000_000))),
        }
        left -= one.minor;
        asked.push(one);
        if left <= 0 {
            break;
        }
    }
    asked
}

/// Mostly a bill that an amount of this side settles, now and then any.
pub fn settleable(books: &Books, chance: &mut Chance, ledger: &str, side: i64) -> usize {
    let fits =
        |bill: &usize| books.bills[*bill].ledger == ledger && books.open(*bill).signum() == -side;
    let found: Vec<usize> = (0..books.bills.len()).filter(fits).collect();
    if found.is_empty() || chance.below(12) == 0 {
        return usize::try_from(chance.below(u64::try_from(books.bills.len()).unwrap())).unwrap();
    }
    found[usize::try_from(chance.below(u64::try_from(found.len()).unwrap())).unwrap()]
}

/// Which rule of its type the sides of a voucher break, as the path that is named.
pub fn side_rule(code: &str, content: &Content) -> Option<String> {
    let is_money = |ledger: &str| MONEY.contains(&ledger);
    let place = |wrong: &dyn Fn(&str, i64) -> bool| {
        let found = content.lines.iter().position(|(ledger, minor)| wrong(ledger, *minor));
        found.map(|line| format!("entries.{line}"))
    };
    let none_of = |side: i64| {
        let has =
            content.lines.iter().any(|(ledger, minor)| is_money(ledger) && minor.signum() == side);
        (!has).then(|| "entries".to_owned())
    };
    match code {
        "CTR" => place(&|ledger, _| !is_money(ledger)),
        "PMT" => place(&|ledger, minor| is_money(ledger) && minor > 0).or_else(|| none_of(-1)),
        "RCT" => place(&|ledger, minor| is_money(ledger) && minor < 0).or_else(|| none_of(1)),
        _ => place(&|ledger, _| is_money(ledger)),
    }
}
