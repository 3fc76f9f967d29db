//! The command as a user has it, in a folder of its own.

use crate::serving::Serving;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder with a secret, a ledger and files to send.
pub(crate) struct Client {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) url: String,
    pub(crate) id: String,
}

impl Client {
    pub(crate) fn of(serving: &Serving) -> Self {
        Self::new(&serving.base, "demo", &serving.secret())
    }

    pub(crate) fn new(url: &str, id: &str, secret: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), format!("{secret}\n")).unwrap();
        Self { folder, url: url.to_owned(), id: id.to_owned() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// A command with its connection, to be completed.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = bare(self.folder.path());
        command.args(words).args(["--url", &self.url, "--client-id", &self.id, "--secret-file", "secret"]);
        command
    }

    pub(crate) fn submit(&self, words: &[&str]) -> Ended {
        let mut command = self.command(&["submit", "--ledger", "ledger", "--format", "json"]);
        Ended::of(command.args(words).output().unwrap())
    }
}

/// The program without what the environment says.
pub(crate) fn bare(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cvrs"));
    command.current_dir(folder).env("XDG_STATE_HOME", folder.join("state")).env("HOME", folder);
    for name in
        ["CVRS_URL", "CVRS_CLIENT_ID", "CVRS_CLIENT_SECRET", "http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"]
    {
        command.env_remove(name);
    }
    command
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) receipts: Vec<Value>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        let out = String::from_utf8(output.stdout).unwrap();
        Self {
            code: output.status.code(),
            receipts: out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
            out,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The one receipt, whose equations hold.
    pub(crate) fn receipt(&self) -> &Value {
        let [receipt] = &self.receipts[..] else { panic!("{self:?}") };
        check(receipt);
        receipt
    }
}

/// Adds a receipt up once more.
pub(crate) fn check(receipt: &Value) {
    let n = |key: &str| receipt[key].as_u64().unwrap();
    assert_eq!(n("read"), n("rejected") + n("sent") + n("unsent"), "{receipt}");
    for (store, stored) in receipt["stored"].as_object().unwrap() {
        let (stored, refused) = (stored.as_u64().unwrap(), receipt["refused"][store].as_u64().unwrap());
        assert_eq!(n("sent"), stored + refused, "{store} {receipt}");
        let parts = receipt["parts"].as_array().unwrap();
        let of_parts = |key: &str| parts.iter().map(|part| part[key][store].as_u64().unwrap_or_default()).sum::<u64>();
        assert_eq!((of_parts("stored"), of_parts("refused")), (stored, refused), "{store} {receipt}");
    }
}

/// Ids that no other test uses.
pub(crate) fn ids(n: u64) -> Vec<String> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let run = NEXT.fetch_add(1, Ordering::Relaxed);
    (0..n).map(|number| format!("S{run}-{number}")).collect()
}

/// The ids in an export, sorted.
pub(crate) fn stored(serving: &Serving, format: &str) -> Vec<String> {
    let rows = serving.exported(&serving.token(), format);
    let mut ids: Vec<String> = rows.iter().map(|row| row.split('\t').next().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

/// Waits until no job is open any more: the number of records that are stored stands still.
pub(crate) fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}
