//! A text cut into any ranges, each checked by itself and all merged in order, gives what the whole text gives.

use cvrs_engine::{Counts, Error, Place, RangeReport, RangeSurvey, Ranges, Report, Validator};
use cvrs_rules::{Options, Profile, example};
use cvrs_spec::Version;
use cvrs_testkit::strategy::{Text, any_file, any_options, soup, today};
use proptest::prelude::*;
use std::ops::Range;

/// The ranges between cuts, which may fall together.
fn ranges_between(length: u64, cuts: &[prop::sample::Index]) -> Vec<Range<u64>> {
    let mut ends: Vec<u64> = cuts.iter().map(|cut| cut.index(length as usize + 1) as u64).collect();
    ends.extend([0, length]);
    ends.sort_unstable();
    ends.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Merges parts in their order, but in pairs that `left` chooses, since merging is associative.
fn merge_all<T>(mut parts: Vec<T>, left: &[prop::sample::Index], merge: fn(&mut T, T)) -> T {
    let mut choices = left.iter().cycle();
    while parts.len() > 1 {
        let at = choices.next().map_or(0, |choice| choice.index(parts.len() - 1));
        let later = parts.remove(at + 1);
        merge(&mut parts[at], later);
    }
    parts.pop().expect("there is a range at least")
}

/// The report on a text in ranges.
fn check(ranges: &Ranges, text: &[u8], cut: &[Range<u64>], order: &[prop::sample::Index]) -> Report {
    let length = text.len() as u64;
    let (mut facts, mut before) = (None, vec![Counts::default(); cut.len()]);
    if ranges.needs_survey() {
        let survey = |range: &Range<u64>| ranges.survey_range(&text, length, range.clone()).expect("readable");
        let surveys: Vec<RangeSurvey> = cut.iter().map(survey).collect();
        let mut sum = Counts::default();
        for (before, survey) in before.iter_mut().zip(&surveys) {
            *before = sum;
            sum += survey.counts();
        }
        facts = ranges.facts(merge_all(surveys, order, RangeSurvey::merge)).expect("memory");
    }
    let mut reports = Vec::new();
    let mut sum = Counts::default();
    for (range, before) in cut.iter().zip(before) {
        let place = Place { facts: facts.as_ref(), before };
        let place = ranges.needs_survey().then_some(place);
        let report = ranges.check_range(&text, length, range.clone(), place).expect("readable");
        // Shifted by what precedes it, a range alone has the numbers that it has in the whole.
        let mut shifted = report.clone();
        shifted.shift(sum);
        sum += report.counts();
        let start = shifted.findings().first().map_or(u64::MAX, |found| found.line);
        assert!(start > sum.lines() - report.counts().lines());
        reports.push(report);
    }
    ranges.finish(merge_all(reports, order, RangeReport::merge), facts.as_ref()).expect("all ranges")
}

fn assert_same(cut: &Report, whole: &Report, how: &dyn std::fmt::Debug) {
    for (at, (cut, whole)) in cut.findings.iter().zip(&whole.findings).enumerate() {
        assert_eq!(cut, whole, "finding {at}, {how:?}");
    }
    assert_eq!(cut.findings.len(), whole.findings.len(), "{how:?}");
    assert_eq!(cut.summary.cells(), whole.summary.cells(), "{how:?}");
    let counts = |report: &Report| {
        let summary = &report.summary;
        (summary.conservation(), summary.errors, summary.warnings, summary.infos, report.version)
    };
    assert_eq!(counts(cut), counts(whole), "{how:?}");
}

fn check_cut(text: &[u8], options: &Options, cuts: &[prop::sample::Index], order: &[prop::sample::Index]) {
    let validator = Validator::new(options);
    let (ranges, whole) = match (validator.ranges(text), validator.check(text)) {
        (Ok(ranges), Ok(whole)) => (ranges, whole),
        (Err(Error::NotCvrs), Err(Error::NotCvrs)) => return,
        (ranges, whole) => panic!("{ranges:?}, {whole:?}"),
    };
    let cut = ranges_between(text.len() as u64, cuts);
    assert_same(&check(&ranges, text, &cut, order), &whole, &cut);
}

fn indexes() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn merged_ranges_are_the_whole(text in any_file(), options in any_options(), cuts in indexes(), order in indexes()) {
        check_cut(&text, &options, &cuts, &order);
    }

    #[test]
    fn merged_ranges_of_every_profile_are_the_whole(text in any_file(), cuts in indexes(), order in indexes()) {
        for profile in [Profile::Recommended, Profile::Dch, Profile::Strict, Profile::Tool] {
            check_cut(&text, &Options::new(profile, today()), &cuts, &order);
        }
    }

    #[test]
    fn merged_ranges_of_byte_soup_are_the_whole(soup in soup(300), options in any_options(), cuts in indexes()) {
        let header = example::header(Version::V3) + "\n";
        check_cut(&[header.as_bytes(), &soup].concat(), &options, &cuts, &[]);
    }

    #[test]
    fn lines_in_memory_are_found_as_in_ranges(
        text in any_file(),
        profile in prop::sample::select(&[Profile::Dch, Profile::Recommended][..]),
        at: prop::sample::Index,
    ) {
        let Text(text) = text;
        let validator = Validator::new(&Options::new(profile, today()));
        let Ok(ranges) = validator.ranges(&text) else { return Ok(()) };
        let body = &text[ranges.header_bytes() as usize..];
        // Any place where a line starts, after which the lines may be another's.
        let starts: Vec<usize> =
            std::iter::once(0).chain(body.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1)).collect();
        let (one, two) = body.split_at(starts[at.index(starts.len())]);
        let mut survey = ranges.header_survey();
        let first = survey.counts();
        survey.merge(ranges.survey_lines(one)?);
        let second = survey.counts();
        survey.merge(ranges.survey_lines(two)?);
        let facts = ranges.facts(survey)?;
        let place = |before| Some(Place { facts: facts.as_ref(), before });
        let mut report = ranges.header_report();
        report.merge(ranges.check_lines(one, ranges.header_bytes(), place(first))?);
        report.merge(ranges.check_lines(two, ranges.header_bytes() + one.len() as u64, place(second))?);
        assert_same(&ranges.finish(report, facts.as_ref())?, &validator.check(&text)?, &one.len());
    }
}

