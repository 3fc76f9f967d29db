//! The worked examples of the mapping, compared as JSON; what a code is called is not compared.

use crate::written::{convert, text, vaccination, with};
use cvrs_transform::fhir::{Options, Type};
use serde_json::Value;

fn examples() -> Value {
    serde_json::from_str(include_str!("../data/fhir-examples.json")).expect("JSON")
}

/// Without displays.
fn bare(mut value: Value) -> Value {
    match &mut value {
        Value::Object(object) => {
            object.remove("display");
            object.values_mut().for_each(|value| *value = bare(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| *value = bare(value.take())),
        _ => {}
    }
    value
}

#[track_caller]
fn same(written: &[Value], expected: &Value) {
    assert_eq!(written.iter().cloned().map(bare).collect::<Vec<_>>(), [bare(expected.clone())]);
}

const REDACTED: [(&str, &str); 6] = [
    ("recip_first_name", "Redacted"),
    ("recip_middle_name", "Redacted"),
    ("recip_last_name", "Redacted"),
    ("recip_address_street", "Redacted"),
    ("recip_address_street_2", "Redacted"),
    ("recip_address_city", "Redacted"),
];

#[test]
fn an_identified_vaccination_is_that_of_the_mapping() {
    let written = convert(&text(&[vaccination()]), &Options::new("GAA"), 1);
    let examples = examples();
    same(&written.of(Type::Patient), &examples["patient"]);
    same(&written.of(Type::Immunization), &examples["immunization"]);
    same(&written.of(Type::Location), &examples["location"]);
    same(&written.of(Type::Organization), &examples["organization"]);
    assert!(written.of(Type::Observation).is_empty() && written.told.is_empty());
}

#[test]
fn properties_stand_in_the_order_of_the_definition() {
    let written = convert(&text(&[vaccination()]), &Options::new("GAA"), 1);
    for (what, name) in [(Type::Patient, "patient"), (Type::Immunization, "immunization"), (Type::Location, "location")]
    {
        let line = std::str::from_utf8(&written.texts[&what]).expect("UTF-8");
        let mut at = 0;
        for key in keys_in_order(include_str!("../data/fhir-examples.json"), name) {
            let found = line[at..].find(&format!("\"{key}\":"));
            at += found.unwrap_or_else(|| panic!("{key} comes later than in the mapping's {name}"));
        }
    }
}

/// The top keys of an example as they stand in the file.
fn keys_in_order(examples: &str, name: &str) -> Vec<String> {
    let line =
        examples.lines().find(|line| line.trim_start().starts_with(&format!("\"{name}\":"))).expect("an example");
    let text = line.split_once(": ").expect("a value").1;
    let (mut keys, mut depth, mut in_string, mut start, mut last) = (Vec::new(), 0, false, 0, String::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => {
                in_string = !in_string;
                if in_string { start = at + 1 } else { text[start..at].clone_into(&mut last) }
            }
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b':' if depth == 1 => keys.push(last.clone()),
            _ => {}
        }
    }
    keys
}

#[test]
fn a_refusal_is_that_of_the_mapping() {
    let refusal = [
        ("vax_event_id", "SYN-0002"),
        ("admin_date", "2021-01-16"),
        ("ndc", ""),
        ("mvx", ""),
        ("lot_number", ""),
        ("vax_expiration", ""),
        ("vax_admin_site", ""),
        ("vax_route", ""),
        ("dose_num", ""),
        ("vax_series_complete", ""),
        ("vax_refusal", "YES"),
        ("serology", "NO"),
    ];
    let written = convert(&text(&[with(&refusal)]), &Options::new("GAA"), 1);
    same(&written.of(Type::Immunization), &examples()["refusal"]);
    same(&written.of(Type::Patient), &examples()["patient"]);
}

#[test]
fn a_redacted_recipient_is_that_of_the_mapping() {
    let cells = [&[("ext_type", "D"), ("vax_event_id", "SYN-0003")], &REDACTED[..]].concat();
    let written = convert(&text(&[with(&cells)]), &Options::new("GAA"), 1);
    // Extensions, identifiers, gender and birth date are those of the identified one.
    let (mut expected, redacted) = (examples()["patient"].clone(), examples()["patient-redacted"].clone());
    for key in ["meta", "name", "address"] {
        expected[key] = redacted[key].clone();
    }
    same(&written.of(Type::Patient), &expected);
    let all = String::from_utf8(written.texts.values().flatten().copied().collect()).expect("UTF-8");
    assert!(!all.contains("Redacted"));
}

#[test]
fn a_linked_recipient_is_that_of_the_mapping() {
    let own = [("ext_type", "P"), ("vax_event_id", "SYN-0005"), ("pprl_id", "PPRL7f3a9c")];
    let written = convert(&text(&[with(&[&own[..], &REDACTED].concat())]), &Options::new("GAA"), 1);
    let pprl = examples()["patient-pprl"].clone();
    let mut expected = examples()["patient"].clone();
    for key in ["name", "address"] {
        expected[key] = examples()["patient-redacted"][key].clone();
    }
    for key in ["meta", "identifier"] {
        expected[key] = pprl[key].clone();
    }
    same(&written.of(Type::Patient), &expected);
}
