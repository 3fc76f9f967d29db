//! The embedded store: one SQLite file.
//!
//! Rows are appended to a table in order of writing, so that a large upload writes pages one after the other however
//! its ids are spread; a small table beside it leads from the key to the row. An upload's rows have consecutive
//! numbers, which its line in the log knows: an export by day needs no index of its own.
//!
//! The write-ahead log is synced at each commit, which [small uploads share](shared). It is moved into the file by a
//! connection of its own after the commit, so that nobody waits for it.

mod shared;

use super::{Days, End, Logged, Name, Operation, Result, RowSink, Status, Store, StoreError, Upload, Writer, key};
use crate::batch::Batch;
use crate::intake::Media;
use crate::reply::Stored;
use crate::upload::SHORT_BYTES;
use cvrs_api::JobState;
use rusqlite::{Connection, OptionalExtension, Row, params};
use shared::{Shared, Turn};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

const SCHEMA_VERSION: i64 = 2;

/// What version 2 has beyond version 1.
const BODIES: &str = "CREATE TABLE body(id TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID";

const SCHEMA: &str = "
    CREATE TABLE upload(
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        client TEXT NOT NULL,
        jurisdiction TEXT NOT NULL,
        operation TEXT NOT NULL,
        is_job INTEGER NOT NULL,
        media TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        received INTEGER NOT NULL,
        day TEXT NOT NULL,
        keeps_raw INTEGER NOT NULL,
        stores TEXT NOT NULL,
        validates INTEGER NOT NULL,
        state TEXT NOT NULL,
        status TEXT NOT NULL,
        total INTEGER,
        rejected INTEGER NOT NULL DEFAULT 0,
        processed INTEGER NOT NULL DEFAULT 0,
        refused INTEGER NOT NULL DEFAULT 0,
        rules TEXT NOT NULL DEFAULT '[]',
        reply BLOB NOT NULL,
        times TEXT NOT NULL,
        complete_first INTEGER, complete_last INTEGER,
        redacted_first INTEGER, redacted_last INTEGER
    );
    CREATE INDEX upload_day ON upload(jurisdiction, day);
    CREATE INDEX upload_open ON upload(jurisdiction, seq) WHERE is_job AND state <> 'COMPLETED';
    CREATE TABLE jurisdiction(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE complete_row(number INTEGER PRIMARY KEY, cells BLOB NOT NULL);
    CREATE TABLE complete_key(jurisdiction INTEGER, vax_event_id BLOB, number INTEGER NOT NULL,
        PRIMARY KEY(jurisdiction, vax_event_id)) WITHOUT ROWID;
    CREATE TABLE redacted_row(number INTEGER PRIMARY KEY, cells BLOB NOT NULL);
    CREATE TABLE redacted_key(jurisdiction INTEGER, vax_event_id BLOB, number INTEGER NOT NULL,
        PRIMARY KEY(jurisdiction, vax_event_id)) WITHOUT ROWID;
    CREATE TABLE last_number(store TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO last_number VALUES ('complete', 0), ('redacted', 0);
";

/// The statements of one store, by its tables' prefix.
struct Statements {
    insert_key: &'static str,
    insert_row: &'static str,
    find: &'static str,
    move_key: &'static str,
    delete_key: &'static str,
    delete_row: &'static str,
    export: &'static str,
    count: &'static str,
    prefix: &'static str,
}

macro_rules! statements {
    ($prefix:literal) => {
        Statements {
            insert_key: concat!("INSERT OR IGNORE INTO ", $prefix, "_key VALUES (?1, ?2, ?3)"),
            insert_row: concat!("INSERT INTO ", $prefix, "_row VALUES (?1, ?2)"),
            find: concat!("SELECT number FROM ", $prefix, "_key WHERE jurisdiction = ?1 AND vax_event_id = ?2"),
            move_key: concat!("UPDATE ", $prefix, "_key SET number = ?3 WHERE jurisdiction = ?1 AND vax_event_id = ?2"),
            delete_key: concat!("DELETE FROM ", $prefix, "_key WHERE jurisdiction = ?1 AND vax_event_id = ?2"),
            delete_row: concat!("DELETE FROM ", $prefix, "_row WHERE number = ?1"),
            export: concat!(
                "SELECT cells FROM upload, ",
                $prefix,
                "_row
                 WHERE jurisdiction = ?1 AND day BETWEEN ?2 AND ?3
                   AND number BETWEEN ",
                $prefix,
                "_first AND ",
                $prefix,
                "_last
                 ORDER BY number"
            ),
            count: concat!("SELECT count(*) FROM ", $prefix, "_key"),
            prefix: $prefix,
        }
    };
}

const COMPLETE: Statements = statements!("complete");
const REDACTED: Statements = statements!("redacted");

const fn statements(store: Name) -> &'static Statements {
    match store {
        Name::NonRedacted => &COMPLETE,
        Name::Redacted => &REDACTED,
    }
}

/// The log is moved into the file at most so often.
const TIDYING: std::time::Duration = std::time::Duration::from_millis(200);

/// Uploads and records in one SQLite file.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    path: PathBuf,
    writer: Shared,
    readers: Mutex<Vec<Connection>>,
    tidier: Mutex<Option<Sender<()>>>,
}

