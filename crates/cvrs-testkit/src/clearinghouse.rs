//! The clearinghouse as its own list of field errors describes it, written down once more, slowly and by column name.
//!
//! Source: the list of field errors of 2020-11-02 and the captured reply of winter 2020-21, as the rule book's part A
//! settles them. Nothing here is shared with `cvrs-rules`; a test holds the two against each other.

use crate::lines::{Line, split};
use std::cmp::Ordering;
use std::collections::HashMap;

/// One refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Physical line, the header being line 1.
    pub line: u64,
    /// The rule, `DCH001` to `DCH072`.
    pub id: String,
    /// The column.
    pub field: &'static str,
    /// The message, verbatim.
    pub message: String,
}

enum Ask {
    NotNull,
    NotNullUnlessRefused,
    Longest(usize),
    Date,
    OneOf(&'static [&'static str], &'static str),
    County,
    State,
    Zip,
    Number,
    SixDigits,
}
use Ask::{County, Date, Longest, NotNull, NotNullUnlessRefused, Number, OneOf, SixDigits, State, Zip};

const RACE: Ask = OneOf(
    &["1002-5", "2028-9", "2054-5", "2076-8", "2106-3", "2131-1", "UNK", "POL"],
    "must be one of [1002-5, 2028-9, 2054-5, 2076-8, 2106-3, 2131-1, UNK, POL]",
);
const YES_NO_UNK: Ask = OneOf(&["YES", "NO", "UNK"], "must be one of [YES, NO, UNK]");
const SITES: &[&str] = &["LT", "LA", "LD", "LG", "LVL", "LLFA", "RT", "RA", "RD", "RG", "RVL", "RLFA"];
const ADMIN_TYPES: &[&str] = &[
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
    "21", "22", "23", "24", "25", "26", "27", "28", "UNK",
];

/// The rules in the order of the list: the first is DCH001.
const RULES: [(&str, Ask); 70] = [
    ("vax_event_id", NotNull),
    ("vax_event_id", Longest(255)),
    ("ext_type", NotNull),
    ("ext_type", OneOf(&["D", "I", "P"], "must be one of [D, I, P]")),
    ("pprl_id", Longest(100)),
    ("recip_id", NotNull),
    ("recip_id", Longest(255)),
    ("recip_first_name", NotNull),
    ("recip_first_name", Longest(255)),
    ("recip_middle_name", NotNull),
    ("recip_middle_name", Longest(255)),
    ("recip_last_name", NotNull),
    ("recip_last_name", Longest(255)),
    ("recip_dob", NotNull),
    ("recip_dob", Date),
    ("recip_sex", NotNull),
    ("recip_sex", OneOf(&["F", "M", "U"], "must be one of [F, M, U]")),
    ("recip_address_street", NotNull),
    ("recip_address_street", Longest(255)),
    ("recip_address_street_2", NotNull),
    ("recip_address_street_2", Longest(255)),
    ("recip_address_city", NotNull),
    ("recip_address_city", Longest(255)),
    ("recip_address_county", NotNull),
    ("recip_address_county", County),
    ("recip_address_state", NotNull),
    ("recip_address_state", State),
    ("recip_address_zip", NotNull),
    ("recip_address_zip", Zip),
    ("recip_race_1", NotNull),
    ("recip_race_1", RACE),
    ("recip_race_2", RACE),
    ("recip_race_3", RACE),
    ("recip_race_4", RACE),
    ("recip_race_5", RACE),
    ("recip_race_6", RACE),
    ("recip_ethnicity", NotNull),
    ("recip_ethnicity", OneOf(&["2135-2", "2186-5", "UNK", "POL"], "must be one of [2135-2, 2186-5, UNK, POL]")),
    ("admin_date", NotNull),
    ("admin_date", Date),
    ("cvx", NotNull),
    ("cvx", Number),
    ("ndc", Longest(50)),
    ("mvx", Longest(3)),
    ("lot_number", Longest(255)),
    (
        "vax_admin_site",
        OneOf(SITES, "must be one of [LT,  LA,  LD,  LG,  LVL,  LLFA,  RT,  RA,  RD,  RG,  RVL,  RLFA]"),
    ),
    ("vax_route", Longest(10)),
    ("dose_num", NotNullUnlessRefused),
    ("dose_num", OneOf(&["1", "2", "3", "4", "5", "6", "INV", "UNK"], "must be [1-6], \"INV\", or \"UNK\"")),
    ("vax_series_complete", NotNullUnlessRefused),
    ("vax_series_complete", YES_NO_UNK),
    ("responsible_org", NotNull),
    ("responsible_org", Longest(255)),
    ("admin_name", NotNull),
    ("admin_name", Longest(255)),
    ("admin_type", NotNull),
    ("admin_type", OneOf(ADMIN_TYPES, "must be [1-28] or \"UNK\"")),
    ("vtrcks_prov_pin", SixDigits),
    ("admin_address_street", Longest(255)),
    ("admin_address_street_2", Longest(255)),
    ("admin_address_city", Longest(255)),
    ("admin_address_county", County),
    ("admin_address_state", State),
    ("admin_address_zip", Zip),
    ("vax_refusal", NotNull),
    ("vax_refusal", OneOf(&["YES", "NO"], "must be one of [YES, NO]")),
    ("cmorbid_status", NotNull),
    ("cmorbid_status", YES_NO_UNK),
    ("serology", NotNull),
    ("serology", YES_NO_UNK),
];

