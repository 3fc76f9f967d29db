//! An upload from its body to its end.

use crate::account::Account;
use crate::batch::Batch;
use crate::check::{Ask, Checked, Stopped, check, count};
use crate::intake::{Body, Kind, LineLimits, Media, TextReader, count_records, file_of, open_text};
use crate::refusal::{Refusal, Result};
use crate::reply::{Listing, Reply, Stored};
use crate::server::Server;
use crate::store::{End, Operation, Status, Upload};
use cvrs_api::limit::MAX_RECORDS;
use cvrs_parse::Date;
use std::fs::File;
use std::io::Seek;
use std::sync::mpsc::{Receiver, sync_channel};
use uuid::Uuid;

/// How many batches may wait for the store.
const WAITING: usize = 4;

/// A text that can be opened as often as needed.
pub(crate) struct Source {
    pub(crate) file: File,
    pub(crate) bytes: u64,
    pub(crate) media: Media,
    pub(crate) kind: Kind,
    pub(crate) operation: Operation,
}

/// A text of up to so many bytes is short: what is made of it may be held in memory.
pub(crate) const SHORT_BYTES: u64 = 1 << 20;

impl Source {
    /// Whether all that is made of it may be held in memory.
    fn is_short(&self) -> bool {
        self.media == Media::Text && self.bytes <= SHORT_BYTES
    }

    fn open(&self, server: &Server) -> Result<TextReader> {
        self.open_with(server, LineLimits::On)
    }

    fn open_with(&self, server: &Server, lines: LineLimits) -> Result<TextReader> {
        let what = (self.media, self.kind);
        open_text(self.file.try_clone()?, self.bytes, what, self.operation, &server.config.limits, lines)
    }
}

/// Longer replies are not held in memory.
const LONG_BYTES: u64 = 256 << 10;

/// A reply that is ready to be sent.
#[derive(Debug)]
pub(crate) enum Rendered {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// A file that holds so many bytes.
    File(tempfile::NamedTempFile, u64),
}

impl Rendered {
    /// The bytes that the store keeps: none of a long one.
    fn stored(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::File(..) => Vec::new(),
        }
    }
}

/// What came of an upload but its reply.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) checked: Checked,
    pub(crate) stored: Vec<Stored>,
}

impl Outcome {
    fn none(total: u64) -> Self {
        let checked = Checked { total, rejected: 0, errors: Listing::default(), rules: Vec::new() };
        Self { checked, stored: Vec::new() }
    }
}

impl Server {
    /// What is known of an upload that has arrived.
    pub(crate) fn arrived(&self, account: &Account, operation: Operation, body: &Body, is_job: bool) -> Upload {
        let received = self.config.clock.millis();
        let day = self.config.today.map_or_else(|| crate::clock::day(received), crate::clock::day_text);
        Upload {
            id: Uuid::new_v4(),
            client: account.id.clone(),
            jurisdiction: account.jurisdiction.clone(),
            operation,
            is_job,
            media: body.media,
            kind: body.kind,
            bytes: body.bytes,
            received,
            day,
            keeps_raw: account.modes.keeps_raw(),
            stores: account.modes.stores(),
            validates: account.modes.validates(),
        }
    }

    fn ask(&self, upload: &Upload) -> Ask {
        let today = Date::parse(upload.day.as_bytes());
        Ask {
            operation: upload.operation,
            today: today.or_else(|| Date::from_ymd(1970, 1, 1)).expect("the first day of 1970 is one"),
            full_deletes: self.config.full_deletes,
            budget: self.config.reply_budget,
            threads: self.config.threads,
        }
    }

