//! A new tenant: its row, database, first user and first business, or nothing at all.
//!
//! A saga of named steps. Each is recorded in the tenant's row under a lease before the next begins;
//! when one fails, what was made is cleared again; when the process dies, the lease runs out and
//! [`super::repair`], or the next registration of the same subdomain, clears it. Everything that is
//! made is found by names that the row holds, so clearing needs to know no step.

use std::sync::Arc;

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    email::Email,
    gstin::Gstin,
    id::{BusinessId, DatabaseServerId, TenantId, UserId},
    password,
    phone::Phone,
    subdomain,
};
use daybook_entity::{
    master::tenant::{
        Engine, MigrationState, ServerStatus, SubscriptionStatus, TenantStatus, database_server,
        login_directory, tenant_master,
    },
    tenant::people::{UserRole, UserStatus, user},
};
use daybook_migration::{TenantMigrator, newest};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, Set, sea_query::Expr,
};
use secrecy::{ExposeSecret, SecretString};
use tracing::Instrument;

use super::{fault, repair, template};
use crate::{
    auth::directory::email_hash,
    db::{
        ControlTxn, Server, Target,
        credentials::{Credentials, tenant_context},
        failure, files,
        roles::fresh_password,
        sql::statement,
    },
    error::{Code, Error, Result},
    lane::{Actor, Change, Expected, Writing, write_once},
    master::Catalogue,
    office::Office,
    services::books::{
        businesses::{self, NewBusiness},
        vouchers::Wrong,
    },
    tenancy,
};

/// The steps in their order; crash tests stop after each of them.
pub const STEPS: [&str; 7] = ["row", "role", "database", "grants", "seed", "directory", "active"];

const NAME_CHARS_MAX: usize = 200;
const REFERRAL_CHARS_MAX: usize = 32;

/// What somebody registers with. The password is hashed already.
#[derive(Debug, Clone, Default)]
pub struct NewTenant {
    /// The company, and the name of its first business.
    pub company_name: String,
    /// The name in addresses, unique on the platform.
    pub subdomain: String,
    /// Who owns the account.
    pub owner_name: String,
    /// The owner's address, by which they sign in.
    pub email: String,
    /// argon2id; without one the owner is invited and sets it themselves.
    pub password_hash: Option<String>,
    /// Two-letter country.
    pub country: String,
    /// Three-letter currency of the first business; by default the country's.
    pub base_currency: Option<String>,
    /// Registration for GST of the first business.
    pub gstin: Option<String>,
    /// First day of the first business's books; by default the first day of the accounting year that
    /// holds today.
    pub books_begin_on: Option<NaiveDate>,
    /// The owner's phone.
    pub phone: Option<String>,
    /// The server to live on; by default the platform chooses.
    pub server: Option<DatabaseServerId>,
    /// Who recommended the platform.
    pub referral_code: Option<String>,
}

/// A tenant that can be used at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// The tenant.
    pub tenant: TenantId,
    /// Its name in addresses.
    pub subdomain: String,
    /// Its owner.
    pub owner: UserId,
    /// Its first business.
    pub business: BusinessId,
}

/// Sets up a tenant. Runs to its end even if the caller goes away.
///
/// # Errors
/// Refusals of fields ([`Code::SubdomainTaken`] among them); [`Error::Unavailable`] when a server or
/// disk fails: then nothing is left of it.
pub async fn create(
    office: Arc<Office>,
    catalogue: Arc<Catalogue>,
    new: NewTenant,
    actor: Actor,
) -> Result<NewAccount> {
    let saga = async move { run(&office, catalogue, new, actor).await };
    tokio::spawn(saga.in_current_span())
        .await
        .map_err(|error| Error::Internal(format!("setting up a tenant ended badly: {error}")))?
}

