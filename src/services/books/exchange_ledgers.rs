//! What a business with ledgers in other currencies needs: the ledgers that gains and losses go to, and the
//! vouchers that the program posts to them.

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    cost::CostUse,
    currency::CurrencyCode,
    exchange::{Position, rate_of},
    id::{AccountGroupId, BusinessId, LedgerId},
    lock::areas_of,
    money::Money,
    text::fold,
    voucher::{Balanced, BaseType, Line, balance},
};
use daybook_entity::tenant::{books::VoucherKind, business::business, chart::ledger};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};

use super::{
    chart::Chart, numbering::numbering_of, openings::Opening, voucher_types, vouchers::Wrong,
};
use crate::{
    error::{Code, Error, Result},
    lane::{
        Change, EXCHANGE_GAIN, Posting, Writing,
        posting::{EntryDetail, Foreign, Numbering},
    },
    master::catalogue::Catalogue,
    scope::TenantScope,
};

/// Code of Unrealised Exchange Gain or Loss, the other side of every revaluation.
pub const UNREALISED: &str = "EXCHANGE_UNREALISED";

const OWN: [(&str, &str); 2] = [
    (EXCHANGE_GAIN, "Foreign Exchange Gain or Loss"),
    (UNREALISED, "Unrealised Exchange Gain or Loss"),
];
/// Indirect Incomes.
const GROUP: &str = "IINC";

/// The shared group of these ledgers.
///
/// # Errors
/// When the shared structure lacks it.
pub fn group(catalogue: &Catalogue) -> Result<AccountGroupId> {
    let found = catalogue.group_coded(GROUP).map(|group| group.id);
    found.ok_or_else(|| Error::Internal(format!("no group {GROUP}")))
}

