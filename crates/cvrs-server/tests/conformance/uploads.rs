//! Synchronous uploads: texts, zips, what is said of records, and what becomes of them.

use crate::case::{Case, json, names, same};
use crate::site::{Site, file, row, zip};
use cvrs_spec::{Field, Version};
use cvrs_testkit::http::Answer;
use serde_json::{Value, json as object};
use std::io::Write;

pub(crate) const UPLOAD: &str = "/v0/upload/cvrs/batch";

const STORES: [&str; 2] = ["NON_REDACTED_DB", "REDACTED_DB"];

/// What a reply says: all fields and no others, and counts that come to the whole.
pub(crate) fn reply(answer: &Answer) -> Result<Value, String> {
    let body = json(answer)?;
    let expected = ["id", "storageResult", "totalRecords", "validationErrors", "validationErrorsCount"];
    same("names", &object!(names(&body)), object!(expected))?;
    let id = body["id"].as_str().unwrap_or_default();
    if uuid::Uuid::try_parse(id).is_err() {
        return Err("the id is no UUID".into());
    }
    for store in body["storageResult"].as_object().ok_or("storageResult is no object")?.values() {
        let expected = ["processedCount", "processingErrors", "processingErrorsCount", "status"];
        same("names of a store", &object!(names(store)), object!(expected))?;
        same("status of a store", &store["status"], "SUCCESS")?;
    }
    Ok(body)
}

/// What an upload of good and bad records comes to.
fn counts(answer: &Answer, total: i64, errors: &[String], applied: i64, refused: i64) -> Result<(), String> {
    let body = reply(answer)?;
    same("totalRecords", &body["totalRecords"], total)?;
    same("validationErrors", &body["validationErrors"], object!(errors))?;
    same("validationErrorsCount", &body["validationErrorsCount"], errors.len())?;
    same("stores", &object!(names(&body["storageResult"])), object!(STORES))?;
    for store in STORES {
        same("processedCount", &body["storageResult"][store]["processedCount"], applied)?;
        same("processingErrorsCount", &body["storageResult"][store]["processingErrorsCount"], refused)?;
    }
    Ok(())
}

