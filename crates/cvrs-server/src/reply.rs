//! Replies to uploads: their exact bytes, and lists cut to a budget.
//!
//! The budget is counted in characters of the whole reply. Items fall from the end, whole: first those of the redacted
//! store, then those of the non-redacted one, then validation errors; so what is kept is a beginning of all of them in
//! this order. Counts stay exact.
//!
//! Without a budget a list may be longer than memory should be: it is spooled, joined as it will be sent.

use cvrs_api::{JobState, Store};
use cvrs_engine::io::Spool;
use cvrs_report::{push_json, push_number};
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// What a list without a budget holds in memory, in bytes; beyond it, it goes to a file without a name.
const SPOOL_BYTES: usize = 256 << 10;

/// Strings of a list as far as a reply can hold them, and how many there were.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// JSON strings with their quotes.
    items: Vec<Vec<u8>>,
    chars: usize,
    count: u64,
    /// Characters beyond which nothing is kept; 0: everything is, in `whole`.
    budget: usize,
    /// All items with commas between them, where there is no budget.
    whole: Option<Mutex<Whole>>,
}

#[derive(Debug)]
struct Whole {
    spool: Spool,
    /// The first failure to keep an item, told when the list is asked for.
    failed: Option<io::Error>,
}

impl Whole {
    fn push(&mut self, item: &[u8], is_first: bool) {
        if self.failed.is_none() {
            let comma: &[u8] = if is_first { b"" } else { b"," };
            self.failed = self.spool.write_all(comma).and_then(|()| self.spool.write_all(item)).err();
        }
    }

    fn copy_to(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match &self.failed {
            Some(error) => Err(io::Error::new(error.kind(), error.to_string())),
            None => self.spool.copy_to(out),
        }
    }
}

/// How many characters so many bytes of UTF-8 are.
fn chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

impl Listing {
    pub(crate) fn new(budget: usize) -> Self {
        Self { budget, ..Self::default() }
    }

    /// Whether another item would be kept if it were short.
    pub(crate) const fn has_room(&self) -> bool {
        self.budget == 0 || self.chars <= self.budget
    }

    /// Adds a JSON string, quotes included.
    pub(crate) fn push_quoted(&mut self, item: &[u8]) {
        self.count += 1;
        if self.budget == 0 {
            let new = || Mutex::new(Whole { spool: Spool::new(SPOOL_BYTES, None), failed: None });
            let whole = self.whole.get_or_insert_with(new);
            whole.get_mut().unwrap_or_else(PoisonError::into_inner).push(item, self.count == 1);
        } else if self.has_room() {
            self.chars += chars(item);
            self.items.push(item.to_vec());
        }
    }

    /// Counts items that are not worth making, since there is no room.
    pub(crate) const fn skip(&mut self, count: u64) {
        self.count += count;
    }

    /// Bytes that are not in memory, or need not be.
    fn spooled(&self) -> u64 {
        self.whole.as_ref().map_or(0, |whole| whole.lock().unwrap_or_else(PoisonError::into_inner).spool.len())
    }

    /// How many items there were.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }
}

/// What one store did.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) store: Store,
    pub(crate) processed: u64,
    pub(crate) errors: Listing,
}

impl Stored {
    pub(crate) fn new(store: Store, budget: usize) -> Self {
        Self { store, processed: 0, errors: Listing::new(budget) }
    }

    /// Notes a record that the store refuses.
    pub(crate) fn refuse(&mut self, vax_event_id: &[u8], recip_id: &[u8], message: &str) {
        if !self.errors.has_room() {
            return self.errors.skip(1);
        }
        let mut item = Vec::with_capacity(96);
        item.extend_from_slice(b"\"storage=");
        item.extend_from_slice(self.store.name().as_bytes());
        item.extend_from_slice(b" vaxEventID=");
        push_json(&mut item, vax_event_id);
        item.extend_from_slice(b" recipId=");
        push_json(&mut item, recip_id);
        item.extend_from_slice(b" message=");
        item.extend_from_slice(message.as_bytes());
        item.push(b'"');
        self.errors.push_quoted(&item);
    }
}

