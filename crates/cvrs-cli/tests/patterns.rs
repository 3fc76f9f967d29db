//! Whole files spoilt by one cause: the report names it once, in few lines, and says what to do.
#![expect(clippy::disallowed_methods, reason = "the command reads and writes files")]

use assert_cmd::Command;
use cvrs_generate::{Models, Options, Row, generate};
use cvrs_spec::Field::{self, *};
use std::fs;

const RECORDS: u64 = 5_000;
const TODAY: &str = "2022-12-31";

/// Good rows, all of them vaccinations or refusals as they come.
fn rows(models: Models) -> Vec<Row> {
    let mut text = Vec::new();
    let options = Options { records: RECORDS, seed: 7, models, ..Options::default() };
    generate(&options, &mut text, None).expect("memory");
    text.split(|&byte| byte == b'\n').skip(1).filter(|line| !line.is_empty()).map(Row::parse).collect()
}

/// The text report and the codes of the patterns in it, of a file of that name.
fn report(name: &str, text: &[u8], more: &[&str]) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), text).expect("written");
    let run = |format: &str| {
        let mut command = Command::cargo_bin("cvrs").expect("the binary is built");
        command.current_dir(&folder).args(["validate", "--today", TODAY, "--format", format, name]).args(more);
        String::from_utf8(command.output().expect("run").stdout).expect("UTF-8")
    };
    let codes = run("tsv");
    let codes = codes.lines().flat_map(|line| line.split('\t').filter(|cell| cell.starts_with("PAT0")));
    (run("text"), codes.map(str::to_owned).collect())
}

/// Damages every row of a good file of each model, and expects that one pattern with its evidence and remedy.
fn spoilt(pattern: &str, evidence: &str, remedy: &str, damage: impl Fn(&mut Row, usize)) {
    for models in [Models::D, Models::I, Models::P] {
        let mut rows = rows(models);
        for (number, row) in rows.iter_mut().enumerate() {
            damage(row, number);
        }
        let (text, codes) = report("file.txt", &cvrs_generate::file(&rows), &[]);
        assert_eq!(codes, [pattern], "{models:?}\n{text}");
        assert!(text.contains(evidence) && text.contains(remedy), "{models:?}\n{text}");
        let table: Vec<&str> =
            text.lines().filter(|line| line.starts_with("  error") || line.starts_with("  warn")).collect();
        assert!(table.len() < 10, "{models:?}\n{text}");
    }
}

fn text_of(row: &Row, field: Field) -> String {
    String::from_utf8_lossy(row.get(field)).into_owned()
}

/// Changes the value of a column where it has one.
fn change(row: &mut Row, field: Field, make: impl Fn(&str) -> String) {
    let value = text_of(row, field);
    if !value.is_empty() {
        row.set(field, make(&value));
    }
}

fn parts(date: &str) -> [u32; 3] {
    let parts: Vec<u32> = date.split('-').map(|part| part.parse().expect("a number")).collect();
    parts.try_into().unwrap_or([2021, 1, 1])
}

/// Days since 1899-12-30, as a spreadsheet counts them.
fn serial(date: &str) -> i64 {
    let [year, month, day] = parts(date).map(i64::from);
    let (year, month) = if month <= 2 { (year - 1, month + 12) } else { (year, month) };
    let days = |year: i64, month: i64, day: i64| {
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month - 457) / 5 + day
    };
    days(year, month, day) - days(1899, 12, 30)
}

#[test]
fn a_good_file_of_each_model_shows_no_pattern() {
    for models in [Models::D, Models::I, Models::P] {
        let (text, codes) = report("20221231_01_GAA.txt", &cvrs_generate::file(&rows(models)), &[]);
        assert_eq!(codes, [""; 0], "{text}");
    }
}

#[test]
fn zip_codes_without_their_zeros() {
    spoilt("PAT001", "leading zeros lost in ZIP codes", "Export these columns as text", |row, _| {
        for zip in [RecipAddressZip, AdminAddressZip] {
            change(row, zip, |zip| zip.trim_start_matches('0').to_owned());
        }
    });
}

