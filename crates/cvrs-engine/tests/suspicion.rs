//! Looking only where the screen suspects something finds all that looking everywhere finds.

use cvrs_engine::Validator;
use cvrs_generate::{Models, Options as Made, generate};
use cvrs_parse::{Date, Header, Index};
use cvrs_rules::{Book, Options, Profile, Seen};

/// Findings that only a record's surroundings show.
const AROUND: [&str; 5] = ["BUSR013", "XR002", "XR009", "XR011", "XR018"];

#[test]
fn looking_where_something_is_suspected_finds_all() {
    let today = Date::from_ymd(2022, 12, 31).expect("a day");
    for (seed, models) in [(1, Models::D), (2, Models::I), (3, Models::P), (4, Models::Mix)] {
        let mut text = Vec::new();
        let made = Made { records: 4000, seed, error_rate: 0.9, models, ..Made::default() };
        generate(&made, &mut text, None).expect("memory");
        for profile in [Profile::Recommended, Profile::Dch, Profile::Strict] {
            let options = Options::new(profile, today);
            let report = Validator::new(&options).check(&text).expect("a CVRS text");
            let mut found = report.findings.iter().filter(|found| found.record.is_some()).peekable();
            let (header, body) = Header::split_off(&text);
            let book = Book::new(&options);
            let (mut index, mut cells, mut findings) = (Index::default(), Vec::new(), Vec::new());
            index.build(body);
            for line in index.lines(body) {
                let record = index.record(body, &header, line, &mut cells);
                let byte = (header.byte_len() + line.start) as u64;
                let seen = Seen { record: line.number as u64 + 1, byte, ..Seen::default() };
                findings.clear();
                book.explain(&record, &seen, &mut findings);
                let mut here = Vec::new();
                while let Some(found) = found.next_if(|found| found.line == line.number as u64 + 2) {
                    here.push(found.finding.clone());
                }
                here.retain(|finding| !AROUND.contains(&finding.code));
                assert_eq!(here, findings, "line {} of {models:?} in {}", line.number + 2, profile.name());
            }
            assert!(found.next().is_none());
        }
    }
}
