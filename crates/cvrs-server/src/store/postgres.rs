//! The store in a PostgreSQL database.
//!
//! An upload's records are copied into a temporary table and then moved in one statement a store, so that the network
//! is crossed by batches and not by rows. Ids and cells are `bytea`: what a file holds need not be UTF-8.
//!
//! Uploads of one database follow each other (an advisory lock), as in the embedded store.

mod tls;

use super::{Days, End, Logged, Name, Operation, Result, RowSink, Status, Store, StoreError, Upload, Writer, key};
use crate::batch::Batch;
use crate::intake::Media;
use crate::reply::Stored;
use cvrs_api::JobState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, Row};
use std::io::Write as _;
use std::sync::{Condvar, Mutex, PoisonError};
use tls::Address;
use uuid::Uuid;

/// Connections that are kept.
const KEPT: usize = 8;

/// The advisory lock of writers: `cvrs` in ASCII.
const LOCK: i64 = 0x6376_7273;

const SCHEMA: &str = "
    CREATE SCHEMA IF NOT EXISTS cvrs;
    CREATE TABLE IF NOT EXISTS cvrs.upload(
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL UNIQUE,
        client text NOT NULL,
        jurisdiction text NOT NULL,
        operation text NOT NULL,
        is_job boolean NOT NULL,
        media text NOT NULL,
        bytes bigint NOT NULL,
        received bigint NOT NULL,
        day text NOT NULL,
        keeps_raw boolean NOT NULL,
        stores text NOT NULL,
        validates boolean NOT NULL,
        state text NOT NULL,
        status text NOT NULL,
        total bigint,
        rejected bigint NOT NULL DEFAULT 0,
        processed bigint NOT NULL DEFAULT 0,
        refused bigint NOT NULL DEFAULT 0,
        rules text NOT NULL DEFAULT '[]',
        reply bytea NOT NULL,
        times text NOT NULL
    );
    CREATE INDEX IF NOT EXISTS upload_day ON cvrs.upload(jurisdiction, day);
    CREATE INDEX IF NOT EXISTS upload_open ON cvrs.upload(jurisdiction, seq) WHERE is_job AND state <> 'COMPLETED';
    CREATE TABLE IF NOT EXISTS cvrs.body(id text PRIMARY KEY, bytes bytea NOT NULL);
    CREATE TABLE IF NOT EXISTS cvrs.complete(
        jurisdiction text, vax_event_id bytea, number bigint GENERATED ALWAYS AS IDENTITY, day text NOT NULL,
        cells bytea NOT NULL, PRIMARY KEY(jurisdiction, vax_event_id));
    CREATE INDEX IF NOT EXISTS complete_day ON cvrs.complete(jurisdiction, day, number);
    CREATE TABLE IF NOT EXISTS cvrs.redacted(
        jurisdiction text, vax_event_id bytea, number bigint GENERATED ALWAYS AS IDENTITY, day text NOT NULL,
        cells bytea NOT NULL, PRIMARY KEY(jurisdiction, vax_event_id));
    CREATE INDEX IF NOT EXISTS redacted_day ON cvrs.redacted(jurisdiction, day, number);
";

const fn table(store: Name) -> &'static str {
    match store {
        Name::NonRedacted => "complete",
        Name::Redacted => "redacted",
    }
}

/// Uploads and records in a PostgreSQL database. `Debug` shows neither host nor password.
pub(crate) struct PostgresStore {
    address: Address,
    idle: Mutex<Vec<Client>>,
    is_writing: Mutex<bool>,
    written: Condvar,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresStore")
    }
}

/// What the database says of a failure: its code and words, without the detail line, which quotes values.
fn failed(what: &'static str) -> impl Fn(postgres::Error) -> StoreError {
    move |error| match error.as_db_error() {
        Some(db) => StoreError::new(what, format!("{} ({})", db.message(), db.code().code())),
        None => StoreError::new(what, error),
    }
}