/// The saga itself, within the caller's task.
pub(super) async fn run(
    office: &Office,
    catalogue: Arc<Catalogue>,
    new: NewTenant,
    actor: Actor,
) -> Result<NewAccount> {
    let new = checked(new, None, &catalogue)?;
    let mut saga = Saga::begin(office, new).await?;
    match saga.go(catalogue, actor).await {
        Ok(account) => Ok(account),
        Err(error) => {
            if saga.holds_lease && !fault::is_stop(&error) {
                saga.undo().await;
            }
            Err(error)
        }
    }
}

/// The input as it is kept, or everything that is wrong with it, and with the owner's password where
/// they have one already.
///
/// # Errors
/// All refusals together.
pub fn checked(
    new: NewTenant,
    password: Option<&SecretString>,
    catalogue: &Catalogue,
) -> Result<NewTenant> {
    let mut wrong = Wrong::below("input");
    let company_name = wrong.required("companyName", &new.company_name, NAME_CHARS_MAX);
    let owner_name = wrong.required("ownerName", &new.owner_name, NAME_CHARS_MAX);
    let subdomain = wrong.take(Code::Invalid, "subdomain", subdomain::check(&new.subdomain));
    wrong.take(Code::Invalid, "email", Email::parse(&new.email));
    if catalogue.country(&new.country).is_none() {
        wrong.add(Code::CountryUnknown, "country", "this country is not in the catalogue");
    }
    if let Some(code) = &new.base_currency
        && catalogue.currency(code).is_none()
    {
        wrong.add(Code::CurrencyUnknown, "baseCurrency", "this currency is not in the catalogue");
    }
    let gstin = new.gstin.as_deref().map(Gstin::parse);
    let gstin = gstin.and_then(|read| wrong.take(Code::GstinInvalid, "gstin", read));
    if gstin.is_some() && new.country != "IN" {
        wrong.add(Code::GstinInvalid, "gstin", "only a business in India has a GSTIN");
    }
    let phone = new.phone.as_deref().map(|text| Phone::parse(text, &new.country));
    let phone = phone.and_then(|read| wrong.take(Code::Invalid, "phone", read));
    if new.referral_code.as_ref().is_some_and(|code| code.chars().count() > REFERRAL_CHARS_MAX) {
        wrong.add(Code::TooLong, "referralCode", "this is longer than any referral code");
    }
    if let Some(password) = password {
        let known = [new.email.as_str(), &new.subdomain, &new.company_name, &new.owner_name];
        let judged = password::check(password.expose_secret(), &known);
        wrong.take(Code::PasswordWeak, "password", judged);
    }
    let gstin = gstin.map(|gstin| gstin.as_str().to_owned());
    let phone = phone.map(|phone| phone.as_str().to_owned());
    wrong.finish_with(subdomain.map(|subdomain| NewTenant {
        company_name,
        owner_name,
        subdomain,
        gstin,
        phone,
        ..new
    }))
}

/// What is left to do of one registration, and the lease under which it is done.
struct Saga<'o> {
    office: &'o Office,
    server: Arc<Server>,
    row: tenant_master::Model,
    role: Option<Credentials>,
    email_key: String,
    new: NewTenant,
    holds_lease: bool,
}

