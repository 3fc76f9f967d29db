//! The ids of a part, and how many of its records a store must refuse since an earlier one of the part has theirs.
//!
//! Asked for only when a part is sent again after a lost reply, and so read from its body rather than gathered while
//! parts are made.

use crate::cut::{Mode, Part};
use crate::error::{Error, Result};
use crate::witness::Table;
use crate::zip;
use flate2::read::DeflateDecoder;
use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read};

impl Part {
    /// Its ids in short, and the number of records whose id an earlier one of the part has: a store takes the first.
    pub(crate) fn ids(&mut self) -> Result<(HashSet<u64>, u64)> {
        let mode = self.mode;
        let mut body = self.body.reader().map_err(Error::Temporary)?;
        let counted = match mode {
            Mode::Sync => count(&mut BufReader::new(body)),
            Mode::Async => io::copy(&mut body.by_ref().take(zip::HEAD), &mut io::sink())
                .and_then(|_| count(&mut BufReader::new(DeflateDecoder::new(body)))),
        };
        counted.map_err(Error::Temporary)
    }
}

fn count(text: &mut dyn BufRead) -> io::Result<(HashSet<u64>, u64)> {
    let (mut ids, mut repeats) = (HashSet::new(), 0);
    let mut line = Vec::new();
    text.read_until(b'\n', &mut line)?;
    let Some(table) = Table::of(&line) else { return Ok((ids, repeats)) };
    loop {
        line.clear();
        if text.read_until(b'\n', &mut line)? == 0 {
            return Ok((ids, repeats));
        }
        repeats += u64::from(!ids.insert(table.id(&line)));
    }
}
