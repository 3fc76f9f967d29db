//! The server that is held to the contract: one of our own with a clock that can be moved, or another one.

use cvrs_api::Scope;
use cvrs_parse::Date;
use cvrs_rules::example;
use cvrs_server::{ClientEntry, Clock, Config, Server, add_client, router, serve};
use cvrs_spec::{Field, Version};
use cvrs_testkit::http::{Answer, Server as Http};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// 2021-01-29 at noon.
const NOON: i64 = 1_611_921_600_000;

#[derive(Debug)]
struct Standing(AtomicI64);

impl Clock for Standing {
    fn millis(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Ours {
    _folder: TempDir,
    clock: Arc<Standing>,
    _runtime: tokio::runtime::Runtime,
}

pub(crate) struct Site {
    pub(crate) http: Http,
    /// The client with every scope.
    pub(crate) client: String,
    secrets: HashMap<String, String>,
    ours: Option<Ours>,
    tokens: Mutex<HashMap<(String, Vec<String>), String>>,
    /// What tells ids of this run from those of others.
    mark: String,
    next: AtomicU32,
}

fn entry(id: &str, jurisdiction: &str) -> ClientEntry {
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

impl Site {
    pub(crate) fn open() -> Self {
        let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mark = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        let mut site = match given("CVRS_CONFORMANCE_URL") {
            Some(url) => {
                let client = given("CVRS_CONFORMANCE_CLIENT").expect("CVRS_CONFORMANCE_CLIENT is needed");
                let secret = given("CVRS_CONFORMANCE_SECRET").expect("CVRS_CONFORMANCE_SECRET is needed");
                Self {
                    http: Http::new(&url),
                    secrets: HashMap::from([(client.clone(), secret)]),
                    client,
                    ours: None,
                    tokens: Mutex::default(),
                    mark: String::new(),
                    next: AtomicU32::new(0),
                }
            }
            None => Self::ours(),
        };
        site.mark = mark;
        site
    }

    fn ours() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clients = folder.path().join("clients.toml");
        let none = |id: &str| ClientEntry {
            write_redacted: false,
            write_non_redacted: false,
            write_object_storage: false,
            ..entry(id, "MOA")
        };
        let entries = [
            entry("full", "GAA"),
            entry("neighbour", "GAA"),
            ClientEntry { may_act_for: vec!["full".into()], ..entry("stranger", "TXA") },
            ClientEntry { validate_only: true, ..none("check") },
            ClientEntry { write_object_storage: true, ..none("kept") },
            ClientEntry { write_redacted: true, ..none("redacted") },
            ClientEntry { write_non_redacted: true, ..none("complete") },
            ClientEntry { scopes: vec![Scope::Upload], ..entry("sender", "GAA") },
        ];
        let secrets = entries.iter().map(|entry| (entry.id.clone(), add_client(&clients, entry).unwrap())).collect();
        let clock = Arc::new(Standing(AtomicI64::new(NOON)));
        let mut config = Config::new(folder.path().join("data"), clients);
        config.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        config.today = Date::parse(b"2021-01-29");
        let limits = config.limits;
        let server = Server::open(config).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(serve(listener, router(server), None, limits, std::future::pending()));
        Self {
            http: Http::new(&url),
            client: "full".into(),
            secrets,
            ours: Some(Ours { _folder: folder, clock, _runtime: runtime }),
            tokens: Mutex::default(),
            mark: String::new(),
            next: AtomicU32::new(0),
        }
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.ours.is_some()
    }

    pub(crate) fn secret(&self, client: &str) -> &str {
        &self.secrets[client]
    }

    /// Lets time pass, or takes it back.
    pub(crate) fn pass(&self, seconds: i64) {
        let clock = &self.ours.as_ref().expect("only our own clock can be moved").clock;
        clock.0.fetch_add(seconds * 1000, Ordering::Relaxed);
        self.tokens.lock().unwrap().clear();
    }

    /// An id that no other record has.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.mark, self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let headers = [("Authorization", token), ("Content-Type", "application/json"), ("Accept", "application/json")];
        self.http.call("POST", path, &headers, body.to_string().as_bytes()).unwrap()
    }

    pub(crate) fn ask(&self, body: &Value) -> Answer {
        self.post("/v0/token/gen", "", body)
    }

    /// A token of a client with these scopes; the same one each time.
    pub(crate) fn token_of(&self, client: &str, scopes: &[&str]) -> String {
        let key = (client.to_owned(), scopes.iter().map(|&scope| scope.to_owned()).collect::<Vec<_>>());
        let mut tokens = self.tokens.lock().unwrap();
        tokens
            .entry(key)
            .or_insert_with(|| {
                let answer =
                    self.ask(&json!({"clientID": client, "clientSecret": self.secret(client), "scopes": scopes}));
                assert_eq!(answer.status, 200, "{answer:?}");
                let body: Value = serde_json::from_slice(&answer.body).unwrap();
                body["token"].as_str().unwrap().to_owned()
            })
            .clone()
    }

    pub(crate) fn token(&self, scopes: &[&str]) -> String {
        self.token_of(&self.client, scopes)
    }

    /// A token with every scope.
    pub(crate) fn full(&self) -> String {
        self.token(&SCOPES)
    }

    pub(crate) fn upload(&self, method: &str, path: &str, token: &str, media: &str, body: &[u8]) -> Answer {
        let headers = [("Authorization", token), ("Content-Type", media), ("Accept", "application/json")];
        self.http.call(method, path, &headers, body).unwrap()
    }

    /// Submits a job and waits for its end.
    pub(crate) fn job(&self, method: &str, token: &str, body: &[u8]) -> Value {
        let answer = self.upload(method, "/v0/async/cvrs/jobs", token, "application/zip", body);
        assert!((200..300).contains(&answer.status), "{answer:?}");
        let queued: Value = serde_json::from_slice(&answer.body).unwrap();
        let path = format!("/v0/async/cvrs/jobs/{}", queued["id"].as_str().unwrap());
        for _ in 0..3000 {
            let answer = self.http.call("GET", &path, &[("Authorization", token)], b"").unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
            let status: Value = serde_json::from_slice(&answer.body).unwrap();
            if status["status"] == "COMPLETED" {
                return status;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the job does not end");
    }
}

pub(crate) const SCOPES: [&str; 6] =
    ["UPLOAD", "DELETE", "UPDATE", "EXPORT_REDACTED", "EXPORT_NON_REDACTED", "EXPORT_SUMMARIZATION"];

/// A header line and good records of these ids.
pub(crate) fn file(ids: &[&str]) -> String {
    let mut text = example::header(Version::V3) + "\n";
    for id in ids {
        text += &row(id, &[]);
    }
    text
}

/// A good record with some cells changed.
pub(crate) fn row(id: &str, cells: &[(Field, &str)]) -> String {
    let person = format!("R{id}");
    let mut all = cells.to_vec();
    all.extend([(Field::VaxEventId, id), (Field::RecipId, person.as_str())]);
    example::row(Version::V3, &all) + "\n"
}

pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
