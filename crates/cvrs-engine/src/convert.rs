//! Records made into something else by the workers, in the very pass that checks them.
//!
//! ```text
//! chunk → index → screen → explain ─┬─ rejected ────────────────→ rejects
//!                                   └─ clean → Convert::record ─┬→ product, committed in the order of the text
//!                                                               └→ a finding of level error: rejects
//! ```

use crate::error::Result;
use crate::run::Sinks;
use cvrs_parse::{Header, Record};
use cvrs_report::Finding;

/// Where a record stands in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// Its physical line, the header being line 1.
    pub line: u64,
    /// Its number among the data rows, from 1.
    pub record: u64,
    /// The offset of its first byte in the text.
    pub byte: u64,
    /// Whether an earlier record has its `vax_event_id`, but for case; known where the book
    /// [asks](cvrs_rules::Book::relates_ids).
    pub repeats_id: bool,
}

/// What is made of each record that is taken. Records come to a worker in their order, chunk by chunk.
pub trait Convert: Sync {
    /// A worker's memory.
    type Worker;
    /// What comes of a chunk. Reused: it comes back once it was committed.
    type Product: Default + Send;

    /// Whether it makes anything at all; where it does not, records are not even walked through.
    const IS_ASKED: bool = true;

    /// The memory of a new worker, for a text with that header.
    fn worker(&self, header: &Header) -> Self::Worker;

    /// Begins a chunk with a product that may hold what was made of an earlier one.
    fn begin(&self, worker: &mut Self::Worker, product: &mut Self::Product);

    /// Adds what is made of a record to the product, and what is to be told of that to `findings`.
    ///
    /// A finding of level error says that the target cannot say the record: it then goes to the rejects, and nothing of
    /// it may stay in the product.
    fn record(
        &self,
        worker: &mut Self::Worker,
        record: &Record<'_>,
        place: &RecordPlace,
        product: &mut Self::Product,
        findings: &mut Vec<Finding>,
    );

    /// Ends the chunk.
    ///
    /// # Errors
    /// Whatever makes the run fail.
    fn end(&self, _worker: &mut Self::Worker, _product: &mut Self::Product) -> Result<()> {
        Ok(())
    }
}

/// Nothing is made: the records are checked only.
impl Convert for () {
    type Worker = ();
    type Product = ();

    const IS_ASKED: bool = false;

    fn worker(&self, _: &Header) {}

    fn begin(&self, (): &mut (), (): &mut ()) {}

    fn record(&self, (): &mut (), _: &Record<'_>, _: &RecordPlace, (): &mut (), _: &mut Vec<Finding>) {}
}

/// Where the products of a conversion go, and all else that comes of the check.
///
/// [`Sinks::can_restart`] and [`Sinks::restart`] speak of the products too.
pub trait Target<P>: Send {
    /// What takes findings, clean records and rejects.
    fn sinks(&mut self) -> &mut dyn Sinks;

    /// Takes the next product, in the order of the text.
    ///
    /// # Errors
    /// Whatever makes the run fail.
    fn product(&mut self, product: &mut P) -> Result<()>;
}

/// The target of a run that makes nothing.
pub(crate) struct Checks<'s>(pub(crate) &'s mut dyn Sinks);

impl Target<()> for Checks<'_> {
    fn sinks(&mut self) -> &mut dyn Sinks {
        self.0
    }

    fn product(&mut self, (): &mut ()) -> Result<()> {
        Ok(())
    }
}

/// Makes a record in the middle of an explanation.
pub(crate) type Make<'m> = &'m mut dyn FnMut(&Record<'_>, &RecordPlace, &mut Vec<Finding>);
