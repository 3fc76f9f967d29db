//! Real inputs through the public path: what is opened, and what is refused with which words.
#![cfg(feature = "io")]
#![expect(clippy::disallowed_methods, reason = "inputs are files")]

use std::fs::{self, File};
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use cvrs_engine::io::{
    Body, Compression, Input, InputCause, InputError, NotCvrs, SNIFF_BYTES, read_exact_at, sniff_text,
};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const TEXT: &[u8] = b"vax_event_id\text_type\nA1\tD\nA2\tI\n";

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn put(dir: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn gz(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zst(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 3).unwrap()
}

/// A zip of these entries; a name that ends in `/` is a folder.
fn zipped(entries: &[(&str, &[u8])], method: CompressionMethod, large: bool) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method).large_file(large);
    for (name, bytes) in entries {
        if name.ends_with('/') {
            writer.add_directory(*name, options).unwrap();
        } else {
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn deflated(entries: &[(&str, &[u8])]) -> Vec<u8> {
    zipped(entries, CompressionMethod::Deflated, false)
}

fn read_body(input: &mut Input) -> Result<Vec<u8>, InputError> {
    let mut text = Vec::new();
    match input.body()? {
        Body::Plain { file, len } => {
            text.resize(usize::try_from(len).unwrap(), 0);
            read_exact_at(&file, &mut text, 0).map_err(|error| InputError::from_stream(input.name(), error))?;
        }
        Body::Stream(mut reader) => {
            reader.read_to_end(&mut text).map_err(|error| InputError::from_stream(input.name(), error))?;
        }
    }
    Ok(text)
}

/// As the pipeline does: open, read, judge the head.
fn read_path(path: &Path) -> Result<Vec<u8>, InputError> {
    let mut input = Input::open(path)?;
    let text = read_body(&mut input)?;
    let head = &text[..text.len().min(SNIFF_BYTES)];
    sniff_text(head, head.len() == text.len()).map_err(|cause| InputError::new(input.name(), cause))?;
    Ok(text)
}

fn piped(bytes: Vec<u8>) -> Input {
    Input::from_reader("-".into(), Box::new(Cursor::new(bytes))).unwrap()
}

fn packings() -> Vec<(&'static str, Vec<u8>, Compression)> {
    let (one, two) = TEXT.split_at(20);
    let member: &[(&str, &[u8])] = &[("a.txt", TEXT)];
    vec![
        ("plain", TEXT.to_vec(), Compression::None),
        ("gzip", gz(TEXT), Compression::Gzip),
        ("gzip of two members", [gz(one), gz(two)].concat(), Compression::Gzip),
        ("zstd", zst(TEXT), Compression::Zstd),
        ("zstd of two frames", [zst(one), zst(two)].concat(), Compression::Zstd),
        ("zip, stored", zipped(member, CompressionMethod::Stored, false), Compression::Zip),
        ("zip, deflated", deflated(member), Compression::Zip),
        ("zip64", zipped(member, CompressionMethod::Deflated, true), Compression::Zip),
    ]
}

#[test]
fn every_packing_gives_the_same_text_from_file_and_pipe_twice() {
    let dir = dir();
    for (what, bytes, compression) in packings() {
        // The name says nothing.
        let path = put(&dir, "a.pdf", &bytes);
        assert_eq!(read_path(&path).unwrap(), TEXT, "{what}");
        let mut input = Input::open(&path).unwrap();
        assert_eq!(input.compression(), compression);
        assert_eq!(input.stored_len(), Some(bytes.len() as u64));
        assert!(input.is_rewindable());
        for _ in 0..2 {
            assert_eq!(read_body(&mut input).unwrap(), TEXT, "{what}");
        }
        assert_eq!(read_body(&mut piped(bytes.clone())).unwrap(), TEXT, "{what} through a pipe");
        let mut input = piped(bytes.clone()).rewindable(Some(dir.path())).unwrap();
        assert_eq!(input.stored_len(), Some(bytes.len() as u64));
        for _ in 0..2 {
            assert_eq!(read_body(&mut input).unwrap(), TEXT, "{what} through a pipe, rewound");
        }
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "what was spooled has no name");
}

#[test]
fn two_bodies_do_not_disturb_each_other() {
    let dir = dir();
    for (what, bytes, compression) in packings() {
        if compression == Compression::None {
            continue;
        }
        let mut input = Input::open(&put(&dir, "a", &bytes)).unwrap();
        let (Body::Stream(mut one), Body::Stream(mut two)) = (input.body().unwrap(), input.body().unwrap()) else {
            panic!("{what} is a stream");
        };
        let (mut a, mut b) = ([0; 5], [0; 5]);
        one.read_exact(&mut a).unwrap();
        two.read_exact(&mut b).unwrap();
        assert_eq!((&a[..], &b[..]), (&TEXT[..5], &TEXT[..5]), "{what}");
    }
}

#[test]
fn progress_counts_stored_bytes() {
    let dir = dir();
    for (what, bytes, _) in packings() {
        let mut input = piped(bytes.clone());
        let consumed = input.consumed();
        read_body(&mut input).unwrap();
        let n = consumed.load(Ordering::Relaxed);
        // Of a zip the directory is not part of what is counted.
        assert!(n > 0 && n <= bytes.len() as u64, "{what}: {n}");
        let mut input = Input::open(&put(&dir, "a", &bytes)).unwrap();
        let consumed = input.consumed();
        for _ in 0..2 {
            if let Body::Stream(mut reader) = input.body().unwrap() {
                io::copy(&mut reader, &mut io::sink()).unwrap();
                let n = consumed.load(Ordering::Relaxed);
                assert!(n > 0 && n <= bytes.len() as u64, "{what}: {n}");
            }
        }
    }
}

#[test]
fn pipe_can_be_read_once_unless_rewindable() {
    let mut input = piped(TEXT.to_vec());
    assert!(!input.is_rewindable() && input.stored_len().is_none());
    read_body(&mut input).unwrap();
    let error = input.body().unwrap_err();
    assert!(matches!(error.cause(), InputCause::AlreadyRead), "{error}");
}

#[test]
fn spool_that_cannot_be_made_is_told() {
    let error = piped(TEXT.to_vec()).rewindable(Some(Path::new("/nonexistent/folder"))).unwrap_err();
    assert!(matches!(error.cause(), InputCause::Spool(_)), "{error}");
    assert!(error.to_string().starts_with("-: cannot hold the input in a temporary file: "), "{error}");
}

#[test]
fn missing_file_and_folder_are_told() {
    let dir = dir();
    let path = dir.path().join("missing.txt");
    let error = Input::open(&path).unwrap_err();
    assert_eq!(error.to_string(), format!("{}: no such file; check the name and the folder", path.display()));
    let error = Input::open(dir.path()).unwrap_err();
    assert!(matches!(error.cause(), InputCause::IsDirectory), "{error}");
    assert!(matches!(Input::open(Path::new("")).unwrap_err().cause(), InputCause::NotFound));
}

#[cfg(unix)]
#[test]
fn unreadable_file_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let dir = dir();
    let path = put(&dir, "a.txt", TEXT);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(&path).is_ok() {
        return; // The superuser may read it: there is nothing to refuse.
    }
    let error = Input::open(&path).unwrap_err();
    assert!(matches!(error.cause(), InputCause::PermissionDenied), "{error}");
}

#[test]
fn empty_inputs_carry_their_code() {
    let dir = dir();
    for bytes in [&b""[..], b"\xef\xbb\xbf", &gz(b""), &zst(b""), &deflated(&[("a.txt", b"")])] {
        let error = read_path(&put(&dir, "a.txt", bytes)).unwrap_err();
        assert!(matches!(error.cause(), InputCause::NotCvrs(NotCvrs::Empty)), "{error}");
        assert!(error.to_string().contains("a.txt: FMT_003: the file is empty; "), "{error}");
    }
    let error = Input::from_reader("-".into(), Box::new(io::empty())).unwrap_err();
    assert_eq!(error.to_string(), "-: FMT_003: the file is empty; give a CVRS text file with its header line");
}

#[test]
fn messages_never_hold_what_stands_in_the_file() {
    let dir = dir();
    for bytes in [&b"Zaphod,Beeblebrox\n"[..], b"Zaphod Beeblebrox", b"MSH|^~\\&|Zaphod\r", b"Zaphod\tB\rx\ty\r"] {
        for bytes in [bytes.to_vec(), gz(bytes)] {
            let error = read_path(&put(&dir, "a", &bytes)).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("Zaphod"), "{error:?}");
        }
    }
}

