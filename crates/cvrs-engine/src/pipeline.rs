//! The parallel pipeline: any number of workers take chunks in order, and what they make is committed in order.
//!
//! ```text
//! worker: take chunk k → look (counts) → publish → once the counts of 0..k are there: make → commit in turn
//! ```
//!
//! A look needs nothing from other chunks. A worker whose chunk has to wait for those before it takes the next one
//! meanwhile, up to [`HELD`] of them, so that no worker waits for another as long as they are about as fast. A result
//! that comes before its turn is parked; whoever brings the missing one commits all that follow. Workers stay at most
//! [`AHEAD`] chunks a thread ahead of what is committed, which bounds memory whatever the text.

use crate::chunk::{Chunk, Source};
use crate::error::{Error, Result};
use crate::work::Counts;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};

/// How many chunks a thread may be ahead of what is committed.
const AHEAD: u64 = 4;

/// How many chunks a worker holds that it has looked at and not yet made.
const HELD: usize = 3;

/// How often a thread looks before it sleeps.
const LOOKS: u32 = 40;

/// What is done with each chunk.
pub(crate) trait Job: Sync {
    /// A worker's memory.
    type Worker;
    /// What a look at a chunk leaves for the second step. Reused.
    type Look: Default;
    /// What is made of a chunk. Reused: it comes back from commit.
    type Outcome: Default + Send;

    /// The memory of a new worker.
    fn worker(&self) -> Self::Worker;

    /// The step that needs nothing from other chunks. What is known to come next may be fetched meanwhile.
    fn look(&self, worker: &mut Self::Worker, text: &[u8], upcoming: &[u8], look: &mut Self::Look) -> Counts;

    /// The step that knows what precedes the chunk.
    #[expect(clippy::too_many_arguments, reason = "a chunk, what is known of it, and what is made of it")]
    fn make(
        &self,
        worker: &mut Self::Worker,
        look: &mut Self::Look,
        text: &[u8],
        chunk: &Chunk,
        counts: Counts,
        before: Counts,
        outcome: &mut Self::Outcome,
    ) -> Result<()>;
}

struct State<O> {
    /// Counts of chunks that precede the one with the lowest number not yet published.
    summed: Counts,
    n_published: u64,
    published: BTreeMap<u64, Counts>,
    /// What precedes each chunk, for those that have not picked it up.
    before: BTreeMap<u64, Counts>,
    n_committed: u64,
    parked: BTreeMap<u64, O>,
    is_committing: bool,
    spare: Vec<O>,
    error: Option<Error>,
    /// How many threads sleep until something changes.
    n_asleep: usize,
}

/// Runs a job over a source with so many threads; `commit` gets the outcomes in the order of the text.
pub(crate) fn run<J: Job>(
    source: &Source<'_>,
    job: &J,
    threads: usize,
    cancel: &AtomicBool,
    commit: Commit<'_, J::Outcome>,
) -> Result<()> {
    // To start threads that find nothing to do takes longer than to check a short text.
    let threads = threads.min(usize::try_from(source.most_chunks()).unwrap_or(usize::MAX));
    let driver = Driver {
        source,
        job,
        cancel,
        threads: threads.max(1) as u64,
        state: Mutex::new(State {
            // The header is line 1.
            summed: Counts { lines: 1, ..Counts::default() },
            n_published: 0,
            published: BTreeMap::new(),
            before: BTreeMap::new(),
            n_committed: 0,
            parked: BTreeMap::new(),
            is_committing: false,
            spare: Vec::new(),
            error: None,
            n_asleep: 0,
        }),
        changed: Condvar::new(),
        commit: Mutex::new(commit),
    };
    spawn(threads, &|| driver.work());
    let state = driver.state.into_inner().map_err(|_| Error::WorkerPanicked)?;
    state.error.map_or(Ok(()), Err)
}

/// Runs `work` on so many threads at once and waits for all.
#[cfg(feature = "parallel")]
pub(crate) fn spawn(threads: usize, work: &(dyn Fn() + Sync)) {
    if threads <= 1 {
        return work();
    }
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => {
            pool.broadcast(|_| work());
        }
        Err(_) => work(),
    }
}

#[cfg(not(feature = "parallel"))]
pub(crate) fn spawn(_threads: usize, work: &(dyn Fn() + Sync)) {
    work();
}

/// What takes the outcomes in the order of the text.
type Commit<'c, O> = &'c mut (dyn FnMut(&mut O) -> Result<()> + Send);

struct Driver<'a, 's, 'c, J: Job> {
    source: &'a Source<'s>,
    job: &'a J,
    cancel: &'a AtomicBool,
    threads: u64,
    state: Mutex<State<J::Outcome>>,
    changed: Condvar,
    commit: Mutex<Commit<'c, J::Outcome>>,
}

/// A chunk that was looked at and not yet made.
#[derive(Default)]
struct Held<L> {
    buffer: Vec<u8>,
    look: L,
    chunk: Chunk,
    counts: Counts,
}

/// What a worker does next.
enum Step {
    /// Takes another chunk.
    Take,
    /// Makes the oldest one that it holds, given what precedes it.
    Make(Counts),
}

/// Makes the run fail if a worker ends in a panic, so that the others do not wait for it for ever.
struct Watch<'a, 'b, 's, 'c, J: Job>(&'a Driver<'b, 's, 'c, J>);

impl<J: Job> Drop for Watch<'_, '_, '_, '_, J> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(Error::WorkerPanicked);
        }
    }
}