#[test]
fn counties_without_their_zeros() {
    spoilt("PAT001", "leading zeros lost in county codes", "Export these columns as text", |row, _| {
        for county in [RecipAddressCounty, AdminAddressCounty] {
            change(row, county, |county| county.trim_start_matches('0').to_owned());
        }
    });
}

#[test]
fn drug_codes_without_their_zeros() {
    spoilt("PAT001", "leading zeros lost in NDCs", "Export these columns as text", |row, _| {
        // A product of a maker whose number begins with zeros.
        if !row.get(Ndc).is_empty() {
            row.set(Ndc, "69202501");
        }
    });
}

#[test]
fn dates_as_month_day_year() {
    spoilt("PAT002", "dates as month/day/year: 5000 of 5000 rows", "", |row, _| {
        for date in [RecipDob, AdminDate, VaxExpiration] {
            change(row, date, |date| match parts(date) {
                [year, month, day] => format!("{month}/{day}/{year}"),
            });
        }
    });
}

#[test]
fn dates_as_serial_numbers() {
    spoilt("PAT003", "serial numbers: 5000 of 5000 rows", "Give the column a date format", |row, _| {
        for date in [RecipDob, AdminDate, VaxExpiration] {
            change(row, date, |date| serial(date).to_string());
        }
    });
}

#[test]
fn the_serial_number_of_a_known_day() {
    assert_eq!((serial("2021-01-15"), serial("1900-03-01")), (44_211, 61));
}

#[test]
fn ids_in_scientific_notation() {
    spoilt("PAT004", "ids in scientific notation: 5000 of 5000 rows", "cannot be repaired", |row, number| {
        row.set(VaxEventId, format!("1.23{:03}E+11", number % 1000));
        row.set(RecipId, format!("4.56{:03}E+09", number % 1000));
    });
}

#[test]
fn codes_of_version_1_under_a_header_of_version_2() {
    spoilt("PAT005", "codes of another version", "--spec-version", |row, number| {
        row.set(AdminType, ["PH", "CL", "HD", "POD"][number % 4]);
    });
}

#[test]
fn windows_1252() {
    spoilt("PAT006", "text in Windows-1252: 5000 of 5000 rows", "--fix F37", |row, _| {
        row.set(AdminName, "Clínica José");
        for cell in row.cells_mut() {
            // All characters of the generated names are those of Latin-1.
            *cell = String::from_utf8_lossy(cell).chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
        }
    });
}

#[test]
fn cells_one_column_to_the_right() {
    for column in [RecipDob, RecipAddressCounty, RecipRace1] {
        spoilt("PAT007", "one column beside their own: ", "write a cell for each column", |row, _| {
            row.cells_mut().insert(column as usize, Vec::new());
            row.cells_mut().pop();
        });
    }
}

#[test]
fn cells_one_column_to_the_left() {
    spoilt("PAT007", "one column beside their own: ", "write a cell for each column", |row, _| {
        row.cells_mut().remove(RecipMiddleName as usize);
        row.cells_mut().push(b"UNK".to_vec());
    });
}

#[test]
fn one_value_in_a_whole_column() {
    spoilt("PAT008", "one value in all 5000 rows of recip_sex", "Look at how the export", |row, _| {
        row.set(RecipSex, "F");
    });
}

#[test]
fn a_file_of_another_day() {
    let rows = rows(Models::D);
    for (name, words) in [
        ("20230101_01_GAA.txt", "later than the day of submission"),
        ("20210601_01_GAA.txt", "of a later day than the file's name tells"),
    ] {
        let (text, codes) = report(name, &cvrs_generate::file(&rows), &[]);
        assert_eq!(codes, ["PAT009"], "{text}");
        assert!(text.contains(words) && text.contains("Compare the file with the day"), "{text}");
    }
}

#[test]
fn a_tenth_of_the_rows_is_a_pattern_and_one_row_is_none() {
    for (every, expected) in [(10, &["PAT002"][..]), (5_000, &[])] {
        let mut rows = rows(Models::D);
        for row in rows.iter_mut().step_by(every) {
            change(row, AdminDate, |date| match parts(date) {
                [year, month, day] => format!("{month}/{day}/{year}"),
            });
        }
        let (text, codes) = report("file.txt", &cvrs_generate::file(&rows), &[]);
        assert_eq!(codes, expected, "{text}");
    }
}
