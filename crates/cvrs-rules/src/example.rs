//! Known-good records, and rows and files made from them. All people are invented.

use crate::Example;
use cvrs_spec::Field::{self, *};
use cvrs_spec::Version;

/// A vaccination of model D that no rule of any profile finds fault with.
pub const GOOD: &[(Field, &str)] = &[
    (VaxEventId, "GA-1000001"),
    (ExtType, "D"),
    (RecipId, "R-500001"),
    (RecipFirstName, "Redacted"),
    (RecipMiddleName, "Redacted"),
    (RecipLastName, "Redacted"),
    (RecipDob, "1968-05-27"),
    (RecipSex, "F"),
    (RecipAddressStreet, "Redacted"),
    (RecipAddressStreet2, "Redacted"),
    (RecipAddressCity, "Redacted"),
    (RecipAddressCounty, "13121"),
    (RecipAddressState, "GA"),
    (RecipAddressZip, "30301"),
    (RecipRace1, "2106-3"),
    (RecipEthnicity, "2186-5"),
    (AdminDate, "2021-01-15"),
    (Cvx, "208"),
    (Ndc, "59267-1000-01"),
    (Mvx, "PFR"),
    (LotNumber, "EL1283"),
    (VaxExpiration, "2021-06-30"),
    (VaxAdminSite, "LD"),
    (VaxRoute, "C28161"),
    (DoseNum, "1"),
    (VaxSeriesComplete, "NO"),
    (ResponsibleOrg, "Peach State Health"),
    (AdminName, "Hope Clinic"),
    (VtrcksProvPin, "123456"),
    (AdminType, "17"),
    (AdminAddressStreet, "12 Peachtree St"),
    (AdminAddressStreet2, "Suite 4"),
    (AdminAddressCity, "Atlanta"),
    (AdminAddressCounty, "13121"),
    (AdminAddressState, "GA"),
    (AdminAddressZip, "30303-1234"),
    (VaxRefusal, "NO"),
    (CmorbidStatus, "UNK"),
    (Serology, "UNK"),
];

/// What version 1 has in other or further columns.
const GOOD_V1: &[(Field, &str)] = &[(AdminType, "CL"), (VaxProvSuffix, "RN"), (RecipMissedAppt, "NO")];

/// Turns the known-good record into a refusal.
pub const REFUSAL: &[(Field, &str)] = &[
    (VaxRefusal, "YES"),
    (Ndc, ""),
    (Mvx, ""),
    (LotNumber, ""),
    (VaxExpiration, ""),
    (VaxAdminSite, ""),
    (VaxRoute, ""),
    (DoseNum, ""),
    (VaxSeriesComplete, ""),
];

/// Turns the known-good record of version 1 into a missed appointment.
pub const MISSED: &[(Field, &str)] = &[
    (RecipMissedAppt, "YES"),
    (Cvx, ""),
    (Ndc, ""),
    (Mvx, ""),
    (LotNumber, ""),
    (VaxExpiration, ""),
    (VaxAdminSite, ""),
    (VaxRoute, ""),
    (DoseNum, ""),
    (VaxSeriesComplete, ""),
    (VaxProvSuffix, ""),
];

/// Turns the known-good record into one of the identified model.
pub const IDENTIFIED: &[(Field, &str)] = &IDENTIFIED_CELLS;

const IDENTIFIED_CELLS: [(Field, &str); 7] = [
    (ExtType, "I"),
    (RecipFirstName, "Ana"),
    (RecipMiddleName, "Luz"),
    (RecipLastName, "Sample"),
    (RecipAddressStreet, "7 Example Ave"),
    (RecipAddressStreet2, "Apt 2"),
    (RecipAddressCity, "Atlanta"),
];

/// The identified record with another value in one of its seven columns.
pub const fn identified_with(field: Field, value: &'static str) -> [(Field, &'static str); 7] {
    let mut cells = IDENTIFIED_CELLS;
    let mut at = 0;
    while at < cells.len() {
        if cells[at].0 as u8 == field as u8 {
            cells[at].1 = value;
        }
        at += 1;
    }
    cells
}

/// The value that an example's text stands for: `x*256` is 256 times `x`.
pub fn value(text: &str) -> String {
    match text.split_once('*') {
        Some((unit, times)) if times.parse::<usize>().is_ok() => unit.repeat(times.parse().unwrap_or(1)),
        _ => text.to_owned(),
    }
}