fn failed(what: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| StoreError::new(what, error)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_mins(1))?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

impl SqliteStore {
    /// Opens the file, or makes it with mode 0600.
    ///
    /// # Errors
    /// What SQLite reports, and a file of a later version of this program.
    #[expect(clippy::disallowed_methods, reason = "the store is a file")]
    pub(crate) fn open(path: &Path) -> std::result::Result<Self, StoreError> {
        let mut options = std::fs::OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map_err(|error| StoreError::new("cannot open its file", error))?;
        let open = || -> rusqlite::Result<(Connection, i64)> {
            let mut connection = connect(path)?;
            connection.pragma_update(None, "cache_size", -64_000)?;
            // What is deleted is overwritten, where that costs no further write.
            connection.pragma_update_and_check(None, "secure_delete", "FAST", |_| Ok(()))?;
            let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            if version < SCHEMA_VERSION {
                let transaction = connection.transaction()?;
                if version == 0 {
                    transaction.execute_batch(SCHEMA)?;
                }
                transaction.execute_batch(BODIES)?;
                transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
                transaction.commit()?;
            }
            Ok((connection, version))
        };
        let (writer, version) = open().map_err(failed("cannot open its file"))?;
        if version > SCHEMA_VERSION {
            return Err(StoreError::new("cannot open its file", "it was made by a later version of this program"));
        }
        let store = Self {
            path: path.to_owned(),
            writer: Shared::new(writer),
            readers: Mutex::new(Vec::new()),
            tidier: Mutex::new(None),
        };
        let tidier = connect(path).map_err(failed("cannot open its file"))?;
        let (sender, receiver) = channel();
        let spawned = std::thread::Builder::new().name("cvrs-tidier".into()).spawn(move || {
            while receiver.recv().is_ok() {
                while receiver.try_recv().is_ok() {}
                let moved = tidier.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
                if let Err(error) = moved {
                    tracing::warn!(cause = %error, "the write-ahead log could not be moved into the store");
                }
                // Many small commits are moved together.
                std::thread::sleep(TIDYING);
            }
        });
        spawned.map_err(|error| StoreError::new("cannot start a thread", error))?;
        *store.tidier.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        Ok(store)
    }

    /// Writes something short as a transaction.
    fn write<T>(&self, what: &'static str, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<()> {
        let turn = self.writer.turn(false).map_err(failed(what))?;
        act(turn.connection()).map_err(failed(what))?;
        turn.commit().map_err(|cause| StoreError::new(what, cause))?;
        self.tidy();
        Ok(())
    }

    /// Tells the tidier that there is something to move.
    fn tidy(&self) {
        if let Some(sender) = &*self.tidier.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = sender.send(());
        }
    }

    fn read<T>(&self, what: &'static str, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = kept.map_or_else(|| connect(&self.path), Ok).map_err(failed(what))?;
        let done = act(&connection).map_err(failed(what));
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < 8 {
            readers.push(connection);
        }
        done
    }
}

