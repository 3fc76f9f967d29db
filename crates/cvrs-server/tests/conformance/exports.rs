//! Getting records back.

use crate::case::{Case, json, same};
use crate::site::{Site, file, row, zip};
use crate::uploads::UPLOAD;
use cvrs_spec::{Field, Version};
use serde_json::{Value, json as object};

const EXPORT: &str = "/v0/export";

fn header_line() -> String {
    Version::V3.columns().iter().map(|field| field.name().to_uppercase()).collect::<Vec<_>>().join("\t") + "\n"
}

fn ask(site: &Site, name: &str, status: u16, body: impl Into<Vec<u8>>) -> Case {
    Case::new(format!("export {name}"), "POST", EXPORT, status).token(&site.full()).media("application/json").body(body)
}

pub(crate) fn cases(site: &Site) -> Vec<Case> {
    let mut cases = Vec::new();
    let day = "1999-12-31";
    for (format, data) in [
        ("HL7_RAW", String::new()),
        ("HL7", String::new()),
        ("CVRS_RAW", header_line()),
        ("CVRS", header_line()),
        ("CVRS_PROCESSED_REDACTED", header_line()),
        ("CVRS_PROCESSED_NON_REDACTED", header_line()),
    ] {
        let body = object!({"startDate": day, "endDate": day, "format": format}).to_string();
        cases.push(
            ask(site, &format!("of nothing as {format}"), 200, body.clone())
                .look(move |answer| same("the reply", &json(answer)?, object!({"data": data}))),
        );
        let is_redacted = format == "CVRS_PROCESSED_REDACTED";
        let case = Case::new(
            format!("export as {format} with EXPORT_REDACTED"),
            "POST",
            EXPORT,
            if is_redacted { 200 } else { 403 },
        );
        cases.push(case.token(&site.token(&["EXPORT_REDACTED"])).media("application/json").body(body.clone()));
        let case = Case::new(format!("export as {format} with EXPORT_NON_REDACTED"), "POST", EXPORT, 200);
        cases.push(case.token(&site.token(&["EXPORT_NON_REDACTED"])).media("application/json").body(body));
    }
    let slashes = object!({"startDate": "1999/12/31", "endDate": "1999/12/31", "format": "CVRS_RAW"});
    cases.push(ask(site, "with slashes", 200, slashes.to_string()));
    for (name, body) in [
        ("without startDate", object!({"endDate": day, "format": "CVRS_RAW"}).to_string()),
        ("without endDate", object!({"startDate": day, "format": "CVRS_RAW"}).to_string()),
        ("without a format", object!({"startDate": day, "endDate": day}).to_string()),
        ("as PDF", object!({"startDate": day, "endDate": day, "format": "PDF"}).to_string()),
        ("of no day", object!({"startDate": "2021-02-30", "endDate": day, "format": "CVRS_RAW"}).to_string()),
        ("of a number", object!({"startDate": 20_210_101, "endDate": day, "format": "CVRS_RAW"}).to_string()),
        ("of an American day", object!({"startDate": "12/31/1999", "endDate": day, "format": "CVRS_RAW"}).to_string()),
        ("with quoteless JSON", "{startDate:1999-12-31,endDate:1999-12-31,format:CVRS_RAW}".to_owned()),
        ("with an array", "[]".to_owned()),
        ("with nothing", String::new()),
    ] {
        cases.push(ask(site, name, 400, body));
    }
    let history = |name: &str, status: u16, body: Value| {
        Case::new(format!("history {name}"), "POST", "/v0/izdlexport/history", status)
            .token(&site.full())
            .media("application/json")
            .body(body.to_string())
    };
    let empty = |answer: &_| same("the reply", &json(answer)?, object!([]));
    cases.push(history("of all", 200, object!({})).look(empty));
    cases.push(history("of a day", 200, object!({"startDate": day, "endDate": "2000-01-01"})).look(empty));
    cases.push(history("of a wrong day", 400, object!({"startDate": "2021-99-99"})));
    cases.push(history("with an array", 400, object!([])));
    cases.push(history("of a number", 400, object!({"siteKey": 1})));
    cases
}

/// The days around today: the server's own day may have begun or not.
fn data(site: &Site, token: &str, format: &str) -> String {
    let body = object!({"startDate": "2021-01-29", "endDate": "2999-12-31", "format": format});
    let answer = site.post(EXPORT, token, &body);
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = json(&answer).unwrap();
    assert_eq!(crate::case::names(&body), ["data"]);
    body["data"].as_str().unwrap().to_owned()
}

fn rows(data: &str, id: &str) -> Vec<String> {
    data.lines().filter(|line| line.split('\t').any(|cell| cell == id)).map(str::to_owned).collect()
}

