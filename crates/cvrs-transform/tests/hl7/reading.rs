//! Records out of messages.

use crate::writing::{EXAMPLES, options, with, write};
use cvrs_spec::{Field, Version};
use cvrs_transform::hl7::{
    Deletes, Dialect, NoticeKind, Operation, ReadOptions, ReadRows, ReadTotals, Reader, WriteOptions, Writer,
};

const FOREIGN: &str = include_str!("../data/foreign.hl7");

/// What was read of a text, handed over in pieces of that many bytes.
pub(crate) struct Read {
    /// Rows under their header.
    pub(crate) text: String,
    pub(crate) rows: ReadRows,
    pub(crate) totals: ReadTotals,
}

impl Read {
    /// The cells of a row, from 0.
    fn cells(&self, row: usize) -> Vec<(Field, String)> {
        let columns = self.text.lines().next().expect("a header").split('\t');
        let fields = columns.map(|name| Field::from_name(name.as_bytes()).expect("a column"));
        let cells = self.text.lines().nth(row + 1).expect("a row").split('\t').map(str::to_owned);
        fields.zip(cells).collect()
    }

    pub(crate) fn cell(&self, row: usize, field: Field) -> String {
        self.cells(row).into_iter().find(|(column, _)| *column == field).expect("a column").1
    }

    fn kinds(&self) -> Vec<NoticeKind> {
        let mut kinds: Vec<NoticeKind> = self.rows.notices.iter().map(|notice| notice.kind).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }
}

pub(crate) fn read_pieces(text: &[u8], options: ReadOptions, piece: usize) -> Read {
    let mut reader = Reader::new(options);
    let mut rows = ReadRows::default();
    for piece in text.chunks(piece) {
        reader.feed(piece, &mut rows).expect("messages of a sane length");
    }
    let totals = reader.finish(&mut rows).expect("messages of a sane length");
    assert!(totals.is_conserved(), "{totals:?}");
    assert_eq!(totals.rows, rows.lines.len() as u64);
    let text = [&reader.header_line()[..], &rows.text].concat();
    Read { text: String::from_utf8_lossy(&text).into_owned(), rows, totals }
}

pub(crate) fn read(text: &str) -> Read {
    read_pieces(text.as_bytes(), ReadOptions::default(), usize::MAX)
}

fn read_as(text: &str, options: ReadOptions) -> Read {
    read_pieces(text.as_bytes(), options, usize::MAX)
}

/// The foreign message with something else in place of a part of it.
fn foreign(replace: &[(&str, &str)]) -> String {
    replace.iter().fold(FOREIGN.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replacen(old, new, 1)
    })
}

#[test]
fn the_worked_examples_come_back_as_the_rows_they_were() {
    for dialect in [Dialect::Ig, Dialect::Cdc] {
        let (messages, _) = write(EXAMPLES, WriteOptions { dialect, ..options() });
        let back = read_as(&messages, ReadOptions { dialect: Some(dialect), ..ReadOptions::default() });
        assert_eq!(back.text, EXAMPLES);
        assert_eq!(back.kinds(), []);
    }
    // The guide's order of names is what is read without being told, and nothing else differs.
    let (messages, _) = write(EXAMPLES, options());
    assert_eq!(read(&messages).text, EXAMPLES);
}

