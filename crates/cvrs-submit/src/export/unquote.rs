//! The one long string of an export, written as it comes: a JSON reader that keeps nothing.

use std::io::{self, BufRead, Write};

/// Why it ended early.
#[derive(Debug)]
pub(super) enum Fault {
    Write(io::Error),
    Read(io::Error),
    /// The reply ends before the string or the object does.
    Cut,
    /// It is no object with a string `data`.
    NoData,
}

struct Bytes<'a>(&'a mut dyn BufRead);

impl Bytes<'_> {
    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            match self.0.fill_buf() {
                Ok(buffer) => return Ok(buffer.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Read(error)),
            }
        }
    }

    fn next(&mut self) -> Result<u8, Fault> {
        let byte = self.peek()?.ok_or(Fault::Cut)?;
        self.0.consume(1);
        Ok(byte)
    }

    fn next_word(&mut self) -> Result<u8, Fault> {
        loop {
            let byte = self.next()?;
            if !byte.is_ascii_whitespace() {
                return Ok(byte);
            }
        }
    }
}

/// Copies the string that stands under `data` in a JSON object; how many bytes it has.
pub(super) fn data(reader: &mut dyn BufRead, out: &mut dyn Write) -> Result<u64, Fault> {
    let mut bytes = Bytes(reader);
    match bytes.next_word() {
        Ok(b'{') => {}
        Ok(_) => return Err(Fault::NoData),
        Err(fault) => return Err(fault),
    }
    let mut length = None;
    loop {
        match bytes.next_word()? {
            b'"' => {}
            b',' => continue,
            b'}' => return length.ok_or(Fault::NoData),
            _ => return Err(Fault::NoData),
        }
        let mut key = Vec::new();
        string(&mut bytes, &mut key)?;
        if bytes.next_word()? != b':' {
            return Err(Fault::NoData);
        }
        let first = bytes.next_word()?;
        if key == b"data" && first == b'"' {
            length = Some(string(&mut bytes, out)?);
        } else {
            skip(&mut bytes, first)?;
        }
    }
}

/// Skips a value of which the first byte has been read.
fn skip(bytes: &mut Bytes<'_>, first: u8) -> Result<(), Fault> {
    let mut depth = 0u32;
    let mut byte = first;
    loop {
        match byte {
            b'"' => {
                string(bytes, &mut io::sink())?;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1).ok_or(Fault::NoData)?,
            _ => {}
        }
        if depth == 0 && bytes.peek()?.is_none_or(|next| matches!(next, b',' | b'}')) {
            return Ok(());
        }
        byte = bytes.next()?;
    }
}

/// Copies a string whose opening quote has been read, up to and with its closing one.
fn string(bytes: &mut Bytes<'_>, out: &mut dyn Write) -> Result<u64, Fault> {
    let mut length = 0;
    loop {
        bytes.peek()?.ok_or(Fault::Cut)?;
        let buffer = bytes.0.fill_buf().map_err(Fault::Read)?;
        let n = memchr::memchr2(b'"', b'\\', buffer).unwrap_or(buffer.len());
        out.write_all(&buffer[..n]).map_err(Fault::Write)?;
        length += n as u64;
        bytes.0.consume(n);
        match bytes.peek()? {
            Some(b'"') => {
                bytes.0.consume(1);
                return Ok(length);
            }
            Some(b'\\') => {
                bytes.0.consume(1);
                let mut utf8 = [0; 4];
                let c = escape(bytes)?;
                let c = c.encode_utf8(&mut utf8).as_bytes();
                out.write_all(c).map_err(Fault::Write)?;
                length += c.len() as u64;
            }
            Some(_) | None => {}
        }
    }
}

fn escape(bytes: &mut Bytes<'_>) -> Result<char, Fault> {
    Ok(match bytes.next()? {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let first = unit(bytes)?;
            if !(0xD800..0xDC00).contains(&first) {
                return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            if bytes.next()? != b'\\' || bytes.next()? != b'u' {
                return Err(Fault::NoData);
            }
            let second = unit(bytes)?.wrapping_sub(0xDC00);
            let both = 0x1_0000 + ((first - 0xD800) << 10) + second;
            char::from_u32(both).filter(|_| second < 0x400).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        other @ (b'"' | b'\\' | b'/') => char::from(other),
        _ => return Err(Fault::NoData),
    })
}

fn unit(bytes: &mut Bytes<'_>) -> Result<u32, Fault> {
    (0..4).try_fold(0, |sum, _| {
        let digit = char::from(bytes.next()?).to_digit(16).ok_or(Fault::NoData)?;
        Ok(sum * 16 + digit)
    })
}
