//! Patterns above rows: one cause behind many findings, or behind none.
//!
//! Two kinds of evidence are gathered. Some patterns show in records that no rule finds fault with (ids in scientific
//! notation, one value in a whole column): [`Patterns::observe`] looks at every record. The others show in what rules
//! found: [`Patterns::explain`] looks at each record with findings. Parts are merged in file order, and at the end
//! [`Patterns::tell`] says what the whole file shows, with the share of rows as its evidence.

use crate::{Book, Codes};
use cvrs_parse::{Date, Record};
use cvrs_report::{Finding, Message};
use cvrs_spec::{Field, SetId, Version};

/// So many rows at least show a pattern, unless its share is large.
const FEWEST: u64 = 5;

/// One row in so many shows a pattern in a large file.
const SHARE: u64 = 100;

/// Columns in which one value throughout is a mistake, and in how many records at least.
const VARYING: [(Field, u64); 4] =
    [(Field::RecipId, 20), (Field::RecipDob, 30), (Field::RecipSex, 200), (Field::RecipAddressZip, 5000)];

/// How many rows show something, and the first of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    count: u64,
    first_line: u64,
}

impl Tally {
    fn add(&mut self, line: u64) {
        if self.count == 0 {
            self.first_line = line;
        }
        self.count += 1;
    }

    const fn shift(&mut self, by: i64) {
        if self.count > 0 {
            self.first_line = self.first_line.saturating_add_signed(by);
        }
    }

    const fn merge(&mut self, later: Self) {
        if self.count == 0 {
            self.first_line = later.first_line;
        }
        self.count += later.count;
    }

    /// Whether so many of so many rows are a pattern.
    const fn is_pattern(self, of: u64) -> bool {
        self.count >= FEWEST && self.count * SHARE >= of || self.count > 1 && self.count * 2 > of
    }
}

/// The hash of an empty value (FNV-1a).
const EMPTY: u64 = 0xCBF2_9CE4_8422_2325;

/// Whether a column has one value throughout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Same {
    /// A hash of the value.
    value: Option<u64>,
    differs: bool,
    first_line: u64,
}

impl Same {
    #[inline]
    fn add(&mut self, value: &[u8], line: u64) {
        if self.differs {
            return;
        }
        let hash = value.iter().fold(EMPTY, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
        match self.value {
            None => (self.value, self.first_line) = (Some(hash), line),
            Some(first) => self.differs = first != hash,
        }
    }

    fn merge(&mut self, later: Self) {
        self.differs |= later.differs || self.value.is_some() && later.value.is_some() && self.value != later.value;
        if self.value.is_none() {
            (self.value, self.first_line) = (later.value, later.first_line);
        }
    }
}

/// What has been seen of patterns in a file or a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns {
    records: u64,
    scientific: Tally,
    same: [Same; VARYING.len()],
    /// How many of those differ: once all do, they need no look.
    n_differing: usize,
    latest: u32,
    /// The same as a day is written: its first eight letters and the last two, so that an earlier one is known by them.
    latest_text: (u64, u16),
    lost_zeros: [Tally; 3],
    us_dates: Tally,
    serials: Tally,
    other_version: Tally,
    windows: Tally,
    not_windows: u64,
    shifted: Tally,
}

impl Patterns {
    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Looks at a record, whether or not anything is wrong with it.
    #[inline]
    pub fn observe(&mut self, record: &Record<'_>, line: u64) {
        if self.n_differing < VARYING.len() {
            self.observe_same(record, line);
        }
        let [event_id, recip_id, admin_date] = OBSERVED.map(|field| record.get(field));
        self.observe_cells(event_id, recip_id, admin_date, line);
    }

    /// Whether three cells of the records that follow are [enough](Patterns::observe_cells).
    pub const fn needs_three_cells(&self) -> bool {
        self.n_differing == VARYING.len()
    }

