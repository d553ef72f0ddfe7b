//! What journals have no words for, as tags: a journal of our own is read back exactly.
//!
//! Amounts and accounts are the journal's; tags add who a ledger is, and numbers, bills and cost
//! centres. Their values are escaped.

use chrono::NaiveDate;
use daybook_domain::{chart::Nature, money::Money};
use rust_decimal::Decimal;

use crate::interchange::{
    amount::{self, DecimalSign},
    dates::{self, DateOrder},
    escape::{escape, join, split, unescape},
    finding::{Findings, Reason, Wrong},
    limits::Limits,
    staged::{
        BillKind, Currency, StagedBill, StagedBooks, StagedCostShare, StagedEntry, StagedForeign,
        StagedGroup, StagedInstrument, StagedLedger, StagedParty, StagedVoucher, VoucherState,
    },
    words,
    write::Head,
};

/// First line of a journal of our own.
const MARK: &str = "; daybook-interchange: 1";

/// Begins each line of a voucher that does not count: a comment for everybody else.
pub const ASIDE: &str = ";~ ";

/// A tag with its escaped value.
pub type Tag = (&'static str, String);

/// The lines at the top.
pub fn head_lines(head: &Head) -> Vec<String> {
    let Currency { code, exponent } = &head.currency;
    let mut lines = vec![MARK.to_owned(), format!("; currency: {code} {exponent}")];
    lines.extend(head.opened_on.map(|day| format!("; opened-on: {day}")));
    lines
}

/// Whether the journal is one of our own; then its head is read.
pub fn read_head(text: &str, books: &mut StagedBooks, findings: &mut Findings) -> bool {
    let mut lines = text.lines();
    if lines.next() != Some(MARK) {
        return false;
    }
    for (line, text) in (2_u64..).zip(lines.take(2)) {
        let Some((name, value)) = text.strip_prefix("; ").and_then(|text| text.split_once(": "))
        else {
            break;
        };
        match name {
            "currency" => {
                let own = format!("{} {}", books.currency.code, books.currency.exponent);
                if value != own {
                    let message = format!("the journal is in {value}, the books in {own}");
                    findings.error(line, Reason::Conflict, message);
                }
            }
            "opened-on" => books.opened_on = dates::read(value, DateOrder::YearFirst),
            _ => {}
        }
    }
    true
}

pub fn nature_word(nature: Nature) -> &'static str {
    nature.as_str()
}

fn some(name: &'static str, value: Option<&str>) -> Option<Tag> {
    value.map(|value| (name, escape(value)))
}

pub fn group_tags(group: &StagedGroup) -> Vec<Tag> {
    let parts = [
        some("group", Some(&group.name)),
        some("parent", group.parent.as_deref()),
        some("nature", group.nature.map(nature_word)),
    ];
    parts.into_iter().flatten().collect()
}

pub fn ledger_tags(ledger: &StagedLedger) -> Vec<Tag> {
    let party = ledger.party.clone().unwrap_or_default();
    let aliases = join(ledger.aliases.iter().map(String::as_str));
    let parts = [
        some("ledger", Some(&ledger.name)),
        some("of-group", ledger.group.as_deref()),
        some("key", ledger.key.as_deref()),
        (!ledger.aliases.is_empty()).then_some(("aliases", aliases)),
        ledger.is_bill_wise.then(|| ("bill-wise", "yes".to_owned())),
        some("gstin", party.gstin.as_deref()),
        some("pan", party.pan.as_deref()),
        some("state", party.state.as_deref()),
        some("country", party.country.as_deref()),
        some("address", party.address.as_deref()),
        some("email", party.email.as_deref()),
        some("phone", party.phone.as_deref()),
    ];
    parts.into_iter().flatten().collect()
}

pub fn voucher_tags(voucher: &StagedVoucher) -> Vec<Tag> {
    let is_normal = voucher.state == VoucherState::Normal;
    let parts = [
        some("voucher-type", voucher.voucher_type.as_deref()),
        some("number", voucher.number.as_deref()),
        some("key", voucher.key.as_deref()),
        some("reference", voucher.reference.as_deref()),
        voucher.reference_date.map(|day| ("reference-day", day.to_string())),
        some("party", voucher.party.as_deref()),
        (!is_normal).then(|| ("status", voucher.state.word().to_owned())),
        some("narration", voucher.narration.as_deref()),
    ];
    parts.into_iter().flatten().collect()
}

pub fn bill_tag(bill: &StagedBill, exponent: u8) -> Tag {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let (date, due) = (day(bill.date), day(bill.due));
    let amount = bill.amount.format(exponent);
    let name = bill.name.as_deref().unwrap_or_default();
    ("bill", join([bill.kind.word(), name, &date, &due, &amount]))
}

