//! ZIP codes by state: prefix ranges with single exceptions, and the three-digit prefixes.

use crate::info::SetKind;
use crate::state::{State, StateSet};
use crate::tsv::{self, Cells, Expected, Row, Text};

/// A three-digit ZIP prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Zip3 {
    /// The prefix, three digits.
    pub prefix: Text,
    /// Whether it belongs to military post.
    pub is_military: bool,
    /// States with ZIP codes under the prefix, most codes first; two letters each, blanks between.
    pub states: Text,
    /// Neighbouring states partly served by delivery areas under the prefix in 2000; two letters each, blanks between.
    pub also_states: Text,
}

impl Zip3 {
    /// Whether the prefix serves the state, as its own or as a neighbour's.
    pub fn serves(&self, state: &State) -> bool {
        let mut all = self.states.split(' ').chain(self.also_states.split(' '));
        all.any(|abbr| abbr == state.abbr)
    }
}

impl Row for Zip3 {
    const COLUMNS: &'static [&'static str] = &["zip3", "kind", "states", "also_states"];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self {
            prefix: text(cells.text()?),
            is_military: match cells.text()? {
                "civil" => false,
                "military" => true,
                _ => return Err("civil or military"),
            },
            states: text(cells.text()?),
            also_states: text(cells.last()?),
        })
    }

    fn write(&self, out: &mut String) {
        let kind = if self.is_military { "military" } else { "civil" };
        tsv::join(out, &[&self.prefix, kind, &self.states, &self.also_states]);
    }
}

/// The prefixes in order.
#[derive(Debug, Clone)]
pub(crate) struct Zip3Set(Vec<Zip3>);

impl Zip3Set {
    pub(crate) fn builtin() -> Self {
        Self(tsv::builtin_rows(SetKind::Zip3.table()))
    }

    pub(crate) fn rows(&self) -> &[Zip3] {
        &self.0
    }

    pub(crate) fn get(&self, zip: &[u8]) -> Option<&Zip3> {
        let prefix = zip.get(..3)?;
        self.0.binary_search_by(|row| row.prefix.as_bytes().cmp(prefix)).ok().map(|at| &self.0[at])
    }
}

/// One state's ranges as the table has them.
struct ZipRow {
    state: Text,
    ranges: [Text; 2],
}

impl Row for ZipRow {
    const COLUMNS: &'static [&'static str] = &["state", "ranges", "single"];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self { state: text(cells.text()?), ranges: [text(cells.text()?), text(cells.text()?)] })
    }

    fn write(&self, out: &mut String) {
        tsv::join(out, &[&self.state, &self.ranges[0], &self.ranges[1]]);
    }
}

/// A range of five-digit codes, ends included.
#[derive(Debug, Clone, Copy)]
struct Codes {
    state: usize,
    first: u32,
    last: u32,
}

/// One bit for each of the thousand prefixes.
type Prefixes = [u64; 16];

/// The ranges of every state: a bitmap of whole prefixes by state, and a short list of ranges within a prefix.
#[derive(Debug, Clone)]
pub(crate) struct ZipSet {
    whole: Vec<Prefixes>,
    within: Vec<Codes>,
    /// Prefixes that a range of `within` touches.
    touched: Prefixes,
    /// States that have any range.
    has_any: Vec<bool>,
}

fn set(bits: &mut Prefixes, prefix: u32) {
    bits[prefix as usize / 64] |= 1 << (prefix % 64);
}

#[inline]
fn is_set(bits: &Prefixes, prefix: u32) -> bool {
    bits[prefix as usize / 64] & 1 << (prefix % 64) != 0
}

impl ZipSet {
    pub(crate) fn builtin(states: &StateSet) -> Self {
        let n_states = states.rows().len();
        let mut set_of = Self {
            whole: vec![[0; 16]; n_states],
            within: Vec::new(),
            touched: [0; 16],
            has_any: vec![false; n_states],
        };
        for row in tsv::builtin_rows::<ZipRow>(SetKind::Zip.table()) {
            let state = states.get(row.state.as_bytes()).expect("every state of the ZIP table is in the state table");
            for range in row.ranges.iter().flat_map(|ranges| ranges.split(' ')).filter(|range| !range.is_empty()) {
                set_of.add(state.index, range);
            }
        }
        set_of
    }

    /// Adds `AAA`, `AAA-BBB`, `AAAAA` or `AAAAA-BBBBB`.
    fn add(&mut self, state: usize, range: &str) {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| text.parse::<u32>().expect("ranges are digits");
        self.has_any[state] = true;
        if first.len() == 3 {
            for prefix in number(first)..=number(last) {
                set(&mut self.whole[state], prefix);
            }
        } else {
            let codes = Codes { state, first: number(first), last: number(last) };
            for prefix in codes.first / 100..=codes.last / 100 {
                set(&mut self.touched, prefix);
            }
            self.within.push(codes);
        }
    }

    /// Whether a ZIP code, by its first five bytes, lies in a range of the state.
    #[inline]
    pub(crate) fn contains(&self, zip: &[u8], state: &State) -> Option<bool> {
        let zip = five_digits(zip.get(..5)?)?;
        if !self.has_any[state.index] {
            return None;
        }
        let prefix = zip / 100;
        let found = is_set(&self.whole[state.index], prefix)
            || (is_set(&self.touched, prefix)
                && self.within.iter().any(|c| c.state == state.index && (c.first..=c.last).contains(&zip)));
        Some(found)
    }
}

/// Five ASCII digits as a number.
#[inline]
pub(crate) fn five_digits(cell: &[u8]) -> Option<u32> {
    let digits: &[u8; 5] = cell.try_into().ok()?;
    digits.iter().try_fold(0u32, |n, byte| byte.is_ascii_digit().then(|| n * 10 + u32::from(byte - b'0')))
}
