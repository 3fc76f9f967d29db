//! Jobs: a queue that outlives the server, one job at a time for each jurisdiction, in order.
//!
//! ```text
//! QUEUED → DE-QUEUED → VALIDATING → PROCESSING → COMPLETED
//! ```
//!
//! Each arrow is a transaction of its own, but for the last: that one holds the records too. So a job that was broken
//! off has stored either all or nothing, and is simply done again from its kept body when the server starts.

mod retry;

pub use retry::Retry;

use crate::check::Stopped;
use crate::fault::Fault;
use crate::intake::Body;
use crate::refusal::{Refusal, Result};
use crate::reply::Reply;
use crate::server::Server;
use crate::store::{Logged, Status, Upload};
use crate::upload::{Source, max_rows};
use cvrs_api::JobState;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// Which jurisdictions are being worked on.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    idle: Condvar,
    /// Wakes runners that pause, so that they end.
    stopping: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// For each jurisdiction with a runner, whether something came while it worked.
    running: HashMap<String, bool>,
    is_stopping: bool,
}

impl Queue {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a runner is to be started for a jurisdiction; one that runs is told that something came.
    fn start(&self, jurisdiction: &str) -> bool {
        let mut state = self.lock();
        if state.is_stopping {
            return false;
        }
        if let Some(came) = state.running.get_mut(jurisdiction) {
            *came = true;
            return false;
        }
        state.running.insert(jurisdiction.to_owned(), false);
        true
    }

    /// Whether a runner that found nothing ends; not if something came meanwhile.
    fn end(&self, jurisdiction: &str) -> bool {
        let mut state = self.lock();
        if !state.is_stopping
            && let Some(came) = state.running.get_mut(jurisdiction)
            && std::mem::take(came)
        {
            return false;
        }
        state.running.remove(jurisdiction);
        self.idle.notify_all();
        true
    }

    fn is_stopping(&self) -> bool {
        self.lock().is_stopping
    }

    /// Waits, but not when the server stops.
    fn pause(&self, time: Duration) {
        let state = self.lock();
        drop(self.stopping.wait_timeout_while(state, time, |state| !state.is_stopping));
    }

    /// How many jurisdictions are being worked on.
    pub(crate) fn n_running(&self) -> usize {
        self.lock().running.len()
    }

    /// Lets no further job begin and waits for those that run.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.is_stopping = true;
        self.stopping.notify_all();
        while !state.running.is_empty() {
            state = self.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Takes a runner's name off the list even if it panics.
struct Running<'a>(&'a Queue, &'a str);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().running.remove(self.1);
            self.0.idle.notify_all();
        }
    }
}

impl Server {
    /// Takes a job into the queue: its body is kept, then the log says so. The reply's bytes.
    pub(crate) fn submit(self: &Arc<Self>, upload: &Upload, body: Body) -> Result<Vec<u8>> {
        self.preview(&body)?;
        body.keep_as_file(&self.folder, upload.id)?;
        let reply = Reply { id: upload.id, state: Some(JobState::Queued), total: None, errors: None, stored: None };
        let reply = reply.bytes(self.config.reply_budget)?;
        if let Err(error) = self.store.submit(upload, &reply) {
            self.folder.discard(upload.id)?;
            return Err(error.into());
        }
        self.run_jobs(&upload.jurisdiction);
        Ok(reply)
    }

    /// Works on the jobs of a jurisdiction on a thread of its own until there are none.
    pub(crate) fn run_jobs(self: &Arc<Self>, jurisdiction: &str) {
        if !self.queue.start(jurisdiction) {
            return;
        }
        let (server, name) = (Arc::clone(self), jurisdiction.to_owned());
        let spawned = std::thread::Builder::new().name("cvrs-jobs".into()).spawn(move || server.work_off(&name));
        if let Err(error) = spawned {
            tracing::error!(cause = %error, "no thread for jobs; they wait for the next submission or start");
            self.queue.lock().running.remove(jurisdiction);
        }
    }