/// The value of an example in words, for documents.
pub fn shown(text: &str) -> String {
    match text.split_once('*') {
        Some((unit, times)) if times.parse::<usize>().is_ok() => {
            let what = if unit.len() == 1 { "characters".to_owned() } else { format!("times {unit}") };
            format!("{times} {what}")
        }
        _ if text.is_empty() => "(empty)".to_owned(),
        _ => {
            let inner = text.trim_matches(' ').replace('\r', "\\r").replace('\0', "\\0");
            // A blank at either end is what the example is about, and would not be seen.
            let blank = |is_there| if is_there { "(blank)" } else { "" };
            format!("{}{inner}{}", blank(text.starts_with(' ')), blank(text.ends_with(' ')))
        }
    }
}

/// The known-good row of a version with other values laid over it, without a line end.
pub fn row(version: Version, cells: &[(Field, &str)]) -> String {
    let base = if version == Version::V1 { GOOD_V1 } else { &[] };
    let laid =
        |field: Field| cells.iter().chain(base).chain(GOOD).find(|cell| cell.0 == field).map_or("", |cell| cell.1);
    let values: Vec<String> = version.columns().iter().map(|&field| value(laid(field))).collect();
    values.join("\t")
}

/// The header line of a version, without a line end.
pub fn header(version: Version) -> String {
    version.columns().iter().map(|field| field.name()).collect::<Vec<_>>().join("\t")
}

/// A file with one row for each set of cells.
pub fn file(version: Version, rows: &[&[(Field, &str)]]) -> Vec<u8> {
    let mut text = header(version) + "\n";
    for cells in rows {
        text += &row(version, cells);
        text.push('\n');
    }
    text.into_bytes()
}

/// The file that an example stands for; `None` for a name.
pub fn file_of(example: &Example) -> Option<Vec<u8>> {
    Some(match *example {
        Example::Cells(cells) | Example::With(cells, _) => file(Version::V3, &[cells]),
        Example::CellsV1(cells) => file(Version::V1, &[cells]),
        Example::Records(rows) => file(Version::V3, rows),
        Example::File(_, make) | Example::Many(_, _, make) => make(),
        Example::Name(_) => return None,
    })
}

/// The known-good file: one record.
pub fn good_file() -> Vec<u8> {
    file(Version::V3, &[&[]])
}

/// The known-good file with raw bytes in one cell.
pub fn file_with(field: Field, bytes: &[u8]) -> Vec<u8> {
    let marked = file(Version::V3, &[&[(field, "\u{1}")]]);
    let at = marked.iter().position(|&byte| byte == 1).unwrap_or(0);
    [&marked[..at], bytes, &marked[at + 1..]].concat()
}

/// The known-good file with more bytes at the end of its row.
pub fn row_plus(bytes: &[u8]) -> Vec<u8> {
    let mut text = good_file();
    text.pop();
    [&text, bytes, b"\n"].concat()
}

pub(crate) fn unterminated() -> Vec<u8> {
    let mut text = good_file();
    text.pop();
    text
}

pub(crate) fn with_blank_line() -> Vec<u8> {
    let text = file(Version::V3, &[&[], &[(VaxEventId, "GA-1000002")]]);
    let at = text.iter().rposition(|&byte| byte == b'G').unwrap_or(0);
    let start = text[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |line_feed| line_feed + 1);
    [&text[..start], b"\n", &text[start..]].concat()
}

pub(crate) fn with_bom() -> Vec<u8> {
    [cvrs_parse::BOM, &good_file()].concat()
}

pub(crate) fn upper_case_header() -> Vec<u8> {
    let text = good_file();
    let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(0);
    [&text[..end].to_ascii_uppercase(), &text[end..]].concat()
}

/// The known-good file with each row's cells changed by `change`, the header's too.
fn reshaped(change: impl Fn(usize, &mut Vec<&str>)) -> Vec<u8> {
    let text = String::from_utf8(good_file()).unwrap_or_default();
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let mut cells: Vec<&str> = line.split('\t').collect();
        change(number, &mut cells);
        out += &cells.join("\t");
        out.push('\n');
    }
    out.into_bytes()
}

pub(crate) fn extra_column() -> Vec<u8> {
    reshaped(|number, cells| cells.push(if number == 0 { "other_column" } else { "x" }))
}

pub(crate) fn without_mvx() -> Vec<u8> {
    reshaped(|_, cells| {
        cells.remove(Mvx as usize);
    })
}

pub(crate) fn repeated_name() -> Vec<u8> {
    reshaped(|_, cells| cells.insert(Cvx as usize, cells[Cvx as usize]))
}

pub(crate) fn swapped_columns() -> Vec<u8> {
    reshaped(|_, cells| cells.swap(0, 1))
}
