//! Escaping (HL7 v2.5.1, 2.7): a delimiter inside a value is told by a letter between two backslashes.

use memchr::memchr3;

/// Whether a text may hold something that [`push`] must look for.
pub(super) fn is_needed(text: &[u8]) -> bool {
    memchr3(b'|', b'^', b'&', text).is_some() || memchr3(b'~', b'\\', b'"', text).is_some()
}

/// The letter that stands for a delimiter.
const fn letter(byte: u8) -> Option<u8> {
    match byte {
        b'|' => Some(b'F'),
        b'^' => Some(b'S'),
        b'&' => Some(b'T'),
        b'~' => Some(b'R'),
        b'\\' => Some(b'E'),
        _ => None,
    }
}

/// Appends a value, its delimiters escaped and control characters as blanks; whether it had any of these.
pub(super) fn push(out: &mut Vec<u8>, value: &[u8]) -> bool {
    let start = out.len();
    let mut has_control = false;
    for &byte in value {
        match letter(byte) {
            Some(letter) => out.extend_from_slice(&[b'\\', letter, b'\\']),
            None if byte < 0x20 || byte == 0x7F => {
                out.push(b' ');
                has_control = true;
            }
            None => out.push(byte),
        }
    }
    if trim(&out[start..]) == b"\"\"" {
        // As it stands this would be the explicit null.
        out.truncate(start);
        out.extend_from_slice(b"\\X22\\\"");
    }
    has_control
}

/// A value without blanks around it; of nothing but blanks one remains.
pub(super) fn trim(value: &[u8]) -> &[u8] {
    match value {
        [b' ', ..] | [.., b' '] => {
            let start = value.iter().position(|&byte| byte != b' ');
            let end = value.iter().rposition(|&byte| byte != b' ');
            start.zip(end).map_or(&value[..1], |(start, end)| &value[start..=end])
        }
        _ => value,
    }
}

/// Whether a value has a byte that a coded cell is not written with: a lower case letter of ASCII.
#[inline]
pub(super) fn has_lower(value: &[u8]) -> bool {
    /// The high bit of every byte.
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    // Eight bytes at once: of each the low seven bits carry into the high one if they are not below a letter's.
    let is_lower = |word: u64| {
        let low = word & !HIGH;
        let (from_a, beyond_z) = (low + each(0x80 - b'a'), low + each(0x7F - b'z'));
        (from_a ^ beyond_z) & !word & HIGH != 0
    };
    if let Some(last) = value.last_chunk::<8>() {
        let (words, _) = value.as_chunks::<8>();
        words.iter().chain([last]).any(|word| is_lower(u64::from_le_bytes(*word)))
    } else if let (Some(first), Some(last)) = (value.first_chunk::<4>(), value.last_chunk::<4>()) {
        is_lower(u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)))
    } else {
        value.iter().any(u8::is_ascii_lowercase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(value: &str) -> String {
        let mut out = Vec::new();
        push(&mut out, value.as_bytes());
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn delimiters_are_told_by_letters() {
        assert_eq!(escaped(r"a|b^c&d~e\f"), r"a\F\b\S\c\T\d\R\e\E\f");
        assert_eq!(escaped("Müller \"Bo\""), "Müller \"Bo\"");
        assert_eq!(escaped("\"\""), "\\X22\\\"");
        assert_eq!(escaped("a\u{1}b"), "a b");
        assert_eq!(escaped("\u{b}\"\"\u{7f}"), "\\X22\\\"");
        for value in ["a|", "^", "x&", "~", "\\", "\"\""] {
            assert!(is_needed(value.as_bytes()), "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn lower_case_is_found_wherever_it_stands(
            value in proptest::collection::vec(proptest::prop_oneof![4 => b'0'..=b'Z', 1 => proptest::num::u8::ANY], 0..30),
        ) {
            proptest::prop_assert_eq!(has_lower(&value), value.iter().any(u8::is_ascii_lowercase));
        }
    }

    #[test]
    fn blanks_around_a_value_go_and_a_blank_alone_stays() {
        for (value, trimmed) in [("", ""), (" ", " "), ("  ", " "), (" a b ", "a b"), ("a ", "a"), ("a", "a")] {
            assert_eq!(trim(value.as_bytes()), trimmed.as_bytes());
        }
    }
}
