//! The survey of ranges of one text, made by whoever holds them and put together in their order.

use super::ids::{Ids, Lanes};
use super::{Facts, Gathered, Gathering, Hasher, Questions, Survey};
use crate::chunk::Chunk;
use crate::error::Result;
use crate::pipeline::Job;
use crate::work::Counts;
use cvrs_parse::{Header, Tier};
use cvrs_rules::Book;

/// What is asked of all records of a text together, and the keys that its ids are hashed with in every range.
#[derive(Clone, Debug)]
pub(crate) struct Surveyor {
    asks: Questions,
    hasher: Hasher,
}

/// What the survey gathered of a range of a text.
///
/// Lines are counted from the range's own first one until the survey is [turned into facts](crate::Ranges::facts).
/// Memory: up to 48 bytes a record.
#[derive(Debug, Default)]
pub struct RangeSurvey {
    parts: Vec<Part>,
    counts: Counts,
}

struct Part {
    gathered: Gathered,
    ids: Ids,
    counts: Counts,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part").field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl RangeSurvey {
    /// Of a range without a record but with so many lines.
    pub(crate) fn of_lines(counts: Counts) -> Self {
        Self { parts: vec![Part { gathered: Gathered::default(), ids: Ids::default(), counts }], counts }
    }

    /// How many lines and records the range has.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Adds the survey of the range that follows in the text. Associative.
    pub fn merge(&mut self, mut later: Self) {
        self.parts.append(&mut later.parts);
        self.counts += later.counts;
    }
}

impl Surveyor {
    pub(crate) fn new(book: &Book) -> Self {
        Self { asks: Questions::of(book), hasher: Hasher::new() }
    }

    /// Surveys a range, whose lines `each` hands over in pieces, each with its offset in the text.
    pub(crate) fn survey(
        &self,
        header: &Header,
        tier: Tier,
        each: impl FnOnce(&mut dyn FnMut(&[u8], u64) -> Result<()>) -> Result<()>,
    ) -> Result<RangeSurvey> {
        let lanes = Lanes::new(usize::MAX, 1);
        let (hasher, asks) = (self.hasher, self.asks);
        let job = Gathering { lanes: &lanes, header, base: 0, hasher, asks, tier, doubts: None };
        let (mut worker, mut index, mut step) = (job.worker(), None, Gathered::default());
        let (mut gathered, mut before) = (Gathered::default(), Counts::default());
        each(&mut |text, byte| {
            let counts = job.look(&mut worker, text, &[], &mut index);
            let chunk = Chunk { sequence: 0, range: 0..text.len(), byte };
            job.make(&mut worker, &mut index, text, &chunk, counts, before, &mut step)?;
            gathered.models.append(&mut step.models);
            gathered.patterns.merge(&step.patterns);
            before += counts;
            Ok(())
        })?;
        let part = Part { gathered, ids: lanes.take(), counts: before };
        Ok(RangeSurvey { parts: vec![part], counts: before })
    }

    /// What the ranges of a whole text together show.
    pub(crate) fn facts(&self, book: &Book, header: &Header, whole: RangeSurvey) -> Result<Option<Facts>> {
        let Some(mut survey) = Survey::new(book, 1, usize::MAX) else { return Ok(None) };
        let mut before = Counts::default();
        let mut parts = Vec::new();
        let (_, mut taking) = survey.begin(header);
        for Part { mut gathered, mut ids, counts } in whole.parts {
            let lines = before.lines;
            // The check of an entry is the number of its record where repeated ids are told by that.
            let numbered = if self.asks.previous { (before.records - before.unnumbered) as u32 } else { 0 };
            ids.shift(lines, numbered);
            parts.push(ids);
            gathered.models.iter_mut().for_each(|(_, line)| *line += lines);
            gathered.patterns.shift(lines.cast_signed());
            gathered.n_records = counts.records;
            gathered.n_lines = counts.lines;
            taking.take(&gathered);
            before += counts;
        }
        for ids in parts {
            survey.lanes.put(ids);
        }
        survey.end();
        survey.finish().map(Some)
    }
}
