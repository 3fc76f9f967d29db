//! Messages out of records, written straight into the product.
//!
//! A record is looked at once as a whole: mostly nothing in it needs escaping, and its cells are copied as they are.
//! Separators after the last value of a field or segment are written and taken back, which is cheaper than to ask first.

use super::escape;
use super::{Dialect, Eligibility, write_cdc, write_ig};
use cvrs_parse::{Date, Record};
use cvrs_report::{Finding, Level, Message, push_number};
use cvrs_spec::{Event, Field, Kind, Version};

/// What RXA-9 says of where a dose was known from. CVRS does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InfoSource {
    /// New where lot number and maker are known, else historical.
    #[default]
    Auto,
    /// New (00).
    New,
    /// Historical (01).
    Historical,
}

/// What the receiver is to do with a record (RXA-21).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    /// Store it (A).
    #[default]
    Create,
    /// Replace it (U).
    Update,
    /// Delete it (D).
    Delete,
}

/// How messages are written.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// Which dialect.
    pub dialect: Dialect,
    /// The submitting entity's code: the authority of ids, and the sending facility unless that is given.
    pub entity: String,
    /// Date and time with seconds and offset, as HL7 writes them: `20210117080000-0500`.
    pub timestamp: String,
    /// The file's name without extension, which names the batch.
    pub batch: String,
    /// What MSH-10 begins with; `-` and the record's number follow.
    pub control_prefix: String,
    /// MSH-3.
    pub sending_application: String,
    /// MSH-4; `None` for the entity.
    pub sending_facility: Option<String>,
    /// MSH-5.
    pub receiving_application: String,
    /// MSH-6.
    pub receiving_facility: String,
    /// What RXA-9 says.
    pub info_source: InfoSource,
    /// What a last OBX says of funding, if it is asked for.
    pub eligibility: Option<Eligibility>,
    /// What RXA-21 says.
    pub operation: Operation,
    /// Whether it is test data: MSH-11 is `T`.
    pub is_test: bool,
}

impl WriteOptions {
    /// Defaults for an entity, a time and a file of that number on that day (`20210115`).
    pub fn new(entity: &str, timestamp: &str, day: &str, number: &str) -> Self {
        Self {
            dialect: Dialect::Ig,
            entity: entity.to_owned(),
            timestamp: timestamp.to_owned(),
            batch: format!("{day}_{number}_{entity}"),
            control_prefix: format!("{entity}{day}{number}"),
            sending_application: "CVRS".to_owned(),
            sending_facility: None,
            receiving_application: "DCH".to_owned(),
            receiving_facility: "CDC".to_owned(),
            info_source: InfoSource::Auto,
            eligibility: None,
            operation: Operation::Create,
            is_test: false,
        }
    }

    /// `|CVRS|GAA|DCH|CDC|`, what stands in fields 3 to 6 of a header segment.
    fn parties(&self) -> Vec<u8> {
        let facility = self.sending_facility.as_ref().unwrap_or(&self.entity);
        let mut out = Vec::new();
        for name in [&self.sending_application, facility, &self.receiving_application, &self.receiving_facility] {
            out.push(b'|');
            escape::push(&mut out, name.as_bytes());
        }
        out.push(b'|');
        out
    }
}

/// A date that HL7 cannot say: the record is not converted.
const NO_DATE: Finding = finding("HLW001", Level::Error, "is no date, which HL7 cannot say");
/// A month where the guide wants a day.
const MONTH_ONLY: Finding = finding("HLW002", Level::Warn, "is a month only; the guide wants a day in RXA-3");
/// A character that no segment can hold.
const CONTROL: Finding = finding("HLW003", Level::Warn, "a control character is written as a blank");
/// A value beyond the base standard's limit.
const LONG_NAME: Finding =
    finding("HLW004", Level::Info, "is longer than the 20 characters of HD.1 in HL7 v2.5.1, and written whole");

const fn finding(code: &'static str, level: Level, message: &'static str) -> Finding {
    Finding { code, dch: None, level, field: None, related: None, message: Message::text(message) }
}

/// The three columns with dates.
const DATES: [Field; 3] = [Field::RecipDob, Field::AdminDate, Field::VaxExpiration];

