//! A text cut into lines and cells, byte by byte: the twin of the splitter and of the parting of clean from rejected.

/// One line of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Number in the text, from 1.
    pub number: u64,
    /// Offset of its first byte in the text.
    pub byte: u64,
    /// What stands before the line end.
    pub content: &'a [u8],
    /// The line with its line end, if it has one.
    pub whole: &'a [u8],
}

impl<'a> Line<'a> {
    /// Whether nothing stands before the line end.
    pub const fn is_blank(&self) -> bool {
        self.content.is_empty()
    }

    /// What stands between the tabs.
    pub fn cells(&self) -> Vec<&'a [u8]> {
        let mut cells = Vec::new();
        let mut start = 0;
        for at in 0..=self.content.len() {
            if at == self.content.len() || self.content[at] == b'\t' {
                cells.push(&self.content[start..at]);
                start = at + 1;
            }
        }
        cells
    }
}

/// The lines of a text: LF or CRLF ends one, a CR alone does not, and what follows the last line end is a line if it
/// is anything.
pub fn split(text: &[u8]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for at in 0..=text.len() {
        let is_end = at == text.len();
        if is_end && start == text.len() || !is_end && text[at] != b'\n' {
            continue;
        }
        let mut end = at;
        if !is_end && end > start && text[end - 1] == b'\r' {
            end -= 1;
        }
        let next = if is_end { at } else { at + 1 };
        lines.push(Line {
            number: lines.len() as u64 + 1,
            byte: start as u64,
            content: &text[start..end],
            whole: &text[start..next],
        });
        start = next;
    }
    lines
}

/// The text parted by the numbers of its rejected lines: clean and rejected records, each under the header line.
/// Blank lines go to neither.
pub fn part(text: &[u8], rejected: &[u64]) -> (Vec<u8>, Vec<u8>) {
    let (mut clean, mut rejects) = (Vec::new(), Vec::new());
    for line in split(text) {
        if line.number == 1 {
            clean.extend_from_slice(line.whole);
            rejects.extend_from_slice(line.whole);
        } else if !line.is_blank() {
            if rejected.contains(&line.number) { &mut rejects } else { &mut clean }.extend_from_slice(line.whole);
        }
    }
    (clean, rejects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lf_and_crlf_end_a_line() {
        let contents = |text: &'static [u8]| split(text).iter().map(|line| line.content).collect::<Vec<_>>();
        assert_eq!(contents(b"a\tb\r\nc\rd\n\n\r\ne\r"), [&b"a\tb"[..], b"c\rd", b"", b"", b"e\r"]);
        assert!(contents(b"").is_empty());
        assert_eq!(split(b"a\nb\n")[1].byte, 2);
        assert_eq!(split(b"a\t\tb\t")[0].cells(), [&b"a"[..], b"", b"b", b""]);
    }

    #[test]
    fn parts_hold_the_header_and_no_blank_line() {
        let (clean, rejects) = part(b"h\r\na\n\nb\r\nc", &[4]);
        assert_eq!((&clean[..], &rejects[..]), (&b"h\r\na\nc"[..], &b"h\r\nb\r\n"[..]));
    }
}
