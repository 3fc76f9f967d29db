//! Uploads of HL7: stored as the rows that they say, told by the lines of their messages.

use crate::site::{Site, zip};
use serde_json::json;

const MESSAGES: &str = include_str!("../../../cvrs-transform/tests/data/examples.ig.hl7");
const ROWS: &str = include_str!("../../../cvrs-transform/tests/data/examples.txt");
const BATCH: &str = "/v0/upload/hl7/batch";
const JSON: &str = "/v0/upload/hl7/json";

/// The messages one by one.
fn messages() -> Vec<String> {
    let starts: Vec<usize> = MESSAGES.match_indices("MSH|").map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([MESSAGES.len()]);
    starts.iter().zip(ends).map(|(&start, end)| MESSAGES[start..end].replace('\n', "\r")).collect()
}

/// The rows as an export gives them.
fn exported() -> String {
    let (header, rows) = ROWS.split_once('\n').expect("a header");
    format!("{}\n{rows}", header.to_ascii_uppercase())
}

#[tokio::test]
async fn messages_are_stored_as_the_rows_they_say() {
    let text = messages().concat();
    let batch = format!("FHS|^~\\&|A\rBHS|^~\\&|A\r{text}BTS|6\rFTS|1\r");
    let strings = serde_json::to_string(&messages()).expect("text");
    let objects =
        json!({"sender": "A", "messages": messages().iter().map(|text| json!({"message": text})).collect::<Vec<_>>()});
    let in_json = messages().iter().map(|text| format!("{text}\r")).collect::<Vec<_>>().concat();
    for (path, media, body, raw) in [
        (BATCH, "text/plain", batch.clone().into_bytes(), batch.clone()),
        (BATCH, "application/zip", zip(&[("a.hl7", batch.as_bytes())]), batch.clone()),
        (JSON, "text/plain", strings.clone().into_bytes(), in_json.clone()),
        (JSON, "application/json", objects.to_string().into_bytes(), in_json.clone()),
        (JSON, "application/zip", zip(&[("a.json", strings.as_bytes())]), in_json.clone()),
    ] {
        let site = Site::new();
        let token = site.sender().await;
        let headers = [("authorization", &*token), ("content-type", media)];
        let reply = site.call("POST", path, &headers, body).await.uploaded();
        assert_eq!((reply.total_records, reply.validation_errors_count), (6, 0), "{path} {media}");
        assert_eq!(site.export(&token, "CVRS_PROCESSED_NON_REDACTED").await, exported(), "{path} {media}");
        assert_eq!(site.export(&token, "HL7").await, raw, "{path} {media}");
        // What was received as HL7 is no row of CVRS as received.
        assert_eq!(site.export(&token, "CVRS").await.lines().count(), 1);
        // Deleting asks for the same records, whatever the messages ask for.
        let reply = site
            .call("DELETE", BATCH, &[("authorization", &*token), ("content-type", "text/plain")], text.clone())
            .await;
        assert_eq!(reply.uploaded().total_records, 6);
        assert_eq!(site.export(&token, "CVRS_PROCESSED_NON_REDACTED").await.lines().count(), 1);
    }
}

#[tokio::test]
async fn errors_are_told_by_the_line_of_the_message() {
    let site = Site::new();
    let token = site.sender().await;
    let headers = [("authorization", &*token), ("content-type", "text/plain")];
    let text = MESSAGES.replacen("RXA|0|1|20210116|20210116|", "RXA|0|1|||", 1);
    let line = text.lines().enumerate().filter(|(_, line)| line.starts_with("MSH")).nth(1).expect("two messages").0 + 1;
    let reply = site.call("POST", BATCH, &headers, text).await.uploaded();
    assert_eq!((reply.total_records, reply.validation_errors_count), (6, 1));
    let start = format!("line#{line}: vaxEventId=SYN-0002 recipId=R1000045 field=admin_date message=");
    assert!(reply.validation_errors[0].starts_with(&start), "{:?}", reply.validation_errors);
    assert_eq!(site.export(&token, "CVRS_PROCESSED_NON_REDACTED").await.lines().count(), 6);
}

#[tokio::test]
async fn what_is_no_hl7_is_refused() {
    let site = Site::new();
    let token = site.sender().await;
    let headers = [("authorization", &*token), ("content-type", "text/plain")];
    for (path, body) in
        [(BATCH, ROWS), (BATCH, "x"), (BATCH, ""), (JSON, "["), (JSON, "[\"x\"]"), (JSON, "{}"), (JSON, MESSAGES)]
    {
        site.call("POST", path, &headers, body).await.refused(400);
    }
    // Messages without a dose are as a file without a record.
    for (path, body) in [(BATCH, "MSH|^~\\&|A\r"), (JSON, "[]"), (JSON, "[\"MSH|^~\\\\&|A\"]")] {
        assert_eq!(site.call("POST", path, &headers, body).await.uploaded().total_records, 0, "{body}");
    }
}