/// The longest HD.1 of the base standard, in characters.
const HD_1: usize = 20;

/// Writes one message a record.
#[derive(Clone, Debug)]
pub struct Writer {
    pub(super) options: WriteOptions,
    /// From the segment's name to MSH-7 with the separator after it.
    pub(super) message_start: Vec<u8>,
    /// MSH-11 to MSH-17 with the separator after them.
    pub(super) message_middle: Vec<u8>,
    /// What follows a recipient's id.
    pub(super) recipient_authority: Vec<u8>,
    /// What follows a PPRL id.
    pub(super) pprl_authority: Vec<u8>,
    /// What follows an event's id.
    pub(super) event_authority: Vec<u8>,
}

impl Writer {
    /// A writer with these options.
    pub fn new(options: WriteOptions) -> Self {
        let mut entity = Vec::new();
        escape::push(&mut entity, options.entity.as_bytes());
        let authority = |kind: &[u8]| [b"^^^", &entity[..], b"^", kind].concat();
        let processing: &[u8] = if options.is_test { b"|T|2.5.1" } else { b"|P|2.5.1" };
        let (parties, middle): (_, &[u8]) = match options.dialect {
            Dialect::Ig => (options.parties(), b"|||ER|AL||"),
            Dialect::Cdc => (b"|||||".to_vec(), b"||||||||||"),
        };
        Self {
            message_start: [b"MSH|^~\\&", &parties[..], options.timestamp.as_bytes(), b"|"].concat(),
            message_middle: [processing, middle].concat(),
            recipient_authority: authority(b"SR"),
            pprl_authority: authority(b"ANON"),
            event_authority: [b"^", &entity[..]].concat(),
            options,
        }
    }

    /// The two segments before the messages of a batch.
    pub fn start(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let parties = self.options.parties();
        for (name, suffix) in [(b"FHS", ""), (b"BHS", "-1")] {
            out.extend_from_slice(name);
            out.extend_from_slice(b"|^~\\&");
            out.extend_from_slice(&parties);
            out.extend_from_slice(self.options.timestamp.as_bytes());
            out.extend_from_slice(b"||");
            escape::push(&mut out, self.options.batch.as_bytes());
            out.extend_from_slice(suffix.as_bytes());
            out.push(b'\r');
        }
        out
    }

    /// The two segments after so many messages of a batch.
    pub fn end(n_messages: u64) -> Vec<u8> {
        format!("BTS|{n_messages}\rFTS|1\r").into_bytes()
    }

    /// Appends the message of a record, the `number`-th of its file, and tells what is to be said of it. Where that is an
    /// error, nothing is appended.
    ///
    /// Whether the message tells a dose as given and new, so that the guide wants its funding eligibility too.
    pub fn push(&self, record: &Record<'_>, number: u64, out: &mut Vec<u8>, findings: &mut Vec<Finding>) -> bool {
        for field in DATES {
            let value = record.get(field);
            if !value.is_empty() && Date::parse(value).is_none() {
                findings.push(Finding { field: Some(field), ..NO_DATE });
            }
        }
        if !findings.is_empty() {
            return false;
        }
        if record.get(Field::AdminDate).len() == "YYYY-MM".len() {
            findings.push(Finding { field: Some(Field::AdminDate), ..MONTH_ONLY });
        }
        let name = record.get(Field::AdminName);
        if name.len() > HD_1 && (name.is_ascii() || cvrs_parse::char_count(name) > HD_1) {
            findings.push(Finding { field: Some(Field::AdminName), ..LONG_NAME });
        }
        let mut cells = Cells {
            record,
            event: record.event(),
            is_plain: !record.has_control() && !escape::is_needed(record.line()),
            control: None,
        };
        let is_new = match self.options.dialect {
            Dialect::Ig => write_ig::message(self, &mut cells, number, out),
            Dialect::Cdc => {
                write_cdc::message(self, &mut cells, number, out);
                false
            }
        };
        if let Some(field) = cells.control {
            findings.push(Finding { field: Some(field), ..CONTROL });
        }
        is_new
    }

