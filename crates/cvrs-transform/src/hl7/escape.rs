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
    if value == b"\"\"" {
        // As it stands this would be the explicit null.
        out.extend_from_slice(b"\\X22\\\"");
        return false;
    }
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

/// Whether a value has a byte that a coded cell is not written with.
pub(super) fn has_lower(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_lowercase)
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
        for value in ["a|", "^", "x&", "~", "\\", "\"\""] {
            assert!(is_needed(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn blanks_around_a_value_go_and_a_blank_alone_stays() {
        for (value, trimmed) in [("", ""), (" ", " "), ("  ", " "), (" a b ", "a b"), ("a ", "a"), ("a", "a")] {
            assert_eq!(trim(value.as_bytes()), trimmed.as_bytes());
        }
    }
}
