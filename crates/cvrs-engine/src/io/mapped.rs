//! Files mapped into memory, so that a text in the page cache is checked where it lies.
//!
//! To read a file copies it, which takes about a third of the time of a check. A map needs no copy, but has a price
//! that only a program may pay, never a library: where a file shrinks or its disk fails, the look at a byte that is gone
//! raises SIGBUS. So files are mapped only after [`map_files`], which installs a handler for that signal: it lays zeros
//! over what is gone and notes it, and the run ends with [`InputCause::Changed`] before anything of that chunk is handed
//! on. Only large files on file systems known to be local are mapped; all else is read, as everywhere before.
//!
//! What another program writes over the file meanwhile may show between two looks at one record, where a copy shows one
//! state or the other: so what is converted, redacted or fixed is read, and where clean records are parted from others, a
//! file that was written to meanwhile is told in the end, to be read once more. What is added to it is not seen.
#![expect(unsafe_code, reason = "maps, and the handler that makes them safe to look at")]

use super::error::InputCause;
use crate::chunk::ReadAt;
use crate::file::Looks;
use memmap2::{Advice, Mmap, MmapOptions, UncheckedAdvice};
use std::fs::File;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

/// A smaller file is read: to map it costs more than to copy it.
const LEAST_BYTES: u64 = 1 << 20;

/// So many bytes behind what is needed are given back at a time.
const WINDOW_BYTES: u64 = 4 << 20;

/// At so many places a file is looked at for whether it is in memory.
const LOOKED_AT: usize = 32;

/// So many bytes at a time are asked of the disk, one such part ahead, where they are not in memory.
const ASKED_BYTES: u64 = 4 << 20;

/// So many bytes at a time are mapped at the first look at one of them.
const AROUND_BYTES: usize = 64 << 10;

/// What a page of memory has at most on the machines of today; a multiple of any smaller one.
const LARGEST_PAGE: usize = 64 << 10;

/// Parts of memory that files are mapped to; more at a time are not mapped.
static REGIONS: [Region; 16] = [const { Region::free() }; 16];

/// What handled the signal before; set when maps are allowed.
static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

/// A part of memory whose bytes may vanish.
struct Region {
    is_taken: AtomicBool,
    start: AtomicUsize,
    length: AtomicUsize,
    /// Whether bytes were looked at that are gone.
    is_torn: AtomicBool,
}

impl Region {
    const fn free() -> Self {
        Self {
            is_taken: AtomicBool::new(false),
            start: AtomicUsize::new(0),
            length: AtomicUsize::new(0),
            is_torn: AtomicBool::new(false),
        }
    }

    /// Takes a free one for some bytes.
    fn take(bytes: &[u8]) -> Option<&'static Self> {
        let free = |region: &&Self| !region.is_taken.swap(true, Ordering::AcqRel);
        let region = REGIONS.iter().find(free)?;
        region.is_torn.store(false, Ordering::Relaxed);
        region.start.store(bytes.as_ptr().addr(), Ordering::Relaxed);
        region.length.store(bytes.len(), Ordering::Release);
        Some(region)
    }

    fn leave(&self) {
        self.length.store(0, Ordering::Release);
        self.is_taken.store(false, Ordering::Release);
    }

    /// How many bytes of it follow that address, if it lies within.
    fn bytes_from(&self, address: usize) -> Option<usize> {
        let length = self.length.load(Ordering::Acquire);
        let at = address.checked_sub(self.start.load(Ordering::Relaxed))?;
        length.checked_sub(at).filter(|&rest| rest > 0)
    }
}

/// Lets large local files be mapped instead of read, in the whole process from now on.
///
/// For programs, before their first input: it installs a handler of SIGBUS, which hands on to the one before it whatever
/// does not concern a map of this crate. Cost: one system call.
pub fn map_files() {
    BEFORE.get_or_init(|| {
        // SAFETY: all-zero bytes are a valid `sigaction`; the handler keeps to what may be done in one, and both
        // pointers are to live values.
        unsafe {
            let mut ours: libc::sigaction = std::mem::zeroed();
            ours.sa_sigaction = on_bus_error as *const () as usize;
            ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut ours.sa_mask);
            let mut before: libc::sigaction = std::mem::zeroed();
            libc::sigaction(libc::SIGBUS, &raw const ours, &raw mut before);
            before
        }
    });
}

