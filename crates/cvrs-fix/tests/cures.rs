//! Generated good records, damaged in the way of each fix: consented to, the fix undoes the damage and its rules are
//! silent; not consented to, a guess is not made.

use cvrs_codes::CodeSets;
use cvrs_fix::{Class, FIXES, Fix, Fixer, Options, Plan, Scan};
use cvrs_generate::{Models, Row};
use cvrs_parse::{Date, Header, Index};
use cvrs_rules::{Book, Profile, Seen};
use cvrs_spec::Field::{self, *};
use cvrs_spec::Version;
use proptest::prelude::*;

/// What is done to a value; `None` where the value cannot be damaged in this way.
type Change = fn(&str, &Row, Field) -> Option<String>;

/// A way to damage a record.
struct Damage {
    fix: &'static str,
    fields: &'static [Field],
    change: Change,
    needs_consent: bool,
    /// Whether the fix restores the record as it was.
    is_undone: bool,
}

const fn safe(fix: &'static str, fields: &'static [Field], change: Change) -> Damage {
    Damage { fix, fields, change, needs_consent: false, is_undone: true }
}

const fn guess(fix: &'static str, fields: &'static [Field], change: Change) -> Damage {
    Damage { needs_consent: true, ..safe(fix, fields, change) }
}

/// A guess after which the record is another one than it was, though a right one.
const fn loss(fix: &'static str, fields: &'static [Field], change: Change) -> Damage {
    Damage { is_undone: false, ..guess(fix, fields, change) }
}

const TEXTS: &[Field] = &[AdminName, ResponsibleOrg, AdminAddressStreet, AdminAddressCity, LotNumber];
const CODES: &[Field] = &[RecipSex, RecipAddressState, VaxRoute, Mvx, VaxRefusal, AdminAddressState, CmorbidStatus];
const SIX: &[Field] =
    &[RecipFirstName, RecipMiddleName, RecipLastName, RecipAddressStreet, RecipAddressStreet2, RecipAddressCity];
const DATES: &[Field] = &[RecipDob, AdminDate, VaxExpiration];
const ZIPS: &[Field] = &[RecipAddressZip, AdminAddressZip];
const COUNTIES: &[Field] = &[RecipAddressCounty, AdminAddressCounty];
const STATES: &[Field] = &[RecipAddressState, AdminAddressState];
const DOSE: &[Field] = &[Ndc, Mvx, LotNumber, VaxAdminSite, VaxRoute, DoseNum, VaxSeriesComplete];
const ANSWERS: &[Field] = &[VaxRefusal, VaxSeriesComplete, CmorbidStatus, Serology];

fn around(value: &str, left: &str, right: &str) -> Option<String> {
    (!value.is_empty()).then(|| format!("{left}{value}{right}"))
}

fn ymd(value: &str) -> Option<[u32; 3]> {
    let parts: Vec<u32> = value.split('-').filter_map(|part| part.parse().ok()).collect();
    parts.try_into().ok()
}

fn replaced(value: &str, from: &str, to: &str) -> Option<String> {
    value.contains(from).then(|| value.replacen(from, to, 1))
}

/// The name of a code in its value set, where it is the only code with that name.
fn display(value: &str, field: Field) -> Option<String> {
    let set = field.value_set(Version::V3)?;
    let meaning = set.find(value.as_bytes())?.meaning;
    (set.codes().iter().filter(|code| code.meaning == meaning).count() == 1).then(|| meaning.to_owned())
}

fn word(value: &str, words: &[(&str, &str)]) -> Option<String> {
    words.iter().find(|(code, _)| *code == value).map(|(_, word)| (*word).to_owned())
}

