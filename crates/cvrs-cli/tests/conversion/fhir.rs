//! `cvrs convert --to fhir`.

use crate::conversion::{Cells, Desk, Ended, INPUT};
use cvrs_rules::example::{header, row};
use cvrs_spec::Field::{AdminDate, AdminName, RecipDob, RecipId, VaxEventId};
use cvrs_spec::Version;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Read;

const TIME: &str = "2021-01-29T12:00:00Z";

/// A file of these rows, with ids as they are given.
fn rows(rows: &[Cells<'_>]) -> Vec<u8> {
    let rows: String = rows.iter().map(|cells| row(Version::V3, cells) + "\n").collect();
    (header(Version::V3) + "\n" + &rows).into_bytes()
}

/// Three records of two recipients at two places; the third tells another birth date than the first.
fn desk() -> Desk {
    Desk::new(&rows(&[
        &[(VaxEventId, "E-0"), (RecipId, "R-0")],
        &[(VaxEventId, "E-1"), (RecipId, "R-1"), (AdminName, "Other Clinic")],
        &[(VaxEventId, "E-2"), (RecipId, "R-0"), (RecipDob, "1960-01-01")],
    ]))
}

fn to_fhir(desk: &Desk, words: &[&str]) -> Ended {
    desk.convert(&[&["--to", "fhir", "--timestamp", TIME], words].concat())
}

fn resources(text: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(text).expect("UTF-8");
    assert!(text.ends_with('\n') && !text.contains("\n\n"));
    text.lines().map(|line| serde_json::from_str(line).expect("a resource")).collect()
}

#[test]
fn a_folder_holds_what_its_manifest_lists() {
    let desk = desk();
    let told = "1 record describes a recipient otherwise than the first record with that recip_id, which went out: recip_dob 1";
    to_fhir(&desk, &["-o", "out"]).exits(0).says(told);
    let manifest: Value = serde_json::from_slice(&desk.read("out/manifest.json")).expect("JSON");
    let listed = |what: &str, count: u64| json!({"type": what, "url": format!("{what}.ndjson"), "count": count});
    let expected = json!({
        "transactionTime": TIME,
        "request": format!("cvrs convert --to fhir {INPUT}"),
        "requiresAccessToken": false,
        "output": [listed("Organization", 1), listed("Location", 2), listed("Patient", 2), listed("Immunization", 3)],
        "error": [],
    });
    assert_eq!(manifest, expected);
    for file in manifest["output"].as_array().expect("a list") {
        let url = file["url"].as_str().expect("a name");
        let found = resources(&desk.read(&format!("out/{url}")));
        assert_eq!(Some(found.len() as u64), file["count"].as_u64());
        assert!(found.iter().all(|resource| resource["resourceType"] == file["type"]));
    }
    let names: BTreeSet<_> = std::fs::read_dir(desk.path("out"))
        .expect("a folder")
        .map(|entry| entry.expect("a file").file_name())
        .collect();
    assert_eq!(names.len(), 5);
    assert_eq!(
        resources(&desk.read("out/Patient.ndjson"))[0]["birthDate"].as_str().map(|date| date == "1960-01-01"),
        Some(false)
    );
}

#[test]
fn files_are_cut_and_packed_as_asked() {
    let desk = desk();
    to_fhir(&desk, &["-o", "whole"]).exits(0);
    to_fhir(&desk, &["-o", "cut", "--max-resources", "2", "--gzip"]).exits(0);
    let unpacked = |name: &str| {
        let mut text = Vec::new();
        flate2::read::MultiGzDecoder::new(&desk.read(name)[..]).read_to_end(&mut text).expect("gzip");
        text
    };
    let parts = ["cut/Immunization.ndjson.gz", "cut/Immunization.2.ndjson.gz"].map(unpacked);
    assert_eq!(parts.iter().map(|part| resources(part).len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(parts.concat(), desk.read("whole/Immunization.ndjson"));
    let manifest: Value = serde_json::from_slice(&desk.read("cut/manifest.json")).expect("JSON");
    let urls: Vec<_> = manifest["output"].as_array().expect("a list").iter().map(|file| file["url"].clone()).collect();
    assert_eq!(urls[3..], [json!("Immunization.ndjson.gz"), json!("Immunization.2.ndjson.gz")]);
}

/// All entries of Bundles, and the names within them.
fn entries(bundles: &[Value]) -> Vec<Value> {
    bundles.iter().flat_map(|bundle| bundle["entry"].as_array().expect("entries").clone()).collect()
}

#[test]
fn a_bundle_holds_the_same_resources_in_the_order_of_loading() {
    let desk = desk();
    to_fhir(&desk, &["-o", "out"]).exits(0);
    for kind in ["collection", "transaction"] {
        let ended = to_fhir(&desk, &["--bundle", kind]).exits(0);
        let bundle: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
        assert_eq!(
            (&bundle["resourceType"], &bundle["type"], &bundle["timestamp"]),
            (&json!("Bundle"), &json!(kind), &json!(TIME))
        );
        let entries = entries(&[bundle]);
        let order: Vec<_> =
            entries.iter().map(|entry| entry["resource"]["resourceType"].as_str().expect("a type")).collect();
        let expected = [
            "Organization",
            "Location",
            "Location",
            "Patient",
            "Patient",
            "Immunization",
            "Immunization",
            "Immunization",
        ];
        assert_eq!(order, expected);
        let names: BTreeSet<_> = entries.iter().map(|entry| entry["fullUrl"].as_str().expect("a name")).collect();
        assert_eq!(names.len(), entries.len());
        for entry in &entries {
            let text = entry.to_string();
            let references =
                text.split("\"reference\":\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
            assert!(references.into_iter().all(|reference| names.contains(reference)), "each leads to an entry");
            let url = format!(
                "{}/{}",
                entry["resource"]["resourceType"].as_str().unwrap_or_default(),
                entry["resource"]["id"].as_str().unwrap_or_default()
            );
            let request = if kind == "transaction" { json!({"method": "PUT", "url": url}) } else { Value::Null };
            assert_eq!(entry["request"], request);
        }
        let mut patients: Vec<Value> = entries.into_iter().map(|entry| entry["resource"].clone()).collect();
        patients.retain(|resource| resource["resourceType"] == "Patient");
        assert_eq!(patients, resources(&desk.read("out/Patient.ndjson")));
    }
}

#[test]
fn several_bundles_refer_by_type_and_id() {
    let desk = desk();
    to_fhir(&desk, &["--bundle", "transaction", "-o", "a.json", "--max-resources", "3"]).exits(0);
    let bundles: Vec<Value> =
        ["a.json", "a.2.json", "a.3.json"].map(|name| serde_json::from_slice(&desk.read(name)).expect("JSON")).to_vec();
    assert!(!desk.has("a.4.json"));
    let all = entries(&bundles);
    assert_eq!(all.len(), 8);
    let ids: BTreeSet<_> = all.iter().map(|entry| entry["request"]["url"].as_str().expect("an address")).collect();
    for entry in &all {
        let text = entry.to_string();
        for rest in text.split("\"reference\":\"").skip(1) {
            assert!(ids.contains(rest.split('"').next().unwrap_or_default()));
        }
    }
    // One that fits is one whose names lead to each other.
    to_fhir(&desk, &["--bundle", "transaction", "-o", "b.json", "--max-resources", "8"]).exits(0);
    assert_eq!(desk.read("b.json"), to_fhir(&desk, &["--bundle", "transaction"]).exits(0).stdout);
}

#[test]
fn a_deletion_is_a_transaction_of_immunizations() {
    let desk = desk();
    let ended = to_fhir(&desk, &["--bundle", "transaction", "--operation", "delete"]).exits(0);
    let bundle: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    to_fhir(&desk, &["-o", "out"]).exits(0);
    let ids = resources(&desk.read("out/Immunization.ndjson")).into_iter().map(|resource| resource["id"].clone());
    let expected: Vec<Value> =
        ids.map(|id| json!({"request": {"method": "DELETE", "url": format!("Immunization/{}", id.as_str().unwrap_or_default())}})).collect();
    assert_eq!(entries(&[bundle]), expected);
    to_fhir(&desk, &["--operation", "delete", "-o", "x"]).exits(2).says("--bundle transaction");
}

#[test]
fn what_fhir_cannot_say_goes_to_the_rejects() {
    let desk = Desk::new(&rows(&[
        &[(VaxEventId, "E-0")],
        &[(VaxEventId, "E-1"), (AdminDate, "01/15/2021")],
        &[(VaxEventId, "")],
    ]));
    let ended = to_fhir(&desk, &["-o", "out", "--all", "--rejects", "r.txt"]).exits(1);
    ended.says("3 records read = 1 converted + 2 rejected").says("CNV104").says("CNV103");
    assert_eq!(desk.read("r.txt").split(|&byte| byte == b'\n').count(), 4);
    assert_eq!(resources(&desk.read("out/Immunization.ndjson")).len(), 1);
}

#[test]
fn an_id_stands_for_one_immunization_whatever_is_asked_for() {
    let desk = Desk::new(&rows(&[&[(VaxEventId, "E-0")], &[(VaxEventId, "E-1")], &[(VaxEventId, "e-0")]]));
    let asked: [&[&str]; 5] = [
        &["--profile", "dch"],
        &["--all"],
        &["--all", "--profile", "tool"],
        &["--all", "--ignore", "BUSR013"],
        &["--profile", "dch", "--operation", "delete"],
    ];
    for words in asked {
        let ended = to_fhir(&desk, &[&["--bundle", "transaction", "--rejects", "r.txt"], words].concat()).exits(1);
        let ended = ended.says("3 records read = 2 converted + 1 rejected").says("CNV108");
        let bundle: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
        let ours = |entry: &Value| entry["request"]["url"].as_str().is_some_and(|url| url.starts_with("Immunization/"));
        assert_eq!(entries(&[bundle]).into_iter().filter(ours).count(), 2, "{words:?}");
        let rejects = desk.read("r.txt");
        assert!(rejects.split(|&byte| byte == b'\n').nth(1).is_some_and(|row| row.starts_with(b"e-0\t")), "{words:?}");
    }
}

#[test]
fn a_folder_of_others_is_left_alone_and_one_of_ours_replaced() {
    let desk = desk();
    std::fs::create_dir(desk.path("full")).expect("a folder");
    desk.put("full/letter.txt", b"dear");
    to_fhir(&desk, &["-o", "full"]).exits(3).says("the folder holds other files");
    assert_eq!(desk.read("full/letter.txt"), b"dear");
    to_fhir(&desk, &["-o", "out", "--max-resources", "1"]).exits(0);
    to_fhir(&desk, &["-o", "out/"]).exits(0);
    assert!(!desk.has("out/Immunization.2.ndjson"), "nothing of the earlier one is left");
    to_fhir(&desk, &["-o", INPUT]).exits(2);
    assert!(desk.read(INPUT).starts_with(b"vax_event_id"));
}

#[test]
fn neither_threads_nor_packing_show() {
    let options =
        cvrs_generate::Options { records: 4000, models: cvrs_generate::Models::I, ..cvrs_generate::Options::default() };
    let mut text = Vec::new();
    cvrs_generate::generate(&options, &mut text, None).expect("a file");
    let desk = Desk::new(&text);
    for threads in ["1", "3"] {
        let words = [
            "convert",
            INPUT,
            "--today",
            "2022-12-31",
            "--to",
            "fhir",
            "--timestamp",
            TIME,
            "--observations",
            "-o",
            threads,
        ];
        desk.cvrs(&[&words[..], &["--threads", threads]].concat(), b"").exits(0);
    }
    for name in [
        "manifest.json",
        "Organization.ndjson",
        "Location.ndjson",
        "Patient.ndjson",
        "Immunization.ndjson",
        "Observation.ndjson",
    ] {
        assert!(desk.read(&format!("1/{name}")) == desk.read(&format!("3/{name}")), "{name}");
    }
}

#[test]
fn what_is_missing_or_clashes_is_wrong_usage() {
    let desk = desk();
    to_fhir(&desk, &[]).exits(2).says("-o");
    to_fhir(&desk, &["--bundle", "collection", "--gzip"]).exits(2).says("--gzip");
    to_fhir(&desk, &["--bundle", "collection", "--max-resources", "2"]).exits(2).says("-o FILE");
    to_fhir(&desk, &["-o", "x", "--system-base", "no uri"]).exits(2).says("--system-base");
    desk.put("other.txt", &desk.read(INPUT));
    desk.cvrs(&["convert", "other.txt", "--to", "fhir", "-o", "x"], b"").exits(2).says("--entity");
    desk.convert(&["--to", "fhir", "-o", "x", "--timestamp", "yesterday"]).exits(2).says("--timestamp");
    assert!(!desk.has("x"));
}

#[test]
fn a_file_without_a_record_is_an_empty_answer() {
    let desk = Desk::new(&rows(&[]));
    to_fhir(&desk, &["-o", "out"]).exits(0).says("a header and no record");
    let manifest: Value = serde_json::from_slice(&desk.read("out/manifest.json")).expect("JSON");
    assert_eq!(manifest["output"], json!([]));
    let bundle = to_fhir(&desk, &["--bundle", "collection"]).exits(0).stdout;
    let expected = json!({"resourceType": "Bundle", "type": "collection", "timestamp": TIME});
    assert_eq!(serde_json::from_slice::<Value>(&bundle).expect("JSON"), expected);
}
