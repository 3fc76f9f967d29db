//! Our own table form: `#` comment lines with `key: value`, then rows of tab-separated cells.
//!
//! The same reader serves the built-in tables (borrowed from the binary) and stored imports (copied), which differ
//! only in the function that makes a [`Text`] of a cell.

use std::borrow::Cow;

use crate::day::Day;

/// A text of a code set: borrowed for built-in rows, owned for imported ones.
pub type Text = Cow<'static, str>;

/// What a cell should have been.
pub(crate) type Expected = &'static str;

/// Borrows a cell of a built-in table.
pub(crate) fn borrow(cell: &'static str) -> Text {
    Cow::Borrowed(cell)
}

/// Copies a cell of an imported table.
pub(crate) fn copy(cell: &str) -> Text {
    Cow::Owned(cell.to_owned())
}

/// A row type that reads and writes itself.
pub(crate) trait Row: Sized {
    /// The column names, in order.
    const COLUMNS: &'static [&'static str];

    /// Reads the cells of one row; what was expected where a cell does not fit.
    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected>;

    /// Appends the cells of one row, without the line end.
    fn write(&self, out: &mut String);
}

/// The value of the comment line `# key: value`, looked for in the leading comment lines only.
pub(crate) fn header<'a>(table: &'a str, key: &str) -> Option<&'a str> {
    table
        .lines()
        .map_while(|line| line.strip_prefix('#'))
        .find_map(|line| line.trim_start().strip_prefix(key)?.strip_prefix(": "))
}

/// Calls `each` with the 1-based line number and text of every line that is neither blank nor a comment.
pub(crate) fn lines(table: &str) -> impl Iterator<Item = (usize, &str)> {
    table
        .split('\n')
        .enumerate()
        .map(|(at, line)| (at + 1, line.strip_suffix('\r').unwrap_or(line)))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Reads every row; on failure the 1-based line and what was expected there.
pub(crate) fn rows<'a, R: Row>(table: &'a str, text: fn(&'a str) -> Text) -> Result<Vec<R>, (usize, Expected)> {
    let n_rows = header(table, "rows").and_then(|n| n.parse().ok()).unwrap_or(0).min(table.len());
    let mut rows = Vec::with_capacity(n_rows);
    for (line, content) in lines(table) {
        let mut cells = Cells::new(content);
        let row = R::read(&mut cells, text).and_then(|row| cells.end().map(|()| row));
        rows.push(row.map_err(|expected| (line, expected))?);
    }
    Ok(rows)
}

/// Reads the rows of a built-in table.
///
/// # Panics
/// If a row is malformed, which a test over all tables rules out.
pub(crate) fn builtin_rows<R: Row>(table: &'static str) -> Vec<R> {
    rows(table, borrow).expect("every built-in table is read by a test")
}

/// The cells of one row, from left to right.
pub(crate) struct Cells<'a> {
    rest: Option<&'a str>,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(line: &'a str) -> Self {
        Self { rest: Some(line) }
    }

    /// The next cell; an error when the row has no more.
    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'a str, Expected> {
        let rest = self.rest.ok_or("one more cell")?;
        // Cells are short: a plain byte loop beats a vector search here.
        let Some(end) = rest.bytes().position(|b| b == b'\t') else {
            self.rest = None;
            return Ok(rest);
        };
        self.rest = Some(&rest[end + 1..]);
        Ok(&rest[..end])
    }

    /// The last cell, which is usually the longest, without a walk over its bytes one by one.
    pub(crate) fn last(&mut self) -> Result<&'a str, Expected> {
        let cell = self.rest.take().ok_or("one more cell")?;
        if cell.as_bytes().contains(&b'\t') { Err("no further cell") } else { Ok(cell) }
    }

    /// The remaining cells as they stand, tabs included, of which there must be `n_cells`.
    pub(crate) fn rest(&mut self, n_cells: usize) -> Result<&'a str, Expected> {
        let rest = self.rest.take().ok_or("one more cell")?;
        if rest.bytes().filter(|byte| *byte == b'\t').count() + 1 == n_cells {
            Ok(rest)
        } else {
            Err("as many cells as the columns line names")
        }
    }

    /// The next cell as `YYYY-MM-DD` or nothing.
    #[inline]
    pub(crate) fn day(&mut self) -> Result<Option<Day>, Expected> {
        match self.text()? {
            "" => Ok(None),
            cell => Day::parse(cell).map(Some).ok_or("a date YYYY-MM-DD or an empty cell"),
        }
    }

    /// The next cell as `y` or `n`.
    #[inline]
    pub(crate) fn flag(&mut self) -> Result<bool, Expected> {
        match self.text()? {
            "y" => Ok(true),
            "n" => Ok(false),
            _ => Err("y or n"),
        }
    }

    /// Fails if the row has a further cell.
    pub(crate) fn end(&self) -> Result<(), Expected> {
        if self.rest.is_some() { Err("no further cell") } else { Ok(()) }
    }
}

/// Appends `cells` with tabs between; tabs and line ends inside a cell become blanks.
pub(crate) fn join(out: &mut String, cells: &[&str]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push('\t');
        }
        out.extend(cell.chars().map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c }));
    }
}

/// `y` or `n`.
pub(crate) fn flag(value: bool) -> &'static str {
    if value { "y" } else { "n" }
}

/// A day as text, empty if there is none.
pub(crate) fn day(value: Option<Day>) -> String {
    value.map(|day| day.to_string()).unwrap_or_default()
}
