//! Every example of every fix is what happens; after a fix its rule no longer fires.

use cvrs_fix::{Example, FIXES, Fix, Fixer, Plan, Reading, Scan};
use cvrs_parse::{Date, Header, Index};
use cvrs_report::Finding;
use cvrs_rules::example::{file, header, row};
use cvrs_rules::{Book, Options, Profile, Seen};
use cvrs_spec::{Field, Version};

fn today() -> Date {
    Date::parse(b"2021-01-29").expect("a date")
}

fn reading(text: &[u8], plan: &Plan) -> Reading {
    let mut scan = Scan::default();
    scan.push(text);
    scan.reading(plan.asks_for_encoding())
}

fn fixed(text: &[u8], plan: &Plan) -> (Vec<u8>, Vec<&'static str>) {
    let (mut out, mut fixes) = (Vec::new(), Vec::new());
    let mut fixer = Fixer::new(plan, today()).with_reading(reading(text, plan));
    fixer.feed(text, true, &mut out, &mut |change| fixes.push(change.fix.id)).expect("memory");
    (out, fixes)
}

fn findings(text: &[u8]) -> Vec<Finding> {
    let book = Book::new(&Options::new(Profile::Recommended, today()));
    let (header, body) = Header::split_off(text);
    let mut found = Vec::new();
    book.explain_header(&header, &mut found);
    let (mut index, mut scratch) = (Index::default(), Vec::new());
    index.build(body);
    for line in index.lines(body) {
        let seen = Seen { is_unterminated: !line.is_terminated(), ..Seen::default() };
        book.explain(&index.record(body, &header, line, &mut scratch), &seen, &mut found);
    }
    found
}

fn show(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

type Cells = &'static [(Field, &'static str)];

/// The fix makes of the one row the other, needs consent or not, tells so, and its rules are silent then.
fn becomes(fix: &'static Fix, given: Cells, gives: Cells, needs_consent: bool) {
    let (before, after) = (file(Version::V3, &[given]), file(Version::V3, &[gives]));
    let unasked = fixed(&before, &Plan::only(fix, false));
    let asked = fixed(&before, &Plan::only(fix, true));
    assert_eq!(show(&asked.0), show(&after), "{}: {given:?}", fix.id);
    assert_eq!(show(&unasked.0), show(if needs_consent { &before } else { &after }), "{}: {given:?}", fix.id);
    assert!(asked.1.iter().all(|id| *id == fix.id) && !asked.1.is_empty(), "{}", fix.id);
    assert_eq!(unasked.1.is_empty(), needs_consent, "{}", fix.id);
    let by_fix = |text: &[u8]| {
        let is_cured = |finding: &Finding| {
            fix.cures.contains(&finding.code)
                && finding.field.is_none_or(|field| fix.fields.is_empty() || fix.fields.contains(&field))
        };
        findings(text).into_iter().filter(is_cured).map(|finding| (finding.code, finding.field)).collect::<Vec<_>>()
    };
    assert!(by_fix(&after).is_empty(), "{}: {:?} still fires after {given:?}", fix.id, by_fix(&after));
    let is_legal_before = matches!(fix.id, "F16") && given.iter().any(|cell| cell.1.ends_with("-0000"))
        || matches!(fix.id, "F35" | "F36" | "F38") && by_fix(&before).is_empty();
    assert!(
        fix.cures.is_empty() || is_legal_before || !by_fix(&before).is_empty(),
        "{}: {given:?} was no fault",
        fix.id
    );
    // What a fix does it does in the whole set, too.
    let all = Plan::new(&cvrs_fix::Options { unsafe_fixes: true, ..Default::default() });
    assert!(fixed(&before, &all).1.contains(&fix.id), "{}: {given:?} in company", fix.id);
}

#[test]
fn every_example_is_what_happens() {
    for fix in FIXES {
        for example in fix.examples {
            match *example {
                Example::Safe(given, gives) => becomes(fix, given, gives, false),
                Example::Consent(given, gives) => becomes(fix, given, gives, true),
                Example::Stays(given) => {
                    let text = file(Version::V3, &[given]);
                    let (out, changes) = fixed(&text, &Plan::only(fix, true));
                    assert_eq!(show(&out), show(&text), "{}: {given:?}", fix.id);
                    assert!(changes.is_empty(), "{}: {given:?}", fix.id);
                }
                Example::File(words, _, make) => {
                    let [before, after] = make();
                    let (out, changes) = fixed(&before, &Plan::only(fix, true));
                    assert_eq!(show(&out), show(&after), "{}: {words}", fix.id);
                    assert_eq!(changes.is_empty(), before == after, "{}: {words}", fix.id);
                    if before != after {
                        let left: Vec<_> =
                            findings(&out).into_iter().filter(|found| fix.cures.contains(&found.code)).collect();
                        assert!(left.is_empty(), "{}: {left:?}", fix.id);
                    }
                }
            }
        }
    }
}

#[test]
fn every_fix_has_examples_of_both_kinds() {
    for fix in FIXES {
        let stays = |example: &Example| match example {
            Example::Stays(_) => true,
            Example::File(_, _, make) => make()[0] == make()[1],
            _ => false,
        };
        let n_stays = fix.examples.iter().filter(|example| stays(example)).count();
        let is_never = fix.class == cvrs_fix::Class::Never;
        assert!(is_never || n_stays < fix.examples.len(), "{} shows nothing", fix.id);
        assert!(n_stays > 0 || fix.id == "F01", "{} has no counter-example", fix.id);
        let needs = |example: &Example| matches!(example, Example::Consent(..));
        let shows_consent = fix.examples.iter().any(needs) || fix.id == "F37";
        assert_eq!(shows_consent, fix.class.knows_consent(), "{}: class and examples differ", fix.id);
    }
}