/// Everything a reply says. What is not known yet is `None`.
#[derive(Clone, Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) id: uuid::Uuid,
    /// The state of a job; an upload has none.
    pub(crate) state: Option<JobState>,
    pub(crate) total: Option<u64>,
    pub(crate) errors: Option<&'a Listing>,
    pub(crate) stored: Option<&'a [Stored]>,
}

impl Reply<'_> {
    /// Bytes that need not be in memory at once: about the whole reply where there is no budget.
    pub(crate) fn spooled(&self) -> u64 {
        self.lists().map(Listing::spooled).sum()
    }

    /// The bytes on the wire.
    pub(crate) fn bytes(&self, budget: usize) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(512);
        self.write_to(budget, &mut out)?;
        Ok(out)
    }

    /// Writes the bytes on the wire, within so many characters if the lists allow it; 0: uncut.
    ///
    /// # Errors
    /// What `out` or the spool of a list reports.
    pub(crate) fn write_to(&self, budget: usize, out: &mut dyn Write) -> io::Result<()> {
        let mut kept: Vec<usize> = self.lists().map(|_| 0).collect();
        if budget > 0 {
            let mut empty = Vec::with_capacity(512);
            self.write(&kept, &mut empty)?;
            let mut length = chars(&empty);
            'lists: for (kept, list) in kept.iter_mut().zip(self.lists()) {
                for item in &list.items {
                    // A comma stands before every item but the first.
                    let more = chars(item) + usize::from(*kept > 0);
                    if length + more > budget {
                        break 'lists;
                    }
                    length += more;
                    *kept += 1;
                }
                if (*kept as u64) < list.count {
                    break;
                }
            }
        }
        self.write(&kept, out)
    }

    fn lists(&self) -> impl Iterator<Item = &Listing> {
        self.errors.into_iter().chain(self.stored.unwrap_or_default().iter().map(|stored| &stored.errors))
    }

    fn write(&self, kept: &[usize], sink: &mut dyn Write) -> io::Result<()> {
        let mut kept = kept.iter().copied();
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(b"{\"id\":\"");
        out.extend_from_slice(self.id.to_string().as_bytes());
        out.push(b'"');
        if let Some(state) = self.state {
            out.extend_from_slice(b",\"status\":\"");
            out.extend_from_slice(state.name().as_bytes());
            out.push(b'"');
        }
        out.extend_from_slice(b",\"totalRecords\":");
        push_count(&mut out, self.total);
        out.extend_from_slice(b",\"validationErrors\":[");
        push_items(&mut out, sink, self.errors, &mut kept)?;
        out.extend_from_slice(b"],\"validationErrorsCount\":");
        push_count(&mut out, self.errors.map(Listing::count));
        out.extend_from_slice(b",\"storageResult\":");
        match self.stored {
            None => out.extend_from_slice(b"null"),
            Some(stored) => {
                out.push(b'{');
                for (at, stored) in stored.iter().enumerate() {
                    out.extend_from_slice(if at == 0 { b"\"" } else { b",\"" });
                    out.extend_from_slice(stored.store.name().as_bytes());
                    out.extend_from_slice(b"\":{\"status\":\"SUCCESS\",\"processingErrors\":[");
                    push_items(&mut out, sink, Some(&stored.errors), &mut kept)?;
                    out.extend_from_slice(b"],\"processedCount\":");
                    push_number(&mut out, stored.processed);
                    out.extend_from_slice(b",\"processingErrorsCount\":");
                    push_number(&mut out, stored.errors.count());
                    out.push(b'}');
                }
                out.push(b'}');
            }
        }
        out.push(b'}');
        sink.write_all(&out)
    }
}

fn push_count(out: &mut Vec<u8>, count: Option<u64>) {
    match count {
        None => out.extend_from_slice(b"-1"),
        Some(count) => push_number(out, count),
    }
}

