//! Bounds of files that tenants send and fetch.

use std::{path::PathBuf, time::Duration};

use daybook_domain::file::Purpose;

/// How large files may be, how many, and for how long.
#[derive(Debug, Clone)]
pub struct FileRules {
    /// The address that people use, without a slash at its end; links are paths where there is none.
    pub public_url: Option<String>,
    /// How long a file may be sent to the address made for it.
    pub upload_link: Duration,
    /// Most bytes of an attachment.
    pub attachment_bytes_max: i64,
    /// Most bytes of what is read in.
    pub import_bytes_max: i64,
    /// How long a file is kept that nothing uses.
    pub unused: Duration,
    /// Most files beside one voucher.
    pub attachments_max: usize,
    /// How long the address of a download counts.
    pub download_link: Duration,
    /// Most rows of a report as PDF.
    pub pdf_rows_max: u64,
    /// Where files wait that are being made; they have no name there, and go with the process.
    pub spool: PathBuf,
}

impl Default for FileRules {
    fn default() -> Self {
        Self {
            public_url: None,
            upload_link: Duration::from_secs(900),
            attachment_bytes_max: 10 << 20,
            import_bytes_max: 50 << 20,
            unused: Duration::from_secs(24 * 3_600),
            attachments_max: 20,
            download_link: Duration::from_secs(600),
            pdf_rows_max: 20_000,
            spool: std::env::temp_dir(),
        }
    }
}

impl FileRules {
    /// Most bytes of a file for this.
    pub fn bytes_max(&self, purpose: Purpose) -> i64 {
        match purpose {
            Purpose::Attachment => self.attachment_bytes_max,
            Purpose::Import | Purpose::BankStatement => self.import_bytes_max,
        }
    }

    /// The address of a path of this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_deref().unwrap_or_default())
    }
}
