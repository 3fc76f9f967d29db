//! Decompressing readers for gzip and zstd, whose errors say what is wrong with the file.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::compression::Compression;
use super::error::InputCause;
use super::raw::Raw;

/// Bytes asked of the system at once.
pub(super) const BUFFER_BYTES: usize = 128 * 1024;

/// 2 to this power is the largest window accepted, in bytes: 128 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// A reader that decompresses `raw`.
///
/// # Errors
/// Memory that the decompressor cannot get.
pub(super) fn gzip(raw: Raw) -> Box<dyn Read + Send> {
    let source = BufReader::with_capacity(BUFFER_BYTES, raw);
    Box::new(Faithful::new(Gzip { member: GzDecoder::new(source), ended: false }, Compression::Gzip))
}

/// As [`gzip`], for zstd.
pub(super) fn zstd(raw: Raw) -> io::Result<Box<dyn Read + Send>> {
    let source = BufReader::with_capacity(BUFFER_BYTES, raw);
    let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(Box::new(Faithful::new(decoder, Compression::Zstd)))
}

/// The members of a gzip file one after another.
///
/// Not `MultiGzDecoder`: it cannot tell padding (tapes end in NULs, which gzip itself accepts) and
/// foreign data after a member from a damaged one.
struct Gzip {
    member: GzDecoder<BufReader<Raw>>,
    ended: bool,
}

impl Gzip {
    /// Goes to the next member, if there is one; the current one has been read to its end.
    fn advance(&mut self) -> io::Result<bool> {
        let source = self.member.get_mut();
        let mut padded = false;
        loop {
            let next = source.fill_buf()?;
            match next.first() {
                None => return Ok(false),
                Some(0x1f) if !padded => break,
                Some(_) if next.iter().all(|&byte| byte == 0) => {
                    padded = true;
                    let n = next.len();
                    source.consume(n);
                }
                Some(_) => return Err(InputCause::TrailingData(Compression::Gzip).into()),
            }
        }
        let source = std::mem::replace(source, BufReader::with_capacity(0, Raw::default()));
        self.member.reset(source);
        Ok(true)
    }
}

impl Read for Gzip {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buf.is_empty() {
            match self.member.read(buf)? {
                0 => self.ended = !self.advance()?,
                n => return Ok(n),
            }
        }
        Ok(0)
    }
}

/// Names the fault of a decompressor, and keeps to it: a file once found damaged never seems to end well.
pub(super) struct Faithful<R> {
    inner: R,
    compression: Compression,
    fault: Option<fn(Compression) -> InputCause>,
}

impl<R> Faithful<R> {
    pub(super) fn new(inner: R, compression: Compression) -> Self {
        Self { inner, compression, fault: None }
    }
}

impl<R: Read> Read for Faithful<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(fault) = self.fault {
            return Err(fault(self.compression).into());
        }
        let error = match self.inner.read(buf) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => error,
            result => return result,
        };
        // An error of the system comes from below the decompressor and says nothing about the data.
        if error.raw_os_error().is_some() {
            return Err(error);
        }
        let fault: fn(Compression) -> InputCause = match error.get_ref().and_then(|e| e.downcast_ref::<InputCause>()) {
            Some(InputCause::TrailingData(_)) => InputCause::TrailingData,
            Some(InputCause::Corrupt(_)) => InputCause::Corrupt,
            Some(_) => return Err(error),
            None => fault_of(&error, self.compression),
        };
        self.fault = Some(fault);
        Err(fault(self.compression).into())
    }
}

