//! Whose records a store has, after a reply was lost.
//!
//! A part that is sent again finds its records there. They are ours if the lost attempt brought them; but a record whose
//! id an earlier record has, in this part or another one, was refused both times. And where the account may export, the
//! store itself is asked: what it holds under an id is compared with what was sent.

use crate::error::{Error, Result};
use crate::ledger::{PartRow, State};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};

/// The lines of the input once more, with their numbers; the header line is the first.
pub type Rows<'a> = dyn Fn(&mut dyn FnMut(u64, &[u8])) -> io::Result<()> + 'a;

/// By these columns a record is known again, beside its id. A redacted copy has them too.
const TELLING: [&str; 8] =
    ["recip_id", "recip_dob", "recip_sex", "admin_date", "cvx", "lot_number", "dose_num", "vax_refusal"];
/// The longest line of an export that is looked at, in bytes.
const MAX_LINE: usize = 64 << 20;

/// An id, short enough to be kept for a whole part.
pub(crate) fn short(id: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// Where the telling columns stand.
#[derive(Debug)]
pub(crate) struct Table {
    id: usize,
    others: Vec<Option<usize>>,
}

impl Table {
    /// None where there is no column of ids.
    pub(crate) fn of(header: &[u8]) -> Option<Self> {
        let header = header.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(header);
        let names: Vec<&[u8]> = header.split(|&byte| byte == b'\t').map(<[u8]>::trim_ascii).collect();
        let place = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted.as_bytes()));
        Some(Self { id: place("vax_event_id")?, others: TELLING.iter().map(|name| place(name)).collect() })
    }

    /// The id of a row.
    pub(crate) fn id(&self, row: &[u8]) -> u64 {
        short(row.split(|&byte| byte == b'\t').nth(self.id).unwrap_or_default().trim_ascii_end())
    }

    /// The id of a row, and what it tells beside.
    fn both(&self, row: &[u8]) -> (u64, u64) {
        let cells: Vec<&[u8]> = row.split(|&byte| byte == b'\t').map(<[u8]>::trim_ascii).collect();
        let mut hasher = DefaultHasher::new();
        for place in &self.others {
            let cell = place.and_then(|at| cells.get(at)).copied().unwrap_or_default();
            cell.to_ascii_lowercase().hash(&mut hasher);
        }
        (self.id(row), hasher.finish())
    }
}

fn each(rows: &Rows<'_>, act: &mut dyn FnMut(&Table, u64, &[u8])) -> Result<()> {
    let mut table = None;
    let mut is_first = true;
    rows(&mut |line, row| {
        if std::mem::take(&mut is_first) {
            table = Table::of(row);
        } else if let Some(table) = &table {
            act(table, line, row);
        }
    })
    .map_err(Error::Again)
}

/// Of ids with the parts that they are of, those that another part has stored.
///
/// A part that was entered earlier came first. One that was entered later came first where it was not refused them.
pub(crate) fn taken(rows: &Rows<'_>, parts: &[PartRow], ids: &HashMap<u64, i64>) -> Result<HashSet<u64>> {
    let mut elsewhere: BTreeMap<i64, HashSet<u64>> = BTreeMap::new();
    each(rows, &mut |table, line, row| {
        let id = table.id(row);
        let Some(&of) = ids.get(&id) else { return };
        let is_sent = |part: &&PartRow| matches!(part.state, State::Done | State::Queued);
        let others = parts.iter().filter(is_sent).filter(|part| part.id != of);
        if let Some(other) = others.into_iter().find(|part| part.lines.contains(line)) {
            elsewhere.entry(other.id).or_default().insert(id);
        }
    })?;
    let mut taken = HashSet::new();
    for (other, found) in elsewhere {
        let refused = parts.iter().find(|part| part.id == other).map_or(0, n_refused);
        let (earlier, later): (Vec<u64>, Vec<u64>) = found.into_iter().partition(|id| other < ids[id]);
        taken.extend(earlier);
        taken.extend(later.into_iter().skip(refused as usize));
    }
    Ok(taken)
}

/// How many records of a part every store has refused.
fn n_refused(part: &PartRow) -> u64 {
    let answer = part.reply.as_deref().and_then(|text| crate::answer::Answer::parse(text.as_bytes()));
    let stores = answer.map(|answer| answer.stores).unwrap_or_default();
    stores.values().map(|store| store.n_errors.unwrap_or(store.errors.len() as u64)).min().unwrap_or(0)
}

/// What was sent and is in doubt: by id the part, and what the row tells.
#[derive(Debug, Default)]
pub(crate) struct Doubt(HashMap<u64, (i64, u64)>);

impl Doubt {
    /// The records of these parts but those that another part has stored. Of records with one id the first counts.
    pub(crate) fn of(rows: &Rows<'_>, doubtful: &[&PartRow], parts: &[PartRow]) -> Result<Self> {
        let mut records: HashMap<u64, (i64, u64)> = HashMap::new();
        each(rows, &mut |table, line, row| {
            let Some(part) = doubtful.iter().find(|part| part.lines.contains(line)) else { return };
            let (id, told) = table.both(row);
            let entry = records.entry(id).or_insert((part.id, told));
            if part.id < entry.0 {
                *entry = (part.id, told);
            }
        })?;
        let ids = records.iter().map(|(&id, &(part, _))| (id, part)).collect();
        for id in taken(rows, parts, &ids)? {
            records.remove(&id);
        }
        Ok(Self(records))
    }
}

