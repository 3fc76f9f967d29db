//! What comes of uploads.

use crate::site::{Site, UPLOAD, entry, file, ids, zip};
use cvrs_api::Store;
use cvrs_engine::Validator;
use cvrs_parse::Date;
use cvrs_rules::{Options, Profile};
use cvrs_server::ClientEntry;
use std::io::Write;

#[tokio::test]
async fn records_are_stored_once_whoever_sends_them() {
    let site = Site::new();
    let (a, b) = (site.sender().await, site.token("b", &["UPLOAD", "DELETE"]).await);
    let first = site.send("POST", &a, "text/plain", file(&["A1", "A2", "A1"])).await.uploaded();
    assert_eq!((first.total_records, first.validation_errors_count), (3, 0));
    for store in Store::ALL {
        let stored = &first.storage_result[&store];
        assert_eq!((stored.processed_count, stored.processing_errors_count), (2, 1));
        assert_eq!(
            stored.processing_errors,
            [format!("storage={store} vaxEventID=A1 recipId=RA1 message=Record already exists")]
        );
    }
    let second = site.send("POST", &b, "text/plain", file(&["A2", "A3"])).await.uploaded();
    assert_eq!(second.storage_result[&Store::Redacted].processed_count, 1);
    let deleted = site.send("DELETE", &b, "text/plain", file(&["A2", "A9"])).await.uploaded();
    let refused = &deleted.storage_result[&Store::NonRedacted].processing_errors;
    assert_eq!(refused, &["storage=NON_REDACTED_DB vaxEventID=A9 recipId=RA9 message=Record does not exist"]);
    let again = site.send("POST", &a, "text/plain", file(&["A2"])).await.uploaded();
    assert_eq!(again.storage_result[&Store::Redacted].processed_count, 1);
    // Another jurisdiction knows nothing of them.
    let other = site.token("other", &["UPLOAD"]).await;
    let other = site.send("POST", &other, "text/plain", file(&["A1"])).await.uploaded();
    assert_eq!(other.storage_result[&Store::Redacted].processed_count, 1);
}

#[tokio::test]
async fn validation_says_what_the_engine_says_and_bad_records_block_no_others() {
    let site = Site::with(|config| config.reply_budget = 0);
    let token = site.sender().await;
    let options = cvrs_generate::Options { records: 300, error_rate: 0.3, ..Default::default() };
    let mut text = Vec::new();
    cvrs_generate::generate(&options, &mut text, None).unwrap();
    let today = Date::parse(b"2021-01-29").unwrap();
    let report = Validator::new(&Options::new(Profile::Dch, today)).check(&text).unwrap();
    let errors: Vec<_> =
        report.findings.iter().filter(|found| found.finding.level == cvrs_report::Level::Error).collect();
    assert!(errors.len() > 50);
    let reply = site.send("POST", &token, "text/plain", text).await.uploaded();
    assert_eq!(reply.validation_errors.len(), errors.len());
    assert_eq!(reply.validation_errors_count, errors.len().cast_signed() as i64);
    for (string, found) in reply.validation_errors.iter().zip(errors) {
        let field = found.finding.field.map_or("", cvrs_spec::Field::name);
        assert!(string.starts_with(&format!("line#{}: vaxEventId=", found.line)), "{string}");
        assert!(string.ends_with(&format!(" field={field} message={}", found.message)), "{string}");
    }
    for stored in reply.storage_result.values() {
        let stored = stored.processed_count + stored.processing_errors_count;
        assert_eq!(stored.cast_unsigned(), report.summary.records - report.summary.rejected);
    }
}

