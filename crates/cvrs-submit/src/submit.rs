//! Sending parts, one after the other, and waiting for what becomes of them.

mod confirm;

use crate::Operation;
use crate::answer::{Answer, Standing};
use crate::bisect::Search;
use crate::call::{Attempt, Call, CallError, CallKind, Connection, Failure, Pauses, Reply, jittered};
use crate::cut::{Mode, Part};
use crate::error::{Error, Result};
use crate::ledger::{PartRow, State, Submission};
use crate::token::Tokens;
use crate::witness::Rows;
use cvrs_api::route;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Jobs that are open at once: enough to keep the service busy, few enough not to crowd its queue.
const OPEN_JOBS: usize = 4;
/// The first pause between two questions about a job, and the longest.
const FIRST_QUESTION: Duration = Duration::from_millis(100);
const LAST_QUESTION: Duration = Duration::from_secs(10);

/// What is heard of while parts are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A part is being sent.
    Sending {
        /// Its records.
        records: u64,
        /// Its bytes.
        bytes: u64,
    },
    /// An attempt failed and is made again.
    Again {
        /// Why.
        cause: String,
    },
    /// The service took a part as a job.
    Queued {
        /// The job.
        id: String,
    },
    /// The store could not be asked what it holds after a lost reply.
    Unconfirmed {
        /// Why.
        cause: String,
    },
    /// A part came to its end.
    Ended {
        /// Where it is now.
        state: State,
        /// What went wrong, if anything did.
        problem: Option<String>,
    },
}

/// Options of sending.
#[derive(Clone, Copy, Debug)]
pub struct Sending {
    /// What the records are sent for.
    pub operation: Operation,
    /// Whether jobs are waited for.
    pub wait: bool,
    /// How long a job may stand still before the wait is given up.
    pub timeout: Duration,
    /// Whether what the ledger knows of the same text does not count.
    pub resend: bool,
    /// Whether halves of an upload are sent where its list was cut.
    pub bisect: bool,
}

struct Open {
    part: i64,
    job: String,
    state: String,
    since: Instant,
    pause: Duration,
}

/// Sends the parts of one submission.
pub struct Sender<'a, 'c> {
    connection: &'a Connection,
    tokens: &'a mut Tokens<'c>,
    submission: &'a Submission<'a>,
    sending: Sending,
    rows: Option<&'a Rows<'a>>,
    open: VecDeque<Open>,
    tell: &'a mut dyn FnMut(Event),
}

impl std::fmt::Debug for Sender<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("sending", &self.sending).finish_non_exhaustive()
    }
}

/// What is to be done after an attempt.
enum Next {
    Over,
    Again(CallError, Option<Duration>),
    Expired(CallError),
}

impl<'a, 'c> Sender<'a, 'c> {
    /// A sender over one connection with its tokens.
    pub fn new(
        connection: &'a Connection,
        tokens: &'a mut Tokens<'c>,
        submission: &'a Submission<'a>,
        sending: Sending,
        tell: &'a mut dyn FnMut(Event),
    ) -> Self {
        Self { connection, tokens, submission, sending, rows: None, open: VecDeque::new(), tell }
    }

    /// With the input, which is read again where a reply was lost: to see what other parts have, and what the stores hold.
    #[must_use]
    pub fn with_rows(self, rows: &'a Rows<'a>) -> Self {
        Self { rows: Some(rows), ..self }
    }

    /// Takes up the jobs that an earlier run left open.
    pub fn take_up(&mut self, parts: &[PartRow]) {
        for part in parts.iter().filter(|part| part.state == State::Queued) {
            self.follow(part);
        }
    }

    fn follow(&mut self, part: &PartRow) {
        let Some(job) = part.server_id.clone() else { return };
        let (since, pause) = (Instant::now(), FIRST_QUESTION);
        self.open.push_back(Open { part: part.id, job, state: String::new(), since, pause });
    }

