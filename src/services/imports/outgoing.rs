//! Posted books as staged ones: what every writer takes, read page by page from one snapshot.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Days, NaiveDate};
use daybook_domain::{
    id::{BillId, LedgerId, VoucherId},
    money::Money,
};
use daybook_entity::tenant::{books::BillKind as Stored, business::business};
use rust_decimal::Decimal;
use sea_orm::{ActiveEnum, ConnectionTrait, Value};

use crate::{
    db::sql::{list, statement},
    error::Result,
    interchange::staged::{
        BillKind, StagedBill, StagedEntry, StagedForeign, StagedGroup, StagedLedger, StagedVoucher,
        VoucherState,
    },
    lane::{
        PostedBill, PostedVoucher,
        stored::{self, COLUMNS},
    },
    master::Catalogue,
    services::books::{
        balances::{self, Whose},
        chart::Chart,
        groups::{GroupRef, Groups},
        standard_ledgers::OPENING_DIFFERENCE,
        standing::{Books, first_day},
        voucher_types,
    },
};

/// Vouchers that are read at once.
pub const PAGE: u64 = 500;

/// The books that are taken out.
pub struct Outgoing<'b, C> {
    /// The snapshot.
    pub conn: &'b C,
    /// All ledgers.
    pub chart: &'b Chart,
    /// The groups that they hang below.
    pub groups: &'b Groups,
    /// The shared structure.
    pub catalogue: &'b Catalogue,
    /// Whose books.
    pub business: &'b business::Model,
    /// First day of the vouchers; what is before it becomes openings.
    pub from: NaiveDate,
    /// Last day of the vouchers.
    pub to: NaiveDate,
}

/// Where a page of vouchers begins.
pub type After = (NaiveDate, VoucherId);

/// What later acts moved between the bill parts of vouchers, and the names of bills.
#[derive(Default)]
struct Moved {
    by_voucher: HashMap<VoucherId, Vec<PostedBill>>,
    names: HashMap<BillId, String>,
}

