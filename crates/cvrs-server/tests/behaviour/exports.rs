//! What comes out again.

use crate::site::{Site, file, zip};
use cvrs_spec::{Field, Version};
use serde_json::json;

#[tokio::test]
async fn stored_records_come_back_and_redacted_ones_without_names() {
    let site = Site::new();
    let token = site.sender().await;
    let text = file(&["A1", "A2"]);
    site.send("POST", &token, "text/plain", text.clone()).await.uploaded();
    let header = text.lines().next().unwrap().to_ascii_uppercase();
    let complete = site.export(&token, "CVRS_PROCESSED_NON_REDACTED").await;
    let rows: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(complete, format!("{header}\n{}\n", rows.join("\n")));
    let redacted = site.export(&token, "CVRS_PROCESSED_REDACTED").await;
    for (row, redacted) in rows.iter().zip(redacted.lines().skip(1)) {
        for ((cell, out), field) in row.split('\t').zip(redacted.split('\t')).zip(Version::V3.columns()) {
            let names = [
                Field::RecipFirstName,
                Field::RecipMiddleName,
                Field::RecipLastName,
                Field::RecipAddressStreet,
                Field::RecipAddressStreet2,
                Field::RecipAddressCity,
            ];
            assert_eq!(out, if names.contains(field) { "Redacted" } else { cell }, "{}", field.name());
        }
    }
    assert_eq!(site.export(&token, "HL7").await, "");
}

#[tokio::test]
async fn raw_rows_come_back_in_canonical_columns_with_their_own_line_ends() {
    let site = Site::new();
    let token = site.sender().await;
    site.send("POST", &token, "text/plain", "RECIP_ID\tx\tvax_event_id\r\nB1\tz\tA1\r\nB2\tz\tA2").await.uploaded();
    site.pass(1);
    site.send("PUT", &token, "application/zip", zip(&[("a.txt", file(&["A3"]).as_bytes())])).await.uploaded();
    site.send("DELETE", &token, "text/plain", file(&["A3"])).await.uploaded();
    let raw = site.export(&token, "CVRS").await;
    let lines: Vec<&str> = raw.split_inclusive('\n').collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[1], format!("A1\t\t\tB1{}\r\n", "\t".repeat(41)));
    assert_eq!(lines[2], format!("A2\t\t\tB2{}\n", "\t".repeat(41)));
    assert_eq!(lines[3], file(&["A3"]).split_inclusive('\n').nth(1).unwrap());
}

#[tokio::test]
async fn formats_need_their_scopes_and_days_their_order() {
    let site = Site::new();
    let redacted = site.token("a", &["EXPORT_REDACTED"]).await;
    assert_eq!(site.export(&redacted, "CVRS_PROCESSED_REDACTED").await.lines().count(), 1);
    let day = |first: &str, last: &str, format: &str| json!({"startDate": first, "endDate": last, "format": format});
    for format in ["CVRS_RAW", "HL7_RAW", "CVRS_PROCESSED_NON_REDACTED"] {
        site.post("/v0/export", &redacted, &day("2021-01-29", "2021-01-29", format)).await.refused(403);
    }
    let summary = site.token("a", &["EXPORT_SUMMARIZATION"]).await;
    site.post("/v0/export", &summary, &day("2021-01-29", "2021-01-29", "CVRS_PROCESSED_REDACTED")).await.refused(403);
    for body in [
        day("2021-01-30", "2021-01-29", "CVRS_PROCESSED_REDACTED"),
        day("2021-02-30", "2021-03-01", "CVRS_PROCESSED_REDACTED"),
        day("2021-01-29", "2021-01-29", "XML"),
        json!({"startDate": "2021-01-29", "format": "CVRS_PROCESSED_REDACTED"}),
    ] {
        site.post("/v0/export", &redacted, &body).await.refused(400);
    }
    let history = json!({"startDate": "2021-01-01", "endDate": "2021-01-02", "siteKey": "GAA"});
    assert_eq!(site.post("/v0/izdlexport/history", &summary, &history).await.text(), "[]");
    site.post("/v0/izdlexport/history", &site.token("b", &["UPLOAD"]).await, &history).await.refused(403);
}

#[tokio::test]
async fn an_upload_comes_back_as_it_was_received() {
    let site = Site::new();
    let token = site.sender().await;
    let text = file(&["A1"]);
    let packed = zip(&[("a.txt", text.as_bytes())]);
    for (media, body) in [("text/plain", text.clone().into_bytes()), ("application/zip", packed)] {
        let id = site.send("POST", &token, media, body.clone()).await.uploaded().id;
        let path = cvrs_api::route::upload_file(&id);
        let answer = site.call("GET", &path, &[("authorization", &token)], "").await;
        assert_eq!((answer.headers["content-type"].to_str().unwrap(), answer.body), (media, body));
        let json = [("authorization", &*token), ("accept", "application/json")];
        let answer = site.call("GET", &path, &json, "").await;
        assert_eq!(answer.json::<cvrs_api::ExportReply>().data, text);
        let stranger = site.token("other", &["EXPORT_NON_REDACTED"]).await;
        site.call("GET", &path, &[("authorization", &stranger)], "").await.refused(404);
        site.call("GET", &path, &[("authorization", &site.token("a", &["EXPORT_REDACTED"]).await)], "")
            .await
            .refused(403);
    }
    site.call("GET", "/v0/upload/file/x", &[("authorization", &token)], "").await.refused(404);
}

#[tokio::test]
async fn the_status_page_is_off_unless_asked_for_and_shows_no_person() {
    let site = Site::new();
    site.call("GET", "/", &[], "").await.refused(404);
    let site = Site::with(|config| config.status_page = true);
    let token = site.sender().await;
    site.send("POST", &token, "text/plain", file(&["A1"]) + "A2\tD\tx\tB2\tMarkedName\n").await.uploaded();
    let page = site.call("GET", "/", &[], "").await.text();
    assert!(page.contains("<h1>") && page.contains("COMPLETED") && !page.contains("<script"));
    let metrics = site.call("GET", "/metrics", &[], "").await.text();
    assert!(metrics.contains("cvrs_records_total 2\n"), "{metrics}");
    for text in [page, metrics] {
        assert!(!text.contains("MarkedName") && !text.contains("A2"), "{text}");
    }
    assert_eq!(site.call("GET", "/healthz", &[], "").await.text(), r#"{"status":"UP"}"#);
}
