//! The receipt: what was read, held back, sent, stored and refused, over all runs of a submission.

use crate::Operation;
use crate::answer::{Answer, Item, Tally, tally};
use crate::ledger::{InputFacts, PartRow, State};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What made the receipt.
#[derive(Clone, Debug, Serialize)]
pub struct Versions {
    /// This program.
    pub cvrs: String,
    /// The rule book.
    pub rule_book: String,
    /// The code sets.
    pub code_sets: String,
    /// The version of CVRS that the input was read by.
    pub specification: String,
}

#[derive(Clone, Debug, Serialize)]
struct Input {
    name: String,
    bytes: u64,
    sha256: String,
}

/// When a part was sent last, and answered.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Times {
    /// UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<String>,
}

/// When the first run of a submission began, and this one ended.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Span {
    /// UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun: Option<String>,
    /// UTC, RFC 3339.
    pub ended: String,
}

/// An entry of the service's lists, joined to where it came from.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ListedError {
    /// The input.
    pub file: String,
    /// Line of the input, the header being line 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Data row of the input, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// The store that refuses; none for validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// Id of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vax_event_id: Option<String>,
    /// Id of the recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recip_id: Option<String>,
}

/// What became of a part.
#[derive(Clone, Debug, Serialize)]
pub struct PartReceipt {
    /// Its place in the input, from 1.
    pub number: usize,
    /// Its records.
    pub records: u64,
    /// Its body in bytes.
    pub bytes: u64,
    /// SHA-256 of its text.
    pub sha256: String,
    /// The input's first and last line in it.
    pub lines: [u64; 2],
    /// `sync` or `async`.
    pub mode: String,
    /// Its transaction or job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_id: Option<String>,
    /// `COMPLETED`, `FAILED`, `UNSENT`, `UNSURE`, or where its job stood last.
    pub state: String,
    /// When.
    pub times: Times,
    /// How often it was sent.
    pub attempts: u64,
    /// Records by store that hold it.
    pub stored: BTreeMap<String, u64>,
    /// Records by store that refused it, validation included.
    pub refused: BTreeMap<String, u64>,
    /// Records by store that count as stored by an attempt whose reply was lost, since a repeat found them there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settled: BTreeMap<String, u64>,
    /// By what that is known: an `export`, or the `count` of what the repeat was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<&'static str>,
    /// What the service's lists say.
    pub errors: Vec<ListedError>,
    /// What it counts and does not list.
    pub errors_not_listed: u64,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What the whole came to.
#[derive(Clone, Debug, Serialize)]
pub struct Receipt {
    input: Input,
    /// What made it.
    pub versions: Versions,
    /// The rules' profile.
    pub profile: String,
    /// `create`, `update` or `delete`.
    pub operation: &'static str,
    /// The clearinghouse.
    pub url: String,
    /// The client.
    pub client: String,
    /// When the first run began, and this one ended.
    pub times: Span,
    /// Records of the input.
    pub read: u64,
    /// Records that were held back.
    pub rejected: u64,
    /// Records of parts that came to an end.
    pub sent: u64,
    /// Records of parts that did not, which the next run sends.
    pub unsent: u64,
    /// Records by store.
    pub stored: BTreeMap<String, u64>,
    /// Records by store.
    pub refused: BTreeMap<String, u64>,
    /// The parts.
    pub parts: Vec<PartReceipt>,
    #[serde(skip)]
    name: String,
    #[serde(skip)]
    invalid: u64,
}

/// What a receipt's equations say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// read = rejected + sent + unsent, and for each store sent = stored + refused.
    pub is_balanced: bool,
    /// Whether every part has come to an end, and none failed.
    pub is_complete: bool,
    /// Whether anything was held back or refused.
    pub has_refusals: bool,
}

/// What a receipt is made from, beside the parts.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What was sent.
    pub input: InputFacts,
    /// What made it.
    pub versions: Versions,
    /// The profile.
    pub profile: String,
    /// The operation.
    pub operation: Operation,
    /// The clearinghouse.
    pub url: String,
    /// The client.
    pub client: String,
    /// When the first run began.
    pub begun: Option<String>,
    /// Now.
    pub now: String,
    /// Records read.
    pub read: u64,
    /// Records held back.
    pub rejected: u64,
}

