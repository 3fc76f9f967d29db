//! The file of clients: TOML, one table an account.
#![expect(clippy::disallowed_methods, reason = "the file of clients is read and written here")]

use super::{Account, AccountError, Modes, Verifier, hash_secret, new_secret};
use cvrs_api::{Scope, Scopes};
use cvrs_engine::io::AtomicFile;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clients {
    #[serde(default)]
    client: Vec<toml::Spanned<ClientEntry>>,
}

/// One table of the file. `Debug` shows no hash.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientEntry {
    /// The account's id.
    pub id: String,
    /// The argon2id hash of its secret.
    pub secret_hash: Option<String>,
    /// A file of mode 0600 that holds the secret.
    pub secret_file: Option<String>,
    /// The jurisdiction.
    pub jurisdiction: String,
    /// What may be bound to its tokens.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// Write the redacted store.
    #[serde(default)]
    pub write_redacted: bool,
    /// Write the non-redacted store.
    #[serde(default)]
    pub write_non_redacted: bool,
    /// Keep uploads as received.
    #[serde(default)]
    pub write_object_storage: bool,
    /// Validate and store nothing.
    #[serde(default)]
    pub validate_only: bool,
    /// Accounts that it may work for.
    #[serde(default)]
    pub may_act_for: Vec<String>,
}

impl std::fmt::Debug for ClientEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientEntry")
            .field("id", &self.id)
            .field("jurisdiction", &self.jurisdiction)
            .finish_non_exhaustive()
    }
}

fn read(path: &Path) -> Result<String, AccountError> {
    std::fs::read_to_string(path).map_err(|error| AccountError::unreadable(path, &error))
}

fn parse(path: &Path, text: &str) -> Result<Vec<toml::Spanned<ClientEntry>>, AccountError> {
    // The parser quotes the line that it cannot read, and that may be a hash: only its place and words are told.
    let clients: Clients = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let place = line.map_or_else(String::new, |line| format!("line {line}: "));
        AccountError::invalid(path, format!("{place}{}", error.message().replace('\n', " ")))
    })?;
    let mut seen = BTreeSet::new();
    for entry in &clients.client {
        let entry = entry.get_ref();
        let invalid = |cause: &str| Err(AccountError::invalid(path, format!("client {:?}: {cause}", entry.id)));
        if entry.id.is_empty() || entry.id.chars().any(char::is_control) {
            return invalid("an id is needed, without control characters");
        }
        if entry.jurisdiction.is_empty() || entry.jurisdiction.chars().any(char::is_control) {
            return invalid("a jurisdiction is needed, without control characters");
        }
        if !seen.insert(entry.id.as_str()) {
            return invalid("stands twice");
        }
        if entry.secret_hash.is_some() == entry.secret_file.is_some() {
            return invalid("give either secret_hash or secret_file");
        }
        if let Some(Err(cause)) = entry.secret_hash.as_deref().map(Verifier::from_hash) {
            return invalid(cause);
        }
        if !entry.modes().validates() && !entry.modes().keeps_raw() {
            return invalid("sets no write flag and not validate_only; nothing would come of its uploads");
        }
    }
    Ok(clients.client)
}

impl ClientEntry {
    fn modes(&self) -> Modes {
        Modes {
            redacted: self.write_redacted,
            non_redacted: self.write_non_redacted,
            object_storage: self.write_object_storage,
            validate_only: self.validate_only,
        }
    }

    fn account(self, folder: &Path) -> Result<Account, AccountError> {
        let modes = self.modes();
        let verifier = match (&self.secret_hash, &self.secret_file) {
            (Some(hash), _) => Verifier::from_hash(hash).map_err(|cause| AccountError::invalid(folder, cause))?,
            (None, file) => {
                let path = folder.join(file.as_deref().unwrap_or_default());
                let secret = secret_in(&path)?;
                Verifier::from_secret(&secret).map_err(|cause| AccountError::invalid(&path, cause))?
            }
        };
        let Self { id, jurisdiction, scopes, may_act_for, .. } = self;
        Ok(Account { id, jurisdiction, scopes: Scopes::of(&scopes), modes, may_act_for, verifier })
    }
}

/// The secret in a file that only its owner can read.
fn secret_in(path: &Path) -> Result<String, AccountError> {
    let unreadable = |error| AccountError::unreadable(path, &error);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_err(unreadable)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(AccountError::invalid(path, "others may read this secret; make its mode 0600"));
        }
    }
    let secret = std::fs::read_to_string(path).map_err(unreadable)?;
    let secret = secret.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(AccountError::invalid(path, "holds no secret"));
    }
    Ok(secret.to_owned())
}

/// All accounts of a file.
///
/// # Errors
/// A file that cannot be read or understood; an id twice; an account of whose uploads nothing would come.
pub(super) fn accounts_of(path: &Path) -> Result<Vec<Account>, AccountError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let entries = parse(path, &read(path)?)?;
    let ids: BTreeSet<String> = entries.iter().map(|entry| entry.get_ref().id.clone()).collect();
    for entry in &entries {
        if let Some(other) = entry.get_ref().may_act_for.iter().find(|other| !ids.contains(*other)) {
            let cause = format!("client {:?}: may_act_for names {other:?}, which is no client", entry.get_ref().id);
            return Err(AccountError::invalid(path, cause));
        }
    }
    entries.into_iter().map(|entry| entry.into_inner().account(folder)).collect()
}

/// The tables of a file, as they stand.
///
/// # Errors
/// As for starting a server with it.
pub fn clients_of(path: &Path) -> Result<Vec<ClientEntry>, AccountError> {
    Ok(parse(path, &read(path)?)?.into_iter().map(toml::Spanned::into_inner).collect())
}