#[test]
fn packed_in_packed_is_told() {
    let dir = dir();
    for inner in [gz(TEXT), zst(TEXT), deflated(&[("a.txt", TEXT)])] {
        for outer in [gz(&inner), zst(&inner), deflated(&[("a.gz", &inner)])] {
            let error = read_path(&put(&dir, "a", &outer)).unwrap_err();
            assert!(matches!(error.cause(), InputCause::NotCvrs(NotCvrs::Nested(_))), "{error}");
        }
    }
}

#[test]
fn zips_of_anything_but_one_file_are_told() {
    let dir = dir();
    let cause = |entries: &[(&str, &[u8])]| read_path(&put(&dir, "a.zip", &deflated(entries))).unwrap_err();
    assert!(matches!(cause(&[]).cause(), InputCause::ZipEmpty));
    assert!(matches!(cause(&[("a.txt", TEXT), ("b.txt", TEXT)]).cause(), InputCause::ZipMembers));
    assert!(matches!(cause(&[("d/", b"")]).cause(), InputCause::ZipFolder));
    assert!(matches!(cause(&[("d/", b""), ("d/a.txt", TEXT)]).cause(), InputCause::ZipFolder));
    assert!(matches!(cause(&[("d/a.txt", TEXT)]).cause(), InputCause::ZipFolder));
    assert!(matches!(cause(&[("a.txt", TEXT), ("__MACOSX/._a.txt", b"x")]).cause(), InputCause::ZipExtras));
    assert!(matches!(cause(&[("a.txt", TEXT), (".DS_Store", b"x")]).cause(), InputCause::ZipExtras));
    let workbook: &[(&str, &[u8])] = &[("[Content_Types].xml", b"<x/>"), ("xl/styles.xml", b"<x/>")];
    assert!(matches!(cause(workbook).cause(), InputCause::NotCvrs(NotCvrs::Spreadsheet)));
    let ods: &[(&str, &[u8])] = &[("mimetype", b"application/x"), ("content.xml", b"<x/>")];
    assert!(matches!(cause(ods).cause(), InputCause::NotCvrs(NotCvrs::Spreadsheet)));
}

