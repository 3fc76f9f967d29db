//! Any bytes as an input: they are opened or refused with one line, and packed text comes out as it went in.
#![no_main]

#[path = "../../crates/cvrs-engine/tests/properties/run.rs"]
#[allow(dead_code)]
mod run;

use cvrs_engine::io::{Body, Compression, Input, sniff_text};
use libfuzzer_sys::fuzz_target;
use std::io::Read;

/// How much is unpacked: a small bomb must not take the fuzzer's time.
const MOST: u64 = 4 << 20;

fn text_of(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut input = run::stream(bytes.to_vec(), most)?;
    let told = |error: &dyn std::fmt::Display| {
        let line = error.to_string();
        assert!(line.starts_with("-: ") && !line.contains('\n') && !line.ends_with('.'), "{line:?}");
    };
    let body = match input.body() {
        Ok(body) => body,
        Err(error) => {
            told(&error);
            return None;
        }
    };
    let mut text = Vec::new();
    match body {
        Body::Plain { .. } => unreachable!("a stream is no file"),
        Body::Stream(reader) => {
            if let Err(error) = reader.take(MOST).read_to_end(&mut text) {
                told(&cvrs_engine::io::InputError::from_stream("-", error));
                return None;
            }
        }
    }
    Some(text)
}

fuzz_target!(|bytes: &[u8]| {
    for at_end in [false, true] {
        let _ = sniff_text(bytes, at_end);
    }
    let text = text_of(bytes, 3);
    assert_eq!(text, text_of(bytes, 1 << 16), "how much a read returns must not show");
    if Compression::of(bytes) == Compression::None && !bytes.is_empty() {
        assert_eq!(text.as_deref(), Some(bytes));
    }
    if !bytes.is_empty() && bytes.len() < 1 << 16 {
        for packed in [run::gzip(bytes), run::zstd(bytes), run::zip(bytes)] {
            assert_eq!(text_of(&packed, 1000).as_deref(), Some(bytes));
        }
        let _ = Input::from_reader("-".to_owned(), Box::new(std::io::Cursor::new(bytes.to_vec())));
    }
});