pub fn entry_tags(entry: &StagedEntry, exponent: u8) -> Vec<Tag> {
    let mut tags: Vec<Tag> = some("narration", entry.narration.as_deref()).into_iter().collect();
    if let Some(instrument) = &entry.instrument {
        let day = instrument.date.map(|day| day.to_string()).unwrap_or_default();
        let number = instrument.number.as_deref().unwrap_or_default();
        tags.push(("instrument", join([number, &day])));
    }
    if let Some(foreign) = &entry.foreign {
        tags.push(("foreign", join([foreign.commodity.as_str(), &foreign.quantity.to_string()])));
    }
    tags.extend(entry.bills.iter().map(|bill| bill_tag(bill, exponent)));
    for share in &entry.cost_shares {
        let category = share.category.as_deref().unwrap_or_default();
        tags.push(("cost", join([category, &share.centre, &share.amount.format(exponent)])));
    }
    tags
}

/// Most tags of one record.
const TAGS_MAX: usize = 5_000;

/// Tags that were read, each with its line.
#[derive(Debug, Default)]
pub struct Tags(Vec<(u64, String, String)>);

impl Tags {
    pub fn add(&mut self, line: u64, name: &str, value: &str) {
        if self.0.len() >= TAGS_MAX {
            return;
        }
        self.0.push((line, name.to_owned(), value.trim().to_owned()));
    }

    /// Adds `name: value, name: value`.
    pub fn add_list(&mut self, line: u64, text: &str) {
        for part in text.split(',') {
            if let Some((name, value)) = part.split_once(':') {
                self.add(line, name.trim(), value);
            }
        }
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn get(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(_, own, _)| own == name);
        found.map(|(_, _, value)| unescape(value))
    }

    /// Values of a tag that may stand there several times, with or without a number behind its name.
    fn all<'t>(&'t self, name: &'t str) -> impl Iterator<Item = (u64, Vec<String>)> {
        let is_it = move |own: &str| {
            own.strip_prefix(name).is_some_and(|rest| {
                rest.is_empty()
                    || rest
                        .strip_prefix('-')
                        .is_some_and(|rest| rest.bytes().all(|one| one.is_ascii_digit()))
            })
        };
        self.0
            .iter()
            .filter(move |(_, own, _)| is_it(own))
            .map(|(line, _, value)| (*line, split(value)))
    }

    fn raw(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(_, own, _)| own == name).map(|(_, _, value)| value.as_str())
    }
}

/// What tags are read by.
pub struct Reader<'l> {
    pub exponent: u8,
    pub limits: &'l Limits,
}