    /// Appends MSH-8 to MSH-10 with the separators before them.
    pub(super) fn push_identity(&self, cells: &mut Cells<'_, '_>, number: u64, out: &mut Vec<u8>) {
        cells.push(Field::ExtType, out);
        out.extend_from_slice(b"|VXU^V04^VXU_V04|");
        out.extend_from_slice(self.options.control_prefix.as_bytes());
        out.push(b'-');
        push_control_number(out, number);
    }
}

/// What the guide puts in ORC-3 where there is no id.
pub(super) const NO_EVENT_ID: &[u8] = b"9999";

/// Numbers of up to six digits as they are; above, a letter and five digits to base 36, so that MSH-10 keeps within 20
/// characters.
fn push_control_number(out: &mut Vec<u8>, number: u64) {
    const PLAIN: u64 = 1_000_000;
    const FIVE: u64 = 36 * 36 * 36 * 36 * 36;
    let rest = number.saturating_sub(PLAIN);
    if number < PLAIN || rest / FIVE >= 26 {
        return push_number(out, number);
    }
    out.push(b'A' + (rest / FIVE) as u8);
    for power in (0..5).rev() {
        let digit = (rest / 36u64.pow(power) % 36) as u8;
        out.push(if digit < 10 { b'0' + digit } else { b'A' + digit - 10 });
    }
}

/// The cells of a record on their way into segments.
pub(super) struct Cells<'r, 'a> {
    record: &'r Record<'a>,
    pub(super) event: Event,
    /// Whether no cell needs escaping.
    is_plain: bool,
    /// A column with a control character.
    control: Option<Field>,
}

