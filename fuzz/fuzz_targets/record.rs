//! The splitter, on every tier, against the csv crate and against the slow twin; and what looks for three bytes.
#![no_main]

use cvrs_parse::{Header, Hit, Index, Keys, Tier, find_places, may_hold};
use cvrs_spec::Version;
use cvrs_testkit::lines;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let expected = lines::split(text);
    let header = Header::canonical(Version::V3);
    for tier in Tier::ALL.into_iter().filter(|tier| tier.is_available()) {
        let mut index = Index::new(tier);
        index.build(text);
        let mut scratch = Vec::new();
        assert_eq!(index.n_lines(), expected.len());
        for (line, twin) in index.lines(text).zip(&expected) {
            assert_eq!((line.start as u64, line.is_blank()), (twin.byte, twin.is_blank()));
            assert_eq!(&text[line.start..line.next], twin.whole);
            let record = index.record(text, &header, line, &mut scratch);
            assert_eq!(record.cells().collect::<Vec<_>>(), twin.cells());
            let is_control = |byte: &u8| *byte < 0x20 && *byte != b'\t';
            assert_eq!(record.has_control(), twin.content.iter().any(is_control));
        }
    }
    if let Some(key) = text.last_chunk::<3>().map(|key| key.map(|byte| byte | 0x20)) {
        let range = text.len() / 3..text.len() - text.len() / 5;
        let is_key = |at: &usize| text[*at..*at + 3].iter().zip(key).all(|(byte, key)| byte | 0x20 == key);
        let places = range.clone().take(range.len().saturating_sub(2)).filter(is_key);
        let expected: Vec<Hit> = places.map(|place| Hit { place, keys: 0b101 }).collect();
        for tier in Tier::ALL.into_iter().filter(|tier| tier.is_available()) {
            let mut found = Vec::new();
            let mut keys = Keys::<3>::NONE;
            [true, false, true].into_iter().enumerate().for_each(|(number, is_wanted)| keys.put(number, key, is_wanted));
            find_places(tier, text, range.clone(), &keys, &mut found);
            assert_eq!(found, expected);
            assert_eq!(may_hold(tier, text, range.clone(), [key]), !expected.is_empty());
        }
    }
    // The csv crate takes a byte order mark off, which is the header's business here.
    if text.starts_with(b"\xEF\xBB\xBF") {
        return;
    }
    // The csv crate leaves out empty lines, and takes the carriage return of CRLF for a part of the last cell.
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .quoting(false)
        .flexible(true)
        .has_headers(false)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(text);
    let mut records = reader.byte_records();
    for twin in expected.iter().filter(|twin| !matches!(twin.whole, b"\n" | b"")) {
        let record = records.next().expect("a record").expect("memory is readable");
        let mut cells: Vec<&[u8]> = record.iter().collect();
        if twin.whole.ends_with(b"\r\n")
            && let Some(last) = cells.last_mut()
        {
            *last = &last[..last.len() - 1];
        }
        assert_eq!(cells, twin.cells());
    }
    assert!(records.next().is_none());
});
