//! A text on its way through the fixer: blocks that workers mend at the same time, and that come out in order.

use cvrs_engine::{Position, Rewrite};
use cvrs_fix::{Change, Diff, Fixer, Log, Shown, Totals};

/// What comes of a block of the text.
#[derive(Default)]
pub(crate) struct Block {
    /// The mended lines.
    pub(crate) text: Vec<u8>,
    /// The lines of the log.
    pub(crate) log: Vec<u8>,
    /// The rows of the diff.
    pub(crate) diff: Vec<u8>,
    /// What was done.
    pub(crate) totals: Totals,
}

/// How changes are told.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    pub(crate) log: Option<Log>,
    /// What a diff shows, if one is wanted.
    pub(crate) diff: Option<Shown>,
}

impl Telling {
    /// Has the block made by `mend`, and its changes told.
    pub(crate) fn tell<T>(&self, block: &mut Block, mend: impl FnOnce(&mut Vec<u8>, cvrs_fix::Tell<'_>) -> T) -> T {
        let Block { text, log, diff: rows, .. } = block;
        text.clear();
        log.clear();
        rows.clear();
        let mut diff = self.diff.map(Diff::new);
        let made = mend(text, &mut |change: &Change<'_>| {
            if let Some(writer) = &self.log {
                writer.write(log, change);
            }
            if let Some(diff) = &mut diff {
                diff.add(rows, change);
            }
        });
        if let Some(diff) = &mut diff {
            diff.end(rows);
        }
        made
    }
}

/// What workers do with the lines below the header.
pub(crate) struct Mending {
    pub(crate) telling: Telling,
    /// Has read the header.
    pub(crate) fixer: Fixer,
}

impl Rewrite for Mending {
    type Worker = Option<Fixer>;
    type Look = ();
    type Product = Block;

    fn worker(&self) -> Option<Fixer> {
        self.fixer.fork()
    }

    fn rewrite(
        &self,
        worker: &mut Option<Fixer>,
        (): &mut (),
        text: &[u8],
        before: Position,
        block: &mut Block,
    ) -> cvrs_engine::Result<()> {
        let fixer = worker.as_mut().ok_or(cvrs_engine::Error::NotCvrs)?;
        fixer.go_to(before.lines, before.records, self.fixer.has_told_crlf() || before.has_crlf);
        let fed = self.telling.tell(block, |out, tell| fixer.feed(text, true, out, tell));
        fed.map_err(|error| cvrs_engine::Error::Write { what: "memory", error })?;
        block.totals.clone_from(fixer.totals());
        Ok(())
    }
}
