//! The one connection that writes, and how uploads that wait for each other share its commits.
//!
//! To make a commit last takes longer than to write a small upload. So an upload that is done while others wait joins
//! a group: its rows stay in the open transaction (behind a savepoint of its own until it is whole), the next one has
//! its turn, and the last of the group commits for all. Nobody is told that an upload is stored before that.

use rusqlite::Connection;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The most uploads of a group.
const MOST: usize = 64;

/// A connection for one writer at a time.
#[derive(Debug)]
pub(super) struct Shared {
    open: Mutex<Open>,
    /// How many wait for their turn.
    waiting: AtomicUsize,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    /// Those who are done in the transaction that is open.
    group: Option<Group>,
}

#[derive(Debug, Default)]
struct Group {
    members: usize,
    end: Arc<End>,
}

/// How a group's commit ended, once it has.
#[derive(Debug, Default)]
struct End {
    outcome: Mutex<Option<Result<(), String>>>,
    told: Condvar,
}

impl End {
    fn tell(&self, outcome: Result<(), String>) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.told.notify_all();
    }

    fn wait(&self) -> Result<(), String> {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &*outcome {
                Some(outcome) => return outcome.clone(),
                None => outcome = self.told.wait(outcome).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl Open {
    /// Commits what the group has written, and tells its members.
    fn commit_group(&mut self) {
        let Some(group) = self.group.take() else { return };
        let committed = self.connection.execute_batch("COMMIT").map_err(|error| error.to_string());
        if committed.is_err()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(cause = %error, "a transaction could not be rolled back");
        }
        group.end.tell(committed);
    }
}

impl Shared {
    pub(super) const fn new(connection: Connection) -> Self {
        Self { open: Mutex::new(Open { connection, group: None }), waiting: AtomicUsize::new(0) }
    }

    /// Waits for a turn. One that may take long (`is_long`) does not keep a group waiting.
    pub(super) fn turn(&self, is_long: bool) -> rusqlite::Result<Turn<'_>> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        if is_long {
            open.commit_group();
        }
        // From here on a failure must not leave members behind that nobody commits for.
        let begun = if open.group.is_none() { open.connection.execute_batch("BEGIN IMMEDIATE") } else { Ok(()) };
        let begun = begun.and_then(|()| {
            open.group.get_or_insert_default();
            open.connection.execute_batch("SAVEPOINT one")
        });
        let turn = Turn { shared: self, open: Some(open), is_long, is_begun: begun.is_ok() };
        begun.map(|()| turn)
    }
}

/// The connection while one upload has it. Dropped before it is committed, it leaves no trace of that upload.
#[derive(Debug)]
pub(super) struct Turn<'s> {
    shared: &'s Shared,
    /// There until the turn is over.
    open: Option<MutexGuard<'s, Open>>,
    is_long: bool,
    is_begun: bool,
}

impl Turn<'_> {
    /// The connection.
    pub(super) fn connection(&self) -> &Connection {
        &self.open.as_ref().expect("a turn that is not over").connection
    }

    /// Makes what was written last: returns when it is sure to survive.
    pub(super) fn commit(mut self) -> Result<(), String> {
        let mut open = self.open.take().expect("a turn that is not over");
        if let Err(error) = open.connection.execute_batch("RELEASE one") {
            self.open = Some(open);
            return Err(error.to_string());
        }
        let Some(group) = &mut open.group else { return Err("no transaction is open".into()) };
        group.members += 1;
        let end = Arc::clone(&group.end);
        let is_last = self.is_long || group.members >= MOST || self.shared.waiting.load(Ordering::SeqCst) == 0;
        if is_last {
            open.commit_group();
        }
        drop(open);
        end.wait()
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        if self.is_begun
            && let Err(error) = open.connection.execute_batch("ROLLBACK TO one; RELEASE one")
        {
            tracing::error!(cause = %error, "an upload could not be rolled back");
        }
        // Without another to come, the group is over.
        let has_members = open.group.as_ref().is_some_and(|group| group.members > 0);
        if !has_members || self.shared.waiting.load(Ordering::SeqCst) == 0 {
            open.commit_group();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    fn shared() -> Shared {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t(n INTEGER PRIMARY KEY)").unwrap();
        Shared::new(connection)
    }

    fn insert(turn: &Turn<'_>, n: i64) -> rusqlite::Result<usize> {
        turn.connection().execute("INSERT INTO t VALUES (?1)", [n])
    }

    fn rows(shared: &Shared) -> Vec<i64> {
        let turn = shared.turn(false).unwrap();
        let mut select = turn.connection().prepare("SELECT n FROM t ORDER BY n").unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(|n| n.unwrap()).collect()
    }

    #[test]
    fn what_is_not_committed_leaves_no_trace_and_spoils_no_other() {
        let shared = shared();
        let first = shared.turn(false).unwrap();
        insert(&first, 1).unwrap();
        first.commit().unwrap();
        let second = shared.turn(false).unwrap();
        insert(&second, 2).unwrap();
        drop(second);
        let third = shared.turn(true).unwrap();
        insert(&third, 3).unwrap();
        third.commit().unwrap();
        assert_eq!(rows(&shared), [1, 3]);
        assert!(shared.open.lock().unwrap().group.is_none(), "no transaction stays open");
    }

    #[test]
    fn many_at_once_all_end_and_only_the_committed_stay() {
        let (shared, barrier) = (shared(), Barrier::new(16));
        std::thread::scope(|scope| {
            for thread in 0..16 {
                let (shared, barrier) = (&shared, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    for round in 0..25 {
                        let number = thread * 25 + round;
                        let turn = shared.turn(number % 11 == 0).unwrap();
                        insert(&turn, number).unwrap();
                        if number % 3 == 0 {
                            drop(turn);
                        } else {
                            turn.commit().unwrap();
                        }
                    }
                });
            }
        });
        let expected: Vec<i64> = (0..400).filter(|number| number % 3 != 0).collect();
        assert_eq!(rows(&shared), expected);
    }

    #[test]
    fn a_commit_that_fails_is_told_to_all_of_its_group() {
        let shared = shared();
        let connection = "PRAGMA foreign_keys = ON; CREATE TABLE u(n REFERENCES t(n) DEFERRABLE INITIALLY DEFERRED)";
        shared.open.lock().unwrap().connection.execute_batch(connection).unwrap();
        std::thread::scope(|scope| {
            let bad = shared.turn(false).unwrap();
            let good = scope.spawn(|| {
                let good = shared.turn(false).unwrap();
                insert(&good, 1).unwrap();
                good.commit()
            });
            while shared.waiting.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            bad.connection().execute("INSERT INTO u VALUES (99)", []).unwrap();
            assert!(bad.commit().is_err());
            assert!(good.join().unwrap().is_err(), "its rows went with the transaction");
        });
        assert_eq!(rows(&shared), Vec::<i64>::new());
    }
}
