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
    let mut scan = Scan { line: 0, record: 0, columns: None, rest: Vec::new() };
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
    each_piece(input, &Control::default(), &mut |piece| scan.feed(piece, version, &mut look))?;
    scan.finish(version, &mut look);
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

/// Takes a row, its line, its record, and where the ids stand in it.
type Act<'a> = &'a mut dyn FnMut(&[u8], u64, u64, Columns);

/// Lines of a text that comes in pieces.
struct Scan {
    line: u64,
    record: u64,
    columns: Option<Columns>,
    rest: Vec<u8>,
}

impl Scan {
    fn feed(&mut self, piece: &[u8], version: Version, act: Act<'_>) {
        let mut text = piece;
        while let Some(end) = text.iter().position(|&byte| byte == b'\n') {
            let line = if self.rest.is_empty() {
                text[..end].to_vec()
            } else {
                self.rest.extend_from_slice(&text[..end]);
                std::mem::take(&mut self.rest)
            };
            self.take(&line, version, act);
            text = &text[end + 1..];
        }
        self.rest.extend_from_slice(text);
    }

    /// The last line, if nothing ends it.
    fn finish(&mut self, version: Version, act: Act<'_>) {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            self.take(&rest, version, act);
        }
    }

    fn take(&mut self, line: &[u8], version: Version, act: Act<'_>) {
        self.line += 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(columns) = self.columns else {
            let header = Header::parse(line, Some(version));
            self.columns = Some((header.position(Field::VaxEventId), header.position(Field::RecipId)));
            return;
        };
        if !line.is_empty() {
            self.record += 1;
            act(line, self.line, self.record, columns);
        }
    }
}
