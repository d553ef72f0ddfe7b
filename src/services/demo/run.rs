//! Loads the example: refuses beside other people's data, finds what an earlier run made.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{Datelike, Months, NaiveDate};
use daybook_domain::id::BusinessId;
use daybook_entity::{
    master::tenant::{TenantStatus, tenant_master},
    tenant::business::business,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use secrecy::SecretString;

use super::{
    books,
    cast::{CAST, Player, Shop},
    diary,
};
use crate::{
    auth::{access, desk::Desk},
    clock::day_in,
    error::{Code, Error, Result},
    lane::Actor,
    scope::{RequestInfo, TenantScope},
    services::{
        books::{
            businesses::{self, NewBusiness},
            chart,
        },
        platform::provision::{self, NewTenant},
    },
};

/// Marks the tenants of the example in master.
const MARK: &str = "DAYBOOK-DEMO";
/// Between two attempts at a tenant that a killed run holds.
const ONCE_MORE: Duration = Duration::from_secs(1);

/// What becomes of a tenant of the example that has all that was due when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// It is its people's by now: nothing is written.
    IsLeftAlone,
    /// It gets what has fallen due since.
    GoesOn,
}

/// What loading the example came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demo {
    /// How to sign in to each tenant.
    pub sign_ins: Vec<SignIn>,
}

/// How to sign in to a tenant of the example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Its name in addresses.
    pub subdomain: String,
    /// The owner's address.
    pub email: String,
    /// Whether this run made the tenant, with the password that it was given.
    pub is_new: bool,
    /// Vouchers in its businesses.
    pub vouchers: u64,
}

/// Hears how the loading goes.
pub trait Watcher: Sync {
    /// The tenant of that subdomain is about to be set up: what must outlive a crash is noted now.
    ///
    /// # Errors
    /// When it cannot be noted; then the tenant is not set up.
    fn begins(&self, subdomain: &str) -> Result<()>;

    /// The books of the business of that name are being written.
    fn writes(&self, business: &str);
}

/// Sets up the tenants of the example with this owner's password, and posts what is due by today; a
/// stopped run is gone on with.
///
/// # Errors
/// A refusal when master holds a tenant that is not of the example; then nothing was done.
pub async fn load(
    desk: &Desk,
    password: &SecretString,
    watcher: &dyn Watcher,
    whole: Whole,
) -> Result<Demo> {
    let rows = tenant_master::Entity::find().all(desk.office.master.writer()).await?;
    let ours = |row: &tenant_master::Model| {
        row.referral_code.as_deref() == Some(MARK)
            && CAST.iter().any(|player| {
                player.subdomain == row.subdomain && player.email == row.contact_email
            })
    };
    if let Some(other) = rows.iter().find(|row| !ours(row)) {
        let why = format!(
            "this instance holds other data (the tenant {}); the example is loaded only into an \
             instance of its own",
            other.subdomain
        );
        return Err(Error::refused(Code::NotAllowed, "demo", why));
    }
    let mut password_hash = None;
    let mut sign_ins = Vec::new();
    for player in &CAST {
        let row = rows.iter().find(|row| {
            row.subdomain == player.subdomain && row.status != TenantStatus::Provisioning
        });
        if row.is_none() {
            let hash = match password_hash.take() {
                Some(hash) => hash,
                None => desk.passwords.hash(password.clone()).await?,
            };
            watcher.begins(player.subdomain)?;
            set_up(desk, player, &hash).await?;
            password_hash = Some(hash);
        }
        let rests = row.filter(|_| whole == Whole::IsLeftAlone).map(|row| row.created_at);
        let vouchers = play(desk, player, watcher, rests).await?;
        sign_ins.push(SignIn {
            subdomain: player.subdomain.to_owned(),
            email: player.email.to_owned(),
            is_new: row.is_none(),
            vouchers,
        });
    }
    Ok(Demo { sign_ins })
}

