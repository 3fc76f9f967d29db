//! A row under repair.

use cvrs_parse::{Header, Index, Record};

/// One line with its index, made anew with each change. `Debug` is not derived, since it holds values.
#[derive(Clone, Default)]
pub(crate) struct Draft {
    line: Vec<u8>,
    index: Index,
    next: Vec<u8>,
}

impl Draft {
    /// Takes the content of a line, without its line end.
    pub(crate) fn load(&mut self, content: &[u8]) {
        self.line.clear();
        self.line.extend_from_slice(content);
        self.line.push(b'\n');
        self.index.build(&self.line);
    }

    /// The line with its line feed.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// The row. `scratch` serves the rare row with control characters.
    pub(crate) fn record<'a>(&'a self, header: &'a Header, scratch: &'a mut Vec<u32>) -> Record<'a> {
        let line = self.index.lines(&self.line).next().expect("a draft holds one line");
        self.index.record(&self.line, header, line, scratch)
    }

    /// Replaces the values of some columns of the file, each of which the row has.
    pub(crate) fn set(&mut self, header: &Header, edits: &[(usize, &[u8])]) {
        let mut next = std::mem::take(&mut self.next);
        next.clear();
        let mut scratch = Vec::new();
        for (column, value) in self.record(header, &mut scratch).cells().enumerate() {
            if column > 0 {
                next.push(b'\t');
            }
            let edit = edits.iter().find(|(edited, _)| *edited == column);
            next.extend_from_slice(edit.map_or(value, |(_, value)| value));
        }
        next.push(b'\n');
        std::mem::swap(&mut self.line, &mut next);
        self.next = next;
        self.index.build(&self.line);
    }

    /// Becomes equal to another one.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.load(&other.line[..other.line.len() - 1]);
    }
}
