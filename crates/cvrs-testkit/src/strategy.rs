//! Strategies for texts: from the known-good record through spoilt rows to byte soup.

use cvrs_parse::Date;
use cvrs_report::Level;
use cvrs_rules::{Operation, Options, Profile, Selector, example};
use cvrs_spec::{Field, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt;
use std::ops::Deref;

/// A text whose `Debug` can be read.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(pub Vec<u8>);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Values that some rule looks at: right, wrong, at a limit, or right for another column.
const VALUES: &[&[u8]] = &[
    b"",
    b" ",
    b"  ",
    b"D",
    b"d",
    b"I",
    b"P",
    b"X",
    b"A1",
    b"a1",
    b"A2",
    b"A 1",
    b"YES",
    b"yes",
    b"NO",
    b"No",
    b" YES",
    b"UNK",
    b"unk",
    b"POL",
    b"F",
    b"F ",
    b"M",
    b"U",
    b"2021-01-15",
    b"2021-01",
    b"2021-01-29",
    b"2021-01-30",
    b"2021-02",
    b"2020-12-10",
    b"2020-12-11",
    b"2021-13",
    b"2021-02-29",
    b"2020-02-29",
    b"0000-01",
    b"0001-01-01",
    b"9999-12-31",
    b"1880-05",
    b"1968-05-27",
    b"1/15/2021",
    b"20210115",
    b"5",
    b"13121",
    b"13999",
    b"1312",
    b"26049",
    b"GA",
    b"ga",
    b"MI",
    b"XX",
    b"UM",
    b"AA",
    b"FM",
    b"Georgia",
    b"30301",
    b"30301-1234",
    b"30301-",
    b"303010001",
    b"48504",
    b"00000",
    b"208",
    b"0208",
    b"207",
    b"212",
    b"213",
    b"20",
    b"900",
    b"99999",
    b"COVID",
    b"PFR",
    b"pfr",
    b"MOD",
    b"AAA",
    b"PFRX",
    b"59267-1000-01",
    b"59267100001",
    b"80777-0273-10",
    b"80777-9999-00",
    b"LD",
    b"ld",
    b"C28161",
    b"IM",
    b"ID",
    b"1",
    b"2",
    b"7",
    b"28",
    b"29",
    b"INV",
    b"CL",
    b"RN",
    b"2106-3",
    b"2028-9",
    b"2186-5",
    b"123456",
    b"12345",
    b"A1379",
    b"Redacted",
    b"REDACTED",
    b"Ana",
    b"Luz ",
    b" Luz",
    b"\"Luz\"",
    b"\"\"",
    b"\"",
    b"Jos\xE9",
    b"\xF0\x9F\x98",
    b"Hope\rClinic",
    b"Hope\0Clinic",
    b"\r",
    b"\x0b",
];

/// The day that the strategies take for the day of submission, in words.
pub const TODAY: &str = "2021-01-29";

/// The day that the strategies take for the day of submission.
///
/// # Panics
/// Never: it is a day of the calendar.
pub fn today() -> Date {
    Date::parse(TODAY.as_bytes()).expect("a day of the calendar")
}

/// The value of a cell: mostly one that a rule looks at, else a long one or arbitrary bytes. It has no tab and no line
/// feed.
pub fn any_value() -> impl Strategy<Value = Vec<u8>> {
    let lengths = select(&[2usize, 3, 4, 9, 10, 11, 49, 50, 51, 99, 100, 101, 127, 128, 254, 255, 256][..]);
    let letters = select(&["x", "é", "😀", "\u{FFFD}"][..]);
    prop_oneof![
        12 => select(VALUES).prop_map(<[u8]>::to_vec),
        2 => (letters, lengths).prop_map(|(letter, length)| letter.repeat(length).into_bytes()),
        1 => vec(any::<u8>().prop_filter("no separator", |byte| !matches!(byte, b'\t' | b'\n')), 0..12),
    ]
}

/// A known-good record of some event and model.
fn good_cells(version: Version) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let kinds: Vec<&'static [(Field, &'static str)]> = vec![
        &[],
        &[],
        example::REFUSAL,
        example::IDENTIFIED,
        &[(Field::ExtType, "P"), (Field::PprlId, "t0k3n")],
        if matches!(version, Version::V1) { example::MISSED } else { &[] },
    ];
    select(kinds).prop_map(move |kind| {
        let row = example::row(version, kind);
        row.split('\t').map(|cell| cell.as_bytes().to_vec()).collect()
    })
}