    /// The body of an upload that is kept, wherever.
    pub(crate) fn received(&self, id: Uuid) -> std::io::Result<File> {
        match self.folder.raw(id) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                match self.store.body(id).map_err(std::io::Error::other)? {
                    Some(body) => file_of(&body, &self.folder),
                    None => Err(error),
                }
            }
            found => found,
        }
    }

    /// Does all that a synchronous upload asks for; the reply's bytes.
    pub(crate) fn upload(&self, upload: &Upload, body: Body) -> Result<Rendered> {
        let (media, kind, operation) = (body.media, body.kind, upload.operation);
        let source = Source { file: body.file()?, bytes: body.bytes, media, kind, operation };
        let (reply, outcome) = self.process(upload, &source, |mut end| {
            // A file that is kept must be there before the log says so; a file that is not in the log is swept.
            if upload.keeps_raw {
                end.body = body.keep(&self.folder, upload.id)?;
            }
            Ok(end)
        })?;
        self.metrics.uploaded(upload, &outcome.checked, &outcome.stored);
        Ok(reply)
    }

    /// Checks an upload and stores its clean records in one transaction.
    fn process(
        &self,
        upload: &Upload,
        source: &Source,
        before_commit: impl FnOnce(End) -> Result<End>,
    ) -> Result<(Rendered, Outcome)> {
        let stopped = |stopped| match stopped {
            Stopped::MaxRows => Refusal::invalid(max_rows()),
            Stopped::Refused(refusal) => refusal,
            Stopped::NoTaker => Refusal::internal(&"the store took no more records"),
        };
        if !upload.validates {
            let head = source.open_with(self, LineLimits::Off)?;
            let outcome = Outcome::none(count(source.open(self)?, head).map_err(stopped)?);
            return self.finish(upload, outcome, before_commit);
        }
        if upload.stores.is_empty() {
            let checked = check(source.open(self)?, &self.ask(upload), None).map_err(stopped)?;
            return self.finish(upload, Outcome { checked, stored: Vec::new() }, before_commit);
        }
        let done = if source.is_short() {
            self.check_then_store(upload, source, before_commit)
        } else {
            self.check_and_store(upload, source, before_commit)
        };
        done.map_err(|error| match error {
            Failure::Stopped(why) => stopped(why),
            Failure::Refused(refusal) => refusal,
        })
    }

    /// Ends an upload that no store takes records of.
    fn finish(
        &self,
        upload: &Upload,
        outcome: Outcome,
        before_commit: impl FnOnce(End) -> Result<End>,
    ) -> Result<(Rendered, Outcome)> {
        let writer = self.store.writer(upload)?;
        let (end, reply) = self.end(upload, &outcome, Status::Completed)?;
        let end = before_commit(end)?;
        writer.commit(&end)?;
        Ok((reply, outcome))
    }

    /// Checks a text that is held in memory as a whole, then stores it: the store is not kept waiting.
    fn check_then_store(
        &self,
        upload: &Upload,
        source: &Source,
        before_commit: impl FnOnce(End) -> Result<End>,
    ) -> std::result::Result<(Rendered, Outcome), Failure> {
        let mut batches = Vec::new();
        let mut take = |batch: Batch| {
            batches.push(batch);
            true
        };
        let redacts = upload.stores.contains(&cvrs_api::Store::Redacted);
        let checked = check(source.open(self)?, &self.ask(upload), Some((redacts, &mut take)));
        let checked = checked.map_err(Failure::Stopped)?;
        let mut stored = self.nothing_stored(upload);
        let mut writer = self.store.writer(upload).map_err(Refusal::from)?;
        for batch in &batches {
            writer.apply(batch, &mut stored).map_err(Refusal::from)?;
        }
        self.settle(upload, writer, Outcome { checked, stored }, before_commit)
    }

    fn nothing_stored(&self, upload: &Upload) -> Vec<Stored> {
        upload.stores.iter().map(|&store| Stored::new(store, self.config.reply_budget)).collect()
    }

    /// Ends an upload whose records have all been applied.
    fn settle(
        &self,
        upload: &Upload,
        mut writer: Box<dyn crate::store::Writer + '_>,
        mut outcome: Outcome,
        before_commit: impl FnOnce(End) -> Result<End>,
    ) -> std::result::Result<(Rendered, Outcome), Failure> {
        writer.settle(&mut outcome.stored).map_err(Refusal::from)?;
        let (end, reply) = self.end(upload, &outcome, Status::Completed)?;
        let end = before_commit(end)?;
        writer.commit(&end).map_err(Refusal::from)?;
        Ok((reply, outcome))
    }

    /// Checks a text and stores what is clean as it comes.
    fn check_and_store(
        &self,
        upload: &Upload,
        source: &Source,
        before_commit: impl FnOnce(End) -> Result<End>,
    ) -> std::result::Result<(Rendered, Outcome), Failure> {
        let text = source.open(self)?;
        let ask = self.ask(upload);
        let redacts = upload.stores.contains(&cvrs_api::Store::Redacted);
        let mut stored = self.nothing_stored(upload);
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel::<Batch>(WAITING);
            let checking = scope.spawn(move || {
                let mut take = |batch: Batch| sender.send(batch).is_ok();
                check(text, &ask, Some((redacts, &mut take)))
            });
            // The lock on the store is taken when there is something to store, and waited for while checking goes on.
            let first = receiver.recv().ok();
            let writing = self.write(upload, first, receiver, &mut stored);
            let checked = checking.join().map_err(|_| Refusal::internal(&"a check ended in a panic"))?;
            let checked = match checked {
                // The writer's own failure is the cause.
                Err(Stopped::NoTaker) => {
                    return Err(writing.err().map_or(Failure::Stopped(Stopped::NoTaker), Into::into));
                }
                Err(stopped) => return Err(Failure::Stopped(stopped)),
                Ok(checked) => checked,
            };
            self.settle(upload, writing?, Outcome { checked, stored }, before_commit)
        })
    }

    fn write<'s>(
        &'s self,
        upload: &Upload,
        first: Option<Batch>,
        rest: Receiver<Batch>,
        stored: &mut [Stored],
    ) -> Result<Box<dyn crate::store::Writer + 's>> {
        let mut writer = self.store.writer(upload)?;
        for batch in first.into_iter().chain(rest) {
            writer.apply(&batch, stored)?;
        }
        Ok(writer)
    }

    /// Makes a reply ready; a long one goes to a file, of a job under its id and state.
    pub(crate) fn render(&self, reply: &Reply<'_>) -> Result<Rendered> {
        let budget = self.config.reply_budget;
        if reply.spooled() <= LONG_BYTES {
            return Ok(Rendered::Bytes(reply.bytes(budget)?));
        }
        let mut out = std::io::BufWriter::with_capacity(1 << 20, self.folder.incoming()?);
        reply.write_to(budget, &mut out)?;
        let mut file = out.into_inner().map_err(|error| Refusal::internal(&error))?;
        let bytes = file.stream_position()?;
        Ok(Rendered::File(file, bytes))
    }

    /// Keeps the long reply of a job for its state; what the store keeps of it.
    pub(crate) fn keep_reply(&self, reply: &Reply<'_>, state: cvrs_api::JobState) -> Result<Vec<u8>> {
        match self.render(reply)? {
            Rendered::Bytes(bytes) => Ok(bytes),
            Rendered::File(file, _) => {
                self.folder.keep_reply(file, reply.id, state)?;
                Ok(Vec::new())
            }
        }
    }

    /// The end of an upload, and its reply; that of a job is kept, if the store cannot.
    pub(crate) fn end(&self, upload: &Upload, outcome: &Outcome, status: Status) -> Result<(End, Rendered)> {
        let Outcome { checked, stored } = outcome;
        let reply = Reply {
            id: upload.id,
            state: upload.is_job.then_some(cvrs_api::JobState::Completed),
            total: Some(checked.total),
            errors: Some(&checked.errors),
            stored: Some(stored),
        };
        let rendered = if upload.is_job {
            Rendered::Bytes(self.keep_reply(&reply, cvrs_api::JobState::Completed)?)
        } else {
            self.render(&reply)?
        };
        let end = End {
            status,
            total: checked.total,
            rejected: checked.rejected,
            processed: stored.iter().map(|stored| stored.processed).sum(),
            refused: stored.iter().map(|stored| stored.errors.count()).sum(),
            rules: checked.rules.clone(),
            reply: rendered.stored(),
            body: None,
            ended: self.config.clock.millis(),
        };
        Ok((end, rendered))
    }

    /// The first pass over a job: what validation says of it.
    pub(crate) fn validate(&self, upload: &Upload, source: &Source) -> std::result::Result<Checked, Stopped> {
        let refused = Stopped::Refused;
        if !upload.validates {
            let text = source.open(self).map_err(refused)?;
            let head = source.open_with(self, LineLimits::Off).map_err(refused)?;
            return count(text, head).map(|total| Outcome::none(total).checked);
        }
        check(source.open(self).map_err(refused)?, &self.ask(upload), None)
    }

    /// The second pass over a job: what its stores make of it, and its end.
    pub(crate) fn store_job(&self, upload: &Upload, source: &Source) -> Result<()> {
        let (_, outcome) = self.process(upload, source, Ok)?;
        self.metrics.uploaded(upload, &outcome.checked, &outcome.stored);
        Ok(())
    }

    /// Ends a job of which nothing is stored, with one entry that says why.
    pub(crate) fn fail_job(&self, upload: &Upload, status: Status, total: u64, message: &str) -> Result<()> {
        let mut outcome = Outcome::none(total);
        let item = serde_json::to_vec(message).unwrap_or_default();
        outcome.checked.errors.push_quoted(&item);
        let writer = self.store.writer(upload)?;
        writer.commit(&self.end(upload, &outcome, status)?.0)?;
        self.metrics.uploaded(upload, &outcome.checked, &outcome.stored);
        Ok(())
    }

    /// How many records a text has, however many.
    pub(crate) fn count(&self, source: &Source) -> Result<u64> {
        count_records(source.open_with(self, LineLimits::Off)?)
    }

    /// Whether a body could be a job: the rules for zips, its first line, and the lines of a text that is not packed. Too
    /// many records are no reason to refuse it: that job ends with an entry that says so.
    pub(crate) fn preview(&self, body: &Body) -> Result<()> {
        let (media, kind, operation) = (body.media, body.kind, Operation::Create);
        let source = Source { file: body.file()?, bytes: body.bytes, media, kind, operation };
        let lines = if body.media == Media::Text { LineLimits::On } else { LineLimits::Off };
        let text = source.open_with(self, lines)?;
        let watching = text.watching();
        let (head, is_whole) = text.head()?;
        crate::intake::judge_head(&head, is_whole)?;
        if watching.has_too_many_rows() { Ok(()) } else { watching.judge() }
    }
}

/// What is said of a file with too many records.
pub(crate) fn max_rows() -> String {
    format!("{}: more than {MAX_RECORDS} records; nothing was processed, split the file", cvrs_api::MAX_ROWS)
}

enum Failure {
    Stopped(Stopped),
    Refused(Refusal),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
