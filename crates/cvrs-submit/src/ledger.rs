//! What was sent, kept so that neither a crash nor a second run sends anything twice.
//!
//! An SQLite file that anybody may look into (`sqlite3 PATH 'select * from part'`). A part's row is written before each
//! attempt and after it, each in a transaction of its own that is on disk before anything else happens:
//!
//! ```text
//! ready ─► sending ─► done | queued ─► done | failed        sending, found by a later run = unsure
//!             └─► ready (not sent for sure) | unsure (no reply)
//! ```

use crate::Operation;
use crate::cut::Part;
use crate::error::{Error, Result};
use crate::lines::{Coverage, Lines, Owner};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// What a ledger of the first version lacks.
const SINCE_1: &str = "alter table part add column held text;";

const SCHEMA: &str = "
create table if not exists submission (
    id integer primary key,
    url text not null, client text not null, operation text not null, input_sha256 text not null,
    input_name text not null, input_bytes integer not null, begun_at text not null,
    unique (url, client, operation, input_sha256)
) strict;
create table if not exists part (
    id integer primary key,
    submission integer not null references submission (id),
    sha256 text not null, records integer not null, repeats integer not null default 0,
    text_bytes integer not null, body_bytes integer not null,
    mode text not null, lines text not null, blocks text not null,
    state text not null check (state in ('ready', 'sending', 'unsure', 'queued', 'done', 'failed')),
    attempts integer not null default 0, unanswered integer not null default 0,
    server_id text, sent_at text, answered_at text, reply text, problem text,
    superseded integer not null default 0,
    held text
) strict;
create index if not exists part_of on part (submission, superseded);
create index if not exists part_by_content on part (sha256);
pragma user_version = 2;
";

/// Where a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not sent.
    Ready,
    /// On its way; found by a later run, it is unsure.
    Sending,
    /// Sent, and nobody knows whether it arrived.
    Unsure,
    /// Taken as a job.
    Queued,
    /// Answered.
    Done,
    /// Refused as a whole: nothing of it was stored, and the next run sends it again.
    Failed,
}

impl State {
    const ALL: [Self; 6] = [Self::Ready, Self::Sending, Self::Unsure, Self::Queued, Self::Done, Self::Failed];

    /// The name in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Sending => "sending",
            Self::Unsure => "unsure",
            Self::Queued => "queued",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// A part as the ledger has it.
#[derive(Clone, Debug)]
pub struct PartRow {
    /// Its number in the ledger.
    pub id: i64,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Its records.
    pub records: u64,
    /// Those of them whose id an earlier one has; counted when it is sent again after a lost reply.
    pub repeats: u64,
    /// Its text in bytes.
    pub text_bytes: u64,
    /// Its body in bytes.
    pub body_bytes: u64,
    /// How it is sent.
    pub mode: String,
    /// The input's lines in it.
    pub lines: Lines,
    /// How many records its blocks have.
    pub blocks: Vec<u32>,
    /// Where it is.
    pub state: State,
    /// How often it was sent.
    pub attempts: u64,
    /// How many of these attempts were left without a reply.
    pub unanswered: u64,
    /// Its transaction or job.
    pub server_id: Option<String>,
    /// When it was sent last.
    pub sent_at: Option<String>,
    /// When it was answered.
    pub answered_at: Option<String>,
    /// The last reply, as received.
    pub reply: Option<String>,
    /// What went wrong.
    pub problem: Option<String>,
    /// Records by store that an export has shown to be there as they were sent, after a reply was lost.
    pub held: Option<BTreeMap<String, u64>>,
}

impl PartRow {
    /// A part that was made and not sent.
    pub fn unsent(part: &Part) -> Self {
        Self {
            id: 0,
            sha256: part.sha256.clone(),
            records: part.records,
            repeats: 0,
            text_bytes: part.text_bytes,
            body_bytes: part.body.len(),
            mode: part.mode.name().to_owned(),
            lines: part.lines.clone(),
            blocks: part.blocks.clone(),
            state: State::Ready,
            attempts: 0,
            unanswered: 0,
            server_id: None,
            sent_at: None,
            answered_at: None,
            reply: None,
            problem: None,
            held: None,
        }
    }