    /// The same, once `vax_event_id`, `recip_id` and `admin_date` are all that is asked for.
    #[inline]
    pub fn observe_cells(&mut self, event_id: &[u8], recip_id: &[u8], admin_date: &[u8], line: u64) {
        self.records += 1;
        if is_scientific(event_id) || is_scientific(recip_id) {
            self.scientific.add(line);
        }
        // Days order as their letters do, so nearly always a comparison tells that it is not later.
        if letters(admin_date).is_none_or(|letters| letters > self.latest_text) {
            self.observe_late(admin_date);
        }
    }

    /// Looks whether columns that should vary still have one value.
    #[inline(never)]
    fn observe_same(&mut self, record: &Record<'_>, line: u64) {
        for (same, (field, _)) in self.same.iter_mut().zip(VARYING) {
            same.add(record.get(field), line);
        }
        self.n_differing = self.same.iter().filter(|same| same.differs).count();
    }

    #[inline(never)]
    fn observe_late(&mut self, admin: &[u8]) {
        if let Some(date) = Date::parse(admin) {
            self.note_latest(date.as_number());
        }
    }

    /// Notes a date as `YYYYMMDD`, day 0 for a month.
    fn note_latest(&mut self, date: u32) {
        if date > self.latest {
            self.latest = date;
            let mut text = *b"0000-00-00";
            let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
            for (place, digits) in [(0, year / 100), (2, year % 100), (5, month), (8, day)] {
                text[place] += (digits / 10) as u8;
                text[place + 1] += (digits % 10) as u8;
            }
            self.latest_text = letters(&text).unwrap_or_default();
        }
    }