/// The cells of a row in the order of the version's columns, good but for a few cells.
fn spoilt_cells(version: Version) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let n_columns = version.columns().len();
    let changes = prop_oneof![
        3 => vec((0..n_columns, any_value()), 0..1),
        6 => vec((0..n_columns, any_value()), 1..4),
        1 => vec((0..n_columns, any_value()), 20..60),
    ];
    let event_id = select(&["A1", "a1", "A2", "A3", "B1", "b1", "B2", ""][..]);
    (good_cells(version), event_id, changes).prop_map(|(mut cells, event_id, changes)| {
        cells[0] = event_id.as_bytes().to_vec();
        for (at, value) in changes {
            cells[at] = value;
        }
        cells
    })
}

/// How the columns of a file stand: for each, the column of the version or a name of no column.
fn any_columns(version: Version) -> impl Strategy<Value = Vec<(Option<usize>, Vec<u8>)>> {
    let canonical: Vec<(Option<usize>, Vec<u8>)> =
        version.columns().iter().enumerate().map(|(at, field)| (Some(at), field.name().as_bytes().to_vec())).collect();
    let n_columns = canonical.len();
    let shuffled = Just(canonical.clone()).prop_shuffle();
    let lacking = (Just(canonical.clone()), vec(0..n_columns, 1..4)).prop_map(|(mut columns, gone)| {
        for at in gone {
            columns.remove(at % columns.len());
        }
        columns
    });
    const NAMES: [&[u8]; 7] =
        [b"other_column", b"", b"cvx", b" recip_sex", b"RECIP_MISSED_APPT", b"1968-05-27", b"\xE9"];
    let names = select(&NAMES[..]);
    let further = (Just(canonical.clone()), 0..n_columns, names).prop_map(|(mut columns, at, name)| {
        columns.insert(at, (None, name.to_vec()));
        columns
    });
    let upper = Just(canonical.iter().map(|(at, name)| (*at, name.to_ascii_uppercase())).collect::<Vec<_>>());
    prop_oneof![6 => Just(canonical), 1 => shuffled, 1 => lacking, 1 => further, 1 => upper]
}

#[derive(Clone, Debug)]
enum Row {
    Cells(Vec<Vec<u8>>),
    /// The row with so many cells cut off or added.
    Ragged(Vec<Vec<u8>>, i8),
    Blank,
    Soup(Vec<u8>),
}

fn any_row(version: Version) -> impl Strategy<Value = Row> {
    prop_oneof![
        12 => spoilt_cells(version).prop_map(Row::Cells),
        2 => (spoilt_cells(version), -3i8..4).prop_map(|(cells, by)| Row::Ragged(cells, by)),
        1 => Just(Row::Blank),
        1 => soup(60).prop_map(|text| Row::Soup(text.0)),
    ]
}

/// Bytes of which many are tabs, line ends and what stands in records.
pub fn soup(most: usize) -> impl Strategy<Value = Text> {
    let byte = prop_oneof![
        4 => select(&b"\t\t\t\n\r AD1-0Y\"\0\xC3\xA9\xEF\xBB\xBF"[..]),
        1 => any::<u8>(),
    ];
    vec(byte, 0..most).prop_map(Text)
}