/// Sets the general purpose flag `bit` in the local header and the directory entry of the only member.
fn with_flag(mut bytes: Vec<u8>, bit: u8) -> Vec<u8> {
    let entry = find(&bytes, b"PK\x01\x02");
    bytes[6] |= bit;
    bytes[entry + 8] |= bit;
    bytes
}

fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|window| window == what).unwrap()
}

#[test]
fn encrypted_and_oddly_compressed_members_are_told() {
    let dir = dir();
    let bytes = with_flag(deflated(&[("a.txt", TEXT)]), 1);
    let error = read_path(&put(&dir, "a.zip", &bytes)).unwrap_err();
    assert!(matches!(error.cause(), InputCause::ZipEncrypted), "{error}");
    let mut bytes = deflated(&[("a.txt", TEXT)]);
    let entry = find(&bytes, b"PK\x01\x02");
    bytes[8] = 9;
    bytes[entry + 10] = 9;
    let error = read_path(&put(&dir, "a.zip", &bytes)).unwrap_err();
    assert!(error.to_string().contains("compression method Deflate64"), "{error}");
}

#[test]
fn every_cut_zip_is_told() {
    let dir = dir();
    let whole = deflated(&[("a.txt", TEXT)]);
    for cut in Compression::MAGIC_BYTES..whole.len() {
        let error = read_path(&put(&dir, "a.zip", &whole[..cut])).unwrap_err();
        let cut_short = matches!(error.cause(), InputCause::CutShort(Compression::Zip));
        // Within the last record, its mark is still there.
        let corrupt = matches!(error.cause(), InputCause::Corrupt(Compression::Zip));
        assert!(cut_short || (corrupt && cut > whole.len() - 22), "{cut}: {error}");
    }
}

#[test]
fn damaged_zips_are_told() {
    let dir = dir();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let bytes = zipped(&[("a.txt", TEXT)], method, false);
        let entry = find(&bytes, b"PK\x01\x02");
        // Checksum, size and the data themselves. (The packed size is not decisive: Deflate knows its own end.)
        for at in [entry + 16, entry + 24, entry - 3] {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            let error = read_path(&put(&dir, "a.zip", &bytes)).unwrap_err();
            assert!(
                matches!(error.cause(), InputCause::Corrupt(Compression::Zip)),
                "{method:?} {}: {error}",
                at - entry
            );
        }
    }
}

#[test]
fn any_flipped_byte_of_a_zip_is_told_or_harmless() {
    let dir = dir();
    let whole = deflated(&[("a.txt", TEXT)]);
    for at in Compression::MAGIC_BYTES..whole.len() {
        for flip in [1, 0x20, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            if let Ok(text) = read_path(&put(&dir, "a.zip", &bytes)) {
                assert_eq!(text, TEXT, "byte {at}");
            }
        }
    }
}

#[test]
fn cut_and_damaged_streams_name_the_file() {
    let dir = dir();
    for (bytes, word) in [(gz(TEXT), "gzip"), (zst(TEXT), "zstd")] {
        let path = put(&dir, "a.packed", &bytes[..bytes.len() - 3]);
        let error = read_path(&path).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{}: the {word} data end early; copy or download the file again", path.display())
        );
    }
    let mut bytes = gz(TEXT);
    let at = bytes.len() - 5;
    bytes[at] ^= 1;
    let error = read_path(&put(&dir, "a.gz", &bytes)).unwrap_err();
    assert!(matches!(error.cause(), InputCause::Corrupt(Compression::Gzip)), "{error}");
    let error = read_path(&put(&dir, "a.gz", &[gz(TEXT), b"more".to_vec()].concat())).unwrap_err();
    assert!(matches!(error.cause(), InputCause::TrailingData(Compression::Gzip)), "{error}");
}