const DAMAGES: &[Damage] = &[
    safe("F03", TEXTS, |value, _, _| around(value, " ", "  ")),
    safe("F03", CODES, |value, _, _| around(value, "  ", "")),
    safe("F04", TEXTS, |value, _, _| around(value, "\"", "\"")),
    safe("F04", CODES, |value, _, _| around(value, "\"", "\"")),
    safe("F05", CODES, |value, _, _| Some(value.to_ascii_lowercase())),
    safe("F06", SIX, |value, _, _| (value == "Redacted").then(|| "REDACTED".to_owned())),
    safe("F07", DATES, |value, _, _| ymd(value).map(|_| value.replace('-', ""))),
    safe("F08", DATES, |value, _, _| ymd(value).map(|_| format!("{value}T00:00:00"))),
    guess("F08", DATES, |value, _, _| ymd(value).map(|_| format!("{value} 13:45"))),
    safe("F09", DATES, |value, _, _| ymd(value).filter(|ymd| ymd[2] > 12).map(|[y, m, d]| format!("{m}/{d}/{y}"))),
    guess("F10", DATES, |value, _, _| ymd(value).filter(|ymd| ymd[2] <= 12).map(|[y, m, d]| format!("{m:02}-{d}-{y}"))),
    safe("F11", DATES, |value, _, _| ymd(value).filter(|ymd| ymd[2] > 12).map(|[y, m, d]| format!("{d}/{m}/{y}"))),
    safe("F13", DATES, |value, _, _| {
        ymd(value).filter(|ymd| ymd[1].min(ymd[2]) < 10).map(|[y, m, d]| format!("{y}-{m}-{d}"))
    }),
    safe("F14", ZIPS, |value, _, _| replaced(value, "-", "")),
    safe("F15", ZIPS, |value, _, _| value.strip_prefix('0').filter(|zip| zip.len() == 4).map(str::to_owned)),
    safe("F16", ZIPS, |value, _, _| (value.len() == 5).then(|| format!("{value}-"))),
    guess("F16", ZIPS, |value, _, _| (value.len() == 5).then(|| format!("{value}-0000"))),
    safe("F17", COUNTIES, |value, _, _| value.strip_prefix('0').map(str::to_owned)),
    safe("F18", COUNTIES, |value, _, _| value.get(2..).map(str::to_owned)),
    guess("F19", COUNTIES, |value, _, _| {
        CodeSets::builtin().county(value.as_bytes()).map(|county| county.name.to_string())
    }),
    safe("F20", STATES, |value, _, _| {
        CodeSets::builtin().state(value.as_bytes()).map(|state| state.name.to_lowercase())
    }),
    safe("F21", &[Ndc], |value, _, _| (value.len() == 13).then(|| value.replace('-', ""))),
    safe("F22", &[Ndc], |value, _, _| replaced(value, "-0", "-")),
    guess("F23", &[Ndc], |value, _, _| replaced(value, "-0", "-").map(|short| short.replace('-', ""))),
    safe("F24", &[Cvx], |value, _, _| around(value, "0", "")),
    guess("F25", &[VaxRoute, VaxAdminSite], |value, _, field| {
        display(value, field).filter(|name| !name.eq_ignore_ascii_case(value))
    }),
    guess("F26", &[VaxRoute], |value, _, _| (value == "C28161").then(|| "IM".to_owned())),
    safe("F27", &[RecipSex], |value, _, _| word(value, &[("F", "female"), ("M", "Male"), ("U", "UNKNOWN")])),
    safe("F28", ANSWERS, |value, _, _| word(value, &[("YES", "y"), ("NO", "N"), ("UNK", "unknown")])),
    guess("F29", &[RecipRace1, RecipEthnicity], |value, _, field| {
        display(value, field).filter(|name| !name.eq_ignore_ascii_case(value))
    }),
    Damage {
        is_undone: false,
        ..safe("F30", &[RecipRace3], |value, row, _| {
            let is_free = value.is_empty() && row.get(RecipRace2).is_empty();
            let first = row.get(RecipRace1);
            (is_free && !matches!(first, b"" | b"UNK" | b"POL")).then(|| String::from_utf8_lossy(first).into_owned())
        })
    },
    guess("F31", DOSE, |value, row, _| (row.is_refusal() && value.is_empty()).then(|| "1".to_owned())),
    guess("F32", &[ExtType], |value, _, _| (value != "I").then(String::new)),
    guess("F33", &[PprlId], |value, row, _| (value.is_empty() && row.get(ExtType) != b"P").then(|| "t0k3n".to_owned())),
    loss("F34", &[RecipSex, RecipEthnicity, CmorbidStatus, Serology, AdminType], |value, _, _| {
        around(value, "", "").map(|_| String::new())
    }),
    guess("F35", &[Mvx], |value, row, _| (!value.is_empty() && !row.get(Ndc).is_empty()).then(String::new)),
    safe("F36", TEXTS, |value, _, _| replaced(value, " ", "\r")),
    safe("F36", TEXTS, |value, _, _| replaced(value, " ", "\u{7F}\u{1}")),
    safe("F38", TEXTS, |value, _, _| replaced(value, " ", "\u{A0}")),
    safe("F38", CODES, |value, _, _| around(value, "\u{200B}", "")),
    guess("F39", SIX, |value, row, _| (row.get(ExtType) != b"I" && !value.is_empty()).then(|| "Ana".to_owned())),
];

/// Fixes of whole files and of pairs of codes, which `examples.rs` shows one by one, and those that are not offered.
const ELSEWHERE: [&str; 5] = ["F01", "F02", "F12", "F37", "F40"];

fn today() -> Date {
    Date::parse(b"2022-12-31").expect("a date")
}

fn rows(seed: u64) -> Vec<Row> {
    let options =
        cvrs_generate::Options { records: 12, seed, models: Models::Mix, ..cvrs_generate::Options::default() };
    let mut text = Vec::new();
    cvrs_generate::generate(&options, &mut text, None).expect("memory");
    text.split(|&byte| byte == b'\n').skip(1).filter(|line| !line.is_empty()).map(Row::parse).collect()
}

