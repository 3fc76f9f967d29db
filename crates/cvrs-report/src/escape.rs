//! Bytes of unknown origin into JSON strings, tables and terminals.

/// Appends a decimal number without allocating.
pub fn push_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends text for the inside of a JSON string: quotes, backslashes and control characters escaped, U+FFFD for each
/// maximal part that is not UTF-8.
pub fn push_json(out: &mut Vec<u8>, text: &[u8]) {
    let is_plain = |&byte: &u8| (0x20..0x7F).contains(&byte) && byte != b'"' && byte != b'\\';
    if text.iter().all(is_plain) {
        out.extend_from_slice(text);
        return;
    }
    for part in text.utf8_chunks() {
        for &byte in part.valid().as_bytes() {
            match byte {
                b'"' => out.extend_from_slice(b"\\\""),
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\t' => out.extend_from_slice(b"\\t"),
                0..0x20 | 0x7F => {
                    out.extend_from_slice(b"\\u00");
                    push_hex(out, byte);
                }
                _ => out.push(byte),
            }
        }
        if !part.invalid().is_empty() {
            out.extend_from_slice("\u{FFFD}".as_bytes());
        }
    }
}

/// Appends text for a line of a table or a terminal: control characters as `\xNN`, U+FFFD for what is not UTF-8.
///
/// The C1 controls and the marks that turn the direction of text are escaped too, since a terminal obeys them.
pub fn push_printable(out: &mut Vec<u8>, text: &[u8]) {
    for part in text.utf8_chunks() {
        for character in part.valid().chars() {
            match character {
                '\0'..'\x20' | '\x7F'..'\u{A0}' => {
                    out.extend_from_slice(b"\\x");
                    push_hex(out, character as u8);
                }
                '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                    out.extend_from_slice(format!("\\u{{{:04X}}}", character as u32).as_bytes());
                }
                _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        if !part.invalid().is_empty() {
            out.extend_from_slice("\u{FFFD}".as_bytes());
        }
    }
}

fn push_hex(out: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push(DIGITS[usize::from(byte >> 4)]);
    out.push(DIGITS[usize::from(byte & 15)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_written_as_numbers() {
        let mut out = Vec::new();
        push_printable(&mut out, b"A\x1B[2J\tB\xE9");
        assert_eq!(String::from_utf8(out).unwrap(), "A\\x1B[2J\\x09B\u{FFFD}");
    }

    proptest::proptest! {
        #[test]
        fn json_strings_read_back_as_the_text(bytes: Vec<u8>) {
            let mut out = b"\"".to_vec();
            push_json(&mut out, &bytes);
            out.push(b'"');
            let back: String = serde_json::from_slice(&out).expect("a JSON string");
            proptest::prop_assert_eq!(back, String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn numbers_are_written_as_the_standard_library_does(number: u64) {
            let mut out = Vec::new();
            push_number(&mut out, number);
            proptest::prop_assert_eq!(out, number.to_string().into_bytes());
        }

        #[test]
        fn printable_text_stays_on_its_line(bytes: Vec<u8>) {
            let mut out = Vec::new();
            push_printable(&mut out, &bytes);
            let text = String::from_utf8(out).expect("UTF-8");
            proptest::prop_assert!(!text.chars().any(char::is_control));
        }
    }
}
