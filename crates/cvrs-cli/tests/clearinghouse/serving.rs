//! A server of one's own, as a process.

use cvrs_testkit::http::{Answer, Server as Http};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub(crate) const UPLOAD: &str = "/v0/upload/cvrs/batch";
pub(crate) const JOBS: &str = "/v0/async/cvrs/jobs";

/// The account `demo` on a free port; killed when dropped.
pub(crate) struct Serving {
    child: Child,
    pub(crate) base: String,
    pub(crate) http: Http,
    pub(crate) data: PathBuf,
}

impl Serving {
    pub(crate) fn start(folder: &Path, more: &[&str]) -> Self {
        Self::start_with(folder, more, None)
    }

    /// With a PostgreSQL database, if one is named.
    pub(crate) fn start_with(folder: &Path, more: &[&str], database: Option<&str>) -> Self {
        Self::start_in(folder, "d", more, database)
    }

    /// With its own folder under another name.
    pub(crate) fn start_in(folder: &Path, data: &str, more: &[&str], database: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cvrs"));
        command.current_dir(folder).args([
            "serve",
            "--isolated",
            "--demo",
            "--data",
            data,
            "--listen",
            "127.0.0.1:0",
            "--log-format",
            "off",
            "-q",
        ]);
        command.args(more).env_remove("CVRS_DATABASE_URL").stdout(Stdio::piped());
        if let Some(url) = database {
            command.env("CVRS_DATABASE_URL", url);
        }
        let mut child = command.spawn().unwrap();
        let lines: Vec<String> =
            BufReader::new(child.stdout.take().unwrap()).lines().take(3).map(|line| line.unwrap()).collect();
        let (_, address) = lines[2].split_once("://").expect("the third line has the address");
        let base = format!("http://{}", address.split('/').next().unwrap());
        Self { child, http: Http::new(&base), base, data: folder.join(data) }
    }

    pub(crate) fn secret(&self) -> String {
        std::fs::read_to_string(self.data.join("demo-client.secret")).unwrap().trim().to_owned()
    }

    pub(crate) fn token(&self) -> String {
        let scopes = ["UPLOAD", "UPDATE", "DELETE", "EXPORT_REDACTED", "EXPORT_NON_REDACTED"];
        let body = json!({"clientID": "demo", "clientSecret": self.secret(), "scopes": scopes}).to_string();
        let headers = [("Content-Type", "application/json")];
        let answer = self.http.call("POST", "/v0/token/gen", &headers, body.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        json_of(&answer)["token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        token: &str,
        media: &str,
        body: &[u8],
    ) -> std::io::Result<Answer> {
        self.http.call(method, path, &[("Authorization", token), ("Content-Type", media)], body)
    }

    /// The rows of an export of all days, without the header line.
    pub(crate) fn exported(&self, token: &str, format: &str) -> Vec<String> {
        let body = json!({"startDate": "2000-01-01", "endDate": "2999-12-31", "format": format}).to_string();
        let answer = self.send("POST", "/v0/export", token, "application/json", body.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        json_of(&answer)["data"].as_str().unwrap().lines().skip(1).map(str::to_owned).collect()
    }

    /// A figure of the process from `/proc`, in KiB, where there is one.
    pub(crate) fn memory(&self, name: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Forgets the highest memory figure so far.
    pub(crate) fn forget_peak(&self) {
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5");
    }

    /// `kill -9`, while others still send.
    pub(crate) fn strike(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-9", &id]).status().unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

/// Good records of these ids under a header line.
pub(crate) fn file(ids: impl IntoIterator<Item = String>) -> String {
    use cvrs_spec::{Field, Version};
    let mut text = cvrs_rules::example::header(Version::V3) + "\n";
    for id in ids {
        let person = format!("R{id}");
        text += &cvrs_rules::example::row(Version::V3, &[(Field::VaxEventId, &id), (Field::RecipId, &person)]);
        text.push('\n');
    }
    text
}
