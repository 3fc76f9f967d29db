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
    if is_plain(text) {
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

/// Writes anew, by `push`, what stands in `out` from `start` on, unless it is plain and stays as it is.
pub(crate) fn push_again(out: &mut Vec<u8>, start: usize, push: impl Fn(&mut Vec<u8>, &[u8])) {
    if !is_plain(&out[start..]) {
        let text = out.split_off(start);
        push(out, &text);
    }
}

/// Whether text stands in a JSON string as it is: nothing but visible ASCII less quotes and backslashes.
fn is_plain(text: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    /// Not zero if a byte of the word is below 0x20 or above 0x7E, a quote or a backslash.
    const fn odd(word: u64) -> u64 {
        let (quote, backslash) = (word ^ (ONES * b'"' as u64), word ^ (ONES * b'\\' as u64));
        // A borrow may mark a byte wrongly, but only behind one that is marked rightly.
        let below = word.wrapping_sub(ONES * 0x20) & !word;
        let marked = quote.wrapping_sub(ONES) & !quote | backslash.wrapping_sub(ONES) & !backslash;
        (below | marked | word.wrapping_add(ONES) | word) & (ONES * 0x80)
    }
    let (words, rest) = text.as_chunks::<8>();
    let mut last = [b' '; 8];
    for (to, byte) in last.iter_mut().zip(rest) {
        *to = *byte;
    }
    words.iter().chain([&last]).fold(0, |any, word| any | odd(u64::from_ne_bytes(*word))) == 0
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
        fn plain_text_is_what_needs_no_escape(text in "[ -~\\u{0}-\\u{1f}\\u{7f}é\"\\\\]{0,20}", plain in "[ !#-\\[\\]-~]{0,20}") {
            let is_visible = |byte: &u8| (0x20..0x7F).contains(byte) && !matches!(byte, b'"' | b'\\');
            proptest::prop_assert_eq!(is_plain(text.as_bytes()), text.as_bytes().iter().all(is_visible));
            proptest::prop_assert!(is_plain(plain.as_bytes()));
        }

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
