//! Passages: runs of neighbouring coded cells that are known by their bytes.
//!
//! In a file's canonical order the races and the ethnicity stand side by side, so do the site, the route and the dose,
//! and the three answers at the end. Such a run, tabs included, is mostly shorter than 32 bytes and mostly has been
//! seen before: one load, one hash and one comparison then stand for up to nine look-ups in value sets. What is new is
//! judged cell by cell and, if good, remembered. In another order of columns a passage may be one cell long; nothing
//! else changes.

use super::cells::Cells;
use super::memory::Memory;
use super::plan::{Content, Plan};
use super::sets::SetTable;
use super::vector::Vector;

/// A run of neighbouring columns, each with a test of its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Passage {
    /// The first column.
    pub(crate) first: u32,
    /// The last column.
    pub(crate) last: u32,
    /// Told apart from runs of other columns or other tests; stands in the top byte of its keys.
    pub(crate) tag: [u64; 4],
    /// The same columns in two runs, for the record in which it is too long to be remembered as one.
    halves: Vec<Self>,
}

/// What the passages of all plans of a screen test: equal runs with equal tests share what is remembered.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    /// Runs that may be longer than what is remembered.
    long: Vec<(u32, Vec<Content>)>,
    /// Runs that never are.
    short: Vec<(u32, Vec<Content>)>,
}

impl Tags {
    /// The tag of a run. `None` if there are too many, which no header of sixty-four columns can bring about.
    fn of(&mut self, first: u32, contents: &[Content]) -> Option<u64> {
        let most =
            contents.iter().filter_map(|content| content.longest_code()).sum::<u32>() + contents.len() as u32 - 1;
        let (runs, from, to) = if most > LONGEST { (&mut self.long, 1, 0x20) } else { (&mut self.short, 0x20, 0x100) };
        let run = (first, contents.to_vec());
        let at = runs.iter().position(|other| *other == run).unwrap_or_else(|| {
            runs.push(run);
            runs.len() - 1
        });
        Some(at as u64 + from).filter(|&tag| tag < to)
    }
}

/// The most bytes of a passage that is remembered.
const LONGEST: u32 = 31;

/// The passages of the contents of a file's columns; `None` if there are too many.
pub(crate) fn passages(contents: &[Content], tags: &mut Tags) -> Option<Vec<Passage>> {
    let mut passages = Vec::new();
    let mut at = 0;
    while at < contents.len() {
        let (mut end, mut bytes) = (at, 0);
        while let Some(code) = contents.get(end).and_then(|content| content.typical_bytes()) {
            bytes += code + u32::from(end > at);
            if bytes > LONGEST {
                break;
            }
            end += 1;
        }
        if end > at {
            let mut passage = Passage::new(at, end, contents, tags)?;
            if end - at > 1 {
                let middle = at.midpoint(end);
                passage.halves =
                    vec![Passage::new(at, middle, contents, tags)?, Passage::new(middle, end, contents, tags)?];
            }
            passages.push(passage);
        }
        at = end.max(at + 1);
    }
    Some(passages)
}

impl Passage {
    /// The run of columns from `start` up to, not including, `end`; `None` if there are too many runs.
    fn new(start: usize, end: usize, contents: &[Content], tags: &mut Tags) -> Option<Self> {
        let tag = tags.of(start as u32, &contents[start..end])?;
        Some(Self { first: start as u32, last: end as u32 - 1, tag: [0, 0, 0, tag << 56], halves: Vec::new() })
    }

    /// Whether every cell of it is good; if so, it is remembered, where it is short enough.
    #[inline(always)]
    pub(crate) fn is_known_or_good<V: Vector>(
        &self,
        cells: &Cells<'_>,
        plan: &Plan,
        sets: &SetTable,
        memory: &mut Memory,
    ) -> bool {
        if self.is_short(cells) || self.halves.is_empty() {
            return self.is_run_known_or_good::<V>(cells, plan, sets, memory);
        }
        let mut are_good = true;
        for half in &self.halves {
            are_good = are_good && half.is_run_known_or_good::<V>(cells, plan, sets, memory);
        }
        are_good
    }

    #[inline(always)]
    fn is_run_known_or_good<V: Vector>(
        &self,
        cells: &Cells<'_>,
        plan: &Plan,
        sets: &SetTable,
        memory: &mut Memory,
    ) -> bool {
        let key = self.key::<V>(cells);
        if memory.passages.has::<V>(key) {
            return true;
        }
        let is_good = self.is_good(cells, plan, sets);
        if is_good && self.is_short(cells) {
            memory.passages.remember::<V>(V::words(key));
        }
        is_good
    }

    /// The key of the passage's bytes. That of one over [`LONGEST`] bytes is no other's and must not be remembered: the
    /// byte under its tag is no tab (the passage's tabs, all but one short of its cells, stand before it if all else
    /// is equal), so it has a bit from 0x20 up, which the tags of such passages have not.
    #[inline(always)]
    pub(crate) fn key<V: Vector>(&self, cells: &Cells<'_>) -> V::Key {
        let start = cells.start(self.first);
        V::key(cells.text(), start, cells.end(self.last).wrapping_sub(start) as u32, &self.tag)
    }

    /// Whether it may be remembered.
    pub(crate) fn is_short(&self, cells: &Cells<'_>) -> bool {
        cells.end(self.last) - cells.start(self.first) <= LONGEST as usize
    }

    /// Whether every cell of it is good, seen one by one.
    #[inline(never)]
    pub(crate) fn is_good(&self, cells: &Cells<'_>, plan: &Plan, sets: &SetTable) -> bool {
        (self.first..=self.last).all(|column| plan.contents[column as usize].is_met_by(cells.cell(column), sets))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sets::Group;
    use super::*;
    use cvrs_spec::SetId;

    #[test]
    fn neighbours_make_one_passage_until_it_is_full() {
        let race = Content::Set(Group::Whole(SetId::Race));
        let contents = [Content::Any, race, race, race, race, race, race, Content::Any, race];
        let found = passages(&contents, &mut Tags::default()).expect("few");
        let runs: Vec<_> = found.iter().map(|passage| (passage.first, passage.last)).collect();
        assert_eq!(runs, [(1, 6), (8, 8)], "races are mostly empty");
        assert_ne!(found[0].tag, found[1].tag);
    }

    #[test]
    fn equal_runs_share_a_tag() {
        let mut tags = Tags::default();
        let contents = [Content::TwoLetters, Content::TwoLetters];
        assert_eq!(passages(&contents, &mut tags), passages(&contents, &mut tags));
    }
}
