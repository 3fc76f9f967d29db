//! Asynchronous uploads.

use crate::case::{Case, json, names, same};
use crate::site::{Site, file, row, zip};
use cvrs_spec::Field;
use serde_json::{Value, json as object};

pub(crate) const JOBS: &str = "/v0/async/cvrs/jobs";

pub(crate) fn cases(site: &Site) -> Vec<Case> {
    let mut cases = Vec::new();
    for (method, media) in [
        ("POST", "application/zip"),
        ("PUT", "application/zip"),
        ("DELETE", "application/zip"),
        ("DELETE", "text/plain"),
        ("POST", "text/plain"),
    ] {
        let text = file(&[&site.id()]);
        let body = if media == "text/plain" { text.into_bytes() } else { zip(&[("a.txt", text.as_bytes())]) };
        cases.push(
            Case::new(format!("job {method} of {media}"), method, JOBS, 202)
                .or(200)
                .token(&site.full())
                .media(media)
                .body(body)
                .look(|answer| {
                    let body = json(answer)?;
                    let id = body["id"].as_str().unwrap_or_default().to_owned();
                    let location = format!("{JOBS}/{id}");
                    if answer.status == 202 && answer.header("location") != Some(&location) {
                        return Err(format!("Location must be {location}"));
                    }
                    let expected = object!({"id": id, "status": "QUEUED", "totalRecords": -1, "validationErrors": [],
                        "validationErrorsCount": -1, "storageResult": null});
                    same("the first reply", &body, expected)
                }),
        );
    }
    let text = "a\tb\n1\t2\n";
    for (name, body) in [("of a file that is no CVRS", zip(&[("a.txt", text.as_bytes())])), ("of nothing", vec![])] {
        cases.push(
            Case::new(format!("job {name}"), "POST", JOBS, 400).token(&site.full()).media("application/zip").body(body),
        );
    }
    cases
}

/// A job that is done says what an upload says, and its state.
pub(crate) fn a_job_to_its_end(site: &Site) {
    let token = site.full();
    let (good, bad) = (site.id(), site.id());
    let text = file(&[&good]) + &row(&bad, &[(Field::Cvx, "x")]);
    let done = site.job("POST", &token, &zip(&[("a.txt", text.as_bytes())]));
    let expected = ["id", "status", "storageResult", "totalRecords", "validationErrors", "validationErrorsCount"];
    assert_eq!(names(&done), expected);
    assert_eq!((&done["totalRecords"], &done["validationErrorsCount"]), (&object!(2), &object!(1)));
    let error = format!("line#3: vaxEventId={bad} recipId=R{bad} field=cvx message=must be a number");
    assert_eq!(done["validationErrors"], object!([error]));
    let store = object!({"status": "SUCCESS", "processingErrors": [], "processedCount": 1, "processingErrorsCount": 0});
    assert_eq!(done["storageResult"], object!({"NON_REDACTED_DB": store, "REDACTED_DB": store}));
    // The same answer by every spelling of its path, and again.
    let id = done["id"].as_str().unwrap();
    for (method, path) in [
        ("GET", format!("{JOBS}/{id}")),
        ("POST", format!("/v0/async/crvs/{id}")),
        ("GET", format!("/v0/async/cvrs/{}", id.to_uppercase())),
    ] {
        let answer = site.http.call(method, &path, &[("Authorization", &token)], b"").unwrap();
        assert_eq!(json(&answer).unwrap(), done, "{path}");
    }
    for (method, applied) in [("PUT", 1), ("DELETE", 1), ("DELETE", 0)] {
        let done = site.job(method, &token, &zip(&[("a.txt", file(&[&good]).as_bytes())]));
        assert_eq!(done["storageResult"]["REDACTED_DB"]["processedCount"], applied, "{method}");
    }
}

/// What cannot be seen at submission ends a job with one entry and no stores.
pub(crate) fn what_fails_later(site: &Site) {
    let rows: String = (0..200_001).map(|number| format!("{number}\t1\n")).collect::<Vec<_>>().concat();
    let body = zip(&[("a.txt", format!("vax_event_id\trecip_id\n{rows}").as_bytes())]);
    let done = site.job("DELETE", &site.full(), &body);
    assert_eq!((&done["status"], &done["storageResult"]), (&object!("COMPLETED"), &object!({})));
    assert_eq!(done["validationErrorsCount"], 1);
    assert!(done["validationErrors"][0].as_str().unwrap().contains("MAX ROWS"), "{done}");
}

/// Of another jurisdiction there is no job; a neighbour sees it.
pub(crate) fn jobs_are_the_jurisdictions(site: &Site) {
    let done = site.job("POST", &site.full(), &zip(&[("a.txt", file(&[&site.id()]).as_bytes())]));
    let path = format!("{JOBS}/{}", done["id"].as_str().unwrap());
    for (client, status) in [("stranger", 404), ("neighbour", 200)] {
        let token = site.token_of(client, &["UPLOAD"]);
        let answer = site.http.call("GET", &path, &[("Authorization", &token)], b"").unwrap();
        assert_eq!(answer.status, status, "{client}");
    }
    let sent: Value = json(&site.upload(
        "POST",
        crate::uploads::UPLOAD,
        &site.token_of("check", &["UPLOAD"]),
        "text/plain",
        file(&[]).as_bytes(),
    ))
    .unwrap();
    assert_eq!(sent["storageResult"], object!({}));
}