/// An export on its way past: how many records of each part the store holds as they were sent.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    doubt: &'a Doubt,
    seen: HashSet<u64>,
    pub(crate) counts: BTreeMap<i64, u64>,
    table: Option<Table>,
    rest: Vec<u8>,
}

impl<'a> Held<'a> {
    pub(crate) fn new(doubt: &'a Doubt) -> Self {
        Self { doubt, seen: HashSet::new(), counts: BTreeMap::new(), table: None, rest: Vec::new() }
    }

    /// The last line may lack its end.
    pub(crate) fn finish(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        self.take(&rest);
    }

    fn take(&mut self, row: &[u8]) {
        let Some(table) = &self.table else {
            self.table = Table::of(row);
            return;
        };
        let (id, told) = table.both(row);
        if let Some(&(part, wanted)) = self.doubt.0.get(&id)
            && wanted == told
            && self.seen.insert(id)
        {
            *self.counts.entry(part).or_default() += 1;
        }
    }
}

impl Write for Held<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = bytes;
        while let Some(end) = memchr::memchr(b'\n', text) {
            if self.rest.is_empty() {
                self.take(&text[..end]);
            } else {
                let mut row = std::mem::take(&mut self.rest);
                row.extend_from_slice(&text[..end]);
                self.take(&row);
            }
            text = &text[end + 1..];
        }
        if self.rest.len() + text.len() > MAX_LINE {
            return Err(io::Error::other("a line of the export is longer than any should be"));
        }
        self.rest.extend_from_slice(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Lines;

    const TEXT: &str = "vax_event_id\trecip_id\tcvx\tlot_number\nA\tR1\t207\tx\nB\tR2\t208\ty\nC\tR3\t207\tz\nA\tR1\t207\tx\nD\tR4\t1\t\n";

    #[expect(clippy::unnecessary_wraps, reason = "others that read rows may fail")]
    fn rows(act: &mut dyn FnMut(u64, &[u8])) -> io::Result<()> {
        TEXT.lines().enumerate().for_each(|(at, row)| act(at as u64 + 1, row.as_bytes()));
        Ok(())
    }

    fn part(id: i64, lines: &str, state: State, reply: Option<&str>) -> PartRow {
        let lines = Lines::parse(lines).unwrap();
        PartRow { id, state, reply: reply.map(str::to_owned), ..PartRow::empty(lines) }
    }

    #[test]
    fn what_the_store_holds_as_it_was_sent_is_counted_by_part_however_the_export_comes() {
        // Its repeat found all three of the second part there.
        let refused = r#"{"id":"x","storageResult":{"S":{"processedCount":0,"processingErrorsCount":3}}}"#;
        let parts = [part(1, "2-3", State::Done, None), part(2, "4-6", State::Done, Some(refused))];
        let doubt = Doubt::of(&rows, &[&parts[0], &parts[1]], &parts).unwrap();
        // Columns in another order and case, a name redacted, one record of somebody else's under our id.
        let export = "RECIP_ID\tVAX_EVENT_ID\tRECIP_LAST_NAME\tLOT_NUMBER\tCVX\nR1\tA\tRedacted\tX\t207\nR2\tB\tRedacted\ty\t999\n\
                      R3\tC\tRedacted\tz\t207\nR9\tZ\tRedacted\tz\t207\nR4\tD\tRedacted\t\t1";
        for piece in [1, 7, 1_000] {
            let mut held = Held::new(&doubt);
            for bytes in export.as_bytes().chunks(piece) {
                held.write_all(bytes).unwrap();
            }
            held.finish();
            assert_eq!(held.counts, BTreeMap::from([(1, 1), (2, 2)]), "{piece}");
        }
    }

    #[test]
    fn what_another_part_has_stored_is_told_by_who_came_first_and_who_was_refused() {
        let ids = |part: i64| HashMap::from([(short(b"A"), part), (short(b"B"), part)]);
        let refused = r#"{"id":"x","storageResult":{"S":{"processedCount":2,"processingErrorsCount":1}}}"#;
        // The part in doubt holds line 5, the first A is in another one.
        let parts = |first: Option<&str>, state| [part(1, "2-4", state, first), part(2, "5-6", State::Unsure, None)];
        let set = HashSet::from([short(b"A"), short(b"B")]);
        assert_eq!(taken(&rows, &parts(None, State::Done), &ids(2)).unwrap(), set);
        assert_eq!(taken(&rows, &parts(None, State::Failed), &ids(2)).unwrap(), HashSet::new());
        // The first A is in doubt, the part with the second was entered later.
        let parts = |second: Option<&str>| [part(1, "2-4", State::Unsure, None), part(2, "5-6", State::Done, second)];
        assert_eq!(taken(&rows, &parts(None), &ids(1)).unwrap(), HashSet::from([short(b"A")]));
        assert_eq!(taken(&rows, &parts(Some(refused)), &ids(1)).unwrap(), HashSet::new());
    }
}
