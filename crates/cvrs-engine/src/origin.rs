//! Texts that are made from others: where their lines come from.

use cvrs_rules::{Earlier, Seen};
use std::fmt::Debug;

/// Knows for each line of a made text the line of the text that it was made from, which is what users look for.
pub trait Origin: Send + Sync + Debug {
    /// The line that is told for a line of the made text, the header being line 1. Asked only of lines that have been
    /// read.
    fn line(&self, line: u64) -> u64;
}

/// The line that is told for a line of a text with that origin or with none.
pub(crate) fn told(origin: Option<&dyn Origin>, line: u64) -> u64 {
    origin.map_or(line, |origin| origin.line(line))
}

/// What is known of a record, with the lines that are told. Other inputs have origins of their own.
pub(crate) fn seen(origin: Option<&dyn Origin>, mut seen: Seen) -> Seen {
    let tell = |earlier: &mut Earlier| {
        if earlier.input.is_none() {
            earlier.line = told(origin, earlier.line);
        }
    };
    if let Some(duplicate) = &mut seen.duplicate {
        tell(&mut duplicate.first);
    }
    if let Some(earlier) = &mut seen.other_person {
        tell(earlier);
    }
    seen
}