#[test]
fn an_applied_fix_leaves_the_good_file_alone() {
    let all = Plan::new(&cvrs_fix::Options { unsafe_fixes: true, ..Default::default() });
    for version in Version::ALL {
        let text = file(version, &[&[]]);
        assert_eq!(fixed(&text, &all), (text, vec![]));
    }
}

/// The county column of the place of administration after F19, with consent.
fn county(name: &'static str, state: &'static str) -> String {
    let fix = cvrs_fix::find("F19").expect("a fix");
    let cells: Vec<(Field, &str)> =
        vec![(Field::AdminAddressCounty, name), (Field::AdminAddressState, state), (Field::AdminAddressZip, "")];
    let text = header(Version::V3) + "\n" + &row(Version::V3, &cells) + "\n";
    let (out, _) = fixed(text.as_bytes(), &Plan::only(fix, true));
    let out = show(&out);
    out.lines().nth(1).and_then(|row| row.split('\t').nth(39)).unwrap_or_default().to_owned()
}

#[test]
fn county_names_are_found_within_their_state() {
    for (name, state, code) in [
        ("Fulton", "GA", "13121"),
        ("FULTON COUNTY", "GA", "13121"),
        ("fulton", "NY", "36035"),
        ("Saint Tammany Parish", "LA", "22103"),
        ("St. Mary's", "MD", "24037"),
        ("Prince George's", "MD", "24033"),
        ("Doña Ana", "NM", "35013"),
        ("Dona Ana", "NM", "35013"),
        ("Miami-Dade", "FL", "12086"),
        ("Baltimore County", "MD", "24005"),
        ("Baltimore city", "MD", "24510"),
        ("Richmond city", "VA", "51760"),
        ("Richmond County", "VA", "51159"),
        ("St. Louis County", "MO", "29189"),
        ("Saint Louis City", "MO", "29510"),
        ("Mayagüez Municipio", "PR", "72097"),
        ("Fairfield County", "CT", "09001"),
        ("Capitol Planning Region", "CT", "09110"),
        ("Shannon County", "SD", "46102"),
        ("Wade Hampton Census Area", "AK", "02158"),
        ("Valdez-Cordova", "AK", "02261"),
    ] {
        assert_eq!(county(name, state), code, "{name}, {state}");
    }
}

#[test]
fn ambiguous_county_names_stay() {
    for (name, state) in [
        ("Baltimore", "MD"),
        ("Richmond", "VA"),
        ("Fairfax", "VA"),
        ("Roanoke", "VA"),
        ("Franklin", "VA"),
        ("St. Louis", "MO"),
        ("Fulton", ""),
        ("Fulton", "XX"),
        ("Fulton", "AL"),
        ("", "GA"),
    ] {
        assert_eq!(county(name, state), name, "{name}, {state}");
    }
}

/// The ndc column after one fix.
fn ndc(id: &str, is_consented: bool, code: &'static str, cvx: &'static str) -> String {
    // A `*` means repetition in examples, so the code is put in afterwards.
    let cells: Vec<(Field, &str)> = vec![(Field::Ndc, "NDC"), (Field::Cvx, cvx), (Field::Mvx, "")];
    let text = header(Version::V3) + "\n" + &row(Version::V3, &cells).replace("NDC", code) + "\n";
    let (out, _) = fixed(text.as_bytes(), &Plan::only(cvrs_fix::find(id).expect("a fix"), is_consented));
    show(&out).lines().nth(1).and_then(|row| row.split('\t').nth(24)).unwrap_or_default().to_owned()
}

#[test]
fn drug_codes_of_ten_digits_get_their_zero() {
    for (short, long) in [
        ("0006-4045-00", "00006-4045-00"),
        ("80777-273-10", "80777-0273-10"),
        ("59267-1000-1", "59267-1000-01"),
        ("80777-*273-10", "80777-0273-10"),
        ("*0006-4045-00", "00006-4045-00"),
        ("59267-1000-*1", "59267-1000-01"),
        ("80777-0273-10", "80777-0273-10"),
        ("80777-27-310", "80777-27-310"),
        ("123456-7890-12", "123456-7890-12"),
    ] {
        assert_eq!(ndc("F22", false, short, ""), long, "{short}");
    }
}

#[test]
fn the_code_table_decides_on_bare_drug_codes() {
    assert_eq!(ndc("F23", true, "8077727310", "207"), "80777-0273-10");
    assert_eq!(ndc("F23", false, "8077727310", "207"), "8077727310");
    assert_eq!(ndc("F23", true, "5063200101", ""), "5063200101");
    assert_eq!(ndc("F23", true, "5063200101", "206"), "50632-0001-01");
    assert_eq!(ndc("F23", true, "5063200101", "176"), "50632-0010-01");
    assert_eq!(ndc("F23", true, "9999999999", "207"), "9999999999");
    assert_eq!(ndc("F21", false, "80777027310", "207"), "80777-0273-10");
}