/// The lines after the header.
fn body(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').skip(1).collect()
}

/// The mended text, and which fixes changed each row.
fn fixed(text: &[u8], plan: &Plan) -> (Vec<u8>, Vec<Vec<&'static Fix>>) {
    let mut scan = Scan::default();
    scan.push(text);
    let (mut out, mut fixes) = (Vec::new(), vec![Vec::new(); body(text).len()]);
    let mut fixer = Fixer::new(plan, today()).with_reading(scan.reading(plan.asks_for_encoding()));
    fixer.feed(text, true, &mut out, &mut |change| fixes[change.line as usize - 2].push(change.fix)).expect("memory");
    (out, fixes)
}

/// For each row, the columns in which one of the fix's rules fires.
fn firing(text: &[u8], fix: &Fix) -> Vec<Vec<Field>> {
    let book = Book::new(&cvrs_rules::Options::new(Profile::Recommended, today()));
    let (header, body) = Header::split_off(text);
    let (mut index, mut scratch) = (Index::default(), Vec::new());
    index.build(body);
    let explain = |line| {
        let mut found = Vec::new();
        book.explain(&index.record(body, &header, line, &mut scratch), &Seen::default(), &mut found);
        found.retain(|finding| fix.cures.contains(&finding.code));
        found.into_iter().filter_map(|finding| finding.field).collect()
    };
    index.lines(body).map(explain).collect()
}

/// Damages rows in that way: the good rows, the bad ones, and the column of each.
fn damaged(damage: &Damage, rows: &[Row]) -> (Vec<Row>, Vec<Row>, Vec<Field>) {
    let (mut good, mut bad, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        for &field in damage.fields {
            let value = String::from_utf8_lossy(row.get(field)).into_owned();
            if let Some(changed) = (damage.change)(&value, row, field).filter(|changed| *changed != value) {
                let mut other = row.clone();
                other.set(field, changed);
                good.push(row.clone());
                bad.push(other);
                columns.push(field);
            }
        }
    }
    (good, bad, columns)
}

/// Holds one damage against what is promised of its fix; how many rows were mended.
fn holds(damage: &Damage, rows: &[Row]) -> Result<usize, TestCaseError> {
    let fix = cvrs_fix::find(damage.fix).expect("a fix");
    let (good, bad, columns) = damaged(damage, rows);
    let (good, bad) = (cvrs_generate::file(&good), cvrs_generate::file(&bad));
    let (asked, changes) = fixed(&bad, &Plan::only(fix, true));
    let (unasked, changes_unasked) = fixed(&bad, &Plan::only(fix, false));
    let (_, changes_by_default) = fixed(&bad, &Plan::new(&Options::default()));
    let left = firing(&asked, fix);
    let (good, bad, asked, unasked) = (body(&good), body(&bad), body(&asked), body(&unasked));
    let show = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
    for at in 0..columns.len() {
        if changes[at].is_empty() {
            // Another rule or the code table may forbid it; then nothing may have changed.
            prop_assert_eq!(show(asked[at]), show(bad[at]));
            continue;
        }
        prop_assert!(!left[at].contains(&columns[at]), "{} leaves a finding in {}", fix.id, columns[at].name());
        if damage.is_undone {
            prop_assert_eq!(show(asked[at]), show(good[at]), "{}", fix.id);
        }
        let expected = if damage.needs_consent { bad[at] } else { asked[at] };
        prop_assert_eq!(show(unasked[at]), show(expected), "{} unasked", fix.id);
        prop_assert_eq!(changes_unasked[at].is_empty(), damage.needs_consent);
        let is_made = changes_by_default[at].iter().any(|made| made.id == fix.id);
        prop_assert!(!damage.needs_consent || !is_made, "{} by default", fix.id);
        prop_assert!(changes_by_default[at].iter().all(|made| !matches!(made.class, Class::Consent | Class::Never)));
    }
    Ok(changes.iter().filter(|changes| !changes.is_empty()).count())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_fix_undoes_its_damage_and_a_guess_is_only_made_when_asked(at in 0..DAMAGES.len(), seed: u64) {
        holds(&DAMAGES[at], &rows(seed))?;
    }
}

#[test]
fn every_fix_meets_its_damage() {
    let rows: Vec<Row> = (0..20).flat_map(rows).collect();
    for damage in DAMAGES {
        let n_mended = holds(damage, &rows).expect("the property");
        assert!(n_mended > 0, "{} mends nothing", damage.fix);
    }
    for fix in FIXES {
        let is_met = DAMAGES.iter().any(|damage| damage.fix == fix.id) || ELSEWHERE.contains(&fix.id);
        assert!(is_met, "{} is not met", fix.id);
    }
}
