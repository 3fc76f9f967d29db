//! The rules of the mapping one by one.

use crate::written::{Written, convert, text, with};
use cvrs_transform::fhir::{Form, Method, Options, Resources, Type};
use serde_json::{Value, json};

fn one(cells: &[(&str, &str)]) -> Written {
    convert(&text(&[with(cells)]), &Options::new("GAA"), 1)
}

fn patient(cells: &[(&str, &str)]) -> Value {
    one(cells).of(Type::Patient).remove(0)
}

fn absent(reason: &str) -> Value {
    json!({"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": reason}]})
}

#[test]
fn a_name_without_its_first_part_keeps_the_place_of_the_second() {
    let name = &patient(&[("recip_first_name", "")])["name"][0];
    assert_eq!(name["given"], json!([null, "Lucia"]));
    assert_eq!(name["_given"], json!([absent("unknown"), null]));
    let name = &patient(&[("recip_middle_name", " ")])["name"][0];
    assert_eq!((&name["given"], &name["_given"]), (&json!(["Ana"]), &Value::Null));
    let nobody = [("recip_first_name", ""), ("recip_middle_name", ""), ("recip_last_name", "")];
    assert_eq!(patient(&nobody)["name"], json!([absent("unknown")]));
}

#[test]
fn a_name_redacted_in_part_never_says_redacted() {
    let name = &patient(&[("recip_first_name", "Redacted"), ("recip_middle_name", "")])["name"][0];
    assert_eq!(name, &json!({"use": "official", "family": "Rivera & Sons", "_given": [absent("masked")]}));
    let name = &patient(&[("recip_middle_name", "REDACTED"), ("recip_last_name", "redacted")])["name"][0];
    let expected = json!({"use": "official", "_family": absent("masked"), "given": ["Ana", null], "_given": [null, absent("masked")]});
    assert_eq!(name, &expected);
}

#[test]
fn an_address_without_its_first_line_keeps_the_place_of_the_second() {
    let address = &patient(&[("recip_address_street", "")])["address"][0];
    assert_eq!(address["line"], json!([null, "Apt 4"]));
    assert_eq!(address["_line"], json!([absent("unknown"), null]));
    let nowhere = ["street", "street_2", "city", "county", "state", "zip"].map(|part| format!("recip_address_{part}"));
    let cells: Vec<(&str, &str)> = nowhere.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(patient(&cells)["address"], Value::Null);
}

#[test]
fn races_are_categories_details_and_what_is_left() {
    let race = |cells: &[(&str, &str)]| {
        let mut extensions = patient(cells)["extension"].clone();
        let extensions = extensions.as_array_mut().expect("a list").clone();
        let is_race = |item: &Value| item["url"].as_str().is_some_and(|url| url.contains("race"));
        extensions.into_iter().filter(is_race).collect::<Vec<_>>()
    };
    let codes = |race: &Value| -> Vec<String> {
        let parts = race["extension"].as_array().expect("a list");
        let told = |part: &Value| {
            let value = part["valueCoding"]["code"].as_str().or(part["valueString"].as_str()).unwrap_or_default();
            format!("{} {value}", part["url"].as_str().unwrap_or_default())
        };
        parts.iter().map(told).collect()
    };
    let other = race(&[("recip_race_1", "2131-1"), ("recip_race_2", "UNK")]);
    assert_eq!(codes(&other[0]), ["detailed 2131-1", "ombCategory UNK", "text Other Race; Unknown"]);
    assert_eq!(
        other[0]["extension"][1]["valueCoding"]["system"],
        "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
    );
    let policy = race(&[("recip_race_1", "POL"), ("recip_race_2", "")]);
    assert_eq!(codes(&policy[0]), ["text Cannot be reported because of policy or law"]);
    assert_eq!(policy[1], json!({"url": "urn:cvrs:field:recip_race_1", "valueCode": "POL"}));
    let lower = race(&[("recip_race_1", "unk"), ("recip_race_2", "")]);
    assert_eq!(codes(&lower[0]), ["ombCategory UNK", "text Unknown"]);
    assert_eq!(race(&[("recip_race_1", ""), ("recip_race_2", "")]), Vec::<Value>::new());
}

