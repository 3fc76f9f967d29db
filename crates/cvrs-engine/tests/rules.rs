//! The rule book's own examples, one by one: what fails gives its finding and nothing else, what passes gives none.

use cvrs_engine::{Found, Validator};
use cvrs_parse::Date;
use cvrs_report::{Entry, clearinghouse};
use cvrs_rules::{Ask, Book, DCH, Dch, Example, Options, Profile, RULES, Rule, example};
use cvrs_spec::{Field, Version};

/// The day of submission in every test.
const TODAY: &[u8] = b"2021-01-29";

fn book(profile: Profile) -> Book {
    Book::new(&Options::new(profile, Date::parse(TODAY).expect("a date")))
}

/// The findings of an example: of its file, or of the name that it is.
fn findings(profile: Profile, example: &Example) -> Vec<(&'static str, String)> {
    let book = book(profile);
    let Some(file) = example::file_of(example) else {
        let Example::Name(name) = example else { panic!("only a name has no file") };
        let mut found = Vec::new();
        book.explain_name(name, &mut found);
        return found.iter().map(|finding| (finding.code, Entry::new(finding).message())).collect();
    };
    if let Example::Many(Some(name), ..) = example {
        let report = Validator::with_book(book).for_name(name).check(&file).expect("examples are CVRS");
        return report.findings.into_iter().map(|found| (found.finding.code, found.message)).collect();
    }
    found(book, &file).into_iter().map(|found| (found.finding.code, found.message)).collect()
}

fn found(book: Book, file: &[u8]) -> Vec<Found> {
    Validator::with_book(book).check(file).expect("examples are CVRS").findings
}

/// The codes that an example gives besides the rule's own.
const fn besides(example: &Example) -> &'static [&'static str] {
    match *example {
        Example::With(_, codes) => codes,
        _ => &[],
    }
}

fn every(list: fn(&Rule) -> &'static [Example]) -> impl Iterator<Item = (&'static Rule, &'static Example)> {
    RULES.iter().flat_map(move |rule| list(rule).iter().map(move |example| (rule, example)))
}

#[test]
fn every_failing_example_gives_its_finding_and_no_other() {
    let (mut n_examples, mut wrong) = (0, Vec::new());
    for (rule, example) in every(|rule| rule.fails) {
        let mut expected: Vec<&str> = [rule.code].iter().chain(besides(example)).copied().collect();
        expected.sort_unstable();
        let found = findings(Profile::Recommended, example);
        let mut codes: Vec<&str> = found.iter().map(|(code, _)| *code).collect();
        codes.sort_unstable();
        if matches!(example, Example::Many(..)) {
            // The records' own findings stand beside the pattern's.
            codes.retain(|code| code.starts_with("PAT"));
        }
        if codes != expected {
            wrong.push(format!("{}: {example:?} gives {found:?}", rule.code));
        }
        n_examples += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(n_examples > 80, "only {n_examples} examples");
}

#[test]
fn every_pattern_has_examples_of_both_kinds() {
    for rule in RULES.iter().filter(|rule| rule.layer == cvrs_rules::Layer::Pattern) {
        assert!(!rule.fails.is_empty() && !rule.passes.is_empty(), "{}", rule.code);
    }
}

#[test]
fn every_passing_example_gives_none_of_its_findings() {
    for profile in Profile::ALL {
        for (rule, example) in every(|rule| rule.passes) {
            let found = findings(profile, example);
            assert!(found.iter().all(|(code, _)| *code != rule.code), "{}: {example:?} gives {found:?}", rule.code);
        }
    }
}

#[test]
fn messages_of_examples_hold_no_mark() {
    for (rule, example) in every(|rule| rule.fails) {
        for (code, message) in findings(Profile::Recommended, example) {
            let is_filled = ["{f}", "{v}", "{w}", "{0}", "{1}"].iter().all(|mark| !message.contains(mark));
            assert!(is_filled, "{}: {code} says {message:?}", rule.code);
        }
    }
}

#[test]
fn known_good_records_pass_in_every_profile() {
    for profile in Profile::ALL {
        for cells in [&[][..], example::REFUSAL, example::IDENTIFIED] {
            let found = found(book(profile), &example::file(Version::V3, &[cells]));
            assert_eq!(found, [], "{}", profile.name());
        }
    }
}

/// The clearinghouse's value laid over the known-good record, or over the identified one where its rule is told there.
fn laid(dch: &Dch, value: &'static str, is_identified: bool) -> Vec<u8> {
    let base = if is_identified { example::IDENTIFIED } else { &[] };
    let cells: Vec<(Field, &str)> = [(dch.field, value)].iter().chain(base).copied().collect();
    example::file(Version::V3, &[&cells])
}

#[test]
fn every_rule_of_the_clearinghouse_is_told_in_its_words() {
    for dch in &DCH {
        let is_six = dch.field.facts().is_redacted;
        for is_identified in [false, true].into_iter().filter(|&is_identified| is_six || !is_identified) {
            let found = found(book(Profile::Dch), &laid(dch, dch.fails, is_identified));
            let [found] = &found[..] else { panic!("{}: {found:?}", dch.id) };
            assert_eq!(found.finding.dch, Some(dch.id));
            assert_eq!(found.finding.field, Some(dch.field), "{}", dch.id);
            assert!(dch.codes.contains(&found.finding.code), "{} under {}", dch.id, found.finding.code);
            let mut text = Vec::new();
            let entry = Entry { line: found.line, vax_event_id: b"A", recip_id: b"B", ..Entry::new(&found.finding) };
            clearinghouse::write_string(&mut text, &entry);
            let expected = format!("line#2: vaxEventId=A recipId=B field={} message={}", dch.field.name(), dch.message);
            assert_eq!(String::from_utf8_lossy(&text), expected, "{}", dch.id);
        }
    }
}

#[test]
fn every_value_that_passes_the_clearinghouse_passes() {
    for dch in &DCH {
        let found = found(book(Profile::Dch), &laid(dch, dch.passes, false));
        assert!(found.is_empty(), "{}: {found:?}", dch.id);
    }
}

#[test]
fn null_rules_are_told_under_their_own_id_in_identified_records_only() {
    for dch in DCH.iter().filter(|dch| dch.ask == Ask::NotNull && dch.field.facts().is_redacted) {
        for (is_identified, code) in [(false, "DATA006"), (true, dch.id)] {
            let found = found(book(Profile::Recommended), &laid(dch, "", is_identified));
            let codes: Vec<&str> = found.iter().map(|found| found.finding.code).collect();
            assert_eq!(codes, [code], "{}", dch.id);
        }
    }
}