    /// Looks at a record with findings.
    pub fn explain(&mut self, record: &Record<'_>, findings: &[Finding], line: u64, codes: Codes) {
        let has = |code: &str| findings.iter().any(|finding| finding.code == code);
        let on = |code: &str, fields: &[Field]| {
            let mut hits = findings.iter().filter(|finding| finding.code == code);
            hits.any(|finding| finding.field.is_some_and(|field| fields.contains(&field)))
        };
        if has("DATA005") || has("DATA007") {
            let lost = lost_zeros(record, codes);
            for (tally, is_lost) in self.lost_zeros.iter_mut().zip(lost) {
                if is_lost {
                    tally.add(line);
                }
            }
        }
        if has("DATA009") {
            self.us_dates.add(line);
        }
        if has("DATA001") && DATES.iter().any(|&field| is_serial(record.get(field))) {
            self.serials.add(line);
        }
        if on("DATA007", &[Field::AdminType]) {
            let other = if record.version() == Version::V1 { SetId::AdminType } else { SetId::AdminTypeV1 };
            if other.find(record.get(Field::AdminType)).is_some() {
                self.other_version.add(line);
            }
        }
        if has("XR004") {
            let is_windows = record.line().iter().all(|byte| !matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D));
            if is_windows { self.windows.add(line) } else { self.not_windows += 1 }
        }
        if findings.len() > 3 && is_shifted(record) {
            self.shifted.add(line);
        }
    }

    /// Moves all lines down by so many, which turned out to precede them, or up.
    pub fn shift(&mut self, by: i64) {
        let Self { lost_zeros, scientific, us_dates, serials, other_version, windows, shifted, same, .. } = self;
        for tally in lost_zeros.iter_mut().chain([scientific, us_dates, serials, other_version, windows, shifted]) {
            tally.shift(by);
        }
        for same in same.iter_mut().filter(|same| same.value.is_some()) {
            same.first_line = same.first_line.saturating_add_signed(by);
        }
    }

    /// Adds what the part that follows in the file shows.
    pub fn merge(&mut self, later: &Self) {
        self.records += later.records;
        self.scientific.merge(later.scientific);
        for (same, later) in self.same.iter_mut().zip(later.same) {
            same.merge(later);
        }
        self.n_differing = self.same.iter().filter(|same| same.differs).count();
        self.note_latest(later.latest);
        for (tally, later) in self.lost_zeros.iter_mut().zip(later.lost_zeros) {
            tally.merge(later);
        }
        self.us_dates.merge(later.us_dates);
        self.serials.merge(later.serials);
        self.other_version.merge(later.other_version);
        self.windows.merge(later.windows);
        self.not_windows += later.not_windows;
        self.shifted.merge(later.shifted);
    }

    /// The findings about the whole file, each with the first line that shows it. `name` is the file's, whose first
    /// eight digits are the day reported.
    pub fn tell(&self, book: &Book, name: Option<&str>) -> Vec<(Finding, u64)> {
        let mut told = Vec::new();
        let of = self.records;
        let mut add = |code: &str, field: Option<Field>, tally: Tally, what: String| {
            let finding = book.tell(code, field, Some(Message::Owned(what.into())));
            told.extend(finding.map(|finding| (finding, tally.first_line)));
        };
        let share = |tally: Tally| format!("{} of {of} rows", tally.count);
        let places =
            [("ZIP codes", Field::RecipAddressZip), ("county codes", Field::RecipAddressCounty), ("NDCs", Field::Ndc)];
        for ((what, field), tally) in places.into_iter().zip(self.lost_zeros) {
            if tally.is_pattern(of) {
                add("PAT001", Some(field), tally, format!("leading zeros lost in {what}: {}", share(tally)));
            }
        }
        let counted = [
            ("PAT002", self.us_dates, "dates as month/day/year"),
            ("PAT003", self.serials, "dates as a spreadsheet's serial numbers"),
            ("PAT004", self.scientific, "ids in scientific notation"),
            ("PAT005", self.other_version, "codes of another version of CVRS in admin_type"),
            ("PAT007", self.shifted, "cells stand one column beside their own"),
        ];
        for (code, tally, what) in counted {
            if tally.is_pattern(of) {
                add(code, None, tally, format!("{what}: {}", share(tally)));
            }
        }
        if self.windows.count > 1 && self.not_windows == 0 {
            add("PAT006", None, self.windows, format!("text in Windows-1252: {}", share(self.windows)));
        }
        for (same, (field, least)) in self.same.iter().zip(VARYING) {
            // A column that is empty throughout is told as such, and shifted cells or ids cut short bring one value, too.
            let has_other_cause = self.shifted.is_pattern(of)
                || field == Field::RecipId && self.scientific.is_pattern(of)
                || same.value == Some(EMPTY);
            if of >= least && !same.differs && same.value.is_some() && !has_other_cause {
                let tally = Tally { count: of, first_line: same.first_line };
                add("PAT008", Some(field), tally, format!("one value in all {of} rows of {}", field.name()));
            }
        }
        if let (Some(day), Some(latest)) =
            (name.and_then(|name| book.day_of_name(name)), Date::from_number(self.latest))
        {
            let what = other_day(day, latest, book.today());
            let tally = Tally { count: of, first_line: 2 };
            if let Some(what) = what {
                add("PAT009", Some(Field::AdminDate), tally, what.to_owned());
            }
        }
        told.sort_by(|left, right| left.0.code.cmp(right.0.code));
        told
    }

    /// The codes and columns of the rows' findings that a pattern explains, so that a report for people can fold them.
    pub fn folds(pattern: &str, shown_by: Option<Field>, code: &str, field: Option<Field>) -> bool {
        let is_date = field.is_some_and(|field| DATES.contains(&field));
        match pattern {
            "PAT001" => {
                let is_told =
                    matches!(code, "DATA005" | "DATA007" | "BUSR001" | "BUSR002" | "BUSR003" | "BUSR004" | "XR013");
                is_told
                    && match field {
                        Some(Field::RecipAddressZip | Field::AdminAddressZip) => {
                            shown_by == Some(Field::RecipAddressZip)
                        }
                        Some(Field::RecipAddressCounty | Field::AdminAddressCounty) => {
                            shown_by == Some(Field::RecipAddressCounty)
                        }
                        // What a code that nobody knows is said to disagree with is a finding on another column.
                        field => shown_by == Some(Field::Ndc) && (field == shown_by || code == "XR013"),
                    }
            }
            "PAT002" => code == "DATA009",
            "PAT003" => code == "DATA001" && is_date,
            "PAT004" => code == "BUSR013" || code == "XR018",
            "PAT005" => code == "DATA007" && field == Some(Field::AdminType),
            "PAT006" => code == "XR004",
            // What is right in one column is wrong in the next, whatever the rule.
            "PAT007" => {
                let is_of_cells = ["DATA", "REQD", "DNTS", "DCH"].iter().any(|family| code.starts_with(family));
                let is_of_pairs = code.starts_with("BUSR0") && !matches!(code, "BUSR006" | "BUSR013");
                is_of_cells
                    || is_of_pairs
                    || matches!(code, "XR012" | "XR013" | "XR014" | "XR017" | "XR019" | "XR020" | "XR022" | "XR024")
            }
            _ => false,
        }
    }
}

