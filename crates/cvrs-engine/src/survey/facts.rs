//! What the survey found, by line: in memory up to a bound and beyond it on disk, a part of the lines at a time.

use super::buckets::{BUCKET_BITS, Buckets, Entry, Kept, N_BUCKETS};
use crate::error::Result;
use cvrs_rules::{Duplicate, Earlier, Patterns, Seen};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// How many bits a line's number may have.
const LINE_BITS: u32 = u64::BITS - BUCKET_BITS;

/// What the survey knows of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) line: u64,
    pub(crate) seen: Seen,
}

/// One thing to tell of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Duplicate(Duplicate),
    Previous(u64),
    OtherPerson(Earlier),
    FirstOfOtherModel,
}

impl Told {
    /// As an entry of the bucket that the line falls into, of so many lines.
    pub(super) fn entry(self, line: u64, n_lines: u64) -> Entry {
        let (kind, first) = match self {
            Self::Duplicate(Duplicate { first, is_exact }) => (u32::from(is_exact), first),
            Self::Previous(number) => (2, Earlier { line: number, input: None }),
            Self::OtherPerson(first) => (3, first),
            Self::FirstOfOtherModel => (4, Earlier { line: 0, input: None }),
        };
        let key = part_of(line, n_lines) << LINE_BITS | line;
        Entry::new((key, first.input.unwrap_or_default()), kind, first.line)
    }

    /// Adds what an entry tells to what is known of its line.
    fn add(entry: &Entry, seen: &mut Seen) {
        let first = Earlier { line: entry.line, input: Some(entry.rest()).filter(|&input| input > 0) };
        match entry.check() {
            kind @ (0 | 1) => seen.duplicate = Some(Duplicate { first, is_exact: kind == 1 }),
            2 => seen.previous = Some(entry.line),
            3 => seen.other_person = Some(first),
            _ => seen.is_first_of_other_model = true,
        }
    }
}

/// Which of the buckets a line falls into: each takes a stretch of the lines.
const fn part_of(line: u64, n_lines: u64) -> u64 {
    line * N_BUCKETS as u64 / (n_lines + 1)
}

/// The line of an entry.
fn line_of(entry: &Entry) -> u64 {
    entry.key() & ((1 << LINE_BITS) - 1)
}

/// How many parts of the lines are held in memory once they were read.
const PARTS: usize = 4;

/// What the survey found of all inputs of a run.
///
/// Lines are numbered through: those of an input follow on those of the one before it.
#[derive(Debug)]
pub struct Facts {
    by_line: Buckets,
    n_lines: u64,
    is_silent: bool,
    /// The parts that were read last, in line order.
    read: Mutex<Vec<(usize, Arc<[Entry]>)>>,
    pub(super) inputs: Vec<Surveyed>,
}

/// What the survey found of one input.
#[derive(Debug, Default)]
pub(super) struct Surveyed {
    /// How many lines precede it.
    pub(super) base: u64,
    pub(super) n_records: u64,
    pub(super) patterns: Patterns,
}

/// The facts of one input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputFacts<'a> {
    facts: &'a Facts,
    input: &'a Surveyed,
}

impl Facts {
    /// What is told of the lines of those inputs, all in all so many lines.
    pub(super) fn new(by_line: Buckets, n_lines: u64, inputs: Vec<Surveyed>) -> Self {
        Self { is_silent: by_line.is_empty(), by_line, n_lines, read: Mutex::default(), inputs }
    }

    /// Whether there is nothing to tell of any line.
    pub(crate) const fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// The facts of the input of that number, in the order in which they were surveyed, from 0.
    pub(crate) fn of_input(&self, number: usize) -> Option<InputFacts<'_>> {
        Some(InputFacts { facts: self, input: self.inputs.get(number)? })
    }

    /// The entries of one part of the lines, in their order.
    fn part(&self, number: usize) -> Result<Arc<[Entry]>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, entries)) = read.iter().find(|part| part.0 == number) {
            return Ok(Arc::clone(entries));
        }
        let mut entries = self.by_line.bucket(number)?;
        entries.sort_unstable();
        let entries: Arc<[Entry]> = entries.into();
        if read.len() == PARTS {
            read.remove(0);
        }
        read.push((number, Arc::clone(&entries)));
        Ok(entries)
    }
}

impl<'a> InputFacts<'a> {
    /// How many records the input has.
    pub(crate) const fn n_records(self) -> u64 {
        self.input.n_records
    }

    /// What all its records show of patterns.
    pub(crate) const fn patterns(self) -> &'a Patterns {
        &self.input.patterns
    }

    /// What is known of the lines in that range, in their order.
    pub(crate) fn within(self, lines: Range<u64>) -> Result<Vec<Fact>> {
        let mut facts: Vec<Fact> = Vec::new();
        if self.facts.is_silent || lines.is_empty() {
            return Ok(facts);
        }
        let base = self.input.base;
        let (start, end) = (base + lines.start, base + lines.end);
        let part = |line| part_of(line, self.facts.n_lines) as usize;
        for number in part(start)..=part(end - 1).min(N_BUCKETS - 1) {
            let entries = self.facts.part(number)?;
            let from = entries.partition_point(|entry| line_of(entry) < start);
            let to = entries.partition_point(|entry| line_of(entry) < end);
            for entry in &entries[from..to] {
                let line = line_of(entry) - base;
                if facts.last().is_none_or(|last| last.line != line) {
                    facts.push(Fact { line, seen: Seen::default() });
                }
                if let Some(last) = facts.last_mut() {
                    Told::add(entry, &mut last.seen);
                }
            }
        }
        Ok(facts)
    }
}

/// Where a line stands, told from an input: its own number, and its input if that is another.
pub(super) fn place(inputs: &[Surveyed], line: u64, from: usize) -> Earlier {
    let input = input_of(inputs, line);
    let other = u32::try_from(input + 1).ok().filter(|_| input != from);
    Earlier { line: line - inputs[input].base, input: other }
}

/// The input that a line is of.
pub(super) fn input_of(inputs: &[Surveyed], line: u64) -> usize {
    inputs.partition_point(|input| input.base < line) - 1
}
