//! What has gone out already, so that each Patient, Location and Organization goes out once.

use super::converter::{Candidate, Marks, Resources};
use super::id::Id;
use super::patient;
use std::collections::BTreeMap;

/// The types of resources, in the order in which a loader wants them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Who answers for a dose.
    Organization,
    /// Where it was given.
    Location,
    /// Who received it.
    Patient,
    /// The dose, or its refusal.
    Immunization,
    /// An answer.
    Observation,
}

impl Type {
    /// All, in their order.
    pub const ALL: [Self; 5] =
        [Self::Organization, Self::Location, Self::Patient, Self::Immunization, Self::Observation];

    /// FHIR's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organization => "Organization",
            Self::Location => "Location",
            Self::Patient => "Patient",
            Self::Immunization => "Immunization",
            Self::Observation => "Observation",
        }
    }
}

/// Values in blocks, so that growing copies nothing.
#[derive(Debug)]
struct Blocks<T>(Vec<Vec<T>>);

const BLOCK: usize = 1 << 16;

impl<T> Blocks<T> {
    fn push(&mut self, value: T) {
        match self.0.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(value),
            _ => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(value);
                self.0.push(block);
            }
        }
    }

    fn get(&self, at: usize) -> &T {
        &self.0[at / BLOCK][at % BLOCK]
    }

    fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * BLOCK + last.len())
    }
}

/// A set of ids, numbered in the order in which they came. The ids are hashes, so their beginnings place them.
#[derive(Debug)]
struct Numbered {
    ids: Blocks<[u8; 16]>,
    /// Number + 1, open addressing; 0 is free. Its length is a power of two.
    table: Vec<u32>,
}

impl Default for Numbered {
    fn default() -> Self {
        Self { ids: Blocks(Vec::new()), table: vec![0; 1024] }
    }
}

impl Numbered {
    fn place(id: &[u8; 16], mask: usize) -> usize {
        u128::from_le_bytes(*id) as usize & mask
    }

    /// The number of an id, and whether it is new.
    fn number(&mut self, id: Id) -> (usize, bool) {
        let mask = self.table.len() - 1;
        let mut at = Self::place(&id.0, mask);
        loop {
            match self.table[at] as usize {
                0 => break,
                number if *self.ids.get(number - 1) == id.0 => return (number - 1, false),
                _ => at = (at + 1) & mask,
            }
        }
        let number = self.ids.len();
        self.ids.push(id.0);
        self.table[at] = number as u32 + 1;
        if (number + 1) * 3 > self.table.len() * 2 {
            self.grow();
        }
        (number, true)
    }

    #[cold]
    fn grow(&mut self) {
        let mask = self.table.len() * 2 - 1;
        self.table = Vec::new();
        self.table.resize(mask + 1, 0);
        for number in 0..self.ids.len() {
            let mut at = Self::place(self.ids.get(number), mask);
            while self.table[at] != 0 {
                at = (at + 1) & mask;
            }
            self.table[at] = number as u32 + 1;
        }
    }
}

/// What has gone out.
#[derive(Debug)]
pub struct Seen {
    organizations: Numbered,
    locations: Numbered,
    patients: Numbered,
    marks: Blocks<Marks>,
    n_differing: u64,
    differing: BTreeMap<&'static str, u64>,
    counts: BTreeMap<Type, u64>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            organizations: Numbered::default(),
            locations: Numbered::default(),
            patients: Numbered::default(),
            marks: Blocks(Vec::new()),
            n_differing: 0,
            differing: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }
}

impl Seen {
    /// How many resources of each type have gone out.
    pub const fn counts(&self) -> &BTreeMap<Type, u64> {
        &self.counts
    }

    /// How many records describe a recipient otherwise than the first record with that `recip_id`, which went out.
    ///
    /// A difference is seen by sixteen bits of each column, so that one in 65,536 is not.
    pub const fn n_differing(&self) -> u64 {
        self.n_differing
    }

    /// In how many records each column differs.
    pub const fn differing(&self) -> &BTreeMap<&'static str, u64> {
        &self.differing
    }

    /// Takes the resources of the next chunk; `take` gets those that are new, as text with how many they are.
    ///
    /// # Errors
    /// What `take` reports.
    pub fn merge<E>(
        &mut self,
        resources: &Resources,
        mut take: impl FnMut(Type, &[u8], u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let counts = &mut self.counts;
        let mut counting = |what: Type, text: &[u8], n: u64| {
            if n == 0 {
                return Ok(());
            }
            *counts.entry(what).or_default() += n;
            take(what, text, n)
        };
        let places = [
            (Type::Organization, &mut self.organizations, &resources.organizations, &resources.organization_texts),
            (Type::Location, &mut self.locations, &resources.locations, &resources.location_texts),
        ];
        for (what, seen, candidates, texts) in places {
            let is_new = |_: usize, candidate: &Candidate| seen.number(candidate.id).1;
            each_new(candidates, texts, is_new, |text, n| counting(what, text, n))?;
        }
        let is_new = |at: usize, candidate: &Candidate| {
            let (number, is_new) = self.patients.number(candidate.id);
            let marks = &resources.marks[at];
            if is_new {
                self.marks.push(*marks);
            } else if self.marks.get(number) != marks {
                self.n_differing += 1;
                for ((field, mark), first) in patient::FIELDS.iter().zip(marks).zip(self.marks.get(number)) {
                    if mark != first {
                        *self.differing.entry(field.name()).or_default() += 1;
                    }
                }
            }
            is_new
        };
        each_new(&resources.patients, &resources.patient_texts, is_new, |text, n| counting(Type::Patient, text, n))?;
        counting(Type::Immunization, &resources.immunizations, resources.n_immunizations)?;
        counting(Type::Observation, &resources.observations, resources.n_observations)
    }
}

/// Calls `take` for each run of candidates that are new.
fn each_new<E>(
    candidates: &[Candidate],
    texts: &[u8],
    mut is_new: impl FnMut(usize, &Candidate) -> bool,
    mut take: impl FnMut(&[u8], u64) -> Result<(), E>,
) -> Result<(), E> {
    let (mut start, mut end, mut n) = (0, 0, 0);
    for (at, candidate) in candidates.iter().enumerate() {
        let next = candidate.end as usize;
        if is_new(at, candidate) {
            n += 1;
        } else if next > end {
            take(&texts[start..end], n)?;
            (start, n) = (next, 0);
        }
        end = next;
    }
    take(&texts[start..end], n)
}
