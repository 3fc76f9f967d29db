//! The screen decides what the book explains: it never lets a record pass of which the book has something to say, on
//! any tier of instructions, and it lets the good ones pass.

use cvrs_parse::{Header, Index, Tier};
use cvrs_report::Level;
use cvrs_rules::{Book, Memory, Options, Profile, Screen, Seen, Stopped, example};
use cvrs_spec::Version;
use cvrs_testkit::lines;
use cvrs_testkit::strategy::{any_file, any_options, any_version, today};
use proptest::prelude::*;

fn tiers() -> impl Iterator<Item = Tier> {
    Tier::ALL.into_iter().filter(|tier| tier.is_available())
}

/// For each line of the body whether the book has something to say of it; `None` for a blank one.
fn explained(book: &Book, header: &Header, body: &[u8]) -> Vec<Option<bool>> {
    let (mut index, mut cells, mut findings) = (Index::default(), Vec::new(), Vec::new());
    index.build(body);
    let line_says = |line: cvrs_parse::Line| {
        if line.is_blank() {
            return None;
        }
        let record = index.record(body, header, line, &mut cells);
        findings.clear();
        let explained = book.explain(&record, &Seen::default(), &mut findings);
        Some(!findings.is_empty() || explained.worst > Level::Off)
    };
    index.lines(body).map(line_says).collect()
}

/// For each tier what it stops.
fn stopped(book: &Book, header: &Header, body: &[u8]) -> Vec<(Tier, Vec<Stopped>)> {
    let is_utf8 = std::str::from_utf8(body).is_ok();
    let by_tier = |tier| {
        let screen = Screen::for_tier(book, header, tier);
        let (mut index, mut memory, mut stopped) = (screen.index(), Memory::default(), Vec::new());
        index.build(body);
        screen.lines(body, &index, is_utf8, &mut memory, &mut stopped);
        // What a worker remembers from one chunk to the next changes nothing.
        let mut again = Vec::new();
        screen.lines(body, &index, is_utf8, &mut memory, &mut again);
        assert_eq!(stopped, again, "{}", tier.name());
        (tier, stopped)
    };
    tiers().map(by_tier).collect()
}

fn check(text: &[u8], options: &Options, version: Option<Version>) {
    let book = Book::new(options);
    let (header, body) = Header::split_off_as(text, book.header_version(version));
    let says = explained(&book, &header, body);
    let whole = lines::split(body);
    assert_eq!(says.len(), whole.len());
    let by_tier = stopped(&book, &header, body);
    for (tier, stopped) in &by_tier {
        let mut records = 0;
        let mut stopped_lines = stopped.iter().peekable();
        for (number, line) in whole.iter().enumerate() {
            let found = stopped_lines.next_if(|stopped| stopped.line as usize == number);
            let shown = || line.content.escape_ascii().to_string();
            assert_eq!(says[number].is_none(), line.is_blank(), "{}: {}", tier.name(), shown());
            assert!(found.is_some() || says[number] == Some(false), "{} lets pass: {}", tier.name(), shown());
            if let Some(found) = found {
                assert_eq!((found.is_blank, found.records), (line.is_blank(), records), "{}: {}", tier.name(), shown());
            }
            records += u32::from(!line.is_blank());
        }
        assert!(stopped_lines.next().is_none());
        assert_eq!(stopped, &by_tier[0].1, "{} differs from {}", tier.name(), by_tier[0].0.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn screen_equals_book(
        text in any_file(),
        options in any_options(),
        version in prop::option::weighted(0.3, any_version()),
    ) {
        check(&text, &options, version);
    }
}

#[test]
fn each_example_of_a_rule_is_stopped_if_it_fails() {
    for profile in [Profile::Recommended, Profile::Dch, Profile::Strict] {
        let options = Options::new(profile, today());
        for rule in cvrs_rules::RULES {
            for text in rule.fails.iter().chain(rule.passes).filter_map(example::file_of) {
                check(&text, &options, None);
            }
        }
    }
}

#[test]
fn generated_records_are_stopped_for_their_faults_only() {
    let day = cvrs_parse::Date::parse(b"2022-12-31").expect("a day");
    for models in [cvrs_generate::Models::D, cvrs_generate::Models::I, cvrs_generate::Models::P] {
        for (error_rate, most) in [(0.0, 0), (0.3, 2600)] {
            let options = cvrs_generate::Options { records: 8000, error_rate, models, ..Default::default() };
            let mut text = Vec::new();
            cvrs_generate::generate(&options, &mut text, None).expect("memory");
            for profile in [Profile::Recommended, Profile::Dch, Profile::Strict] {
                let options = Options::new(profile, day);
                check(&text, &options, None);
                let book = Book::new(&options);
                let (header, body) = Header::split_off(&text);
                for (tier, stopped) in stopped(&book, &header, body) {
                    assert!(stopped.len() <= most, "{} stops {} of {models:?}", tier.name(), stopped.len());
                }
            }
        }
    }
}

#[test]
fn the_known_good_record_passes_in_every_column_order() {
    let good = example::good_file();
    let rows: Vec<Vec<&[u8]>> = lines::split(&good).iter().map(lines::Line::cells).collect();
    for turn in 0..rows[0].len() {
        let turned = rows.iter().map(|row| {
            let mut row = row.clone();
            row.rotate_left(turn);
            row.join(&b'\t')
        });
        let text = [turned.collect::<Vec<_>>().join(&b'\n'), b"\n".to_vec()].concat();
        let book = Book::new(&Options::new(Profile::Recommended, today()));
        let (header, body) = Header::split_off(&text);
        assert_eq!(explained(&book, &header, body), [Some(false)], "turned by {turn}");
        for (tier, stopped) in stopped(&book, &header, body) {
            assert_eq!(stopped, [], "{}, turned by {turn}", tier.name());
        }
    }
}

#[test]
fn with_crlf_a_row_that_lacks_its_last_cell_is_not_regular() {
    let options =
        Options { select: vec!["XR001".parse().expect("a code")], ..Options::new(Profile::Recommended, today()) };
    for end in ["\n", "\r\n"] {
        for header in ["vax_event_id", "vax_event_id\trecip_id", "vax_event_id\trecip_id\text_type"] {
            let width = header.split('\t').count();
            let row = |n_cells: usize| ["A1", "B1", "D", "more"][..n_cells].join("\t");
            let widths = [width, width - 1, width + 1, 0, width];
            let text: String = [header.to_owned()].into_iter().chain(widths.map(row)).map(|line| line + end).collect();
            check(text.as_bytes(), &options, None);
            let report = cvrs_engine::Validator::new(&options).check(text.as_bytes()).expect("CVRS");
            let told: Vec<u64> = report.findings.iter().map(|found| found.line).collect();
            // A row without a cell is a blank line.
            let ragged: Vec<u64> = if width > 1 { vec![3, 4] } else { vec![4] };
            assert_eq!(told, ragged, "{text:?}");
            assert_eq!(report.summary.records, if width > 1 { 4 } else { 3 }, "{text:?}");
        }
    }
}
