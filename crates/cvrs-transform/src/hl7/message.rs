//! A message cut at its own delimiters, without a copy.

use memchr::memchr;

/// The delimiters that a message declares in MSH-1 and MSH-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delimiters {
    pub(super) field: u8,
    pub(super) component: u8,
    pub(super) repetition: u8,
    /// `None` where the message declares none, so that nothing is an escape.
    pub(super) escape: Option<u8>,
    pub(super) subcomponent: u8,
}

impl Delimiters {
    /// Those of a header segment (MSH, FHS, BHS); what it leaves out is as recommended.
    pub(super) fn of(segment: &[u8]) -> Self {
        let field = segment.get(3).copied().unwrap_or(b'|');
        let rest = segment.get(4..).unwrap_or(b"");
        let declared = &rest[..memchr(field, rest).unwrap_or(rest.len())];
        let at = |index: usize| declared.get(index).copied().filter(|byte| !byte.is_ascii_alphanumeric());
        Self {
            field,
            component: at(0).unwrap_or(b'^'),
            repetition: at(1).unwrap_or(b'~'),
            escape: if declared.is_empty() { Some(b'\\') } else { at(2) },
            subcomponent: at(3).unwrap_or(b'&'),
        }
    }
}

/// The most fields of a segment that are looked at.
const MOST_FIELDS: usize = 32;

/// The fields of a segment by number, from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    fields: [&'a [u8]; MOST_FIELDS],
    delimiters: Delimiters,
}

impl<'a> Segment<'a> {
    /// Cuts a segment; its name and, in MSH, the separator count as the standard counts them.
    pub(super) fn new(bytes: &'a [u8], delimiters: Delimiters) -> Self {
        let mut fields: [&[u8]; MOST_FIELDS] = [b""; MOST_FIELDS];
        let mut number = usize::from(is_header(bytes));
        let mut rest = bytes;
        while number < MOST_FIELDS {
            let Some(at) = memchr(delimiters.field, rest) else {
                fields[number] = rest;
                break;
            };
            fields[number] = &rest[..at];
            rest = &rest[at + 1..];
            number += 1;
        }
        Self { fields, delimiters }
    }

    /// A segment without a field.
    pub(super) const fn empty(delimiters: Delimiters) -> Self {
        Self { fields: [b""; MOST_FIELDS], delimiters }
    }

    /// A field with all its repetitions.
    pub(super) fn field(&self, number: usize) -> &'a [u8] {
        self.fields[number]
    }

    /// The repetitions of a field; an empty field has one.
    pub(super) fn repetitions(&self, number: usize) -> impl Iterator<Item = Part<'a>> {
        let delimiters = self.delimiters;
        split(self.fields[number], delimiters.repetition).map(move |bytes| Part { bytes, delimiters })
    }

    /// The first repetition that holds anything but separators, and whether another one does too.
    pub(super) fn first(&self, number: usize) -> (Part<'a>, bool) {
        let mut filled = self.repetitions(number).filter(Part::is_filled);
        let first = filled.next().unwrap_or(Part { bytes: b"", delimiters: self.delimiters });
        (first, filled.next().is_some())
    }
}

/// Whether it is a segment that declares delimiters.
pub(super) fn is_header(segment: &[u8]) -> bool {
    matches!(segment.get(..3), Some(b"MSH" | b"FHS" | b"BHS"))
        && segment.get(3).is_some_and(|byte| byte.is_ascii_graphic() && !byte.is_ascii_alphanumeric() && *byte != b'_')
}

/// One repetition of a field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) bytes: &'a [u8],
    delimiters: Delimiters,
}

impl<'a> Part<'a> {
    /// Whether anything but separators and the explicit null stands in it.
    pub(super) fn is_filled(&self) -> bool {
        let Delimiters { component, subcomponent, .. } = self.delimiters;
        self.bytes.iter().any(|&byte| byte != component && byte != subcomponent) && self.bytes != b"\"\""
    }

    /// A component by number, from 1.
    pub(super) fn component(&self, number: usize) -> &'a [u8] {
        nth(self.bytes, self.delimiters.component, number)
    }

    /// A subcomponent of a component, both by number from 1.
    pub(super) fn subcomponent(&self, component: usize, number: usize) -> &'a [u8] {
        nth(self.component(component), self.delimiters.subcomponent, number)
    }

    /// The code of a coded element: that of the first triplet, or of the alternate one where the first has none.
    pub(super) fn code(&self) -> &'a [u8] {
        match self.component(1) {
            b"" | b"\"\"" => self.component(4),
            code => code,
        }
    }
}

/// The part between separators by number, from 1; empty beyond the last.
fn nth(bytes: &[u8], separator: u8, number: usize) -> &[u8] {
    split(bytes, separator).nth(number - 1).unwrap_or(b"")
}

fn split(bytes: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let at = memchr(separator, bytes);
        rest = at.map(|at| &bytes[at + 1..]);
        Some(at.map_or(bytes, |at| &bytes[..at]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_those_declared() {
        let usual = Delimiters::of(b"MSH|^~\\&|A");
        assert_eq!(usual, Delimiters::of(b"MSH|"));
        let other = Delimiters::of(b"MSH#*+!%#A");
        assert_eq!((other.field, other.component, other.repetition), (b'#', b'*', b'+'));
        assert_eq!((other.escape, other.subcomponent), (Some(b'!'), b'%'));
        assert_eq!(Delimiters::of(b"MSH|^~|A").escape, None);
    }

    #[test]
    fn fields_are_counted_as_the_standard_counts() {
        let delimiters = Delimiters::of(b"MSH|^~\\&|A|B");
        let header = Segment::new(b"MSH|^~\\&|A|B", delimiters);
        assert_eq!((header.field(3), header.field(4), header.field(5)), (&b"A"[..], &b"B"[..], &b""[..]));
        let segment = Segment::new(b"PID|1||a^b&c~~\"\"~d", delimiters);
        let parts: Vec<&[u8]> = segment.repetitions(3).map(|part| part.bytes).collect();
        assert_eq!(parts, [&b"a^b&c"[..], b"", b"\"\"", b"d"]);
        let (first, has_more) = segment.first(3);
        assert_eq!((first.component(2), first.subcomponent(2, 2), has_more), (&b"b&c"[..], &b"c"[..], true));
        assert!(!segment.first(2).0.is_filled() && !segment.first(30).1);
    }
}
