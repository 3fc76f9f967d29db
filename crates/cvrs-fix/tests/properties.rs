//! Whatever the text: twice is once, no row is lost, no rule is newly broken, and pieces do not show.

use cvrs_fix::{Example, FIXES, Fixer, Options, Plan, Reading, Scan, Shown, Totals};
use cvrs_parse::{Date, Header, Index};
use cvrs_report::Level;
use cvrs_rules::example::{GOOD, IDENTIFIED, REFUSAL};
use cvrs_rules::{Book, Profile, Seen};
use cvrs_spec::{Field, Version};
use proptest::prelude::*;
use std::collections::HashSet;

const SHOWN: Shown = Shown { ids: true, values: true };

fn today() -> Date {
    Date::parse(b"2021-01-29").expect("a date")
}

fn reading(text: &[u8], plan: &Plan) -> Reading {
    let mut scan = Scan::default();
    scan.push(text);
    scan.reading(plan.asks_for_encoding())
}

fn fix(text: &[u8], plan: &Plan, piece: usize) -> (Vec<u8>, Vec<String>, Totals) {
    let reading = reading(text, plan);
    let (mut out, mut changes) = (Vec::new(), Vec::new());
    let mut fixer = Fixer::new(plan, today()).with_reading(reading);
    let end = if reading.is_cr_only { b'\r' } else { b'\n' };
    let mut rest = text;
    loop {
        let cut = rest.get(piece..).and_then(|far| far.iter().position(|&byte| byte == end));
        let (now, later) = cut.map_or((rest, &[][..]), |at| rest.split_at(piece + at + 1));
        let told = &mut |change: &cvrs_fix::Change<'_>| {
            let shown = [change.shown_before(SHOWN), change.shown_after(SHOWN)]
                .map(|text| String::from_utf8_lossy(&text).into_owned());
            changes.push(format!("{change:?} {shown:?}"));
        };
        fixer.feed(now, later.is_empty(), &mut out, told).expect("memory");
        if later.is_empty() {
            return (out, changes, fixer.totals().clone());
        }
        rest = later;
    }
}

/// What examples put into each column, and a few more.
fn values(field: Field) -> Vec<&'static str> {
    let mut values: Vec<&str> = FIXES
        .iter()
        .flat_map(|fix| fix.examples)
        .flat_map(|example| match *example {
            Example::Safe(given, _) | Example::Consent(given, _) | Example::Stays(given) => given,
            Example::File(..) => &[],
        })
        .chain(GOOD)
        .chain(IDENTIFIED)
        .chain(REFUSAL)
        .filter(|cell| cell.0 == field)
        .map(|cell| cell.1)
        .collect();
    values.extend(["", " ", "\"\"", "\" x \"", "unk", "  Redacted", "\u{A0}", "a\rb", "1/2/2021", "x\u{7F}", "Y "]);
    values
}

/// A cell: mostly as in the good record, else something odd, perhaps wrapped.
fn cell(field: Field) -> impl Strategy<Value = Vec<u8>> {
    let good = GOOD.iter().find(|cell| cell.0 == field).map_or("", |cell| cell.1);
    let odd = prop::sample::select(values(field));
    let wrapped = (prop::sample::select(vec!["", " ", "\"", "\u{200B}", "\r"]), odd.clone())
        .prop_map(|(wrap, value)| format!("{wrap}{value}{wrap}").into_bytes());
    prop_oneof![
        24 => Just(good.as_bytes().to_vec()),
        4 => odd.prop_map(|value| value.as_bytes().to_vec()),
        2 => wrapped,
        1 => "[ -~\u{A0}é\u{301}]{0,6}".prop_map(String::into_bytes),
        1 => Just(b"Jos\xE9".to_vec()),
    ]
}

fn row() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let cells: Vec<_> = Version::V3.columns().iter().map(|&field| cell(field).boxed()).collect();
    (cells, 0u8..40).prop_map(|(mut cells, shape)| {
        match shape {
            0 => cells.truncate(40),
            1 => cells.push(b" surplus ".to_vec()),
            2 => cells = vec![Vec::new()],
            _ => {}
        }
        cells
    })
}