#[test]
fn growth_is_not_seen_and_a_cut_is_told() {
    let dir = dir();
    let path = put(&dir, "a.txt", TEXT);
    let mut input = Input::open(&path).unwrap();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"A3\tD\n").unwrap();
    assert_eq!(read_body(&mut input).unwrap(), TEXT);
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(5).unwrap();
    let error = read_body(&mut input).unwrap_err();
    assert!(matches!(error.cause(), InputCause::Changed), "{error}");
}

#[test]
fn failing_reader_is_told() {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => Err(io::ErrorKind::Interrupted.into()),
                2 => {
                    buf[..4].copy_from_slice(&gz(TEXT)[..4]);
                    Ok(4)
                }
                _ => Err(io::Error::from_raw_os_error(5)),
            }
        }
    }
    let mut input = Input::from_reader("-".into(), Box::new(Failing(0))).unwrap();
    assert_eq!(input.compression(), Compression::Gzip);
    let error = read_body(&mut input).unwrap_err();
    assert!(matches!(error.cause(), InputCause::Io(_)), "not a fault of the data: {error}");
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn files_without_a_length_are_read_to_their_end() {
        let mut input = Input::open(Path::new("/proc/self/status")).unwrap();
        assert!(matches!(input.body().unwrap(), Body::Stream(_)));
        let mut input = Input::open(Path::new("/proc/self/status")).unwrap().rewindable(None).unwrap();
        let text = read_body(&mut input).unwrap();
        assert!(text.starts_with(b"Name:\t"));
        assert_eq!(read_body(&mut input).unwrap(), text);
    }

    #[test]
    fn fifos_and_descriptors_are_opened_by_path() {
        let dir = dir();
        for (what, bytes, _) in packings() {
            let path = dir.path().join("fifo");
            rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
            let writer = std::thread::spawn({
                let (path, bytes) = (path.clone(), bytes.clone());
                move || fs::write(path, bytes).unwrap()
            });
            assert_eq!(read_path(&path).unwrap(), TEXT, "{what}");
            writer.join().unwrap();
            fs::remove_file(&path).unwrap();

            let (reader, mut writer) = io::pipe().unwrap();
            writer.write_all(&bytes).unwrap();
            drop(writer);
            let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
            assert_eq!(read_path(&path).unwrap(), TEXT, "{what}");
        }
    }

    #[test]
    fn file_id_tells_input_from_output() {
        let dir = dir();
        let path = put(&dir, "a.txt", TEXT);
        fs::hard_link(&path, dir.path().join("b.txt")).unwrap();
        let input = Input::open(&path).unwrap();
        let id = |name: &str| cvrs_engine::io::FileId::of(&dir.path().join(name));
        assert_eq!(input.file_id(), id("b.txt").as_ref());
        assert_ne!(input.file_id(), id("c.txt").as_ref());
    }

    /// Standard input belongs to the process: the test starts itself again with another one.
    #[test]
    fn standard_input_is_read_from_where_it_stands() {
        const MARK: &str = "CVRS_IO_TEST_CHILD";
        if std::env::var_os(MARK).is_some() {
            let mut input = Input::from_argument(Path::new("-")).unwrap();
            assert_eq!(input.name(), "-");
            let plain = input.stored_len().is_some();
            let text = read_body(&mut input).unwrap();
            fs::write(std::env::var_os(MARK).unwrap(), format!("{plain} {}", text.len())).unwrap();
            return;
        }
        let dir = dir();
        let out = dir.path().join("out");
        let run = |stdin: std::process::Stdio| {
            let status = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "linux::standard_input_is_read_from_where_it_stands"])
                .env(MARK, &out)
                .stdin(stdin)
                .stdout(std::process::Stdio::null())
                .status()
                .unwrap();
            assert!(status.success());
            fs::read_to_string(&out).unwrap()
        };
        let path = put(&dir, "a.txt", TEXT);
        assert_eq!(run(File::open(&path).unwrap().into()), format!("true {}", TEXT.len()));
        let mut advanced = File::open(&path).unwrap();
        advanced.read_exact(&mut [0; 10]).unwrap();
        assert_eq!(run(advanced.into()), format!("false {}", TEXT.len() - 10));
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(TEXT).unwrap();
        drop(writer);
        assert_eq!(run(reader.into()), format!("false {}", TEXT.len()));
    }
}