impl PostgresStore {
    /// Connects, and makes the tables that are missing, in the schema `cvrs`.
    pub(crate) fn open(url: &str) -> Result<Self> {
        let address = Address::parse(url).map_err(|cause| StoreError::new("cannot use the database", cause))?;
        let store = Self { address, idle: Mutex::default(), is_writing: Mutex::default(), written: Condvar::new() };
        let mut client = store.connect("cannot connect to the database")?;
        let made = client.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK}); {SCHEMA} COMMIT"));
        made.map_err(failed("cannot make the tables"))?;
        store.keep(client);
        Ok(store)
    }

    fn connect(&self, what: &'static str) -> Result<Client> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match kept {
                // One that the server closed meanwhile is no use.
                Some(client) if client.is_closed() => {}
                Some(client) => return Ok(client),
                None => return self.address.connect().map_err(failed(what)),
            }
        }
    }

    fn keep(&self, client: Client) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT && !client.is_closed() {
            idle.push(client);
        }
    }

    fn with<T>(
        &self,
        what: &'static str,
        act: impl FnOnce(&mut Client) -> std::result::Result<T, postgres::Error>,
    ) -> Result<T> {
        let mut client = self.connect(what)?;
        let done = act(&mut client).map_err(failed(what));
        if done.is_ok() {
            self.keep(client);
        }
        done
    }

    fn lock(&self) {
        let mut is_writing = self.is_writing.lock().unwrap_or_else(PoisonError::into_inner);
        while *is_writing {
            is_writing = self.written.wait(is_writing).unwrap_or_else(PoisonError::into_inner);
        }
        *is_writing = true;
    }

    fn unlock(&self) {
        *self.is_writing.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.written.notify_one();
    }
}

fn insert_upload(
    client: &mut Client,
    upload: &Upload,
    state: JobState,
    reply: &[u8],
) -> std::result::Result<u64, postgres::Error> {
    let stores: Vec<&str> = upload.stores.iter().map(|store| store.name()).collect();
    let times = serde_json::json!([[state.name(), upload.received]]).to_string();
    client.execute(
        "INSERT INTO cvrs.upload(id, client, jurisdiction, operation, is_job, media, bytes, received, day, keeps_raw,
            stores, validates, state, status, reply, times)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'OPEN', $14, $15)",
        &[
            &upload.id.to_string(),
            &upload.client,
            &upload.jurisdiction,
            &upload.operation.name(),
            &upload.is_job,
            &upload.media.noted(upload.kind),
            &(upload.bytes.cast_signed()),
            &upload.received,
            &upload.day,
            &upload.keeps_raw,
            &stores.join(" "),
            &upload.validates,
            &state.name(),
            &reply,
            &times,
        ],
    )
}

const COLUMNS: &str = "id, client, jurisdiction, operation, is_job, media, bytes, received, day, keeps_raw, stores,
    validates, state, status, total, rejected, processed, refused, rules, reply, times";

fn logged(row: &Row) -> Logged {
    let number = |at: usize| row.get::<_, i64>(at).unsigned_abs();
    let stores: &str = row.get(10);
    let (media, kind) = Media::from_note(row.get(5));
    let upload = Upload {
        id: Uuid::parse_str(row.get(0)).unwrap_or_default(),
        client: row.get(1),
        jurisdiction: row.get(2),
        operation: Operation::from_name(row.get(3)).unwrap_or(Operation::Create),
        is_job: row.get(4),
        media,
        kind,
        bytes: number(6),
        received: row.get(7),
        day: row.get(8),
        keeps_raw: row.get(9),
        stores: Name::ALL.into_iter().filter(|store| stores.split(' ').any(|name| name == store.name())).collect(),
        validates: row.get(11),
    };
    Logged {
        upload,
        state: JobState::from_name(row.get(12)).unwrap_or(JobState::Completed),
        status: Status::from_name(row.get(13)),
        total: row.get::<_, Option<i64>>(14).map(i64::unsigned_abs),
        rejected: number(15),
        processed: number(16),
        refused: number(17),
        rules: serde_json::from_str(row.get(18)).unwrap_or_default(),
        reply: row.get(19),
        times: serde_json::from_str(row.get(20)).unwrap_or_default(),
    }
}

/// Sets the state with its time.
const ADVANCE: &str = "UPDATE cvrs.upload SET state = $2, reply = $3,
    times = (times::jsonb || jsonb_build_array(jsonb_build_array($2::text, $4::bigint)))::text WHERE id = $1";