    /// Sends a part, unless the ledger knows it as sent.
    ///
    /// # Errors
    /// What makes it useless to send others: a service that cannot be reached or refuses who asks, a ledger that cannot
    /// be written. The ledger has what became of the part.
    pub fn send(&mut self, part: &mut Part) -> Result<()> {
        let row = self.submission.enter(part, self.sending.resend)?;
        match row.state {
            State::Done => return Ok(()),
            State::Queued => {
                self.follow(&row);
                return Ok(());
            }
            State::Ready | State::Sending | State::Unsure | State::Failed => {}
        }
        if self.sending.wait {
            while self.open.len() >= OPEN_JOBS {
                self.wait_for_one()?;
            }
        }
        let mut pauses = self.connection.pauses();
        let mut expired = self.connection.pauses();
        let mut is_counted = false;
        loop {
            self.connection.check()?;
            let token = self.tokens.get()?;
            if !is_counted && self.submission.part(row.id)?.unanswered > 0 {
                let repeats = self.repeats(row.id, part)?;
                self.submission.enter_repeats(row.id, repeats)?;
                is_counted = true;
            }
            self.submission.begin(row.id)?;
            (self.tell)(Event::Sending { records: part.records, bytes: part.body.len() });
            let (path, media) = match part.mode {
                Mode::Sync => (route::UPLOAD_CVRS, "text/plain"),
                Mode::Async => (route::JOBS, "application/zip"),
            };
            let method = self.sending.operation.method();
            let call = Call { method, path, token: Some(token.reveal()), media: Some(media) };
            let attempt = match self.connection.attempt(&call, Some(&mut part.body)) {
                Ok(attempt) => attempt,
                Err(error) => {
                    // The body could not be read, and so was not sent.
                    self.submission.give_back(row.id, false, &error.to_string())?;
                    return Err(error);
                }
            };
            match self.settle(row.id, attempt)? {
                Next::Over => return self.bisect(row.id, part),
                Next::Expired(error) => {
                    self.tokens.forget();
                    if expired.next(None).is_none() {
                        return Err(error.into());
                    }
                }
                Next::Again(error, retry_after) => self.pause(&mut pauses, error, retry_after)?,
            }
        }
    }

    /// Makes the lists of a reply whole, if that is wanted.
    fn bisect(&mut self, id: i64, part: &mut Part) -> Result<()> {
        if !self.sending.bisect || part.mode != Mode::Sync {
            return Ok(());
        }
        let row = self.submission.part(id)?;
        let Some((reply, answer)) = row.reply.and_then(|text| Some((text.clone(), Answer::parse(text.as_bytes())?)))
        else {
            return Ok(());
        };
        let operation = self.sending.operation;
        let mut search = Search { connection: self.connection, tokens: self.tokens, operation };
        match search.complete(&mut part.body, &reply, &answer)? {
            Some(whole) => self.submission.answer(id, row.state, None, Some(&whole), row.problem.as_deref()),
            None => Ok(()),
        }
    }

    fn pause(&mut self, pauses: &mut Pauses, error: CallError, retry_after: Option<Duration>) -> Result<()> {
        let Some(pause) = pauses.next(retry_after) else { return Err(error.into()) };
        (self.tell)(Event::Again { cause: error.to_string() });
        self.connection.pause(pause)
    }

    /// Enters what became of an attempt.
    fn settle(&mut self, part: i64, attempt: Attempt) -> Result<Next> {
        let (failure, is_unsure): (Failure, bool) = match attempt {
            Attempt::Reply(reply) => return self.settle_reply(part, &reply),
            Attempt::NotSent(failure) => (failure, false),
            Attempt::Unsure(failure) => (failure, true),
        };
        let error = self.connection.failed(&failure);
        self.submission.give_back(part, is_unsure, &error.to_string())?;
        if failure.is_lasting() { Err(error.into()) } else { Ok(Next::Again(error, None)) }
    }

    fn settle_reply(&mut self, part: i64, reply: &Reply) -> Result<Next> {
        if (200..300).contains(&reply.status) {
            let text = String::from_utf8_lossy(&reply.body);
            let Some(answer) = Answer::parse(&reply.body) else {
                let problem = "the reply is none of the clearinghouse's; check the URL";
                self.submission.give_back(part, true, problem)?;
                return Err(CallError::new(CallKind::Service, format!("{}: {problem}", self.connection.url())).into());
            };
            self.settle_answer(part, &answer, &text)?;
            return Ok(Next::Over);
        }
        let error = self.connection.refused(reply);
        let message = error.to_string();
        match reply.status {
            401 => {
                self.submission.give_back(part, false, &message)?;
                Ok(Next::Expired(error))
            }
            429 | 503 => {
                self.submission.give_back(part, false, &message)?;
                Ok(Next::Again(error, reply.retry_after))
            }
            // Something between here and there may have passed it on before it gave up.
            502 | 504 => {
                self.submission.give_back(part, true, &message)?;
                Ok(Next::Again(error, reply.retry_after))
            }
            500.. => {
                self.submission.give_back(part, true, &message)?;
                Err(error.into())
            }
            403 => {
                self.submission.give_back(part, false, &message)?;
                Err(error.into())
            }
            _ => {
                self.submission.answer(part, State::Failed, None, None, Some(&message))?;
                Err(error.into())
            }
        }
    }