#[tokio::test]
async fn a_long_list_is_cut_and_its_count_is_not() {
    let site = Site::new();
    let token = site.sender().await;
    let names: Vec<String> = (0..500).map(|number| format!("A{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    site.send("POST", &token, "text/plain", file(&names)).await.uploaded();
    let answer = site.send("POST", &token, "text/plain", file(&names)).await;
    assert!(answer.body.len() <= 4000 && answer.body.len() > 3800, "{}", answer.body.len());
    let reply = answer.uploaded();
    let (complete, redacted) = (&reply.storage_result[&Store::NonRedacted], &reply.storage_result[&Store::Redacted]);
    assert_eq!((complete.processing_errors_count, redacted.processing_errors_count), (500, 500));
    assert!(!complete.processing_errors.is_empty() && redacted.processing_errors.is_empty());
}

#[tokio::test]
async fn the_five_modes_do_what_they_are_called() {
    let mut site = Site::new();
    let none = ClientEntry {
        write_redacted: false,
        write_non_redacted: false,
        write_object_storage: false,
        ..entry("x", "MOA")
    };
    site.add(&ClientEntry { id: "complete".into(), write_non_redacted: true, ..none.clone() });
    site.add(&ClientEntry { id: "redacted".into(), write_redacted: true, ..none.clone() });
    site.add(&ClientEntry { id: "kept".into(), write_object_storage: true, ..none });
    site.start();
    for (id, stores) in [
        ("complete", vec![Store::NonRedacted]),
        ("redacted", vec![Store::Redacted]),
        ("kept", vec![]),
        ("check", vec![]),
    ] {
        let token = site.token(id, &["UPLOAD"]).await;
        let bad = file(&["A1"]) + "A2\tX\n";
        let reply = site.send("POST", &token, "text/plain", bad).await.uploaded();
        assert_eq!(reply.storage_result.keys().copied().collect::<Vec<_>>(), stores, "{id}");
        assert_eq!(reply.total_records, 2);
        assert_eq!(reply.validation_errors_count > 0, id != "kept", "{id}");
    }
    let token = site.token("kept", &["EXPORT_NON_REDACTED"]).await;
    assert_eq!(site.export(&token, "CVRS_RAW").await.lines().count(), 3);
    assert_eq!(site.export(&token, "CVRS_PROCESSED_NON_REDACTED").await.lines().count(), 2);
}

#[tokio::test]
async fn a_delete_looks_at_ids_alone_unless_told_otherwise() {
    for is_full in [false, true] {
        let site = if is_full { Site::with(|config| config.full_deletes = true) } else { Site::new() };
        let token = site.sender().await;
        site.send("POST", &token, "text/plain", file(&["A1"])).await.uploaded();
        let reply =
            site.send("DELETE", &token, "text/plain", "vax_event_id\trecip_id\nA1\tR1\n\tR2\n").await.uploaded();
        let deleted = reply.storage_result[&Store::Redacted].processed_count;
        assert_eq!((reply.validation_errors_count > 1, deleted), (is_full, i64::from(!is_full)));
        let null = "line#3: vaxEventId= recipId=R2 field=vax_event_id message=must not be null".to_owned();
        assert!(reply.validation_errors.contains(&null), "{:?}", reply.validation_errors);
    }
}

#[tokio::test]
async fn bodies_that_break_the_rules_are_refused_and_nothing_is_stored() {
    let site = Site::new();
    let token = site.sender().await;
    let good = file(&["A1"]);
    let nested = zip(&[("a.txt", good.as_bytes())]);
    let zips: [(&str, Vec<u8>); 8] = [
        ("more than one", zip(&[("a.txt", good.as_bytes()), ("b.txt", good.as_bytes())])),
        ("folder", zip(&[("f/a.txt", good.as_bytes())])),
        ("__MACOSX", zip(&[("a.txt", good.as_bytes()), ("__MACOSX/._a.txt", b"x")])),
        (".DS_Store", zip(&[("a.txt", good.as_bytes()), (".DS_Store", b"x")])),
        ("zip", zip(&[("a.zip", &nested)])),
        ("no file", zip(&[])),
        ("", nested[..nested.len() - 30].to_vec()),
        ("no zip", good.clone().into_bytes()),
    ];
    for (word, body) in zips {
        let message = site.send("POST", &token, "application/zip", body).await.refused(400);
        assert!(message.contains(word), "{word}: {message}");
    }
    for text in
        ["", "\n", "vax_event_id\n", "a\tb\n1\t2\n", "recip_id\trecip_sex\nB1\tF\n", "vax_event_id,recip_id\nA1,B1\n"]
    {
        site.send("POST", &token, "text/plain", text).await.refused(400);
    }
    site.send("POST", &token, "text/plain", nested).await.refused(400);
    site.send("POST", &token, "multipart/form-data; boundary=x", good.clone()).await.refused(415);
    let headers = [("authorization", &*token), ("content-type", "text/plain"), ("accept", "text/html")];
    site.call("POST", UPLOAD, &headers, good.clone()).await.refused(406);
    assert_eq!(site.export(&token, "CVRS_RAW").await.lines().count(), 1);
    assert_eq!(std::fs::read_dir(site.folder.path().join("data/raw")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(site.folder.path().join("data/incoming")).unwrap().count(), 0);
}

#[tokio::test]
async fn too_much_is_refused() {
    let site = Site::with(|config| {
        config.limits.body_bytes = 5_000;
        config.limits.text_bytes = 20_000;
    });
    let token = site.sender().await;
    let text = file(&["A1"]);
    let padded = |length: usize| text.clone() + &"\n".repeat(length - text.len());
    site.send("POST", &token, "text/plain", padded(4_999)).await.uploaded();
    site.send("POST", &token, "text/plain", padded(5_000)).await.refused(413);
    site.send("POST", &token, "application/zip", zip(&[("a.txt", padded(20_001).as_bytes())])).await.refused(413);
    let rows = ids(200_001);
    let site = Site::new();
    let token = site.sender().await;
    assert!(site.send("DELETE", &token, "text/plain", rows.clone()).await.refused(400).contains("MAX ROWS"));
    let end = rows.trim_end().rfind('\n').unwrap();
    assert_eq!(
        site.send("DELETE", &token, "text/plain", rows[..end].to_owned()).await.uploaded().total_records,
        200_000
    );
}

#[tokio::test]
async fn codings_of_the_transport_are_undone() {
    let site = Site::new();
    let token = site.sender().await;
    let text = file(&["A1"]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(text.as_bytes()).unwrap();
    let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    bare.write_all(text.as_bytes()).unwrap();
    let bodies =
        [("gzip", gzip.finish().unwrap()), ("deflate", zlib.finish().unwrap()), ("deflate", bare.finish().unwrap())];
    for (coding, body) in bodies {
        let headers = [("authorization", &*token), ("content-type", "text/plain"), ("content-encoding", coding)];
        assert_eq!(site.call("POST", UPLOAD, &headers, body).await.uploaded().total_records, 1, "{coding}");
        site.call("POST", UPLOAD, &headers, "no such coding").await.refused(400);
    }
    let headers = [("authorization", &*token), ("content-type", "text/plain"), ("content-encoding", "br")];
    site.call("POST", UPLOAD, &headers, text).await.refused(415);
}

#[tokio::test]
async fn scopes_verbs_and_spellings() {
    let site = Site::new();
    let token = site.token("a", &["UPDATE"]).await;
    site.send("POST", &token, "text/plain", file(&["A1"])).await.refused(403);
    site.send("PUT", &token, "text/plain", file(&["A1"])).await.uploaded();
    let get = site.call("GET", UPLOAD, &[("authorization", &token)], "").await;
    get.refused(405);
    assert_eq!(get.headers["allow"], "POST,PUT,DELETE");
    let headers = [("authorization", &*token), ("content-type", "text/plain")];
    site.call("PUT", "/v0/upload/crvs/batch", &headers, file(&["A1"])).await.uploaded();
    site.call("PUT", "/v0/upload/hl7/batch", &headers, "MSH|").await.uploaded();
    let json = [("authorization", &*token), ("content-type", "application/json")];
    site.call("PUT", "/v0/upload/hl7/json", &json, "[]").await.uploaded();
    site.call("PUT", "/v0/upload/hl7/batch", &json, "[]").await.refused(415);
    site.call("POST", "/v0/upload/hl7/batch", &headers, "MSH|").await.refused(403);
    site.call("GET", "/v1", &[], "").await.refused(404);
}
