//! Is this CVRS text at all? Decided on the first bytes, and only where nothing is left to check.
//!
//! The order matters: wide characters first (their tabs are not bytes that the other checks look for), then what a
//! file is by its first bytes, then blank files, line ends and separators. A first line with one tab in it is left
//! to the header, whatever else it holds, except for HL7, which the reference validator tells by three letters.

use memchr::{memchr, memchr_iter, memchr2};

use super::compression::Compression;

/// The bytes of uncompressed text that [`sniff_text`] wants to see; fewer only where the text is shorter.
pub const SNIFF_BYTES: usize = 64 * 1024;

/// What separates the columns where a tab should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// `|`
    Pipe,
}

impl Separator {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Comma => "comma-separated",
            Self::Semicolon => "semicolon-separated",
            Self::Pipe => "pipe-separated",
        }
    }
}

/// Why a text is no CVRS file; the message holds the code, where there is one, the cause and the remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NotCvrs {
    /// No byte, or nothing but a byte order mark.
    #[error("FMT_003: the file is empty; give a CVRS text file with its header line")]
    Empty,
    /// Nothing but line ends and blanks.
    #[error("FMT_003: the file holds only blank lines; give a CVRS text file with its header line")]
    BlankLines,
    /// The header is not the first line.
    #[error("FMT_001: the first line is blank; remove what stands before the header line")]
    BlankFirstLine,
    /// The first line is divided by something else than tabs.
    #[error("FMT_001: the file is {}, not tab-delimited; export it again as tab-delimited text", .0.as_str())]
    Separated(Separator),
    /// The first line has neither a tab nor another separator.
    #[error("FMT_001: the first line has no tab; export the data again as tab-delimited text with a header line")]
    NoTab,
    /// Lines end in CR without LF.
    #[error("the lines end in CR alone (old Macintosh); save the file with LF or CRLF line ends")]
    CrOnly,
    /// Two bytes a character.
    #[error("the text is UTF-16; save the file as UTF-8")]
    Utf16,
    /// Four bytes a character.
    #[error("the text is UTF-32; save the file as UTF-8")]
    Utf32,
    /// A workbook: Office Open XML or OpenDocument, within a zip, or the binary format before them.
    #[error("this is a spreadsheet or another office document; save the sheet as tab-delimited text")]
    Spreadsheet,
    /// A PDF document.
    #[error("this is a PDF document; export the data as tab-delimited text")]
    Pdf,
    /// Rich Text Format.
    #[error("this is an RTF document; export the data as tab-delimited text")]
    Rtf,
    /// HL7 version 2, a message or a batch.
    #[error("this is HL7, which is not read here; make CVRS text of it first: cvrs convert --to cvrs")]
    Hl7,
    /// HL7 version 2 in which no dose or refusal is told.
    #[error("this is HL7 without an RXA segment; give messages that tell a vaccination or a refusal (VXU)")]
    Hl7WithoutDose,
    /// An HL7 message that is none: so much stands between two MSH segments.
    #[error("the HL7 message at line {0} is longer than 64 MiB, which none is; look for missing line ends")]
    Hl7TooLong(u64),
    /// Something else than the HL7 that it was said to be.
    #[error("this is no HL7 version 2 text; give messages that begin with MSH, or leave --from out")]
    NoHl7,
    /// Something else than the CSV that it was said to be.
    #[error("this is no CSV; give comma-separated text with a header line of column names, or leave --from out")]
    NoCsv,
    /// A quote in CSV that is not closed, and the line on which its row begins.
    #[error("a cell in quotes does not end; look for a quote without its closing one from line {0} on")]
    OpenQuote(u64),
    /// XML, such as FHIR or CDA.
    #[error("this is XML; export the data as tab-delimited CVRS text")]
    Xml,
    /// A web page, often the log-in page of a download.
    #[error("this is a web page (HTML); download the file again, or export the data as tab-delimited text")]
    Html,
    /// JSON or JSON Lines.
    #[error("this is JSON; export the data as tab-delimited CVRS text")]
    Json,
    /// Apache Parquet.
    #[error("this is a Parquet file; export the data as tab-delimited CVRS text")]
    Parquet,
    /// Apache Arrow, file or stream.
    #[error("this is an Arrow file; export the data as tab-delimited CVRS text")]
    Arrow,
    /// A tar archive, as a `.tar.gz` holds.
    #[error("this is a tar archive; unpack it and give the text file in it")]
    Tar,
    /// A compression that is not read here.
    #[error("{0} compression is not supported; unpack the file, or use gzip, zstd or zip")]
    Unsupported(&'static str),
    /// A compressed file within a compressed file.
    #[error("what is packed is itself a {0} file; unpack it once and give what is inside")]
    Nested(Compression),
}