/// The columns in the order of the specification, in which a record's refusals are told.
const COLUMNS: [&str; 45] = [
    "vax_event_id",
    "ext_type",
    "pprl_id",
    "recip_id",
    "recip_first_name",
    "recip_middle_name",
    "recip_last_name",
    "recip_dob",
    "recip_sex",
    "recip_address_street",
    "recip_address_street_2",
    "recip_address_city",
    "recip_address_county",
    "recip_address_state",
    "recip_address_zip",
    "recip_race_1",
    "recip_race_2",
    "recip_race_3",
    "recip_race_4",
    "recip_race_5",
    "recip_race_6",
    "recip_ethnicity",
    "admin_date",
    "cvx",
    "ndc",
    "mvx",
    "lot_number",
    "vax_expiration",
    "vax_admin_site",
    "vax_route",
    "dose_num",
    "vax_series_complete",
    "responsible_org",
    "admin_name",
    "vtrcks_prov_pin",
    "admin_type",
    "admin_address_street",
    "admin_address_street_2",
    "admin_address_city",
    "admin_address_county",
    "admin_address_state",
    "admin_address_zip",
    "vax_refusal",
    "cmorbid_status",
    "serology",
];

/// Everything that the clearinghouse would refuse in a text submitted on that day (`YYYY-MM-DD`), in its order.
///
/// # Panics
/// If `today` is no date.
pub fn refused(text: &[u8], today: &str) -> Vec<Told> {
    let today = date(today.as_bytes()).expect("the day of submission is a day");
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let lines = split(text);
    let Some((header, records)) = lines.split_first() else { return Vec::new() };
    let columns: Vec<Vec<u8>> = header.cells().iter().map(|name| name.trim_ascii().to_ascii_lowercase()).collect();
    let mut told = Vec::new();
    for line in records.iter().filter(|line| !line.is_blank()) {
        told.extend(record(line, &columns, today));
    }
    told
}

fn record(line: &Line<'_>, columns: &[Vec<u8>], today: (u32, u32, u32)) -> Vec<Told> {
    let cells = line.cells();
    // The later of two columns of one name counts; a cell that the row does not reach is empty.
    let row: HashMap<&[u8], &[u8]> =
        columns.iter().enumerate().map(|(at, name)| (&name[..], cells.get(at).copied().unwrap_or_default())).collect();
    let get = |name: &str| row.get(name.as_bytes()).copied().unwrap_or_default();
    let mut told = Vec::new();
    let mut tell = |number: usize, field: &'static str, message: &str| {
        told.push(Told { line: line.number, id: format!("DCH{number:03}"), field, message: message.to_owned() });
    };
    for column in COLUMNS {
        for (at, (field, ask)) in RULES.iter().enumerate() {
            if *field == column
                && let Some(message) = fault(get(field), ask, get("vax_refusal"))
            {
                tell(at + 1, field, &message);
            }
        }
    }
    let (born, given) = (date(get("recip_dob")), date(get("admin_date")));
    if given.is_some_and(|given| coarse(given, today) == Ordering::Greater) {
        tell(71, "admin_date", "admin_date must be on or before submission date");
    }
    if let (Some(born), Some(given)) = (born, given)
        && coarse(born, given) == Ordering::Greater
    {
        tell(72, "recip_dob", "recip_dob must be on or before admin_date");
    }
    told
}

