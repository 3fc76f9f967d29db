//! Whole files: determinism, truth, and that good records keep every rule a simple check can see.

use std::collections::{HashMap, HashSet};

use cvrs_generate::{Date, Error, Fault, LineEnd, Models, Options, Row, Totals, generate, header};
use cvrs_spec::{Field, SetId, Version};

fn run(options: &Options) -> (Vec<u8>, String, Totals) {
    let (mut file, mut truth) = (Vec::new(), Vec::new());
    let totals = generate(options, &mut file, Some(&mut truth)).expect("vectors take all bytes");
    assert_eq!(totals.bytes, file.len() as u64);
    (file, String::from_utf8(truth).expect("the truth is text"), totals)
}

fn rows(file: &[u8]) -> Vec<Row> {
    let body = file.strip_suffix(b"\n").expect("the last line has its end");
    body.split(|byte| *byte == b'\n').skip(1).map(Row::parse).collect()
}

fn text(row: &Row, field: Field) -> &str {
    std::str::from_utf8(row.get(field)).expect("good values are UTF-8")
}

const MODELS: [Models; 4] = [Models::D, Models::I, Models::P, Models::Mix];

#[test]
fn the_seed_alone_decides() {
    for models in MODELS {
        let options = Options { records: 9000, error_rate: 0.2, models, threads: 1, ..Options::default() };
        let one = run(&options);
        for threads in [0, 2, 3, 7] {
            assert!(run(&Options { threads, ..options.clone() }) == one, "{threads} threads");
        }
        assert!(run(&Options { seed: 1, ..options.clone() }) != one);
    }
}

#[test]
fn a_longer_file_begins_like_a_shorter_one() {
    let options = Options { records: 3000, ..Options::default() };
    let short = run(&options).0;
    let long = run(&Options { records: 5000, ..options }).0;
    assert!(long.starts_with(&short));
}

#[test]
fn nothing_is_planted_at_rate_zero() {
    for models in [Models::D, Models::I, Models::P] {
        let (_, truth, totals) = run(&Options { models, records: 5000, ..Options::default() });
        assert_eq!(truth, "line\trecord\tfield\tcode\tdch\tlevel\n");
        assert_eq!((totals.faults, totals.findings), (0, 0));
    }
    let (_, truth, _) = run(&Options { models: Models::Mix, records: 5000, ..Options::default() });
    assert_eq!(truth, "line\trecord\tfield\tcode\tdch\tlevel\n3\t2\text_type\tXR011\t\twarn\n");
}

#[test]
fn the_second_record_of_a_mixed_file_is_of_another_model() {
    for seed in 0..200 {
        let (file, ..) = run(&Options { models: Models::Mix, records: 3, seed, ..Options::default() });
        let models: Vec<Row> = rows(&file);
        assert_eq!([text(&models[0], Field::ExtType), text(&models[1], Field::ExtType)], ["D", "I"], "seed {seed}");
    }
}

#[test]
fn lines_end_as_asked_and_an_empty_file_has_a_header() {
    let (file, ..) = run(&Options { line_end: LineEnd::CrLf, records: 10, ..Options::default() });
    assert!(file.split_inclusive(|byte| *byte == b'\n').all(|line| line.ends_with(b"\r\n")));
    let (file, ..) = run(&Options { records: 0, ..Options::default() });
    assert_eq!(file, [header(), b"\n".to_vec()].concat());
}

#[test]
fn options_out_of_range_are_refused() {
    let refused = |options: Options| generate(&options, &mut Vec::new(), None).expect_err("refused");
    assert!(matches!(refused(Options { error_rate: f64::NAN, ..Options::default() }), Error::ErrorRate(_)));
    assert!(matches!(refused(Options { error_rate: 1.5, ..Options::default() }), Error::ErrorRate(_)));
    assert!(matches!(refused(Options { today: Date::new(2020, 12, 13), ..Options::default() }), Error::Today(_)));
    assert!(matches!(refused(Options { today: Date::new(2021, 2, 29), ..Options::default() }), Error::Today(_)));
    assert!(matches!(refused(Options { records: u64::MAX, ..Options::default() }), Error::Records(_)));
    assert!("Q".parse::<Models>().is_err());
    assert_eq!("MIX".parse::<Models>().expect("a choice"), Models::Mix);
}

#[test]
fn a_writer_that_fails_ends_the_work() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for threads in [1, 3] {
        let options = Options { records: 50_000, threads, ..Options::default() };
        assert!(matches!(generate(&options, &mut Full(2_000_000), None), Err(Error::Io(_))));
    }
}