    fn work_off(&self, jurisdiction: &str) {
        let _running = Running(&self.queue, jurisdiction);
        // The job that fails, if any, and how often it has; and failures of all kinds in a row, the store's own included.
        let (mut failing, mut attempts, mut failures) = (Uuid::nil(), 0, 0u32);
        loop {
            if self.queue.is_stopping() && self.queue.end(jurisdiction) {
                return;
            }
            let next = self.store.next_job(jurisdiction);
            let worked = match next {
                Ok(Some(job)) => {
                    let worked = self.attempt(&job);
                    if worked.is_err() {
                        let id = job.upload.id;
                        (failing, attempts) = if failing == id { (id, attempts + 1) } else { (id, 1) };
                    }
                    if worked.is_err() && attempts >= self.config.retry.attempts {
                        self.give_up(&job.upload)
                    } else {
                        worked
                    }
                }
                Ok(None) if self.queue.end(jurisdiction) => return,
                Ok(None) => Ok(()),
                // The store is not to be reached; the job stands where it stood.
                Err(error) => Err(error.into()),
            };
            match worked {
                Ok(()) => failures = 0,
                Err(refusal) => {
                    failures += 1;
                    let pause = self.config.retry.pause_after(failures);
                    tracing::error!(
                        cause = refusal.message(),
                        attempts,
                        pause_millis = pause.as_millis() as u64,
                        "a job could not be worked on; trying again"
                    );
                    self.queue.pause(pause);
                }
            }
        }
    }

    /// Tries a job once; a panic is a failure like others.
    fn attempt(&self, job: &Logged) -> Result<()> {
        catch_unwind(AssertUnwindSafe(|| self.work(job)))
            .unwrap_or_else(|_| Err(Refusal::internal(&"a job ended in a panic")))
    }

    /// Ends a job that fails again and again, for a reason that is not its sender's.
    fn give_up(&self, upload: &Upload) -> Result<()> {
        tracing::error!(job = %upload.id, "a job failed too often and is given up");
        let message = "ERROR: the server could not process the file; nothing was stored, send it again later";
        self.fail(upload, Status::Error, 0, message)
    }

    /// Tells where a job stands. One that is done again does not go back.
    fn advance(&self, job: &Logged, reply: &Reply<'_>) -> Result<()> {
        let (upload, state) = (&job.upload, reply.state.unwrap_or(JobState::Queued));
        if job.state >= state {
            return Ok(());
        }
        let bytes = self.keep_reply(reply, state)?;
        self.store.advance(upload.id, state, &bytes, self.config.clock.millis())?;
        tracing::info!(job = %upload.id, state = state.name(), "job");
        Ok(())
    }

    /// Does a job from its beginning, wherever an earlier server broke it off.
    fn work(&self, job: &Logged) -> Result<()> {
        let upload = &job.upload;
        let mut reply =
            Reply { id: upload.id, state: Some(JobState::DeQueued), total: None, errors: None, stored: None };
        self.advance(job, &reply)?;
        if self.config.faults.happens(Fault::JobError) {
            self.metrics.faulted(Fault::JobError.name());
            return self.fail(upload, Status::Error, 0, "ERROR: rehearsed failure of the job; nothing was stored");
        }
        let source = match self.folder.raw(upload.id) {
            Ok(file) => Source {
                file,
                bytes: upload.bytes,
                media: upload.media,
                kind: upload.kind,
                operation: upload.operation,
            },
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            Err(_) => {
                return self.fail(
                    upload,
                    Status::FailedToLoad,
                    0,
                    "FAILED TO LOAD: the uploaded file is gone; send it again",
                );
            }
        };
        reply.state = Some(JobState::Validating);
        self.advance(job, &reply)?;
        let checked = match self.validate(upload, &source) {
            Ok(checked) => checked,
            Err(stopped) => return self.end_stopped(upload, &source, stopped),
        };
        reply = Reply {
            state: Some(JobState::Processing),
            total: Some(checked.total),
            errors: Some(&checked.errors),
            ..reply
        };
        self.advance(job, &reply)?;
        self.store_job(upload, &source)?;
        tracing::info!(job = %upload.id, state = JobState::Completed.name(), records = checked.total, "job");
        self.forget(upload)
    }

    fn end_stopped(&self, upload: &Upload, source: &Source, stopped: Stopped) -> Result<()> {
        match stopped {
            Stopped::MaxRows => {
                let total = self.count(source).unwrap_or(0);
                self.fail(upload, Status::MaxRows, total, &max_rows())
            }
            Stopped::Refused(refusal) if refusal.status().is_client_error() => {
                self.fail(upload, Status::FailedToLoad, 0, &format!("FAILED TO LOAD: {}", refusal.message()))
            }
            Stopped::Refused(refusal) => Err(refusal),
            Stopped::NoTaker => Err(Refusal::internal(&"nobody took the records")),
        }
    }

    fn fail(&self, upload: &Upload, status: Status, total: u64, message: &str) -> Result<()> {
        self.fail_job(upload, status, total, message)?;
        tracing::warn!(job = %upload.id, status = status.name(), "job");
        self.forget(upload)
    }

    /// Removes the body of a completed job that is not to be kept.
    fn forget(&self, upload: &Upload) -> Result<()> {
        self.folder.discard_reply(upload.id, JobState::Processing)?;
        if !upload.keeps_raw {
            self.folder.discard(upload.id)?;
        }
        Ok(())
    }
}