impl<'o> Saga<'o> {
    /// Claims the subdomain: the first step.
    async fn begin(office: &'o Office, new: NewTenant) -> Result<Self> {
        repair::clear_expired_of(office, &new.subdomain).await?;
        let email = Email::parse(&new.email)
            .map_err(|error| Error::refused(Code::Invalid, "input.email", error.to_string()))?;
        let id = TenantId::new(office.ids.next()?);
        let now = office.clock.now_ms();
        let txn = office.master.begin().await?;
        let place = choose_server(&txn, new.server).await?;
        let own_role = office.rules.separate_users && place.engine != Engine::Sqlite;
        let role = own_role.then(|| own_credentials(office, id)).transpose()?;
        let sealed =
            role.as_ref().map(|role| role.seal(&office.keys, &tenant_context(id))).transpose()?;
        let row = tenant_master::Model {
            id,
            company_name: new.company_name.clone(),
            contact_name: new.owner_name.clone(),
            contact_email: email.as_str().to_owned(),
            contact_phone: new.phone.clone(),
            country: new.country.clone(),
            subdomain: new.subdomain.clone(),
            server_id: place.id,
            database_name: office.servers.names().tenant(&new.subdomain, office.clock.now()),
            own_role,
            key_id: sealed.as_ref().map(|sealed| sealed.key_id.clone()),
            sealed_connection: sealed.map(|sealed| sealed.text),
            status: TenantStatus::Provisioning,
            status_reason: None,
            subscription_status: SubscriptionStatus::Trial,
            plan_code: None,
            storage_limit_bytes: office.rules.storage_limit_bytes,
            referral_code: new.referral_code.clone(),
            schema_version: None,
            migration_state: MigrationState::Behind,
            migration_error: None,
            provision_step: Some("begun".to_owned()),
            provision_lease_until: Some(now.saturating_add(office.rules.provision_lease_ms)),
            changed_in: 0,
            version: 1,
            created_at: now,
            updated_at: now,
            activated_at: None,
        };
        let insert = tenant_master::Entity::insert(row.clone().into_active_model());
        if let Err(error) = insert.exec_without_returning(txn.conn()).await {
            drop(txn);
            return Err(not_claimed(office, &new.subdomain, error).await);
        }
        txn.commit().await?;
        let server = office.servers.of(&place).await;
        let server = match server {
            Ok(server) => server,
            Err(error) => {
                let cause = error.cause().unwrap_or_default();
                tracing::warn!(server = %place.name, cause, "a tenant's server does not answer");
                repair::forget(office, id).await?;
                return Err(error);
            }
        };
        let email_key = email.key();
        Ok(Self { office, server, row, role, email_key, new, holds_lease: true })
    }

    async fn go(&mut self, catalogue: Arc<Catalogue>, actor: Actor) -> Result<NewAccount> {
        self.reached("row").await?;
        let role_name = self.role.as_ref().map(|role| role.user.clone());
        if let Some(role) = &self.role {
            self.server.make_role(&role.user, &role.password).await?;
        }
        self.reached("role").await?;
        template::copy(&self.server, &self.row.database_name).await?;
        self.reached("database").await?;
        if let Some(role) = role_name {
            self.server.grant(&role, &self.row.database_name).await?;
        }
        if self.server.engine() == Engine::Postgres {
            self.server.admit(&self.row.database_name, true).await?;
        }
        self.reached("grants").await?;
        let (owner, business) = self.seed(catalogue).await?;
        self.reached("seed").await?;
        self.enter_directory().await?;
        self.reached("directory").await?;
        self.activate(actor).await?;
        fault::point("provision", "active")?;
        let (tenant, subdomain) = (self.row.id, self.row.subdomain.clone());
        Ok(NewAccount { tenant, subdomain, owner, business })
    }

    /// Records a step and renews the lease; whoever took the lease over has everything else too.
    async fn reached(&mut self, step: &'static str) -> Result<()> {
        let now = self.office.clock.now_ms();
        let until = now.saturating_add(self.office.rules.provision_lease_ms);
        let renewed = tenant_master::Entity::update_many()
            .col_expr(tenant_master::Column::ProvisionStep, Expr::value(step))
            .col_expr(tenant_master::Column::ProvisionLeaseUntil, Expr::value(until))
            .col_expr(tenant_master::Column::UpdatedAt, Expr::value(now))
            .filter(self.is_still_ours())
            .exec(self.office.master.writer())
            .await?;
        if renewed.rows_affected == 0 {
            // MySQL counts a row that keeps its values as untouched.
            let found = tenant_master::Entity::find()
                .filter(self.is_still_ours())
                .count(self.office.master.writer())
                .await?;
            if found == 0 {
                self.holds_lease = false;
                return Err(Error::Unavailable("this registration took too long".into()));
            }
        }
        self.row.provision_lease_until = Some(until);
        fault::point("provision", step)
    }

