//! What was done, in numbers that can be added up in the order of the text.

use super::found::N_KINDS;
use super::{Found, Kind, RULES, Rule};
use cvrs_spec::Model;

/// How many line numbers are kept for each kind.
const FIRST_LINES: usize = 10;

/// How often something was told, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// The first lines, at most ten.
    pub lines: Vec<u64>,
}

/// The first record's model, and the first record of another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Models {
    first: Option<(Model, Found)>,
    other: Option<Found>,
}

/// What was done to a text or a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Data rows read.
    pub records: u64,
    /// Data rows of which a cell changed.
    pub records_changed: u64,
    /// Data rows that were not written: wrong number of cells, no entry in the map.
    pub rejected: u64,
    /// Lines with nothing before their line end, which are no records and stay.
    pub blank_lines: u64,
    pub(super) changes: [u64; RULES.len()],
    told: [Tally; N_KINDS],
    models: Models,
}

impl Totals {
    /// Data rows written.
    pub const fn written(&self) -> u64 {
        self.records - self.rejected
    }

    /// How many cells each rule changed, for those that changed any.
    pub fn by_rule(&self) -> impl Iterator<Item = (&'static Rule, u64)> + '_ {
        RULES.iter().zip(self.changes).filter(|(_, count)| *count > 0)
    }

    /// How many cells were changed in all.
    pub fn changes(&self) -> u64 {
        self.changes.iter().sum()
    }

    /// What was told, by kind, without the one about mixed models.
    pub fn told(&self) -> impl Iterator<Item = (Kind, &Tally)> + '_ {
        Kind::ALL.into_iter().zip(&self.told).filter(|(_, told)| told.count > 0)
    }

    /// The first record whose model is not the first record's.
    pub const fn mixed_models(&self) -> Option<Found> {
        self.models.other
    }

    /// Adds what was done to the part of the text that follows.
    pub fn merge(&mut self, later: &Self) {
        self.records += later.records;
        self.records_changed += later.records_changed;
        self.rejected += later.rejected;
        self.blank_lines += later.blank_lines;
        for (sum, count) in self.changes.iter_mut().zip(later.changes) {
            *sum += count;
        }
        for (sum, told) in self.told.iter_mut().zip(&later.told) {
            sum.count += told.count;
            let room = FIRST_LINES - sum.lines.len();
            sum.lines.extend(told.lines.iter().take(room));
        }
        if let Some((model, found)) = later.models.first {
            self.see(model, found);
        }
        self.models.other = self.models.other.or(later.models.other);
    }

    pub(super) fn tell(&mut self, kind: Kind, line: u64) {
        let told = &mut self.told[kind as usize];
        told.count += 1;
        if told.lines.len() < FIRST_LINES {
            told.lines.push(line);
        }
    }

    /// Takes note of a record's model; `found` says where it is.
    pub(super) fn see(&mut self, model: Model, found: Found) {
        match self.models.first {
            None => self.models.first = Some((model, found)),
            Some((first, _)) if first != model => _ = self.models.other.get_or_insert(found),
            Some(_) => {}
        }
    }

    /// Whether this model need not be noted, since it is the first's, or another was told already.
    pub(super) fn has_seen(&self, model: Model) -> bool {
        self.models.other.is_some() || self.models.first.is_some_and(|(first, _)| first == model)
    }

    pub(super) fn clear(&mut self) {
        let told = std::mem::take(&mut self.told).map(|mut told| {
            told.count = 0;
            told.lines.clear();
            told
        });
        *self = Self { told, ..Self::default() };
    }
}
