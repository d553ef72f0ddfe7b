//! What vouchers of the model open and settle bill by bill.

use std::collections::BTreeMap;

use super::books::{Bill, Books, Content, PARTIES, Refused};

/// What a part of an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Opens a bill.
    New,
    /// Settles one.
    Against,
    /// Is paid before there is a bill.
    Advance,
    /// Waits.
    OnAccount,
}

impl Kind {
    /// The word of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Against => "AGAINST",
            Self::Advance => "ADVANCE",
            Self::OnAccount => "ON_ACCOUNT",
        }
    }
}

/// What becomes of more than a bill has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// It is refused.
    Refused,
    /// It stays on account.
    OnAccount,
    /// The bill is open by that much more again: a reversal gives back what was settled.
    Restores,
}

/// What somebody asks of an entry.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Place of the entry.
    pub line: usize,
    /// Its own place among those of the entry.
    pub place: usize,
    /// What it does.
    pub kind: Kind,
    /// The bill that it settles.
    pub bill: Option<usize>,
    /// The number of the bill that it opens.
    pub reference: Option<String>,
    /// How much, above zero.
    pub minor: i64,
    /// What becomes of too much.
    pub rest: Rest,
}

/// What is kept of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Place of the entry; none of an allocation.
    pub line: Option<usize>,
    /// The party.
    pub ledger: &'static str,
    /// What it does.
    pub kind: Kind,
    /// The bill that it opens or settles.
    pub bill: Option<usize>,
    /// The number of the bill that it opens.
    pub reference: Option<String>,
    /// A debit above zero.
    pub minor: i64,
}

impl Part {
    /// Whether it opens a bill.
    pub fn opens(&self) -> bool {
        matches!(self.kind, Kind::New | Kind::Advance)
    }

    /// What a reversal asks for: what was settled is open again, what was opened is settled as far as it
    /// is still open.
    pub fn undone(&self) -> Option<Asked> {
        let rest = if self.opens() { Rest::OnAccount } else { Rest::Restores };
        Some(Asked {
            line: self.line?,
            place: 0,
            kind: Kind::Against,
            bill: Some(self.bill?),
            reference: None,
            minor: self.minor.abs(),
            rest,
        })
    }
}

impl Books {
    /// What is open of a bill, a debit above zero.
    pub fn open(&self, bill: usize) -> i64 {
        let standing = self.vouchers.iter().filter(|one| !one.is_cancelled);
        let parts = standing.flat_map(|one| {
            let allocated = one.allocations.iter().filter(|allocation| !allocation.is_undone);
            one.parts.iter().chain(allocated.flat_map(|allocation| &allocation.parts))
        });
        parts.filter(|part| part.bill == Some(bill)).map(|part| part.minor).sum()
    }

    /// What the lines of a voucher do to bills: what they do not say stays on account.
    pub fn parts_of(&self, content: &Content, path: &str) -> Result<Vec<Part>, Refused> {
        let mut parts: Vec<Part> = Vec::new();
        for (line, (ledger, minor)) in content.lines.iter().enumerate() {
            if !PARTIES.contains(ledger) {
                continue;
            }
            let mut left = minor.abs();
            let side = minor.signum();
            let part = |kind, bill, reference: &Option<String>, minor| Part {
                line: Some(line),
                ledger,
                kind,
                bill,
                reference: reference.clone(),
                minor: minor * side,
            };
            for asked in content.asked.iter().filter(|asked| asked.line == line) {
                let field = match path.strip_suffix(".bills") {
                    Some(_) => format!("{path}.{}", asked.place),
                    None => format!("{path}.entries.{line}.bills.{}", asked.place),
                };
                if left < asked.minor {
                    return Err(format!("BILLS_UNEQUAL {field}.amount"));
                }
                let taken = match asked.bill {
                    None => asked.minor,
                    Some(bill) if self.bills[bill].ledger != *ledger => {
                        return Err(format!("BILL_UNKNOWN {field}.billId"));
                    }
                    Some(bill) => {
                        let own = parts.iter().filter(|part| part.bill == Some(bill));
                        let open = self.open(bill) + own.map(|part| part.minor).sum::<i64>();
                        let room = if open.signum() == -side { open.abs() } else { 0 };
                        match asked.rest {
                            Rest::Refused if room < asked.minor => {
                                return Err(format!("BILL_OVER_ALLOCATED {field}.amount"));
                            }
                            Rest::OnAccount => asked.minor.min(room),
                            Rest::Refused | Rest::Restores => asked.minor,
                        }
                    }
                };
                if taken > 0 && asked.kind != Kind::OnAccount {
                    parts.push(part(asked.kind, asked.bill, &asked.reference, taken));
                    left -= taken;
                }
            }
            if left > 0 {
                parts.push(part(Kind::OnAccount, None, &None, left));
            }
        }
        Ok(parts)
    }

    /// The same parts, each that opens a bill with a bill of its own.
    pub fn opened(&mut self, mut parts: Vec<Part>) -> Vec<Part> {
        for part in parts.iter_mut().filter(|part| part.opens() && part.bill.is_none()) {
            part.bill = Some(self.bills.len());
            self.bills.push(Bill { id: String::new(), ledger: part.ledger });
        }
        parts
    }

    /// Sets what a voucher left on account, then what it paid in advance, against bills.
    pub fn settle(
        &self,
        voucher: usize,
        ledger: &'static str,
        wanted: &[(usize, i64)],
    ) -> Result<Vec<Part>, Refused> {
        let one = &self.vouchers[voucher];
        let standing = one.allocations.iter().filter(|allocation| !allocation.is_undone);
        let all = one.parts.iter().chain(standing.flat_map(|allocation| &allocation.parts));
        let waits = |part: &&Part| part.ledger == ledger && part.kind == Kind::OnAccount;
        let on_account: i64 = all.filter(waits).map(|part| part.minor).sum();
        let mut sources = vec![(Kind::OnAccount, None, on_account)];
        for part in one.parts.iter().filter(|part| part.ledger == ledger) {
            if let (Kind::Advance, Some(bill)) = (part.kind, part.bill) {
                sources.push((Kind::Advance, Some(bill), self.open(bill)));
            }
        }
        let mut moved: BTreeMap<usize, i64> = BTreeMap::new();
        let mut parts = Vec::new();
        let part =
            |kind, bill, minor| Part { line: None, ledger, kind, bill, reference: None, minor };
        for (index, (bill, amount)) in wanted.iter().enumerate() {
            if self.bills[*bill].ledger != ledger {
                return Err(format!("BILL_UNKNOWN input.allocations.{index}.billId"));
            }
            let over = format!("BILL_OVER_ALLOCATED input.allocations.{index}.amount");
            let open = self.open(*bill) + moved.get(bill).copied().unwrap_or(0);
            if *amount > open.abs() {
                return Err(over);
            }
            let side = open.signum();
            let mut left = *amount;
            for (kind, source, holds) in &mut sources {
                if holds.signum() != -side || *source == Some(*bill) {
                    continue;
                }
                let taken = left.min(holds.abs());
                if taken > 0 {
                    *holds += taken * side;
                    left -= taken;
                    parts.push(part(*kind, *source, taken * side));
                    if let Some(source) = source {
                        *moved.entry(*source).or_default() += taken * side;
                    }
                }
            }
            if left > 0 {
                return Err(over);
            }
            parts.push(part(Kind::Against, Some(*bill), -amount * side));
            *moved.entry(*bill).or_default() -= amount * side;
        }
        Ok(parts)
    }
}
