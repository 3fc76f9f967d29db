//! The seeds of the fuzz targets, replayed: each as a text in every form, and as an input whatever it is.

use crate::chunking::check;
use crate::run::stream;
use cvrs_engine::io::{Body, InputError};
use cvrs_rules::{Options, Profile};
use cvrs_testkit::strategy::today;
use std::io::Read;
use std::path::PathBuf;

fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.map(|path| (path.clone(), std::fs::read(path).expect("a seed"))).collect()
}

#[test]
fn texts_are_checked_alike_in_every_form() {
    let seeds = seeds("file");
    assert!(seeds.len() >= 4);
    for (_, text) in seeds {
        for profile in [Profile::Recommended, Profile::Dch, Profile::Strict] {
            for (chunk_bytes, threads, most) in [(1, 2, 1), (13, 3, 5), (700, 2, 4096)] {
                check(&text, &Options::new(profile, today()), chunk_bytes, threads, most);
            }
        }
    }
}

#[test]
fn inputs_are_read_or_refused_whatever_a_read_returns() {
    let seeds = seeds("input");
    assert!(seeds.len() >= 9);
    for (path, bytes) in seeds {
        let read = |most: usize| -> Result<Vec<u8>, String> {
            let mut input = stream(bytes.clone(), most).ok_or("empty")?;
            let mut text = Vec::new();
            match input.body().map_err(|error| error.to_string())? {
                Body::Plain { .. } => panic!("a stream is no file"),
                Body::Stream(mut reader) => reader.read_to_end(&mut text),
            }
            .map_err(|error| InputError::from_stream("-", error).to_string())?;
            Ok(text)
        };
        let whole = read(1 << 16);
        assert_eq!(read(1), whole, "{}", path.display());
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert_eq!(whole.is_ok(), matches!(&*name, "plain.txt" | "one.gz" | "two-members.gz" | "one.zip"), "{name}");
    }
}
