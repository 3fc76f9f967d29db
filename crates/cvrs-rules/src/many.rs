//! Files of many records that show a pattern, or nearly.

use crate::example::{GOOD, header};
use cvrs_spec::Field::{self, *};
use cvrs_spec::Version;

const RECORDS: usize = 30;

/// A row under change: its cells in the order of the specification, and its number from 0.
struct Row {
    cells: Vec<Vec<u8>>,
    number: usize,
}

impl Row {
    fn set(&mut self, field: Field, value: impl AsRef<[u8]>) {
        self.cells[field as usize] = value.as_ref().to_vec();
    }
}

/// Known-good records of different recipients, each changed.
fn many(change: impl Fn(&mut Row)) -> Vec<u8> {
    let mut text = header(Version::V3).into_bytes();
    text.push(b'\n');
    for number in 0..RECORDS {
        let mut row = Row { cells: vec![Vec::new(); Version::V3.columns().len()], number };
        for (field, value) in GOOD {
            row.set(*field, value);
        }
        row.set(VaxEventId, format!("GA-{}", 1_000_001 + number));
        row.set(RecipId, format!("R-{}", 500_001 + number));
        row.set(RecipDob, format!("19{}-05-27", 40 + number));
        change(&mut row);
        text.extend_from_slice(&row.cells.join(&b'\t'));
        text.push(b'\n');
    }
    text
}

/// The change in the first record only.
fn once(change: impl Fn(&mut Row)) -> Vec<u8> {
    many(|row| {
        if row.number == 0 {
            change(row);
        }
    })
}

fn in_massachusetts(row: &mut Row, zip: &str) {
    row.set(RecipAddressState, "MA");
    row.set(RecipAddressCounty, "25017");
    row.set(RecipAddressZip, zip);
}

pub(crate) fn zips_without_zero() -> Vec<u8> {
    many(|row| in_massachusetts(row, "2139"))
}

pub(crate) fn zips_with_zero() -> Vec<u8> {
    many(|row| in_massachusetts(row, "02139"))
}

pub(crate) fn counties_without_zero() -> Vec<u8> {
    many(|row| {
        row.set(RecipAddressState, "AL");
        row.set(RecipAddressCounty, "1073");
        row.set(RecipAddressZip, "35203");
    })
}

pub(crate) fn us_dates() -> Vec<u8> {
    many(|row| row.set(AdminDate, format!("1/{}/2021", 14 + row.number % 9)))
}

pub(crate) fn one_us_date() -> Vec<u8> {
    once(|row| row.set(AdminDate, "1/14/2021"))
}

pub(crate) fn serial_numbers() -> Vec<u8> {
    many(|row| row.set(RecipDob, (24_985 + row.number).to_string()))
}

pub(crate) fn one_serial_number() -> Vec<u8> {
    once(|row| row.set(RecipDob, "24985"))
}

pub(crate) fn scientific_ids() -> Vec<u8> {
    many(|row| row.set(VaxEventId, format!("1.{}E+11", 23_457 + row.number)))
}

pub(crate) fn ids_with_an_e() -> Vec<u8> {
    many(|row| row.set(VaxEventId, format!("1E{}-11", 500 + row.number)))
}

pub(crate) fn codes_of_version_1() -> Vec<u8> {
    many(|row| row.set(AdminType, ["PH", "CL", "POD"][row.number % 3]))
}

pub(crate) fn one_code_of_version_1() -> Vec<u8> {
    once(|row| row.set(AdminType, "PH"))
}

pub(crate) fn windows_1252() -> Vec<u8> {
    many(|row| row.set(AdminName, b"Jos\xE9 Clinic"))
}

pub(crate) fn utf8() -> Vec<u8> {
    many(|row| row.set(AdminName, "José Clinic"))
}

fn shift(row: &mut Row) {
    row.cells.insert(RecipDob as usize, Vec::new());
    row.cells.pop();
}

pub(crate) fn shifted() -> Vec<u8> {
    many(shift)
}

pub(crate) fn one_shifted() -> Vec<u8> {
    once(shift)
}

pub(crate) fn one_birth_date() -> Vec<u8> {
    many(|row| row.set(RecipDob, "1970-01-01"))
}

pub(crate) fn good() -> Vec<u8> {
    many(|_| {})
}