/// A text that starts with a header line of that version: rows good, spoilt and ragged, blank lines, soup; LF, CRLF or
/// both; with or without a byte order mark and a last line end.
pub fn file_of(version: Version) -> impl Strategy<Value = Text> {
    const ENDS: [&[&[u8]]; 3] = [&[b"\n"], &[b"\r\n"], &[b"\n", b"\r\n"]];
    let ends = select(&ENDS[..]);
    let edges = (prop::bool::weighted(0.1), prop::bool::weighted(0.2));
    (any_columns(version), vec(any_row(version), 0..14), ends, edges).prop_map(
        |(columns, rows, ends, (has_mark, is_cut))| {
            let mut text = if has_mark { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
            let names: Vec<&[u8]> = columns.iter().map(|(_, name)| &name[..]).collect();
            text.extend_from_slice(&names.join(&b'\t'));
            text.extend_from_slice(ends[0]);
            for (number, row) in rows.iter().enumerate() {
                let lay = |cells: &[Vec<u8>]| -> Vec<Vec<u8>> {
                    columns.iter().map(|(at, _)| at.map_or_else(|| b"x".to_vec(), |at| cells[at].clone())).collect()
                };
                match row {
                    Row::Cells(cells) => text.extend_from_slice(&lay(cells).join(&b'\t')),
                    Row::Ragged(cells, by) => {
                        let mut cells = lay(cells);
                        cells.resize(cells.len().saturating_add_signed(isize::from(*by)).max(1), b"more".to_vec());
                        text.extend_from_slice(&cells.join(&b'\t'));
                    }
                    Row::Blank => {}
                    Row::Soup(bytes) => text.extend_from_slice(bytes),
                }
                text.extend_from_slice(ends[number % ends.len()]);
            }
            if is_cut {
                let kept = text.trim_ascii_end().len().max(1);
                text.truncate(kept);
            }
            Text(text)
        },
    )
}

/// A version, those with 45 columns being one to the reader.
pub fn any_version() -> impl Strategy<Value = Version> {
    select(&[Version::V1, Version::V2, Version::V2_5, Version::V3, Version::V3, Version::V3][..])
}

/// A text of any version.
pub fn any_file() -> impl Strategy<Value = Text> {
    any_version().prop_flat_map(file_of)
}

/// Options of a built-in profile as it is, for any operation.
pub fn plain_options() -> impl Strategy<Value = Options> {
    let profiles = select(&[Profile::Recommended, Profile::Dch, Profile::Strict][..]);
    let operations = select(&[Operation::Create, Operation::Create, Operation::Update, Operation::Delete][..]);
    (profiles, operations, any::<bool>()).prop_map(|(profile, operation, is_test)| Options {
        operation,
        is_test,
        ..Options::new(profile, today())
    })
}

/// Options of any kind, with rules picked, left out and given other levels.
///
/// # Panics
/// Never while the codes named here are those of rules.
pub fn any_options() -> impl Strategy<Value = Options> {
    let codes = select(
        &[
            "DATA", "DATA005", "DATA006", "DATA007", "DATA008", "DATA009", "REQD", "DNTS", "BUSR", "BUSR005",
            "BUSR013", "FMT", "XR", "XR001", "XR004", "XR005", "XR011", "XR013", "XR018", "XR021", "XR023", "DCH0",
            "DCH017", "DCH042", "DCH048", "DCH071", "DATA004", "XR017", "XR022",
        ][..],
    );
    let selectors = || vec(codes.clone().prop_map(|code| code.parse::<Selector>().expect("a known code")), 0..4);
    let levels = vec(
        (codes.clone(), select(&[Level::Off, Level::Info, Level::Warn, Level::Error][..]))
            .prop_map(|(code, level)| (code.parse::<Selector>().expect("a known code"), level)),
        0..3,
    );
    let picked = prop_oneof![3 => Just(Vec::new()), 1 => selectors()];
    (plain_options(), picked, selectors(), levels).prop_map(|(options, select, ignore, levels)| Options {
        select,
        ignore,
        levels,
        ..options
    })
}