/// Judges the first bytes of the uncompressed text: the first [`SNIFF_BYTES`], or all where `at_end` says so.
///
/// With fewer bytes and `at_end` false it decides only what these bytes show. `Ok` means that there may be a
/// header, not that there is one.
///
/// # Errors
/// The reason why there is nothing to check. Cost: one pass over `head` at most.
pub fn sniff_text(head: &[u8], at_end: bool) -> Result<(), NotCvrs> {
    if let Some(found) = wide(head) {
        return Err(found);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if text.is_empty() {
        return if at_end { Err(NotCvrs::Empty) } else { Ok(()) };
    }
    if let Some(found) = binary(text) {
        return Err(found);
    }
    let Some(first) = text.iter().position(|&byte| !is_blank(byte)) else {
        return if at_end { Err(NotCvrs::BlankLines) } else { Ok(()) };
    };
    if let Some(found) = document(&text[first..]) {
        return Err(found);
    }
    lines(text, at_end)
}

/// Blank lines, and the start byte of an HL7 message on a wire (VT).
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
}

/// UTF-16 and UTF-32, by their marks or by NULs at every second byte, or three in four.
fn wide(head: &[u8]) -> Option<NotCvrs> {
    match head {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Some(NotCvrs::Utf32),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Some(NotCvrs::Utf16),
        _ => {}
    }
    // Whole units only; two of them at least. A header is ASCII, so that every unit shows the pattern.
    let repeats = |unit: usize, letter: usize| {
        let sample = &head[..head.len().min(64) / unit * unit];
        sample.len() >= 2 * unit && sample.iter().enumerate().all(|(i, &byte)| (byte != 0) == (i % unit == letter))
    };
    if repeats(4, 0) || repeats(4, 3) {
        Some(NotCvrs::Utf32)
    } else if repeats(2, 0) || repeats(2, 1) {
        Some(NotCvrs::Utf16)
    } else {
        None
    }
}

/// Formats with a signature that no text begins with.
fn binary(text: &[u8]) -> Option<NotCvrs> {
    const SIGNATURES: &[(&[u8], NotCvrs)] = &[
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", NotCvrs::Spreadsheet),
        (b"\xfd7zXZ\0", NotCvrs::Unsupported("xz")),
        (b"7z\xbc\xaf\x27\x1c", NotCvrs::Unsupported("7z")),
        (b"Rar!\x1a\x07", NotCvrs::Unsupported("rar")),
        (b"\x04\x22\x4d\x18", NotCvrs::Unsupported("lz4")),
        (b"\x1f\x9d", NotCvrs::Unsupported("compress (.Z)")),
        (b"LZIP\x01", NotCvrs::Unsupported("lzip")),
        (b"ARROW1\0\0", NotCvrs::Arrow),
        (b"\xff\xff\xff\xff", NotCvrs::Arrow),
    ];
    if let Some(&(_, found)) = SIGNATURES.iter().find(|(signature, _)| text.starts_with(signature)) {
        return Some(found);
    }
    match Compression::of(text) {
        Compression::None => {}
        nested => return Some(NotCvrs::Nested(nested)),
    }
    // Then come the marks of a block or, in an empty file, of the end.
    if let [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..] = text
        && (rest.starts_with(b"1AY&SY") || rest.starts_with(b"\x17\x72\x45\x38\x50\x90"))
    {
        return Some(NotCvrs::Unsupported("bzip2"));
    }
    // Four letters that a word could begin with: what follows is the length of a page, with a NUL in it.
    if text.starts_with(b"PAR1") && memchr(0, &text[..text.len().min(64)]).is_some() {
        return Some(NotCvrs::Parquet);
    }
    (text.get(257..262) == Some(b"ustar")).then_some(NotCvrs::Tar)
}

/// Formats of text, told by how they begin; `text` begins with what is not blank.
fn document(text: &[u8]) -> Option<NotCvrs> {
    let starts = |word: &[u8]| text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    if let [a, b, c, separator, ..] = text
        && matches!(&[*a, *b, *c], b"MSH" | b"FHS" | b"BHS" | b"BTS" | b"FTS")
        && (separator.is_ascii_graphic() && !separator.is_ascii_alphanumeric() && *separator != b'_')
    {
        return Some(NotCvrs::Hl7);
    }
    if text.starts_with(b"%PDF-") {
        return Some(NotCvrs::Pdf);
    }
    if text.starts_with(b"{\\rtf") {
        return Some(NotCvrs::Rtf);
    }
    if starts(b"<?xml") {
        return Some(NotCvrs::Xml);
    }
    if starts(b"<!doctype html") || starts(b"<html") {
        return Some(NotCvrs::Html);
    }
    // What follows may as well be a spoilt column name; a tab on the line speaks for that.
    let line = &text[..memchr2(b'\n', b'\r', text).unwrap_or(text.len())];
    if memchr(b'\t', line).is_some() {
        return None;
    }
    let (&mark, rest) = text.split_first()?;
    let next = rest.iter().copied().find(|&byte| !is_blank(byte));
    match (mark, next?) {
        (b'<', b'!' | b'a'..=b'z' | b'A'..=b'Z') => Some(NotCvrs::Xml),
        (b'{', b'"' | b'}') | (b'[', b'"' | b'{' | b'[' | b']') => Some(NotCvrs::Json),
        _ => None,
    }
}

