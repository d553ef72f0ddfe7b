//! `daybook verify`: recomputes what is derived from the entries, and compares.

use std::path::Path;

use clap::Args;
use daybook_domain::id::TenantId;

use super::{
    open::{exit, failed, told, with_instance},
    settings::{Outcome, print},
    tenant::chosen,
};
use crate::{
    app::App,
    services::platform::verify::figures::{self, Figure},
};

/// Whose books.
#[derive(Args, Debug)]
pub struct Verify {
    /// One tenant, by its name in addresses; every tenant when left out.
    #[arg(long, value_name = "SUBDOMAIN")]
    pub tenant: Option<String>,
}

/// Does it.
pub fn run(file: Option<&Path>, set: &[String], command: Verify) -> Outcome {
    with_instance(file, set, async move |app| {
        let mut is_good = true;
        for (id, subdomain) in chosen(app, command.tenant).await.map_err(failed)? {
            is_good &= one(app, id, &subdomain).await;
        }
        Ok(exit(is_good))
    })
}

async fn one(app: &App, id: TenantId, subdomain: &str) -> bool {
    let computed = async {
        let lease = app.tenancy.lease_any_status(id).await?;
        figures::recompute(&lease, &app.tenancy.catalogue()).await
    };
    let (is_good, said) = match computed.await {
        Ok(figures) => {
            let differing: Vec<String> = figures
                .iter()
                .filter(|figure| figure.differing > 0)
                .map(Figure::to_string)
                .collect();
            if differing.is_empty() {
                (true, format!("{} kinds of figures agree with the entries", figures.len()))
            } else {
                (false, format!("DIFFERS: {}", differing.join("; ")))
            }
        }
        Err(error) => (false, format!("could not be verified: {}", told(&error))),
    };
    print(&format!("{subdomain}: {said}\n"));
    is_good
}