#[test]
fn the_foreign_message_gives_one_row() {
    let back = read(FOREIGN);
    let expected = "vax_event_id=197030 ext_type=I recip_id=987633 recip_first_name=Dora recip_middle_name=Amy \
        recip_last_name=Winter recip_dob=1984-06-15 recip_sex=F recip_address_street=5_Fifth_Street \
        recip_address_city=Allentown recip_address_county=42003 recip_address_state=PA recip_address_zip=18103-1234 \
        recip_race_1=2106-3 recip_race_2=2054-5 recip_ethnicity=2135-2 admin_date=2021-01-15 cvx=208 ndc=59267-1000-01 \
        mvx=PFR lot_number=EL1234 vax_expiration=2021-05-31 vax_admin_site=RD vax_route=C28161 dose_num=1 \
        vax_series_complete=NO responsible_org=Sample_Health admin_name=X68 vtrcks_prov_pin=654321 vax_refusal=NO";
    let filled: Vec<String> = back
        .cells(0)
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(field, value)| format!("{}={}", field.name(), value.replace(' ', "_")))
        .collect();
    let mut expected: Vec<&str> = expected.split_whitespace().collect();
    let mut found: Vec<&str> = filled.iter().map(String::as_str).collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(back.totals, ReadTotals { messages: 1, doses: 2, rows: 1, no_events: 1, ..ReadTotals::default() });
    assert_eq!(back.rows.lines, [1]);
    use NoticeKind::*;
    let told = [NoEvent, FacilityId, TimeOfDay, ZipHyphen, LostContact, LostProvider, LostName, LostId, LostAmount];
    assert_eq!(back.kinds(), told);
    let filled = read_as(FOREIGN, ReadOptions { fills_defaults: true, ..ReadOptions::default() });
    for field in [Field::AdminType, Field::CmorbidStatus, Field::Serology] {
        assert_eq!(filled.cell(0, field), "UNK");
    }
}

#[test]
fn line_ends_marks_and_blank_lines_do_not_matter_but_are_counted() {
    let (messages, _) = write(EXAMPLES, options());
    for end in ["\r", "\n", "\r\n"] {
        let (mut segments, mut lines) = (Vec::new(), Vec::new());
        for segment in messages.lines() {
            if segment.starts_with("MSH") {
                lines.push(segments.len() as u64 + 1);
                segments.push(format!("\u{b}{segment}"));
            } else {
                segments.push(segment.to_owned());
            }
            if segment.starts_with("ORC") {
                segments.push(String::new());
            }
        }
        segments.push("\u{1c}".to_owned());
        let text = format!("\u{feff}{}{end}", segments.join(end));
        for piece in [1, 7, 100, usize::MAX] {
            let back = read_pieces(text.as_bytes(), ReadOptions::default(), piece);
            assert_eq!((back.text.as_str(), &back.rows.lines), (EXAMPLES, &lines));
            assert_eq!(back.kinds(), []);
        }
    }
}

#[test]
fn an_envelope_is_compared_and_never_needed() {
    let (messages, _) = write(EXAMPLES, options());
    let writer = Writer::new(options());
    let start = String::from_utf8(writer.start()).expect("ASCII");
    let whole = |end: &str| format!("{start}{messages}{end}");
    assert_eq!(read(&whole("BTS|6\rFTS|1\r")).kinds(), []);
    for wrong in ["BTS|5\rFTS|1\r", "BTS|6\rFTS|2\r", "BTS|6\r", "FTS|1\r", "", "BTS\rFTS|1\r"] {
        let back = read(&whole(wrong));
        assert_eq!((back.text.as_str(), back.kinds()), (EXAMPLES, vec![NoticeKind::Count]), "{wrong}");
    }
    let (_, two) = start.split_once('\r').expect("two segments");
    let twice = format!("{start}{messages}BTS|6\r{two}{messages}BTS|6\rFTS|2\r");
    let back = read(&twice);
    assert_eq!((back.totals.rows, back.kinds()), (12, vec![]));
}

#[test]
fn other_delimiters_and_escapes_are_those_that_the_message_declares() {
    let cells = [(Field::RecipLastName, "O|B^r&i~e\\n"), (Field::AdminName, "a#b*c+d!e%f")];
    for dialect in [Dialect::Ig, Dialect::Cdc] {
        let (message, _) = write(&with(&cells), WriteOptions { dialect, ..options() });
        let turned: String = message
            .chars()
            .map(|byte| match byte {
                '|' => '\u{1}',
                '^' => '*',
                '&' => '%',
                '~' => '+',
                '\\' => '!',
                // What takes the place of a delimiter must not be there already.
                '*' | '%' | '+' | '!' => '.',
                other => other,
            })
            .collect::<String>()
            .replace('\u{1}', "#");
        let told = ReadOptions { dialect: Some(dialect), ..ReadOptions::default() };
        let back = read_as(&turned.replace("a#b", "a-b"), told);
        assert_eq!(back.cell(0, Field::RecipLastName), "O#B*r%i+e!n");
        assert_eq!(read_as(&message, told).text, with(&cells));
    }
}

