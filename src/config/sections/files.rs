//! Files that come in and go out.

use super::{fixed, ms, seconds, section};
use crate::config::setting::{Kind, TimeUnit};

section! {
    /// Uploads and downloads: how large, how many, for how long.
    Files in "files" {
        attachment_bytes_max: u64 = Kind::Size(1_024, 1 << 27), fixed("10485760"),
            "Largest file that may lie beside a voucher.";
        import_bytes_max: u64 = Kind::Size(1_024, 1 << 28), fixed("52428800"),
            "Largest file of books or of a bank's statement that may be read in.";
        upload_link_seconds: u64 = seconds(10, 86_400), fixed("900"),
            "How long the address counts to which a file is sent.";
        upload_timeout_ms: u64 = ms(100, 3_600_000), fixed("300000"),
            "Longest time for a file to arrive, before its upload is answered with 408.";
        uploads_parallel: usize = Kind::Number(1, 10_000), fixed("32"),
            "Most files that one node takes in at the same time; further ones are answered with THROTTLED.";
        unused_hours: u64 = Kind::Time(TimeUnit::Hours, 1, 8_760), fixed("24"),
            "A file that nothing uses is kept for this long after it was uploaded.";
        attachments_per_voucher: usize = Kind::Number(1, 1_000), fixed("20"),
            "Most files beside one voucher.";
        download_link_seconds: u64 = seconds(10, 86_400), fixed("600"),
            "How long the address of a download counts.";
        download_timeout_ms: u64 = ms(100, 3_600_000), fixed("120000"),
            "Longest time to make the file of a download, before it is answered with 503.";
        downloads_parallel: usize = Kind::Number(1, 1_000), fixed("8"),
            "Most downloads that one node makes at the same time; further ones are answered with THROTTLED.";
        pdf_rows_max: u64 = Kind::Number(100, 200_000), fixed("20000"),
            "Most rows of a report as PDF, which is held in memory while it is made; CSV and XLSX have no such bound.";
    }
}