/// The columns that every record is asked for.
const OBSERVED: [Field; 3] = [Field::VaxEventId, Field::RecipId, Field::AdminDate];

/// The letters of a day, as numbers that order as they do; `None` of anything that is not ten bytes long.
#[inline]
fn letters(day: &[u8]) -> Option<(u64, u16)> {
    let ([first], last) = day.as_chunks::<8>() else { return None };
    Some((u64::from_be_bytes(*first), u16::from_be_bytes(last.try_into().ok()?)))
}

const DATES: [Field; 3] = [Field::RecipDob, Field::AdminDate, Field::VaxExpiration];

/// Whether an id is what a spreadsheet makes of a long number: `1.23457E+11`.
#[inline]
fn is_scientific(id: &[u8]) -> bool {
    // One look tells nearly all.
    if id.len() < 5 || id[id.len() - 3] != b'+' {
        return false;
    }
    let [first, .., b'E' | b'e', b'+', tens, ones] = id else { return false };
    let mantissa = &id[1..id.len() - 4];
    first.is_ascii_digit()
        && tens.is_ascii_digit()
        && ones.is_ascii_digit()
        && (mantissa.is_empty() || mantissa[0] == b'.' && mantissa[1..].iter().all(u8::is_ascii_digit))
}

/// Whether a date is what a spreadsheet keeps: the days since 1900, for births and doses of our time.
fn is_serial(value: &[u8]) -> bool {
    (4..=5).contains(&value.len())
        && value.iter().all(u8::is_ascii_digit)
        && value.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')) >= 3_000
}

/// Whether the recipient's or the administration's ZIP code, a county code, and the NDC have lost leading zeros.
fn lost_zeros(record: &Record<'_>, codes: Codes) -> [bool; 3] {
    let is_short = |value: &[u8], lengths: core::ops::RangeInclusive<usize>| {
        lengths.contains(&value.len()) && value.iter().all(u8::is_ascii_digit)
    };
    let padded = |value: &[u8]| {
        let mut five = [b'0'; 5];
        five[5 - value.len()..].copy_from_slice(value);
        five
    };
    let zip = |zip, state| {
        let value = record.get(zip);
        is_short(value, 3..=4) && !codes.is_zip_outside_state(&padded(value), record.get(state))
    };
    let county = |county| {
        let value = record.get(county);
        is_short(value, 4..=4) && codes.counties().contains(&padded(value))
    };
    let ndc = record.get(Field::Ndc);
    let is_ndc_short = is_short(ndc, 7..=10) && {
        let mut eleven = [b'0'; 11];
        eleven[11 - ndc.len()..].copy_from_slice(ndc);
        !codes.is_ndc(ndc) && codes.is_ndc(&eleven)
    };
    [
        zip(Field::RecipAddressZip, Field::RecipAddressState) || zip(Field::AdminAddressZip, Field::AdminAddressState),
        county(Field::RecipAddressCounty) || county(Field::AdminAddressCounty),
        is_ndc_short,
    ]
}

/// Whether the cells fit the columns beside their own better than their own.
fn is_shifted(record: &Record<'_>) -> bool {
    let columns = record.header().columns();
    let fits = |by: isize| {
        let mut count = 0;
        for (at, field) in columns.iter().enumerate() {
            let Some(field) = *field else { continue };
            let Some(from) = at.checked_add_signed(by) else { continue };
            let value = record.cell(from);
            count += u32::from(!value.is_empty() && is_telling(field, value, record.version()));
        }
        count
    };
    let (own, before, after) = (fits(0), fits(-1), fits(1));
    before.max(after) >= 6 && before.max(after) > own * 2
}

