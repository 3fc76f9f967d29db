//! What a rule found, and where.

use cvrs_spec::Field;
use std::fmt;
use std::io::Write as _;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not told at all.
    Off,
    /// Worth knowing.
    Info,
    /// Accepted, but likely wrong.
    Warn,
    /// The record will be refused.
    Error,
}

impl Level {
    /// The word for the level in reports and options.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// The level with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Off, Self::Info, Self::Warn, Self::Error].into_iter().find(|level| level.name() == name)
    }
}

/// What is wrong, in words that hold no cell's value of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A fixed text in which marks stand for what only the finding or its entry knows: `{0}` and `{1}` the two
    /// numbers, `{d}` the first number as a day (20210130 is 2021-01-30), `{f}` the column's name, `{v}` and `{w}` the value of the column and of the related one in brackets
    /// with a blank before, nothing where values are not asked for.
    Template(&'static str, [u64; 2]),
    /// A text made for this one finding (about a header or a whole file, never one a record).
    Owned(Box<str>),
}

impl Message {
    /// A fixed text.
    pub const fn text(text: &'static str) -> Self {
        Self::Template(text, [0; 2])
    }

    /// The text with its marks, under which like findings are counted together.
    pub fn key(&self) -> &str {
        match self {
            Self::Template(text, _) => text,
            Self::Owned(text) => text,
        }
    }
}

/// One thing that is wrong with a cell, a record, the header or the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's code, such as `DATA007`.
    pub code: &'static str,
    /// The clearinghouse's own rule behind it, such as `DCH017`.
    pub dch: Option<&'static str>,
    /// How much it matters in the profile used.
    pub level: Level,
    /// The column, unless it is about the whole record, the header or the file.
    pub field: Option<Field>,
    /// A second column that the message speaks of.
    pub related: Option<Field>,
    /// What is wrong.
    pub message: Message,
}

/// A finding with its place. `Debug` shows no value.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// What was found.
    pub finding: &'a Finding,
    /// The input's name as given, `-` for stdin.
    pub file: &'a str,
    /// Physical line, the header being line 1.
    pub line: u64,
    /// Number among the data rows, from 1; `None` for a finding about the header or the file.
    pub record: Option<u64>,
    /// 0-based offset of the record in the uncompressed text, in bytes.
    pub byte: Option<u64>,
    /// 1-based position of the column in the file.
    pub column: Option<u32>,
    /// The record's `vax_event_id`, as it stands.
    pub vax_event_id: &'a [u8],
    /// The record's `recip_id`, as it stands.
    pub recip_id: &'a [u8],
    /// Whether the two ids are told.
    pub show_ids: bool,
    /// The cell's value, where values are asked for.
    pub value: Option<&'a [u8]>,
    /// The related cell's value, where values are asked for.
    pub related_value: Option<&'a [u8]>,
    /// Whether a message that shows a value says `null` where the file has no such column.
    pub names_absent: bool,
}

impl<'a> Entry<'a> {
    /// An entry for a finding, on line 1 and with nothing else filled in.
    pub const fn new(finding: &'a Finding) -> Self {
        Self {
            finding,
            file: "-",
            line: 1,
            record: None,
            byte: None,
            column: None,
            vax_event_id: b"",
            recip_id: b"",
            show_ids: true,
            value: None,
            related_value: None,
            names_absent: false,
        }
    }
}

impl Entry<'_> {
    /// Whether the finding is about the header line.
    pub const fn is_about_header(&self) -> bool {
        self.record.is_none() && self.line == 1
    }

    /// Appends the finding's message, its marks filled in.
    pub fn push_message(&self, out: &mut Vec<u8>) {
        let (text, numbers) = match &self.finding.message {
            Message::Owned(text) => return out.extend_from_slice(text.as_bytes()),
            Message::Template(text, numbers) => (text.as_bytes(), numbers),
        };
        let mut rest = text;
        while let Some(at) = rest.iter().position(|&byte| byte == b'{') {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            match rest {
                [_, b'0', b'}', ..] => crate::push_number(out, numbers[0]),
                [_, b'1', b'}', ..] => crate::push_number(out, numbers[1]),
                [_, b'f', b'}', ..] => out.extend_from_slice(self.field_name().as_bytes()),
                [_, b'd', b'}', ..] => push_day(out, numbers[0]),
                [_, b'v', b'}', ..] => self.push_bracketed(out, self.value),
                [_, b'w', b'}', ..] => self.push_bracketed(out, self.related_value),
                _ => {
                    out.push(b'{');
                    rest = &rest[1..];
                    continue;
                }
            }
            rest = &rest[3..];
        }
        out.extend_from_slice(rest);
    }

    fn push_bracketed(&self, out: &mut Vec<u8>, value: Option<&[u8]>) {
        if let Some(value) = value.or(self.names_absent.then_some(b"null")) {
            out.extend_from_slice(b" (");
            out.extend_from_slice(value);
            out.push(b')');
        }
    }

    /// The message as text.
    pub fn message(&self) -> String {
        let mut text = Vec::new();
        self.push_message(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The name of what the finding is about: the column, `Header`, or nothing for a whole record or file.
    pub const fn field_name(&self) -> &'static str {
        match self.finding.field {
            Some(field) => field.name(),
            None if self.is_about_header() => "Header",
            None => "",
        }
    }
}

/// Appends YYYYMMDD as YYYY-MM-DD.
fn push_day(out: &mut Vec<u8>, day: u64) {
    let _ = write!(out, "{:04}-{:02}-{:02}", day / 10_000, day / 100 % 100, day % 100);
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry(line {}, {:?})", self.line, self.finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_filled_in() {
        let mut finding = Finding {
            code: "X",
            dch: None,
            level: Level::Warn,
            field: Some(Field::Cvx),
            related: None,
            message: Message::Template("{f}{v}: {1} of {0}, {1} {x} [1-6]{", [7, 12]),
        };
        assert_eq!(Entry::new(&finding).message(), "cvx: 12 of 7, 12 {x} [1-6]{");
        finding.message = Message::text("{f}{v} and{w}");
        let entry = Entry { value: Some(b"208"), related_value: Some(b""), ..Entry::new(&finding) };
        assert_eq!(entry.message(), "cvx (208) and ()");
        let entry = Entry { value: Some(b""), names_absent: true, ..Entry::new(&finding) };
        assert_eq!(entry.message(), "cvx () and (null)");
        finding.message = Message::Template("before {d}", [20_210_130, 0]);
        assert_eq!(Entry::new(&finding).message(), "before 2021-01-30");
    }
}
