//! Records of one version of CVRS as records of another.
//!
//! From version 1 two columns go, and the code of the kind of provider changes; between 2, 2.5 and 3 the rows stay as they
//! are, and only what a model is new in the later ones is refused by the earlier. There is no way back to version 1.

mod admin_types;

pub use admin_types::{AdminTypes, NoAdminTypes};

use crate::Rows;
use cvrs_parse::{Header, Record};
use cvrs_report::{Finding, Level, Message, push_number, push_printable};
use cvrs_spec::{Event, Field, Version};

const fn finding(code: &'static str, level: Level, field: Field, message: &'static str) -> Finding {
    Finding { code, dch: None, level, field: Some(field), related: None, message: Message::text(message) }
}

/// The event does not exist beyond version 1.
const MISSED: Finding =
    finding("CNV002", Level::Error, Field::RecipMissedAppt, "a missed appointment, which CVRS knows in version 1 only");
/// The version does not define the model.
const NO_MODEL: Finding = finding(
    "CNV003",
    Level::Error,
    Field::ExtType,
    "the version does not know the model; redact the file first (cvrs redact)",
);
/// The code has no one code in version 2.
const NO_TYPE: Finding = finding(
    "CNV004",
    Level::Warn,
    Field::AdminType,
    "the code of version 1 has no one code in later ones and is written as UNK; --admin-type-map says otherwise",
);
/// The same, but there is one that is likely right.
const PROPOSED: Finding = finding(
    "CNV004",
    Level::Warn,
    Field::AdminType,
    "the code of version 1 is written as UNK; --accept-proposed takes the likely one, 19 for HD and 1 for CP",
);
/// A value is lost.
const DROPPED: Finding = finding(
    "CNV005",
    Level::Warn,
    Field::VaxProvSuffix,
    "the column ends with version 1 and its value is dropped; --keep-dropped FILE keeps it",
);
/// Not a code of version 1.
const UNKNOWN_TYPE: Finding =
    finding("CNV006", Level::Warn, Field::AdminType, "is no code of version 1 and stays as it is");
/// The code is another one now.
const NEW_TYPE: Finding =
    finding("CNV007", Level::Info, Field::AdminType, "the code of version 1 is written as that of later versions");
/// A column of version 1 that says nothing more.
const NOT_MISSED: Finding = finding(
    "CNV008",
    Level::Info,
    Field::RecipMissedAppt,
    "the column ends with version 1; it said of no missed appointment, or of one that is a refusal",
);

/// How records change with the version.
#[derive(Clone, Debug, Default)]
pub struct UpgradeOptions {
    /// What is written for codes of version 1.
    pub admin_types: AdminTypes,
    /// Whether the codes that are likely right, 19 for HD and 1 for CP, are taken without an entry for them.
    pub takes_proposals: bool,
    /// The input's name, where changes are logged.
    pub log: Option<String>,
}

/// What comes of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upgraded {
    /// Their rows.
    pub rows: Vec<u8>,
    /// Event ids and values of `vax_prov_suffix` that are lost, a line each.
    pub dropped: Vec<u8>,
    /// A line for each changed cell, if asked for.
    pub log: Vec<u8>,
}

impl Upgraded {
    /// The header line of what is dropped.
    pub const DROPPED_HEADER: &str = "vax_event_id\tvax_prov_suffix\n";
    /// The header line of the log.
    pub const LOG_HEADER: &str = "file\tline\trecord\tfield\trule\tbefore\tafter\n";

    /// Makes room for the next.
    pub fn clear(&mut self) {
        [&mut self.rows, &mut self.dropped, &mut self.log].into_iter().for_each(Vec::clear);
    }
}

/// Writes rows of a version.
#[derive(Clone, Debug)]
pub struct Upgrade<'o> {
    rows: Rows,
    from: Version,
    /// The version that was asked for.
    wanted: Option<Version>,
    options: &'o UpgradeOptions,
    log: Option<Vec<u8>>,
}