/// The message, if the value breaks the rule. Only the rules on null look at an empty value.
fn fault(value: &[u8], ask: &Ask, refusal: &[u8]) -> Option<String> {
    let is_null = value.is_empty();
    let (holds, message) = match ask {
        NotNull => return is_null.then(|| "must not be null".to_owned()),
        NotNullUnlessRefused => {
            let asks = refusal.eq_ignore_ascii_case(b"NO");
            return (is_null && asks).then(|| "must not be null".to_owned());
        }
        _ if is_null => return None,
        Longest(most) => {
            let length = String::from_utf8_lossy(value).chars().count();
            (length <= *most, format!("maximum length is {most}"))
        }
        Date => (date(value).is_some(), "invalid date format, expected: \"YYYY-MM-DD\" or \"YYYY-MM\"".to_owned()),
        OneOf(codes, message) => {
            (codes.iter().any(|code| code.as_bytes().eq_ignore_ascii_case(value)), (*message).to_owned())
        }
        County => (value.len() == 5 && are_digits(value), "must be a FIPS 5-digit county code".to_owned()),
        State => (
            value.len() == 2 && value.iter().all(u8::is_ascii_alphabetic),
            "must be a two-character state abbreviation".to_owned(),
        ),
        Zip => {
            let is_long = value.len() == 10 && value[5] == b'-' && are_digits(&value[..5]) && are_digits(&value[6..]);
            (
                value.len() == 5 && are_digits(value) || is_long,
                "must be a valid ZIP. 5 digit or 5 digit + 4 are acceptable".to_owned(),
            )
        }
        Number => (are_digits(value), "must be a number".to_owned()),
        SixDigits => (value.len() == 6 && are_digits(value), "must be six digits".to_owned()),
    };
    (!holds).then_some(message)
}

fn are_digits(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_digit)
}

/// Year, month and day, or day 0 for a month, if that is in the calendar.
fn date(value: &[u8]) -> Option<(u32, u32, u32)> {
    let text = std::str::from_utf8(value).ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    if lengths != [4, 2] && lengths != [4, 2, 2] || !parts.iter().all(|part| are_digits(part.as_bytes())) {
        return None;
    }
    let numbers: Vec<u32> = parts.iter().map(|part| part.parse().expect("digits")).collect();
    let (year, month) = (numbers[0], numbers[1]);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    if year == 0 {
        return None;
    }
    match numbers.get(2) {
        None => Some((year, month, 0)),
        Some(&day) => (1..=days).contains(&day).then_some((year, month, day)),
    }
}

/// Compares days, or months where one of the two is known by month only.
fn coarse(left: (u32, u32, u32), right: (u32, u32, u32)) -> Ordering {
    if left.2 == 0 || right.2 == 0 { (left.0, left.1).cmp(&(right.0, right.1)) } else { left.cmp(&right) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_of_the_calendar() {
        for good in ["2020-02-29", "2021-12", "0001-01-01"] {
            assert!(date(good.as_bytes()).is_some(), "{good}");
        }
        for bad in ["2021-02-29", "2021-13", "0000-01", "2021-1-1", "2021", "20210101", " 2021-01", "2021-01-00", ""] {
            assert!(date(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_short_row_has_empty_cells_and_a_blank_line_is_no_record() {
        let told = refused(b"vax_event_id\tvtrcks_prov_pin\r\n\r\nA1\r\n\tX\n", "2021-01-29");
        assert!(told.iter().all(|told| told.line > 2));
        assert!(told.iter().all(|told| told.line != 3 || told.id != "DCH001" && told.id != "DCH058"));
        assert!(told.iter().any(|told| told.line == 4 && told.id == "DCH058"));
    }
}
