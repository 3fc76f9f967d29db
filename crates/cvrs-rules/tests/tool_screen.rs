//! In profile `tool` too, the screen lets no record pass of which the book has something to say.

use cvrs_parse::{Date, Header, Index};
use cvrs_rules::{Book, Options, Profile, Screen, Seen, example};
use cvrs_spec::{Field, Version};
use proptest::prelude::*;

/// Values that are right in some column, nearly right in others, and wrong in most.
const VALUES: &[&str] = &[
    "",
    " ",
    "D",
    "P",
    "I",
    "Q",
    "Redacted",
    "REDACTED",
    "Ann",
    "1968-05",
    "12020-10-04",
    "2021-02-30",
    "10/24/2020",
    "F",
    " f ",
    "UNK",
    "POL",
    "2106-3",
    "13121",
    "02158",
    "51515",
    "GA",
    "AE",
    "XX",
    "NY",
    "30301",
    "48504-0001",
    "3030",
    "208",
    "0208",
    "###",
    "PFR",
    "ID",
    "1",
    "7",
    "YES",
    " YES",
    "NO",
    "17",
    "CL",
    "RN",
    "A1379",
    "1234567",
    "A 1",
    "2099-01-01",
];

fn versions() -> impl Strategy<Value = Version> {
    prop::sample::select(Version::ALL.to_vec())
}

fn cells() -> impl Strategy<Value = Vec<(Field, &'static str)>> {
    let field = (0..Field::COUNT).prop_map(Field::from_index);
    prop::collection::vec((field, prop::sample::select(VALUES)), 0..4)
}

proptest! {
    #[test]
    fn what_the_tool_would_tell_is_stopped(version in versions(), cells in cells(), more in prop::bool::weighted(0.1)) {
        let today = Date::parse(b"2021-01-29").expect("a day");
        let book = Book::new(&Options::new(Profile::Tool, today));
        let (header, row) = (example::header(version), example::row(version, &cells));
        let header = Header::parse(header.as_bytes(), Some(version));
        let text = format!("{row}{}\n", if more { "\tmore" } else { "" });
        let (mut index, mut scratch, mut findings) = (Index::default(), Vec::new(), Vec::new());
        index.build(text.as_bytes());
        let line = index.lines(text.as_bytes()).next().expect("one line");
        let record = index.record(text.as_bytes(), &header, line, &mut scratch);
        book.explain(&record, &Seen::default(), &mut findings);
        prop_assert!(findings.is_empty() || Screen::new(&book, &header).stops(&record));
    }
}
