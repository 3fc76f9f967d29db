//! Every path and verb against everything that can be wrong with a call whatever it asks for.

use crate::case::{Case, json};
use crate::site::{SCOPES, Site, file, zip};

/// A path and verb of the contract.
struct Endpoint {
    method: &'static str,
    path: String,
    media: Option<&'static str>,
    body: Vec<u8>,
    /// A body that is refused, if any is.
    bad: Option<&'static [u8]>,
    /// Any of these permits the call.
    scopes: &'static [&'static str],
    status: u16,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Upload,
    Hl7,
    Json,
    Get,
}

const VERBS: [(&str, &[&str]); 3] = [("POST", &["UPLOAD"]), ("PUT", &["UPDATE"]), ("DELETE", &["DELETE"])];

const MESSAGE: &str = "MSH|^~\\&|A|B|C|D|20210129||VXU^V04^VXU_V04|1|P|2.5.1\r";

fn endpoints(site: &Site) -> Vec<Endpoint> {
    let mut all = Vec::new();
    for (method, scopes) in VERBS {
        for path in ["/v0/upload/cvrs/batch", "/v0/upload/crvs/batch"] {
            all.push(Endpoint {
                method,
                path: path.into(),
                media: Some("text/plain"),
                body: file(&[&site.id()]).into(),
                bad: Some(b"no tab in it\n"),
                scopes,
                status: 200,
                kind: Kind::Upload,
            });
        }
        for path in ["/v0/async/cvrs/jobs", "/v0/async/crvs/jobs"] {
            all.push(Endpoint {
                method,
                path: path.into(),
                media: Some("application/zip"),
                body: zip(&[("a.txt", file(&[&site.id()]).as_bytes())]),
                bad: Some(b"PK, but no zip"),
                scopes,
                status: 202,
                kind: Kind::Upload,
            });
        }
        for (path, body) in [
            ("/v0/upload/hl7/batch", MESSAGE.to_owned()),
            ("/v0/upload/hl7/json", serde_json::json!([MESSAGE]).to_string()),
        ] {
            all.push(Endpoint {
                method,
                path: path.into(),
                media: Some("text/plain"),
                body: body.into(),
                bad: None,
                scopes,
                status: 200,
                kind: Kind::Hl7,
            });
        }
    }
    let job = site.upload(
        "POST",
        "/v0/async/cvrs/jobs",
        &site.full(),
        "application/zip",
        &zip(&[("a.txt", file(&[&site.id()]).as_bytes())]),
    );
    let id = json(&job).unwrap()["id"].as_str().unwrap().to_owned();
    for (method, path) in [
        ("GET", format!("/v0/async/cvrs/jobs/{id}")),
        ("GET", format!("/v0/async/crvs/jobs/{id}")),
        ("GET", format!("/v0/async/cvrs/{id}")),
        ("POST", format!("/v0/async/crvs/{id}")),
        ("POST", format!("/v0/async/cvrs/jobs/{id}")),
    ] {
        let scopes = &["UPLOAD", "UPDATE", "DELETE"];
        all.push(Endpoint { method, path, media: None, body: vec![], bad: None, scopes, status: 200, kind: Kind::Get });
    }
    let sent = site.upload("POST", "/v0/upload/cvrs/batch", &site.full(), "text/plain", file(&[&site.id()]).as_bytes());
    let id = json(&sent).unwrap()["id"].as_str().unwrap().to_owned();
    all.push(Endpoint {
        method: "GET",
        path: format!("/v0/upload/file/{id}"),
        media: None,
        body: vec![],
        bad: None,
        scopes: &["EXPORT_NON_REDACTED"],
        status: 200,
        kind: Kind::Get,
    });
    for path in ["/v0/export", "/v0/upload/export"] {
        all.push(Endpoint {
            method: "POST",
            path: path.into(),
            media: Some("application/json"),
            body: br#"{"startDate":"2000-01-01","endDate":"2000-01-02","format":"CVRS_PROCESSED_REDACTED"}"#.to_vec(),
            bad: Some(br#"{"startDate":"2000-01-01"}"#),
            scopes: &["EXPORT_REDACTED", "EXPORT_NON_REDACTED"],
            status: 200,
            kind: Kind::Json,
        });
    }
    all.push(Endpoint {
        method: "POST",
        path: "/v0/izdlexport/history".into(),
        media: Some("application/json"),
        body: br#"{"startDate":"2000-01-01","endDate":"2000-01-02"}"#.to_vec(),
        bad: Some(b"{startDate:2000-01-01}"),
        scopes: &["EXPORT_REDACTED", "EXPORT_NON_REDACTED", "EXPORT_SUMMARIZATION"],
        status: 200,
        kind: Kind::Json,
    });
    all
}

pub(crate) fn cases(site: &Site) -> Vec<Case> {
    let full = site.full();
    let expired = site.is_ours().then(|| {
        site.pass(-901);
        let token = site.token_of("neighbour", &SCOPES);
        site.pass(901);
        token
    });
    let mut cases = Vec::new();
    for endpoint in endpoints(site) {
        let Endpoint { method, media, scopes, status, kind, .. } = endpoint;
        // Paths of jobs and files hold an id, which is another in each run.
        let shown: String = endpoint
            .path
            .split('/')
            .map(|part| if part.len() == 36 { "{id}" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let named = |what: &str, status: u16| {
            Case::new(format!("{method} {shown} {what}"), method, endpoint.path.clone(), status)
        };
        let whole = |what: &str, status: u16| {
            let case = named(what, status).header("Accept", "application/json").body(endpoint.body.clone());
            if let Some(media) = media { case.media(media) } else { case }
        };
        let right = |what: &str, token: &str| {
            let case = whole(what, status).token(token);
            // 202 may be configured to be 200.
            if status == 202 { case.or(200) } else { case }
        };
        let is_json = |answer: &_| json(answer).map(drop);
        cases.push(right("right", &full).look(is_json));
        cases.push(right("right, after Bearer", &format!("Bearer {full}")));
        cases.push(right("right, with a blank behind the token", &format!("{full} ")));
        cases.push(right("right, with a Referer", &full).header("Referer", "https://iis.example/"));
        for scope in scopes {
            cases.push(right(&format!("right with {scope} alone"), &site.token(&[*scope])));
        }
        let others: Vec<&str> = SCOPES.into_iter().filter(|scope| !scopes.contains(scope)).collect();
        cases.push(whole("with every scope but its own", 403).token(&site.token(&others)));
        cases.push(whole("without a token", 401));
        cases.push(whole("with an empty token", 401).token(""));
        cases.push(whole("with a token of somebody's own making", 401).token("abc.def"));
        cases.push(whole("as Basic", 401).token(&format!("Basic {full}")));
        if let Some(expired) = &expired {
            cases.push(whole("with an expired token", 401).token(expired));
        }
        let accepts = whole("accepting HTML alone", 406).token(&full);
        let accepts =
            Case { headers: accepts.headers.into_iter().filter(|(name, _)| *name != "Accept").collect(), ..accepts };
        cases.push(accepts.header("Accept", "text/html"));
        let body = || named("", 415).token(&full).header("Accept", "application/json").body(endpoint.body.clone());
        let renamed = |case: Case, what: &str| Case { name: format!("{method} {shown} {what}"), ..case };
        if kind != Kind::Get {
            for media in ["application/xml", "multipart/form-data; boundary=x"] {
                cases.push(renamed(body().media(media), &format!("as {media}")));
            }
            if matches!(kind, Kind::Upload | Kind::Hl7) {
                let other = if shown.ends_with("/json") { "application/octet-stream" } else { "application/json" };
                cases.push(renamed(body().media(other), &format!("as {other}")));
                cases.push(
                    renamed(named("", 413).token(&full).media("application/zip"), "of 150,000,000 bytes")
                        .header("Content-Length", "150000000")
                        .header("Expect", "100-continue"),
                );
            }
            if kind == Kind::Json {
                cases.push(renamed(body().media("text/plain"), "as text"));
            }
            if method != "DELETE" {
                cases.push(renamed(body(), "without a media type").or(400));
            }
        }
        if let (Some(bad), Some(media)) = (endpoint.bad, media) {
            cases.push(named("with a bad body", 400).token(&full).media(media).body(bad));
        }
        if kind == Kind::Upload && shown.contains("/cvrs/") {
            let empty = media.unwrap_or("text/plain");
            cases.push(named("with an empty body", 400).token(&full).media(empty));
        }
    }
    cases.extend(verbs(&full));
    cases.extend(unknown(site, &full));
    cases
}

/// Verbs that a path does not take.
fn verbs(full: &str) -> Vec<Case> {
    let uploads = [
        "/v0/upload/cvrs/batch",
        "/v0/upload/crvs/batch",
        "/v0/upload/hl7/batch",
        "/v0/upload/hl7/json",
        "/v0/async/cvrs/jobs",
        "/v0/async/crvs/jobs",
    ];
    let posts = ["/v0/token/gen", "/v0/token/refresh", "/v0/export", "/v0/upload/export", "/v0/izdlexport/history"];
    let mut cases = Vec::new();
    let mut push = |path: &str, method: &'static str, allowed: &'static [&'static str]| {
        cases.push(Case::new(format!("{method} {path} is no verb of it"), method, path, 405).token(full).look(
            move |answer| {
                let allow: Vec<&str> = answer.header("allow").unwrap_or_default().split(',').map(str::trim).collect();
                let is_told = allowed.iter().all(|verb| allow.contains(verb));
                if is_told { Ok(()) } else { Err(format!("Allow must list {allowed:?}")) }
            },
        ));
    };
    for path in uploads {
        push(path, "GET", &["POST", "PUT", "DELETE"]);
        push(path, "PATCH", &["POST", "PUT", "DELETE"]);
    }
    for path in posts {
        push(path, "GET", &["POST"]);
        push(path, "PUT", &["POST"]);
    }
    let id = uuid::Uuid::new_v4();
    push(&format!("/v0/async/cvrs/jobs/{id}"), "DELETE", &["GET", "POST"]);
    push(&format!("/v0/async/crvs/{id}"), "PUT", &["GET", "POST"]);
    push(&format!("/v0/upload/file/{id}"), "DELETE", &["GET"]);
    cases
}

/// Paths and ids that are nobody's.
fn unknown(site: &Site, full: &str) -> Vec<Case> {
    let get = |path: String, status| Case::new(format!("GET {path}"), "GET", path, status).token(full);
    let mut cases: Vec<Case> = ["/v0", "/v0/", "/v1/upload/cvrs/batch", "/v0/validate", "/v0/upload/cvrs", "/v0/lots"]
        .into_iter()
        .map(|path| get(path.into(), 404))
        .collect();
    for spelled in ["cvrs/jobs", "crvs/jobs", "cvrs", "crvs"] {
        cases.push(get(format!("/v0/async/{spelled}/{}", uuid::Uuid::new_v4()), 404));
        for bad in ["x", "1234", "7d3c2c0e-5a0f-4c1c-9d56-0d6b7f0a1c1g", "7d3c2c0e5a0f4c1c9d560d6b7f0a1c11"] {
            cases.push(get(format!("/v0/async/{spelled}/{bad}"), 400));
        }
    }
    cases.push(get(format!("/v0/upload/file/{}", uuid::Uuid::new_v4()), 404));
    cases.push(get("/v0/upload/file/x".into(), 404).or(400));
    // A synchronous upload is no job.
    let sent = site.upload("POST", "/v0/upload/cvrs/batch", full, "text/plain", file(&[&site.id()]).as_bytes());
    let id = json(&sent).unwrap()["id"].as_str().unwrap().to_owned();
    let mut case = get(format!("/v0/async/cvrs/jobs/{id}"), 404);
    case.name = "GET a job that is a synchronous upload".into();
    cases.push(case);
    cases
}
