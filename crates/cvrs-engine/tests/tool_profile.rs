//! Profile `tool` against what is known of CDC's command-line validator: every minimal pass and fail, every edge case.

use cvrs_engine::{Found, Validator};
use cvrs_parse::Date;
use cvrs_report::Level;
use cvrs_rules::{Options, Profile, example};
use cvrs_spec::Field::{self, *};
use cvrs_spec::Version;

type Cells<'a> = &'a [(Field, &'a str)];

fn validator() -> Validator {
    let today = Date::parse(b"2021-01-29").expect("a day");
    Validator::new(&Options::new(Profile::Tool, today))
}

fn findings(text: &[u8], version: Option<Version>) -> Vec<Found> {
    let validator = version.map_or_else(validator, |version| validator().for_version(version));
    validator.check(text).expect("a CVRS text").findings
}

/// Code and column of each finding, in order.
fn told(findings: &[Found]) -> Vec<String> {
    let name = |found: &Found| found.finding.field.map_or("Header", Field::name);
    findings.iter().map(|found| format!("{} {}", found.finding.code, name(found))).collect()
}

fn row(version: Version, cells: Cells<'_>) -> Vec<String> {
    told(&findings(&example::file(version, &[cells]), Some(version)))
}

fn v2(cells: Cells<'_>) -> Vec<String> {
    row(Version::V2, cells)
}

fn message(cells: Cells<'_>) -> String {
    let found = findings(&example::file(Version::V2, &[cells]), Some(Version::V2));
    assert_eq!(found.len(), 1, "{:?}", told(&found));
    found[0].message.clone()
}

/// A refusal with other values laid over it.
fn refusal(cells: Cells<'_>) -> Vec<(Field, &str)> {
    cells.iter().chain(example::REFUSAL).copied().collect()
}

/// A missed appointment of version 1 with other values laid over it.
fn missed(cells: Cells<'_>) -> Vec<(Field, &str)> {
    cells.iter().chain(example::MISSED).copied().collect()
}

const NONE: [&str; 0] = [];

#[test]
fn the_known_good_records_pass() {
    for version in Version::ALL {
        assert_eq!(row(version, &[]), NONE);
        assert_eq!(row(version, example::IDENTIFIED), NONE);
        assert_eq!(row(version, &[(ExtType, "P"), (PprlId, "t0k3n")]), NONE);
    }
    assert_eq!(v2(&refusal(&[])), NONE);
    assert_eq!(row(Version::V1, &refusal(&[(VaxProvSuffix, "")])), NONE);
    assert_eq!(row(Version::V1, &missed(&[(AdminType, "")])), NONE);
}

#[test]
fn required_columns_are_those_of_the_event() {
    let always = [
        RecipId,
        RecipSex,
        RecipRace1,
        RecipEthnicity,
        ResponsibleOrg,
        AdminName,
        VaxRefusal,
        CmorbidStatus,
        Serology,
        AdminType,
        Cvx,
        DoseNum,
        VaxSeriesComplete,
    ];
    for field in always {
        assert_eq!(v2(&[(field, "")]), [format!("REQD001 {}", field.name())]);
    }
    assert_eq!(v2(&refusal(&[(Cvx, "")])), ["REQD002 cvx"]);
    assert_eq!(v2(&refusal(&[(AdminType, "")])), ["REQD002 admin_type"]);
    assert_eq!(row(Version::V1, &missed(&[(RecipSex, "")])), ["REQD003 recip_sex"]);
    assert_eq!(row(Version::V1, &[(VtrcksProvPin, "")]), ["REQD001 vtrcks_prov_pin"]);
    assert_eq!(row(Version::V1, &[(RecipMissedAppt, "")]), ["REQD001 recip_missed_appt"]);
    for field in [VtrcksProvPin, RecipAddressCounty, RecipRace2, Ndc, Mvx, LotNumber, AdminAddressStreet] {
        let zip = if field == RecipAddressCounty { RecipAddressZip } else { field };
        assert_eq!(v2(&[(field, ""), (zip, "")]), NONE, "{}", field.name());
    }
    assert_eq!(message(&[(DoseNum, "")]), "dose_num is required for Vaccination events");
}

#[test]
fn a_refusal_or_missed_appointment_must_not_hold_a_dose() {
    for (field, value) in
        [(Ndc, "59267-1000-01"), (Mvx, "PFR"), (LotNumber, "L1"), (VaxExpiration, "2021-06"), (DoseNum, "1")]
    {
        assert_eq!(v2(&refusal(&[(field, value)])), [format!("DNTS002 {}", field.name())]);
    }
    assert_eq!(row(Version::V1, &missed(&[(Cvx, "208")])), ["DNTS003 cvx"]);
    assert_eq!(row(Version::V1, &missed(&[(VaxProvSuffix, "RN")])), ["DNTS003 vax_prov_suffix"]);
    // A blank is a value: forbidden, and no code.
    assert_eq!(v2(&refusal(&[(DoseNum, " ")])), ["DNTS002 dose_num", "DATA007 dose_num"]);
    assert_eq!(message(&refusal(&[(LotNumber, "L1")])), "lot_number should not be present for Refusal events");
}

#[test]
fn a_blank_satisfies_what_is_required() {
    assert_eq!(v2(&[(RecipSex, " ")]), ["DATA007 recip_sex"]);
    assert_eq!(v2(&[(AdminName, " ")]), ["DATA005 admin_name"]);
}

#[test]
fn an_event_type_is_not_trimmed_and_ignores_case() {
    // A valid code of the set, yet a vaccination.
    assert_eq!(v2(&[(VaxRefusal, " YES")]), NONE);
    assert_eq!(v2(&refusal(&[(VaxRefusal, "yes")])), NONE);
    let both = [(VaxRefusal, "YES"), (RecipMissedAppt, "YES"), (VaxProvSuffix, "")];
    assert_eq!(row(Version::V1, &refusal(&both)), ["BUSR006 vax_refusal"]);
}

#[test]
fn a_missed_appointment_in_a_file_of_version_two_is_one() {
    let mut text = example::header(Version::V2) + "\tRecip_Missed_Appt\n";
    let values = missed(&[(VtrcksProvPin, ""), (AdminType, ""), (RecipSex, "")]);
    let values: Vec<_> = values.into_iter().filter(|cell| !matches!(cell.0, RecipMissedAppt | VaxProvSuffix)).collect();
    text += &(example::row(Version::V2, &values) + "\tYes\n");
    text += &(example::row(Version::V2, &[(VaxEventId, "A2")]) + "\tYES\n");
    text += &(example::row(Version::V2, &[(VaxEventId, "A3")]) + "\tno\n");
    let found = findings(text.as_bytes(), Some(Version::V2));
    let mut expected = vec!["FMT_002 Header".to_owned(), "REQD003 recip_sex".to_owned()];
    let forbidden = [
        "cvx",
        "ndc",
        "mvx",
        "lot_number",
        "vax_expiration",
        "vax_admin_site",
        "vax_route",
        "dose_num",
        "vax_series_complete",
    ];
    expected.extend(forbidden.map(|name| format!("DNTS003 {name}")));
    assert_eq!(told(&found), expected);
    assert_eq!(found[0].message, "Input contains invalid headers: [recip_missed_appt]");
}

#[test]
fn dates_are_told_by_their_shape() {
    let dob = |value: &str| v2(&[(RecipDob, value)]);
    for good in ["1968-05-27", "1968-05", "0001-01-01"] {
        assert_eq!(dob(good), NONE, "{good}");
    }
    // The first of these is also "after" the administration, as text.
    for (bad, code, after) in [
        ("2015-26-08", "DATA001", false),
        ("1968-13", "DATA001", false),
        ("2020", "DATA001", false),
        ("2020-1-5", "DATA001", false),
        ("20200101", "DATA001", false),
        ("10-24-2020", "DATA001", false),
        ("UNK", "DATA001", true),
        ("Jan 5 2021", "DATA001", true),
        ("10/24/2020", "DATA009", false),
        ("1/2/2020", "DATA009", false),
        ("13/45/2020", "DATA009", false),
        ("10/24", "DATA009", false),
        ("00/00/0000", "DATA009", false),
        ("2020/10/04", "DATA009", false),
    ] {
        let mut expected = vec![format!("{code} recip_dob")];
        if after {
            // Letters are later than any digit, tomorrow's too.
            expected.extend(["BUSR005 recip_dob".to_owned(), "BUSR011 recip_dob".to_owned()]);
        }
        assert_eq!(dob(bad), expected, "{bad}");
    }
    assert_eq!(v2(&[(AdminDate, "2020-10")]), ["DATA001 admin_date"]);
    assert_eq!(v2(&[(VaxExpiration, "2021-02-30")]), ["DATA001 vax_expiration"]);
    assert_eq!(
        message(&[(RecipDob, "1968-13")]),
        "recip_dob contains an invalid date, should match yyyy-MM-dd|yyyy-MM"
    );
    assert_eq!(message(&[(AdminDate, "2020-10")]), "admin_date contains an invalid date, should match yyyy-MM-dd");
    assert_eq!(
        message(&[(RecipDob, "05/27/1968")]),
        "recip_dob contains an incorrectly formatted date, should match yyyy-MM-dd|yyyy-MM"
    );
    // A year of five digits is a date, and as text less than any of our time.
    assert_eq!(v2(&[(VaxExpiration, "12021-06-30")]), NONE);
    assert_eq!(dob("12020-10-04"), NONE);
}

#[test]
fn a_pprl_id_belongs_to_model_p_alone() {
    assert_eq!(v2(&[(PprlId, "t0k3n")]), ["DATA004 pprl_id"]);
    assert_eq!(v2(&[(ExtType, "P")]), ["DATA004 pprl_id"]);
    assert_eq!(v2(&[(ExtType, "Q"), (PprlId, "t0k3n")]), ["DATA005 ext_type", "DATA004 pprl_id"]);
    assert_eq!(message(&[(ExtType, "P")]), "pprl_id should not be present");
}

#[test]
fn shapes_are_those_of_the_regular_expressions() {
    assert_eq!(v2(&[(ExtType, "d")]), NONE);
    for ext_type in ["Q", "", " D"] {
        assert_eq!(v2(&[(ExtType, ext_type)]), ["DATA005 ext_type"], "{ext_type:?}");
    }
    for (field, good, bad) in [
        (VaxEventId, "A1", "A 1"),
        (RecipId, "A1", "A "),
        (RecipAddressZip, "30301-0001", "303010001"),
        (AdminAddressZip, "30301", "30301-"),
        (VtrcksProvPin, "A1379", "A1379-1"),
        (VtrcksProvPin, "474", "1234567"),
        (ResponsibleOrg, "Luna ", " Luna"),
        (AdminName, "L", " "),
    ] {
        assert_eq!(v2(&[(field, good)]), NONE, "{good}");
        assert_eq!(v2(&[(field, bad)]), [format!("DATA005 {}", field.name())], "{bad}");
    }
    let text = |field, value| message(&[(field, value)]);
    assert_eq!(text(ExtType, "Q"), "ext_type does not match the regular expression ^(D|P|I)$");
    assert_eq!(text(RecipId, "A 1"), r"recip_id does not match the regular expression ^\S+$");
    assert_eq!(
        text(RecipAddressZip, "3030"),
        r"recip_address_zip does not match the regular expression \d{5}(-\d{4})?"
    );
    assert_eq!(
        text(VtrcksProvPin, "1234567"),
        "vtrcks_prov_pin does not match the regular expression ^([0-9A-Za-z]{0,6})$"
    );
}

#[test]
fn six_columns_hold_redacted_unless_the_model_is_i() {
    assert_eq!(v2(&[(RecipFirstName, "REDACTED")]), NONE);
    for value in ["Ann", "", "Redacted "] {
        assert_eq!(v2(&[(RecipFirstName, value)]), ["DATA006 recip_first_name"], "{value:?}");
    }
    let mut unredacted = vec![(ExtType, "Q"), (RecipAddressCity, "Atlanta")];
    assert_eq!(v2(&unredacted), ["DATA005 ext_type", "DATA006 recip_address_city"]);
    // Without an extract type, a name makes the record an identified one.
    unredacted[0] = (ExtType, "");
    assert_eq!(v2(&unredacted), ["DATA005 ext_type"]);
    assert_eq!(message(&[(RecipLastName, "")]), "recip_last_name should contain value Redacted");
}

#[test]
fn codes_are_looked_up_trimmed_and_in_upper_case() {
    for (field, good) in [
        (RecipSex, " f "),
        (RecipAddressState, " ga"),
        (RecipRace1, "unk"),
        (RecipRace2, "2028-9 "),
        (Mvx, "pfr"),
        (Cvx, "###"),
        (Cvx, "900"),
        (Cvx, "01"),
        (Mvx, "###"),
        (Mvx, "AAA"),
        (Ndc, "####"),
        (Ndc, "80777-9999-00"),
        (Ndc, "59267-1000-1"),
        (Ndc, "59267100001"),
        (VaxRoute, "ID"),
        (VaxRefusal, "no "),
    ] {
        // A state with a blank is none to the relations: nothing is said of its county, and no ZIP code is in it.
        let zip = if field == RecipAddressState { "" } else { "30301" };
        assert_eq!(v2(&[(field, good), (RecipAddressZip, zip)]), NONE, "{} {good:?}", field.name());
    }
    for (field, bad) in [
        (RecipSex, "X"),
        (RecipSex, "UNK"),
        (RecipSex, "\"F\""),
        (RecipRace2, "UNK"),
        (RecipRace3, "POL"),
        (RecipRace6, "pol"),
        (RecipEthnicity, "2106-3"),
        (Cvx, "COVID"),
        (Cvx, "1"),
        (Cvx, "0208"),
        (Mvx, "QQQ"),
        (Ndc, "12345-6789-01"),
        (VaxAdminSite, "UNK"),
        (DoseNum, "7"),
        (VaxSeriesComplete, "N"),
        (AdminType, "CL"),
        (Serology, "POS"),
    ] {
        assert_eq!(v2(&[(field, bad)]), [format!("DATA007 {}", field.name())], "{} {bad:?}", field.name());
    }
    assert_eq!(row(Version::V1, &[(AdminType, "17")]), ["DATA007 admin_type"]);
    assert_eq!(message(&[(RecipSex, "UNK")]), "recip_sex is not in value set SEX[M, F, U]");
    assert_eq!(message(&[(AdminType, "CL")]), "admin_type is not in value set DCHTYPE2[1, 2 ... 28, UNK]");
    assert_eq!(
        message(&[(RecipRace2, "UNK")]),
        "recip_race_2 is not in value set RACE[1002-5, 2028-9 ... 2106-3, 2131-1]"
    );
}

#[test]
fn counties_and_states_are_those_of_the_tools_lists() {
    for (county, state) in
        [("02158", "AK"), ("46102", "SD"), ("02063", "AK"), ("02066", "AK"), ("09110", "CT"), ("13999", "GA")]
    {
        let cells = [(RecipAddressCounty, county), (RecipAddressState, state), (RecipAddressZip, "")];
        assert_eq!(v2(&cells), ["DATA007 recip_address_county"], "{county}");
    }
    for (county, state) in [("02261", "AK"), ("02270", "AK"), ("46113", "SD"), ("51515", "VA"), ("01001", "AL")] {
        let cells = [(RecipAddressCounty, county), (RecipAddressState, state), (RecipAddressZip, "")];
        assert_eq!(v2(&cells), NONE, "{county}");
    }
    // A lost leading zero.
    let cells = [(RecipAddressCounty, "1001"), (RecipAddressState, "AL"), (RecipAddressZip, "35004")];
    assert_eq!(v2(&cells), ["DATA007 recip_address_county", "BUSR001 recip_address_county"]);
    for state in ["AA", "AE", "AP", "UM"] {
        let cells = [(RecipAddressState, state), (RecipAddressZip, "")];
        assert_eq!(v2(&cells), ["DATA007 recip_address_state"], "{state}");
    }
}

#[test]
fn lengths_are_counted_in_utf_16() {
    let long = "x".repeat(256);
    assert_eq!(v2(&[(AdminName, &long[..255])]), NONE);
    assert_eq!(v2(&[(AdminName, &long)]), ["DATA008 admin_name"]);
    // 128 characters of two units each.
    assert_eq!(v2(&[(AdminName, &"😀".repeat(128))]), ["DATA008 admin_name"]);
    assert_eq!(v2(&[(AdminName, &"é".repeat(255))]), NONE);
    for field in [LotNumber, AdminAddressStreet, AdminAddressStreet2, AdminAddressCity] {
        assert_eq!(v2(&[(field, &long)]), NONE);
    }
    assert_eq!(v2(&[(Mvx, "PFRX")]), ["DATA008 mvx", "DATA007 mvx"]);
    assert_eq!(v2(&[(VaxRoute, "C2816100000")]), ["DATA008 vax_route", "DATA007 vax_route"]);
    assert_eq!(v2(&[(PprlId, &long[..101])]), ["DATA008 pprl_id", "DATA004 pprl_id"]);
    let found = findings(&example::file(Version::V2, &[&[(Mvx, "PFRX")]]), None);
    assert_eq!(found[0].message, "mvx exceeds maximum length 3");
}

#[test]
fn counties_and_zip_codes_are_held_against_the_state() {
    assert_eq!(v2(&[(RecipAddressCounty, "49053")]), ["BUSR001 recip_address_county"]);
    assert_eq!(v2(&[(AdminAddressCounty, "49053")]), ["BUSR002 admin_address_county"]);
    assert_eq!(v2(&[(RecipAddressZip, "48504")]), ["BUSR003 recip_address_zip"]);
    assert_eq!(v2(&[(AdminAddressZip, "48504")]), ["BUSR004 admin_address_zip"]);
    // An unknown state passes the one and fails the other.
    let cells = [(AdminAddressState, "XX")];
    assert_eq!(v2(&cells), ["DATA007 admin_address_state", "BUSR004 admin_address_zip"]);
    // A state with a range of one prefix takes every ZIP code, Micronesia none.
    let at = |county: &'static str, state: &'static str, zip: &'static str| {
        v2(&[(AdminAddressCounty, county), (AdminAddressState, state), (AdminAddressZip, zip)])
    };
    assert_eq!(at("36061", "ny", "30301"), NONE);
    assert_eq!(at("64002", "FM", "96942"), ["BUSR004 admin_address_zip"]);
    for (field, code) in [(RecipAddressState, "BUSR007"), (RecipAddressCounty, "BUSR009")] {
        assert_eq!(v2(&[(field, "")]), [format!("{code} recip_address_zip")]);
    }
    for (field, code) in [(AdminAddressState, "BUSR008"), (AdminAddressCounty, "BUSR010")] {
        assert_eq!(v2(&[(field, "")]), [format!("{code} admin_address_zip")]);
    }
    let found = findings(&example::file(Version::V2, &[&[(RecipAddressState, "")]]), None);
    assert_eq!(found[0].finding.level, Level::Warn);
}

#[test]
fn dates_are_compared_as_text() {
    let pair = |dob: &'static str, admin: &'static str| v2(&[(RecipDob, dob), (AdminDate, admin)]);
    assert_eq!(pair("2020-10-04", "2020-10-04"), NONE);
    assert_eq!(pair("2020-11-01", "2020-10-04"), ["BUSR005 recip_dob"]);
    assert_eq!(pair("2020-10", "2020-10-04"), NONE);
    assert_eq!(pair("2020-10-04", "2020-10"), ["DATA001 admin_date", "BUSR005 recip_dob"]);
    assert_eq!(pair("2015-08-26", "10/24/2020"), ["DATA009 admin_date", "BUSR005 recip_dob"]);
    assert_eq!(pair("", "2020-10-04"), ["REQD001 recip_dob", "BUSR005 recip_dob"]);
    assert_eq!(pair("2015-08-26", ""), ["REQD001 admin_date", "BUSR005 recip_dob"]);
    // Today is 2021-01-29.
    assert_eq!(pair("2021-01-29", "2021-01-29"), NONE);
    assert_eq!(pair("2021-01-29", "2021-01-30"), ["BUSR012 admin_date"]);
    assert_eq!(pair("2021-01-30", "2021-01-30"), ["BUSR011 recip_dob", "BUSR012 admin_date"]);
    assert_eq!(pair("2021-02", "2021-01-01"), ["BUSR005 recip_dob", "BUSR011 recip_dob"]);
    let found = findings(&example::file(Version::V2, &[&[(AdminDate, "2021-01-30")]]), None);
    assert_eq!(found[0].message, "If admin_date is present it should less than tomorrow (2021-01-30)");
    assert_eq!(found[0].finding.dch, Some("DCH071"));
}

#[test]
fn a_duplicate_cites_the_record_before_it() {
    let with = |id| [(VaxEventId, id)];
    let rows = [with("A1"), with("B1"), with("a1"), with("A1"), with("")];
    let mut rows: Vec<Cells<'_>> = rows.iter().map(|row| &row[..]).collect();
    let last = with("");
    rows.push(&last);
    let found = findings(&example::file(Version::V2, &rows), None);
    assert_eq!(
        told(&found),
        [
            "BUSR013 vax_event_id",
            "BUSR013 vax_event_id",
            "REQD001 vax_event_id",
            "REQD001 vax_event_id",
            "BUSR013 vax_event_id",
        ]
    );
    let cited: Vec<_> = found.iter().filter(|found| found.finding.code == "BUSR013").collect();
    assert_eq!(cited[0].message, "Value of vax_event_id duplicates vax_event_id at line 1");
    assert_eq!(cited[1].message, "Value of vax_event_id duplicates vax_event_id at line 3");
    assert_eq!(cited[2].message, "Value of vax_event_id duplicates vax_event_id at line 5");
    assert_eq!((cited[2].line, cited[2].record), (7, Some(6)));
}

#[test]
fn rows_of_another_length_are_told_and_not_counted() {
    let good = |id: &str| example::row(Version::V2, &[(VaxEventId, id)]);
    let header = example::header(Version::V2);
    let lines = [header, good("A1"), good("A2") + "\tmore", String::new(), "short".to_owned(), good("a1"), good("A3 ")];
    let found = findings((lines.join("\n") + "\n").as_bytes(), None);
    let places: Vec<_> = found.iter().map(|found| (found.finding.code, found.line, found.record)).collect();
    assert_eq!(places, [("XR001", 3, None), ("XR001", 5, None), ("BUSR013", 6, Some(2)), ("DATA005", 7, Some(3))]);
    assert_eq!(found[0].finding.level, Level::Info);
    assert_eq!(found[2].message, "Value of vax_event_id duplicates vax_event_id at line 1");
}

#[test]
fn record_numbers_do_not_depend_on_chunks() {
    // More than one step of a quarter of a megabyte, with a long row now and then.
    let mut text = example::header(Version::V2) + "\n";
    for number in 0..2_000 {
        let id = format!("A{number}");
        let long = if number % 10 == 3 { "\tmore" } else { "" };
        let sex = if number % 100 == 99 { "X" } else { "F" };
        text += &(example::row(Version::V2, &[(VaxEventId, &id), (RecipSex, sex)]) + long + "\n");
    }
    let found = findings(text.as_bytes(), None);
    let numbers = found.iter().filter(|found| found.finding.code == "DATA007").map(|found| found.record);
    let expected = (0..2_000u64).filter(|number| number % 100 == 99).map(|number| Some(number + 1 - (number + 7) / 10));
    assert_eq!(numbers.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[test]
fn columns_that_the_file_lacks_are_told_for_each_record() {
    let fields: Vec<Field> = Version::V2.columns().iter().copied().filter(|&field| field != RecipSex).collect();
    let header: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    let cells = example::row(Version::V2, &[]);
    let cells: Vec<&str> = cells.split('\t').collect();
    let row: Vec<&str> = fields.iter().map(|&field| cells[field as usize]).collect();
    let text = format!("{}\n{row}\n{row}\n", header.join("\t"), row = row.join("\t"));
    let found = findings(text.as_bytes(), None);
    let codes: Vec<_> = found.iter().map(|found| (found.finding.code, found.record)).collect();
    assert_eq!(codes, [("FMT_004", None), ("REQD001", Some(1)), ("REQD001", Some(2)), ("BUSR013", Some(2))]);
    assert_eq!(found[0].message, "File is missing headers [recip_sex]");
}

#[test]
fn header_names_are_counted_rather_than_compared() {
    let header = example::header(Version::V2);
    let told_of = |header: &str| {
        let found = findings(format!("{header}\n").as_bytes(), Some(Version::V2));
        found.into_iter().map(|found| format!("{} {}", found.finding.code, found.message)).collect::<Vec<_>>()
    };
    assert_eq!(told_of(&header.to_uppercase()), NONE);
    let reversed: Vec<&str> = header.split('\t').rev().collect();
    assert_eq!(told_of(&reversed.join("\t")), NONE);
    assert_eq!(
        told_of(&header.replace("admin_type", " Admin_Type")),
        ["FMT_002 Input contains invalid headers: [ admin_type]", "FMT_004 File is missing headers [admin_type]"]
    );
    // One name twice in the place of another: the count is right.
    assert_eq!(told_of(&header.replace("\tmvx", "\tndc")), NONE);
    assert_eq!(told_of(&header.replace("\tmvx", "")), ["FMT_004 File is missing headers [mvx]"]);
    assert_eq!(told_of(&(header.clone() + "\t\t")), NONE);
    assert_eq!(
        told_of(&format!("\u{FEFF}{}", header.replace("mvx", "mvx_code"))),
        [
            "FMT_005 File starts with a Unicode Byte Order Mark (FEFF)",
            "FMT_002 Input contains invalid headers: [mvx_code]",
            "FMT_004 File is missing headers [mvx]"
        ]
    );
}

#[test]
fn a_finding_that_the_clearinghouse_has_too_carries_its_rule() {
    for (cells, dch) in [
        (&[(RecipSex, "X")][..], Some("DCH017")),
        (&[(RecipSex, "")], Some("DCH016")),
        (&[(RecipSex, "f ")], None),
        (&[(RecipRace2, "UNK")], None),
        (&[(RecipAddressCounty, "13999")], None),
        (&[(AdminDate, "2020-10")], None),
        (&[(VtrcksProvPin, "1234567")], Some("DCH058")),
        (&[(RecipDob, ""), (AdminDate, "")], Some("DCH014")),
        (&[(AdminName, "x*256")], Some("DCH055")),
    ] {
        let found = findings(&example::file(Version::V2, &[cells]), None);
        assert_eq!(found.first().and_then(|found| found.finding.dch), dch, "{:?}", cells[0].0);
    }
}

#[test]
fn the_order_is_that_of_the_specification_whatever_the_files() {
    let header = example::header(Version::V1);
    let row = example::row(
        Version::V1,
        &[
            (VaxEventId, "A 1"),
            (ExtType, "Q"),
            (VaxProvSuffix, "X"),
            (VaxRefusal, "X"),
            (RecipMissedAppt, "X"),
            (Serology, "X"),
        ],
    );
    let reversed = |line: &str| line.split('\t').rev().collect::<Vec<_>>().join("\t");
    let text = format!("{}\n{}\n", reversed(&header), reversed(&row));
    assert_eq!(
        told(&findings(text.as_bytes(), None)),
        [
            "DATA005 vax_event_id",
            "DATA005 ext_type",
            "DATA007 vax_prov_suffix",
            "DATA007 vax_refusal",
            "DATA007 recip_missed_appt",
            "DATA007 serology",
        ]
    );
}
