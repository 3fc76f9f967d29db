//! From the bytes of a download to text.

use std::borrow::Cow;

/// UTF-16 and UTF-8 by their byte-order marks, UTF-8 if the bytes are that, Windows-1252 otherwise.
///
/// Never fails: bytes that Windows-1252 leaves open keep their number, a broken UTF-16 pair becomes U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes).into(),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes).into(),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8_or_1252(rest),
        _ => utf8_or_1252(bytes),
    }
}

fn utf8_or_1252(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect::<String>().into(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _odd) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// ISO-8859-1 but for 0x80–0x9F, where Windows has dashes, quotes and letters.
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn decodes_what_downloads_hold() {
        assert_eq!(decode(b"a|b"), "a|b");
        assert_eq!(decode("Doña".as_bytes()), "Doña");
        assert_eq!(decode(b"\xEF\xBB\xBFa|b"), "a|b");
        assert_eq!(decode(b"Vax\xAE \x93new\x94"), "Vax® “new”");
        assert_eq!(decode(b"\xFF\xFEa\0|\0\xF1\0"), "a|ñ");
        assert_eq!(decode(b"\xFE\xFF\0a\0|"), "a|");
        assert_eq!(decode(b""), "");
    }
}
