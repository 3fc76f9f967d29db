//! Every row read back out of the resources by a reader that knows the mapping and not the writer.

use crate::written::{Written, convert};
use cvrs_generate::{Models, generate};
use cvrs_testkit::lines;
use cvrs_transform::fhir::{Options, Type};
use serde_json::Value;
use std::collections::BTreeMap;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The value of the item of a list whose `key` is `wanted`.
fn item<'a>(list: &'a Value, key: &str, wanted: &str) -> &'a Value {
    list.as_array().and_then(|list| list.iter().find(|item| item[key] == wanted)).unwrap_or(&Value::Null)
}

/// A text, or what its twin with the underscore says of why there is none.
fn or_masked(value: &Value, twin: &Value) -> String {
    match twin["extension"][0]["valueCode"].as_str() {
        Some("masked") => "Redacted".to_owned(),
        _ => text(value),
    }
}

fn race_codes(patient: &Value) -> Vec<String> {
    let race = item(&patient["extension"], "url", "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race");
    let coded = race["extension"].as_array().into_iter().flatten().filter(|part| part["url"] != "text");
    let mut codes: Vec<String> = coded.map(|part| text(&part["valueCoding"]["code"])).collect();
    for n in 1..=6 {
        let local = item(&patient["extension"], "url", &format!("urn:cvrs:field:recip_race_{n}"));
        codes.extend(local["valueCode"].as_str().map(str::to_owned));
    }
    codes
}

fn address(cells: &mut BTreeMap<String, String>, prefix: &str, address: &Value) {
    let mut put = |name: &str, value: String| cells.insert(format!("{prefix}_{name}"), value);
    let is_masked = address["line"].is_null() && address["_line"].as_array().is_some_and(|lines| lines.len() == 1);
    if is_masked {
        put("street", "Redacted".to_owned());
        put("street_2", "Redacted".to_owned());
    } else {
        put("street", or_masked(&address["line"][0], &address["_line"][0]));
        put("street_2", or_masked(&address["line"][1], &address["_line"][1]));
    }
    put("city", or_masked(&address["city"], &address["_city"]));
    let fips = &address["_district"]["extension"][0];
    assert!(fips.is_null() || fips["url"] == "urn:cvrs:county-fips");
    put("county", fips["valueCode"].as_str().map_or_else(|| text(&address["district"]), str::to_owned));
    put("state", text(&address["state"]));
    put("zip", text(&address["postalCode"]));
}

/// The 45 columns of an Immunization and what it refers to.
fn row(immunization: &Value, all: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let mut cells = BTreeMap::new();
    let mut put = |name: &str, value: String| cells.insert(name.to_owned(), value);
    let referred = |reference: &Value| all.get(reference["reference"].as_str().unwrap_or_default()).cloned();
    let patient = referred(&immunization["patient"]).expect("the Patient is there");
    let location = referred(&immunization["location"]).unwrap_or_default();
    let organization = referred(&location["managingOrganization"]).unwrap_or_default();

    put("vax_event_id", text(&item(&immunization["identifier"], "system", "urn:cvrs:GAA:vax-event-id")["value"]));
    put("ext_type", text(&item(&immunization["meta"]["tag"], "system", "urn:cvrs:ext-type")["code"]));
    put("pprl_id", text(&item(&patient["identifier"], "system", "urn:cvrs:pprl-id")["value"]));
    put("recip_id", text(&item(&patient["identifier"], "system", "urn:cvrs:GAA:recip-id")["value"]));
    let name = &patient["name"][0];
    if name["extension"][0]["valueCode"] == "masked" {
        for part in ["first", "middle", "last"] {
            put(&format!("recip_{part}_name"), "Redacted".to_owned());
        }
    } else {
        put("recip_first_name", or_masked(&name["given"][0], &name["_given"][0]));
        put("recip_middle_name", or_masked(&name["given"][1], &name["_given"][1]));
        put("recip_last_name", or_masked(&name["family"], &name["_family"]));
    }
    put("recip_dob", text(&patient["birthDate"]));
    let sex = match patient["gender"].as_str() {
        Some("female") => "F",
        Some("male") => "M",
        Some("unknown") => "U",
        _ => "",
    };
    put("recip_sex", sex.to_owned());
    let races = race_codes(&patient);
    for n in 0..6 {
        put(&format!("recip_race_{}", n + 1), races.get(n).cloned().unwrap_or_default());
    }
    let ethnicity =
        item(&patient["extension"], "url", "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity");
    let coded = item(&ethnicity["extension"], "url", "ombCategory");
    let local = item(&patient["extension"], "url", "urn:cvrs:field:recip_ethnicity");
    let ethnicity = coded["valueCoding"]["code"].as_str().or(local["valueCode"].as_str()).unwrap_or_default();
    put("recip_ethnicity", ethnicity.to_owned());
    put("admin_date", text(&immunization["occurrenceDateTime"]));
    let coding = &immunization["vaccineCode"]["coding"];
    put("cvx", text(&item(coding, "system", "http://hl7.org/fhir/sid/cvx")["code"]));
    put("ndc", text(&item(coding, "system", "http://hl7.org/fhir/sid/ndc")["code"]));
    put("mvx", text(&immunization["manufacturer"]["identifier"]["value"]));
    put("lot_number", text(&immunization["lotNumber"]));
    put("vax_expiration", text(&immunization["expirationDate"]));
    put("vax_admin_site", text(&immunization["site"]["coding"][0]["code"]));
    put("vax_route", text(&immunization["route"]["coding"][0]["code"]));
    let dose = &immunization["protocolApplied"][0];
    let number = dose["doseNumberPositiveInt"].as_u64().map(|number| number.to_string());
    put("dose_num", number.unwrap_or_else(|| text(&dose["doseNumberString"])));
    for answer in ["vax_series_complete", "cmorbid_status", "serology"] {
        let extension = item(&immunization["extension"], "url", &format!("urn:cvrs:field:{answer}"));
        put(answer, text(&extension["valueCode"]));
    }
    put("responsible_org", text(&organization["name"]));
    put("admin_name", text(&location["name"]));
    put("vtrcks_prov_pin", text(&item(&location["identifier"], "system", "urn:cvrs:vtrcks-pin")["value"]));
    put("admin_type", text(&location["type"][0]["coding"][0]["code"]));
    let refusal = if immunization["status"] == "not-done" { "YES" } else { "NO" };
    put("vax_refusal", refusal.to_owned());
    address(&mut cells, "recip_address", &patient["address"][0]);
    address(&mut cells, "admin_address", &location["address"]);
    cells
}