/// Opens the ledgers that gains and losses go to, where the business has none yet.
///
/// # Errors
/// When the database cannot be written.
pub async fn ensure(
    writing: &mut Writing,
    business: BusinessId,
    group: AccountGroupId,
) -> Result<()> {
    for (code, name) in OWN {
        let own = ledger::Entity::find().filter(ledger::Column::BusinessId.eq(business));
        let codes = own.clone().filter(ledger::Column::SystemCode.eq(code));
        if codes.one(writing.conn()).await?.is_some() {
            continue;
        }
        let taken = own.filter(ledger::Column::NameKey.eq(fold(name)));
        let is_taken = taken.one(writing.conn()).await?.is_some();
        let name = if is_taken { format!("{name} ({code})") } else { name.to_owned() };
        let now = writing.recorded_at();
        let row = ledger::Model {
            id: LedgerId::new(writing.next_id()?),
            business_id: business,
            name_key: fold(&name),
            name,
            group_id: Some(group),
            subgroup_id: None,
            system_code: Some(code.to_owned()),
            tax_head: None,
            tax_direction: None,
            currency: None,
            is_bill_wise: false,
            credit_days: None,
            cost_use: CostUse::default(),
            description: None,
            archived_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let listed = Canonical::new().int("id", row.id.get()).text("name", &row.name);
        ledger::ActiveModel::from(row).insert(writing.conn()).await?;
        writing.settings_change();
        writing.audit(Change {
            action: "LEDGERS_OPENED",
            subject_type: "Business",
            subject: Some(business.get()),
            business: Some(business),
            canonical: Canonical::new().list("ledgers", [listed]).finish(),
        });
    }
    Ok(())
}

/// The currency that a ledger is to have; none for the business's own.
pub fn read_currency(
    scope: &TenantScope,
    business: &business::Model,
    is_of_the_year: bool,
    written: Option<&str>,
    wrong: &mut Wrong<'_>,
) -> Option<CurrencyCode> {
    let code = written.filter(|code| *code != business.base_currency)?;
    let known = scope.catalogue.currency(code).and_then(|_| CurrencyCode::parse(code).ok());
    if known.is_none() {
        wrong.add(Code::CurrencyUnknown, "currency", "no such currency");
    } else if is_of_the_year {
        let why = "income and expense are kept in the business's currency";
        wrong.add(Code::NotAllowed, "currency", why);
    }
    known
}

/// An opening's amount in the currency of its ledger.
pub fn read_opening(
    scope: &TenantScope,
    currency: Option<&str>,
    opening: Option<&Opening>,
    (base, base_exponent): (Option<Money>, u8),
    wrong: &mut Wrong<'_>,
) -> Option<Foreign> {
    const FIELD: &str = "openingBalance.currencyAmount";
    let written = opening.and_then(|opening| opening.currency_amount.as_deref());
    match (currency.and_then(|code| CurrencyCode::parse(code).ok()), written, base) {
        (None, Some(_), _) => {
            wrong.add(Code::Invalid, FIELD, "this ledger is kept in the business's currency");
            None
        }
        (Some(_), None, Some(_)) => {
            wrong.add(Code::Required, FIELD, "say what it stood at in the ledger's currency");
            None
        }
        (Some(currency), Some(text), Some(base)) => {
            let exponent = scope.catalogue.currency_exponent(currency.as_str());
            let foreign = wrong.money(FIELD, text, exponent)?;
            if foreign.is_zero() || foreign.is_negative() {
                wrong.add(Code::NotOneSided, FIELD, "an amount is above zero");
                return None;
            }
            let rate = rate_of(Position { foreign, base }, exponent, base_exponent);
            if rate.is_none() {
                wrong.add(Code::TooLarge, FIELD, "this is too little for its value");
            }
            rate.map(|rate| Foreign { currency, amount: foreign, rate })
        }
        _ => None,
    }
}

/// A journal that the program posts by itself.
#[derive(Debug)]
pub struct SystemJournal {
    /// Where it stands in the caller's input.
    pub path: &'static str,
    /// Its date.
    pub dated: NaiveDate,
    /// Its entries.
    pub entries: Balanced,
    /// What each carries.
    pub details: Vec<EntryDetail>,
    /// Words about it.
    pub narration: String,
    /// Whether it touches money at hand.
    pub touches_bank: bool,
}

impl SystemJournal {
    /// The posting that it is.
    ///
    /// # Errors
    /// When the shared structure has no journal.
    pub fn posting(
        self,
        scope: &TenantScope,
        chart: &Chart,
        business: &business::Model,
    ) -> Result<Posting> {
        let journal = scope.catalogue.voucher_type_coded(BaseType::Journal.code());
        let journal = journal
            .and_then(|journal| voucher_types::find(&scope.catalogue, chart, journal.id))
            .ok_or_else(|| Error::Internal("no journal type".into()))?;
        let numbering = numbering_of(journal);
        Ok(Posting {
            path: self.path.to_owned(),
            business: business.id,
            voucher_type: journal.id(),
            base_type: BaseType::Journal,
            kind: VoucherKind::System,
            numbering: Numbering { prefix: "FX/".to_owned(), ..numbering },
            dated: self.dated,
            entries: self.entries,
            details: self.details,
            narration: Some(self.narration),
            reference: None,
            reference_date: None,
            party: None,
            occurred_at: None,
            areas: areas_of(BaseType::Journal, self.touches_bank, false),
            lock_exception: None,
            reverses: None,
            bills: Vec::new(),
            items: Vec::new(),
        })
    }
}

/// What stands in for the voucher that an allocation may need, on a ledger with a currency of its own: the
/// lane makes its entries once it knows the difference.
///
/// # Errors
/// When the business has no ledger for differences.
pub fn stand_in(
    scope: &TenantScope,
    chart: &Chart,
    row: &ledger::Model,
    dated: NaiveDate,
) -> Result<Option<Posting>> {
    if row.currency.is_none() {
        return Ok(None);
    }
    let business = chart.businesses.get(&row.business_id);
    let gain = chart.system_ledger(row.business_id, EXCHANGE_GAIN);
    let (Some(business), Some(gain)) = (business, gain) else {
        return Err(Error::Internal("no ledger for exchange gains".into()));
    };
    let unit = Money::from_minor(1);
    let entries = balance(vec![
        Line { ledger: row.id, debit: unit, credit: Money::ZERO },
        Line { ledger: gain, debit: Money::ZERO, credit: unit },
    ]);
    let entries = entries.map_err(|why| Error::Internal(why.to_string()))?;
    let journal = SystemJournal {
        path: "input",
        dated,
        entries,
        details: Vec::new(),
        narration: "Difference between the exchange rates of a payment and its bill".to_owned(),
        touches_bank: false,
    };
    journal.posting(scope, chart, business).map(Some)
}
