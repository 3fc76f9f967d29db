//! Where the records are that the clearinghouse names: its lists are joined to lines and records of the input.

use crate::command::fix::stream::each_piece;
use crate::fault::Result;
use cvrs_engine::Control;
use cvrs_engine::io::Input;
use cvrs_parse::Header;
use cvrs_spec::{Field, Version};
use cvrs_submit::{PartRow, Receipt};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Errors of one part and store that name one record, and where it was found last.
#[derive(Default)]
struct Wanted {
    errors: Vec<usize>,
    recip_id: Option<String>,
    found: VecDeque<(u64, u64)>,
}

type Key = (usize, Option<String>);

/// Reads the input once more, if there is anything to be found.
pub(super) fn locate(input: &mut Input, version: Version, rows: &[PartRow], receipt: &mut Receipt) -> Result<()> {
    let mut by_id: HashMap<Vec<u8>, BTreeMap<Key, Wanted>> = HashMap::new();
    let mut by_line: BTreeMap<u64, Vec<(usize, usize)>> = BTreeMap::new();
    for (part, told) in receipt.parts.iter().enumerate() {
        for (at, error) in told.errors.iter().enumerate() {
            if let Some(line) = error.line {
                by_line.entry(line).or_default().push((part, at));
            } else if let Some(id) = error.vax_event_id.as_ref() {
                let places = by_id.entry(id.clone().into_bytes()).or_default();
                let wanted = places.entry((part, error.store.clone())).or_default();
                wanted.errors.push(at);
                wanted.recip_id.clone_from(&error.recip_id);
            }
        }
    }
    if by_id.is_empty() && by_line.is_empty() {
        return Ok(());
    }
    let mut records: HashMap<u64, u64> = HashMap::new();
    let mut look = |text: &[u8], line: u64, record: u64, columns: Columns| {
        if by_line.contains_key(&line) {
            records.insert(line, record);
        }
        let Some(id) = columns.0.and_then(|at| text.split(|&byte| byte == b'\t').nth(at)) else { return };
        let Some(places) = by_id.get_mut(id) else { return };
        let person = columns.1.and_then(|at| text.split(|&byte| byte == b'\t').nth(at));
        for ((part, _), wanted) in places {
            let is_person = match (&wanted.recip_id, person) {
                (Some(wanted), Some(person)) => wanted.as_bytes() == person,
                _ => true,
            };
            if is_person && rows.get(*part).is_some_and(|row| row.lines.contains(line)) {
                // Where a record repeats it is the later one that is refused.
                wanted.found.push_back((line, record));
                if wanted.found.len() > wanted.errors.len() {
                    wanted.found.pop_front();
                }
            }
        }
    };
    let (mut record, mut columns) = (0, None);
    each_line(input, &mut |line, text| match columns {
        None => {
            let header = Header::parse(text, Some(version));
            columns = Some((header.position(Field::VaxEventId), header.position(Field::RecipId)));
        }
        Some(columns) if !text.is_empty() => {
            record += 1;
            look(text, line, record, columns);
        }
        Some(_) => {}
    })?;
    for (line, places) in by_line {
        for (part, at) in places {
            receipt.parts[part].errors[at].record = records.get(&line).copied();
        }
    }
    for ((part, _), wanted) in by_id.into_values().flatten() {
        for (at, (line, record)) in wanted.errors.into_iter().zip(wanted.found) {
            let error = &mut receipt.parts[part].errors[at];
            (error.line, error.record) = (Some(line), Some(record));
        }
    }
    Ok(())
}

type Columns = (Option<usize>, Option<usize>);

/// Hands each line of a text to `act`, with its number and without its end.
pub(super) fn each_line(input: &mut Input, act: &mut dyn FnMut(u64, &[u8])) -> Result<()> {
    let (mut number, mut rest) = (0, Vec::new());
    let mut take = |line: &[u8]| {
        number += 1;
        act(number, line.strip_suffix(b"\r").unwrap_or(line));
    };
    each_piece(input, &Control::default(), &mut |piece| {
        let mut text = piece;
        while let Some(end) = text.iter().position(|&byte| byte == b'\n') {
            if rest.is_empty() {
                take(&text[..end]);
            } else {
                rest.extend_from_slice(&text[..end]);
                take(&rest);
                rest.clear();
            }
            text = &text[end + 1..];
        }
        rest.extend_from_slice(text);
    })?;
    // The last line, if nothing ends it.
    if !rest.is_empty() {
        take(&rest);
    }
    Ok(())
}