/// Files of several steps, and lines longer than ranges.
#[test]
fn ranges_of_large_files_merge_to_the_whole() {
    let options = cvrs_generate::Options {
        records: 3000,
        error_rate: 0.2,
        models: cvrs_generate::Models::Mix,
        line_end: cvrs_generate::LineEnd::CrLf,
        ..cvrs_generate::Options::default()
    };
    let mut text = Vec::new();
    cvrs_generate::generate(&options, &mut text, None).expect("memory");
    let long = text.iter().rposition(|&byte| byte == b'\t').expect("cells");
    text.splice(long..long, vec![b'x'; 700_000]);
    let length = text.len() as u64;
    let day = cvrs_parse::Date::parse(b"2022-12-31").expect("a day");
    for profile in [Profile::Recommended, Profile::Dch] {
        let validator = Validator::new(&Options::new(profile, day));
        let (ranges, whole) = (validator.ranges(&text).expect("CVRS"), validator.check(&text).expect("CVRS"));
        for bytes in [7000, 100_000, 300_001, length] {
            let cut: Vec<Range<u64>> =
                (0..length.div_ceil(bytes)).map(|at| at * bytes..length.min((at + 1) * bytes)).collect();
            assert_same(&check(&ranges, &text, &cut, &[]), &whole, &bytes);
        }
    }
}

#[test]
fn the_record_over_the_limit_is_told_where_it_stands_and_only_there() {
    let mut text = b"vax_event_id\trecip_id\n".to_vec();
    for number in 0..cvrs_rules::MAX_RECORDS + 300 {
        text.extend_from_slice(format!("A{number}\tB\n").as_bytes());
        if number % 1000 == 0 {
            text.extend_from_slice(b"\r\n");
        }
    }
    let options =
        Options { select: vec!["XR009".parse().expect("a code")], ..Options::new(Profile::Recommended, today()) };
    let validator = Validator::new(&options);
    let (ranges, whole) = (validator.ranges(&text).expect("CVRS"), validator.check(&text).expect("CVRS"));
    let over = |report: &Report| {
        let over = report.findings.iter().find(|found| found.finding.code == "XR009").expect("it is told");
        (over.record, over.line)
    };
    // The header's line and one blank line in a thousand, the first after the first record.
    assert_eq!(over(&whole), (Some(200_001), 1 + 200_001 + 200));
    let length = text.len() as u64;
    let cut = [0..1000, 1000..length / 2, length / 2..length - 5000, length - 5000..length];
    assert_same(&check(&ranges, &text, &cut, &[]), &whole, &"four ranges");
    // Without its place a range cannot know; it must not take its own records for all.
    let report = ranges.check_range(&&text[..], length, 30..length, None).expect("readable");
    assert!(report.findings().iter().all(|found| found.finding.code != "XR009"));
}

#[test]
fn a_range_beyond_the_text_is_the_callers_mistake() {
    let text = b"vax_event_id\nA1\n";
    let ranges = Validator::new(&Options::new(Profile::Dch, today())).ranges(text).expect("CVRS");
    let refused = std::panic::catch_unwind(|| ranges.check_range(&&text[..], 16, 0..17, None));
    assert!(refused.is_err());
}

#[test]
fn facts_of_some_ranges_do_not_pass_for_those_of_all() {
    let text = b"vax_event_id\nA1\nA2\nA3\n";
    let ranges = Validator::new(&Options::new(Profile::Recommended, today())).ranges(text).expect("CVRS");
    let survey = ranges.survey_range(&&text[..], 22, 0..22).expect("readable");
    let facts = ranges.facts(survey).expect("memory").expect("asked for");
    let place = Some(Place { facts: Some(&facts), before: Counts::default() });
    let report = ranges.check_range(&&text[..], 22, 0..16, place).expect("readable");
    assert!(matches!(ranges.finish(report, Some(&facts)), Err(Error::NotConserved(_))));
}