impl Store for PostgresStore {
    fn writer(&self, upload: &Upload) -> Result<Box<dyn Writer + '_>> {
        let what = "cannot begin an upload";
        self.lock();
        let begun = self.connect(what).and_then(|mut client| {
            let begin = format!(
                "BEGIN; SELECT pg_advisory_xact_lock({LOCK}); CREATE TEMPORARY TABLE incoming(
                    ordinal bigint PRIMARY KEY, vax_event_id bytea, recip_id bytea, complete bytea, redacted bytea
                 ) ON COMMIT DROP"
            );
            client.batch_execute(&begin).map_err(failed(what)).map(|()| client)
        });
        match begun {
            Ok(client) => {
                Ok(Box::new(PostgresWriter { store: self, client: Some(client), upload: upload.clone(), ordinal: 0 }))
            }
            Err(error) => {
                self.unlock();
                Err(error)
            }
        }
    }

    fn submit(&self, job: &Upload, reply: &[u8]) -> Result<()> {
        self.with("cannot queue a job", |client| insert_upload(client, job, JobState::Queued, reply)).map(drop)
    }

    fn advance(&self, id: Uuid, state: JobState, reply: &[u8], now: i64) -> Result<()> {
        let id = id.to_string();
        self.with("cannot advance a job", |client| client.execute(ADVANCE, &[&id, &state.name(), &reply, &now]))
            .map(drop)
    }

    fn next_job(&self, jurisdiction: &str) -> Result<Option<Logged>> {
        let query = format!(
            "SELECT {COLUMNS} FROM cvrs.upload WHERE is_job AND state <> 'COMPLETED' AND jurisdiction = $1
             ORDER BY seq LIMIT 1"
        );
        let found = self.with("cannot read the queue", |client| client.query_opt(&query, &[&jurisdiction]))?;
        Ok(found.as_ref().map(logged))
    }

    fn waiting(&self) -> Result<Vec<String>> {
        let query = "SELECT DISTINCT jurisdiction FROM cvrs.upload WHERE is_job AND state <> 'COMPLETED'";
        let found = self.with("cannot read the queue", |client| client.query(query, &[]))?;
        Ok(found.iter().map(|row| row.get(0)).collect())
    }

    fn find(&self, id: Uuid) -> Result<Option<Logged>> {
        let query = format!("SELECT {COLUMNS} FROM cvrs.upload WHERE id = $1");
        let id = id.to_string();
        let found = self.with("cannot read the log", |client| client.query_opt(&query, &[&id]))?;
        Ok(found.as_ref().map(logged))
    }

    fn newest(&self, limit: u32) -> Result<Vec<Logged>> {
        let query = format!("SELECT {COLUMNS} FROM cvrs.upload ORDER BY received DESC, seq DESC LIMIT $1");
        let found = self.with("cannot read the log", |client| client.query(&query, &[&i64::from(limit)]))?;
        Ok(found.iter().map(logged).collect())
    }

    fn raw(&self, jurisdiction: &str, days: &Days) -> Result<Vec<Upload>> {
        let query = format!(
            "SELECT {COLUMNS} FROM cvrs.upload WHERE jurisdiction = $1 AND day BETWEEN $2 AND $3
               AND keeps_raw AND status = 'COMPLETED' ORDER BY received, seq"
        );
        let found =
            self.with("cannot read the log", |client| client.query(&query, &[&jurisdiction, &days.first, &days.last]))?;
        Ok(found.iter().map(|row| logged(row).upload).collect())
    }

    fn body(&self, id: Uuid) -> Result<Option<Vec<u8>>> {
        let id = id.to_string();
        let query = "SELECT bytes FROM cvrs.body WHERE id = $1";
        let found = self.with("cannot read a body", |client| client.query_opt(query, &[&id]))?;
        Ok(found.map(|row| row.get(0)))
    }

    fn export(&self, store: Name, jurisdiction: &str, days: &Days, sink: RowSink<'_>) -> Result<()> {
        let query = format!(
            "SELECT cells FROM cvrs.{} WHERE jurisdiction = $1 AND day BETWEEN $2 AND $3 ORDER BY number",
            table(store)
        );
        let what = "cannot export";
        let mut client = self.connect(what)?;
        let parameters: [&(dyn postgres::types::ToSql + Sync); 3] = [&jurisdiction, &days.first, &days.last];
        let sent = (|| {
            let mut rows = client.query_raw(&query, parameters)?;
            while let Some(row) = rows.next()? {
                if !sink(row.get(0)) {
                    return Ok(false);
                }
            }
            Ok(true)
        })();
        // Of a connection that was left in the middle, the rest of the rows would have to be read: it is closed.
        if sent.map_err(failed(what))? {
            self.keep(client);
        }
        Ok(())
    }

    fn n_records(&self, store: Name) -> Result<u64> {
        let query = format!("SELECT count(*) FROM cvrs.{}", table(store));
        let row = self.with("cannot count records", |client| client.query_one(&query, &[]))?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }
}

