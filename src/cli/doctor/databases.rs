//! Every database, and what is left over of tenants that are not there.

use daybook_entity::master::tenant::TenantStatus;

use super::{super::tenant, report::Report};
use crate::{
    app::App,
    cli::open::told,
    lane::Fence,
    services::platform::{
        repair, rotate,
        system::{self, DatabaseFigures, Health, Tier},
    },
};

/// Looks at all of them; clears left-overs where it `clears`.
pub async fn look(app: &App, clears: bool, report: &mut Report) {
    match system::databases_of(&app.office).await {
        Err(error) => report.fail("databases", told(&error)),
        Ok(figures) => {
            for one in &figures.databases {
                let check = match (one.tier, &one.tenant) {
                    (Tier::Main, _) => "main".to_owned(),
                    (Tier::Master, _) => "master".to_owned(),
                    (Tier::Tenant, Some(row)) => format!("tenant {}", row.subdomain),
                    (Tier::Tenant, None) => format!("tenant {}", one.name),
                };
                one_database(app, one, &check, report).await;
            }
        }
    }
    if clears {
        directory(app, report).await;
    }
    left_overs(app, clears, report).await;
}

async fn one_database(app: &App, one: &DatabaseFigures, check: &str, report: &mut Report) {
    let version = one.schema_version.as_deref().unwrap_or("no version");
    match one.health {
        Health::Current => match opens(app, one).await {
            Ok(()) => report.ok(check, version),
            Err(why) => report.fail(check, why),
        },
        Health::OtherVersion => report
            .fail(check, format!("{version}, not this release's; run `daybook migrate tenants`")),
        Health::Unfinished => report.warn(check, "being set up"),
        Health::Missing => {
            report.fail(check, format!("the database {} is not where its row says", one.name));
        }
        Health::Unreachable => report.fail(check, "its server does not answer"),
    }
}

/// Whether a tenant's database opens with its own credentials, is its own, and takes writes.
async fn opens(app: &App, one: &DatabaseFigures) -> Result<(), String> {
    let Some(id) = one.tenant_id() else { return Ok(()) };
    let looked = async {
        let db = app.tenancy.lease_any_status(id).await?;
        let reader = db.reader().await?;
        Fence::read(reader.conn()).await
    };
    let fence = looked.await.map_err(|error| told(&error))?;
    if fence.tenant != id {
        return Err(format!("this is the database of tenant {}", fence.tenant));
    }
    if !fence.accepts_writes {
        return Err("takes no writes; run `daybook migrate tenants`".to_owned());
    }
    Ok(())
}

/// Enters users who are missing in the login directory.
async fn directory(app: &App, report: &mut Report) {
    let rows = match tenant::all(app).await {
        Ok(rows) => rows,
        Err(error) => return report.fail("login directory", told(&error)),
    };
    let mut entered = 0_u64;
    for row in rows {
        if !matches!(row.status, TenantStatus::Active | TenantStatus::Suspended) {
            continue;
        }
        match rotate::mend_directory(&app.office, &row).await {
            Ok(made) => entered = entered.saturating_add(made),
            Err(error) => {
                report.fail("login directory", format!("{}: {}", row.subdomain, told(&error)));
            }
        }
    }
    report.ok("login directory", format!("{entered} missing entries were made"));
}

async fn left_overs(app: &App, clears: bool, report: &mut Report) {
    let found = match repair::repair(&app.office, clears).await {
        Ok(found) => found,
        Err(error) => return report.fail("left-overs", told(&error)),
    };
    if found.is_clean() {
        return report.ok("left-overs", "none");
    }
    let clearable = [
        ("half-made tenants", found.half_made),
        ("databases that nobody ever used", found.orphaned_databases),
        ("roles without a tenant", found.orphaned_roles),
    ];
    for (what, names) in clearable.into_iter().filter(|(_, names)| !names.is_empty()) {
        cleared(report, clears, format!("{what}: {}", names.join(", ")));
    }
    if found.orphaned_entries > 0 {
        let what =
            format!("{} entries of the login directory lead nowhere", found.orphaned_entries);
        cleared(report, clears, what);
    }
    for (what, names) in [
        ("databases in use that no tenant's row names", found.unnamed_in_use),
        ("tenants whose database is missing", found.missing),
        ("could not be looked at", found.failures),
    ] {
        if !names.is_empty() {
            report.fail("left-overs", format!("{what}: {}", names.join(", ")));
        }
    }
}

fn cleared(report: &mut Report, clears: bool, what: String) {
    if clears {
        report.ok("left-overs", format!("cleared: {what}"));
    } else {
        report.warn("left-overs", format!("{what}; `daybook doctor --repair` clears this"));
    }
}