impl<C: ConnectionTrait> Outgoing<'_, C> {
    /// The day on which ledgers open.
    pub fn opened_on(&self) -> Option<NaiveDate> {
        self.from.checked_sub_days(Days::new(1))
    }

    /// All groups, parents before children.
    pub fn groups(&self) -> Vec<StagedGroup> {
        let all = self.groups.ordered.iter();
        all.map(|group| StagedGroup {
            line: 0,
            name: group.name.clone(),
            parent: group.parent.and_then(|above| self.name_of(above)),
            nature: Some(group.nature),
        })
        .collect()
    }

    fn name_of(&self, group: GroupRef) -> Option<String> {
        self.groups.resolve(group).map(|group| group.name.clone())
    }

    /// All ledgers by name, with what they open with.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ledgers(&self) -> Result<Vec<StagedLedger>> {
        let openings = self.openings().await?;
        let mut bills =
            if self.begins_with_books() { self.opening_bills().await? } else { HashMap::new() };
        let own = self.chart.ledgers.values();
        let mut own: Vec<_> = own.filter(|one| one.business_id == self.business.id).collect();
        own.sort_by(|one, other| one.name_key.cmp(&other.name_key));
        let ledgers = own.into_iter().map(|row| {
            let mut ledger = StagedLedger::named(0, row.name.clone());
            ledger.group = GroupRef::of(row).and_then(|group| self.name_of(group));
            ledger.is_bill_wise = row.is_bill_wise;
            // What openings are out by follows from them.
            if row.system_code.as_deref() != Some(OPENING_DIFFERENCE) {
                ledger.opening = openings.get(&row.id).copied().unwrap_or_default();
            }
            if !ledger.opening.is_zero() {
                ledger.opening_bills = bills.remove(&row.id).unwrap_or_default();
            }
            ledger
        });
        Ok(ledgers.collect())
    }

    fn begins_with_books(&self) -> bool {
        self.from <= self.business.books_begin_on
    }

    async fn openings(&self) -> Result<HashMap<LedgerId, Money>> {
        let Some(eve) = self.opened_on() else { return Ok(HashMap::new()) };
        if self.begins_with_books() {
            let sums =
                balances::as_at(self.conn, self.business.id, None, Whose::Everybody, eve).await?;
            return Ok(sums.into_iter().map(|(id, sums)| (id, sums.balance())).collect());
        }
        let books = Books {
            chart: self.chart,
            groups: self.groups,
            business: self.business,
            whose: Whose::Everybody,
        };
        // On the first day of a year, income and expense have turned into the result.
        let turns = first_day(self.business, self.from) == self.from;
        let day = if turns { self.from } else { eve };
        let found = books.at(self.conn, None, day).await?;
        let amounts = found
            .into_iter()
            .map(|(id, standing)| (id, if turns { standing.opening } else { standing.closing() }));
        Ok(amounts.collect())
    }

    async fn opening_bills(&self) -> Result<HashMap<LedgerId, Vec<StagedBill>>> {
        let text = "SELECT d.ledger_id, d.kind, d.reference, v.number, d.due_on, d.debit, d.credit \
             FROM bill_wise_details d JOIN voucher_versions w ON w.id = d.version_id \
             JOIN vouchers v ON v.id = w.voucher_id \
             WHERE v.business_id = ? AND w.kind = 'OPENING' AND d.effect = 1 \
             AND NOT EXISTS (SELECT 1 FROM bill_wise_details n WHERE n.version_id = d.version_id \
             AND n.line = d.line AND n.effect = -1) ORDER BY d.id";
        let backend = self.conn.get_database_backend();
        let ask = statement(backend, text, [Value::from(self.business.id.get())]);
        let mut found: HashMap<LedgerId, Vec<StagedBill>> = HashMap::new();
        for row in self.conn.query_all_raw(ask).await? {
            let kind: String = row.try_get_by_index(1)?;
            let reference: Option<String> = row.try_get_by_index(2)?;
            let number: String = row.try_get_by_index(3)?;
            let (debit, credit): (i64, i64) = (row.try_get_by_index(5)?, row.try_get_by_index(6)?);
            let kind = kind_of(Stored::try_from_value(&kind)?);
            let ledger = LedgerId::new(row.try_get_by_index(0)?);
            found.entry(ledger).or_default().push(StagedBill {
                line: 0,
                kind,
                name: (kind != BillKind::OnAccount).then(|| reference.unwrap_or(number)),
                date: None,
                due: row.try_get_by_index(4)?,
                amount: Money::from_minor(debit.saturating_sub(credit)),
            });
        }
        Ok(found)
    }

    /// A page of vouchers by their days, and where the next one begins.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn vouchers(
        &self,
        after: Option<After>,
    ) -> Result<(Vec<StagedVoucher>, Option<After>)> {
        let backend = self.conn.get_database_backend();
        let mut text = format!(
            "SELECT {COLUMNS} AND v.business_id = ? AND w.kind <> 'OPENING' \
             AND w.dated >= ? AND w.dated <= ?"
        );
        let mut binds = vec![Value::from(self.business.id.get()), self.from.into(), self.to.into()];
        if let Some((day, id)) = after {
            text.push_str(" AND (w.dated > ? OR (w.dated = ? AND v.id > ?))");
            binds.extend([Value::from(day), day.into(), id.get().into()]);
        }
        text.push_str(&format!(" ORDER BY w.dated, v.id LIMIT {PAGE}"));
        let mut page = Vec::new();
        for row in self.conn.query_all_raw(statement(backend, &text, binds)).await? {
            page.push(stored::voucher(&row)?);
        }
        stored::fill_entries(self.conn, &mut page).await?;
        let versions: Vec<_> = page.iter().map(|voucher| voucher.version_id).collect();
        let mut bills = stored::bills(self.conn, &versions).await?;
        for voucher in &mut page {
            voucher.bills = bills.remove(&voucher.version_id).unwrap_or_default();
        }
        let ids: Vec<VoucherId> = page.iter().map(|voucher| voucher.id).collect();
        let cancelled = self.cancelled(&ids).await?;
        let moved = self.moved(&page).await?;
        let next = page.last().map(|last| (last.dated, last.id));
        let next = next.filter(|_| u64::try_from(page.len()).unwrap_or(0) >= PAGE);
        let staged = page
            .iter()
            .map(|voucher| self.voucher(voucher, cancelled.contains(&voucher.id), &moved));
        Ok((staged.collect(), next))
    }

    async fn cancelled(&self, ids: &[VoucherId]) -> Result<HashSet<VoucherId>> {
        let mut found = HashSet::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let text = format!(
            "SELECT voucher_id FROM voucher_acts WHERE kind = 'CANCELLED' AND voucher_id IN ({})",
            list(ids.len())
        );
        let binds = ids.iter().map(|id| Value::from(id.get()));
        let ask = statement(self.conn.get_database_backend(), &text, binds);
        for row in self.conn.query_all_raw(ask).await? {
            found.insert(VoucherId::new(row.try_get_by_index(0)?));
        }
        Ok(found)
    }

    /// What allocations moved, and the names of all bills that are settled.
    async fn moved(&self, page: &[PostedVoucher]) -> Result<Moved> {
        let mut moved = Moved::default();
        let with_bills = page.iter().filter(|voucher| !voucher.bills.is_empty());
        let ids: Vec<VoucherId> = with_bills.map(|voucher| voucher.id).collect();
        if ids.is_empty() {
            return Ok(moved);
        }
        let backend = self.conn.get_database_backend();
        let text = format!(
            "SELECT voucher_id, id FROM voucher_acts WHERE kind IN ('ALLOCATED', 'DEALLOCATED') \
             AND voucher_id IN ({})",
            list(ids.len())
        );
        let binds = ids.iter().map(|id| Value::from(id.get()));
        let mut acts = BTreeMap::new();
        for row in self.conn.query_all_raw(statement(backend, &text, binds)).await? {
            let act = daybook_domain::id::VoucherActId::new(row.try_get_by_index(1)?);
            acts.insert(act, VoucherId::new(row.try_get_by_index(0)?));
        }
        let of_acts: Vec<_> = acts.keys().copied().collect();
        for (act, rows) in stored::bills_of_acts(self.conn, &of_acts).await? {
            if let Some(voucher) = acts.get(&act) {
                moved.by_voucher.entry(*voucher).or_default().extend(rows);
            }
        }
        let of_versions = page.iter().flat_map(|voucher| &voucher.bills);
        let rows = of_versions.chain(moved.by_voucher.values().flatten());
        let settled: HashSet<i64> = rows
            .filter(|row| row.kind == Stored::Against)
            .filter_map(|row| row.bill.map(BillId::get))
            .collect();
        let settled: Vec<i64> = settled.into_iter().collect();
        for chunk in settled.chunks(500) {
            let text = format!(
                "SELECT d.bill_id, d.reference, v.number FROM bill_wise_details d \
                 JOIN voucher_versions w ON w.id = d.version_id \
                 JOIN vouchers v ON v.id = w.voucher_id \
                 WHERE d.bill_id IN ({}) AND d.kind IN ('NEW', 'ADVANCE') AND d.effect = 1 \
                 ORDER BY d.id",
                list(chunk.len())
            );
            let binds = chunk.iter().map(|id| Value::from(*id));
            for row in self.conn.query_all_raw(statement(backend, &text, binds)).await? {
                let reference: Option<String> = row.try_get_by_index(1)?;
                let number: String = row.try_get_by_index(2)?;
                let id = BillId::new(row.try_get_by_index(0)?);
                moved.names.insert(id, reference.unwrap_or(number));
            }
        }
        Ok(moved)
    }

    fn voucher(&self, voucher: &PostedVoucher, is_cancelled: bool, moved: &Moved) -> StagedVoucher {
        let mut staged = StagedVoucher::dated(0, voucher.dated);
        let name = |ledger: LedgerId| {
            self.chart.ledgers.get(&ledger).map(|row| row.name.clone()).unwrap_or_default()
        };
        let kind = voucher_types::find(self.catalogue, self.chart, voucher.voucher_type);
        staged.voucher_type = kind.map(|kind| kind.name().to_owned());
        staged.number = Some(voucher.number.clone());
        staged.reference.clone_from(&voucher.reference);
        staged.reference_date = voucher.reference_date;
        staged.party = voucher.party.map(name);
        staged.narration.clone_from(&voucher.narration);
        if is_cancelled {
            staged.state = VoucherState::Cancelled;
        }
        let acts = moved.by_voucher.get(&voucher.id).map(Vec::as_slice).unwrap_or_default();
        let parts = standing_parts(&voucher.bills, acts);
        for entry in &voucher.entries {
            let amount = entry.debit.saturating_sub(entry.credit);
            let mut out = StagedEntry::of(0, name(entry.ledger), amount);
            out.narration.clone_from(&entry.detail.narration);
            let own = parts.iter().filter(|part| part.entry_line == Some(entry.line));
            out.bills = own.map(|part| bill_of(part, voucher, moved)).collect();
            out.foreign = entry.detail.foreign.as_ref().map(|foreign| {
                let places = u32::from(self.catalogue.currency_exponent(foreign.currency.as_str()));
                let quantity = Decimal::new(foreign.amount.minor(), places);
                let quantity = if amount.is_negative() { -quantity } else { quantity };
                StagedForeign { commodity: foreign.currency.to_string(), quantity }
            });
            staged.entries.push(out);
        }
        staged
    }
}