    fn is_still_ours(&self) -> Condition {
        Condition::all()
            .add(tenant_master::Column::Id.eq(self.row.id))
            .add(tenant_master::Column::Status.eq(TenantStatus::Provisioning))
            .add(tenant_master::Column::ProvisionLeaseUntil.eq(self.row.provision_lease_until))
    }

    /// Writes the owner and the first business; a SQLite file then gets its name.
    async fn seed(&self, catalogue: Arc<Catalogue>) -> Result<(UserId, BusinessId)> {
        let (name, engine) = (&self.row.database_name, self.server.engine());
        let target = match engine {
            Engine::Sqlite => Target::Sqlite { path: template::unfinished(&self.server, name)? },
            _ => self.server.database(name),
        };
        let connection = template::open(&target).await?;
        let (tenant, new) = (self.row.id, self.new.clone());
        let email = (self.row.contact_email.clone(), self.email_key.clone());
        let nobodys = Expected { tenant: TenantId::new(0), epoch: None };
        let ids = &self.office.ids;
        let seeded =
            write_once(&connection, engine, ids, Actor::system(), nobodys, move |writing| {
                Box::pin(async move { first_rows(writing, &catalogue, tenant, new, email).await })
            })
            .await;
        template::close(connection, &target).await?;
        let seeded = seeded?;
        if let Target::Sqlite { path } = target
            && let Target::Sqlite { path: named } = self.server.database(name)
        {
            files::publish(path, named).await?;
        }
        Ok(seeded)
    }

    async fn enter_directory(&self) -> Result<()> {
        let entry = login_directory::Model {
            email_hash: email_hash(&self.office.keys, &self.email_key),
            tenant_id: self.row.id,
            created_at: self.office.clock.now_ms(),
        };
        login_directory::Entity::insert(entry.into_active_model())
            .exec_without_returning(self.office.master.writer())
            .await?;
        Ok(())
    }

    async fn activate(&mut self, actor: Actor) -> Result<()> {
        let mut log = self.office.write(actor).await?;
        log.audit(&Change {
            action: "TENANT_CREATED",
            subject_type: "Tenant",
            subject: Some(self.row.id.get()),
            business: None,
            canonical: Canonical::new()
                .text("companyName", &self.row.company_name)
                .text("subdomain", &self.row.subdomain)
                .text("country", &self.row.country)
                .text("database", &self.row.database_name)
                .int("server", self.row.server_id.get())
                .finish(),
        })
        .await?;
        log.commit().await?;
        let now = self.office.clock.now_ms();
        let txn = self.office.master.begin().await?;
        let changed_in = tenancy::touch(&txn).await?;
        let mut row = self.row.clone().into_active_model();
        row.status = Set(TenantStatus::Active);
        row.schema_version = Set(Some(newest::<TenantMigrator>()));
        row.migration_state = Set(MigrationState::Current);
        row.provision_step = Set(None);
        row.provision_lease_until = Set(None);
        row.changed_in = Set(changed_in);
        row.updated_at = Set(now);
        row.activated_at = Set(Some(now));
        let activated = tenant_master::Entity::update_many()
            .set(row)
            .filter(self.is_still_ours())
            .exec(txn.conn())
            .await?;
        if activated.rows_affected == 0 {
            self.holds_lease = false;
            return Err(Error::Unavailable("this registration took too long".into()));
        }
        txn.commit().await?;
        // From here on the tenant exists, whatever else happens.
        self.holds_lease = false;
        Ok(())
    }

    async fn undo(&self) {
        if let Err(error) = repair::clear(self.office, &self.row).await {
            tracing::error!(
                tenant = %self.row.id, cause = ?error.cause(),
                "a failed registration could not be cleared; it will be when its lease has run out"
            );
        }
    }
}