    fn settle_answer(&mut self, part: i64, answer: &Answer, text: &str) -> Result<Option<String>> {
        let id = answer.id.as_deref();
        match answer.standing() {
            Standing::Underway(state) => {
                let Some(job) = id else {
                    let problem = "the reply names no job; the same command asks again later";
                    self.submission.give_back(part, true, problem)?;
                    return Err(
                        CallError::new(CallKind::Service, format!("{}: {problem}", self.connection.url())).into()
                    );
                };
                let is_known = self.open.iter().any(|open| open.part == part);
                if !is_known {
                    self.submission.answer(part, State::Queued, id, Some(text), None)?;
                    (self.tell)(Event::Queued { id: job.to_owned() });
                    self.follow(&self.submission.part(part)?);
                }
                Ok(Some(state))
            }
            Standing::Done => {
                self.submission.answer(part, State::Done, id, Some(text), None)?;
                (self.tell)(Event::Ended { state: State::Done, problem: None });
                Ok(None)
            }
            Standing::Failed(problem) => {
                let problem = crate::call::one_line(&problem);
                self.submission.answer(part, State::Failed, id, Some(text), Some(&problem))?;
                (self.tell)(Event::Ended { state: State::Failed, problem: Some(problem) });
                Ok(None)
            }
        }
    }

    /// Asks for the oldest job until it has come to its end.
    fn wait_for_one(&mut self) -> Result<()> {
        loop {
            let Some(oldest) = self.open.front_mut() else { return Ok(()) };
            let pause = jittered(oldest.pause);
            oldest.pause = (oldest.pause * 3 / 2).min(LAST_QUESTION);
            self.connection.pause(pause)?;
            if self.ask()? {
                return Ok(());
            }
        }
    }

    /// Asks for the oldest job once; whether it has come to its end.
    fn ask(&mut self) -> Result<bool> {
        let Some(oldest) = self.open.front() else { return Ok(true) };
        let (part, job) = (oldest.part, oldest.job.clone());
        let reply = job_reply(self.connection, self.tokens, &job)?;
        if reply.status == 404 {
            let problem = "the service does not know the job any more; the same command sends the part again";
            self.submission.give_back(part, true, problem)?;
            self.open.pop_front();
            (self.tell)(Event::Ended { state: State::Unsure, problem: Some(problem.to_owned()) });
            return Ok(true);
        }
        let Some(answer) = Answer::parse(&reply.body).filter(|_| (200..300).contains(&reply.status)) else {
            return Err(self.connection.refused(&reply).into());
        };
        let Some(state) = self.settle_answer(part, &answer, &String::from_utf8_lossy(&reply.body))? else {
            self.open.pop_front();
            return Ok(true);
        };
        let timeout = self.sending.timeout;
        let oldest = self.open.front_mut().expect("it was there before it was asked for");
        if oldest.state != state {
            (oldest.since, oldest.pause) = (Instant::now(), FIRST_QUESTION);
            oldest.state = state;
        } else if oldest.since.elapsed() >= timeout {
            let message = format!(
                "job {job} is still {} after {} s; the same command goes on waiting",
                oldest.state,
                timeout.as_secs()
            );
            return Err(CallError::new(CallKind::Service, message).into());
        }
        Ok(false)
    }

    /// Waits for all jobs that are open, if jobs are waited for; and asks the stores what they hold where a reply was lost.
    ///
    /// # Errors
    /// As [`Sender::send`], and a job that stands still for too long.
    pub fn finish(&mut self) -> Result<()> {
        while self.sending.wait && !self.open.is_empty() {
            self.wait_for_one()?;
        }
        self.confirm()
    }
}

/// What the service says of a job.
pub(crate) fn job_reply(connection: &Connection, tokens: &mut Tokens<'_>, job: &str) -> Result<Reply> {
    let path = route::job(job);
    let mut expired = connection.pauses();
    loop {
        let token = tokens.get()?;
        let call = Call { method: ureq::http::Method::GET, path: &path, token: Some(token.reveal()), media: None };
        let reply = connection.call(&call, None)?;
        if reply.status != 401 {
            return Ok(reply);
        }
        tokens.forget();
        if expired.next(None).is_none() {
            return Err(Error::Call(connection.refused(&reply)));
        }
    }
}