#[test]
fn two_doses_of_a_message_are_two_rows() {
    let second = "ORC|RE||197031^NVC\nRXA|0|1|20210205|20210205|208^^CVX|999||||||||||||||CP|A\n\
                  OBX|1|NM|30973-2^Dose number in series^LN|1|2||||||F|||20210205\n";
    let back = read(&foreign(&[("ORC|RE||9999^NVC\n", &format!("{second}ORC|RE||9999^NVC\n"))]));
    assert_eq!(back.totals.rows, 2);
    for (row, id, dose, day) in [(0, "197030", "1", "2021-01-15"), (1, "197031", "2", "2021-02-05")] {
        assert_eq!(back.cell(row, Field::VaxEventId), id);
        assert_eq!(back.cell(row, Field::DoseNum), dose);
        assert_eq!(back.cell(row, Field::AdminDate), day);
        assert_eq!(back.cell(row, Field::RecipLastName), "Winter");
    }
    assert_eq!(back.cell(1, Field::VaxSeriesComplete), "");
    assert_eq!(back.rows.lines, [1, 1]);
}

#[test]
fn several_doses_under_one_order_share_its_id_and_are_told() {
    let second = "RXA|0|2|20210205|20210205|208^^CVX|999||||||||||||||CP|A\n";
    let back = read(&foreign(&[("ORC|RE||9999^NVC\n", &format!("{second}ORC|RE||9999^NVC\n"))]));
    assert_eq!(back.totals.rows, 2);
    assert_eq!(back.cell(1, Field::VaxEventId), "197030");
    assert!(back.cell(1, Field::DoseNum).is_empty() && back.cell(0, Field::DoseNum) == "1");
    assert!(back.kinds().contains(&NoticeKind::SharedOrder));
}

#[test]
fn events_are_told_by_completion_vaccine_and_reason() {
    for (status, reason, rows, refusal, kind) in [
        ("CP", "", 1, "NO", None),
        ("", "", 1, "NO", None),
        ("PA", "", 1, "NO", Some(NoticeKind::Partial)),
        ("RE", "02^Refused - reason not reported^NIP002", 1, "YES", None),
        ("RE", "00^Parental decision^NIP002", 1, "YES", Some(NoticeKind::LostReason)),
        ("RE", "02^Missed Appointment^NIP002", 0, "", Some(NoticeKind::Missed)),
        ("MA", "", 0, "", Some(NoticeKind::Missed)),
        ("NA", "", 0, "", Some(NoticeKind::NoEvent)),
    ] {
        let text = foreign(&[("PFR^^MVX|||CP|A", &format!("PFR^^MVX|{reason}||{status}|A"))]);
        let back = read(&text);
        assert_eq!(back.totals.rows, rows, "{status} {reason}");
        if rows > 0 {
            assert_eq!(back.cell(0, Field::VaxRefusal), refusal);
        }
        let told = [NoticeKind::Partial, NoticeKind::LostReason, NoticeKind::Missed];
        let told: Vec<_> = back.kinds().into_iter().filter(|kind| told.contains(kind)).collect();
        assert_eq!(told, kind.into_iter().filter(|kind| *kind != NoticeKind::NoEvent).collect::<Vec<_>>());
    }
    let missed = foreign(&[("PFR^^MVX|||CP|A", "PFR^^MVX|02^Missed Appointment^NIP002||RE|A")]);
    let back = read_as(&missed, ReadOptions { is_v1: true, ..ReadOptions::default() });
    assert_eq!((back.cell(0, Field::RecipMissedAppt), back.cell(0, Field::VaxRefusal)), ("YES".into(), "NO".into()));
    assert_eq!(back.text.lines().next().map(|line| line.split('\t').count()), Some(Version::V1.columns().len()));
}

