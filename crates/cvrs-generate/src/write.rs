//! Making blocks on several threads and writing them in order.
//!
//! Worker `w` of `n` makes the blocks w, w + n, w + 2n, …; the writer takes one from each worker in turn. Nothing is
//! reordered, nothing waits in a map, and no more than [`AHEAD`] blocks a worker exist besides those in work.

use std::io::Write;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::{io, thread};

use crate::block::{Block, Maker, RECORDS};
use crate::ids;
use crate::products::FIRST_DAY;
use crate::tables::Tables;
use crate::{Date, Error, Options, Totals, file};

/// The first line of a truth file.
pub const TRUTH_HEADER: &str = "line\trecord\tfield\tcode\tdch\tlevel";

/// Finished blocks that may wait for the writer, by worker.
const AHEAD: usize = 2;

/// Writes a file and, if asked, what was planted in it.
///
/// The truth is tab-separated with line feeds: [its header](TRUTH_HEADER), then a line for each finding in the order of
/// the records. `line` counts from 1 at the header of the file, `record` from 1 at the first data row. `field` and
/// `dch` are empty where a finding has none.
///
/// Cost: linear in the records; memory is bounded, about 3 MB a thread. `out` is given whole blocks of about half a
/// megabyte, so it needs no buffer.
///
/// # Errors
/// [`Error::ErrorRate`], [`Error::Today`] and [`Error::Records`] before anything is written; [`Error::Io`] if a writer
/// fails.
pub fn generate(options: &Options, out: &mut dyn Write, mut truth: Option<&mut dyn Write>) -> Result<Totals, Error> {
    if !(0.0..=1.0).contains(&options.error_rate) {
        return Err(Error::ErrorRate(options.error_rate));
    }
    if !options.today.exists() || options.today < FIRST_DAY || options.today > Date::new(9000, 12, 31) {
        return Err(Error::Today(options.today));
    }
    if options.records > ids::LIMIT {
        return Err(Error::Records(options.records));
    }

    let mut header = file::header();
    header.extend_from_slice(options.line_end.as_bytes());
    out.write_all(&header)?;
    if let Some(truth) = truth.as_deref_mut() {
        writeln!(truth, "{TRUTH_HEADER}")?;
    }
    let mut totals = Totals { records: options.records, bytes: header.len() as u64, ..Totals::default() };
    let mut write = |block: &Block| -> io::Result<()> {
        totals.bytes += block.text.len() as u64;
        totals.faults += block.n_faults;
        totals.findings += block.n_findings;
        out.write_all(&block.text)?;
        truth.as_deref_mut().map_or(Ok(()), |truth| truth.write_all(&block.truth))
    };

    let tables = Tables::new(options);
    let n_blocks = options.records.div_ceil(RECORDS);
    let available = || thread::available_parallelism().map_or(1, usize::from);
    let threads = if options.threads == 0 { available() } else { options.threads };
    let threads = threads.min(n_blocks as usize);
    if threads > 1 {
        in_parallel(&tables, options.records, threads, &mut write)?;
    } else {
        let mut maker = Maker::new(&tables);
        let mut block = Block::default();
        for number in 0..n_blocks {
            maker.make(number, options.records, &mut block);
            write(&block)?;
        }
    }
    Ok(totals)
}

/// Makes all blocks on that many threads and hands them to `write` in order.
fn in_parallel(
    tables: &Tables,
    records: u64,
    threads: usize,
    write: &mut dyn FnMut(&Block) -> io::Result<()>,
) -> io::Result<()> {
    let n_blocks = records.div_ceil(RECORDS);
    thread::scope(|scope| {
        let workers: Vec<(Receiver<Block>, Sender<Block>)> = (0..threads)
            .map(|worker| {
                let (done, finished) = sync_channel(AHEAD);
                let (give_back, spare) = channel();
                scope.spawn(move || {
                    let mut maker = Maker::new(tables);
                    for number in (worker as u64..n_blocks).step_by(threads) {
                        let mut block = spare.try_recv().unwrap_or_default();
                        maker.make(number, records, &mut block);
                        if done.send(block).is_err() {
                            return;
                        }
                    }
                });
                (finished, give_back)
            })
            .collect();
        for number in 0..n_blocks {
            let (finished, give_back) = &workers[(number % threads as u64) as usize];
            let block = finished.recv().map_err(|_| io::Error::other("a worker has panicked"))?;
            write(&block)?;
            // A worker that has made its last block takes nothing back.
            let _ = give_back.send(block);
        }
        Ok(())
    })
}
