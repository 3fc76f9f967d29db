use super::*;
use ring::digest::SHA256;
use std::io::{Cursor, Read};

const HEADER: &[u8] = b"vax_event_id\tcvx\tlot_number\n";

/// Records whose text deflates neither to nothing nor not at all.
fn records(n: u64) -> Vec<Vec<u8>> {
    let mut state = 1u64;
    (0..n)
        .map(|at| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("E{at}\t{}\t{:x}\n", state >> 57, state >> 20).into_bytes()
        })
        .collect()
}

fn parts_of(records: &[Vec<u8>], cutting: Cutting, piece: usize) -> Vec<Part> {
    let (mut feed, parts) = cut(cutting);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            feed.header(HEADER).unwrap();
            let mut line = 2;
            for records in records.chunks(piece) {
                feed.push(&records.concat(), line..line + records.len() as u64, &[]).unwrap();
                line += records.len() as u64;
            }
            feed.finish().unwrap();
        });
        parts.map(Result::unwrap).collect()
    })
}

fn cutting(records: u64, bytes: u64, mode: Option<Mode>, threads: usize) -> Cutting {
    let limits = Limits { records, bytes };
    Cutting { limits, mode, threads, coverage: Coverage::default(), again: BTreeMap::new() }
}

fn bytes_of(part: &mut Part) -> Vec<u8> {
    let mut bytes = Vec::new();
    part.body.reader().unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, part.body.len());
    bytes
}

fn text_of(part: &mut Part) -> Vec<u8> {
    let bytes = bytes_of(part);
    if part.mode == Mode::Sync {
        return bytes;
    }
    let mut archive = ::zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = Vec::new();
    archive.by_index(0).unwrap().read_to_end(&mut text).unwrap();
    text
}

/// Every record is in exactly one part, in order, and no part is over a limit.
fn check(records: &[Vec<u8>], parts: &mut [Part], limits: Limits) {
    let (mut all, mut lines) = (Vec::new(), Vec::new());
    for part in parts {
        assert!(part.records <= limits.records && part.body.len() <= limits.bytes, "{part:?}");
        let text = text_of(part);
        assert_eq!(text.len() as u64, part.text_bytes);
        assert_eq!(hex(ring::digest::digest(&SHA256, &text).as_ref()), part.sha256);
        let body = text.strip_prefix(HEADER).unwrap();
        assert_eq!(memchr::memchr_iter(b'\n', body).count() as u64, part.records);
        all.extend_from_slice(body);
        lines.extend((0..part.records).map(|at| part.lines.nth(at).unwrap()));
    }
    assert_eq!(all, records.concat());
    assert_eq!(lines, (2..records.len() as u64 + 2).collect::<Vec<u64>>());
}

#[test]
fn parts_are_within_both_limits_and_lose_nothing() {
    let records = records(40_000);
    for mode in [Mode::Sync, Mode::Async] {
        for (n, bytes) in [(40_000, u64::MAX), (39_999, u64::MAX), (7_000, u64::MAX), (40_000, 100_000), (1_000, 9_000)]
        {
            let cutting = cutting(n, bytes, Some(mode), 2);
            let limits = cutting.limits;
            let mut parts = parts_of(&records, cutting, 700);
            check(&records, &mut parts, limits);
            if bytes == u64::MAX {
                assert_eq!(parts.len() as u64, 40_000u64.div_ceil(n), "{mode:?}");
            }
        }
    }
}

#[test]
fn a_part_is_cut_where_one_record_more_would_be_over() {
    let records = records(3_000);
    let limit = 20_000;
    let mut parts = parts_of(&records, cutting(9_999, limit, Some(Mode::Sync), 1), 100);
    let mut at = 0;
    for part in &mut parts {
        at += part.records as usize;
        if let Some(next) = records.get(at) {
            assert!(part.body.len() + next.len() as u64 > limit);
        }
    }
    let mut parts = parts_of(&records, cutting(9_999, limit, Some(Mode::Async), 1), 100);
    let n = parts.len();
    for part in &mut parts[..n - 1] {
        // A record takes some 12 bytes when it is deflated, and a block some 20 more.
        assert!(part.body.len() > limit - 64, "{part:?}");
    }
}

