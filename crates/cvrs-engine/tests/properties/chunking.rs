//! What is found is a function of the text and the options: neither chunks nor threads, neither how the bytes come nor
//! how they are packed may show in it.

use crate::run::{file, gzip, run, stream, zip, zstd};
use cvrs_engine::Tuning;
use cvrs_rules::{Book, Options};
use cvrs_testkit::strategy::{any_file, any_options, any_version, soup};
use proptest::prelude::*;

const WHOLE: Tuning = Tuning { threads: 1, chunk_bytes: 1 << 20, survey_bytes: 1 << 20, tier: None };

pub(crate) fn check(text: &[u8], options: &Options, chunk_bytes: usize, threads: usize, most: usize) {
    let book = Book::new(options);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| dir.path().join(name);
    // An input without a byte is refused when it is opened; there is nothing to compare.
    let Some(input) = file(&path("whole"), text) else { return };
    // Errors name the input, which here differs.
    let named = |mut gathered: crate::run::Gathered| {
        let folder = format!("{}/", dir.path().display());
        gathered.end = gathered.end.replace(&folder, "").replace("whole: ", "-: ").replace("packed: ", "-: ");
        gathered
    };
    let expected = named(run(input, &book, None, WHOLE));
    let tuning = Tuning { threads, chunk_bytes, survey_bytes: 64, tier: None };
    let inputs = [
        ("whole", file(&path("whole"), text)),
        ("stream", stream(text.to_vec(), most)),
        ("gzip", stream(gzip(text), most)),
        ("zstd", stream(zstd(text), most)),
        ("zip", file(&path("packed"), &zip(text))),
    ];
    for (form, input) in inputs {
        // A text of a compression's own marks is another matter once it is packed.
        let Some(input) = input else { continue };
        let found = named(run(input, &book, None, tuning));
        assert_eq!(found.difference(&expected), None, "as {form}, {tuning:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn report_ignores_chunking(
        text in any_file(),
        options in any_options(),
        chunk_bytes in prop_oneof![1usize..8, 8usize..400, 400usize..5000],
        threads in 1usize..9,
        most in prop_oneof![1usize..10, 10usize..5000],
    ) {
        check(&text, &options, chunk_bytes, threads, most);
    }

    #[test]
    fn report_on_byte_soup_ignores_chunking(
        soup in soup(400),
        options in any_options(),
        version in any_version(),
        has_header: bool,
        chunk_bytes in 1usize..40,
        threads in 1usize..9,
        most in 1usize..40,
    ) {
        let header = cvrs_rules::example::header(version) + "\n";
        let text = if has_header { [header.as_bytes(), &soup].concat() } else { soup.to_vec() };
        // Bytes that begin like a packed file are opened as one.
        let is_packed = cvrs_engine::io::Compression::of(&text) != cvrs_engine::io::Compression::None;
        if !is_packed {
            check(&text, &options, chunk_bytes, threads, most);
        }
    }
}

#[test]
fn report_on_generated_files_ignores_chunking() {
    let options = cvrs_generate::Options {
        records: 5000,
        error_rate: 0.2,
        models: cvrs_generate::Models::Mix,
        line_end: cvrs_generate::LineEnd::CrLf,
        ..cvrs_generate::Options::default()
    };
    let mut text = Vec::new();
    cvrs_generate::generate(&options, &mut text, None).expect("memory");
    let today = cvrs_parse::Date::parse(b"2022-12-31").expect("a day");
    for (chunk_bytes, threads) in [(1000, 3), (70_000, 2), (1 << 20, 8)] {
        check(&text, &Options::new(cvrs_rules::Profile::Recommended, today), chunk_bytes, threads, 9999);
    }
}