fn names(stores: &[Name]) -> String {
    stores.iter().map(|store| store.name()).collect::<Vec<_>>().join(" ")
}

fn times(state: JobState, now: i64) -> String {
    serde_json::json!([[state.name(), now]]).to_string()
}

fn insert_upload(
    connection: &Connection,
    upload: &Upload,
    state: JobState,
    reply: &[u8],
    now: i64,
) -> rusqlite::Result<i64> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO upload(id, client, jurisdiction, operation, is_job, media, bytes, received, day, keeps_raw, stores,
            validates, state, status, reply, times)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'OPEN', ?14, ?15)",
    )?;
    insert.insert(params![
        upload.id.to_string(),
        upload.client,
        upload.jurisdiction,
        upload.operation.name(),
        upload.is_job,
        upload.media.noted(upload.kind),
        upload.bytes.cast_signed(),
        upload.received,
        upload.day,
        upload.keeps_raw,
        names(&upload.stores),
        upload.validates,
        state.name(),
        reply,
        times(state, now),
    ])
}

const COLUMNS: &str = "id, client, jurisdiction, operation, is_job, media, bytes, received, day, keeps_raw, stores,
    validates, state, status, total, rejected, processed, refused, rules, reply, times";

fn logged(row: &Row<'_>) -> rusqlite::Result<Logged> {
    let text = |at: usize| row.get::<_, String>(at);
    let number = |at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
    let stores = text(10)?;
    let (media, kind) = Media::from_note(&text(5)?);
    let upload = Upload {
        id: Uuid::parse_str(&text(0)?).unwrap_or_default(),
        client: text(1)?,
        jurisdiction: text(2)?,
        operation: Operation::from_name(&text(3)?).unwrap_or(Operation::Create),
        is_job: row.get(4)?,
        media,
        kind,
        bytes: number(6)?,
        received: row.get(7)?,
        day: text(8)?,
        keeps_raw: row.get(9)?,
        stores: Name::ALL.into_iter().filter(|store| stores.split(' ').any(|name| name == store.name())).collect(),
        validates: row.get(11)?,
    };
    Ok(Logged {
        upload,
        state: JobState::from_name(&text(12)?).unwrap_or(JobState::Completed),
        status: Status::from_name(&text(13)?),
        total: row.get::<_, Option<i64>>(14)?.map(i64::unsigned_abs),
        rejected: number(15)?,
        processed: number(16)?,
        refused: number(17)?,
        rules: serde_json::from_str(&text(18)?).unwrap_or_default(),
        reply: row.get(19)?,
        times: serde_json::from_str(&text(20)?).unwrap_or_default(),
    })
}

