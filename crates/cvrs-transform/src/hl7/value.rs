//! Values out of messages: escapes undone, dates with hyphens, postal codes with theirs.

use super::escape;
use super::message::Delimiters;
use memchr::memchr;

/// What was noticed while a value was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Noticed {
    /// An escape sequence that is not known was left as it is.
    pub(super) unknown_escape: bool,
    /// A character that no CVRS cell holds became a blank.
    pub(super) control: bool,
}

/// How the values of a message are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decoder {
    pub(super) delimiters: Delimiters,
    /// Whether the message says that its text is ISO 8859-1.
    pub(super) is_latin_1: bool,
}

impl Decoder {
    /// Writes a value into a cell, in place of what it holds.
    pub(super) fn decode(self, raw: &[u8], cell: &mut Vec<u8>) -> Noticed {
        cell.clear();
        let mut noticed = Noticed::default();
        let raw = escape::trim(raw);
        if raw == b"\"\"" {
            return noticed;
        }
        let escape = self.delimiters.escape;
        let is_plain = escape.is_none_or(|escape| memchr(escape, raw).is_none())
            && !raw.iter().any(|&byte| byte < 0x20 || byte == 0x7F)
            && (!self.is_latin_1 || raw.is_ascii());
        if is_plain {
            cell.extend_from_slice(raw);
            return noticed;
        }
        let mut rest = raw;
        while let [byte, after @ ..] = rest {
            rest = after;
            if Some(*byte) == escape
                && let Some(end) = memchr(*byte, after)
                && self.sequence(&after[..end], cell, &mut noticed)
            {
                rest = &after[end + 1..];
            } else {
                self.push(*byte, cell, &mut noticed);
            }
        }
        let trimmed = escape::trim(cell);
        if trimmed.len() < cell.len() {
            let start = trimmed.as_ptr() as usize - cell.as_ptr() as usize;
            let end = start + trimmed.len();
            cell.truncate(end);
            cell.drain(..start);
        }
        noticed
    }

    /// Undoes one escape sequence; whether it was one.
    fn sequence(self, letters: &[u8], cell: &mut Vec<u8>, noticed: &mut Noticed) -> bool {
        let Delimiters { field, component, repetition, escape, subcomponent } = self.delimiters;
        match letters {
            b"F" => cell.push(field),
            b"S" => cell.push(component),
            b"T" => cell.push(subcomponent),
            b"R" => cell.push(repetition),
            b"E" => cell.extend(escape),
            b".br" => cell.push(b' '),
            // Highlighting begins and ends.
            b"H" | b"N" => {}
            [b'X', digits @ ..] if is_hex(digits) => {
                for pair in digits.chunks(2) {
                    let byte = pair.iter().fold(0, |sum, &digit| sum << 4 | nibble(digit));
                    self.push(byte, cell, noticed);
                }
            }
            _ => {
                // A lone escape character may stand in a text by mistake; a sequence is short and without blanks.
                noticed.unknown_escape = true;
                return false;
            }
        }
        true
    }

    /// Appends a byte of the message's character set.
    fn push(self, byte: u8, cell: &mut Vec<u8>, noticed: &mut Noticed) {
        match byte {
            0..0x20 | 0x7F => {
                cell.push(b' ');
                noticed.control = true;
            }
            0x80.. if self.is_latin_1 => {
                let mut buffer = [0; 4];
                cell.extend_from_slice(char::from(byte).encode_utf8(&mut buffer).as_bytes());
            }
            _ => cell.push(byte),
        }
    }
}

fn is_hex(digits: &[u8]) -> bool {
    !digits.is_empty() && digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit)
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

/// Gives a date of digits its hyphens: of eight or more the first eight, of six all. Whether a time
/// of day was dropped. Anything else stays as it is, for a check to see.
pub(super) fn date(cell: &mut Vec<u8>) -> bool {
    let digits = cell.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let has_other_start = digits < cell.len() && !matches!(cell[digits], b'.' | b'+' | b'-');
    let kept = match digits {
        8.. => 8,
        6 => 6,
        _ => return false,
    };
    // A date with hyphens of its own begins with four digits.
    if has_other_start {
        return false;
    }
    let has_time = digits > 8;
    cell.truncate(kept);
    cell.insert(4, b'-');
    if kept == 8 {
        cell.insert(7, b'-');
    }
    has_time
}