/// Whether a value is right in a column whose right values are rare elsewhere.
fn is_telling(field: Field, value: &[u8], version: Version) -> bool {
    match field {
        Field::RecipSex | Field::RecipRace1 | Field::RecipEthnicity | Field::VaxRoute | Field::AdminType => {
            field.value_set(version).is_some_and(|set| set.find(value).is_some())
        }
        Field::RecipAddressState | Field::AdminAddressState => SetId::State.find(value).is_some(),
        Field::RecipAddressZip | Field::AdminAddressZip => crate::rules::shape::is_zip(value),
        Field::RecipDob | Field::AdminDate | Field::VaxExpiration => Date::parse(value).is_some(),
        Field::VaxRefusal => SetId::YesNo.find(value).is_some(),
        _ => false,
    }
}

/// The day that a file's name begins with, as `yyyymmdd`.
pub fn day_of_name(name: &str) -> Option<Date> {
    let digits = name.as_bytes().first_chunk::<8>().filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let number =
        |range: core::ops::Range<usize>| digits[range].iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    Date::from_ymd(number(0..4), number(4..6), number(6..8))
}

/// What is odd about the day that a file's name tells, given the latest dose in it.
fn other_day(day: Date, latest: Date, today: Date) -> Option<&'static str> {
    use core::cmp::Ordering::{Greater, Less};
    if day.compare_coarse(today) == Greater {
        return Some("the day in the file's name is later than the day of submission");
    }
    if latest.compare_coarse(day) == Greater {
        return Some("records are of a later day than the file's name tells");
    }
    // Late entries are usual, a file of nothing else is not.
    let is_stale = latest.compare_coarse(day.month_before()) == Less;
    is_stale.then_some("the latest record is more than a month older than the day in the file's name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scientific_notation_is_a_mantissa_and_an_exponent() {
        for id in ["1.23457E+11", "4E+09", "9.1e+12"] {
            assert!(is_scientific(id.as_bytes()), "{id}");
        }
        for id in ["123457", "GE+11", "1.2A457E+11", "E+11", "", "12.3E+11", "A1E+11"] {
            assert!(!is_scientific(id.as_bytes()), "{id}");
        }
    }

    #[test]
    fn serial_numbers_are_days_of_our_time() {
        assert!(is_serial(b"44211") && is_serial(b"9250"));
        assert!(!is_serial(b"2021") && !is_serial(b"20210115") && !is_serial(b"4421a"));
    }

    #[test]
    fn parts_add_up_in_file_order() {
        let (mut left, mut right) = (Same::default(), Same::default());
        left.add(b"x", 2);
        right.add(b"x", 9);
        left.merge(right);
        assert!(!left.differs && left.first_line == 2);
        right.add(b"y", 10);
        left.merge(right);
        assert!(left.differs);
        let mut tally = Tally::default();
        tally.merge(Tally { count: 2, first_line: 7 });
        assert_eq!(tally, Tally { count: 2, first_line: 7 });
    }

    #[test]
    fn a_file_is_of_its_day() {
        let day = |text: &str| Date::parse(text.as_bytes()).expect("a day");
        let today = day("2021-01-29");
        assert_eq!(other_day(day("2021-01-28"), day("2021-01-28"), today), None);
        assert_eq!(other_day(day("2021-01-28"), day("2021-01-02"), today), None);
        assert!(other_day(day("2021-01-30"), day("2021-01-28"), today).is_some());
        assert!(other_day(day("2021-01-20"), day("2021-01-28"), today).is_some());
        assert!(other_day(day("2021-01-28"), day("2020-10-28"), today).is_some());
        assert_eq!(day_of_name("20210128_01_GAA.txt"), Some(day("2021-01-28")));
        assert_eq!(day_of_name("2021-01-28.txt"), None);
    }
}
