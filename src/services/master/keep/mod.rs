//! How the platform's office keeps the shared structure: every change is dated, logged and seen by all
//! tenants at their next request.

pub mod groups;
pub mod places;
pub mod rates;
pub mod sections;
pub mod types;
pub mod years;

use chrono::NaiveDate;
use daybook_domain::{chain::Canonical, money::Rate, role::Permission};
use sea_orm::{DatabaseTransaction, EntityTrait, PrimaryKeyTrait};

use crate::{
    db::ControlTxn,
    error::{Code, Error, Result},
    lane::Change,
    master::cache::touch,
    scope::PlatformScope,
    services::books::vouchers::{Wrong, code_of},
};

/// Most characters of a name.
pub const NAME_MAX: usize = 100;
/// Most characters of a note.
pub const NOTE_MAX: usize = 500;
/// Highest rate of a tax, in percent.
const RATE_MAX: i64 = 100;
/// Highest rate of a cess, in percent: on tobacco it is a multiple of the value.
const CESS_MAX: i64 = 1_000;
/// Millionths of one that a percent is.
const PERCENT: i64 = 10_000;

/// A change of the shared structure: a transaction on master that holds its version, so that what is
/// read in it stands still until the commit.
struct Keeping<'s> {
    scope: &'s PlatformScope,
    txn: ControlTxn,
    now: i64,
}

impl<'s> Keeping<'s> {
    async fn begin(scope: &'s PlatformScope) -> Result<Self> {
        scope.require(Permission::MasterUpdate)?;
        let txn = scope.office.master.begin().await?;
        touch(&txn).await?;
        Ok(Self { scope, txn, now: scope.office.clock.now_ms() })
    }

    fn conn(&self) -> &DatabaseTransaction {
        self.txn.conn()
    }

    /// The row of an id; `what` is its name in the refusal.
    async fn find<E: EntityTrait>(
        &self,
        id: Option<<E::PrimaryKey as PrimaryKeyTrait>::ValueType>,
        what: &str,
    ) -> Result<E::Model> {
        let id = id.ok_or_else(|| unknown(what))?;
        E::find_by_id(id).one(self.conn()).await?.ok_or_else(|| unknown(what))
    }

    fn next_id(&self) -> Result<i64> {
        self.scope.office.ids.next()
    }

    /// Logs the change and commits it. The log, in another database, goes first: it may hold a change
    /// whose commit was lost, and then says so, but no change is missing from it.
    async fn finish(self, change: Change) -> Result<()> {
        let office = &self.scope.office;
        let mut log = office.write(self.scope.actor()).await?;
        log.audit(&change).await?;
        log.commit().await?;
        if let Err(error) = self.txn.commit().await {
            let mut log = office.write(self.scope.actor()).await?;
            log.audit(&Change { action: "MASTER_CHANGE_UNCERTAIN", ..change }).await?;
            log.commit().await?;
            return Err(error);
        }
        self.scope.tenancy.poke().await;
        Ok(())
    }
}

/// What the log says of a row that was added, changed or deleted.
fn changed(
    action: &'static str,
    (subject_type, subject): (&'static str, i64),
    before: Option<Canonical>,
    after: Option<Canonical>,
) -> Change {
    Change {
        action,
        subject_type,
        subject: Some(subject),
        business: None,
        canonical: Canonical::new().object_if("before", before).object_if("after", after).finish(),
    }
}

/// Names what a violated unique key protects.
fn taken(field: &'static str) -> impl Fn(sea_orm::DbErr) -> Error {
    move |error| {
        if crate::db::failure::is_taken(&error) {
            let why = "this is in use already";
            Error::refused(Code::Taken, &format!("input.{field}"), why)
        } else {
            error.into()
        }
    }
}

fn unknown(what: &str) -> Error {
    Error::refused(Code::NotFound, "id", format!("there is no such {what}"))
}

fn of_the_product(what: &str) -> Error {
    let why = format!("this {what} came with the product and the program rests on it");
    Error::refused(Code::System, "id", why)
}

/// Reads a code: capital letters, digits, `_` and `-`.
fn read_code(wrong: &mut Wrong<'_>, field: &str, code: &str, most: usize) -> String {
    let code = wrong.required(field, code, most);
    let allowed = |byte: u8| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
    };
    if !code.bytes().all(allowed) {
        let why = "a code has capital letters, digits, _ and -";
        wrong.add(Code::Invalid, field, why);
    }
    code
}

/// Reads a percentage from 0 to `most`.
fn read_rate(wrong: &mut Wrong<'_>, field: &str, text: &str, most: i64) -> Rate {
    let (code, why) = match Rate::parse_percent(text) {
        Ok(rate) if rate.raw() < 0 => (Code::Invalid, "a rate is not below zero".to_owned()),
        Ok(rate) if rate.raw() > most * PERCENT => {
            (Code::TooLarge, format!("a rate is at most {most} percent"))
        }
        Ok(rate) => return rate,
        Err(why) => {
            (code_of(why), "a rate is a percentage with at most four decimal places".to_owned())
        }
    };
    wrong.add(code, field, &why);
    Rate::from_raw(0)
}

/// Checks that a last day does not come before its first.
fn check_span(wrong: &mut Wrong<'_>, from: NaiveDate, to: Option<NaiveDate>) {
    if to.is_some_and(|last| last < from) {
        wrong.add(Code::Invalid, "validTo", "the last day comes before the first");
    }
}