/// Blank first lines, line ends and separators; something in `text` is not blank.
fn lines(text: &[u8], at_end: bool) -> Result<(), NotCvrs> {
    let line = if let Some(end) = memchr(b'\n', text) {
        &text[..end]
    } else {
        // Of a CRLF the LF may lie beyond the head: one CR proves something only at the end.
        let crs = memchr_iter(b'\r', text).count();
        let cr_only = crs >= if at_end { 1 } else { 2 };
        if cr_only && memchr(b'\t', text).is_some() {
            return Err(NotCvrs::CrOnly);
        }
        if !cr_only && !at_end && text.len() < SNIFF_BYTES - 3 {
            return Ok(());
        }
        &text[..memchr(b'\r', text).unwrap_or(text.len())]
    };
    if memchr(b'\t', line).is_some() {
        return Ok(());
    }
    if line.iter().all(|&byte| is_blank(byte)) {
        return Err(NotCvrs::BlankFirstLine);
    }
    let count = |separator: u8| memchr_iter(separator, line).count();
    let candidates =
        [(count(b','), Separator::Comma), (count(b';'), Separator::Semicolon), (count(b'|'), Separator::Pipe)];
    // The first of equals, so that a comma wins.
    match candidates.into_iter().rev().max_by_key(|&(n, _)| n) {
        Some((1.., separator)) => Err(NotCvrs::Separated(separator)),
        _ => Err(NotCvrs::NoTab),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_may_be_a_header_goes_on() {
        for text in [
            "vax_event_id\text_type\n1\tD\n",
            "vax_event_id\text_type\r\n1\tD\r\n",
            "\u{feff}vax_event_id\text_type\n",
            "vax_event_id\text_type",
            "\"vax_event_id\"\t\"ext_type, all\"\n",
            "a|b;c,d\te\n",
            "MSH\tFHS\nMSH|x\ty\n",
            "FTS_code\tx\n",
            "BZh91\tx\n",
            "PAR1\tx\n",
            "PK\tx\n",
            "<id>\text_type\n",
            "{id}\text_type\n",
            "[\"id\"]\text_type\n",
            "\t\nvax_event_id\tx\n",
            " \t \nx",
        ] {
            assert_eq!(sniff_text(text.as_bytes(), true), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn what_leaves_nothing_to_check_is_named() {
        use NotCvrs::*;
        let tar = {
            let mut t = vec![b'a'; 300];
            t[257..262].copy_from_slice(b"ustar");
            t
        };
        let utf16 = |be: bool| -> Vec<u8> {
            "vax_event_id\tx\r\n"
                .encode_utf16()
                .flat_map(|u| if be { u.to_be_bytes() } else { u.to_le_bytes() })
                .collect()
        };
        let utf32 = |be: bool| -> Vec<u8> {
            "vax\tx\r\n"
                .chars()
                .flat_map(|c| if be { u32::from(c).to_be_bytes() } else { u32::from(c).to_le_bytes() })
                .collect()
        };
        let cases: &[(&[u8], NotCvrs)] = &[
            (b"", Empty),
            (b"\xef\xbb\xbf", Empty),
            (b"\n", BlankLines),
            (b"\xef\xbb\xbf\r\n  \r\n\t\r\n", BlankLines),
            (b"\nvax_event_id\tx\n", BlankFirstLine),
            (b"  \r\nvax_event_id\tx\n", BlankFirstLine),
            (b"vax_event_id,ext_type\n1,D\n", Separated(Separator::Comma)),
            (b"vax_event_id,ext_type\n1\tD\n", Separated(Separator::Comma)),
            (b"\"vax_event_id\";\"ext_type\"", Separated(Separator::Semicolon)),
            (b"a|b|c,d\n", Separated(Separator::Pipe)),
            (b"a,b\rc,d\r", Separated(Separator::Comma)),
            (b"This is not a\n", NoTab),
            (b"vax_event_id", NoTab),
            (b"a\tb\r1\t2\r", CrOnly),
            (b"a\tb\r1\t2", CrOnly),
            (b"a\tb\r", CrOnly),
            (&utf16(false), Utf16),
            (&utf16(true), Utf16),
            (b"\xff\xfev\0a\0", Utf16),
            (b"\xfe\xff\0v\0a", Utf16),
            (&utf32(false), Utf32),
            (&utf32(true), Utf32),
            (b"\xff\xfe\0\0v\0\0\0", Utf32),
            (b"\0\0\xfe\xff\0\0\0v", Utf32),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", Spreadsheet),
            (b"%PDF-1.7\n%\xe2\xe3\n", Pdf),
            (b"{\\rtf1\\ansi a}", Rtf),
            (b"MSH|^~\\&|A|B\r", Hl7),
            (b"\xef\xbb\xbf\r\n FHS|^~\\&|A\r", Hl7),
            (b"\x0bMSH|^~\\&|A\tB\n", Hl7),
            (b"BHS#^~\\&\n", Hl7),
            (b"BTS|1\n", Hl7),
            (b"FTS|1\n", Hl7),
            (b"<?xml version=\"1.0\"?>\n<a/>", Xml),
            (b"<Bundle xmlns=\"http://hl7.org/fhir\">\n", Xml),
            (b"\n<!-- a -->", Xml),
            (b"<!DOCTYPE html>\n", Html),
            (b"<HTML>\n", Html),
            (b"{\n\t\"resourceType\": 1}", Json),
            (b"[{\"a\":1}]", Json),
            (b"{}", Json),
            (b"PAR1\x15\x04\x15\0\x15", Parquet),
            (b"ARROW1\0\0\xff\xff", Arrow),
            (b"\xff\xff\xff\xff\x10\0\0\0", Arrow),
            (&tar, Tar),
            (b"BZh91AY&SY\0", Unsupported("bzip2")),
            (b"\xfd7zXZ\0\0", Unsupported("xz")),
            (b"7z\xbc\xaf\x27\x1c\0", Unsupported("7z")),
            (b"Rar!\x1a\x07\0", Unsupported("rar")),
            (b"\x04\x22\x4d\x18d", Unsupported("lz4")),
            (b"\x1f\x9d\x90", Unsupported("compress (.Z)")),
            (b"LZIP\x01\0", Unsupported("lzip")),
            (b"\x1f\x8b\x08\0", Nested(Compression::Gzip)),
            (b"\x28\xb5\x2f\xfd\0", Nested(Compression::Zstd)),
            (b"PK\x03\x04\0", Nested(Compression::Zip)),
        ];
        for &(text, expected) in cases {
            assert_eq!(sniff_text(text, true), Err(expected), "{:?}", text.escape_ascii().to_string());
            let message = expected.to_string();
            assert!(!message.ends_with('.') && !message.contains('\n') && message.contains("; "), "{message}");
        }
    }

    #[test]
    fn codes_stand_in_the_messages() {
        assert!(NotCvrs::Empty.to_string().starts_with("FMT_003: "));
        assert!(NotCvrs::BlankLines.to_string().starts_with("FMT_003: "));
        assert!(NotCvrs::NoTab.to_string().starts_with("FMT_001: "));
        assert_eq!(
            NotCvrs::Separated(Separator::Semicolon).to_string(),
            "FMT_001: the file is semicolon-separated, not tab-delimited; export it again as tab-delimited text"
        );
    }

    #[test]
    fn part_of_a_first_line_decides_nothing() {
        for head in [&b""[..], b"\xef\xbb\xbf", b"vax_event_id", b"a,b", b"\n\n", b"a\tb\r"] {
            assert_eq!(sniff_text(head, false), Ok(()), "{head:?}");
        }
        assert_eq!(sniff_text(b"a\tb\r1\t2\r", false), Err(NotCvrs::CrOnly));
        assert_eq!(sniff_text(&vec![b'a'; SNIFF_BYTES], false), Err(NotCvrs::NoTab));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_panic(head in prop::collection::vec(any::<u8>(), 0..400), at_end: bool) {
            let _ = sniff_text(&head, at_end);
        }

        #[test]
        fn bytes_that_matter_are_judged_without_panic(
            head in prop::collection::vec(
                prop::sample::select(&b"\0\t\r\n ,;|<{[\"!?\xef\xbb\xbf\xff\xfePK\x03\x04MSHBZh1AY&a\x1f\x8b"[..]), 0..40),
            at_end: bool,
        ) {
            let _ = sniff_text(&head, at_end);
        }

        #[test]
        fn first_line_of_names_and_tabs_goes_on(
            header in "\u{feff}?[a-z_]{1,20}(\t[a-z_\", |;]{0,20}){1,50}", end in "(\r?\n[^\0]{0,50})?",
        ) {
            prop_assert_eq!(sniff_text(format!("{header}{end}").as_bytes(), true), Ok(()));
        }
    }
}