impl Store for SqliteStore {
    fn writer(&self, upload: &Upload) -> Result<Box<dyn Writer + '_>> {
        let what = failed("cannot begin an upload");
        let turn = self.writer.turn(upload.bytes > SHORT_BYTES).map_err(&what)?;
        let mut writer =
            SqliteWriter { store: self, turn, upload: upload.clone(), jurisdiction: 0, ranges: Vec::new() };
        writer.prepare().map_err(what)?;
        Ok(Box::new(writer))
    }

    fn submit(&self, job: &Upload, reply: &[u8]) -> Result<()> {
        self.write("cannot queue a job", |connection| {
            insert_upload(connection, job, JobState::Queued, reply, job.received)
        })
    }

    fn advance(&self, id: Uuid, state: JobState, reply: &[u8], now: i64) -> Result<()> {
        self.write("cannot advance a job", |connection| {
            let mut update = connection.prepare_cached(
                "UPDATE upload SET state = ?2, reply = ?3, times = json_insert(times, '$[#]', json_array(?2, ?4))
                 WHERE id = ?1",
            )?;
            update.execute(params![id.to_string(), state.name(), reply, now])
        })
    }

    fn next_job(&self, jurisdiction: &str) -> Result<Option<Logged>> {
        self.read("cannot read the queue", |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM upload WHERE is_job AND state <> 'COMPLETED' AND jurisdiction = ?1
                 ORDER BY seq LIMIT 1"
            ))?;
            select.query_row([jurisdiction], logged).optional()
        })
    }

    fn waiting(&self) -> Result<Vec<String>> {
        self.read("cannot read the queue", |connection| {
            let mut select = connection
                .prepare_cached("SELECT DISTINCT jurisdiction FROM upload WHERE is_job AND state <> 'COMPLETED'")?;
            select.query_map([], |row| row.get(0))?.collect()
        })
    }

    fn find(&self, id: Uuid) -> Result<Option<Logged>> {
        self.read("cannot read the log", |connection| {
            let mut select = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM upload WHERE id = ?1"))?;
            select.query_row([id.to_string()], logged).optional()
        })
    }

    fn newest(&self, limit: u32) -> Result<Vec<Logged>> {
        self.read("cannot read the log", |connection| {
            let mut select = connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM upload ORDER BY received DESC, seq DESC LIMIT ?1"))?;
            select.query_map([limit], logged)?.collect()
        })
    }

    fn raw(&self, jurisdiction: &str, days: &Days) -> Result<Vec<Upload>> {
        self.read("cannot read the log", |connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM upload WHERE jurisdiction = ?1 AND day BETWEEN ?2 AND ?3
                   AND keeps_raw AND status = 'COMPLETED' ORDER BY received, seq"
            ))?;
            let found = select.query_map(params![jurisdiction, days.first, days.last], logged)?;
            found.map(|found| found.map(|found| found.upload)).collect()
        })
    }

    fn body(&self, id: Uuid) -> Result<Option<Vec<u8>>> {
        self.read("cannot read a body", |connection| {
            let mut select = connection.prepare_cached("SELECT bytes FROM body WHERE id = ?1")?;
            select.query_row([id.to_string()], |row| row.get(0)).optional()
        })
    }

    fn export(&self, store: Name, jurisdiction: &str, days: &Days, sink: RowSink<'_>) -> Result<()> {
        self.read("cannot export", |connection| {
            let mut select = connection.prepare_cached(statements(store).export)?;
            let mut rows = select.query(params![jurisdiction, days.first, days.last])?;
            while let Some(row) = rows.next()? {
                if !sink(row.get_ref(0)?.as_blob()?) {
                    break;
                }
            }
            Ok(())
        })
    }

    fn n_records(&self, store: Name) -> Result<u64> {
        self.read("cannot count records", |connection| {
            connection.query_row(statements(store).count, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
        })
    }
}

struct SqliteWriter<'s> {
    store: &'s SqliteStore,
    turn: Turn<'s>,
    upload: Upload,
    jurisdiction: i64,
    /// For each store: the number before its first row, and the number of its last.
    ranges: Vec<(Name, i64, i64)>,
}