    #[cfg(test)]
    pub(crate) fn empty(lines: Lines) -> Self {
        let part = Part {
            again: None,
            sha256: String::new(),
            records: lines.len(),
            text_bytes: 0,
            lines,
            blocks: Vec::new(),
            mode: crate::cut::Mode::Sync,
            body: crate::Body::new(),
        };
        Self::unsent(&part)
    }
}

const COLUMNS: &str = "id, sha256, records, text_bytes, body_bytes, mode, lines, blocks, state, attempts, unanswered, \
                       server_id, sent_at, answered_at, reply, problem, repeats, held";

fn part_row(row: &Row<'_>) -> rusqlite::Result<PartRow> {
    let state: String = row.get(8)?;
    let lines: String = row.get(6)?;
    let blocks: String = row.get(7)?;
    let bad = |column: usize| {
        rusqlite::Error::InvalidColumnType(column, "not what was written".into(), rusqlite::types::Type::Text)
    };
    Ok(PartRow {
        id: row.get(0)?,
        sha256: row.get(1)?,
        records: row.get::<_, i64>(2)?.cast_unsigned(),
        text_bytes: row.get::<_, i64>(3)?.cast_unsigned(),
        body_bytes: row.get::<_, i64>(4)?.cast_unsigned(),
        mode: row.get(5)?,
        lines: Lines::parse(&lines).ok_or_else(|| bad(6))?,
        blocks: blocks.split(',').filter_map(|n| n.parse().ok()).collect(),
        state: State::ALL.into_iter().find(|known| known.name() == state).ok_or_else(|| bad(8))?,
        attempts: row.get::<_, i64>(9)?.cast_unsigned(),
        unanswered: row.get::<_, i64>(10)?.cast_unsigned(),
        server_id: row.get(11)?,
        sent_at: row.get(12)?,
        answered_at: row.get(13)?,
        reply: row.get(14)?,
        problem: row.get(15)?,
        repeats: row.get::<_, i64>(16)?.cast_unsigned(),
        held: row.get::<_, Option<String>>(17)?.and_then(|text| serde_json::from_str(&text).ok()),
    })
}

/// For what a ledger's entries count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The base of the clearinghouse's URLs.
    pub url: String,
    /// The client.
    pub client: String,
    /// The operation.
    pub operation: Operation,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFacts {
    /// Its name as given.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of these bytes.
    pub sha256: String,
}

impl InputFacts {
    /// Reads an input to its end.
    ///
    /// # Errors
    /// What the reader reports.
    pub fn read(name: String, reader: &mut dyn std::io::Read) -> std::io::Result<Self> {
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        let mut buffer = vec![0; 1 << 20];
        let mut bytes = 0;
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => {
                    digest.update(&buffer[..n]);
                    bytes += n as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { name, bytes, sha256: crate::cut::hex(digest.finish().as_ref()) })
    }
}

/// A ledger, held by one run at a time.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    _lock: File,
}

/// One submission in a ledger.
#[derive(Debug)]
pub struct Submission<'l> {
    ledger: &'l Ledger,
    id: i64,
    target: Target,
}

fn fault(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::Ledger { path: path.display().to_string(), cause: cause.to_string() }
}

/// The time in UTC, RFC 3339, to the millisecond.
pub(crate) const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

