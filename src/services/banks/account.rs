//! Which ledger is an account at a bank, and in what it is counted.

use daybook_domain::{
    currency::CurrencyCode,
    id::{BusinessId, LedgerId},
};

use crate::{
    error::{Code, Error, Result},
    scope::TenantScope,
    services::books::{
        chart::{self, Chart},
        groups::{self, GroupRef, Groups},
    },
};

/// A ledger below Bank Accounts or Bank OD A/c.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankLedger {
    /// In whose books.
    pub business: BusinessId,
    /// The ledger.
    pub ledger: LedgerId,
    /// What its statements are counted in.
    pub currency: CurrencyCode,
    /// Decimal places of that.
    pub exponent: u8,
    /// Whether that is not the business's currency.
    pub is_foreign: bool,
    /// Whether it is archived.
    pub is_archived: bool,
}

impl BankLedger {
    /// The amount of an entry `e` in the account's currency, a debit above zero, as SQL.
    pub fn amount(&self) -> String {
        if !self.is_foreign {
            return "(e.debit - e.credit)".to_owned();
        }
        // The code is three capital letters.
        let code = self.currency.as_str();
        format!(
            "(CASE WHEN e.currency = '{code}' AND e.debit > 0 THEN e.currency_amount \
             WHEN e.currency = '{code}' THEN -e.currency_amount ELSE 0 END)"
        )
    }
}

/// What tells which ledgers are banks.
#[derive(Debug)]
pub struct Banks {
    /// Businesses and ledgers.
    pub chart: std::sync::Arc<Chart>,
    groups: std::sync::Arc<Groups>,
}

impl Banks {
    /// As they stand now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn of(scope: &TenantScope) -> Result<Self> {
        Ok(Self { chart: chart::chart(scope).await?, groups: groups::groups(scope).await? })
    }

    /// As this request knows them; they are not asked for anew while they are in memory.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn known(scope: &TenantScope) -> Result<Self> {
        Ok(Self { chart: chart::known(scope).await?, groups: groups::known(scope).await? })
    }

    /// A bank ledger that the caller may see.
    pub fn visible(&self, scope: &TenantScope, id: LedgerId) -> Option<BankLedger> {
        let ledger = self.chart.visible_ledger(scope, id)?;
        let group = GroupRef::of(ledger).and_then(|group| self.groups.resolve(group))?;
        let business = self.chart.visible(scope, ledger.business_id)?;
        let own = business.base_currency.as_str();
        let code = ledger.currency.as_deref().unwrap_or(own);
        let is_foreign = code != own;
        let exponent = if is_foreign {
            scope.catalogue.currency_exponent(code)
        } else {
            chart::exponent(business)
        };
        group.is_bank.then_some(BankLedger {
            business: business.id,
            ledger: ledger.id,
            currency: CurrencyCode::parse(code).ok()?,
            exponent,
            is_foreign,
            is_archived: ledger.archived_at.is_some(),
        })
    }

    /// The bank ledger that a query's argument names.
    ///
    /// # Errors
    /// [`Error::BadInput`] on the argument.
    pub fn asked(&self, scope: &TenantScope, id: Option<LedgerId>) -> Result<BankLedger> {
        id.and_then(|id| self.visible(scope, id))
            .ok_or_else(|| Error::bad_input("ledgerId", "there is no such bank ledger"))
    }

    /// The bank ledger that a mutation's input names.
    ///
    /// # Errors
    /// A refusal of `input.ledgerId`.
    pub fn chosen(&self, scope: &TenantScope, id: Option<LedgerId>) -> Result<BankLedger> {
        id.and_then(|id| self.visible(scope, id)).ok_or_else(|| {
            let why = "there is no such ledger below Bank Accounts or Bank OD A/c";
            Error::refused(Code::LedgerUnknown, "input.ledgerId", why)
        })
    }
}