#[test]
fn an_unknown_race_beside_a_category_is_left_out_and_told() {
    for cells in
        [[("recip_race_1", "UNK"), ("recip_race_2", "2106-3")], [("recip_race_1", "2106-3"), ("recip_race_2", "UNK")]]
    {
        let written = one(&cells);
        let race = written.of(Type::Patient)[0]["extension"][0]["extension"].clone();
        assert_eq!(race.as_array().map(Vec::len), Some(2), "the category and the text");
        assert_eq!(race[0]["valueCoding"]["code"], "2106-3");
        assert_eq!(race[1]["valueString"], "White");
        assert_eq!(written.told, [(0, "warn CNV110".to_owned())]);
    }
    let twice = one(&[("recip_race_1", "UNK"), ("recip_race_2", "UNK")]);
    assert_eq!(twice.of(Type::Patient)[0]["extension"][0]["extension"].as_array().map(Vec::len), Some(2));
    assert_eq!(twice.told.len(), 1);
}

#[test]
fn an_ethnicity_that_policy_withholds_is_text_and_an_extension_of_ours() {
    let extensions = &patient(&[("recip_ethnicity", "POL")])["extension"];
    assert_eq!(extensions[1]["extension"].as_array().map(Vec::len), Some(1));
    assert_eq!(extensions[2], json!({"url": "urn:cvrs:field:recip_ethnicity", "valueCode": "POL"}));
}

#[test]
fn a_recipient_without_sex_has_a_reason_for_it() {
    let patient = patient(&[("recip_sex", "")]);
    assert_eq!((&patient["gender"], &patient["_gender"]), (&Value::Null, &absent("unknown")));
}

#[test]
fn what_fhir_cannot_say_is_rejected_with_its_reason() {
    for (cells, code) in [
        (("vax_event_id", ""), "CNV103"),
        (("recip_id", " "), "CNV103"),
        (("cvx", ""), "CNV103"),
        (("admin_date", ""), "CNV103"),
        (("admin_date", "01/15/2021"), "CNV104"),
        (("recip_dob", "1968-02-30"), "CNV104"),
        (("vax_expiration", "2021-13"), "CNV104"),
        (("recip_sex", "X"), "CNV105"),
        (("vax_refusal", ""), "CNV107"),
        (("vax_refusal", "MAYBE"), "CNV107"),
        (("lot_number", "a\u{1}b"), "CNV102"),
    ] {
        let written = one(&[cells]);
        assert_eq!(written.told, [(0, format!("error {code}"))], "{cells:?}");
        assert!(written.texts.is_empty(), "nothing of it stays");
    }
    let mut latin = text(&[with(&[("recip_first_name", "Jose#")])]);
    let at = latin.iter().position(|&byte| byte == b'#').expect("the mark");
    latin[at] = 0xE9;
    assert_eq!(convert(&latin, &Options::new("GAA"), 1).told, [(0, "error CNV101".to_owned())]);
}

#[test]
fn months_and_other_values_go_out_as_they_are() {
    let written = one(&[("admin_date", "2021-01"), ("recip_dob", "1968-05"), ("dose_num", "inv"), ("vax_route", "im")]);
    let immunization = &written.of(Type::Immunization)[0];
    assert_eq!(immunization["occurrenceDateTime"], "2021-01");
    assert_eq!(immunization["protocolApplied"], json!([{"doseNumberString": "INV"}]));
    let route = json!({"system": "http://terminology.hl7.org/CodeSystem/v2-0162", "code": "IM"});
    assert_eq!(immunization["route"]["coding"][0], route);
    assert_eq!(written.of(Type::Patient)[0]["birthDate"], "1968-05");
}