fn kind_of(stored: Stored) -> BillKind {
    match stored {
        Stored::New => BillKind::New,
        Stored::Against => BillKind::Against,
        Stored::Advance => BillKind::Advance,
        Stored::OnAccount => BillKind::OnAccount,
    }
}

fn bill_of(part: &PostedBill, voucher: &PostedVoucher, moved: &Moved) -> StagedBill {
    let opened = || part.reference.clone().unwrap_or_else(|| voucher.number.clone());
    let name = match part.kind {
        Stored::OnAccount => None,
        Stored::Against => part.bill.and_then(|bill| moved.names.get(&bill).cloned()),
        Stored::New | Stored::Advance => Some(opened()),
    };
    StagedBill {
        line: 0,
        kind: kind_of(part.kind),
        name,
        date: None,
        due: part.due_on,
        amount: part.debit.saturating_sub(part.credit),
    }
}

/// The bill parts of a voucher with what later allocations moved: of an amount that waited, a part went to
/// bills, and stays a part of the same entry.
fn standing_parts(own: &[PostedBill], acts: &[PostedBill]) -> Vec<PostedBill> {
    let amount = |row: &PostedBill| row.debit.saturating_sub(row.credit);
    let mut net: BTreeMap<(LedgerId, bool, Option<BillId>), Money> = BTreeMap::new();
    for row in acts {
        let is_settled = row.kind == Stored::Against;
        let bill = row.bill.filter(|_| row.kind != Stored::OnAccount);
        let sum = net.entry((row.ledger, is_settled, bill)).or_default();
        *sum = sum.saturating_add(amount(row));
    }
    let mut parts: Vec<PostedBill> = own.to_vec();
    // What waited was made less: where, and by how much.
    let mut freed: Vec<(Option<i32>, LedgerId, Money)> = Vec::new();
    for ((ledger, is_settled, bill), change) in &net {
        let mut left = *change;
        if *is_settled {
            continue;
        }
        for part in parts.iter_mut().filter(|part| {
            part.ledger == *ledger
                && match bill {
                    Some(bill) => part.kind == Stored::Advance && part.bill == Some(*bill),
                    None => part.kind == Stored::OnAccount,
                }
        }) {
            let here = amount(part);
            let taken = left.size().min(here.size());
            if taken.is_zero() || left.is_negative() == here.is_negative() {
                continue;
            }
            let taken = if left.is_negative() { -taken } else { taken };
            left = left.saturating_sub(taken);
            set(part, here.saturating_add(taken));
            freed.push((part.entry_line, *ledger, -taken));
        }
    }
    for ((ledger, is_settled, bill), change) in net {
        let mut left = change;
        if !is_settled || left.is_zero() {
            continue;
        }
        for (entry_line, _, free) in freed.iter_mut().filter(|(_, of, _)| *of == ledger) {
            let taken = left.size().min(free.size());
            if taken.is_zero() || left.is_negative() != free.is_negative() {
                continue;
            }
            let taken = if left.is_negative() { -taken } else { taken };
            left = left.saturating_sub(taken);
            *free = free.saturating_sub(taken);
            let mut part = PostedBill {
                id: 0,
                line: 0,
                entry_line: *entry_line,
                ledger,
                bill,
                kind: Stored::Against,
                reference: None,
                due_on: None,
                debit: Money::ZERO,
                credit: Money::ZERO,
                foreign: None,
            };
            set(&mut part, taken);
            parts.push(part);
        }
    }
    parts.retain(|part| !amount(part).is_zero());
    parts
}

