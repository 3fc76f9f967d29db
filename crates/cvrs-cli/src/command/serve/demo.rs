//! `cvrs serve --demo`: an account to try things with.

use crate::command::client;
use crate::fault::{Fault, Result};
use cvrs_engine::io::AtomicFile;
use cvrs_server::{ClientEntry, add_client, clients_of};
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The id of the account.
const ID: &str = "demo";

/// Where the account stands, and its secret.
pub(crate) struct Demo {
    pub(crate) clients: PathBuf,
    secret: PathBuf,
}

/// Makes what is missing: the folder, the account, and its secret in a file of mode 0600.
pub(crate) fn prepare(data: &Path, clients: Option<&Path>) -> Result<Demo> {
    std::fs::create_dir_all(data).map_err(|error| Fault::file(format!("{}: {error}", data.display())))?;
    let demo = Demo {
        clients: clients.map_or_else(|| data.join("clients.toml"), Path::to_owned),
        secret: data.join("demo-client.secret"),
    };
    let known = if demo.clients.exists() {
        clients_of(&demo.clients).map_err(|error| client::fault(&error))?.iter().any(|client| client.id == ID)
    } else {
        false
    };
    match (known, demo.secret.exists()) {
        (true, true) => return Ok(demo),
        (true, false) => {
            // Without its secret the account is of no use to anybody.
            cvrs_server::revoke_client(&demo.clients, ID).map_err(|error| client::fault(&error))?;
        }
        (false, _) => {}
    }
    let entry = ClientEntry {
        id: ID.into(),
        secret_hash: None,
        secret_file: None,
        jurisdiction: "DEMO".into(),
        scopes: cvrs_api::Scope::ALL.to_vec(),
        write_redacted: true,
        write_non_redacted: true,
        write_object_storage: true,
        validate_only: false,
        may_act_for: Vec::new(),
    };
    let secret = add_client(&demo.clients, &entry).map_err(|error| client::fault(&error))?;
    let mut file = AtomicFile::create(&demo.secret)?;
    writeln!(file, "{secret}").map_err(|error| Fault::file(format!("{}: {error}", demo.secret.display())))?;
    file.commit()?;
    Ok(demo)
}

/// A path as a word of a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+".contains(letter);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

impl Demo {
    /// Prints the three lines that a first upload needs.
    pub(crate) fn tell(&self, base: &str) -> Result<()> {
        let secret = std::path::absolute(&self.secret).unwrap_or_else(|_| self.secret.clone());
        let secret = quoted(&secret);
        let mut text = String::new();
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("cvrs"));
        _ = writeln!(text, "{} generate --records 100 -o first.txt", quoted(&program));
        _ = writeln!(
            text,
            r#"TOKEN=$(curl -s {base}/v0/token/gen -H 'Content-Type: application/json' -d "{{\"clientID\":\"{ID}\",\"clientSecret\":\"$(cat {secret})\",\"scopes\":[\"UPLOAD\"]}}" | sed 's/.*"token":"\([^"]*\)".*/\1/')"#
        );
        _ = writeln!(
            text,
            r#"curl -s {base}/v0/upload/cvrs/batch -H "Authorization: $TOKEN" -H 'Content-Type: text/plain' --data-binary @first.txt"#
        );
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Fault::stdout(&error))
    }
}
