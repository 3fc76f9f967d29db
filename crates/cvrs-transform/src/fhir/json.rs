//! JSON straight into the product: every text is written once, where it stays.

/// Writes objects and lists. A comma goes before everything that does not stand first.
pub(super) struct Json<'o> {
    pub(super) out: &'o mut Vec<u8>,
    /// Whether it is known that nothing in the record needs escaping.
    pub(super) is_plain: bool,
}

/// Whether a row needs no escaping; it is known to have no control characters.
pub(super) fn is_plain(line: &[u8]) -> bool {
    memchr::memchr2(b'"', b'\\', line).is_none()
}

/// Whether a cell says nothing: FHIR has no text of blanks alone, whichever of Unicode's they are.
#[inline]
pub(super) fn is_blank(cell: &[u8]) -> bool {
    match cell.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => true,
        Some(byte) => !byte.is_ascii() && std::str::from_utf8(cell).is_ok_and(|cell| cell.chars().all(is_space)),
    }
}

/// Whether it is a blank for those who check FHIR; some count the byte order mark among them.
fn is_space(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{FEFF}'
}

/// Whether a text can be a code of FHIR: no blank around it, and none beside another.
fn is_code(text: &str) -> bool {
    text.split(is_space).all(|word| !word.is_empty())
}

impl Json<'_> {
    /// JSON that needs no look at what precedes it.
    #[inline]
    pub(super) fn raw(&mut self, json: &str) {
        self.out.extend_from_slice(json.as_bytes());
    }

    #[inline]
    fn comma(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[') | None) {
            self.out.push(b',');
        }
    }

    /// The next item of an object or a list, as finished JSON.
    #[inline]
    pub(super) fn item(&mut self, json: &str) {
        self.comma();
        self.raw(json);
    }

    /// The next property: `key` is its name with quotes and colon, and what may follow.
    #[inline]
    pub(super) fn text(&mut self, key: &str, value: &[u8]) {
        self.item(key);
        self.string(value);
    }

    /// The same, unless the value says nothing.
    #[inline]
    pub(super) fn text_if(&mut self, key: &str, value: &[u8]) {
        if !is_blank(value) {
            self.text(key, value);
        }
    }

    /// The next property, a code.
    #[inline]
    pub(super) fn code(&mut self, key: &str, value: &[u8]) {
        self.item(key);
        self.code_string(value);
    }

    /// A code in quotes: a cell of the record, blanks around it left out and several between words as one.
    #[inline]
    pub(super) fn code_string(&mut self, value: &[u8]) {
        if value.iter().all(u8::is_ascii_graphic) { self.string(value) } else { self.code_with_blanks(value) }
    }

    #[cold]
    fn code_with_blanks(&mut self, value: &[u8]) {
        match std::str::from_utf8(value) {
            Ok(text) if !is_code(text) => {
                let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
                self.string(words.join(" ").as_bytes());
            }
            _ => self.string(value),
        }
    }

    /// The next property, with a value that does not stand in the record.
    pub(super) fn other(&mut self, key: &str, value: &[u8]) {
        self.item(key);
        Json { out: self.out, is_plain: false }.string(value);
    }

    /// A string in quotes: a cell of the record, or a part of one. `value` is UTF-8.
    #[inline]
    pub(super) fn string(&mut self, value: &[u8]) {
        self.out.push(b'"');
        let is_plain = |&byte: &u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if self.is_plain || value.iter().all(is_plain) {
            self.out.extend_from_slice(value);
        } else {
            for &byte in value {
                self.escaped(byte);
            }
        }
        self.out.push(b'"');
    }

    fn escaped(&mut self, byte: u8) {
        match byte {
            b'"' => self.raw("\\\""),
            b'\\' => self.raw("\\\\"),
            b'\t' => self.raw("\\t"),
            b'\r' => self.raw("\\r"),
            b'\n' => self.raw("\\n"),
            0..b' ' => self.raw(&format!("\\u{byte:04x}")),
            _ => self.out.push(byte),
        }
    }
}

/// A string in quotes, for what is prepared once.
pub(super) fn quoted(value: &str) -> String {
    let mut out = Vec::new();
    Json { out: &mut out, is_plain: false }.string(value.as_bytes());
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn strings_are_those_of_another_writer(value: String) {
            let theirs: String = serde_json::from_str(&quoted(&value)).expect("JSON");
            proptest::prop_assert_eq!(theirs, value);
        }
    }
}