/// Lays zeros over the rest of a region from a byte on that is gone; what is of no region goes to the handler before.
extern "C" fn on_bus_error(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the system hands a handler of this kind a valid `info`. Only atomics are read, and `mmap`, `sigaction`
    // and `sysconf` do no more than a system call; the pages replaced are those of a region, which is a map that lives
    // until after it is left. `errno` is put back.
    unsafe {
        let errno = *libc::__errno_location();
        let address = (*info).si_addr().addr();
        for region in &REGIONS {
            let Some(rest) = region.bytes_from(address) else { continue };
            let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(LARGEST_PAGE);
            let within = address % page;
            let (protection, flags) = (libc::PROT_READ, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED);
            let from = std::ptr::with_exposed_provenance_mut(address - within);
            if libc::mmap(from, rest + within, protection, flags, -1, 0) != libc::MAP_FAILED {
                region.is_torn.store(true, Ordering::Release);
                *libc::__errno_location() = errno;
                return;
            }
        }
        *libc::__errno_location() = errno;
        match BEFORE.get() {
            Some(before) if before.sa_flags & libc::SA_SIGINFO != 0 => {
                let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
                    std::mem::transmute(before.sa_sigaction);
                handler(signal, info, context);
            }
            // Once more the byte is looked at, now without a handler: the process ends as it would have.
            _ => {
                libc::signal(signal, libc::SIG_DFL);
            }
        }
    }
}

/// A file in memory.
pub(crate) struct Mapped {
    map: Mmap,
    file: File,
    region: &'static Region,
    /// Up to where memory was given back.
    released: AtomicU64,
    /// Up to where the disk was asked.
    asked: AtomicU64,
    /// When it had been written to last, if that must not happen meanwhile.
    modified: Option<SystemTime>,
}

impl Mapped {
    /// Maps the first `len` bytes of a file if it may; gives it back if it is better read.
    pub(crate) fn new(file: File, len: u64, looks: Looks) -> Result<Self, File> {
        if looks == Looks::AtCopies || BEFORE.get().is_none() || len < LEAST_BYTES || !is_local(&file) {
            return Err(file);
        }
        let Ok(length) = usize::try_from(len) else { return Err(file) };
        let modified = match (looks, file.metadata().and_then(|metadata| metadata.modified())) {
            (Looks::InMemoryUnchanged, Ok(modified)) => Some(modified),
            (Looks::InMemoryUnchanged, Err(_)) => return Err(file),
            _ => None,
        };
        // SAFETY: bytes that vanish are replaced by the handler, which is installed; see the module for those that change.
        let Ok(map) = (unsafe { MmapOptions::new().len(length).map(&file) }) else { return Err(file) };
        // A file that comes from the disk is better read: there the system reads further ahead.
        let is_away = |place: &usize| !is_in_memory(&map, place * (length / LOOKED_AT));
        if (0..LOOKED_AT).filter(is_away).count() > LOOKED_AT / 4 {
            return Err(file);
        }
        // Without the advice, the system reads less ahead.
        let _ = map.advise(Advice::Sequential);
        match Region::take(&map) {
            Some(region) => {
                Ok(Self { map, file, region, released: AtomicU64::new(0), asked: AtomicU64::new(0), modified })
            }
            None => Err(file),
        }
    }

    /// Asks the disk for what follows soon on an offset, unless it is in memory: by itself the system would read less
    /// ahead in a map than in a file, and nobody looks at a page that is on its way.
    fn ask_ahead(&self, offset: u64) {
        let to = ((offset / ASKED_BYTES + 2) * ASKED_BYTES).min(self.map.len() as u64);
        if to <= self.asked.load(Ordering::Relaxed) {
            return;
        }
        let from = self.asked.fetch_max(to, Ordering::Relaxed);
        let is_away = |place: u64| !is_in_memory(&self.map, (from + place * (to - from) / 4) as usize);
        if from < to && (0..4).any(is_away) {
            let _ = self.map.advise_range(Advice::WillNeed, from as usize, (to - from) as usize);
        }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        self.region.leave();
    }
}

