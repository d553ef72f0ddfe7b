//! Whole books written as a file of another program: rows are read page by page, so that memory stays flat.

use std::io::{self, Write};

use chrono::NaiveDate;
use daybook_domain::{currency::CurrencyCode, role::Permission};
use daybook_entity::tenant::business::business;
use tokio::sync::mpsc;

use super::{
    asked::{Format, Kind},
    outgoing::Outgoing,
};
use crate::{
    documents::file_name::part,
    error::{Code, Error, Result},
    interchange::{
        BooksWriter, Currency, Head, WriteError,
        journal::{BeancountWriter, HledgerWriter},
        staged::{StagedGroup, StagedLedger, StagedVoucher},
        table::{CsvFiles, CsvWriter, XlsxWriter},
        tally::TallyWriter,
    },
    scope::TenantScope,
    services::books::{
        chart::{self, Asked},
        groups,
    },
};

/// What is to be taken out.
#[derive(Debug, Clone, Copy)]
pub struct ExportBooks {
    /// Whose books.
    pub business: Asked,
    /// As what.
    pub format: Format,
    /// Which part, where the format has parts.
    pub kind: Option<Kind>,
    /// First day of the vouchers; the books' first day when left out.
    pub from: Option<NaiveDate>,
    /// Last day; all of them when left out.
    pub to: Option<NaiveDate>,
}

/// An export that can be done.
#[derive(Debug, Clone)]
pub struct Export {
    business: business::Model,
    format: Format,
    kind: Kind,
    from: NaiveDate,
    to: NaiveDate,
}

impl Export {
    /// The name of its file.
    pub fn file_name(&self) -> String {
        let (what, end) = match (self.format, self.kind) {
            (Format::Csv, kind) => (kind.word().to_lowercase(), "csv"),
            (Format::Xlsx, _) => ("books".to_owned(), "xlsx"),
            (Format::TallyXml, _) => ("books".to_owned(), "xml"),
            (Format::Hledger, _) => ("books".to_owned(), "journal"),
            (Format::Beancount, _) => ("books".to_owned(), "beancount"),
        };
        format!("{} {what}.{end}", part(&self.business.name))
    }

    /// The type of its bytes.
    pub fn media_type(&self) -> &'static str {
        match self.format {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::TallyXml => "application/xml",
            Format::Hledger | Format::Beancount => "text/plain; charset=utf-8",
        }
    }

    /// Whose books they are.
    pub fn business(&self) -> &business::Model {
        &self.business
    }
}

/// Checks what is asked.
///
/// # Errors
/// No permission, or refusals: no such business, a part that the format has not, days the wrong way round.
pub async fn prepare(scope: &TenantScope, command: ExportBooks) -> Result<Export> {
    scope.require(Permission::BookExport)?;
    let chart = chart::chart(scope).await?;
    let business = chart.chosen(scope, command.business, "input")?.clone();
    let kind = match (command.format, command.kind) {
        (Format::Csv, None | Some(Kind::Books)) => {
            let why = "one sheet holds groups, ledgers, openings or vouchers; say which";
            return Err(Error::refused(Code::Required, "input.part", why));
        }
        (Format::Csv, Some(kind)) => kind,
        (_, None | Some(Kind::Books)) => Kind::Books,
        _ => {
            let why = "a file of this format holds whole books; leave the part out";
            return Err(Error::refused(Code::Invalid, "input.part", why));
        }
    };
    let begins = business.books_begin_on;
    let from = command.from.unwrap_or(begins).max(begins);
    let to = command.to.or(NaiveDate::from_ymd_opt(9_999, 12, 31)).unwrap_or(from);
    if to < from {
        let why = "the last day lies before the first";
        return Err(Error::refused(Code::Invalid, "input.to", why));
    }
    Ok(Export { business, format: command.format, kind, from, to })
}

/// A record on its way to the writer.
enum Record {
    Groups(Vec<StagedGroup>),
    Ledgers(Vec<StagedLedger>),
    Vouchers(Vec<StagedVoucher>),
    End,
}

/// Pages that may wait for the writer.
const WAITING_MAX: usize = 2;

