//! Replies to uploads and jobs, of both generations, and what they say of a part.

use crate::Operation;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A JSON object whose keys are found whatever their case: the public material writes some of them both ways.
#[derive(Clone, Debug)]
pub(crate) struct Object(Map<String, Value>);

impl Object {
    pub(crate) fn new(value: Value) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self(map)),
            _ => None,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        let found = || self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value);
        self.0.get(key).or_else(found).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.get(key)?.as_str().map(str::to_owned)
    }

    /// A number from 0; -1 stands for what is not known yet.
    pub(crate) fn count(&self, key: &str) -> Option<u64> {
        self.get(key)?.as_u64()
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let list = self.get(key).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }
}

/// What one store says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreAnswer {
    /// Records that it took.
    pub processed: Option<u64>,
    /// Records that it refused, cut list or not.
    pub n_errors: Option<u64>,
    /// The refusals that are listed.
    pub errors: Vec<String>,
}

/// A reply to an upload, or to a question about a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The transaction or job.
    pub id: Option<String>,
    /// Where a job stands; none for an upload.
    pub status: Option<String>,
    /// The records that the service counts.
    pub total: Option<u64>,
    /// Refusals by validation that are listed: one a cell.
    pub validation: Vec<String>,
    /// How many there are, cut list or not.
    pub n_validation: Option<u64>,
    /// What each store says.
    pub stores: BTreeMap<String, StoreAnswer>,
    /// Whether lists were cut without counts (the first generation).
    pub is_cut: bool,
}

/// Where a job or upload is, to be judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not at its end.
    Underway(String),
    /// At its end: the records were looked at.
    Done,
    /// At its end, and nothing was stored.
    Failed(String),
}

impl Answer {
    /// Reads a reply; none if it is no JSON object.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let object = Object::new(serde_json::from_slice(body).ok()?)?;
        let mut answer = Self {
            id: object.text("id"),
            status: object.text("status"),
            total: object.count("totalRecords"),
            validation: object.texts("validationErrors"),
            n_validation: object.count("validationErrorsCount"),
            stores: BTreeMap::new(),
            is_cut: object.get("truncated").and_then(Value::as_bool).unwrap_or_default(),
        };
        if let Some(stores) = object.get("storageResult").and_then(Value::as_object) {
            for (name, value) in stores {
                let Some(store) = Object::new(value.clone()) else { continue };
                let said = StoreAnswer {
                    processed: store.count("processedCount"),
                    n_errors: store.count("processingErrorsCount"),
                    errors: store.texts("processingErrors"),
                };
                answer.stores.insert(name.clone(), said);
            }
        }
        // The first generation has one list for all stores.
        for error in object.texts("processingErrors") {
            let store = Item::parse(&error).store;
            match store.and_then(|name| answer.stores.get_mut(&name)) {
                Some(store) => store.errors.push(error),
                None => answer.stores.values_mut().for_each(|store| store.errors.push(error.clone())),
            }
        }
        if object.get("id").is_none() && answer.stores.is_empty() && object.get("validationErrors").is_none() {
            return None;
        }
        Some(answer)
    }

    /// Where the job or upload stands.
    pub fn standing(&self) -> Standing {
        let status = self.status.as_deref().unwrap_or("COMPLETED");
        let upper = status.to_ascii_uppercase();
        if upper == "MAX ROWS" || upper.contains("ERROR") || upper.contains("FAIL") {
            let said = self.validation.first().map(|text| format!(": {text}")).unwrap_or_default();
            return Standing::Failed(format!("the job ended as {status}{said}"));
        }
        if upper != "COMPLETED" {
            return Standing::Underway(status.to_owned());
        }
        let descriptive = self.validation.iter().find(|text| Item::parse(text).line.is_none());
        match descriptive {
            Some(text) if self.stores.is_empty() => Standing::Failed(text.clone()),
            _ => Standing::Done,
        }
    }
}

/// An entry of a list of errors, read from left to right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Line of the part, the header being line 1.
    pub line: Option<u64>,
    /// The store that refuses.
    pub store: Option<String>,
    /// Id of the event.
    pub vax_event_id: Option<String>,
    /// Id of the recipient.
    pub recip_id: Option<String>,
    /// The column.
    pub field: Option<String>,
    /// What is wrong.
    pub message: Option<String>,
}