impl Ledger {
    /// Opens or makes a ledger, mode 0600. While another run holds it, `wait` is asked whether to go on waiting.
    ///
    /// # Errors
    /// A file that cannot be made, read, or is something else; and [`Error::Interrupted`] if `wait` says no.
    pub fn open(path: &Path, wait: &mut dyn FnMut() -> bool) -> Result<Self> {
        let path = if path.is_dir() { path.join("ledger") } else { path.to_owned() };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_folder(folder).map_err(|error| fault(&path, error))?;
        }
        let lock_path = PathBuf::from([path.as_os_str(), ".lock".as_ref()].join("".as_ref()));
        let lock = private(&lock_path).map_err(|error| fault(&lock_path, error))?;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if wait() => {}
                Err(TryLockError::WouldBlock) => return Err(Error::Interrupted),
                Err(TryLockError::Error(error)) => return Err(fault(&lock_path, error)),
            }
        }
        private(&path).map_err(|error| fault(&path, error))?;
        let connection = Connection::open(&path).map_err(|error| fault(&path, error))?;
        let prepare = || {
            connection.busy_timeout(std::time::Duration::from_secs(10))?;
            connection.pragma_update(None, "synchronous", "full")?;
            let version: i64 = connection.query_row("pragma user_version", [], |row| row.get(0))?;
            if version > 2 {
                return Ok(false);
            }
            let since = if version == 1 { SINCE_1 } else { "" };
            connection.execute_batch(&format!("begin immediate; {since} {SCHEMA} commit;")).map(|()| true)
        };
        match prepare() {
            Ok(true) => Ok(Self { connection, path, _lock: lock }),
            Ok(false) => Err(fault(&path, "it was written by a newer version of this program")),
            Err(error) => Err(fault(&path, error)),
        }
    }

    fn run<T>(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        act(&self.connection).map_err(|error| fault(&self.path, error))
    }

    /// The submission of an input to a target; with `resend`, what was sent before does not count any more.
    ///
    /// # Errors
    /// [`Error::Ledger`].
    pub fn submission(&self, target: &Target, input: &InputFacts, resend: bool) -> Result<Submission<'_>> {
        let Target { url, client, operation } = target;
        let id = self.run(|connection| {
            connection.execute(
                &format!(
                    "insert into submission (url, client, operation, input_sha256, input_name, input_bytes, begun_at) \
                     values (?1, ?2, ?3, ?4, ?5, ?6, {NOW}) on conflict do nothing"
                ),
                params![url, client, operation.name(), input.sha256, input.name, input.bytes.cast_signed()],
            )?;
            let find = "select id from submission where (url, client, operation, input_sha256) = (?1, ?2, ?3, ?4)";
            connection.query_row(find, params![url, client, operation.name(), input.sha256], |row| row.get(0))
        })?;
        self.run(|connection| {
            // A run that ended in the middle of an attempt knows nothing of its end.
            connection.execute(
                "update part set state = 'unsure', unanswered = unanswered + 1 \
                 where submission = ?1 and state = 'sending'",
                params![id],
            )?;
            if resend {
                connection.execute("update part set superseded = 1 where submission = ?1", params![id])?;
            }
            // Of what never arrived, or was refused as a whole, nothing is stored: it is cut anew.
            connection.execute("delete from part where submission = ?1 and state = 'ready' and attempts = 0", [id])?;
            connection.execute(
                "update part set superseded = 1 \
                 where submission = ?1 and state in ('ready', 'failed') and unanswered = 0",
                [id],
            )
        })?;
        Ok(Submission { ledger: self, id, target: target.clone() })
    }
}

#[cfg(unix)]
fn private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

