//! Tables as files for people: rows come one after the other and go out as CSV, XLSX or PDF.

pub mod csv;
pub mod figures;
pub mod file_name;
pub mod pdf;
pub mod table;
pub mod xlsx;