struct PostgresWriter<'s> {
    store: &'s PostgresStore,
    /// There until the transaction has ended.
    client: Option<Client>,
    upload: Upload,
    ordinal: i64,
}

/// A value of PostgreSQL's binary COPY: its length, then its bytes.
fn push_value(out: &mut Vec<u8>, value: &[u8]) {
    out.extend_from_slice(&(value.len() as u32).to_be_bytes());
    out.extend_from_slice(value);
}

impl PostgresWriter<'_> {
    fn client(&mut self) -> Result<&mut Client> {
        self.client.as_mut().ok_or_else(|| StoreError::new("cannot store records", "the transaction has ended"))
    }

    /// Moves what came in into one store: the ordinals that it took.
    fn settle_in(&mut self, stored: &mut Stored) -> Result<()> {
        let (jurisdiction, _) = key(&self.upload.jurisdiction, &[]);
        let (jurisdiction, day, name) = (jurisdiction.to_owned(), self.upload.day.clone(), table(stored.store));
        let operation = self.upload.operation;
        let what = failed("cannot store records");
        let client = self.client()?;
        client
            .batch_execute("CREATE TEMPORARY TABLE taken(ordinal bigint PRIMARY KEY) ON COMMIT DROP")
            .map_err(&what)?;
        // Of repeats, the first creates, the last replaces and the first deletes; every repeat of a replacement counts.
        let taken = match operation {
            Operation::Create => client.execute(
                &format!(
                    "WITH firsts AS (
                        SELECT DISTINCT ON (vax_event_id) ordinal, vax_event_id, {name} AS cells FROM incoming
                        ORDER BY vax_event_id, ordinal
                     ), made AS (
                        INSERT INTO cvrs.{name}(jurisdiction, vax_event_id, day, cells)
                        SELECT $1, vax_event_id, $2, cells FROM firsts ORDER BY ordinal
                        ON CONFLICT DO NOTHING RETURNING vax_event_id
                     )
                     INSERT INTO taken SELECT ordinal FROM firsts JOIN made USING (vax_event_id)"
                ),
                &[&jurisdiction, &day],
            ),
            Operation::Update => client
                .execute(
                    &format!(
                        "INSERT INTO taken SELECT ordinal FROM incoming JOIN cvrs.{name} USING (vax_event_id)
                         WHERE jurisdiction = $1"
                    ),
                    &[&jurisdiction],
                )
                .and_then(|taken| {
                    client.execute(
                        &format!(
                            "DELETE FROM cvrs.{name} USING incoming
                             WHERE jurisdiction = $1 AND {name}.vax_event_id = incoming.vax_event_id"
                        ),
                        &[&jurisdiction],
                    )?;
                    client.execute(
                        &format!(
                            "INSERT INTO cvrs.{name}(jurisdiction, vax_event_id, day, cells)
                             SELECT $1, vax_event_id, $2, cells FROM (
                                SELECT DISTINCT ON (vax_event_id) ordinal, vax_event_id, {name} AS cells
                                FROM incoming JOIN taken USING (ordinal) ORDER BY vax_event_id, ordinal DESC
                             ) AS lasts ORDER BY ordinal"
                        ),
                        &[&jurisdiction, &day],
                    )?;
                    Ok(taken)
                }),
            Operation::Delete => client.execute(
                &format!(
                    "WITH gone AS (
                        DELETE FROM cvrs.{name} USING (SELECT DISTINCT vax_event_id FROM incoming) AS asked
                        WHERE jurisdiction = $1 AND {name}.vax_event_id = asked.vax_event_id
                        RETURNING {name}.vax_event_id
                     )
                     INSERT INTO taken SELECT min(ordinal) FROM incoming JOIN gone USING (vax_event_id)
                     GROUP BY vax_event_id"
                ),
                &[&jurisdiction],
            ),
        };
        stored.processed += taken.map_err(&what)?;
        let refused = "SELECT vax_event_id, recip_id FROM incoming
            WHERE NOT EXISTS (SELECT FROM taken WHERE taken.ordinal = incoming.ordinal) ORDER BY ordinal";
        let mut rows =
            client.query_raw(refused, std::iter::empty::<&(dyn postgres::types::ToSql + Sync)>()).map_err(&what)?;
        while let Some(row) = rows.next().map_err(&what)? {
            stored.refuse(row.get(0), row.get(1), operation.refusal());
        }
        drop(rows);
        client.batch_execute("DROP TABLE taken").map_err(&what)
    }
}

