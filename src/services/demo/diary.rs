//! What happens in a business of the example, day by day. Nothing here knows of a database.
//!
//! The diary keeps its own balances, so that nothing is paid that is not there.

use std::collections::HashMap;

use chrono::{Datelike, Days, Months, NaiveDate};
use daybook_domain::voucher::BaseType;

use super::{
    cast::{Shop, Tax},
    random::Random,
};

/// The standard ledgers that the diary uses, by name.
pub const CASH: &str = "Cash";
const SALES: &str = "Sales";
const PURCHASES: &str = "Purchases";
const RENT: &str = "Rent";
const SALARIES: &str = "Salaries";
const BANK_CHARGES: &str = "Bank Charges";

/// Ledgers that the diary adds.
pub const DEPRECIATION: &str = "Depreciation";
/// What the business owns for long.
pub const ASSETS: &str = "Furniture and Equipment";
/// What the owner put in.
pub const OWNER: &str = "Owner's Capital";

/// Minor units of one unit; every currency of the example has two places.
const UNIT: i64 = 100;
/// Months that a diary covers; what lies ahead of today is left out by whoever posts it.
const MONTHS: u32 = 13;

/// A voucher to be posted: lines of ledger and amount in minor units, debit above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Book date.
    pub day: NaiveDate,
    /// What it is.
    pub base: BaseType,
    /// Ledgers by name.
    pub lines: Vec<(&'static str, i64)>,
    /// Words about it.
    pub narration: String,
    /// The other side's number.
    pub reference: Option<String>,
}

/// Everything that happens in a business from the first day of its books on, in order of days.
pub fn of(shop: &'static Shop, begins: NaiveDate) -> Vec<Draft> {
    let mut diary = Diary {
        shop,
        random: Random::new(shop.seed),
        balances: HashMap::from([(shop.bank, shop.bank_opening.saturating_mul(UNIT))]),
        drafts: Vec::new(),
        bills: 0,
    };
    for month in 0..MONTHS {
        let Some(first) = begins.checked_add_months(Months::new(month)) else { break };
        diary.month(first);
    }
    diary.drafts
}

/// What has happened by the end of a day.
pub fn due(shop: &'static Shop, begins: NaiveDate, day: NaiveDate) -> impl Iterator<Item = Draft> {
    of(shop, begins).into_iter().take_while(move |draft| draft.day <= day)
}

struct Diary {
    shop: &'static Shop,
    random: Random,
    balances: HashMap<&'static str, i64>,
    drafts: Vec<Draft>,
    bills: i64,
}

/// Something planned for a day of a month.
enum Event {
    DrawCash,
    Purchase,
    CreditSale,
    Takings,
    Collect,
    PayRent,
    Running(usize),
    PaySupplier,
    BankCash,
    TaxSetOff,
    PayTax,
    BankCharges,
    Salaries,
    Depreciation,
}

impl Diary {
    fn month(&mut self, first: NaiveDate) {
        let days = first
            .checked_add_months(Months::new(1))
            .map_or(30, |next| next.signed_duration_since(first).num_days());
        for (day, event) in self.plan(first, days) {
            let ahead = u64::try_from(day.clamp(1, days).saturating_sub(1)).unwrap_or(0);
            if let Some(day) = first.checked_add_days(Days::new(ahead)) {
                self.happen(day, event);
            }
        }
    }

    /// A month's events in order of days.
    fn plan(&mut self, first: NaiveDate, days: i64) -> Vec<(i64, Event)> {
        let shop = self.shop;
        let place = usize::try_from(first.month0()).unwrap_or(0);
        let season = shop.seasons.get(place).copied().unwrap_or(100);
        let of_season = |ordinary: i64| ordinary.saturating_mul(season).div_euclid(100).max(1);
        let mut plan = vec![
            (1, Event::DrawCash),
            (4, Event::TaxSetOff),
            (5, Event::PayRent),
            (20, Event::PayTax),
            (days, Event::BankCharges),
            (days, Event::Salaries),
            (days, Event::Depreciation),
        ];
        for day in [2, 11, 19] {
            plan.push((day, Event::Purchase));
        }
        for day in [9, 16, 25] {
            plan.push((day, Event::PaySupplier));
        }
        for day in [7, 14, 21, 28] {
            plan.push((day, Event::BankCash));
        }
        for place in 0..shop.running.len() {
            plan.push((self.random.between(6, 24), Event::Running(place)));
        }
        for _ in 0..of_season(shop.sales) {
            plan.push((self.random.between(2, days), Event::CreditSale));
            plan.push((self.random.between(3, days), Event::Collect));
        }
        for _ in 0..of_season(shop.taking_days) {
            plan.push((self.random.between(2, days), Event::Takings));
        }
        plan.sort_by_key(|(day, _)| *day);
        plan
    }