fn upload(site: &Site, name: &str, method: &'static str, status: u16, body: impl Into<Vec<u8>>) -> Case {
    Case::new(format!("upload {name}"), method, UPLOAD, status).token(&site.full()).media("text/plain").body(body)
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

pub(crate) fn cases(site: &Site) -> Vec<Case> {
    let mut cases = Vec::new();
    let good = |name: &str, body: Vec<u8>, total: i64| {
        upload(site, name, "POST", 200, body).look(move |answer| counts(answer, total, &[], total, 0))
    };
    let text = || file(&[&site.id(), &site.id()]);
    cases.push(good("of two records", text().into(), 2));
    cases.push(good("with CRLF", text().replace('\n', "\r\n").into(), 2));
    cases.push(good("without a last line end", text().trim_end().into(), 2));
    cases.push(good("with empty lines", text().replace('\n', "\n\n").into(), 2));
    cases.push(good("of a header line alone", file(&[]).into(), 0));
    cases.push(good("of a header line without its end", file(&[]).trim_end().into(), 0));
    cases.push(good("with names in capitals", file(&[]).to_uppercase().into_bytes(), 0));
    let capitals = |ids: [String; 1]| {
        let text = file(&[&ids[0]]);
        let (head, rows) = text.split_once('\n').expect("a header line");
        format!("{}\n{rows}", head.to_uppercase())
    };
    cases.push(good("with names in capitals and a record", capitals([site.id()]).into(), 1));
    let extra = text().lines().map(|line| format!("{line}\tx\n")).collect::<Vec<_>>().concat();
    cases.push(good("with a column that nobody knows", extra.into(), 2));
    let turned: String =
        text().lines().map(|line| line.split('\t').rev().collect::<Vec<_>>().join("\t") + "\n").collect();
    cases.push(good("with its columns turned around", turned.into(), 2));
    for (media, name) in [("text/plain; charset=utf-8", "with a charset"), ("TEXT/PLAIN", "in capitals")] {
        let case = good(&format!("as text {name}"), text().into(), 2);
        let headers = case.headers.into_iter().filter(|(name, _)| *name != "Content-Type").collect();
        cases.push(Case { headers, ..case }.media(media));
    }
    for (coding, name, body) in [
        ("gzip", "gzip", gzip(text().as_bytes())),
        ("deflate", "deflate", zlib(text().as_bytes())),
        ("identity", "identity", text().into_bytes()),
    ] {
        cases.push(good(&format!("with Content-Encoding {name}"), body, 2).header("Content-Encoding", coding));
    }
    cases.push(upload(site, "with Content-Encoding br", "POST", 415, "x").header("Content-Encoding", "br").or(400));
    let zipped = |case: Case| {
        let headers = case.headers.into_iter().filter(|(name, _)| *name != "Content-Type").collect();
        Case { headers, ..case }.media("application/zip")
    };
    cases.push(zipped(good("of a zip", zip(&[("a.txt", text().as_bytes())]), 2)));
    cases.push(zipped(good("of a zip whose member has another name", zip(&[("data.cvrs", text().as_bytes())]), 2)));
    let inner = zip(&[("a.txt", text().as_bytes())]);
    for (name, body) in [
        ("of two files", zip(&[("a.txt", text().as_bytes()), ("b.txt", text().as_bytes())])),
        ("with a folder", zip(&[("f/a.txt", text().as_bytes())])),
        ("with __MACOSX", zip(&[("a.txt", text().as_bytes()), ("__MACOSX/._a.txt", b"x")])),
        ("with .DS_Store", zip(&[("a.txt", text().as_bytes()), (".DS_Store", b"x")])),
        ("with a zip in it", zip(&[("a.zip", &inner)])),
        ("with nothing in it", zip(&[])),
        ("with an empty file", zip(&[("a.txt", b"")])),
        ("that is a text", text().into_bytes()),
    ] {
        cases.push(zipped(upload(site, &format!("of a zip {name}"), "POST", 400, body.clone())));
        let job = Case::new(format!("job of a zip {name}"), "POST", "/v0/async/cvrs/jobs", 400);
        let job = job.token(&site.full()).media("application/zip").body(body);
        // A text is no zip, and a server may take it for a text.
        cases.push(if name == "that is a text" { job.or(202) } else { job });
    }
    for (name, body) in [
        ("of line ends alone", "\n\n"),
        ("without a tab", "vax_event_id\nA1\n"),
        ("with commas", "vax_event_id,recip_id\nA1,B1\n"),
        ("with no known name", "a\tb\n1\t2\n"),
        ("without vax_event_id", "recip_id\trecip_sex\nB1\tF\n"),
        ("without a header line", "A1\tD\t\tB1\n"),
        ("of JSON", "{\"vax_event_id\":\t\"A1\"}"),
    ] {
        cases.push(upload(site, name, "POST", 400, body));
        cases.push(upload(site, &format!("{name}, to be deleted"), "DELETE", 400, body));
    }
    cases.push(upload(site, "of a zip that is called text", "POST", 400, zip(&[("a.txt", b"x")])));
    cases.extend(messages(site));
    cases.extend(deletes(site));
    cases
}

/// The messages of the validation list, one column at a time: line numbers from the header's 1 on, ids as sent.
fn messages(site: &Site) -> Vec<Case> {
    let day = "invalid date format, expected: \"YYYY-MM-DD\" or \"YYYY-MM\"";
    let zip = "must be a valid ZIP. 5 digit or 5 digit + 4 are acceptable";
    let long = "x".repeat(256);
    let rows: [(Field, &str, &str); 22] = [
        (Field::ExtType, "X", "must be one of [D, I, P]"),
        (Field::ExtType, "", "must not be null"),
        (Field::RecipDob, "01/02/1990", day),
        (Field::AdminDate, "2021-13-01", day),
        (Field::RecipSex, "X", "must be one of [F, M, U]"),
        (Field::RecipAddressState, "Georgia", "must be a two-character state abbreviation"),
        (Field::RecipAddressCounty, "x", "must be a FIPS 5-digit county code"),
        (Field::RecipAddressZip, "1234", zip),
        (Field::AdminAddressZip, "1234x", zip),
        (Field::RecipEthnicity, "x", "must be one of [2135-2, 2186-5, UNK, POL]"),
        (Field::Cvx, "abc", "must be a number"),
        (Field::Mvx, "PFRX", "maximum length is 3"),
        (Field::DoseNum, "7", "must be [1-6], \"INV\", or \"UNK\""),
        (Field::VaxSeriesComplete, "X", "must be one of [YES, NO, UNK]"),
        (Field::VtrcksProvPin, "12345", "must be six digits"),
        (Field::VaxRefusal, "MAYBE", "must be one of [YES, NO]"),
        (Field::Serology, "X", "must be one of [YES, NO, UNK]"),
        (Field::CmorbidStatus, "", "must not be null"),
        (Field::ResponsibleOrg, "", "must not be null"),
        (Field::LotNumber, &long, "maximum length is 255"),
        (Field::RecipRace1, "x", "must be one of [1002-5, 2028-9, 2054-5, 2076-8, 2106-3, 2131-1, UNK, POL]"),
        (
            Field::VaxAdminSite,
            "ARM",
            "must be one of [LT,  LA,  LD,  LG,  LVL,  LLFA,  RT,  RA,  RD,  RG,  RVL,  RLFA]",
        ),
    ];
    let mut cases = Vec::new();
    for (field, value, message) in rows {
        let (good, bad) = (site.id(), site.id());
        let body = file(&[&good]) + &row(&bad, &[(field, value)]);
        let error = format!("line#3: vaxEventId={bad} recipId=R{bad} field={} message={message}", field.name());
        let name = format!("with {} {:?}", field.name(), value.get(..20).unwrap_or(value));
        cases.push(
            upload(site, &name, "POST", 200, body)
                .look(move |answer| counts(answer, 2, std::slice::from_ref(&error), 1, 0)),
        );
    }
    // Two fields of one record, two strings; the empty line counts as a line.
    let (first, second) = (site.id(), site.id());
    let body = file(&[]) + "\n" + &row(&first, &[(Field::Cvx, "x"), (Field::RecipSex, "x")]) + &row(&second, &[]);
    let errors: Vec<String> = [("recip_sex", "must be one of [F, M, U]"), ("cvx", "must be a number")]
        .map(|(field, message)| format!("line#3: vaxEventId={first} recipId=R{first} field={field} message={message}"))
        .to_vec();
    cases.push(upload(site, "with two bad cells", "POST", 200, body).look(move |answer| {
        let mut found: Vec<String> =
            serde_json::from_value(reply(answer)?["validationErrors"].clone()).map_err(|error| error.to_string())?;
        let mut expected = errors.clone();
        found.sort();
        expected.sort();
        if found == expected { Ok(()) } else { Err(format!("{expected:?} expected")) }
    }));
    let future = (site.id(), "admin_date must be on or before submission date");
    let body = file(&[]) + &row(&future.0, &[(Field::AdminDate, "2999-01-01"), (Field::VaxExpiration, "")]);
    let error = format!("line#2: vaxEventId={0} recipId=R{0} field=admin_date message={1}", future.0, future.1);
    cases.push(
        upload(site, "with a day to come", "POST", 200, body)
            .look(move |answer| counts(answer, 1, std::slice::from_ref(&error), 0, 0)),
    );
    let id = site.id();
    let body = file(&[]) + &row(&id, &[(Field::RecipDob, "2021-01-28"), (Field::AdminDate, "2021-01-27")]);
    let error = format!(
        "line#2: vaxEventId={id} recipId=R{id} field=recip_dob message=recip_dob must be on or before admin_date"
    );
    cases.push(
        upload(site, "with a birth after the dose", "POST", 200, body)
            .look(move |answer| counts(answer, 1, std::slice::from_ref(&error), 0, 0)),
    );
    cases
}

/// Of a delete the ids alone are looked at.
fn deletes(site: &Site) -> Vec<Case> {
    let missing = |name: &str, media: &str, body: Vec<u8>| {
        let case = upload(site, name, "DELETE", 200, body).look(|answer| counts(answer, 1, &[], 0, 1));
        let headers = case.headers.into_iter().filter(|(name, _)| *name != "Content-Type").collect();
        let case = Case { headers, ..case };
        if media.is_empty() { case } else { case.media(media) }
    };
    let ids = || format!("vax_event_id\trecip_id\n{}\tB1\n", site.id());
    let wrong = || file(&[]) + &row(&site.id(), &[(Field::Cvx, "x"), (Field::ExtType, "")]);
    vec![
        missing("of nothing, by ids", "text/plain", ids().into()),
        missing("of nothing, by ids, as a zip", "application/zip", zip(&[("a.txt", ids().as_bytes())])),
        missing("of nothing, by a record that is wrong otherwise", "text/plain", wrong().into()),
        missing("of nothing, without a media type", "", ids().into()),
        missing("of nothing, as a zip without a media type", "", zip(&[("a.txt", ids().as_bytes())])),
        upload(site, "of a record without its id", "DELETE", 200, "vax_event_id\trecip_id\n\tB1\n").look(|answer| {
            let error = "line#2: vaxEventId= recipId=B1 field=vax_event_id message=must not be null".to_owned();
            counts(answer, 1, &[error], 0, 0)
        }),
    ]
}

fn sent(site: &Site, method: &str, client: &str, body: &str) -> Value {
    let token = site.token_of(client, &["UPLOAD", "UPDATE", "DELETE"]);
    let answer = site.upload(method, UPLOAD, &token, "text/plain", body.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    reply(&answer).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

/// The processing errors of a store.
fn refused<'r>(reply: &'r Value, store: &str) -> Vec<&'r str> {
    let list = reply["storageResult"][store]["processingErrors"].as_array().unwrap();
    list.iter().map(|item| item.as_str().unwrap()).collect()
}

/// Created once, replaced, deleted, and created again; each store for itself, each verb in its own words.
pub(crate) fn life_of_a_record(site: &Site) {
    let id = site.id();
    let body = file(&[&id]);
    for (method, applied, message) in [
        ("PUT", 0, "Record does not exist"),
        ("DELETE", 0, "Record does not exist"),
        ("POST", 1, ""),
        ("POST", 0, "Record already exists"),
        ("PUT", 1, ""),
        ("DELETE", 1, ""),
        ("DELETE", 0, "Record does not exist"),
        ("POST", 1, ""),
    ] {
        let reply = sent(site, method, &site.client, &body);
        for store in STORES {
            assert_eq!(reply["storageResult"][store]["processedCount"], applied, "{method} {reply}");
            let expected: Vec<String> = (applied == 0)
                .then(|| format!("storage={store} vaxEventID={id} recipId=R{id} message={message}"))
                .into_iter()
                .collect();
            assert_eq!(refused(&reply, store), expected, "{method}");
        }
    }
}

/// The first of repeats wins; a list is cut at whole items, and its count is not.
pub(crate) fn repeats_and_cut_lists(site: &Site) {
    let id = site.id();
    let body = file(&[&id]) + &row(&id, &[(Field::RecipId, "other")]);
    let reply = sent(site, "POST", &site.client, &body);
    for store in STORES {
        assert_eq!(reply["storageResult"][store]["processedCount"], 1);
        let message = format!("storage={store} vaxEventID={id} recipId=other message=Record already exists");
        assert_eq!(refused(&reply, store), [message]);
    }
    let ids: Vec<String> = (0..300).map(|_| site.id()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    sent(site, "POST", &site.client, &file(&ids));
    let token = site.full();
    let answer = site.upload("POST", UPLOAD, &token, "text/plain", file(&ids).as_bytes());
    assert!(answer.text().chars().count() <= 4000, "{}", answer.text().chars().count());
    let body = json(&answer).unwrap();
    let store = &body["storageResult"][STORES[0]];
    assert_eq!((&store["processedCount"], &store["processingErrorsCount"]), (&object!(0), &object!(300)));
    let items = refused(&body, STORES[0]);
    assert!(items.len() > 10 && items.len() < 300);
    for (item, id) in items.iter().zip(&ids) {
        assert_eq!(*item, format!("storage={} vaxEventID={id} recipId=R{id} message=Record already exists", STORES[0]));
    }
    // Over the limit nothing at all is processed.
    let rows: String = (0..200_001).map(|number| format!("{number}\t1\n")).collect::<Vec<_>>().concat();
    let body = format!("vax_event_id\trecip_id\n{rows}");
    let answer = site.upload("DELETE", UPLOAD, &token, "text/plain", body.as_bytes());
    assert_eq!(answer.status, 400, "{answer:?}");
}

/// The five modes: which stores a reply names, and what it says of a bad record.
pub(crate) fn the_account_decides(site: &Site) {
    for (client, stores, is_validated) in [
        ("redacted", &["REDACTED_DB"][..], true),
        ("complete", &["NON_REDACTED_DB"], true),
        ("full", &["NON_REDACTED_DB", "REDACTED_DB"], true),
        ("kept", &[], false),
        ("check", &[], true),
    ] {
        let body = file(&[&site.id()]) + &row(&site.id(), &[(Field::Cvx, "x")]);
        let reply = sent(site, "POST", client, &body);
        assert_eq!(names(&reply["storageResult"]), stores, "{client}");
        assert_eq!(reply["validationErrorsCount"], i64::from(is_validated), "{client}");
        assert!(reply["totalRecords"] == 2 || (client == "kept" && reply["totalRecords"] == 0), "{client}");
    }
    // A neighbour of the jurisdiction may update and delete; a stranger has records of his own.
    let id = site.id();
    sent(site, "POST", "full", &file(&[&id]));
    let applied = |reply: &Value| reply["storageResult"]["REDACTED_DB"]["processedCount"].clone();
    assert_eq!(applied(&sent(site, "PUT", "stranger", &file(&[&id]))), 0);
    assert_eq!(applied(&sent(site, "POST", "stranger", &file(&[&id]))), 1);
    assert_eq!(applied(&sent(site, "DELETE", "stranger", &file(&[&id]))), 1);
    assert_eq!(applied(&sent(site, "PUT", "neighbour", &file(&[&id]))), 1);
    assert_eq!(applied(&sent(site, "DELETE", "neighbour", &file(&[&id]))), 1);
    assert_eq!(Version::V3.columns().len(), 45);
}