impl Writer for PostgresWriter<'_> {
    fn apply(&mut self, batch: &Batch, _stored: &mut [Stored]) -> Result<()> {
        let mut bytes = b"PGCOPY\n\xFF\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        for row in batch.rows() {
            bytes.extend_from_slice(&5i16.to_be_bytes());
            push_value(&mut bytes, &self.ordinal.to_be_bytes());
            for value in [row.vax_event_id, row.recip_id, row.complete, row.redacted] {
                push_value(&mut bytes, value);
            }
            self.ordinal += 1;
        }
        bytes.extend_from_slice(&(-1i16).to_be_bytes());
        let what = "cannot store records";
        let client = self.client()?;
        let mut copy = client.copy_in("COPY incoming FROM STDIN (FORMAT binary)").map_err(failed(what))?;
        copy.write_all(&bytes).map_err(|error| StoreError::new(what, error))?;
        copy.finish().map(drop).map_err(failed(what))
    }

    fn settle(&mut self, stored: &mut [Stored]) -> Result<()> {
        self.client()?.batch_execute("ANALYZE incoming").map_err(failed("cannot store records"))?;
        stored.iter_mut().try_for_each(|stored| self.settle_in(stored))
    }

    fn commit(mut self: Box<Self>, end: &End) -> Result<()> {
        let upload = self.upload.clone();
        let rules = serde_json::to_string(&end.rules).unwrap_or_default();
        let finish = |client: &mut Client| {
            if !upload.is_job {
                insert_upload(client, &upload, JobState::Queued, &[])?;
            }
            let id = upload.id.to_string();
            client.execute(ADVANCE, &[&id, &JobState::Completed.name(), &end.reply, &end.ended])?;
            client.execute(
                "UPDATE cvrs.upload SET status = $2, total = $3, rejected = $4, processed = $5, refused = $6, rules = $7
                 WHERE id = $1",
                &[
                    &id,
                    &end.status.name(),
                    &(end.total.cast_signed()),
                    &(end.rejected.cast_signed()),
                    &(end.processed.cast_signed()),
                    &(end.refused.cast_signed()),
                    &rules,
                ],
            )?;
            if let Some(body) = &end.body {
                client.execute("INSERT INTO cvrs.body VALUES ($1, $2)", &[&id, body])?;
            }
            client.batch_execute("COMMIT")
        };
        finish(self.client()?).map_err(failed("cannot commit an upload"))?;
        if let Some(client) = self.client.take() {
            self.store.keep(client);
        }
        Ok(())
    }
}

impl Drop for PostgresWriter<'_> {
    /// A transaction that was not committed ends with its connection.
    fn drop(&mut self) {
        if let Some(mut client) = self.client.take() {
            let _ = client.batch_execute("ROLLBACK");
            self.store.keep(client);
        }
        self.store.unlock();
    }
}