impl<J: Job> Driver<'_, '_, '_, J> {
    fn work(&self) {
        let watch = Watch(self);
        if let Err(error) = self.take_all() {
            self.fail(error);
        }
        drop(watch);
    }

    fn lock(&self) -> MutexGuard<'_, State<J::Outcome>> {
        // A poisoned lock means a panic elsewhere, which `Watch` has turned into an error already.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn fail(&self, error: Error) {
        let mut state = self.lock();
        state.error.get_or_insert(error);
        self.wake(&state);
    }

    /// Wakes those who sleep, if any: to ask the system takes longer than to look.
    fn wake(&self, state: &State<J::Outcome>) {
        if state.n_asleep > 0 {
            self.changed.notify_all();
        }
    }

    /// Waits until `ready` gives something; `None` if the run has failed meanwhile.
    ///
    /// What is waited for mostly comes within a microsecond, so the thread looks a few times before it sleeps.
    fn wait<T>(&self, mut ready: impl FnMut(&mut State<J::Outcome>) -> Option<T>) -> Option<T> {
        let mut look = |state: &mut State<J::Outcome>| {
            if state.error.is_some() { Some(None) } else { ready(state).map(Some) }
        };
        for _ in 0..LOOKS {
            if let Some(end) = look(&mut self.lock()) {
                return end;
            }
            for _ in 0..64 {
                std::hint::spin_loop();
            }
        }
        let mut state = self.lock();
        loop {
            if let Some(end) = look(&mut state) {
                return end;
            }
            state.n_asleep += 1;
            state = self.changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
            state.n_asleep -= 1;
        }
    }

    fn take_all(&self) -> Result<()> {
        let mut worker = self.job.worker();
        let mut reader = self.source.reader();
        let mut held: VecDeque<Held<J::Look>> = VecDeque::with_capacity(HELD);
        let mut spare: Vec<Held<J::Look>> = Vec::with_capacity(HELD);
        let (mut n_taken, mut is_at_end) = (0, false);
        loop {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(Error::Interrupted);
            }
            let oldest = held.front().map(|held| held.chunk.sequence);
            if is_at_end && oldest.is_none() {
                return Ok(());
            }
            let takes = !is_at_end && held.len() < HELD;
            match self.next_step(oldest, takes.then_some(n_taken)) {
                None => return Ok(()),
                Some(Step::Take) => {
                    let mut next = spare.pop().unwrap_or_default();
                    // Ranges are taken without waiting for each other's reading; a stream has its own lock.
                    let Some(chunk) = reader.next(&mut next.buffer)? else {
                        is_at_end = true;
                        continue;
                    };
                    n_taken = chunk.sequence + 1;
                    let text = self.source.lines(&chunk, &next.buffer);
                    next.counts = self.job.look(&mut worker, text, reader.upcoming(), &mut next.look);
                    self.publish(chunk.sequence, next.counts);
                    next.chunk = chunk;
                    held.push_back(next);
                }
                Some(Step::Make(before)) => {
                    let Some(mut ready) = held.pop_front() else { continue };
                    let Held { buffer, look, chunk, counts } = &mut ready;
                    let text = self.source.lines(chunk, buffer);
                    let mut outcome = self.lock().spare.pop().unwrap_or_default();
                    self.job.make(&mut worker, look, text, chunk, *counts, before, &mut outcome)?;
                    self.source.check()?;
                    self.commit(chunk.sequence, outcome)?;
                    spare.push(ready);
                }
            }
        }
    }

    /// What a worker does next, waiting until there is something: it makes the oldest chunk that it holds once all
    /// before it are counted, else takes another one, if it does and is not too far ahead. `None` if the run has failed.
    fn next_step(&self, oldest: Option<u64>, n_taken: Option<u64>) -> Option<Step> {
        let ahead = AHEAD * self.threads;
        self.wait(|state| {
            let before = oldest.and_then(|oldest| state.before.remove(&oldest));
            let takes = n_taken.is_some_and(|n_taken| n_taken < state.n_committed + ahead);
            before.map(Step::Make).or(takes.then_some(Step::Take))
        })
    }

    /// Tells the counts of a chunk, and what precedes each that has all its predecessors counted now.
    fn publish(&self, sequence: u64, counts: Counts) {
        let mut state = self.lock();
        state.published.insert(sequence, counts);
        let mut next = state.n_published;
        while let Some(counts) = state.published.remove(&next) {
            let before = state.summed;
            state.before.insert(next, before);
            state.summed += counts;
            next += 1;
        }
        state.n_published = next;
        self.wake(&state);
    }

    /// Parks the outcome, and commits all whose turn has come unless another worker is at it.
    fn commit(&self, sequence: u64, outcome: J::Outcome) -> Result<()> {
        let mut state = self.lock();
        state.parked.insert(sequence, outcome);
        if state.is_committing {
            return Ok(());
        }
        state.is_committing = true;
        loop {
            let next = state.n_committed;
            let Some(mut outcome) = state.parked.remove(&next).filter(|_| state.error.is_none()) else {
                state.is_committing = false;
                return Ok(());
            };
            drop(state);
            let mut commit = self.commit.lock().map_err(|_| Error::WorkerPanicked)?;
            // Bytes that vanish on their way from memory to a file are the input's fault.
            commit(&mut outcome).map_err(|error| self.source.check_end().err().unwrap_or(error))?;
            drop(commit);
            self.source.release(next + 1);
            state = self.lock();
            state.n_committed += 1;
            state.spare.push(outcome);
            self.wake(&state);
        }
    }
}