impl<'o> Upgrade<'o> {
    /// From a file with that header to a version, or to its own if none is wanted; `None` where there is no such way.
    pub fn new(header: &Header, wanted: Option<Version>, options: &'o UpgradeOptions) -> Option<Self> {
        let from = header.version();
        let is_way = wanted != Some(Version::V1) || from == Version::V1;
        let log = options.log.as_ref().map(|name| {
            let mut printable = Vec::new();
            push_printable(&mut printable, name.as_bytes());
            printable
        });
        is_way.then(|| Self { rows: Rows::new(header, wanted.unwrap_or(from)), from, wanted, options, log })
    }

    /// The header line, with its line feed.
    pub fn header_line(&self) -> Vec<u8> {
        self.rows.header_line()
    }

    /// Adds what comes of a record, which stands on that line and has that number, and tells what there is to be told.
    /// Where that is an error, nothing is added.
    pub fn push(&self, record: &Record<'_>, place: (u64, u64), out: &mut Upgraded, findings: &mut Vec<Finding>) {
        let leaves_version_1 = self.from == Version::V1 && self.wanted.is_some_and(|wanted| wanted != Version::V1);
        if leaves_version_1 && record.event() == Event::MissedAppointment {
            return findings.push(MISSED);
        }
        // Version 1 knows no models; what it is read by is what it was written as.
        let lacks_model = |version: Version| record.model().is_some_and(|model| !version.has_model(model));
        if self.wanted.is_some_and(|wanted| wanted != Version::V1 && lacks_model(wanted)) {
            return findings.push(NO_MODEL);
        }
        findings.extend(self.rows.explain(record));
        if !leaves_version_1 {
            return self.rows.push(record, &mut out.rows);
        }
        let admin_type = record.get(Field::AdminType);
        let (translated, told) = self.admin_type(admin_type, record);
        if let Some(told) = told {
            if told.code != UNKNOWN_TYPE.code {
                self.note(&told, place, (admin_type, translated), out);
            }
            findings.push(told);
        }
        let suffix = record.get(Field::VaxProvSuffix);
        if !suffix.is_empty() {
            for part in [record.get(Field::VaxEventId), b"\t", suffix, b"\n"] {
                out.dropped.extend_from_slice(part);
            }
            self.note(&DROPPED, place, (suffix, b""), out);
            findings.push(DROPPED);
        }
        let missed = record.get(Field::RecipMissedAppt);
        if !missed.is_empty() {
            self.note(&NOT_MISSED, place, (missed, b""), out);
            findings.push(NOT_MISSED);
        }
        self.rows.push_with(record, Field::AdminType, translated, &mut out.rows);
    }

