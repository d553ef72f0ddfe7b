//! `daybook tenant`: tenants set up, listed, suspended and resumed from the command line.

use std::{path::Path, sync::Arc};

use clap::{Args, Subcommand};
use daybook_domain::id::TenantId;
use daybook_entity::master::tenant::{TenantStatus, tenant_master};
use sea_orm::ActiveEnum;

use super::{
    open::{exit, failed, with_app, with_instance},
    secret::new_password,
    settings::{Outcome, print},
};
use crate::{
    app::App,
    db::page::PageAsk,
    error::Result,
    lane::Actor,
    services::platform::{
        provision::{self, NewTenant},
        tenants::{self, TenantFilter, TenantOrder},
    },
};

/// Where an owner's password may come from instead of a prompt.
const PASSWORD: &str = "DAYBOOK_OWNER_PASSWORD";
/// Tenants read at once.
const PAGE_ROWS: u64 = 500;

/// What can be done.
#[derive(Subcommand, Debug)]
pub enum TenantCommand {
    /// Sets up a tenant with its owner and first business. The owner's password is asked for, or read
    /// from DAYBOOK_OWNER_PASSWORD or standard input.
    Create(Create),
    /// Lists tenants, the oldest first.
    List,
    /// Refuses a tenant's users from their next request on.
    Suspend {
        /// The tenant's name in addresses.
        subdomain: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Lets a suspended tenant go on.
    Resume {
        /// The tenant's name in addresses.
        subdomain: String,
    },
}

/// A tenant to be set up.
#[derive(Args, Debug)]
pub struct Create {
    /// The name in addresses, unique on the platform.
    #[arg(long)]
    pub subdomain: String,
    /// The company, and the name of its first business.
    #[arg(long)]
    pub company: String,
    /// Who owns the account.
    #[arg(long)]
    pub owner: String,
    /// The owner's address, by which they sign in.
    #[arg(long)]
    pub email: String,
    /// Two-letter country.
    #[arg(long, default_value = "IN")]
    pub country: String,
    /// Registration for GST of the first business.
    #[arg(long)]
    pub gstin: Option<String>,
}

/// Does it.
pub fn run(file: Option<&Path>, set: &[String], command: TenantCommand) -> Outcome {
    match command {
        TenantCommand::Create(new) => create(file, set, new),
        TenantCommand::List => with_instance(file, set, list),
        TenantCommand::Suspend { subdomain, reason } => {
            with_instance(file, set, async move |app| {
                let id = app.tenancy.route_by_subdomain(&subdomain).await.map_err(failed)?.id;
                let done =
                    tenants::suspend_of(&app.office, Some(id), &reason, None, Actor::system())
                        .await;
                print(&line(&done.map_err(failed)?));
                Ok(exit(true))
            })
        }
        TenantCommand::Resume { subdomain } => with_instance(file, set, async move |app| {
            let id = app.tenancy.route_by_subdomain(&subdomain).await.map_err(failed)?.id;
            let done = tenants::resume_of(&app.office, Some(id), None, Actor::system()).await;
            print(&line(&done.map_err(failed)?));
            Ok(exit(true))
        }),
    }
}

fn create(file: Option<&Path>, set: &[String], new: Create) -> Outcome {
    let known = [&new.email, &new.owner, &new.company, &new.subdomain].map(String::as_str);
    let password = new_password(PASSWORD, &known)?;
    with_app(file, set, async move |app| {
        let new = NewTenant {
            company_name: new.company,
            subdomain: new.subdomain,
            owner_name: new.owner,
            email: new.email,
            password_hash: Some(app.desk.passwords.hash(password).await.map_err(failed)?),
            country: new.country,
            gstin: new.gstin,
            ..NewTenant::default()
        };
        let (office, catalogue) = (Arc::clone(&app.office), app.tenancy.catalogue());
        let made = provision::create(office, catalogue, new, Actor::system()).await;
        print(&format!("{} is ready.\n", made.map_err(failed)?.subdomain));
        Ok(exit(true))
    })
}

async fn list(app: &App) -> Outcome {
    for row in all(app).await.map_err(failed)? {
        print(&line(&row));
    }
    Ok(exit(true))
}

/// Every tenant, the oldest first.
pub async fn all(app: &App) -> Result<Vec<tenant_master::Model>> {
    let mut found = Vec::new();
    let mut ask = PageAsk { first: PAGE_ROWS, after: None, wants_total: false };
    loop {
        let page =
            tenants::list_of(&app.office, &TenantFilter::default(), TenantOrder::Oldest, &ask)
                .await?;
        ask.after = page.rows.last().map(|(key, _)| key.clone());
        found.extend(page.rows.into_iter().map(|(_, row)| row));
        if !page.has_next {
            return Ok(found);
        }
    }
}

/// The tenant of this name; every tenant that is set up, the oldest first, where none is named: each with
/// its name in addresses.
///
/// # Errors
/// When there is no such tenant.
pub async fn chosen(app: &App, subdomain: Option<String>) -> Result<Vec<(TenantId, String)>> {
    if let Some(subdomain) = subdomain {
        let route = app.tenancy.route_by_subdomain(&subdomain).await?;
        return Ok(vec![(route.id, route.subdomain.clone())]);
    }
    let rows = all(app).await?.into_iter();
    let made = rows.filter(|row| row.status != TenantStatus::Provisioning);
    Ok(made.map(|row| (row.id, row.subdomain)).collect())
}

/// One tenant as a line of columns parted by tabs: subdomain, status, version, country, company.
fn line(row: &tenant_master::Model) -> String {
    format!(
        "{}\t{}\t{}\t{}\t{}\n",
        row.subdomain,
        row.status.to_value(),
        row.schema_version.as_deref().unwrap_or("-"),
        row.country,
        row.company_name
    )
}
