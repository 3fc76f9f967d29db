//! What the benches measure on: generated texts, and a sink that only counts.

use cvrs_engine::{Result, Sinks};
use cvrs_generate::{Models, Options, Totals, generate};

/// About 64 MB of records of model D, of which that share has a planted fault; what was made of it.
///
/// # Panics
/// If memory does not take the text.
pub fn text(records: u64, error_rate: f64) -> (Vec<u8>, Totals) {
    let options = Options { records, error_rate, models: Models::D, ..Options::default() };
    let mut text = Vec::new();
    let totals = generate(&options, &mut text, None).expect("memory takes it");
    (text, totals)
}

/// Records in 64 MB or a little more.
pub const RECORDS: u64 = 190_000;

/// The day of submission of the texts.
///
/// # Panics
/// Never: the day is in the calendar.
pub fn today() -> cvrs_parse::Date {
    cvrs_parse::Date::parse(b"2022-12-31").expect("a day of the calendar")
}

/// Counts findings, and bytes of clean and rejected records.
#[derive(Debug, Default)]
pub struct Counts {
    /// Findings rendered.
    pub findings: u64,
    /// Bytes of clean records and of the header.
    pub clean: u64,
    /// Bytes of rejected records and of the header.
    pub rejects: u64,
}

impl Sinks for Counts {
    fn header(&mut self, line: &[u8]) -> Result<()> {
        self.clean += line.len() as u64;
        self.rejects += line.len() as u64;
        Ok(())
    }

    fn findings(&mut self, _: usize, _: &[u8], ends: &[u32]) -> Result<()> {
        self.findings += ends.len() as u64;
        Ok(())
    }

    fn clean(&mut self, lines: &[u8]) -> Result<()> {
        self.clean += lines.len() as u64;
        Ok(())
    }

    fn rejects(&mut self, lines: &[u8]) -> Result<()> {
        self.rejects += lines.len() as u64;
        Ok(())
    }
}
