//! `daybook audit`: whether edit logs, the books they tell of and their anchors agree.

use std::path::Path;

use clap::{Args, Subcommand};
use daybook_domain::id::TenantId;

use super::{
    open::{exit, failed, told, with_instance},
    settings::{Outcome, print},
    tenant::chosen,
};
use crate::{
    app::App,
    error::Result,
    services::platform::{audit, verify},
};

/// What can be done.
#[derive(Subcommand, Debug)]
pub enum AuditCommand {
    /// Computes the hash chain of edit logs anew, compares it with the posted vouchers and with the
    /// anchors in master. Exit status 1 when anything differs or cannot be verified.
    Verify(Verify),
}

/// Whose logs.
#[derive(Args, Debug)]
pub struct Verify {
    /// One tenant, by its name in addresses.
    #[arg(long, value_name = "SUBDOMAIN", conflicts_with = "all")]
    pub tenant: Option<String>,
    /// Every tenant and the office's own log. So it is when nothing is asked for.
    #[arg(long)]
    pub all: bool,
}

/// Does it.
pub fn run(file: Option<&Path>, set: &[String], command: AuditCommand) -> Outcome {
    let AuditCommand::Verify(Verify { tenant, all: _ }) = command;
    with_instance(file, set, async move |app| verify_all(app, tenant).await)
}

async fn verify_all(app: &App, tenant: Option<String>) -> Outcome {
    let mut is_good = true;
    if tenant.is_none() {
        is_good = office(app).await.map_err(failed)?;
    }
    for (id, subdomain) in chosen(app, tenant).await.map_err(failed)? {
        is_good &= one(app, id, &subdomain).await;
    }
    Ok(exit(is_good))
}

async fn one(app: &App, id: TenantId, subdomain: &str) -> bool {
    let verified = async {
        let lease = app.tenancy.lease_any_status(id).await?;
        verify::verify(&app.office, &lease).await
    };
    let (is_good, said) = match verified.await {
        Ok(report) => match &report.difference {
            None => (
                true,
                format!(
                    "{} rows, {} vouchers and {} anchors agree",
                    report.rows, report.vouchers, report.anchors
                ),
            ),
            Some(difference) => (false, format!("DIFFERS: {difference}")),
        },
        Err(error) => (false, format!("could not be verified: {}", told(&error))),
    };
    print(&format!("{subdomain}: {said}\n"));
    is_good
}

async fn office(app: &App) -> Result<bool> {
    let mut after = 0;
    loop {
        let found = audit::verify_from(&app.office, after).await?;
        if let Some(row) = found.first_broken {
            print(&format!("the office: DIFFERS: row {row}: changed after it was written\n"));
            return Ok(false);
        }
        if found.is_complete {
            print(&format!("the office: {} rows agree\n", found.last));
            return Ok(true);
        }
        after = found.last;
    }
}