/// The decompressors tell their faults apart by kind and by text only; the texts are libzstd's `ZSTD_getErrorString`.
fn fault_of(error: &io::Error, compression: Compression) -> fn(Compression) -> InputCause {
    // A zip has a directory at its end: where that is found, a member that stops early is damage.
    if error.kind() == io::ErrorKind::UnexpectedEof && compression != Compression::Zip {
        return InputCause::CutShort;
    }
    if compression == Compression::Zstd {
        let text = error.to_string();
        if text.contains("too much memory") {
            return |_| InputCause::WindowTooLarge;
        }
        if text.contains("Dictionary") {
            return |_| InputCause::NeedsDictionary;
        }
        // The first frame was recognised when the input was opened, so this is about a later one.
        if text.contains("Unknown frame descriptor") {
            return InputCause::TrailingData;
        }
    }
    InputCause::Corrupt
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn gz(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zst(text: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8], compression: Compression) -> Result<Vec<u8>, InputCause> {
        let consumed = Arc::new(AtomicU64::new(0));
        let raw = Raw::sequential(Vec::new(), Box::new(io::Cursor::new(bytes.to_vec())), consumed.clone());
        let mut reader = if compression == Compression::Gzip { gzip(raw) } else { zstd(raw).unwrap() };
        let mut text = Vec::new();
        let result = reader.read_to_end(&mut text);
        if let Err(error) = result {
            assert!(reader.read(&mut [0; 8]).is_err(), "a fault is told again, never an end");
            return Err(InputCause::from(error));
        }
        assert_eq!(consumed.load(Ordering::Relaxed), bytes.len() as u64);
        Ok(text)
    }

    /// Lines that do not compress to nothing.
    fn text(seed: u32) -> Vec<u8> {
        let mut x = seed;
        let mut out = Vec::new();
        for _ in 0..200 {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            out.extend_from_slice(format!("{x}\t{}\n", x >> 7).as_bytes());
        }
        out
    }

    #[test]
    fn members_and_frames_are_joined() {
        let (one, two) = (text(1), text(2));
        let whole = [one.clone(), two.clone()].concat();
        assert_eq!(read(&[gz(&one), gz(b""), gz(&two)].concat(), Compression::Gzip).unwrap(), whole);
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3].to_vec();
        let frames = [skippable.clone(), zst(&one), skippable, zst(b""), zst(&two)].concat();
        assert_eq!(read(&frames, Compression::Zstd).unwrap(), whole);
    }

    #[test]
    fn every_cut_is_told() {
        for (bytes, compression) in [(gz(&text(3)), Compression::Gzip), (zst(&text(3)), Compression::Zstd)] {
            for cut in Compression::MAGIC_BYTES..bytes.len() {
                let result = read(&bytes[..cut], compression);
                assert!(matches!(result, Err(InputCause::CutShort(c)) if c == compression), "{cut}: {result:?}");
            }
        }
    }

    #[test]
    fn cut_in_a_later_member_is_told() {
        for (one, two, compression) in
            [(gz(&text(3)), gz(&text(4)), Compression::Gzip), (zst(&text(3)), zst(&text(4)), Compression::Zstd)]
        {
            for cut in 1..two.len() {
                let result = read(&[&one[..], &two[..cut]].concat(), compression);
                assert!(matches!(result, Err(InputCause::CutShort(c)) if c == compression), "{cut}: {result:?}");
            }
        }
    }

    #[test]
    fn wrong_checksum_is_damage() {
        let mut bytes = gz(&text(5));
        let at = bytes.len() - 6;
        bytes[at] ^= 1;
        assert!(matches!(read(&bytes, Compression::Gzip), Err(InputCause::Corrupt(Compression::Gzip))));
        let mut bytes = zst(&text(5));
        let at = bytes.len() - 2;
        bytes[at] ^= 1;
        assert!(matches!(read(&bytes, Compression::Zstd), Err(InputCause::Corrupt(Compression::Zstd))));
    }

    #[test]
    fn flipped_bytes_never_pass_as_the_same_text() {
        let whole = text(6);
        for (bytes, compression) in [(gz(&whole), Compression::Gzip), (zst(&whole), Compression::Zstd)] {
            for at in Compression::MAGIC_BYTES..bytes.len() {
                let mut bytes = bytes.clone();
                bytes[at] ^= 0x40;
                // Time stamp, system and name of a gzip header are under no checksum: the text is then unchanged.
                if let Ok(read) = read(&bytes, compression) {
                    assert_eq!(read, whole, "{compression} byte {at}");
                }
            }
        }
    }

    #[test]
    fn nul_padding_after_gzip_is_accepted_and_other_data_are_not() {
        let one = gz(b"a\tb\n");
        assert_eq!(read(&[&one[..], &[0; 700]].concat(), Compression::Gzip).unwrap(), b"a\tb\n");
        for tail in [&b"garbage"[..], b"\0\0garbage", b"\0\x1f\x8b"] {
            let result = read(&[&one[..], tail].concat(), Compression::Gzip);
            assert!(matches!(result, Err(InputCause::TrailingData(Compression::Gzip))), "{result:?}");
        }
        let result = read(&[&zst(b"a\tb\n")[..], b"garbage"].concat(), Compression::Zstd);
        assert!(matches!(result, Err(InputCause::TrailingData(Compression::Zstd))), "{result:?}");
    }

    #[test]
    fn zstd_windows_are_accepted_up_to_128_mib() {
        // Magic, descriptor with neither size nor checksum, window descriptor (exponent - 10) << 3, one empty last block.
        let frame = |log: u8| [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3][..], &[1, 0, 0]].concat();
        assert_eq!(read(&frame(27), Compression::Zstd).unwrap(), b"");
        assert!(matches!(read(&frame(28), Compression::Zstd), Err(InputCause::WindowTooLarge)));
    }

    #[test]
    fn zstd_with_a_dictionary_is_named() {
        // As above, with a one-byte dictionary id in the descriptor.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x00, 0x07, 1, 0, 0];
        assert!(matches!(read(&frame, Compression::Zstd), Err(InputCause::NeedsDictionary)));
    }
}