    /// The code of version 2 for one of version 1, and what is told of that.
    fn admin_type<'c>(&'c self, code: &'c [u8], record: &Record<'_>) -> (&'c [u8], Option<Finding>) {
        if let Some(told) = self.options.admin_types.find(code, record) {
            return (told, (told != code).then_some(NEW_TYPE));
        }
        match &code.to_ascii_uppercase()[..] {
            b"" | b"UNK" => (code, None),
            b"TR" => (b"11", Some(NEW_TYPE)),
            b"HD" if self.options.takes_proposals => (b"19", Some(NEW_TYPE)),
            b"CP" if self.options.takes_proposals => (b"1", Some(NEW_TYPE)),
            b"HD" | b"CP" => (b"UNK", Some(PROPOSED)),
            b"CL" | b"PO" | b"PH" | b"POD" => (b"UNK", Some(NO_TYPE)),
            _ => (code, Some(UNKNOWN_TYPE)),
        }
    }

    /// Adds a line to the log. What is no code, in a row whose cells have slipped, may be a person's: it shows its length.
    fn note(&self, finding: &Finding, place: (u64, u64), (before, after): (&[u8], &[u8]), out: &mut Upgraded) {
        let (Some(name), Some(field)) = (&self.log, finding.field) else { return };
        let log = &mut out.log;
        log.extend_from_slice(name);
        for number in [place.0, place.1] {
            log.push(b'\t');
            push_number(log, number);
        }
        for text in [field.name(), finding.code] {
            log.push(b'\t');
            log.extend_from_slice(text.as_bytes());
        }
        log.push(b'\t');
        if field.value_set(Version::V1).is_some_and(|set| set.find(before).is_some()) {
            log.extend_from_slice(before);
        } else {
            let length = cvrs_parse::char_count(before);
            log.extend_from_slice(format!("({length} character{})", if length == 1 { "" } else { "s" }).as_bytes());
        }
        log.push(b'\t');
        log.extend_from_slice(after);
        log.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cvrs_parse::Index;
    use cvrs_spec::SetId;

    /// What comes of a row of version 1 with these cells.
    fn upgraded(to: Version, options: &UpgradeOptions, cells: &[(Field, &str)]) -> (Upgraded, Vec<&'static str>) {
        let columns = Version::V1.columns();
        let names: Vec<&str> = columns.iter().map(|field| field.name()).collect();
        let value = |field: &Field| cells.iter().find(|(named, _)| named == field).map_or("", |(_, value)| value);
        let text = names.join("\t") + "\n" + &columns.iter().map(value).collect::<Vec<_>>().join("\t") + "\n";
        let (header, body) = Header::split_off(text.as_bytes());
        let upgrade = Upgrade::new(&header, Some(to), options).expect("a way");
        let (mut index, mut scratch) = (Index::default(), Vec::new());
        index.build(body);
        let line = index.lines(body).next().expect("a row");
        let (mut out, mut findings) = (Upgraded::default(), Vec::new());
        upgrade.push(&index.record(body, &header, line, &mut scratch), (2, 1), &mut out, &mut findings);
        (out, findings.iter().map(|finding| finding.code).collect())
    }

    /// The cell of a column in a row of version 2 or later.
    fn cell(out: &Upgraded, field: Field) -> String {
        let row = std::str::from_utf8(&out.rows).expect("text");
        let cells: Vec<&str> = row.trim_end_matches('\n').split('\t').collect();
        assert_eq!(cells.len(), 45);
        cells[field as usize].to_owned()
    }

    const ROW: &[(Field, &str)] = &[
        (Field::VaxEventId, "A1"),
        (Field::ExtType, "D"),
        (Field::AdminType, "PH"),
        (Field::VaxProvSuffix, "RN"),
        (Field::RecipMissedAppt, "NO"),
        (Field::Serology, "UNK"),
    ];

    /// The row with some cells replaced.
    fn with<'c>(cells: &[(Field, &'c str)]) -> Vec<(Field, &'c str)> {
        cells.iter().chain(ROW).copied().collect()
    }

    #[test]
    fn version_1_loses_two_columns_and_is_told_so() {
        let options = UpgradeOptions { log: Some("a\tb".into()), ..UpgradeOptions::default() };
        let (out, told) = upgraded(Version::V3, &options, ROW);
        assert_eq!((cell(&out, Field::AdminType).as_str(), &out.dropped[..]), ("UNK", &b"A1\tRN\n"[..]));
        assert_eq!((cell(&out, Field::VaxEventId), cell(&out, Field::Serology)), ("A1".into(), "UNK".into()));
        assert_eq!(told, ["CNV004", "CNV005", "CNV008"]);
        let log = "a\\x09b\t2\t1\tadmin_type\tCNV004\tPH\tUNK\n\
            a\\x09b\t2\t1\tvax_prov_suffix\tCNV005\tRN\t\n\
            a\\x09b\t2\t1\trecip_missed_appt\tCNV008\tNO\t\n";
        assert_eq!(String::from_utf8_lossy(&out.log), log);
        // Nothing but codes is shown.
        let (out, _) = upgraded(Version::V3, &options, &with(&[(Field::VaxProvSuffix, "Ana")]));
        assert!(String::from_utf8_lossy(&out.log).contains("\tCNV005\t(3 characters)\t\n"));
        let (out, told) = upgraded(Version::V1, &options, ROW);
        assert_eq!((out.log.len(), out.dropped.len(), told.len()), (0, 0, 0));
    }

    #[test]
    fn codes_of_the_provider_s_kind_change() {
        let proposals = UpgradeOptions { takes_proposals: true, ..UpgradeOptions::default() };
        for (from, to, proposed) in [
            ("TR", "11", "11"),
            ("tr", "11", "11"),
            ("UNK", "UNK", "UNK"),
            ("HD", "UNK", "19"),
            ("CP", "UNK", "1"),
            ("CL", "UNK", "UNK"),
            ("POD", "UNK", "UNK"),
            ("", "", ""),
            ("XX", "XX", "XX"),
        ] {
            for (options, expected) in [(&UpgradeOptions::default(), to), (&proposals, proposed)] {
                let (out, _) = upgraded(Version::V2, options, &with(&[(Field::AdminType, from)]));
                assert_eq!(cell(&out, Field::AdminType), expected, "{from}");
            }
        }
        for code in SetId::AdminTypeV1.codes() {
            let (_, told) = upgraded(Version::V2, &proposals, &with(&[(Field::AdminType, code.code)]));
            assert!(!told.contains(&"CNV006"), "{}", code.code);
        }
    }

    #[test]
    fn a_map_says_more_for_a_place_than_in_general() {
        let map = "from\tto\tadmin_name\tvtrcks_prov_pin\nPH\t17\t\t\nPH\t18\tCorner Drugs\t\nPH\t5\t\t123456\n";
        let options =
            UpgradeOptions { admin_types: AdminTypes::parse(map).expect("a map"), ..UpgradeOptions::default() };
        for (name, pin, expected) in
            [("", "", "17"), ("corner drugs", "", "18"), ("Corner Drugs", "123456", "5"), ("Other", "654321", "17")]
        {
            let cells = with(&[(Field::AdminName, name), (Field::VtrcksProvPin, pin)]);
            let (out, told) = upgraded(Version::V3, &options, &cells);
            assert_eq!((cell(&out, Field::AdminType).as_str(), told[0]), (expected, "CNV007"));
        }
    }

    #[test]
    fn a_missed_appointment_ends_with_version_1_unless_it_is_a_refusal() {
        let missed = with(&[(Field::RecipMissedAppt, "YES")]);
        let (out, told) = upgraded(Version::V3, &UpgradeOptions::default(), &missed);
        assert_eq!((out, told), (Upgraded::default(), vec!["CNV002"]));
        let refused = with(&[(Field::RecipMissedAppt, "YES"), (Field::VaxRefusal, "YES")]);
        let (out, told) = upgraded(Version::V3, &UpgradeOptions::default(), &refused);
        assert!(cell(&out, Field::VaxRefusal) == "YES" && !told.contains(&"CNV002"));
    }

    #[test]
    fn a_model_that_the_version_lacks_is_refused() {
        let options = UpgradeOptions::default();
        for (model, to, is_refused) in [
            ("D", Some(Version::V2), false),
            ("I", Some(Version::V2), true),
            ("P", Some(Version::V2), true),
            ("I", Some(Version::V2_5), false),
            ("P", Some(Version::V2_5), true),
            ("P", Some(Version::V3), false),
            ("I", None, false),
        ] {
            let text = format!("vax_event_id\text_type\nA\t{model}\n");
            let (header, body) = Header::split_off_as(text.as_bytes(), Some(Version::V2));
            let upgrade = Upgrade::new(&header, to, &options).expect("a way");
            let (mut index, mut scratch) = (Index::default(), Vec::new());
            index.build(body);
            let line = index.lines(body).next().expect("a row");
            let (mut out, mut findings) = (Upgraded::default(), Vec::new());
            let record = index.record(body, &header, line, &mut scratch);
            upgrade.push(&record, (2, 1), &mut out, &mut findings);
            assert_eq!((out.rows.is_empty(), findings.len()), (is_refused, usize::from(is_refused)), "{model} {to:?}");
        }
        let (header, _) = Header::split_off(b"vax_event_id\tcvx\n");
        assert!(Upgrade::new(&header, Some(Version::V1), &options).is_none());
    }
}