async fn set_up(desk: &Desk, player: &'static Player, password_hash: &str) -> Result<()> {
    let Some(first) = player.shops.first() else { return Ok(()) };
    let catalogue = desk.tenancy.catalogue();
    let today = catalogue.today_in(&desk.office.clock, first.country);
    let new = NewTenant {
        company_name: first.name.to_owned(),
        subdomain: player.subdomain.to_owned(),
        owner_name: player.owner.to_owned(),
        email: player.email.to_owned(),
        password_hash: Some(password_hash.to_owned()),
        country: first.country.to_owned(),
        gstin: first.gstin.map(str::to_owned),
        books_begin_on: Some(a_year_before(today)),
        referral_code: Some(MARK.to_owned()),
        ..NewTenant::default()
    };
    // A run that was killed while it set this tenant up still holds its row, for a short while.
    let lease = Duration::from_millis(desk.office.rules.provision_lease_ms.unsigned_abs());
    let patience = Instant::now() + lease + ONCE_MORE;
    loop {
        let (office, catalogue) = (Arc::clone(&desk.office), Arc::clone(&catalogue));
        match provision::create(office, catalogue, new.clone(), Actor::system()).await {
            Err(Error::Refused(why))
                if why.iter().all(|one| one.code == Code::SubdomainTaken)
                    && Instant::now() < patience =>
            {
                tokio::time::sleep(ONCE_MORE).await;
            }
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    desk.tenancy.poke().await;
    Ok(())
}

/// The first day of the same month a year ago.
fn a_year_before(today: NaiveDate) -> NaiveDate {
    let ago = today.checked_sub_months(Months::new(12)).unwrap_or(today);
    ago.with_day(1).unwrap_or(ago)
}

/// Writes a tenant's books; how many vouchers they have of the example. Nothing is written where they
/// rest with what was due at an instant, and have that.
async fn play(
    desk: &Desk,
    player: &'static Player,
    watcher: &dyn Watcher,
    rests: Option<i64>,
) -> Result<u64> {
    let route = desk.tenancy.route_by_subdomain(player.subdomain).await?;
    let db = desk.tenancy.lease(route.id).await?;
    let access = access::of_owner(&db).await?;
    let request = RequestInfo {
        id: books::REQUEST.to_owned(),
        address: None,
        subdomain: Some(player.subdomain.into()),
    };
    let clock = desk.office.clock.clone();
    let scope = TenantScope { db, access, catalogue: desk.tenancy.catalogue(), clock, request };
    let posted = books::posted(&scope).await?;
    if let Some(made_at) = rests
        && is_whole(&scope, player, made_at, &posted).await?
    {
        return Ok(posted.values().sum());
    }
    let mut vouchers = 0_u64;
    for shop in player.shops {
        watcher.writes(shop.name);
        let row = business_of(&scope, shop).await?;
        let today = scope.clock.today(&row.time_zone);
        let done = posted.get(&row.id).copied().unwrap_or(0);
        let kept = books::keep(&scope, shop, &row, today, done).await?;
        vouchers = vouchers.saturating_add(kept);
    }
    Ok(vouchers)
}

/// Whether every shop has what was due when its tenant was made. Its businesses were made in the order
/// of the shops; they may bear other names by now.
async fn is_whole(
    scope: &TenantScope,
    player: &'static Player,
    made_at: i64,
    posted: &HashMap<BusinessId, u64>,
) -> Result<bool> {
    let chart = chart::chart(scope).await?;
    let mut businesses = chart.businesses.values();
    Ok(player.shops.iter().all(|shop| {
        let country = scope.catalogue.country(shop.country);
        let day = day_in(country.map_or("UTC", |country| country.time_zone.as_str()), made_at);
        businesses.next().is_some_and(|row| {
            let due = diary::due(shop, row.books_begin_on, day).count();
            posted
                .get(&row.id)
                .is_some_and(|count| u64::try_from(due).is_ok_and(|due| *count >= due))
        })
    }))
}

async fn business_of(scope: &TenantScope, shop: &'static Shop) -> Result<business::Model> {
    let reader = scope.db.reader().await?;
    let found = business::Entity::find()
        .filter(business::Column::NameKey.eq(daybook_domain::text::fold(shop.name)))
        .one(reader.conn())
        .await?;
    drop(reader);
    if let Some(found) = found {
        return Ok(found);
    }
    let chart = chart::chart(scope).await?;
    let first = chart.businesses.values().next().map(|one| one.books_begin_on);
    let new = NewBusiness {
        name: shop.name.to_owned(),
        country: shop.country.to_owned(),
        gstin: shop.gstin.map(str::to_owned),
        books_begin_on: first,
        ..NewBusiness::default()
    };
    businesses::create(scope, new).await
}
