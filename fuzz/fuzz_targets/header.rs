//! Any first line: columns bind as a plain reading of the line says, and what is told of it shows no data.
#![no_main]

use cvrs_parse::Header;
use cvrs_rules::{Book, Options, Profile};
use cvrs_spec::{Field, Version};
use cvrs_testkit::lines;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let (header, body) = Header::split_off(text);
    assert_eq!(header.byte_len() + body.len(), text.len());
    let unmarked = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let whole = lines::split(unmarked);
    let names = whole.first().map_or(vec![&b""[..]], lines::Line::cells);
    assert_eq!(header.n_columns(), names.len());
    for &field in header.version().columns() {
        let is_it = |name: &&[u8]| name.trim_ascii().eq_ignore_ascii_case(field.name().as_bytes());
        assert_eq!(header.position(field), names.iter().rposition(is_it), "{}", field.name());
    }
    let v1_only = [Field::VaxProvSuffix, Field::RecipMissedAppt];
    let has_v1 = names.iter().any(|name| {
        v1_only.iter().any(|field| name.trim_ascii().eq_ignore_ascii_case(field.name().as_bytes()))
    });
    assert_eq!(header.version() == Version::V1, has_v1);
    let mut findings = Vec::new();
    Book::new(&Options::new(Profile::Recommended, cvrs_testkit::strategy::today()))
        .explain_header(&header, &mut findings);
    for finding in findings {
        let text = cvrs_report::Entry::new(&finding).message();
        assert!(!text.contains(['\n', '\r']), "{text:?}");
    }
});