#[derive(Clone, Debug)]
struct Shape {
    end: &'static str,
    is_last_ended: bool,
    header: u8,
    swap: Option<(usize, usize)>,
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let shape = (
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
        any::<bool>(),
        0u8..8,
        prop::option::of((0usize..45, 0usize..45)),
    )
        .prop_map(|(end, is_last_ended, header, swap)| Shape { end, is_last_ended, header, swap });
    (shape, prop::collection::vec(row(), 0..4)).prop_map(|(shape, rows)| {
        let mut names: Vec<Vec<u8>> = Version::V3.columns().iter().map(|field| field.name().into()).collect();
        match shape.header {
            0 => names[3].make_ascii_uppercase(),
            1 => names[5] = [b"\" ", &names[5][..], b"\""].concat(),
            2 => names[7] = b"another_name".to_vec(),
            3 => names[0] = [cvrs_parse::BOM, &names[0][..]].concat(),
            4 => names[0] = [cvrs_parse::BOM, cvrs_parse::BOM, &names[0][..]].concat(),
            _ => {}
        }
        let mut text = Vec::new();
        let n_lines = rows.len() + 1;
        for (at, mut cells) in std::iter::once(names).chain(rows).enumerate() {
            if let Some((left, right)) = shape.swap.filter(|&(left, right)| left.max(right) < cells.len()) {
                cells.swap(left, right);
            }
            if shape.end == "\r" {
                for cell in &mut cells {
                    cell.retain(|&byte| byte != b'\r');
                }
            }
            text.extend_from_slice(&cells.join(&b'\t'));
            if at + 1 < n_lines || shape.is_last_ended {
                text.extend_from_slice(shape.end.as_bytes());
            }
        }
        text
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    let one = (0..FIXES.len(), any::<bool>()).prop_map(|(at, is_consented)| Plan::only(FIXES[at], is_consented));
    let all = any::<(bool, bool)>()
        .prop_map(|(unsafe_fixes, normalise)| Plan::new(&Options { named: Vec::new(), unsafe_fixes, normalise }));
    prop_oneof![2 => all, 1 => one]
}

/// Errors and warnings of each row, by rule and column.
fn findings(text: &[u8]) -> Vec<HashSet<(&'static str, Option<Field>)>> {
    let book = Book::new(&cvrs_rules::Options::new(Profile::Recommended, today()));
    let (header, body) = Header::split_off(text);
    let (mut index, mut scratch) = (Index::default(), Vec::new());
    index.build(body);
    let explain = |line| {
        let mut found = Vec::new();
        book.explain(&index.record(body, &header, line, &mut scratch), &Seen::default(), &mut found);
        found.retain(|finding| finding.level >= Level::Warn);
        found.into_iter().map(|finding| (finding.code, finding.field)).collect()
    };
    index.lines(body).map(explain).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn twice_is_once(text in text(), plan in plan()) {
        let (once, ..) = fix(&text, &plan, usize::MAX);
        let (twice, changes, _) = fix(&once, &plan, usize::MAX);
        prop_assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once));
        prop_assert!(changes.is_empty(), "{:?}", changes);
    }

    #[test]
    fn pieces_do_not_show(text in text(), plan in plan(), piece in 1usize..600) {
        prop_assert_eq!(fix(&text, &plan, piece), fix(&text, &plan, usize::MAX));
    }

    #[test]
    fn every_row_comes_out(text in text(), plan in plan()) {
        let (out, _, totals) = fix(&text, &plan, usize::MAX);
        prop_assert!(out.ends_with(b"\n"));
        let rows = out.split_inclusive(|&byte| byte == b'\n').skip(1);
        let (blank, records): (Vec<_>, Vec<_>) = rows.partition(|row| *row == b"\n");
        prop_assert_eq!((records.len() as u64, blank.len() as u64), (totals.records, totals.blank_lines));
        // As many as there were by the reckoning of who validates the text, unless lines end in CR alone.
        if text.contains(&b'\n') {
            let (mut index, body) = (Index::default(), Header::split_off(&text).1);
            index.build(body);
            let n_blank = index.lines(body).filter(cvrs_parse::Line::is_blank).count() as u64;
            prop_assert_eq!((totals.blank_lines, totals.records), (n_blank, index.n_lines() as u64 - n_blank));
        }
    }