#[test]
fn good_records_are_good() {
    for (today, models) in [
        (Date::new(2020, 12, 14), Models::D),
        (Date::new(2021, 6, 30), Models::I),
        (Date::new(2022, 12, 31), Models::Mix),
        (Date::new(2023, 9, 30), Models::P),
        (Date::new(2026, 2, 28), Models::D),
    ] {
        let (file, ..) = run(&Options { records: 30_000, today, models, ..Options::default() });
        check_good(&rows(&file), today);
    }
}

/// What can be checked without the rule book.
fn check_good(rows: &[Row], today: Date) {
    let mut event_ids = HashSet::new();
    let mut recipients: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in rows {
        assert_eq!(row.cells().len(), 45);
        let model = row.model().expect("a model");
        let get = |field| text(row, field);
        for field in Version::V3.columns() {
            let value = get(*field);
            assert_eq!(value.trim(), value);
            assert!(value.chars().count() <= usize::from(field.facts().max_length), "{field:?}");
            assert!(!value.contains(|c: char| c.is_control() || c == '"'));
            if let Some(set) = field.value_set(Version::V3)
                && !set.codes().is_empty()
                && !value.is_empty()
            {
                assert!(set.find(value.as_bytes()).is_some(), "{field:?} {value}");
            }
            let event = if row.is_refusal() { cvrs_spec::Event::Refusal } else { cvrs_spec::Event::Vaccination };
            match field.requirement(Version::V3, event, model) {
                cvrs_spec::Requirement::Required | cvrs_spec::Requirement::Fixed => assert!(!value.is_empty()),
                cvrs_spec::Requirement::Empty => assert!(value.is_empty()),
                _ => {}
            }
            if field.facts().is_redacted {
                assert!(!value.is_empty() && (value == "Redacted") == (model != cvrs_spec::Model::I));
            }
        }
        assert!(event_ids.insert(get(Field::VaxEventId).to_ascii_lowercase()));
        assert!(!get(Field::VaxEventId).contains(' ') && !get(Field::RecipId).contains(' '));
        recipients.entry(get(Field::RecipId)).or_default().push(row);

        let admin = Date::parse(row.get(Field::AdminDate)).expect("a day");
        assert!(admin >= Date::new(2020, 12, 14) && admin <= today);
        let dob = Date::parse(row.get(Field::RecipDob)).expect("a day or month");
        assert!(dob < admin && admin.year - dob.year < 119);
        let expiration = get(Field::VaxExpiration);
        assert!(expiration.is_empty() || expiration >= &get(Field::AdminDate)[..expiration.len()]);

        for (county, state, zip) in [
            (Field::RecipAddressCounty, Field::RecipAddressState, Field::RecipAddressZip),
            (Field::AdminAddressCounty, Field::AdminAddressState, Field::AdminAddressZip),
        ] {
            assert_eq!(get(county).is_empty(), get(zip).is_empty());
            assert_eq!(get(state).is_empty(), get(zip).is_empty());
            if let Some(state) = SetId::State.find(row.get(state)) {
                assert!(get(county).starts_with(state.fact));
                assert!(matches!(get(zip).len(), 5 | 10));
            }
        }
        assert!(!get(Field::RecipAddressZip).is_empty());
        assert!(matches!(get(Field::VtrcksProvPin).len(), 0 | 6));

        let races: Vec<_> = Version::V3.columns()[15..21].iter().map(|field| get(*field)).collect();
        let n_races = races.iter().position(|race| race.is_empty()).unwrap_or(6);
        assert!(races[n_races..].iter().all(|race| race.is_empty()));
        assert_eq!(races[..n_races].iter().collect::<HashSet<_>>().len(), n_races);
        assert!(n_races == 1 || !races.iter().any(|race| matches!(*race, "UNK" | "POL")));
        if get(Field::DoseNum) == "1" && get(Field::VaxSeriesComplete) == "YES" {
            assert_eq!(get(Field::Cvx), "212");
        }
        assert!(get(Field::DoseNum) != "INV" || get(Field::VaxSeriesComplete) == "NO");
    }
    for rows in recipients.values() {
        let person = |row: &Row| (row.get(Field::RecipDob).to_vec(), row.get(Field::RecipSex).to_vec());
        assert!(rows.iter().all(|row| person(row) == person(rows[0])));
    }
    let again = recipients.values().filter(|rows| rows.len() > 1).count();
    let refusals = rows.iter().filter(|row| row.is_refusal()).count();
    assert!((100..2000).contains(&refusals), "{refusals} refusals");
    // On the first day there was one product, and nobody could come again.
    if today == Date::new(2020, 12, 14) {
        return;
    }
    assert!(again * 100 > rows.len(), "{again} recipients come again");
    for field in [Field::AdminName, Field::Cvx, Field::RecipDob, Field::LotNumber, Field::RecipAddressZip] {
        assert!(rows.iter().map(|row| row.get(field)).collect::<HashSet<_>>().len() > 1, "{field:?} varies");
    }
}

