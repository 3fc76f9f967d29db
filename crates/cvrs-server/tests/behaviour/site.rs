//! A server of one's own, with a clock that stands until it is moved.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use cvrs_api::{Scope, TokenResponse, UploadStatusResponse};
use cvrs_parse::Date;
use cvrs_rules::example;
use cvrs_server::{ClientEntry, Clock, Config, Server, add_client, router};
use cvrs_spec::{Field, Version};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) const UPLOAD: &str = "/v0/upload/cvrs/batch";

#[derive(Debug)]
struct Standing(AtomicI64);

impl Clock for Standing {
    fn millis(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// 2021-01-29 at noon.
const NOON: i64 = 1_611_921_600_000;

pub(crate) struct Site {
    pub(crate) folder: TempDir,
    pub(crate) server: Option<Arc<Server>>,
    clock: Arc<Standing>,
    secrets: HashMap<String, String>,
    change: fn(&mut Config),
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The words of a refusal with that status, in the form that all refusals have.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        let body: cvrs_api::ErrorBody = self.json();
        assert_eq!(body.status, status);
        assert_eq!(body.error, StatusCode::from_u16(status).unwrap().canonical_reason().unwrap());
        body.message
    }

    #[track_caller]
    pub(crate) fn uploaded(&self) -> UploadStatusResponse {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }
}

/// An account that writes both stores and keeps uploads.
pub(crate) fn entry(id: &str, jurisdiction: &str) -> ClientEntry {
    ClientEntry {
        id: id.into(),
        secret_hash: None,
        secret_file: None,
        jurisdiction: jurisdiction.into(),
        scopes: Scope::ALL.to_vec(),
        write_redacted: true,
        write_non_redacted: true,
        write_object_storage: true,
        validate_only: false,
        may_act_for: Vec::new(),
    }
}

/// A file of version 3 with good records of these ids.
pub(crate) fn file(ids: &[&str]) -> String {
    let mut text = example::header(Version::V3) + "\n";
    let row = example::row(Version::V3, &[(Field::VaxEventId, "?"), (Field::RecipId, "!")]);
    for id in ids {
        text += &row.replacen('?', id, 1).replacen('!', &format!("R{id}"), 1);
        text.push('\n');
    }
    text
}

/// Rows of nothing but two ids, for deletes.
pub(crate) fn ids(n_records: u32) -> String {
    let rows = (0..n_records).map(|number| format!("{number}\t1\n"));
    std::iter::once("vax_event_id\trecip_id\n".to_owned()).chain(rows).collect()
}

pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

impl Site {
    /// With the accounts `a` and `b` of jurisdiction GAA, `other` of TXA, and `check` of GAA, which only validates.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: fn(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut site = Self {
            folder,
            server: None,
            clock: Arc::new(Standing(AtomicI64::new(NOON))),
            secrets: HashMap::new(),
            change,
        };
        site.add(&entry("a", "GAA"));
        site.add(&entry("b", "GAA"));
        site.add(&ClientEntry { may_act_for: vec!["a".into()], ..entry("other", "TXA") });
        let check = ClientEntry {
            write_redacted: false,
            write_non_redacted: false,
            write_object_storage: false,
            ..entry("check", "GAA")
        };
        site.add(&ClientEntry { validate_only: true, scopes: vec![Scope::Upload], ..check });
        site.start();
        site
    }

    pub(crate) fn clients(&self) -> PathBuf {
        self.folder.path().join("clients.toml")
    }

    pub(crate) fn add(&mut self, entry: &ClientEntry) {
        let secret = add_client(&self.clients(), entry).unwrap();
        self.secrets.insert(entry.id.clone(), secret);
    }

    pub(crate) fn secret(&self, id: &str) -> &str {
        &self.secrets[id]
    }

    /// Opens the server, again if there was one.
    pub(crate) fn start(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
        let mut config = Config::new(self.folder.path().join("data"), self.clients());
        config.clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        config.today = Date::parse(b"2021-01-29");
        (self.change)(&mut config);
        self.server = Some(Server::open(config).unwrap());
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.millis() / 1000
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let router = router(Arc::clone(self.server.as_ref().unwrap()));
        let response = router.oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// A call with a JSON body.
    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json"), ("authorization", token)];
        self.call("POST", path, &headers, body.to_string()).await
    }

    pub(crate) async fn ask(&self, id: &str, secret: &str, scopes: &[&str]) -> Answer {
        let body = json!({"clientID": id, "clientSecret": secret, "scopes": scopes});
        self.post("/v0/token/gen", "", &body).await
    }

    /// A token with these scopes.
    pub(crate) async fn token(&self, id: &str, scopes: &[&str]) -> String {
        let answer = self.ask(id, self.secret(id), scopes).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json::<TokenResponse>().token
    }

    /// A token of account `a` with all that uploads need.
    pub(crate) async fn sender(&self) -> String {
        self.token("a", &["UPLOAD", "UPDATE", "DELETE", "EXPORT_NON_REDACTED", "EXPORT_REDACTED"]).await
    }

    pub(crate) async fn send(&self, method: &str, token: &str, media: &str, body: impl Into<Body>) -> Answer {
        self.call(method, UPLOAD, &[("authorization", token), ("content-type", media)], body).await
    }

    /// What an export of today holds.
    pub(crate) async fn export(&self, token: &str, format: &str) -> String {
        let body = json!({"startDate": "2021-01-29", "endDate": "2021/01/29", "format": format});
        let answer = self.post("/v0/export", token, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json::<cvrs_api::ExportReply>().data
    }
}