    fn happen(&mut self, day: NaiveDate, event: Event) {
        let shop = self.shop;
        match event {
            Event::DrawCash => {
                let amount = shop.rent.saturating_mul(UNIT).div_euclid(2);
                if self.can_pay(shop.bank, amount) {
                    let lines = vec![(CASH, amount), (shop.bank, -amount)];
                    self.note(day, BaseType::Contra, lines, "Cash drawn for the till");
                }
            }
            Event::BankCash => {
                let float = shop.takings.saturating_mul(UNIT);
                let amount = whole(self.balance(CASH).saturating_sub(float));
                if amount > 0 {
                    let lines = vec![(shop.bank, amount), (CASH, -amount)];
                    self.note(day, BaseType::Contra, lines, "Takings banked");
                }
            }
            Event::Purchase => self.purchase(day),
            Event::CreditSale => {
                let Some(customer) = self.random.one_of(shop.customers).copied() else { return };
                let net = self.about(shop.sale);
                self.sale(day, BaseType::Journal, customer, net, "Goods sold on credit");
            }
            Event::Takings => {
                let net = self.about(shop.takings);
                self.sale(day, BaseType::Receipt, CASH, net, "Takings of the day");
            }
            Event::Collect => self.collect(day),
            Event::PaySupplier => self.pay_supplier(day),
            Event::PayRent => self.pay(day, RENT, shop.rent.saturating_mul(UNIT), "Rent"),
            Event::Running(place) => {
                let Some((ledger, low, high)) = shop.running.get(place).copied() else { return };
                let amount = self.random.between(low, high).saturating_mul(UNIT);
                if self.random.chance(50) && self.can_pay(CASH, amount) {
                    self.pay_from(day, CASH, ledger, amount, ledger);
                } else {
                    self.pay(day, ledger, amount, ledger);
                }
            }
            Event::BankCharges => {
                let amount = self.random.between(90, 420).saturating_mul(UNIT);
                self.pay_from(day, shop.bank, BANK_CHARGES, amount, "Bank charges of the month");
            }
            Event::Salaries => {
                let raise = if day.month() == 12 { 110 } else { 100 };
                let amount = shop.salaries.saturating_mul(raise).div_euclid(100);
                self.pay(day, SALARIES, amount.saturating_mul(UNIT), "Salaries of the month");
            }
            Event::Depreciation => {
                let amount = whole(shop.assets_opening.saturating_mul(UNIT).div_euclid(120));
                let lines = vec![(DEPRECIATION, amount), (ASSETS, -amount)];
                self.note(day, BaseType::Journal, lines, "Depreciation of the month");
            }
            Event::TaxSetOff => self.set_off(day),
            Event::PayTax => self.pay_tax(day),
        }
    }

    /// A purchase is about what a third of a month's trade costs.
    fn purchase(&mut self, day: NaiveDate) {
        let shop = self.shop;
        let Some(supplier) = self.random.one_of(shop.suppliers).copied() else { return };
        let place = usize::try_from(day.month0()).unwrap_or(0);
        let season = shop.seasons.get(place).copied().unwrap_or(100);
        let trade = shop
            .sale
            .saturating_mul(shop.sales)
            .saturating_add(shop.takings.saturating_mul(shop.taking_days));
        let share = trade.saturating_mul(season).saturating_mul(62).div_euclid(30_000);
        let net = self.about(share.max(1));
        let mut lines = vec![(PURCHASES, net)];
        let mut total = net;
        for (ledger, tax) in taxes(shop.tax, net, Side::Input) {
            lines.push((ledger, tax));
            total = total.saturating_add(tax);
        }
        lines.push((supplier, -total));
        self.bills = self.bills.saturating_add(self.random.between(1, 7));
        let reference = format!("B-{:04}", self.bills);
        self.note(day, BaseType::Journal, lines, "Goods bought on credit");
        if let Some(last) = self.drafts.last_mut() {
            last.reference = Some(reference);
        }
    }

    fn sale(&mut self, day: NaiveDate, base: BaseType, to: &'static str, net: i64, words: &str) {
        let taxes = taxes(self.shop.tax, net, Side::Output);
        let total = taxes.iter().fold(net, |sum, (_, tax)| sum.saturating_add(*tax));
        let mut lines = vec![(to, total), (SALES, -net)];
        lines.extend(taxes.into_iter().map(|(ledger, tax)| (ledger, -tax)));
        self.note(day, base, lines, words);
    }

    /// A customer pays most of what they owe, or all of it.
    fn collect(&mut self, day: NaiveDate) {
        let Some(customer) = self.random.one_of(self.shop.customers).copied() else { return };
        let owed = self.balance(customer);
        let all = self.random.chance(45);
        let amount = if all { owed } else { whole(owed.saturating_mul(3).div_euclid(5)) };
        if amount > 0 {
            let lines = vec![(self.shop.bank, amount), (customer, -amount)];
            self.note(day, BaseType::Receipt, lines, "Received on account");
        }
    }