/// Raw exports give uploads as received, processed ones what the stores hold now.
pub(crate) fn what_was_stored_comes_back(site: &Site) {
    let token = site.full();
    let (first, second, bad) = (site.id(), site.id(), site.id());
    let named = [(Field::RecipLastName, "Doe"), (Field::RecipAddressStreet, "1 Main St"), (Field::ExtType, "I")];
    let text = file(&[]) + &row(&first, &named) + &row(&second, &named) + &row(&bad, &[(Field::Cvx, "x")]);
    let crlf = text.replace('\n', "\r\n");
    let answer = site.upload("POST", UPLOAD, &token, "text/plain", crlf.as_bytes());
    let id = json(&answer).unwrap()["id"].as_str().unwrap().to_owned();
    let raw = data(site, &token, "CVRS_RAW");
    assert!(raw.starts_with(&header_line()));
    // Wrong rows and their line ends too.
    for row in crlf.split_inclusive('\n').skip(1) {
        assert!(raw.contains(row), "{row:?}");
    }
    let complete = data(site, &token, "CVRS_PROCESSED_NON_REDACTED");
    assert_eq!(rows(&complete, &first), [row(&first, &named).trim_end()]);
    assert!(rows(&complete, &bad).is_empty());
    let redacted = rows(&data(site, &token, "CVRS_PROCESSED_REDACTED"), &first).pop().unwrap();
    let sent = row(&first, &named);
    let hidden = [
        Field::RecipFirstName,
        Field::RecipMiddleName,
        Field::RecipLastName,
        Field::RecipAddressStreet,
        Field::RecipAddressStreet2,
        Field::RecipAddressCity,
    ];
    for ((field, found), sent) in
        Version::V3.columns().iter().zip(redacted.split('\t')).zip(sent.trim_end().split('\t'))
    {
        let expected = if hidden.contains(field) { "Redacted" } else { sent };
        assert_eq!(found, expected, "{}", field.name());
    }
    // Replaced as a whole, then gone; the raw export keeps what was received, but for deletes.
    let newer = file(&[]) + &row(&first, &[(Field::RecipLastName, "Roe")]);
    site.upload("PUT", UPLOAD, &token, "text/plain", newer.as_bytes());
    assert_eq!(rows(&data(site, &token, "CVRS_PROCESSED_NON_REDACTED"), &first), [newer.lines().nth(1).unwrap()]);
    site.upload("DELETE", UPLOAD, &token, "text/plain", file(&[&first]).as_bytes());
    assert!(rows(&data(site, &token, "CVRS_PROCESSED_REDACTED"), &first).is_empty());
    assert_eq!(rows(&data(site, &token, "CVRS_RAW"), &first).len(), 2);
    // One upload as it was received.
    let path = format!("/v0/upload/file/{id}");
    let get =
        |accept: &str| site.http.call("GET", &path, &[("Authorization", &token), ("Accept", accept)], b"").unwrap();
    assert_eq!((get("*/*").text(), get("*/*").header("content-type")), (crlf.clone(), Some("text/plain")));
    assert_eq!(json(&get("application/json")).unwrap(), object!({"data": crlf}));
    let body = zip(&[("a.txt", file(&[&site.id()]).as_bytes())]);
    let answer = site.upload("POST", UPLOAD, &token, "application/zip", &body);
    let id = json(&answer).unwrap()["id"].as_str().unwrap().to_owned();
    let answer = site.http.call("GET", &format!("/v0/upload/file/{id}"), &[("Authorization", &token)], b"").unwrap();
    assert_eq!((answer.header("content-type"), answer.body == body), (Some("application/zip"), true));
    // Cells move to the canonical columns.
    let other = site.id();
    let turned: String = (file(&[]) + &row(&other, &named))
        .lines()
        .map(|line| line.split('\t').rev().collect::<Vec<_>>().join("\t") + "\n")
        .collect();
    site.upload("POST", UPLOAD, &token, "text/plain", turned.as_bytes());
    assert_eq!(rows(&data(site, &token, "CVRS_RAW"), &other), [row(&other, &named).trim_end()]);
}

/// Nothing of another jurisdiction comes out.
pub(crate) fn exports_are_the_jurisdictions(site: &Site) {
    let id = site.id();
    let answer = site.upload("POST", UPLOAD, &site.full(), "text/plain", file(&[&id]).as_bytes());
    let upload = json(&answer).unwrap()["id"].as_str().unwrap().to_owned();
    let stranger = site.token_of("stranger", &["EXPORT_NON_REDACTED"]);
    for format in ["CVRS_RAW", "CVRS_PROCESSED_REDACTED", "CVRS_PROCESSED_NON_REDACTED"] {
        assert!(rows(&data(site, &stranger, format), &id).is_empty(), "{format}");
        assert_eq!(rows(&data(site, &site.full(), format), &id).len(), 1, "{format}");
    }
    let path = format!("/v0/upload/file/{upload}");
    for (token, status) in [(&stranger, 404), (&site.token_of("neighbour", &["EXPORT_NON_REDACTED"]), 200)] {
        assert_eq!(site.http.call("GET", &path, &[("Authorization", token)], b"").unwrap().status, status);
    }
    let history = site.post("/v0/izdlexport/history", &site.full(), &object!({"siteKey": "TXA"}));
    assert_eq!(history.status, 403);
}