#[test]
fn deletes_are_kept_apart_from_new_records() {
    let (messages, _) = write(EXAMPLES, WriteOptions { operation: Operation::Delete, ..options() });
    let back = read(&messages);
    assert_eq!((back.totals.rows, back.totals.deletes), (0, 6));
    let (_, rows) = EXAMPLES.split_once('\n').expect("a header");
    assert_eq!(back.rows.deletes, rows.as_bytes());
    let back = read_as(&messages, ReadOptions { deletes: Deletes::AsRows, ..ReadOptions::default() });
    assert_eq!(back.text, EXAMPLES);
}

#[test]
fn an_event_without_an_id_gets_one_only_when_asked() {
    for (orc, id) in [
        ("ORC|RE|P7^A|9999^NVC", "P7"),
        ("ORC|RE||9999^NVC", ""),
        ("ORC|RE", ""),
        ("ORC|RE|9999^NVC|9999^NVC", "9999"),
        ("ORC|RE|P7|\"\"", "P7"),
    ] {
        let back = read(&foreign(&[("ORC|RE||197030^NVC", orc)]));
        assert_eq!(back.cell(0, Field::VaxEventId), id, "{orc}");
        assert_eq!(back.kinds().contains(&NoticeKind::EventId), id != "9999");
    }
    let made = |text: &str| {
        let back = read_as(text, ReadOptions { makes_event_ids: true, ..ReadOptions::default() });
        back.cell(0, Field::VaxEventId)
    };
    let text = foreign(&[("ORC|RE||197030^NVC", "ORC|RE||9999^NVC")]);
    let id = made(&text);
    assert!(id.len() == 25 && id.starts_with('X') && id[1..].bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(made(&text), id);
    for (old, new) in [("EL1234", "EL1235"), ("202101151130", "202101161130"), ("987633", "987634"), ("208^", "207^")] {
        assert_ne!(made(&text.replace(old, new)), id);
    }
    // A message without an ORC is read all the same.
    let without: Vec<&str> = FOREIGN.lines().filter(|line| !line.starts_with("ORC")).collect();
    let back = read(&without.join("\r"));
    assert_eq!((back.totals.rows, back.cell(0, Field::VaxEventId)), (1, String::new()));
}

#[test]
fn an_address_one_place_too_far_is_moved_back() {
    let old = "^^^654321&2.16.840.1.113883.3.0&ISO|";
    let right = "^^^Hope Clinic&123456&L^^17^^^1 Long Road^^Atlanta^GA^30303^^^13121|";
    let shifted = "^^^Hope Clinic&123456&L^^17^^^^1 Long Road^^Atlanta^GA^30303^^^13121|";
    let (right, shifted) = (read(&foreign(&[(old, right)])), read(&foreign(&[(old, shifted)])));
    assert_eq!(right.text, shifted.text);
    assert_eq!(right.cell(0, Field::AdminAddressCity), "Atlanta");
    assert_eq!(right.cell(0, Field::AdminAddressCounty), "13121");
    assert!(
        shifted.kinds().contains(&NoticeKind::ShiftedAddress) && !right.kinds().contains(&NoticeKind::ShiftedAddress)
    );
}

#[test]
fn an_id_of_a_facility_is_no_name() {
    let old = "|^^^654321&2.16.840.1.113883.3.0&ISO|";
    let named = foreign(&[("^Lane^Lois^^^^^^^L", "^Lane^Lois^^^^^^^L|||||ENTRY^Entry Org^HL70362||||Ordering Clinic")]);
    let back = read(&named);
    assert_eq!(
        (back.cell(0, Field::AdminName), back.cell(0, Field::VtrcksProvPin)),
        ("Ordering Clinic".into(), "654321".into())
    );
    let back = read(&foreign(&[(old, "|^^^65432&2.16.840.1.113883.3.0|")]));
    assert_eq!((back.cell(0, Field::AdminName), back.cell(0, Field::VtrcksProvPin)), ("X68".into(), String::new()));
    assert!(back.kinds().contains(&NoticeKind::FacilityId));
}

#[test]
fn vaccines_are_told_by_their_systems_not_their_places() {
    for codes in ["59267-1000-01^^NDC^208^^CVX", "208^Pfizer^CVX~59267-1000-01^^NDC", "208^^HL70292^59267-1000-01^^ndc"]
    {
        let back = read(&foreign(&[("208^Pfizer^CVX^59267-1000-01^^NDC", codes)]));
        assert_eq!(
            (back.cell(0, Field::Cvx), back.cell(0, Field::Ndc)),
            ("208".into(), "59267-1000-01".into()),
            "{codes}"
        );
    }
    let text = foreign(&[("208^Pfizer^CVX^59267-1000-01^^NDC", "59267-1000-01^^NDC")]);
    assert_eq!(read(&text).cell(0, Field::Cvx), "");
    let back = read_as(&text, ReadOptions { fills_defaults: true, ..ReadOptions::default() });
    assert_eq!(back.cell(0, Field::Cvx), "208");
    assert!(back.kinds().contains(&NoticeKind::VaccineOfDrug));
}

#[test]
fn the_first_repetition_with_a_value_counts_and_maiden_names_never() {
    let back = read(&foreign(&[
        ("Winter^Dora^Amy^^^^L", "Brown^Ella^^^^^M~~Winter^Dora^Amy^^^^L~Frost^D^^^^^A"),
        ("|EL1234|", "|~EL1234~EL9|"),
        ("|PFR^^MVX|", "|\"\"~PFR^^MVX~MOD^^MVX|"),
    ]));
    assert_eq!(back.cell(0, Field::RecipLastName), "Winter");
    assert_eq!((back.cell(0, Field::LotNumber), back.cell(0, Field::Mvx)), ("EL1234".into(), "PFR".into()));
    assert!(back.kinds().contains(&NoticeKind::Repetition));
}

#[test]
fn observations_are_found_by_their_codes() {
    let obx =
        |question: &str, answer: &str| format!("OBX|9|CE|{question}|9|{answer}||||||F|||20210115\nORC|RE||9999^NVC\n");
    for (question, answer, field, expected) in [
        ("VXC8^Member of Special Risk Group^PHIN VS", "YES", Field::CmorbidStatus, "YES"),
        ("covid_reporting_morbid_status", "N", Field::CmorbidStatus, "NO"),
        ("59785-6^^LN", "VXC8^^CDCPHINVS", Field::CmorbidStatus, "YES"),
        ("59785-6", "unk", Field::CmorbidStatus, "UNK"),
        ("75505-8^^LN", "840535000^^SCT", Field::Serology, "YES"),
        ("75505-8^^LN", "UNK^Unknown^NullFlavor", Field::Serology, "UNK"),
        ("75505-8^^LN", "Maybe", Field::Serology, "MAYBE"),
        ("X^^L^75505-8^^LN", "Y", Field::Serology, "YES"),
        ("59783-1^^LN", "Complete", Field::VaxSeriesComplete, "YES"),
        ("59783-1^^LN", "LA13421-5", Field::VaxSeriesComplete, "YES"),
        ("59783-1^^LN", "LA13422-3", Field::VaxSeriesComplete, "NO"),
        ("30973-2^^LN", "INV^Invalid dose^L", Field::DoseNum, "INV"),
        ("30973-2^^LN", "\"\"", Field::DoseNum, ""),
    ] {
        let back = read(&foreign(&[("ORC|RE||9999^NVC\n", &obx(question, answer))]));
        assert_eq!(back.cell(0, field), expected, "{question} {answer}");
    }
    // The same question twice: the last answer counts.
    let back = read(&foreign(&[("ORC|RE||9999^NVC\n", &obx("30973-2^^LN", "2"))]));
    assert_eq!(back.cell(0, Field::DoseNum), "2");
    assert!(back.kinds().contains(&NoticeKind::RepeatedObservation));
    // In another system it is another question.
    let back = read(&foreign(&[("ORC|RE||9999^NVC\n", &obx("75505-8^^L", "Y"))]));
    assert!(back.cell(0, Field::Serology).is_empty() && back.kinds().contains(&NoticeKind::LostObservation));
    let back = read(&foreign(&[("ORC|RE||197030", "OBX|1|NM|30973-2^^LN|1|4||||||F\nORC|RE||197030")]));
    assert_eq!(back.cell(0, Field::DoseNum), "1");
    assert!(back.kinds().contains(&NoticeKind::LooseObservation));
}

#[test]
fn the_model_is_told_by_the_redacted_columns_where_msh_8_does_not() {
    let redacted = [
        ("Winter^Dora^Amy^^^^L", "Redacted^Redacted^Redacted"),
        ("5 Fifth Street^^Allentown", "redacted^Redacted^Redacted"),
    ];
    assert_eq!(read(FOREIGN).cell(0, Field::ExtType), "I");
    assert_eq!(read(&foreign(&redacted)).cell(0, Field::ExtType), "D");
    let with_pprl = [&redacted[..], &[("987633^^^MYIIS^SR", "987633^^^MYIIS^SR~PP1^^^MYIIS^ANON")]].concat();
    let back = read(&foreign(&with_pprl));
    assert_eq!((back.cell(0, Field::ExtType), back.cell(0, Field::PprlId)), ("P".into(), "PP1".into()));
}

#[test]
fn the_cdc_tool_s_signature_is_told_once() {
    let (messages, _) = write(EXAMPLES, WriteOptions { dialect: Dialect::Cdc, ..options() });
    let back = read(&messages);
    assert_eq!(back.rows.notices.iter().filter(|notice| notice.kind == NoticeKind::CdcSignature).count(), 1);
    assert_eq!(back.cell(0, Field::RecipFirstName), "Rivera & Sons");
    // The PPRL id is found all the same, since MSH-8 tells the model.
    assert_eq!(back.cell(4, Field::PprlId), "PPRL7f3a9c");
    // An untyped second identifier of another model is not taken for one.
    let back = read(&messages.replace("|I|VXU", "|X|VXU").replace("R1000045|", "R1000045~Q1|"));
    assert!(back.kinds().contains(&NoticeKind::UntypedId) && back.cell(0, Field::PprlId).is_empty());
}

#[test]
fn what_stands_before_the_first_message_is_told_and_skipped() {
    let back = read(&format!("PID|1||X\nhello\n{FOREIGN}"));
    let strays = back.rows.notices.iter().filter(|notice| notice.kind == NoticeKind::Stray);
    assert_eq!(strays.map(|notice| notice.line).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((back.totals.rows, &back.rows.lines[..]), (1, &[3][..]));
    assert_eq!(read("").totals, ReadTotals::default());
    assert_eq!(read("MSH|^~\\&|\rPID|1\r").totals, ReadTotals { messages: 1, ..ReadTotals::default() });
}

#[test]
fn sexes_counties_and_types_that_cvrs_does_not_know_are_told() {
    let back = read(&foreign(&[("|F||2106", "|X||2106"), ("^L^^42003|", "^L^^003|")]));
    assert_eq!((back.cell(0, Field::RecipSex), back.cell(0, Field::RecipAddressCounty)), ("U".into(), String::new()));
    let kinds = back.kinds();
    assert!(kinds.contains(&NoticeKind::Sex) && kinds.contains(&NoticeKind::County));
    let place = "^^^Hope Clinic^^C";
    let back = read(&foreign(&[("^^^654321&2.16.840.1.113883.3.0&ISO", place)]));
    assert!(back.cell(0, Field::AdminType).is_empty() && back.kinds().contains(&NoticeKind::AdminType));
    for (code, expected) in [("H", "2135-2"), ("N", "2186-5"), ("U", "UNK")] {
        let back = read(&foreign(&[("2135-2^Hispanic or Latino^CDCREC", &format!("{code}^^HL70189"))]));
        assert_eq!(back.cell(0, Field::RecipEthnicity), expected);
    }
}
