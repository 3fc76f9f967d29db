//! What the benches measure on: generated texts whose answers are known, and a sink that only counts.

use cvrs_engine::{Result, Sinks};
use cvrs_generate::{Models, Options, Totals, generate};
use std::ops::RangeInclusive;

/// Some records of model D, of which that share has a planted fault; what was made of it.
///
/// # Panics
/// If memory does not take the text.
pub fn text(records: u64, error_rate: f64) -> (Vec<u8>, Totals) {
    generated(Models::D, records, error_rate)
}

fn generated(models: Models, records: u64, error_rate: f64) -> (Vec<u8>, Totals) {
    let options = Options { records, error_rate, models, ..Options::default() };
    let mut text = Vec::new();
    let totals = generate(&options, &mut text, None).expect("memory takes it");
    (text, totals)
}

/// A text of some kind, and what is known of it before anything is measured.
#[derive(Debug)]
pub struct Sample {
    /// What kind it is.
    pub name: &'static str,
    /// The text.
    pub text: Vec<u8>,
    /// Data rows.
    pub records: u64,
    /// How many findings there are in the profile `recommended`.
    pub findings: RangeInclusive<u64>,
    /// How many of the rows the clearinghouse refuses.
    pub rejected_dch: RangeInclusive<u64>,
}

/// How many findings there may be about a whole file besides those of its rows.
const ABOUT_FILE: u64 = 20;

impl Sample {
    /// All kinds.
    pub fn all() -> [Self; 5] {
        [Self::small(), Self::typical(), Self::wide(), Self::bad(), Self::huge_row()]
    }

    /// Ten good records.
    pub fn small() -> Self {
        Self::good("small", text(10, 0.0))
    }

    /// Good records, 16 MB.
    pub fn typical() -> Self {
        Self::good("typical", text(50_000, 0.0))
    }

    /// Good records of identified people with names, places and streets of 80 letters, most of them not ASCII: 27 MB.
    ///
    /// # Panics
    /// If what is generated is no longer what it says.
    pub fn wide() -> Self {
        const LONG: [&str; 6] = [
            "recip_first_name",
            "recip_last_name",
            "recip_address_street",
            "admin_name",
            "admin_address_street",
            "responsible_org",
        ];
        let (narrow, mut totals) = generated(Models::I, 20_000, 0.0);
        let narrow = String::from_utf8(narrow).expect("generated text is UTF-8");
        let mut lines = narrow.lines();
        let header = lines.next().expect("a header");
        let is_long: Vec<bool> = header.split('\t').map(|name| LONG.contains(&name)).collect();
        let long = "Ærøskøbing-Łódź ".repeat(5);
        let mut wide = format!("{header}\n");
        for line in lines {
            let cells = line.split('\t').zip(&is_long);
            let cells = cells.map(|(cell, is_long)| if *is_long && !cell.is_empty() { long.trim_end() } else { cell });
            wide.push_str(&cells.collect::<Vec<_>>().join("\t"));
            wide.push('\n');
        }
        totals.bytes = wide.len() as u64;
        Self::good("wide", (wide.into_bytes(), totals))
    }

    /// Records each of which has a planted fault.
    ///
    /// # Panics
    /// If what is generated is no longer what it says.
    pub fn bad() -> Self {
        let (text, totals) = text(20_000, 1.0);
        assert_eq!(totals.faults, totals.records);
        Self {
            name: "all-bad",
            text,
            records: totals.records,
            findings: totals.findings..=totals.findings + ABOUT_FILE,
            // The clearinghouse knows part of the rules only.
            rejected_dch: totals.records / 2..=totals.records,
        }
    }

    /// One record with a street of 16 MiB.
    ///
    /// # Panics
    /// If what is generated is no longer what it says.
    pub fn huge_row() -> Self {
        let (text, _) = text(1, 0.0);
        let mut text = String::from_utf8(text).expect("generated text is UTF-8");
        let header = text.lines().next().expect("a header");
        let at = header.split('\t').position(|name| name == "recip_address_street").expect("the column");
        let start = header.len() + 1;
        let cell = text[start..].match_indices('\t').nth(at - 1).expect("cells").0;
        text.insert_str(start + cell + 1, &"street ".repeat((16 << 20) / 7));
        Self { name: "huge-row", text: text.into_bytes(), records: 1, findings: 1..=4, rejected_dch: 1..=1 }
    }

    fn good(name: &'static str, (text, totals): (Vec<u8>, Totals)) -> Self {
        Self { name, text, records: totals.records, findings: 0..=0, rejected_dch: 0..=0 }
    }
}

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
    /// Findings rendered in the first format.
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

    fn findings(&mut self, report: usize, _: &[u8], ends: &[u32]) -> Result<()> {
        if report == 0 {
            self.findings += ends.len() as u64;
        }
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