/// The blanks of Unicode: a cell of nothing but these has no text that FHIR takes, and no code has one around it.
#[test]
fn blanks_of_every_kind_say_nothing() {
    for blank in ["\u{a0}", "\u{2028}", "\u{85}", "\u{3000}", "\u{feff}", " \u{a0} "] {
        let cells = ["recip_middle_name", "recip_address_street_2", "lot_number", "admin_name", "responsible_org"];
        let cells = cells.map(|name| (name, blank));
        let code = format!("{blank}80777-0273-10 ");
        let written = one(&[&cells[..], &[("ndc", &code)]].concat());
        assert!(written.told.is_empty(), "{:?}", written.told);
        let patient = &written.of(Type::Patient)[0];
        assert_eq!(patient["name"][0]["given"], json!(["Ana"]), "{blank:?}");
        assert_eq!(patient["address"][0]["line"], json!(["12 Peach St"]), "{blank:?}");
        assert!(written.of(Type::Organization).is_empty() && written.of(Type::Location)[0]["name"].is_null());
        let immunization = &written.of(Type::Immunization)[0];
        assert!(immunization["lotNumber"].is_null());
        assert_eq!(immunization["vaccineCode"]["coding"][1]["code"], "80777-0273-10", "{blank:?}");
        assert_eq!(one(&[("recip_id", blank)]).told, [(0, "error CNV103".to_owned())]);
    }
    // What stands around a text is part of it, and so is a blank within a code.
    let written = one(&[("admin_name", "\u{a0}Hope "), ("ndc", "80777 0273  10")]);
    assert_eq!(written.of(Type::Location)[0]["name"], "\u{a0}Hope ");
    assert_eq!(written.of(Type::Immunization)[0]["vaccineCode"]["coding"][1]["code"], "80777 0273 10");
}

#[test]
fn a_place_that_is_not_told_is_no_resource() {
    let place = [
        "name",
        "type",
        "address_street",
        "address_street_2",
        "address_city",
        "address_county",
        "address_state",
        "address_zip",
    ]
    .map(|part| format!("admin_{part}"));
    let mut cells: Vec<(&str, &str)> = place.iter().map(|name| (name.as_str(), "")).collect();
    cells.extend([("responsible_org", ""), ("vtrcks_prov_pin", "")]);
    let written = one(&cells);
    assert!(written.of(Type::Location).is_empty() && written.of(Type::Organization).is_empty());
    assert_eq!(written.of(Type::Immunization)[0]["location"], Value::Null);
}

#[test]
fn the_first_row_of_a_recipient_holds_and_others_are_counted() {
    let rows = [
        with(&[("vax_event_id", "A")]),
        with(&[("vax_event_id", "B"), ("recip_dob", "1969-05-27"), ("recip_address_city", "Macon")]),
        with(&[("vax_event_id", "C")]),
        with(&[("vax_event_id", "D"), ("recip_dob", "1968-05")]),
    ];
    for chunk in 1..5 {
        let written = convert(&text(&rows), &Options::new("GAA"), chunk);
        let patients = written.of(Type::Patient);
        assert_eq!(patients.len(), 1);
        assert_eq!(
            (&patients[0]["birthDate"], &patients[0]["address"][0]["city"]),
            (&json!("1968-05-27"), &json!("Atlanta"))
        );
        assert_eq!(written.n_differing, 2);
        assert_eq!(written.differing.into_iter().collect::<Vec<_>>(), [("recip_address_city", 1), ("recip_dob", 2)]);
        assert_eq!(
            written.counts.into_iter().collect::<Vec<_>>(),
            [(Type::Organization, 1), (Type::Location, 1), (Type::Patient, 1), (Type::Immunization, 4)]
        );
    }
}

#[test]
fn systems_begin_as_they_are_told_to() {
    for (base, system) in
        [("urn:x", "urn:x:GAA:recip-id"), ("https://example.org/ids/", "https://example.org/ids/GAA/recip-id")]
    {
        let options = Options { system_base: base.to_owned(), ..Options::new("GAA") };
        let written = convert(&text(&[with(&[])]), &options, 1);
        assert_eq!(written.of(Type::Patient)[0]["identifier"][0]["system"], system);
    }
}

#[test]
fn counties_go_out_by_name_if_asked_for() {
    let options = Options { county_names: true, ..Options::new("GAA") };
    let written = convert(&text(&[with(&[])]), &options, 1);
    for address in [&written.of(Type::Patient)[0]["address"][0], &written.of(Type::Location)[0]["address"]] {
        assert_eq!(address["district"], "Fulton County");
        assert_eq!(address["_district"], json!({"extension": [{"url": "urn:cvrs:county-fips", "valueCode": "13121"}]}));
    }
}

