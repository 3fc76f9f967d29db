//! The reader of HL7: what it reads does not depend on how the bytes come, every RXA is accounted for, every row has the
//! columns of its version, and each row can be written again as one message or is told not to be.
#![no_main]

use cvrs_parse::{Header, Index};
use cvrs_report::Level;
use cvrs_transform::hl7::{Deletes, Dialect, ReadOptions, ReadRows, ReadTotals, Reader, WriteOptions, Writer};
use libfuzzer_sys::fuzz_target;

fn read(text: &[u8], options: ReadOptions, piece: usize) -> (Vec<u8>, ReadRows, ReadTotals) {
    let mut reader = Reader::new(options);
    let mut rows = ReadRows::default();
    for piece in text.chunks(piece) {
        reader.feed(piece, &mut rows).expect("shorter than the longest message");
    }
    let totals = reader.finish(&mut rows).expect("shorter than the longest message");
    (reader.header_line(), rows, totals)
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, text)) = data.split_first() else { return };
    let dialect = if choice & 1 == 0 { Dialect::Ig } else { Dialect::Cdc };
    let options = ReadOptions {
        dialect: Some(dialect),
        is_v1: choice & 2 != 0,
        makes_event_ids: choice & 4 != 0,
        fills_defaults: choice & 8 != 0,
        deletes: if choice & 16 == 0 { Deletes::Apart } else { Deletes::AsRows },
        codes: None,
    };
    let (header, whole, totals) = read(text, options, usize::MAX);
    let (_, parts, parts_totals) = read(text, options, usize::from(choice >> 5) + 1);
    assert!(totals.is_conserved());
    assert_eq!((totals, &whole.text, &whole.lines), (parts_totals, &parts.text, &parts.lines));
    assert_eq!((&whole.deletes, &whole.notices), (&parts.deletes, &parts.notices));
    assert!(whole.lines.is_sorted());
    let tabs = header.iter().filter(|&&byte| byte == b'\t').count();
    for row in whole.text.split_inclusive(|&byte| byte == b'\n') {
        assert!(row.ends_with(b"\n") && !row[..row.len() - 1].contains(&b'\r'));
        assert_eq!(row.iter().filter(|&&byte| byte == b'\t').count(), tabs);
    }
    // What was read can be written, or is told not to be, and nothing between.
    let header = Header::parse(&header, None);
    let writer =
        Writer::new(WriteOptions { dialect, ..WriteOptions::new("GAA", "20210117080000-0500", "20210115", "01") });
    let (mut index, mut cells, mut messages, mut written) = (Index::default(), Vec::new(), Vec::new(), 0);
    index.build(&whole.text);
    for line in index.lines(&whole.text) {
        let (before, mut findings) = (messages.len(), Vec::new());
        writer.push(&index.record(&whole.text, &header, line, &mut cells), 1, &mut messages, &mut findings);
        let is_refused = findings.iter().any(|finding| finding.level == Level::Error);
        assert_eq!(messages.len() == before, is_refused);
        written += u64::from(!is_refused);
    }
    let (_, _, totals) = read(&messages, ReadOptions { deletes: Deletes::AsRows, ..options }, usize::MAX);
    assert_eq!((totals.messages, totals.doses), (written, written));
});