/// All rows of what was written.
fn rows(written: &Written) -> Vec<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for what in [Type::Organization, Type::Location, Type::Patient] {
        for resource in written.of(what) {
            let name = format!("{}/{}", what.name(), text(&resource["id"]));
            assert!(all.insert(name, resource).is_none(), "each once");
        }
    }
    written.of(Type::Immunization).iter().map(|immunization| row(immunization, &all)).collect()
}

/// The rows of a text as they are expected back: gaps between races closed.
fn expected(text: &[u8]) -> Vec<BTreeMap<String, String>> {
    let lines = lines::split(text);
    let cells = |line: &lines::Line<'_>| -> Vec<String> {
        line.cells().iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()
    };
    let names = cells(&lines[0]);
    let row = |line: &lines::Line<'_>| {
        let mut row: BTreeMap<String, String> = names.iter().cloned().zip(cells(line)).collect();
        let keys: Vec<String> = (1..=6).map(|n| format!("recip_race_{n}")).collect();
        let races: Vec<String> = keys.iter().map(|key| row[key].clone()).filter(|race| !race.is_empty()).collect();
        for (at, key) in keys.into_iter().enumerate() {
            row.insert(key, races.get(at).cloned().unwrap_or_default());
        }
        row
    };
    lines[1..].iter().map(row).collect()
}

#[test]
fn every_column_of_a_generated_file_comes_back() {
    for (models, seed) in [(Models::D, 1), (Models::I, 2), (Models::P, 3)] {
        let options = cvrs_generate::Options { records: 3000, seed, models, ..cvrs_generate::Options::default() };
        let mut file = Vec::new();
        generate(&options, &mut file, None).expect("a file");
        let own = Options { county_names: seed == 2, observations: true, ..Options::new("GAA") };
        let written = convert(&file, &own, 257);
        assert_eq!(written.told, []);
        let (found, expected) = (rows(&written), expected(&file));
        assert_eq!(found.len(), expected.len());
        let mut first: BTreeMap<&str, &BTreeMap<String, String>> = BTreeMap::new();
        let mut n_differing = 0;
        for (found, row) in found.iter().zip(&expected) {
            // Of several rows of a recipient the first one tells who that is.
            let recipient = *first.entry(&row["recip_id"]).or_insert(row);
            let is_of_patient = |name: &str| name.starts_with("recip_") || name == "pprl_id";
            let mut expected = row.clone();
            expected.extend(
                recipient
                    .iter()
                    .filter(|(name, _)| is_of_patient(name))
                    .map(|(name, cell)| (name.clone(), cell.clone())),
            );
            n_differing += u64::from(&expected != row);
            assert_eq!(found, &expected);
        }
        assert_eq!(written.n_differing, n_differing);
        let observations = written.of(Type::Observation);
        let answers = expected
            .iter()
            .flat_map(|row| ["vax_series_complete", "cmorbid_status", "serology"].map(|name| &row[name]));
        assert_eq!(observations.len(), answers.filter(|answer| !answer.is_empty()).count());
    }
}

#[test]
fn neither_chunks_nor_workers_show() {
    let options = cvrs_generate::Options { records: 2000, models: Models::I, ..cvrs_generate::Options::default() };
    let mut file = Vec::new();
    generate(&options, &mut file, None).expect("a file");
    let whole = convert(&file, &Options::new("GAA"), usize::MAX);
    for chunk in [1, 7, 500] {
        let parts = convert(&file, &Options::new("GAA"), chunk);
        assert_eq!(parts.texts, whole.texts);
        assert_eq!(parts.differing, whole.differing);
    }
}