#[test]
fn planted_faults_are_all_told() {
    for models in MODELS {
        let options = Options { records: 40_000, error_rate: 0.3, models, seed: 5, ..Options::default() };
        let (file, truth, totals) = run(&options);
        let lines: Vec<Vec<&str>> = truth.lines().skip(1).map(|line| line.split('\t').collect()).collect();
        assert_eq!(lines.len() as u64, totals.findings);
        assert!((11_000..13_000).contains(&totals.faults), "{}", totals.faults);
        let faulty: HashSet<_> = lines.iter().filter(|line| line[3] != "XR011").map(|line| line[1]).collect();
        assert_eq!(faulty.len() as u64, totals.faults);

        // Lines are in order, and no record says the same thing twice.
        let numbers: Vec<u64> = lines.iter().map(|line| line[0].parse().expect("a number")).collect();
        assert!(numbers.is_sorted());
        assert_eq!(lines.iter().collect::<HashSet<_>>().len(), lines.len());
        for line in &lines {
            assert_eq!(line.len(), 6);
            assert_eq!(line[0].parse::<u64>().expect("a number"), line[1].parse::<u64>().expect("a number") + 1);
            assert!(line[2].is_empty() || Field::from_name(line[2].as_bytes()).is_some());
            assert!(matches!(line[5], "error" | "warn"));
        }

        // What is not in the truth is good.
        let good = |(index, _): &(usize, Row)| !faulty.contains((index + 1).to_string().as_str());
        let good: Vec<Row> = rows(&file).into_iter().enumerate().filter(good).map(|(_, row)| row).collect();
        check_good(&good, options.today);
    }
}

#[test]
fn every_kind_of_fault_gets_its_turn() {
    for models in [Models::D, Models::I, Models::P] {
        let (_, truth, _) = run(&Options { records: 20_000, error_rate: 0.1, models, ..Options::default() });
        let told: HashSet<_> = truth
            .lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split('\t').collect();
                (cells[2].to_owned(), cells[3].to_owned(), cells[4].to_owned())
            })
            .collect();
        let model = models_letter(models);
        for fault in Fault::all().filter(|fault| fault.code() != "XR016") {
            let event =
                if fault.good_row().is_refusal() { cvrs_spec::Event::Refusal } else { cvrs_spec::Event::Vaccination };
            if fault.fits(model, event) {
                let field = fault.field().map_or("", Field::name).to_owned();
                let key = (field, fault.code().to_owned(), fault.dch().unwrap_or("").to_owned());
                assert!(told.contains(&key), "{}", fault.name);
            }
        }
    }
}

fn models_letter(models: Models) -> cvrs_spec::Model {
    match models {
        Models::I => cvrs_spec::Model::I,
        Models::P => cvrs_spec::Model::P,
        Models::D | Models::Mix => cvrs_spec::Model::D,
    }
}

#[test]
fn relations_to_earlier_records_hold() {
    let options = Options { records: 20_000, error_rate: 0.9, models: Models::Mix, seed: 9, ..Options::default() };
    let (file, truth, _) = run(&options);
    let rows = rows(&file);
    let mut first: HashMap<String, Vec<u8>> = HashMap::new();
    let mut exact = HashSet::new();
    let mut expected = HashSet::new();
    for (index, row) in rows.iter().enumerate() {
        let id = row.get(Field::VaxEventId);
        if id.is_empty() {
            continue;
        }
        let folded = String::from_utf8_lossy(id).to_ascii_lowercase();
        let is_new = exact.insert(id.to_vec());
        if first.insert(folded, id.to_vec()).is_some() {
            expected.insert((index + 1, if is_new { "warn" } else { "error" }));
        }
    }
    let told: HashSet<_> = truth
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|cells| cells[3] == "BUSR013")
        .map(|cells| (cells[1].parse::<usize>().expect("a number"), if cells[5] == "warn" { "warn" } else { "error" }))
        .collect();
    assert!(told.len() > 100);
    assert_eq!(told, expected);

    let mut people: HashMap<Vec<u8>, (Vec<u8>, Vec<u8>)> = HashMap::new();
    let mut expected = HashSet::new();
    for (index, row) in rows.iter().enumerate() {
        let person = (row.get(Field::RecipDob).to_vec(), row.get(Field::RecipSex).to_vec());
        let id = row.get(Field::RecipId).to_vec();
        if !id.is_empty() && *people.entry(id).or_insert_with(|| person.clone()) != person {
            expected.insert(index + 1);
        }
    }
    let told: HashSet<_> = truth
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|cells| cells[3] == "XR018")
        .map(|cells| cells[1].parse::<usize>().expect("a number"))
        .collect();
    assert!(told.len() > 100);
    assert_eq!(told, expected);
}
