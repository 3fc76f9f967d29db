//! What a text is written in: a scan over all of it, and the reading of Windows-1252.

use cvrs_parse::BOM;

/// What bytes 0x80 to 0x9F stand for in Windows-1252 (WHATWG Encoding Standard, index windows-1252, with the five
/// holes that the code page itself has); all others stand for the scalar value of the same number.
#[rustfmt::skip]
const HIGH: [Option<char>; 32] = [
    Some('€'), None, Some('‚'), Some('ƒ'), Some('„'), Some('…'), Some('†'), Some('‡'),
    Some('ˆ'), Some('‰'), Some('Š'), Some('‹'), Some('Œ'), None, Some('Ž'), None,
    None, Some('‘'), Some('’'), Some('“'), Some('”'), Some('•'), Some('–'), Some('—'),
    Some('˜'), Some('™'), Some('š'), Some('›'), Some('œ'), None, Some('ž'), Some('Ÿ'),
];

const fn character(byte: u8) -> Option<char> {
    match byte {
        0x80..=0x9F => HIGH[(byte - 0x80) as usize],
        _ => Some(byte as char),
    }
}

/// Appends the text that the bytes stand for in Windows-1252, as UTF-8. A byte that stands for nothing there becomes
/// U+FFFD; [`Scan`] tells of such beforehand.
pub fn decode_windows_1252(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        let character = character(byte).unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Facts of a whole text that decide how it is read, gathered piece by piece.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each seen once or not at all")]
pub struct Scan {
    has_line_feed: bool,
    has_utf8_characters: bool,
    is_not_utf8: bool,
    is_not_windows_1252: bool,
    has_begun: bool,
    /// The beginning of a character that the next piece may complete.
    carry: Vec<u8>,
}

impl Scan {
    /// Takes the next piece; pieces may end anywhere.
    ///
    /// Cost: one pass.
    pub fn push(&mut self, piece: &[u8]) {
        self.has_line_feed |= memchr::memchr(b'\n', piece).is_some();
        if piece.is_ascii() && self.carry.is_empty() {
            self.has_begun |= !piece.is_empty();
            return;
        }
        self.is_not_windows_1252 |= piece.iter().any(|&byte| character(byte).is_none());
        let text = [&self.carry, piece].concat();
        self.carry.clear();
        let mut rest = &text[..];
        loop {
            match std::str::from_utf8(rest) {
                Ok(_) => {
                    self.note_valid(rest);
                    return;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.note_valid(valid);
                    let Some(length) = error.error_len() else {
                        self.carry = after.to_vec();
                        return;
                    };
                    (self.is_not_utf8, self.has_begun) = (true, true);
                    rest = &after[length..];
                }
            }
        }
    }

    /// Notes text that is UTF-8. Byte order marks at the beginning are none of its characters: they go in any case.
    fn note_valid(&mut self, text: &[u8]) {
        let mut text = text;
        while let Some(rest) = text.strip_prefix(BOM).filter(|_| !self.has_begun) {
            text = rest;
        }
        self.has_utf8_characters |= !text.is_ascii();
        self.has_begun |= !text.is_empty();
    }

    /// Whether any line feed was seen.
    pub const fn has_line_feed(&self) -> bool {
        self.has_line_feed
    }

    /// Whether the text is UTF-8. To be asked at the end, as the others.
    pub const fn is_utf8(&self) -> bool {
        !self.is_not_utf8 && self.carry.is_empty()
    }

    /// Whether all of it decodes as Windows-1252, and not as UTF-8. A text with characters of both is neither: what is
    /// right in it would be garbled.
    pub const fn is_windows_1252(&self) -> bool {
        !self.is_utf8() && !self.is_not_windows_1252 && !self.has_utf8_characters
    }

    /// How the text is to be read by a plan that asks for its encoding, or not.
    pub const fn reading(&self, asks_for_encoding: bool) -> Reading {
        let encoding = match (asks_for_encoding, self.is_utf8(), self.is_windows_1252()) {
            (false, ..) | (true, true, _) => Encoding::AsItIs,
            (true, false, true) => Encoding::Windows1252,
            (true, false, false) => Encoding::Mixed,
        };
        Reading { is_cr_only: !self.has_line_feed, encoding }
    }
}

/// How the bytes above 0x7F of a text are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// As UTF-8, each cell by itself.
    #[default]
    AsItIs,
    /// As Windows-1252, to be written as UTF-8 (F37).
    Windows1252,
    /// F37 is wanted, and the text is neither. Rows with such bytes stay as they are, lest what is left of them after
    /// a repair looks like one encoding to the next run.
    Mixed,
}

/// How a text is to be read; a [`Scan`] tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Lines end in CR, and no LF stands in the text.
    pub is_cr_only: bool,
    /// Its encoding.
    pub encoding: Encoding,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scan(text: &[u8], step: usize) -> Scan {
        let mut scan = Scan::default();
        text.chunks(step).for_each(|piece| scan.push(piece));
        scan
    }

    #[test]
    fn an_accent_in_one_byte_is_windows_1252() {
        assert!(scan(b"Jos\xE9 Clinic\n", 3).is_windows_1252());
        assert!(scan(b"Jos\xE9", 3).is_windows_1252());
        assert!(!scan("José Clinic\n".as_bytes(), 4).is_windows_1252());
        assert!(!scan(b"plain\n", 2).is_windows_1252() && scan(b"plain\n", 2).is_utf8());
        assert!(scan(b"\xEF\xBB\xBFJos\xE9", 2).is_windows_1252());
        let mixed = scan(b"Jos\xE9 Jos\xC3\xA9\n", 2);
        assert!(!mixed.is_windows_1252() && !mixed.is_utf8());
        assert_eq!(mixed.reading(true).encoding, Encoding::Mixed);
        assert_eq!(mixed.reading(false).encoding, Encoding::AsItIs);
        // 0x81 is a hole of the code page.
        assert!(!scan(b"Jos\xE9 \x81\n", 100).is_windows_1252());
    }

    #[test]
    fn bytes_become_the_characters_of_the_code_page() {
        let mut out = Vec::new();
        decode_windows_1252(b"\x80 Jos\xE9 \x92\xFF", &mut out);
        assert_eq!(String::from_utf8(out).expect("UTF-8"), "€ José ’ÿ");
    }

    proptest! {
        #[test]
        fn where_the_pieces_end_does_not_show(
            text in prop::collection::vec(prop_oneof![4 => any::<u8>(), 1 => Just(0xC3u8), 1 => Just(0xA9u8)], 0..60),
            has_bom: bool,
            step in 1usize..7,
        ) {
            let text = if has_bom { [BOM, &text].concat() } else { text };
            let (whole, parts) = (scan(&text, 1000), scan(&text, step));
            prop_assert_eq!(whole.is_windows_1252(), parts.is_windows_1252());
            prop_assert_eq!(whole.has_line_feed(), parts.has_line_feed());
            prop_assert_eq!(parts.is_utf8(), std::str::from_utf8(&text).is_ok());
            let holes = [0x81u8, 0x8D, 0x8F, 0x90, 0x9D];
            let mut body = &text[..];
            while let Some(rest) = body.strip_prefix(BOM) {
                body = rest;
            }
            let is_mixed = body.utf8_chunks().any(|part| !part.valid().is_ascii());
            let expected = !parts.is_utf8() && !is_mixed && !text.iter().any(|byte| holes.contains(byte));
            prop_assert_eq!(parts.is_windows_1252(), expected);
        }
    }
}