impl Item {
    /// Reads an entry; what is not of a known shape has nothing in it.
    pub fn parse(text: &str) -> Self {
        const KEYS: [&str; 4] = ["vaxeventid=", "recipid=", "field=", "message="];
        let lower = text.to_ascii_lowercase();
        let mut item = Self::default();
        let start = if let Some(rest) = lower.strip_prefix("line#") {
            let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            item.line = rest[..n_digits].parse().ok();
            5 + n_digits
        } else if lower.starts_with("storage=") {
            let end = text.find(' ').unwrap_or(text.len());
            item.store = Some(text[8..end].to_owned());
            end
        } else {
            0
        };
        // Where each key's value begins, in the order in which keys may stand.
        let mut found: [Option<(usize, usize)>; 4] = [None; 4];
        let mut at = start;
        for (slot, key) in found.iter_mut().zip(KEYS) {
            let is_at_word = |place: usize| place == 0 || lower.as_bytes()[place - 1] == b' ';
            let place = lower[at..].match_indices(key).map(|(place, _)| at + place).find(|&place| is_at_word(place));
            if let Some(place) = place {
                *slot = Some((place, place + key.len()));
                at = place + key.len();
            }
        }
        let mut values = found.iter().enumerate().map(|(slot, place)| {
            let &(_, begin) = place.as_ref()?;
            let end = found[slot + 1..].iter().flatten().next().map_or(text.len(), |&(place, _)| place);
            let value = &text[begin..end];
            Some(if end < text.len() { value.strip_suffix(' ').unwrap_or(value) } else { value }.to_owned())
        });
        item.vax_event_id = values.next().flatten();
        item.recip_id = values.next().flatten();
        item.field = values.next().flatten();
        item.message = values.next().flatten();
        item
    }
}

/// What a part came to in the stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records that each store holds because of this submission.
    pub stored: BTreeMap<String, u64>,
    /// Those of them that are taken for stored by an earlier attempt whose reply was lost.
    pub settled: BTreeMap<String, u64>,
    /// Errors that no list shows.
    pub n_unlisted: u64,
    /// Whether lists were cut without counts, so that the figures are the best that can be had.
    pub is_estimate: bool,
    /// What does not add up.
    pub doubt: Option<String>,
}

/// Adds up what is said of a part of `records`.
///
/// `repeated` is for a part whose earlier attempt was left without a reply: how many of its records have the id of an
/// earlier one, and so would be refused in any case. `held` is what an export has shown of it, by store.
pub fn tally(
    answer: &Answer,
    records: u64,
    operation: Operation,
    repeated: Option<u64>,
    held: Option<&BTreeMap<String, u64>>,
) -> Tally {
    let mut tally = Tally { is_estimate: answer.is_cut, ..Tally::default() };
    if let Some(total) = answer.total.filter(|&total| total != records && !answer.stores.is_empty()) {
        tally.doubt = Some(format!("the service counts {total} records of {records}"));
    }
    let listed = answer.validation.len() as u64;
    tally.n_unlisted = answer.n_validation.unwrap_or(listed).saturating_sub(listed);
    let invalid = || {
        let lines: std::collections::BTreeSet<Option<u64>> =
            answer.validation.iter().map(|text| Item::parse(text).line).collect();
        lines.len() as u64
    };
    for (name, store) in &answer.stores {
        let listed = store.errors.len() as u64;
        let n_errors = store.n_errors.unwrap_or(listed);
        let processed = store.processed.unwrap_or_else(|| records.saturating_sub(n_errors + invalid()));
        if processed + n_errors > records && tally.doubt.is_none() {
            tally.doubt = Some(format!("{name} counts {processed} and {n_errors} records of {records}"));
        }
        let (ours, told) = match (operation.lost_message(), repeated) {
            (Some(message), Some(repeats)) => {
                let others = store.errors.iter().filter(|text| !says(text, message)).count() as u64;
                let found = n_errors.saturating_sub(others + repeats);
                let held = held.and_then(|held| held.get(name));
                (held.map_or(found, |held| held.saturating_sub(processed).min(found)), others)
            }
            _ => (0, listed),
        };
        tally.n_unlisted += n_errors.saturating_sub(ours + if ours > 0 { told } else { listed });
        if ours > 0 {
            tally.settled.insert(name.clone(), ours);
        }
        tally.stored.insert(name.clone(), (processed + ours).min(records));
    }
    tally
}

fn says(text: &str, message: &str) -> bool {
    Item::parse(text).message.is_some_and(|said| said.trim().eq_ignore_ascii_case(message))
}

#[cfg(test)]
mod tests;