/// Appends an account, with a new secret, which is returned and stands nowhere else. A missing file is made, 0600.
///
/// # Errors
/// A file that cannot be read, understood or written, and an id that it has already.
pub fn add_client(path: &Path, entry: &ClientEntry) -> Result<String, AccountError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(AccountError::unreadable(path, &error)),
    };
    parse(path, &text)?;
    let secret = new_secret().map_err(|cause| AccountError::invalid(path, cause))?;
    let hash = hash_secret(&secret).map_err(|cause| AccountError::invalid(path, cause))?;
    let mut text = text;
    if !text.is_empty() {
        text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
    }
    let entry = ClientEntry { secret_hash: Some(hash), secret_file: None, ..entry.clone() };
    text.push_str(&table(&entry));
    parse(path, &text)?;
    write(path, &text)?;
    Ok(secret)
}

/// Takes an account out of a file; everything else in it stays as it is. Whether it was there.
///
/// # Errors
/// A file that cannot be read, understood or written.
pub fn revoke_client(path: &Path, id: &str) -> Result<bool, AccountError> {
    let text = read(path)?;
    let entries = parse(path, &text)?;
    let Some(at) = entries.iter().position(|entry| entry.get_ref().id == id) else { return Ok(false) };
    let start_of_table = |from: usize| text[..from].rfind("[[client]]").unwrap_or(from);
    let span = entries[at].span();
    // A table reaches to where the next one begins, whatever blank lines and comments stand between.
    let is_header_first = text[span.start..].trim_start().starts_with("[[client]]");
    let start = if is_header_first { span.start } else { start_of_table(span.start) };
    let end = text[start + 1..].lines().scan(start + 1, |at, line| {
        let here = *at;
        *at += line.len() + 1;
        Some((here, line))
    });
    let end =
        end.skip(1).find(|(_, line)| line.trim_start().starts_with("[[client]]")).map_or(text.len(), |(at, _)| at);
    let kept = format!("{}{}", &text[..start], text.get(end..).unwrap_or_default());
    let left = parse(path, &kept)?;
    let is_as_meant = left.len() + 1 == entries.len() && left.iter().all(|entry| entry.get_ref().id != id);
    if !is_as_meant {
        return Err(AccountError::invalid(
            path,
            "its tables do not stand one after the other; take the client out by hand",
        ));
    }
    write(path, &kept)?;
    Ok(true)
}

fn write(path: &Path, text: &str) -> Result<(), AccountError> {
    let written = AtomicFile::create(path).map_err(|error| error.to_string()).and_then(|mut file| {
        file.write_all(text.as_bytes()).map_err(|error| error.to_string())?;
        file.commit().map_err(|error| error.to_string())
    });
    written.map_err(|cause| AccountError { path: path.display().to_string(), cause, is_unreadable: true })
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The table of an account as `cvrs client add` writes it.
pub(crate) fn table(entry: &ClientEntry) -> String {
    let list = |words: &mut dyn Iterator<Item = String>| format!("[{}]", words.collect::<Vec<_>>().join(", "));
    let mut text = String::from("[[client]]\n");
    _ = writeln!(text, "id = {}", quoted(&entry.id));
    if let Some(hash) = &entry.secret_hash {
        _ = writeln!(text, "secret_hash = {}", quoted(hash));
    }
    if let Some(file) = &entry.secret_file {
        _ = writeln!(text, "secret_file = {}", quoted(file));
    }
    _ = writeln!(text, "jurisdiction = {}", quoted(&entry.jurisdiction));
    _ = writeln!(text, "scopes = {}", list(&mut entry.scopes.iter().map(|scope| quoted(scope.name()))));
    for (key, value) in [
        ("write_redacted", entry.write_redacted),
        ("write_non_redacted", entry.write_non_redacted),
        ("write_object_storage", entry.write_object_storage),
        ("validate_only", entry.validate_only),
    ] {
        _ = writeln!(text, "{key} = {value}");
    }
    _ = writeln!(text, "may_act_for = {}", list(&mut entry.may_act_for.iter().map(|id| quoted(id))));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str) -> ClientEntry {
        ClientEntry {
            id: id.into(),
            secret_hash: None,
            secret_file: None,
            jurisdiction: "GAA".into(),
            scopes: vec![Scope::Upload],
            write_redacted: true,
            write_non_redacted: false,
            write_object_storage: false,
            validate_only: false,
            may_act_for: Vec::new(),
        }
    }

    #[test]
    fn clients_come_and_go_and_comments_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clients.toml");
        for id in ["a", "b", "c"] {
            add_client(&path, &entry(id)).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("# who may send\n{text}# the end\n")).unwrap();
        assert!(revoke_client(&path, "b").unwrap());
        assert!(!revoke_client(&path, "b").unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# who may send\n") && text.ends_with("# the end\n"), "{text}");
        let ids: Vec<String> = clients_of(&path).unwrap().into_iter().map(|entry| entry.id).collect();
        assert_eq!(ids, ["a", "c"]);
        assert!(add_client(&path, &entry("a")).unwrap_err().to_string().contains("stands twice"));
    }

    #[test]
    fn an_account_of_whose_uploads_nothing_comes_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clients.toml");
        let error = add_client(&path, &ClientEntry { write_redacted: false, ..entry("a") }).unwrap_err();
        assert!(error.to_string().contains("no write flag"), "{error}");
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, secret) = (folder.path().join("clients.toml"), folder.path().join("s"));
        std::fs::write(&secret, "hush\n").unwrap();
        std::fs::write(&path, table(&ClientEntry { secret_file: Some("s".into()), ..entry("a") })).unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = accounts_of(&path).unwrap_err().to_string();
        assert!(error.contains("0600") && !error.contains("hush"), "{error}");
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(accounts_of(&path).unwrap()[0].verifier.matches("hush"));
    }
}