#[test]
fn answers_are_observations_if_asked_for() {
    let options = Options { observations: true, ..Options::new("GAA") };
    let rows = [
        with(&[]),
        with(&[("vax_event_id", "B"), ("vax_series_complete", "YES"), ("cmorbid_status", "NO"), ("serology", "YES")]),
    ];
    let written = convert(&text(&rows), &options, 1);
    let told: Vec<(String, Value, Value)> = written
        .of(Type::Observation)
        .into_iter()
        .map(|observation| {
            let id = observation["id"].as_str().unwrap_or_default();
            assert!(id.starts_with("ob-") && id.len() == 35 && observation["status"] == "final");
            assert_eq!(
                observation["partOf"][0]["reference"].as_str().map(|to| to.starts_with("Immunization/i-")),
                Some(true)
            );
            assert_eq!(observation["effectiveDateTime"], "2021-01-15");
            let value = observation["valueCodeableConcept"].clone();
            let code = observation["code"]["coding"][0]["code"].as_str().unwrap_or_default().to_owned();
            (code, value, observation["dataAbsentReason"]["coding"][0]["code"].clone())
        })
        .collect();
    let v2 = |code: &str, display: &str| json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0136", "code": code, "display": display}]});
    let group = json!({"text": "Member of special risk group"});
    let positive = json!({"coding": [{"system": "http://snomed.info/sct", "code": "840535000"}]});
    let expected = [
        ("59783-1", v2("N", "No"), Value::Null),
        ("59785-6", group, Value::Null),
        ("75505-8", Value::Null, json!("unknown")),
        ("59783-1", v2("Y", "Yes"), Value::Null),
        ("59785-6", v2("N", "No"), Value::Null),
        ("75505-8", positive, Value::Null),
    ];
    assert_eq!(told, expected.map(|(code, value, reason)| (code.to_owned(), value, reason)));
}

#[test]
fn entries_of_a_bundle_refer_to_each_other() {
    for method in [Method::None, Method::Put] {
        let with_parts = |parts: bool| {
            let options = Options { form: Form::Entries { method, parts }, ..Options::new("GAA") };
            convert(&text(&[with(&[])]), &options, 1)
        };
        let entries = |text: &[u8]| -> Value {
            let text = std::str::from_utf8(text).expect("UTF-8");
            text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).collect()
        };
        let (direct, both) = (with_parts(false), with_parts(true));
        let entry = |what: Type| entries(&direct.texts[&what])[0].clone();
        let (patient, immunization) = (entry(Type::Patient), entry(Type::Immunization));
        assert_eq!(immunization["resource"]["patient"]["reference"], patient["fullUrl"]);
        assert_eq!(
            entry(Type::Location)["resource"]["managingOrganization"]["reference"],
            entry(Type::Organization)["fullUrl"]
        );
        let id = patient["resource"]["id"].as_str().unwrap_or_default();
        let request = match method {
            Method::Put => json!({"method": "PUT", "url": format!("Patient/{id}")}),
            _ => Value::Null,
        };
        assert_eq!(patient["request"], request);
        for (what, text) in &both.texts {
            let mut chosen = Vec::new();
            Resources::choose(text, false, &mut chosen);
            assert_eq!(&chosen, &direct.texts[what]);
        }
        let mut relative = Vec::new();
        Resources::choose(&both.texts[&Type::Immunization], true, &mut relative);
        assert_eq!(entries(&relative)[0]["resource"]["patient"]["reference"], format!("Patient/{id}"));
    }
}

#[test]
fn a_deletion_names_the_immunization_alone() {
    let options = Options { form: Form::Entries { method: Method::Delete, parts: false }, ..Options::new("GAA") };
    let written = convert(&text(&[with(&[("cvx", "")])]), &options, 1);
    let expected = r#"{"request":{"method":"DELETE","url":"Immunization/i-204c358e4f56c26a48579aee1035fa87"}}"#;
    assert_eq!(written.texts.len(), 1);
    assert_eq!(written.texts[&Type::Immunization], format!("{expected}\n").into_bytes());
}

proptest::proptest! {
    #[test]
    fn any_text_in_any_cell_comes_out_as_json(value in "[^\\x00-\\x1f]{1,40}") {
        let cells = [("lot_number", value.as_str()), ("admin_name", &value), ("recip_last_name", &value)];
        let written = one(&cells);
        let is_blank = value.bytes().all(|byte| byte.is_ascii_whitespace());
        let expected = if is_blank { Value::Null } else { json!(value) };
        proptest::prop_assert_eq!(&written.of(Type::Immunization)[0]["lotNumber"], &expected);
        proptest::prop_assert_eq!(&written.of(Type::Location)[0]["name"], &expected);
    }
}
