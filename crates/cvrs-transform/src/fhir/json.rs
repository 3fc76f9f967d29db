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

/// Whether a cell says nothing: FHIR has no text of blanks alone.
pub(super) fn is_blank(cell: &[u8]) -> bool {
    cell.iter().all(u8::is_ascii_whitespace)
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