fn set(part: &mut PostedBill, amount: Money) {
    (part.debit, part.credit) =
        if amount.is_negative() { (Money::ZERO, amount.size()) } else { (amount, Money::ZERO) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(kind: Stored, bill: Option<i64>, amount: i64) -> PostedBill {
        let mut part = PostedBill {
            id: 1,
            line: 1,
            entry_line: Some(2),
            ledger: LedgerId::new(7),
            bill: bill.map(BillId::new),
            kind,
            reference: None,
            due_on: None,
            debit: Money::ZERO,
            credit: Money::ZERO,
            foreign: None,
        };
        set(&mut part, Money::from_minor(amount));
        part
    }

    #[test]
    fn what_was_allocated_later_stands_on_the_same_entry() {
        let own = [part(Stored::OnAccount, None, -100), part(Stored::Advance, Some(5), -50)];
        let acts = [
            part(Stored::OnAccount, None, 30),
            part(Stored::Against, Some(9), -30),
            // Set against another bill, and taken back.
            part(Stored::Advance, Some(5), 20),
            part(Stored::Against, Some(8), -20),
            part(Stored::Advance, Some(5), -20),
            part(Stored::Against, Some(8), 20),
        ];
        let parts = standing_parts(&own, &acts);
        let told: Vec<_> = parts
            .iter()
            .map(|part| {
                let amount = part.debit.saturating_sub(part.credit).minor();
                (part.kind, part.bill.map(BillId::get), part.entry_line, amount)
            })
            .collect();
        assert_eq!(
            told,
            [
                (Stored::OnAccount, None, Some(2), -70),
                (Stored::Advance, Some(5), Some(2), -50),
                (Stored::Against, Some(9), Some(2), -30),
            ]
        );
    }
}