impl Reader<'_> {
    fn name(&self, tags: &Tags, name: &str, line: u64) -> Result<Option<String>, Wrong> {
        words::name(&tags.get(name).unwrap_or_default(), self.limits)
            .map_err(|why| Wrong::new(line, Reason::BadText, format!("{name}: {why}")))
    }

    fn line(&self, tags: &Tags, name: &str, line: u64) -> Result<Option<String>, Wrong> {
        words::line(&tags.get(name).unwrap_or_default(), self.limits)
            .map_err(|why| Wrong::new(line, Reason::BadText, format!("{name}: {why}")))
    }

    fn narration(&self, tags: &Tags, line: u64) -> Result<Option<String>, Wrong> {
        words::narration(&tags.get("narration").unwrap_or_default(), self.limits)
            .map_err(|why| Wrong::new(line, Reason::BadText, format!("narration: {why}")))
    }

    fn day(text: &str, line: u64) -> Result<Option<NaiveDate>, Wrong> {
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || Wrong::new(line, Reason::BadDate, format!("{text:?} is not a day"));
        dates::read(text, DateOrder::YearFirst).map(Some).ok_or_else(wrong)
    }

    fn amount(&self, text: &str, line: u64) -> Result<Money, Wrong> {
        amount::read(text, DecimalSign::Point, self.exponent)
            .map_err(|why| Wrong::new(line, Reason::BadAmount, format!("{text:?} {why}")))
    }

    /// A group, where the tags tell of one.
    pub fn group(&self, tags: &Tags, line: u64) -> Result<Option<StagedGroup>, Wrong> {
        let Some(name) = self.name(tags, "group", line)? else { return Ok(None) };
        let parent = self.name(tags, "parent", line)?;
        let nature = tags.get("nature").and_then(|word| Nature::parse(&word));
        Ok(Some(StagedGroup { line, name, parent, nature }))
    }

    /// A ledger, where the tags tell of one.
    pub fn ledger(&self, tags: &Tags, line: u64) -> Result<Option<StagedLedger>, Wrong> {
        let Some(name) = self.name(tags, "ledger", line)? else { return Ok(None) };
        let mut ledger = StagedLedger::named(line, name);
        ledger.group = self.name(tags, "of-group", line)?;
        ledger.key = self.line(tags, "key", line)?;
        for alias in tags.raw("aliases").map(split).unwrap_or_default() {
            let alias = words::name(&alias, self.limits)
                .map_err(|why| Wrong::new(line, Reason::BadText, format!("alias: {why}")))?;
            ledger.aliases.extend(alias);
        }
        ledger.is_bill_wise = tags.get("bill-wise").is_some();
        let address = words::address(&tags.get("address").unwrap_or_default(), self.limits)
            .map_err(|why| Wrong::new(line, Reason::BadText, format!("address: {why}")))?;
        ledger.party = StagedParty {
            gstin: self.line(tags, "gstin", line)?,
            pan: self.line(tags, "pan", line)?,
            state: self.line(tags, "state", line)?,
            country: self.line(tags, "country", line)?,
            address,
            email: self.line(tags, "email", line)?,
            phone: self.line(tags, "phone", line)?,
        }
        .known();
        Ok(Some(ledger))
    }

    pub fn voucher(&self, tags: &Tags, date: NaiveDate, line: u64) -> Result<StagedVoucher, Wrong> {
        let mut voucher = StagedVoucher::dated(line, date);
        voucher.voucher_type = self.name(tags, "voucher-type", line)?;
        voucher.number = self.line(tags, "number", line)?;
        voucher.key = self.line(tags, "key", line)?;
        voucher.reference = self.line(tags, "reference", line)?;
        voucher.reference_date = Self::day(&tags.get("reference-day").unwrap_or_default(), line)?;
        voucher.party = self.name(tags, "party", line)?;
        voucher.narration = self.narration(tags, line)?;
        if let Some(word) = tags.get("status") {
            let wrong =
                || Wrong::new(line, Reason::BadValue, format!("status {word:?} is unknown"));
            voucher.state = VoucherState::parse(&word).ok_or_else(wrong)?;
        }
        Ok(voucher)
    }

    pub fn bills(&self, tags: &Tags) -> Result<Vec<StagedBill>, Wrong> {
        let mut bills = Vec::new();
        for (line, parts) in tags.all("bill") {
            let [kind, name, date, due, amount] = parts.as_slice() else {
                return Err(Wrong::new(line, Reason::BadValue, "a bill has five parts"));
            };
            let wrong =
                || Wrong::new(line, Reason::BadValue, format!("{kind:?} is no kind of bill"));
            let name = words::line(name, self.limits)
                .map_err(|why| Wrong::new(line, Reason::BadText, format!("bill: {why}")))?;
            bills.push(StagedBill {
                line,
                kind: BillKind::parse(kind).ok_or_else(wrong)?,
                name,
                date: Self::day(date, line)?,
                due: Self::day(due, line)?,
                amount: self.amount(amount, line)?,
            });
        }
        Ok(bills)
    }

    /// What the tags add to an entry.
    pub fn entry(
        &self,
        tags: &Tags,
        ledger: String,
        amount: Money,
        line: u64,
    ) -> Result<StagedEntry, Wrong> {
        let mut entry = StagedEntry::of(line, ledger, amount);
        entry.narration = self.narration(tags, line)?;
        entry.bills = self.bills(tags)?;
        for (line, parts) in tags.all("cost") {
            let [category, centre, amount] = parts.as_slice() else {
                return Err(Wrong::new(line, Reason::BadValue, "a cost centre has three parts"));
            };
            let name = |text: &str| {
                words::name(text, self.limits)
                    .map_err(|why| Wrong::new(line, Reason::BadText, format!("cost: {why}")))
            };
            let missing = || Wrong::new(line, Reason::MissingValue, "a cost centre has a name");
            entry.cost_shares.push(StagedCostShare {
                category: name(category)?,
                centre: name(centre)?.ok_or_else(missing)?,
                amount: self.amount(amount, line)?,
            });
        }
        if let Some([number, day]) = tags.raw("instrument").map(split).as_deref() {
            let number = words::line(number, self.limits)
                .map_err(|why| Wrong::new(line, Reason::BadText, format!("instrument: {why}")))?;
            let date = Self::day(day, line)?;
            entry.instrument = StagedInstrument { number, date }.known();
        }
        if let Some([commodity, quantity]) = tags.raw("foreign").map(split).as_deref() {
            let wrong =
                || Wrong::new(line, Reason::BadAmount, format!("{quantity:?} is no number"));
            let commodity = words::name(commodity, self.limits)
                .map_err(|why| Wrong::new(line, Reason::BadText, format!("foreign: {why}")))?;
            let quantity = Decimal::from_str_exact(quantity).map_err(|_| wrong())?;
            entry.foreign = commodity.map(|commodity| StagedForeign { commodity, quantity });
        }
        Ok(entry)
    }
}
