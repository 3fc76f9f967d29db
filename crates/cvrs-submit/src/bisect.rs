//! What a cut list leaves out: halves of an upload are sent again until their lists are whole.
//!
//! Records are stored by then, or refused for good, so that halves change nothing: what is created again exists already,
//! what is deleted again is gone, and what is updated again stays as it is. For the same reason only refusals by
//! validation can be found, and those of the stores where records are updated.

use crate::Operation;
use crate::answer::Answer;
use crate::body::Body;
use crate::call::{Call, Connection};
use crate::error::{Error, Result};
use crate::token::Tokens;
use cvrs_api::route;
use serde_json::Value;
use std::io::Read;

/// The calls of one search.
pub(crate) struct Search<'a, 'c> {
    pub(crate) connection: &'a Connection,
    pub(crate) tokens: &'a mut Tokens<'c>,
    pub(crate) operation: Operation,
}

#[derive(Default)]
struct Found {
    validation: Vec<String>,
    /// By store.
    processing: std::collections::BTreeMap<String, Vec<String>>,
}

impl Search<'_, '_> {
    /// The reply with its lists made whole, if any list was cut that can be.
    pub(crate) fn complete(&mut self, body: &mut Body, reply: &str, answer: &Answer) -> Result<Option<String>> {
        if self.is_whole(answer) {
            return Ok(None);
        }
        let mut text = Vec::new();
        body.reader().and_then(|mut reader| reader.read_to_end(&mut text)).map_err(Error::Temporary)?;
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', &text).map(|at| at + 1).filter(|&at| at < text.len()));
        let header = starts.get(1).copied().unwrap_or(text.len());
        let n_records = starts.len() - 1;
        starts.push(text.len());
        let mut found = Found::default();
        // What a list holds, and by that whether a call can be spared that would be cut for sure.
        let mut capacity = n_listed(answer).max(1);
        // What is still to be searched with the errors to be expected of it, the first last.
        let mut open = halves(0, n_records, n_errors(answer));
        while let Some((first, end, expected)) = open.pop() {
            self.connection.check()?;
            if expected > 2 * capacity && end - first > 1 {
                open.extend(halves(first, end, expected));
                continue;
            }
            let half = [&text[..header], &text[starts[first + 1]..starts[end + 1]]].concat();
            let answer = self.send(&half)?;
            if self.is_whole(&answer) || end - first < 2 {
                found.validation.extend(answer.validation.iter().map(|text| moved(text, first as u64)));
                for (name, store) in answer.stores {
                    found.processing.entry(name).or_default().extend(store.errors);
                }
            } else {
                capacity = capacity.max(n_listed(&answer));
                open.extend(halves(first, end, n_errors(&answer)));
            }
        }
        Ok(merge(reply, found, self.operation))
    }

    fn is_whole(&self, answer: &Answer) -> bool {
        let is_listed = |count: Option<u64>, list: &[String]| count.is_none_or(|n| n <= list.len() as u64);
        let are_stores_whole = || answer.stores.values().all(|store| is_listed(store.n_errors, &store.errors));
        !answer.is_cut
            && is_listed(answer.n_validation, &answer.validation)
            && (self.operation != Operation::Update || are_stores_whole())
    }

    fn send(&mut self, text: &[u8]) -> Result<Answer> {
        let mut body = Body::from_bytes(text).map_err(Error::Temporary)?;
        let mut expired = self.connection.pauses();
        loop {
            let token = self.tokens.get()?;
            let (method, token) = (self.operation.method(), Some(token.reveal()));
            let call = Call { method, path: route::UPLOAD_CVRS, token, media: Some("text/plain") };
            let reply = self.connection.call(&call, Some(&mut body))?;
            if reply.status == 401 && expired.next(None).is_some() {
                self.tokens.forget();
                continue;
            }
            let answer = Answer::parse(&reply.body).filter(|_| (200..300).contains(&reply.status));
            return answer.ok_or_else(|| self.connection.refused(&reply).into());
        }
    }
}

/// How many errors lists show.
fn n_listed(answer: &Answer) -> u64 {
    (answer.validation.len() + answer.stores.values().map(|store| store.errors.len()).sum::<usize>()) as u64
}

/// How many refusals by validation are counted, as far as is known.
fn n_errors(answer: &Answer) -> u64 {
    answer.n_validation.unwrap_or_default()
}

/// Both halves of a range, the first one last, each with half of what is expected.
fn halves(first: usize, end: usize, expected: u64) -> Vec<(usize, usize, u64)> {
    let middle = first + (end - first).div_ceil(2);
    [(middle, end, expected / 2), (first, middle, expected / 2)]
        .into_iter()
        .filter(|(first, end, _)| first < end)
        .collect()
}

/// An entry about a line of a half, as one about the line of the whole; `records` precede the half.
fn moved(text: &str, records: u64) -> String {
    let Some(rest) = text.get(5..).filter(|_| text[..5].eq_ignore_ascii_case("line#")) else { return text.to_owned() };
    let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    match rest[..n_digits].parse::<u64>() {
        Ok(line) => format!("line#{}{}", line + records, &rest[n_digits..]),
        Err(_) => text.to_owned(),
    }
}

fn merge(reply: &str, found: Found, operation: Operation) -> Option<String> {
    let mut value: Value = serde_json::from_str(reply).ok()?;
    let object = value.as_object_mut()?;
    object.insert("validationErrors".into(), found.validation.into());
    if operation == Operation::Update {
        let stores = object.get_mut("storageResult").and_then(Value::as_object_mut)?;
        for (name, errors) in found.processing {
            if let Some(store) = stores.get_mut(&name).and_then(Value::as_object_mut) {
                store.insert("processingErrors".into(), errors.into());
            }
        }
    }
    Some(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_half_are_told_as_lines_of_the_whole() {
        assert_eq!(
            moved("line#8: vaxEventId=A field=x message=line#2", 10),
            "line#18: vaxEventId=A field=x message=line#2"
        );
        assert_eq!(moved("storage=X message=m", 10), "storage=X message=m");
        assert_eq!(moved("é", 1), "é");
    }

    #[test]
    fn halves_cover_a_range_once() {
        for n in 1..20 {
            let mut open = halves(3, 3 + n, 8);
            let mut seen = Vec::new();
            while let Some((first, end, expected)) = open.pop() {
                if end - first < 2 { seen.push(first) } else { open.extend(halves(first, end, expected)) }
            }
            assert_eq!(seen, (3..3 + n).collect::<Vec<_>>());
        }
    }
}