    /// The supplier to whom most is owed is paid, as far as the bank allows.
    fn pay_supplier(&mut self, day: NaiveDate) {
        let most = self.shop.suppliers.iter().copied().min_by_key(|one| self.balance(one));
        let Some(supplier) = most else { return };
        let owed = self.balance(supplier).saturating_neg();
        let kept = self.shop.salaries.saturating_add(self.shop.rent).saturating_mul(UNIT);
        let spare = self.balance(self.shop.bank).saturating_sub(kept);
        let amount = if spare >= owed { owed } else { whole(spare) };
        if amount > 0 {
            self.pay_from(day, self.shop.bank, supplier, amount, "Paid on account");
        }
    }

    /// Tax paid on purchases is set against tax charged on sales.
    fn set_off(&mut self, day: NaiveDate) {
        let mut lines = Vec::new();
        for (output, input) in heads(self.shop.tax) {
            let owed = self.balance(output).saturating_neg();
            let amount = owed.min(self.balance(input));
            if amount > 0 {
                lines.extend([(*output, amount), (*input, -amount)]);
            }
        }
        if !lines.is_empty() {
            self.note(day, BaseType::Journal, lines, "Input tax set off");
        }
    }

    /// What set-off left is paid: half of it, the rest having arisen since the month began.
    fn pay_tax(&mut self, day: NaiveDate) {
        let mut lines = Vec::new();
        let mut total = 0_i64;
        for (output, input) in heads(self.shop.tax) {
            let owed = self.balance(output).saturating_neg();
            let due = owed.saturating_sub(self.balance(input)).div_euclid(2);
            if due > 0 {
                lines.push((*output, due));
                total = total.saturating_add(due);
            }
        }
        if total > 0 && self.can_pay(self.shop.bank, total) {
            lines.push((self.shop.bank, -total));
            self.note(day, BaseType::Payment, lines, "Tax paid");
        }
    }

    /// Paid from the bank, or in cash where the bank does not reach.
    fn pay(&mut self, day: NaiveDate, ledger: &'static str, amount: i64, words: &str) {
        let bank = self.shop.bank;
        let from = if self.can_pay(bank, amount) { bank } else { CASH };
        self.pay_from(day, from, ledger, amount, words);
    }

    fn pay_from(
        &mut self,
        day: NaiveDate,
        from: &'static str,
        ledger: &'static str,
        amount: i64,
        words: &str,
    ) {
        if self.can_pay(from, amount) {
            self.note(day, BaseType::Payment, vec![(ledger, amount), (from, -amount)], words);
        }
    }

    fn can_pay(&self, from: &'static str, amount: i64) -> bool {
        amount > 0 && self.balance(from) >= amount
    }

    fn balance(&self, ledger: &str) -> i64 {
        self.balances.get(ledger).copied().unwrap_or(0)
    }

    /// An amount in minor units around so many units.
    fn about(&mut self, units: i64) -> i64 {
        let percent = self.random.between(60, 145);
        units.saturating_mul(percent).div_euclid(100).max(1).saturating_mul(UNIT)
    }

    fn note(
        &mut self,
        day: NaiveDate,
        base: BaseType,
        lines: Vec<(&'static str, i64)>,
        narration: &str,
    ) {
        for (ledger, amount) in &lines {
            let balance = self.balances.entry(ledger).or_insert(0);
            *balance = balance.saturating_add(*amount);
        }
        let narration = narration.to_owned();
        self.drafts.push(Draft { day, base, lines, narration, reference: None });
    }
}

/// Cuts an amount to whole units; nothing below zero.
fn whole(minor: i64) -> i64 {
    minor.max(0).div_euclid(UNIT).saturating_mul(UNIT)
}

enum Side {
    Output,
    Input,
}

/// Pairs of output and input ledgers.
fn heads(tax: Tax) -> &'static [(&'static str, &'static str)] {
    match tax {
        Tax::Gst { .. } => &[("Output CGST", "Input CGST"), ("Output SGST", "Input SGST")],
        Tax::Vat { .. } => &[("VAT Output", "VAT Input")],
    }
}

fn taxes(tax: Tax, net: i64, side: Side) -> Vec<(&'static str, i64)> {
    let heads = heads(tax);
    let percent = match tax {
        Tax::Gst { percent } | Tax::Vat { percent } => percent,
    };
    let parts = i64::try_from(heads.len()).unwrap_or(1);
    // Whole units times a whole rate: nothing is lost for rates that the parts divide.
    let each = net.saturating_mul(percent).div_euclid(parts.saturating_mul(100));
    let pick = |(output, input): &(&'static str, &'static str)| match side {
        Side::Output => (*output, each),
        Side::Input => (*input, each),
    };
    heads.iter().map(pick).collect()
}