/// Gives nine digits the hyphen of a ZIP code; whether it did.
pub(super) fn zip(cell: &mut Vec<u8>) -> bool {
    let is_bare = cell.len() == 9 && cell.iter().all(u8::is_ascii_digit);
    if is_bare {
        cell.insert(5, b'-');
    }
    is_bare
}

/// Whether a text looks like a ZIP code.
pub(super) fn is_zip(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    match text.len() {
        5 | 9 => digits(text),
        10 => text[5] == b'-' && digits(&text[..5]) && digits(&text[6..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(header: &str, raw: &str) -> (String, Noticed) {
        let delimiters = Delimiters::of(header.as_bytes());
        let mut cell = b"old".to_vec();
        let noticed = Decoder { delimiters, is_latin_1: false }.decode(raw.as_bytes(), &mut cell);
        (String::from_utf8(cell).expect("UTF-8"), noticed)
    }

    #[test]
    fn escapes_are_undone_by_the_message_s_own_delimiters() {
        let none = Noticed::default();
        assert_eq!(decoded("MSH|^~\\&|", r"a\F\\S\\T\\R\\E\b"), (r"a|^&~\b".to_owned(), none));
        assert_eq!(decoded("MSH#*+!%#", "a!F!!S!!T!!R!!E!b"), ("a#*%+!b".to_owned(), none));
        assert_eq!(
            decoded("MSH|^~\\&|", r"one\.br\two \H\three\N\ M\XC3BC\ller"),
            ("one two three Müller".to_owned(), none)
        );
        assert_eq!(decoded("MSH|^~\\&|", "\\X22\\\""), ("\"\"".to_owned(), none));
        assert_eq!(decoded("MSH|^~\\&|", "\"\""), (String::new(), none));
    }

    #[test]
    fn what_is_no_escape_stays() {
        let unknown = Noticed { unknown_escape: true, control: false };
        for raw in [r"a\Zxx\b", r"C:\temp\x", r"\X2\", r"\XGG\", r"\\"] {
            assert_eq!(decoded("MSH|^~\\&|", raw), (raw.to_owned(), unknown), "{raw}");
        }
        assert_eq!(decoded("MSH|^~\\&|", r"lone\"), (r"lone\".to_owned(), Noticed::default()));
        let control = Noticed { unknown_escape: false, control: true };
        assert_eq!(decoded("MSH|^~\\&|", r"a\X09\b"), ("a b".to_owned(), control));
        assert_eq!(decoded("MSH|^~\\&|", "a\tb"), ("a b".to_owned(), control));
    }

    #[test]
    fn latin_1_becomes_utf_8() {
        let decoder = Decoder { delimiters: Delimiters::of(b"MSH|^~\\&|"), is_latin_1: true };
        let mut cell = Vec::new();
        decoder.decode(b"M\xFCller \\XE9\\", &mut cell);
        assert_eq!(cell, "Müller é".as_bytes());
    }

    #[test]
    fn dates_get_their_hyphens_and_lose_their_times() {
        let read = |text: &str| {
            let mut cell = text.as_bytes().to_vec();
            let has_time = date(&mut cell);
            (String::from_utf8(cell).expect("ASCII"), has_time)
        };
        for (text, expected, has_time) in [
            ("20210115", "2021-01-15", false),
            ("202101", "2021-01", false),
            ("202101151130-0500", "2021-01-15", true),
            ("20210115113000.123+0000", "2021-01-15", true),
            ("20210115-0500", "2021-01-15", false),
            ("2021", "2021", false),
            ("2021011", "2021011", false),
            ("2021-01-15", "2021-01-15", false),
            ("20210115Z", "20210115Z", false),
            ("unknown", "unknown", false),
            ("", "", false),
        ] {
            assert_eq!(read(text), (expected.to_owned(), has_time), "{text}");
        }
    }

    #[test]
    fn nine_digits_are_a_zip_code_with_four_more() {
        let mut cell = b"181031234".to_vec();
        assert!(zip(&mut cell) && cell == b"18103-1234" && is_zip(&cell));
        assert!(!zip(&mut cell) && is_zip(b"18103") && !is_zip(b"18103-123") && !is_zip(b"1810a"));
    }
}