impl SqliteWriter<'_> {
    fn prepare(&mut self) -> rusqlite::Result<()> {
        let connection = self.turn.connection();
        let jurisdiction = [&self.upload.jurisdiction];
        connection.prepare_cached("INSERT OR IGNORE INTO jurisdiction(name) VALUES (?1)")?.execute(jurisdiction)?;
        let mut number = connection.prepare_cached("SELECT number FROM jurisdiction WHERE name = ?1")?;
        self.jurisdiction = number.query_row(jurisdiction, |row| row.get(0))?;
        let mut last = connection.prepare_cached("SELECT number FROM last_number WHERE store = ?1")?;
        for &store in &self.upload.stores {
            let last: i64 = last.query_row([statements(store).prefix], |row| row.get(0))?;
            self.ranges.push((store, last, last));
        }
        Ok(())
    }

    fn apply_to(&mut self, batch: &Batch, stored: &mut Stored) -> rusqlite::Result<()> {
        let Some((store, _, last)) = self.ranges.iter_mut().find(|(store, ..)| *store == stored.store) else {
            return Ok(());
        };
        let connection = self.turn.connection();
        let sql = statements(*store);
        let operation = self.upload.operation;
        let mut find = connection.prepare_cached(sql.find)?;
        let mut insert_key = connection.prepare_cached(sql.insert_key)?;
        let mut insert_row = connection.prepare_cached(sql.insert_row)?;
        let mut move_key = connection.prepare_cached(sql.move_key)?;
        let mut delete_key = connection.prepare_cached(sql.delete_key)?;
        let mut delete_row = connection.prepare_cached(sql.delete_row)?;
        for row in batch.rows() {
            let (_, vax_event_id) = key(&self.upload.jurisdiction, row.vax_event_id);
            let cells = match store {
                Name::NonRedacted => row.complete,
                Name::Redacted => row.redacted,
            };
            let is_applied = match operation {
                Operation::Create => {
                    let is_new = insert_key.execute(params![self.jurisdiction, vax_event_id, *last + 1])? == 1;
                    if is_new {
                        *last += 1;
                        insert_row.execute(params![*last, cells])?;
                    }
                    is_new
                }
                Operation::Update | Operation::Delete => {
                    let known: Option<i64> =
                        find.query_row(params![self.jurisdiction, vax_event_id], |row| row.get(0)).optional()?;
                    if let Some(number) = known {
                        delete_row.execute([number])?;
                        if operation == Operation::Update {
                            *last += 1;
                            insert_row.execute(params![*last, cells])?;
                            move_key.execute(params![self.jurisdiction, vax_event_id, *last])?;
                        } else {
                            delete_key.execute(params![self.jurisdiction, vax_event_id])?;
                        }
                    }
                    known.is_some()
                }
            };
            if is_applied {
                stored.processed += 1;
            } else {
                stored.refuse(row.vax_event_id, row.recip_id, operation.refusal());
            }
        }
        Ok(())
    }

    fn finish(&self, end: &End) -> rusqlite::Result<()> {
        let connection = self.turn.connection();
        let id = self.upload.id.to_string();
        if !self.upload.is_job {
            insert_upload(connection, &self.upload, JobState::Queued, &[], self.upload.received)?;
        }
        let rules = serde_json::to_string(&end.rules).unwrap_or_default();
        connection.prepare_cached(
            "UPDATE upload SET state = 'COMPLETED', status = ?2, total = ?3, rejected = ?4, processed = ?5, refused = ?6,
                rules = ?7, reply = ?8, times = json_insert(times, '$[#]', json_array('COMPLETED', ?9)) WHERE id = ?1",
        )?
        .execute(params![
            id,
            end.status.name(),
            end.total.cast_signed(),
            end.rejected.cast_signed(),
            end.processed.cast_signed(),
            end.refused.cast_signed(),
            rules,
            end.reply,
            end.ended,
        ])?;
        for &(store, before, last) in &self.ranges {
            let prefix = statements(store).prefix;
            let range = format!("UPDATE upload SET {prefix}_first = ?2, {prefix}_last = ?3 WHERE id = ?1");
            connection.prepare_cached(&range)?.execute(params![id, before + 1, last])?;
            let moved = "UPDATE last_number SET number = ?2 WHERE store = ?1";
            connection.prepare_cached(moved)?.execute(params![prefix, last])?;
        }
        if let Some(body) = &end.body {
            connection.prepare_cached("INSERT INTO body VALUES (?1, ?2)")?.execute(params![id, body])?;
        }
        Ok(())
    }
}

impl Writer for SqliteWriter<'_> {
    fn apply(&mut self, batch: &Batch, stored: &mut [Stored]) -> Result<()> {
        stored.iter_mut().try_for_each(|stored| self.apply_to(batch, stored)).map_err(failed("cannot store records"))
    }

    fn settle(&mut self, _stored: &mut [Stored]) -> Result<()> {
        Ok(())
    }

    fn commit(self: Box<Self>, end: &End) -> Result<()> {
        let what = "cannot commit an upload";
        self.finish(end).map_err(failed(what))?;
        let Self { store, turn, .. } = *self;
        turn.commit().map_err(|cause| StoreError::new(what, cause))?;
        store.tidy();
        Ok(())
    }
}