impl ReadAt for Mapped {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        super::positional::read_exact_at(&self.file, buffer, offset)
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(&self.map)
    }

    fn prepare(&self, range: std::ops::Range<u64>) {
        self.ask_ahead(range.start);
        // To fetch what is not mapped yet does nothing, so it is looked at here and there; the system maps what is around.
        let bytes = &self.map[range.start as usize..range.end as usize];
        for byte in bytes.iter().step_by(AROUND_BYTES) {
            std::hint::black_box(*byte);
        }
    }

    fn release(&self, offset: u64) {
        let to = given_back(offset, self.map.len() as u64);
        let from = self.released.fetch_max(to, Ordering::Relaxed);
        if from < to && !self.region.is_torn.load(Ordering::Acquire) {
            // SAFETY: the range is part of the map, which is of a file and shared: what is looked at again comes from the
            // file again.
            let _ = unsafe {
                self.map.unchecked_advise_range(UncheckedAdvice::DontNeed, from as usize, (to - from) as usize)
            };
        }
    }

    fn check(&self) -> io::Result<()> {
        if self.region.is_torn.load(Ordering::Acquire) {
            return Err(InputCause::Changed.into());
        }
        Ok(())
    }

    fn check_end(&self) -> io::Result<()> {
        // Behind a file's end, the rest of its last page is zeros that nobody is told of.
        let metadata = self.file.metadata()?;
        let was_written = self.modified.is_some_and(|before| metadata.modified().ok() != Some(before));
        if was_written || metadata.len() < self.map.len() as u64 {
            return Err(InputCause::Changed.into());
        }
        self.check()
    }
}

/// Whether the page that holds a byte of a map is in memory, as far as can be told.
fn is_in_memory(map: &Mmap, offset: usize) -> bool {
    let mut page = [0];
    let Some(byte) = map.get(offset / LARGEST_PAGE * LARGEST_PAGE) else { return true };
    // SAFETY: one byte of the map from a page's start on is asked about, and one byte is written about its page.
    let asked = unsafe { libc::mincore(std::ptr::from_ref(byte).cast_mut().cast(), 1, page.as_mut_ptr()) };
    asked != 0 || page[0] & 1 == 1
}

/// Up to where memory is given back once nothing before `offset` is needed: never beyond the end of the map, behind which
/// lies other memory, though the last chunk of a text may end there.
fn given_back(offset: u64, length: u64) -> u64 {
    offset.min(length) / WINDOW_BYTES * WINDOW_BYTES
}

/// Whether the file lies on a file system that is known to be local, where a page is not lost on the way.
fn is_local(file: &File) -> bool {
    const LOCAL: [u32; 6] = [
        0xEF53,      // ext2, ext3, ext4
        0x5846_5342, // XFS
        0x9123_683E, // Btrfs
        0xF2F5_2010, // F2FS
        0x0102_1994, // tmpfs
        0x794C_7630, // overlayfs, as in containers
    ];
    rustix::fs::fstatfs(file).is_ok_and(|stat| u32::try_from(stat.f_type).is_ok_and(|kind| LOCAL.contains(&kind)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn only_memory_of_the_map_is_given_back(
            n_windows in 0..4u64, more in -300_000..300_000i64, chunk_bytes in 1..1_000_000u64, start in 0..5000u64,
        ) {
            let length = (n_windows * WINDOW_BYTES).saturating_add_signed(more).max(start);
            for n_chunks in 0..=(length - start).div_ceil(chunk_bytes) {
                let offset = start + n_chunks * chunk_bytes;
                let to = given_back(offset, length);
                prop_assert!(to <= length && to <= offset);
                prop_assert!(to + WINDOW_BYTES > offset.min(length));
            }
        }
    }
}