impl<'a> Cells<'_, 'a> {
    /// A cell without blanks around it.
    #[inline(always)]
    pub(super) fn get(&self, field: Field) -> &'a [u8] {
        escape::trim(self.record.get(field))
    }

    /// The version of the file.
    pub(super) const fn version(&self) -> Version {
        self.record.version()
    }

    /// Whether all bytes of the row are ASCII.
    pub(super) fn is_ascii(&self) -> bool {
        self.record.line().is_ascii()
    }

    /// Whether a coded cell has this word, which is in upper case.
    #[inline(always)]
    pub(super) fn is(&self, field: Field, word: &[u8]) -> bool {
        let value = self.get(field);
        value.len() == word.len() && (value == word || value.eq_ignore_ascii_case(word))
    }

    /// Appends a cell; codes in upper case.
    ///
    /// The column is known wherever this is called, so that what depends on it takes no time.
    #[inline(always)]
    pub(super) fn push(&mut self, field: Field, out: &mut Vec<u8>) {
        let value = self.get(field);
        if !self.is_plain || is_coded(field) && escape::has_lower(value) {
            return self.push_carefully(field, out);
        }
        out.extend_from_slice(value);
    }

    #[inline(never)]
    fn push_carefully(&mut self, field: Field, out: &mut Vec<u8>) {
        let start = out.len();
        if escape::push(out, self.get(field)) {
            self.control = Some(field);
        }
        if is_coded(field) {
            out[start..].make_ascii_uppercase();
        }
    }

    /// Appends a cell, and what follows it unless it is empty; what follows may depend on the code written.
    #[inline(always)]
    pub(super) fn push_with(&mut self, field: Field, rest: impl FnOnce(&[u8]) -> &'static [u8], out: &mut Vec<u8>) {
        let start = out.len();
        self.push(field, out);
        if out.len() > start {
            let rest = rest(&out[start..]);
            out.extend_from_slice(rest);
        }
    }

    /// Appends a date as HL7 writes it; dates have been looked at.
    #[inline]
    pub(super) fn push_date(&self, field: Field, out: &mut Vec<u8>) {
        let value = self.record.get(field);
        if value.len() >= 7 {
            out.extend_from_slice(&value[..4]);
            out.extend_from_slice(&value[5..7]);
        }
        if value.len() == 10 {
            out.extend_from_slice(&value[8..]);
        }
    }

    /// Appends the races, each with what follows its code; an empty one between two others keeps its place.
    pub(super) fn push_races(&mut self, rest: impl Fn(&[u8]) -> &'static [u8], out: &mut Vec<u8>) {
        let start = out.len();
        for field in RACES {
            self.push_with(field, &rest, out);
            out.push(b'~');
        }
        cut(out, start, b'~');
    }

    /// Appends ORC-2 (only where it is needed) and ORC-3, with the separator between them.
    pub(super) fn push_event_id(&mut self, authority: &[u8], out: &mut Vec<u8>) {
        let id = self.get(Field::VaxEventId);
        if id == NO_EVENT_ID {
            // Readers take it for the absence of an id in ORC-3, and look in ORC-2 then.
            out.extend_from_slice(id);
            out.extend_from_slice(authority);
        }
        out.push(b'|');
        if !id.is_empty() {
            self.push(Field::VaxEventId, out);
            out.extend_from_slice(authority);
        }
    }

    /// Appends CVX and NDC as the two triplets of RXA-5.
    pub(super) fn push_vaccine(&mut self, out: &mut Vec<u8>) {
        if let [_] = self.get(Field::Cvx) {
            out.push(b'0');
        }
        let start = out.len();
        self.push_with(Field::Cvx, |_| b"^^CVX", out);
        if !self.get(Field::Ndc).is_empty() {
            out.extend_from_slice(if out.len() == start { b"^^^" } else { b"^" });
            self.push_with(Field::Ndc, |_| b"^^NDC", out);
        }
    }

    /// Appends RXA-11: where it was given. `pin` follows the PIN.
    pub(super) fn push_place(&mut self, pin: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(b"^^^");
        self.push(Field::AdminName, out);
        if !self.get(Field::VtrcksProvPin).is_empty() {
            out.push(b'&');
            self.push(Field::VtrcksProvPin, out);
            out.extend_from_slice(pin);
        }
        out.extend_from_slice(b"^^");
        self.push(Field::AdminType, out);
        out.extend_from_slice(b"^^");
        for field in [
            Field::AdminAddressStreet,
            Field::AdminAddressStreet2,
            Field::AdminAddressCity,
            Field::AdminAddressState,
            Field::AdminAddressZip,
        ] {
            out.push(b'^');
            self.push(field, out);
        }
        out.extend_from_slice(b"^^^");
        self.push(Field::AdminAddressCounty, out);
        cut(out, start, b'^');
    }

    /// Appends PID-11: where the recipient lives. `kind` stands in its seventh component.
    pub(super) fn push_home(&mut self, kind: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        for field in [
            Field::RecipAddressStreet,
            Field::RecipAddressStreet2,
            Field::RecipAddressCity,
            Field::RecipAddressState,
            Field::RecipAddressZip,
        ] {
            self.push(field, out);
            out.push(b'^');
        }
        let is_empty = out[start..].iter().all(|&byte| byte == b'^');
        if is_empty && self.get(Field::RecipAddressCounty).is_empty() {
            return out.truncate(start);
        }
        out.push(b'^');
        out.extend_from_slice(kind);
        out.extend_from_slice(b"^^");
        self.push(Field::RecipAddressCounty, out);
        cut(out, start, b'^');
    }
}

const RACES: [Field; 6] =
    [Field::RecipRace1, Field::RecipRace2, Field::RecipRace3, Field::RecipRace4, Field::RecipRace5, Field::RecipRace6];

const fn is_coded(field: Field) -> bool {
    matches!(field.facts().kind, Kind::Code)
}

/// Takes back separators at the end of what was written since `start`.
#[inline]
pub(super) fn cut(out: &mut Vec<u8>, start: usize, separator: u8) {
    let kept = out[start..].iter().rposition(|&byte| byte != separator).map_or(0, |at| at + 1);
    out.truncate(start + kept);
}

/// Ends a segment that began at `start`.
pub(super) fn end_segment(out: &mut Vec<u8>, start: usize) {
    cut(out, start, b'|');
    out.push(b'\r');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_numbers_stay_short_and_differ() {
        let shown = |number| {
            let mut out = Vec::new();
            push_control_number(&mut out, number);
            String::from_utf8(out).expect("ASCII")
        };
        assert_eq!([shown(1), shown(999_999), shown(1_000_000)], ["1", "999999", "A00000"]);
        assert_eq!([shown(1_000_035), shown(1_000_036)], ["A0000Z", "A00010"]);
        assert_eq!(shown(1_000_000 + 36u64.pow(5)), "B00000");
        assert!((1_000_000..1_400_000).step_by(997).all(|number| shown(number).len() == 6));
    }
}
