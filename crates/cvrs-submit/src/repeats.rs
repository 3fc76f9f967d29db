//! How many records of a part a store must refuse, since an earlier one of the part has their id.
//!
//! It is asked only when a part is sent again after a lost reply: then what the store finds there already is ours, but for
//! these. So it is counted from the part's body rather than while parts are made.

use crate::cut::{Mode, Part};
use crate::error::{Error, Result};
use crate::zip;
use flate2::read::DeflateDecoder;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read};

impl Part {
    /// Records whose `vax_event_id` an earlier record of the part has: a store takes the first alone.
    pub(crate) fn repeats(&mut self) -> Result<u64> {
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

fn count(text: &mut dyn BufRead) -> io::Result<u64> {
    let mut line = Vec::new();
    text.read_until(b'\n', &mut line)?;
    let header = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line);
    let mut names = header.split(|&byte| byte == b'\t');
    let Some(column) = names.position(|name| name.trim_ascii().eq_ignore_ascii_case(b"vax_event_id")) else {
        return Ok(0);
    };
    let (mut ids, mut repeats) = (HashSet::new(), 0);
    loop {
        line.clear();
        if text.read_until(b'\n', &mut line)? == 0 {
            return Ok(repeats);
        }
        let mut hasher = DefaultHasher::new();
        line.split(|&byte| byte == b'\t').nth(column).unwrap_or_default().hash(&mut hasher);
        repeats += u64::from(!ids.insert(hasher.finish()));
    }
}