impl Receipt {
    /// Adds up the parts of a submission, those of earlier runs too.
    pub fn new(facts: Facts, rows: &[PartRow]) -> Self {
        let mut parts: Vec<PartReceipt> = Vec::new();
        let mut invalid = 0;
        for (at, row) in rows.iter().enumerate() {
            let (part, n_invalid) = part_receipt(at + 1, row, facts.operation, &facts.input.name);
            invalid += n_invalid;
            parts.push(part);
        }
        let stores: BTreeSet<String> = parts.iter().flat_map(|part| part.stored.keys().cloned()).collect();
        let (mut sent, mut unsent) = (0, 0);
        let (mut stored, mut refused): (BTreeMap<String, u64>, BTreeMap<String, u64>) = Default::default();
        for (part, row) in parts.iter_mut().zip(rows) {
            if !matches!(row.state, State::Done | State::Failed) {
                unsent += row.records;
                continue;
            }
            sent += row.records;
            for store in &stores {
                let n = part.stored.get(store).copied().unwrap_or_default();
                part.stored.insert(store.clone(), n);
                part.refused.insert(store.clone(), row.records - n);
                *stored.entry(store.clone()).or_default() += n;
                *refused.entry(store.clone()).or_default() += row.records - n;
            }
        }
        // Records that were never put into a part, since the run ended before.
        unsent += facts.read.saturating_sub(facts.rejected + sent + unsent);
        let InputFacts { name, bytes, sha256 } = facts.input;
        Self {
            name: name.clone(),
            input: Input { name, bytes, sha256 },
            versions: facts.versions,
            profile: facts.profile,
            operation: facts.operation.name(),
            url: facts.url,
            client: facts.client,
            times: Span { begun: facts.begun, ended: facts.now },
            read: facts.read,
            rejected: facts.rejected,
            sent,
            unsent,
            stored,
            refused,
            parts,
            invalid,
        }
    }

    /// What its equations say.
    pub fn totals(&self) -> Totals {
        let by_store = self.stored.iter().all(|(store, n)| n + self.refused[store] == self.sent);
        let is_failed = |part: &PartReceipt| part.state != "COMPLETED";
        Totals {
            is_balanced: self.read == self.rejected + self.sent + self.unsent && by_store,
            is_complete: self.unsent == 0 && !self.parts.iter().any(is_failed),
            has_refusals: self.rejected > 0 || self.invalid > 0 || self.refused.values().any(|&n| n > 0),
        }
    }

    /// The input's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As JSON on one line.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

fn part_receipt(number: usize, row: &PartRow, operation: Operation, file: &str) -> (PartReceipt, u64) {
    let answer = row.reply.as_deref().and_then(|text| Answer::parse(text.as_bytes()));
    let state = match (row.state, &answer) {
        (State::Done, _) => "COMPLETED".to_owned(),
        (State::Failed, _) => "FAILED".to_owned(),
        (State::Queued, Some(answer)) => answer.status.clone().unwrap_or_else(|| "QUEUED".to_owned()),
        (State::Queued, None) => "QUEUED".to_owned(),
        (State::Unsure | State::Sending, _) => "UNSURE".to_owned(),
        (State::Ready, _) => "UNSENT".to_owned(),
    };
    let mut part = PartReceipt {
        number,
        records: row.records,
        bytes: row.body_bytes,
        sha256: row.sha256.clone(),
        lines: [row.lines.nth(0), row.lines.nth(row.records.saturating_sub(1))].map(Option::unwrap_or_default),
        mode: row.mode.clone(),
        server_id: row.server_id.clone(),
        state,
        times: Times { sent: row.sent_at.clone(), answered: row.answered_at.clone() },
        attempts: row.attempts,
        stored: BTreeMap::new(),
        refused: BTreeMap::new(),
        settled: BTreeMap::new(),
        settled_by: None,
        errors: Vec::new(),
        errors_not_listed: 0,
        problem: row.problem.clone(),
    };
    let Some(answer) = answer.filter(|_| row.state == State::Done) else { return (part, 0) };
    let Tally { stored, settled, n_unlisted, doubt, is_estimate } =
        tally(&answer, row.records, operation, (row.unanswered > 0).then_some(row.repeats), row.held.as_ref());
    let mut lines = BTreeSet::new();
    let lists = answer.validation.iter().chain(answer.stores.values().flat_map(|store| &store.errors));
    for text in lists {
        let item = Item::parse(text);
        let is_ours = item.store.as_ref().is_some_and(|store| settled.contains_key(store))
            && item.message.as_deref().map(str::trim) == operation.lost_message();
        if is_ours {
            continue;
        }
        let line = item.line.and_then(|line| row.lines.nth(line.checked_sub(2)?));
        lines.extend(item.line);
        part.errors.push(ListedError {
            file: file.to_owned(),
            line,
            record: None,
            store: item.store,
            field: item.field,
            message: item.message.unwrap_or_else(|| crate::call::one_line(text)),
            vax_event_id: item.vax_event_id,
            recip_id: item.recip_id,
        });
    }
    part.stored = stored;
    part.errors_not_listed = n_unlisted;
    part.settled_by =
        (!settled.is_empty() || row.held.is_some()).then(|| if row.held.is_some() { "export" } else { "count" });
    part.settled = settled;
    if part.problem.is_none() {
        part.problem = doubt.or_else(|| is_estimate.then(|| "the reply was cut and has no counts".to_owned()));
    }
    let n_invalid = answer.n_validation.unwrap_or(answer.validation.len() as u64).max(lines.len() as u64);
    (part, n_invalid)
}
