//! A tenant's businesses and ledgers, remembered between requests while no setting changes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use daybook_domain::{
    id::{BusinessId, LedgerId, VoucherTypeId},
    period::AccountingCalendar,
};
use daybook_entity::tenant::{
    business::{business, gstin},
    chart::{ledger, own_voucher_type, voucher_type_override},
};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::{businesses::Settings, exchange_rates::Rates};
use crate::{
    error::{Code, Error, Result},
    scope::TenantScope,
    tenancy::Snapshot,
};

/// What most requests need of a tenant's settings.
#[derive(Debug)]
pub struct Chart {
    /// All businesses by id, oldest first.
    pub businesses: BTreeMap<BusinessId, business::Model>,
    /// All ledgers of all businesses.
    pub ledgers: HashMap<LedgerId, ledger::Model>,
    /// Registrations by business.
    pub gstins: Vec<gstin::Model>,
    /// The tenant's own prefixes and visibility of shared voucher types.
    pub type_overrides: HashMap<VoucherTypeId, voucher_type_override::Model>,
    /// Voucher types of its own.
    pub own_types: HashMap<VoucherTypeId, own_voucher_type::Model>,
    /// What other currencies are worth, by day.
    pub rates: Rates,
}

/// The tenant's chart as it stands now.
///
/// # Errors
/// When the database cannot be read.
pub async fn chart(scope: &TenantScope) -> Result<Arc<Chart>> {
    let seq = scope.db.beat().await?.settings_seq;
    if let Some(known) = scope.db.memory.get::<Chart>(seq) {
        return Ok(known);
    }
    let _turn = scope.db.turn::<Chart>().await?;
    if let Some(known) = scope.db.memory.get::<Chart>(seq) {
        return Ok(known);
    }
    let reader = scope.db.reader().await?;
    let chart = Arc::new(read(reader.conn()).await?);
    scope.db.memory.put(seq, Arc::clone(&chart));
    Ok(chart)
}

/// The chart that every row of a snapshot is known in.
///
/// # Errors
/// When the database cannot be read.
pub async fn at(scope: &TenantScope, snapshot: &Snapshot) -> Result<Arc<Chart>> {
    let seq = snapshot.fence().settings_seq;
    if let Some(known) = scope.db.memory.get::<Chart>(seq) {
        return Ok(known);
    }
    let chart = Arc::new(read(snapshot.conn()).await?);
    scope.db.memory.put(seq, Arc::clone(&chart));
    Ok(chart)
}

async fn read(conn: &impl ConnectionTrait) -> Result<Chart> {
    let businesses = business::Entity::find().all(conn).await?;
    let ledgers = ledger::Entity::find().all(conn).await?;
    let overrides = voucher_type_override::Entity::find().all(conn).await?;
    let own_types = own_voucher_type::Entity::find().all(conn).await?;
    Ok(Chart {
        businesses: businesses.into_iter().map(|one| (one.id, one)).collect(),
        ledgers: ledgers.into_iter().map(|one| (one.id, one)).collect(),
        gstins: gstin::Entity::find().all(conn).await?,
        rates: Rates::read(conn).await?,
        type_overrides: overrides.into_iter().map(|one| (one.voucher_type_id, one)).collect(),
        own_types: own_types.into_iter().map(|one| (one.id, one)).collect(),
    })
}

/// The chart as this request knows it: no older than the request, and than what this node committed since.
/// It asks no database while it is in memory, so every row of a long list may ask for it.
///
/// # Errors
/// When the database cannot be read.
pub async fn known(scope: &TenantScope) -> Result<Arc<Chart>> {
    match scope.db.memory.get::<Chart>(scope.db.last_beat().settings_seq) {
        Some(known) => Ok(known),
        None => chart(scope).await,
    }
}

/// Why a business cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Untold {
    Unknown,
    Ambiguous,
    NoneVisible,
}

impl Untold {
    fn sentence(self) -> &'static str {
        match self {
            Self::Unknown => "there is no such business",
            Self::Ambiguous => "you see several businesses; say which one",
            Self::NoneVisible => "you see no business",
        }
    }
}

impl Chart {
    /// A business that the caller may see.
    pub fn visible(&self, scope: &TenantScope, id: BusinessId) -> Option<&business::Model> {
        self.businesses.get(&id).filter(|_| scope.access.businesses.includes(id))
    }

    /// The businesses that the caller may see, oldest first.
    pub fn all_visible(&self, scope: &TenantScope) -> Vec<&business::Model> {
        self.businesses.values().filter(|one| scope.access.businesses.includes(one.id)).collect()
    }

    /// The ledger of a business that the program posts to by this code.
    pub fn system_ledger(&self, business: BusinessId, code: &str) -> Option<LedgerId> {
        let own = self
            .ledgers
            .values()
            .find(|one| one.business_id == business && one.system_code.as_deref() == Some(code));
        own.map(|ledger| ledger.id)
    }

    /// A ledger in a business that the caller may see.
    pub fn visible_ledger(&self, scope: &TenantScope, id: LedgerId) -> Option<&ledger::Model> {
        let ledger = self.ledgers.get(&id)?;
        scope.access.businesses.includes(ledger.business_id).then_some(ledger)
    }

    /// The business that a query's argument `businessId` means: when absent, the caller's only one.
    ///
    /// # Errors
    /// [`Error::BadInput`] on the argument.
    pub fn asked(&self, scope: &TenantScope, id: Asked) -> Result<&business::Model> {
        self.asked_as(scope, id, "businessId")
    }

    /// The business that an argument of another name means.
    ///
    /// # Errors
    /// [`Error::BadInput`] on the argument.
    pub fn asked_as(
        &self,
        scope: &TenantScope,
        id: Asked,
        argument: &str,
    ) -> Result<&business::Model> {
        self.tell(scope, id).map_err(|why| Error::bad_input(argument, why.sentence()))
    }

    /// The business that a mutation's `businessId` means: when absent, the caller's only one.
    ///
    /// # Errors
    /// A refusal of the field at `path`.
    pub fn chosen(&self, scope: &TenantScope, id: Asked, path: &str) -> Result<&business::Model> {
        self.tell(scope, id).map_err(|why| {
            Error::refused(Code::BusinessUnknown, &format!("{path}.businessId"), why.sentence())
        })
    }

    fn tell(&self, scope: &TenantScope, id: Asked) -> Result<&business::Model, Untold> {
        match id {
            Asked::This(id) => self.visible(scope, id).ok_or(Untold::Unknown),
            Asked::Malformed => Err(Untold::Unknown),
            Asked::Nothing => {
                let open: Vec<&business::Model> = self
                    .all_visible(scope)
                    .into_iter()
                    .filter(|one| one.archived_at.is_none())
                    .collect();
                match open.as_slice() {
                    [only] => Ok(only),
                    [] => Err(Untold::NoneVisible),
                    _ => Err(Untold::Ambiguous),
                }
            }
        }
    }
}

/// An optional id as it came: absent, of the right kind, or something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Not given.
    Nothing,
    /// This business.
    This(BusinessId),
    /// Given, but not the id of a business.
    Malformed,
}

/// A business's rules.
pub fn settings(business: &business::Model) -> Settings {
    Settings::read(&business.settings)
}

/// A business's calendar.
pub fn calendar(business: &business::Model) -> AccountingCalendar {
    AccountingCalendar::starting_in(u32::try_from(business.year_first_month).unwrap_or(1))
}

/// Decimal places of a business's currency.
pub fn exponent(business: &business::Model) -> u8 {
    u8::try_from(business.currency_exponent).unwrap_or(2)
}
