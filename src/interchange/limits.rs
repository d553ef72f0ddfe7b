//! How much of a file is read: a bound for everything that a stranger's file could make large.

/// Bounds of one file. The defaults hold a year of a busy small business.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most bytes of the file.
    pub bytes_max: usize,
    /// Most bytes that a packed file may unpack to.
    pub unpacked_bytes_max: u64,
    /// Most cells of a sheet, and rows of it.
    pub cells_max: usize,
    /// Most cells in one row.
    pub columns_max: usize,
    /// Most groups and ledgers, each.
    pub ledgers_max: usize,
    /// Most vouchers.
    pub vouchers_max: usize,
    /// Most entries of one voucher.
    pub entries_max: usize,
    /// Most lines of a bank statement.
    pub bank_lines_max: usize,
    /// Most elements inside one another.
    pub nesting_max: usize,
    /// Most elements of one record.
    pub elements_max: usize,
    /// Most characters of a name.
    pub name_chars_max: usize,
    /// Most characters of a narration.
    pub text_chars_max: usize,
    /// Most findings that are kept; further ones are counted.
    pub findings_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: 64 << 20,
            unpacked_bytes_max: 256 << 20,
            cells_max: 3_000_000,
            columns_max: 256,
            ledgers_max: 50_000,
            vouchers_max: 20_000,
            entries_max: 1_000,
            bank_lines_max: 100_000,
            nesting_max: 64,
            elements_max: 100_000,
            name_chars_max: 200,
            text_chars_max: 2_000,
            findings_max: 1_000,
        }
    }
}