async fn first_rows(
    writing: &mut Writing,
    catalogue: &Catalogue,
    tenant: TenantId,
    new: NewTenant,
    (email, email_key): (String, String),
) -> Result<(UserId, BusinessId)> {
    let backend = writing.conn().get_database_backend();
    let name_it =
        statement(backend, "UPDATE lane SET tenant_id = ? WHERE id = 1", [tenant.get().into()]);
    writing.conn().execute_raw(name_it).await?;
    let (owner, now) = (UserId::new(writing.next_id()?), writing.recorded_at());
    let status = match new.password_hash {
        Some(_) => UserStatus::Active,
        None => UserStatus::Invited,
    };
    let row = user::Model {
        id: owner,
        email,
        email_key,
        name: new.owner_name,
        phone: new.phone,
        password_hash: new.password_hash,
        role: UserRole::Owner,
        permissions_added: String::new(),
        permissions_removed: String::new(),
        all_businesses: true,
        status,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    user::ActiveModel::from(row).insert(writing.conn()).await?;
    writing.access_changes();
    writing.audit(Change {
        action: "USER_CREATED",
        subject_type: "User",
        subject: Some(owner.get()),
        business: None,
        canonical: Canonical::new()
            .text("role", "OWNER")
            .text("status", &status.to_value())
            .finish(),
    });
    let first = NewBusiness {
        name: new.company_name,
        country: new.country,
        base_currency: new.base_currency,
        gstin: new.gstin,
        books_begin_on: new.books_begin_on,
        ..NewBusiness::default()
    };
    let business = businesses::begin(writing, catalogue, first).await?;
    Ok((owner, business))
}

/// The server asked for, or the default one, or another that has room.
async fn choose_server(
    txn: &ControlTxn,
    wanted: Option<DatabaseServerId>,
) -> Result<database_server::Model> {
    let mut open = database_server::Entity::find()
        .filter(database_server::Column::Status.eq(ServerStatus::Open))
        .order_by_desc(database_server::Column::IsDefault)
        .order_by_asc(database_server::Column::Id);
    if let Some(id) = wanted {
        open = open.filter(database_server::Column::Id.eq(id));
    }
    for server in open.all(txn.conn()).await? {
        let held = tenant_master::Entity::find()
            .filter(tenant_master::Column::ServerId.eq(server.id))
            .count(txn.conn())
            .await?;
        if i64::try_from(held).is_ok_and(|held| held < i64::from(server.capacity)) {
            return Ok(server);
        }
    }
    match wanted {
        Some(_) => Err(Error::refused(
            Code::NotFound,
            "input.serverId",
            "there is no such server that takes tenants",
        )),
        None => Err(Error::Unavailable("no database server takes tenants".into())),
    }
}

fn own_credentials(office: &Office, tenant: TenantId) -> Result<Credentials> {
    Ok(Credentials { user: office.servers.names().role(tenant), password: fresh_password()? })
}

/// Why the subdomain could not be claimed. Whoever tries again after a crash learns that it is not
/// lost to them, and when to come back.
async fn not_claimed(office: &Office, subdomain: &str, error: sea_orm::DbErr) -> Error {
    if !failure::is_taken(&error) {
        return error.into();
    }
    let row = tenant_master::Entity::find()
        .filter(tenant_master::Column::Subdomain.eq(subdomain))
        .filter(tenant_master::Column::Status.eq(TenantStatus::Provisioning));
    let until = match row.one(office.master.writer()).await {
        Ok(row) => row.and_then(|row| row.provision_lease_until),
        Err(error) => return error.into(),
    };
    let message = match until {
        None => "this subdomain is taken".to_owned(),
        Some(until) => {
            let left = until.saturating_sub(office.clock.now_ms()).max(0) / 1_000;
            let left = left.saturating_add(1);
            format!(
                "this subdomain is being set up; if that does not end well, it is free in {left} s"
            )
        }
    };
    Error::refused(Code::SubdomainTaken, "input.subdomain", message)
}

#[cfg(test)]
#[path = "provision_tests.rs"]
mod tests;