#[test]
fn neither_threads_nor_the_size_of_pieces_show_in_parts() {
    let records = records(30_000);
    let made = |threads, piece| {
        let mut parts = parts_of(&records, cutting(11_000, 90_000, Some(Mode::Async), threads), piece);
        parts.iter_mut().map(bytes_of).collect::<Vec<_>>()
    };
    let first = made(1, 30_000);
    assert_eq!(first, made(4, 13));
    assert_eq!(first, made(2, 5_000));
}

#[test]
fn one_part_of_up_to_ten_thousand_records_is_sent_at_once() {
    for (n, limit, bytes, mode) in [
        (10_000, 199_999, u64::MAX, Mode::Sync),
        (10_001, 199_999, u64::MAX, Mode::Async),
        (5_000, 4_999, u64::MAX, Mode::Async),
        (5_000, 5_000, u64::MAX, Mode::Sync),
        (5_000, 5_000, 50_000, Mode::Async),
    ] {
        let records = records(n);
        let cutting = cutting(limit, bytes, None, 2);
        let limits = cutting.limits;
        let mut parts = parts_of(&records, cutting, 400);
        assert!(parts.iter().all(|part| part.mode == mode), "{n} {limit} {bytes}");
        check(&records, &mut parts, limits);
    }
    assert!(parts_of(&[], cutting(10, 10_000, None, 1), 1).is_empty());
}

#[test]
fn what_was_sent_is_left_out_and_what_is_unsure_is_made_again_to_the_byte() {
    let records = records(25_000);
    let mut first = parts_of(&records, cutting(6_000, 60_000, Some(Mode::Async), 2), 900);
    assert!(first.len() > 4);
    let mut coverage = Coverage::default();
    coverage.add(&first[0].lines, Owner::Sent);
    coverage.add(&first[2].lines, Owner::Again(77));
    let again = BTreeMap::from([(77, first[2].blocks.clone())]);
    let other = Cutting { coverage, again, ..cutting(9_000, 80_000, Some(Mode::Async), 2) };
    let mut second = parts_of(&records, other, 1_100);
    let whole = bytes_of(&mut first[2]);
    let made: Vec<Vec<u8>> = second.iter_mut().filter(|part| part.again == Some(77)).map(bytes_of).collect();
    assert_eq!(made, [whole]);
    let mut lines: Vec<u64> = first[0].lines.runs().flat_map(|(first, n)| first..first + n).collect();
    for part in &second {
        lines.extend(part.lines.runs().flat_map(|(first, n)| first..first + n));
    }
    lines.sort_unstable();
    assert_eq!(lines, (2..25_002).collect::<Vec<u64>>());
}

#[test]
fn repeated_ids_of_a_part_are_counted() {
    let mut records = records(100);
    records[70] = records[20].clone();
    records[90] = [b"E3".as_slice(), b"\t9\tother\n"].concat();
    for mode in [Mode::Sync, Mode::Async] {
        let mut parts = parts_of(&records, cutting(80, u64::MAX, Some(mode), 1), 100);
        let repeats: Vec<u64> = parts.iter_mut().map(|part| part.ids().unwrap().1).collect();
        assert_eq!(repeats, [1, 0]);
    }
}

#[test]
fn a_record_that_no_part_can_hold_is_told_with_its_line() {
    let mut records = records(100);
    records[40] = [b"E\t1\t".as_slice(), &b"x".repeat(5_000), b"\n"].concat();
    let (mut feed, mut parts) = cut(cutting(1_000, 3_000, Some(Mode::Sync), 1));
    feed.header(HEADER).unwrap();
    feed.push(&records.concat(), 2..102, &[]).unwrap();
    let _ = feed.finish();
    let error = parts.find_map(Result::err).unwrap();
    assert!(matches!(error, Error::TooLong { line: 42, limit: 3_000 }), "{error}");
}
