//! Files on their way out: made on disk without a name, then sent.

use std::{
    fs::File,
    io::{BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use tokio::sync::mpsc;

use super::{ask::Form, rows::Table};
use crate::{
    db::files::{blocking, make_folder},
    documents::{
        csv::CsvTable,
        pdf::PdfTable,
        table::{Head, Row, TableWriter, WriteError},
        xlsx::XlsxTable,
    },
    error::{Code, Error, Result},
    office::FileRules,
    scope::TenantScope,
    services::{
        files::attachments::{self, Attachment},
        imports::export::{self, Export},
    },
};

/// A file that is ready to be sent. It goes when it is dropped.
#[derive(Debug)]
pub struct Spooled {
    /// At its beginning.
    pub file: File,
    /// How many bytes it has.
    pub bytes: u64,
    /// What it is called.
    pub name: String,
    /// Its media type.
    pub media_type: String,
}

/// Pages of rows that wait for the writer: reading goes on while it writes.
const WAITING: usize = 2;

/// Writes a table in a form.
///
/// # Errors
/// A refusal when it has too many rows, or a database or disk that cannot serve.
pub async fn table(rules: &FileRules, mut table: Table, form: Form) -> Result<Spooled> {
    let (pages, waiting) = mpsc::channel::<Vec<Row>>(WAITING);
    let (head, folder, most) = (table.head.clone(), rules.spool.clone(), rules.pdf_rows_max);
    let name = table.file_name(form);
    let writing = tokio::task::spawn_blocking(move || write(waiting, &head, form, &folder, most));
    let read = async {
        loop {
            let rows = table.next().await?;
            // A writer that gave up says why below.
            if rows.is_empty() || pages.send(rows).await.is_err() {
                return Ok::<(), Error>(());
            }
        }
    };
    let read = read.await;
    drop((pages, table));
    let written = writing.await;
    read?;
    let file =
        written.map_err(|error| Error::Internal(format!("a writer ended badly: {error}")))?;
    ready(file.map_err(failed)?, name, form.media_type().to_owned())
}

fn write(
    mut pages: mpsc::Receiver<Vec<Row>>,
    head: &Head,
    form: Form,
    folder: &Path,
    rows_max: u64,
) -> Result<File, WriteError> {
    let file = unnamed(folder)?;
    let out = BufWriter::new(file.try_clone()?);
    let mut table: Box<dyn TableWriter> = match form {
        Form::Csv => Box::new(CsvTable::new(out, head)?),
        Form::Xlsx => Box::new(XlsxTable::new(out, head, folder)?),
        Form::Pdf => Box::new(PdfTable::new(out, head, rows_max)),
    };
    while let Some(rows) = pages.blocking_recv() {
        for row in rows {
            table.row(row)?;
        }
    }
    table.finish()?;
    Ok(file)
}

/// Writes the books of a business as they stand at this moment.
///
/// # Errors
/// No permission, what the format cannot say, or a database or disk that cannot serve.
pub async fn books(rules: &FileRules, scope: &TenantScope, wanted: &Export) -> Result<Spooled> {
    let folder: PathBuf = rules.spool.clone();
    let (file, sink) = blocking(move || {
        let file = unnamed(&folder)?;
        let sink = BufWriter::new(file.try_clone()?);
        Ok((file, sink))
    })
    .await?;
    // The writer flushes what it was given before it ends well.
    Box::pin(export::write(scope, wanted, sink)).await?;
    ready(file, wanted.file_name(), wanted.media_type().to_owned())
}

/// Copies an attachment's bytes out of the database.
///
/// # Errors
/// A database or disk that cannot serve.
pub async fn attachment(
    rules: &FileRules,
    scope: &TenantScope,
    found: &Attachment,
) -> Result<Spooled> {
    let folder: PathBuf = rules.spool.clone();
    let mut file = blocking(move || unnamed(&folder)).await?;
    let mut number = 0;
    while let Some(part) = attachments::part(scope, found, number).await? {
        file = blocking(move || file.write_all(&part).map(|()| file)).await?;
        number += 1;
    }
    ready(file, found.file.name.clone(), found.file.media_type.clone())
}

/// A file that nobody else sees, and that goes with the process.
fn unnamed(folder: &Path) -> std::io::Result<File> {
    make_folder(folder)?;
    tempfile::tempfile_in(folder)
}

fn ready(mut file: File, name: String, media_type: String) -> Result<Spooled> {
    let io = |error: std::io::Error| Error::Unavailable(format!("a file to be sent: {error}"));
    let bytes = file.seek(SeekFrom::End(0)).map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    Ok(Spooled { file, bytes, name, media_type })
}

fn failed(error: WriteError) -> Error {
    match error {
        WriteError::Io(error) => Error::Unavailable(format!("a file to be sent: {error}")),
        WriteError::TooManyRows(_) => {
            Error::refused(Code::TooLarge, "input.format", error.to_string())
        }
        WriteError::Cannot(why) => Error::Internal(why),
    }
}