    #[test]
    fn no_rule_is_newly_broken(rows in prop::collection::vec(row(), 1..3), plan in plan()) {
        let rows: Vec<_> = rows.into_iter().filter(|cells| cells.len() == 45 && cells.iter().all(|cell| std::str::from_utf8(cell).is_ok())).collect();
        let mut text = cvrs_rules::example::header(Version::V3).into_bytes();
        text.push(b'\n');
        for cells in rows {
            text.extend_from_slice(&cells.join(&b'\t'));
            text.extend_from_slice(b" \n");
        }
        let (out, ..) = fix(&text, &plan, usize::MAX);
        for (before, after) in findings(&text).iter().zip(findings(&out)) {
            let new: Vec<_> = after.difference(before).collect();
            prop_assert!(new.is_empty(), "{:?}", new);
        }
    }
}

/// Header and row with the last column first, the row's cells laid over the known-good ones.
fn last_column_first(cells: &[(Field, &[u8])]) -> Vec<u8> {
    let columns = Version::V3.columns();
    let good = |field: Field| GOOD.iter().find(|cell| cell.0 == field).map_or(&b""[..], |cell| cell.1.as_bytes());
    let value = |field: Field| cells.iter().find(|cell| cell.0 == field).map_or_else(|| good(field), |cell| cell.1);
    let mut names: Vec<&[u8]> = columns.iter().map(|field| field.name().as_bytes()).collect();
    let mut row: Vec<&[u8]> = columns.iter().map(|&field| value(field)).collect();
    names.rotate_right(1);
    row.rotate_right(1);
    [names.join(&b'\t'), b"\n".to_vec(), row.join(&b'\t'), b"\n".to_vec()].concat()
}

/// A row of mixed encoding keeps its cells, so F36 does not take the carriage return away before F02 moves the cell
/// to the row's end, where a second run took it for the line end.
#[test]
fn a_carriage_return_that_is_moved_to_the_end_of_its_row_is_no_cell() {
    let mixed: [(Field, &[u8]); 3] =
        [(Field::RecipRace1, b"Jos\xE9"), (Field::RecipRace2, "\u{A0}".as_bytes()), (Field::Serology, b"YES\r\r")];
    let text = last_column_first(&mixed);
    let plans = [
        Plan::new(&Options { unsafe_fixes: true, ..Options::default() }),
        Plan::new(&Options::default()),
        Plan::only(cvrs_fix::find("F02").expect("a fix"), false),
    ];
    for plan in plans {
        let (once, changes, _) = fix(&text, &plan, usize::MAX);
        assert!(once.ends_with(b"\tYES\n"), "{}", String::from_utf8_lossy(&once));
        assert!(changes.iter().any(|change| change.contains("F01") || change.contains("F36")), "{changes:?}");
        assert_eq!(fix(&once, &plan, usize::MAX).0, once);
    }
}

/// What a fix leaves at the end of a row, once it has dropped what stood behind, is no line end either.
#[test]
fn a_fix_leaves_no_carriage_return_at_the_end_of_a_row() {
    let last = |value: &str| cvrs_rules::example::file_with(Field::Serology, value.as_bytes());
    for (id, value) in [("F03", "YES\r "), ("F38", "YES\r\u{200B}"), ("F04", "\"YES\r\"")] {
        let plan = Plan::only(cvrs_fix::find(id).expect("a fix"), false);
        let (once, ..) = fix(&last(value), &plan, usize::MAX);
        assert_eq!(once, last("YES"), "{id}");
        assert_eq!(fix(&once, &plan, usize::MAX).0, once, "{id}");
    }
}
