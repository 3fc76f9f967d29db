//! CVRS to HL7 and back, byte for byte.

use crate::reading::read_pieces;
use crate::writing::{options, write};
use cvrs_generate::Models;
use cvrs_spec::{Field, SetId, Version};
use cvrs_transform::hl7::{Dialect, InfoSource, ReadOptions, WriteOptions};
use proptest::prelude::*;

/// Writes a text and reads it again, both in that dialect, whatever the file's other options.
fn back_and_forth(text: &str, options: WriteOptions) -> String {
    let dialect = Some(options.dialect);
    let (messages, _) = write(text, options);
    read_pieces(messages.as_bytes(), ReadOptions { dialect, ..ReadOptions::default() }, 64 << 10).text
}

#[test]
fn a_hundred_thousand_generated_records_come_back_byte_for_byte() {
    let generated = cvrs_generate::Options { records: 100_000, models: Models::Mix, seed: 7, ..Default::default() };
    let mut text = Vec::new();
    cvrs_generate::generate(&generated, &mut text, None).expect("memory");
    let text = String::from_utf8(text).expect("UTF-8");
    let refusals = text.lines().filter(|line| line.split('\t').nth(42) == Some("YES")).count();
    assert!((1000..50_000).contains(&refusals), "{refusals}");
    for dialect in [Dialect::Ig, Dialect::Cdc] {
        let back = back_and_forth(&text, WriteOptions { dialect, ..options() });
        let differing = back.lines().zip(text.lines()).position(|(back, line)| back != line);
        assert_eq!((differing, back.len()), (None, text.len()), "{dialect:?}");
    }
}

/// Any text of a cell in its canonical form: no control characters, and no blanks around it unless it is a blank.
fn any_text() -> impl Strategy<Value = String> {
    let hostile = prop::collection::vec(
        prop_oneof![
            4 => prop::char::range('!', '~').prop_map(String::from),
            2 => prop::sample::select(vec!["|", "^", "&", "~", "\\", "\\F\\", "\\X41\\", "\\.br\\", "\"\"", " ", "é", "語"])
                .prop_map(str::to_owned),
            1 => any::<char>().prop_filter("no control character", |byte| !byte.is_ascii_control()).prop_map(String::from),
        ],
        0..12,
    );
    prop_oneof![
        6 => hostile.prop_map(|parts| parts.concat().trim_matches(' ').to_owned()),
        1 => Just(" ".to_owned()),
        1 => Just("\"\"".to_owned()),
        1 => Just("9999".to_owned()),
    ]
}

fn any_code(set: SetId) -> impl Strategy<Value = String> {
    prop::sample::select(set.codes().iter().map(|code| code.code.to_owned()).collect::<Vec<_>>())
}

fn any_date() -> impl Strategy<Value = String> {
    (1900u32..2100, 1u32..13, 0u32..29).prop_map(|(year, month, day)| match day {
        0 => format!("{year}-{month:02}"),
        day => format!("{year}-{month:02}-{day:02}"),
    })
}

/// A value that a valid record may have in a column, empty ones where that is legal in some record.
fn any_value(field: Field) -> BoxedStrategy<String> {
    use Field::*;
    let or_empty = |values: BoxedStrategy<String>| prop_oneof![3 => values, 1 => Just(String::new())].boxed();
    match field {
        ExtType => any_code(SetId::ExtType).boxed(),
        RecipSex => any_code(SetId::Sex).boxed(),
        VaxRefusal => any_code(SetId::YesNo).boxed(),
        RecipDob | AdminDate => any_date().boxed(),
        VaxExpiration => or_empty(any_date().boxed()),
        RecipAddressZip | AdminAddressZip => or_empty("[0-9]{5}(-[0-9]{4})?".boxed()),
        RecipAddressCounty | AdminAddressCounty => or_empty("[0-9]{5}".boxed()),
        VtrcksProvPin => or_empty("[0-9]{6}".boxed()),
        Cvx => "[0-9]{2,3}".prop_filter("an event", |code| !matches!(&code[..], "998" | "999")).boxed(),
        Ndc => or_empty("[0-9]{5}-[0-9]{4}-[0-9]{2}|[0-9]{11}".boxed()),
        Mvx => or_empty("[A-Z]{2,3}".boxed()),
        ResponsibleOrg => any_text().prop_filter("required", |text| !text.is_empty()).boxed(),
        field => match field.value_set(Version::V3) {
            Some(set) => or_empty(any_code(set).boxed()),
            None => any_text().boxed(),
        },
    }
}

fn any_row() -> impl Strategy<Value = Vec<String>> {
    let columns: Vec<BoxedStrategy<String>> = Version::V3.columns().iter().map(|&field| any_value(field)).collect();
    columns.prop_map(|mut row| {
        // Only model P has a PPRL id, which the CDC tool's form tells by its place after the recipient's id.
        if row[Field::ExtType as usize] != "P" {
            row[Field::PprlId as usize].clear();
        }
        row
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_valid_record_comes_back_byte_for_byte(rows in prop::collection::vec(any_row(), 1..5), is_cdc: bool, historical: bool) {
        let names: Vec<&str> = Version::V3.columns().iter().map(|field| field.name()).collect();
        let mut text = names.join("\t") + "\n";
        for row in &rows {
            text += &row.join("\t");
            text.push('\n');
        }
        let options = WriteOptions {
            dialect: if is_cdc { Dialect::Cdc } else { Dialect::Ig },
            info_source: if historical { InfoSource::Historical } else { InfoSource::Auto },
            eligibility: historical.then(|| "V02".parse().expect("a code")),
            ..options()
        };
        prop_assert_eq!(back_and_forth(&text, options), text);
    }

    #[test]
    fn no_text_makes_the_reader_lose_count(
        text in prop::collection::vec(prop::sample::select(vec![
            "MSH|^~\\&|A\r", "MSH#*+!%#\n", "PID|1||1^^^A^SR\r", "ORC|RE||1\r", "RXA|0|1|20210101||208^^CVX\n", "RXA|",
            "OBX|1|NM|30973-2^^LN|1|1\r\n", "BHS|^~\\&\r", "BTS|1\r", "FHS|^~\\&|\r", "FTS|x\r", "\r", "\n", "\u{b}", "\u{1c}", "|",
            "^", "\\", "&", "~", "998", "NA", "é", "MSH", "\t", "\u{feff}", "||||||||||||||||||||D\r",
        ]), 0..40),
        piece in 1usize..20,
    ) {
        let text = text.concat();
        let whole = read_pieces(text.as_bytes(), ReadOptions::default(), usize::MAX);
        let parts = read_pieces(text.as_bytes(), ReadOptions::default(), piece);
        prop_assert_eq!(&whole.text, &parts.text);
        prop_assert_eq!(whole.totals, parts.totals);
        prop_assert_eq!(&whole.rows.notices, &parts.rows.notices);
        prop_assert_eq!(&whole.rows.lines, &parts.rows.lines);
        let columns = Version::V3.columns().len();
        prop_assert!(whole.text.lines().all(|line| line.split('\t').count() == columns));
        prop_assert_eq!(whole.text.split('\n').count() as u64, whole.totals.rows + 2);
    }
}