impl Submission<'_> {
    /// Its parts in the order of the input.
    ///
    /// # Errors
    /// [`Error::Ledger`].
    pub fn parts(&self) -> Result<Vec<PartRow>> {
        let mut parts = self.ledger.run(|connection| {
            let select = format!("select {COLUMNS} from part where submission = ?1 and superseded = 0 order by id");
            connection.prepare(&select)?.query_map([self.id], part_row)?.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        parts.sort_by_key(|part| part.lines.nth(0));
        Ok(parts)
    }

    /// A part.
    ///
    /// # Errors
    /// [`Error::Ledger`].
    pub fn part(&self, id: i64) -> Result<PartRow> {
        let select = format!("select {COLUMNS} from part where id = ?1");
        self.ledger.run(|connection| connection.query_row(&select, [id], part_row))
    }

    /// When it was begun.
    ///
    /// # Errors
    /// [`Error::Ledger`].
    pub fn begun_at(&self) -> Result<String> {
        let select = "select begun_at from submission where id = ?1";
        self.ledger.run(|connection| connection.query_row(select, [self.id], |row| row.get(0)))
    }

    /// Which lines belong to parts of earlier runs, and the blocks of those that are to be made again.
    ///
    /// # Errors
    /// [`Error::Ledger`].
    pub fn coverage(&self) -> Result<(Coverage, BTreeMap<i64, Vec<u32>>)> {
        let (mut coverage, mut again) = (Coverage::default(), BTreeMap::new());
        for part in self.parts()? {
            let owner = match part.state {
                State::Done | State::Queued => Owner::Sent,
                State::Sending | State::Unsure | State::Failed | State::Ready => {
                    again.insert(part.id, part.blocks);
                    Owner::Again(part.id)
                }
            };
            coverage.add(&part.lines, owner);
        }
        Ok((coverage, again))
    }

    /// Enters a part that is about to be sent, and returns its row: a new one, that of the run before, or one that
    /// stands for the same text sent under another name.
    ///
    /// # Errors
    /// [`Error::Ledger`], and a part made again that is not what it was.
    pub fn enter(&self, part: &Part, resend: bool) -> Result<PartRow> {
        if let Some(id) = part.again {
            let row = self.part(id)?;
            if row.sha256 != part.sha256 {
                return Err(Error::Defect("a part of an earlier run cannot be made again as it was"));
            }
            return Ok(row);
        }
        let blocks: Vec<String> = part.blocks.iter().map(u32::to_string).collect();
        let Target { url, client, operation } = &self.target;
        let id = self.ledger.run(|connection| {
            connection.execute(
                "insert into part (submission, sha256, records, text_bytes, body_bytes, mode, lines, blocks, state) \
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'ready')",
                params![
                    self.id,
                    part.sha256,
                    part.records.cast_signed(),
                    part.text_bytes.cast_signed(),
                    part.body.len().cast_signed(),
                    part.mode.name(),
                    part.lines.to_text(),
                    blocks.join(","),
                ],
            )?;
            let id = connection.last_insert_rowid();
            if !resend {
                let twin: Option<i64> = connection
                    .query_row(
                        "select part.id from part join submission on submission.id = part.submission \
                         where part.sha256 = ?1 and submission.id <> ?2 and superseded = 0 \
                         and state in ('sending', 'unsure', 'queued', 'done') \
                         and (url, client, operation) = (?3, ?4, ?5) order by state = 'done' desc limit 1",
                        params![part.sha256, self.id, url, client, operation.name()],
                        |row| row.get(0),
                    )
                    .optional()?;
                connection.execute(
                    "update part set (state, attempts, unanswered, server_id, sent_at, answered_at, reply, problem) = \
                     (select iif(state = 'sending', 'unsure', state), attempts, \
                      unanswered + (state = 'sending'), server_id, sent_at, answered_at, reply, problem \
                      from part where id = ?1) where id = ?2 and ?1 is not null",
                    params![twin, id],
                )?;
            }
            Ok(id)
        })?;
        self.part(id)
    }

    /// Enters how many records of a part have the id of an earlier one of them.
    ///
    /// # Errors
    /// [`Error::Ledger`].
    pub fn enter_repeats(&self, id: i64, repeats: u64) -> Result<()> {
        let update = "update part set repeats = ?2 where id = ?1";
        self.ledger.run(|connection| connection.execute(update, params![id, repeats.cast_signed()])).map(|_| ())
    }

    /// Enters how many records of a part each store holds as they were sent.
    ///
    /// # Errors
    /// [`Error::Ledger`].
    pub fn enter_held(&self, id: i64, held: &BTreeMap<String, u64>) -> Result<()> {
        let text = serde_json::to_string(held).unwrap_or_default();
        let update = "update part set held = ?2 where id = ?1";
        self.ledger.run(|connection| connection.execute(update, params![id, text])).map(|_| ())
    }

    /// The days, in UTC, on which anything of it can have been stored, with one on each side for clocks that differ.
    ///
    /// # Errors
    /// [`Error::Ledger`].
    pub fn days(&self) -> Result<(String, String)> {
        let select = "select date(begun_at, '-1 day'), date('now', '+1 day') from submission where id = ?1";
        self.ledger.run(|connection| connection.query_row(select, [self.id], |row| Ok((row.get(0)?, row.get(1)?))))
    }

    /// An attempt begins: from now on nobody knows whether the part has arrived.
    ///
    /// # Errors
    /// [`Error::Ledger`]; nothing must be sent then.
    pub fn begin(&self, id: i64) -> Result<()> {
        let update = format!(
            "update part set state = 'sending', attempts = attempts + 1, sent_at = {NOW}, problem = null, held = null where id = ?1"
        );
        self.ledger.run(|connection| connection.execute(&update, [id])).map(|_| ())
    }

    /// An attempt is over: the part has not arrived for sure, or nobody knows.
    ///
    /// # Errors
    /// [`Error::Ledger`].
    pub fn give_back(&self, id: i64, is_unsure: bool, problem: &str) -> Result<()> {
        let update = "update part set state = iif(?2 or unanswered > 0, 'unsure', 'ready'), \
                      unanswered = unanswered + ?2, problem = ?3 where id = ?1";
        self.ledger.run(|connection| connection.execute(update, params![id, is_unsure, problem])).map(|_| ())
    }

    /// A reply came.
    ///
    /// # Errors
    /// [`Error::Ledger`].
    pub fn answer(
        &self,
        id: i64,
        state: State,
        server_id: Option<&str>,
        reply: Option<&str>,
        problem: Option<&str>,
    ) -> Result<()> {
        let update = format!(
            "update part set state = ?2, server_id = coalesce(?3, server_id), reply = ?4, problem = ?5, \
             answered_at = {NOW} where id = ?1"
        );
        let values = params![id, state.name(), server_id, reply, problem];
        self.ledger.run(|connection| connection.execute(&update, values)).map(|_| ())
    }
}

#[cfg(test)]
mod tests;