/// Writes the books as they stand at this moment.
///
/// # Errors
/// No permission, a database that cannot be read, a receiver that fails, or what the format cannot say.
pub async fn write(
    scope: &TenantScope,
    export: &Export,
    sink: impl Write + Send + 'static,
) -> Result<()> {
    scope.require(Permission::BookExport)?;
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let chart = chart::at(scope, &snapshot).await?;
    let groups = groups::at(scope, &snapshot).await?;
    let business =
        chart.visible(scope, export.business.id).ok_or(Error::NotFound("this business"))?;
    let books = Outgoing {
        conn: snapshot.conn(),
        chart: &chart,
        groups: &groups,
        catalogue: &scope.catalogue,
        business,
        from: export.from,
        to: export.to,
    };
    let head = Head {
        currency: Currency {
            code: CurrencyCode::parse(&business.base_currency)
                .map_err(|_| Error::Internal("a stored currency code".into()))?,
            exponent: chart::exponent(business),
        },
        opened_on: books.opened_on(),
    };
    let (records, waiting) = mpsc::channel(WAITING_MAX);
    let (format, kind) = (export.format, export.kind);
    let writing = tokio::task::spawn_blocking(move || {
        put(waiting, format, kind, &head, Box::new(sink)).map_err(failed)
    });
    let read = read(&books, records).await;
    let written = writing.await.map_err(|why| Error::Internal(format!("an export: {why}")))?;
    // Where reading failed, that is why the writer gave up; else its own reason is the one to tell.
    read.and(written)
}

async fn read<C: sea_orm::ConnectionTrait>(
    books: &Outgoing<'_, C>,
    records: mpsc::Sender<Record>,
) -> Result<()> {
    if records.send(Record::Groups(books.groups())).await.is_err() {
        return Ok(());
    }
    if records.send(Record::Ledgers(books.ledgers().await?)).await.is_err() {
        return Ok(());
    }
    let mut after = None;
    loop {
        let (page, next) = books.vouchers(after).await?;
        if records.send(Record::Vouchers(page)).await.is_err() {
            return Ok(());
        }
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    records.send(Record::End).await.ok();
    Ok(())
}

fn failed(error: WriteError) -> Error {
    match error {
        WriteError::Io(error) => Error::Unavailable(format!("an export's receiver: {error}")),
        WriteError::Cannot(why) => Error::refused(Code::Invalid, "input.format", why),
    }
}

type Sink = Box<dyn Write + Send>;

fn put(
    mut records: mpsc::Receiver<Record>,
    format: Format,
    kind: Kind,
    head: &Head,
    sink: Sink,
) -> Result<(), WriteError> {
    let mut writer = writer(format, kind, head, sink)?;
    while let Some(record) = records.blocking_recv() {
        match record {
            Record::Groups(all) => all.iter().try_for_each(|one| writer.group(one))?,
            Record::Ledgers(all) => all.iter().try_for_each(|one| writer.ledger(one))?,
            Record::Vouchers(all) => all.iter().try_for_each(|one| writer.voucher(one))?,
            Record::End => return writer.finish(),
        }
    }
    // Books that could not be read to their end are no whole file.
    Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
}

fn writer(
    format: Format,
    kind: Kind,
    head: &Head,
    sink: Sink,
) -> Result<Box<dyn BooksWriter>, WriteError> {
    Ok(match format {
        Format::TallyXml => Box::new(TallyWriter::new(sink, head)?),
        Format::Hledger => Box::new(HledgerWriter::new(sink, head)?),
        Format::Beancount => Box::new(BeancountWriter::new(sink, head)?),
        Format::Xlsx => Box::new(XlsxWriter::new(sink, head)?),
        Format::Csv => {
            let nothing = || -> Sink { Box::new(io::sink()) };
            let mut files = CsvFiles {
                groups: nothing(),
                ledgers: nothing(),
                openings: nothing(),
                vouchers: nothing(),
            };
            match kind {
                Kind::Groups => files.groups = sink,
                Kind::Ledgers => files.ledgers = sink,
                Kind::Openings => files.openings = sink,
                Kind::Vouchers | Kind::Books => files.vouchers = sink,
            }
            Box::new(CsvWriter::new(files, head)?)
        }
    })
}