/// Adds the items of a list; those that are spooled go to `sink`, after what has been gathered.
fn push_items(
    out: &mut Vec<u8>,
    sink: &mut dyn Write,
    list: Option<&Listing>,
    kept: &mut impl Iterator<Item = usize>,
) -> io::Result<()> {
    let Some(list) = list else { return Ok(()) };
    if let Some(whole) = &list.whole {
        sink.write_all(out)?;
        out.clear();
        return whole.lock().unwrap_or_else(PoisonError::into_inner).copy_to(sink);
    }
    for (at, item) in list.items.iter().take(kept.next().unwrap_or(0)).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(item);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cvrs_api::{JobStatus, UploadStatusResponse};

    fn listing(budget: usize, items: &[&str]) -> Listing {
        let mut list = Listing::new(budget);
        for item in items {
            list.push_quoted(&serde_json::to_vec(item).unwrap());
        }
        list
    }

    fn reply(budget: usize, n_errors: usize, n_refused: usize) -> Vec<u8> {
        let errors: Vec<String> = (0..n_errors).map(|at| format!("line#{at}: é")).collect();
        let errors = listing(budget, &errors.iter().map(String::as_str).collect::<Vec<_>>());
        let stored: Vec<Stored> = Store::ALL
            .into_iter()
            .map(|store| {
                let mut stored = Stored::new(store, budget);
                for at in 0..n_refused {
                    stored.refuse(format!("A{at}").as_bytes(), b"B", "Record already exists");
                }
                stored
            })
            .collect();
        let reply = Reply {
            id: uuid::Uuid::nil(),
            state: None,
            total: Some((n_errors + n_refused) as u64),
            errors: Some(&errors),
            stored: Some(&stored),
        };
        reply.bytes(budget).unwrap()
    }

    #[test]
    fn a_list_without_a_budget_waits_in_a_file() {
        let mut list = Listing::new(0);
        let item = format!("\"{}\"", "x".repeat(1000));
        for _ in 0..2000 {
            list.push_quoted(item.as_bytes());
        }
        assert!(list.items.is_empty() && list.spooled() > 2_000_000);
        assert!(list.whole.as_ref().unwrap().lock().unwrap().spool.is_on_disk());
        let reply =
            Reply { id: uuid::Uuid::nil(), state: None, total: Some(2000), errors: Some(&list), stored: Some(&[]) };
        let read: UploadStatusResponse = serde_json::from_slice(&reply.bytes(0).unwrap()).unwrap();
        assert_eq!((read.validation_errors.len(), read.validation_errors_count), (2000, 2000));
        assert!(read.validation_errors.iter().all(|found| format!("\"{found}\"") == item));
    }

    #[test]
    fn bytes_are_those_of_the_wire_types() {
        let bytes = reply(0, 3, 2);
        let read: UploadStatusResponse = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(serde_json::to_vec(&read).unwrap(), bytes);
        let queued =
            Reply { id: uuid::Uuid::nil(), state: Some(JobState::Queued), total: None, errors: None, stored: None };
        let expected = JobStatus::queued(uuid::Uuid::nil().to_string());
        assert_eq!(queued.bytes(4000).unwrap(), serde_json::to_vec(&expected).unwrap());
    }

    /// The uncut reply, from which items are dropped from the end, one by one, until it fits.
    fn slowly(mut reply: UploadStatusResponse, budget: usize) -> UploadStatusResponse {
        while serde_json::to_string(&reply).unwrap().chars().count() > budget {
            let lists = [Store::Redacted, Store::NonRedacted];
            let dropped = lists.iter().any(|store| {
                reply.storage_result.get_mut(store).is_some_and(|stored| stored.processing_errors.pop().is_some())
            });
            if !dropped && reply.validation_errors.pop().is_none() {
                break;
            }
        }
        reply
    }

    #[test]
    fn a_cut_reply_is_the_uncut_one_without_its_last_items() {
        for (n_errors, n_refused) in [(0, 0), (5, 3), (60, 0), (0, 40), (20, 20), (300, 300)] {
            for budget in [1, 300, 700, 1_000, 2_345, 4_000] {
                let uncut: UploadStatusResponse = serde_json::from_slice(&reply(0, n_errors, n_refused)).unwrap();
                let cut: UploadStatusResponse = serde_json::from_slice(&reply(budget, n_errors, n_refused)).unwrap();
                assert_eq!(cut, slowly(uncut, budget), "{n_errors} {n_refused} {budget}");
            }
        }
    }
}
