//! Examples as small tables.

use super::{Block, Cell, Table};
use crate::Example;
use crate::example::shown;
use cvrs_spec::Field;

/// The most columns that a table shows side by side; a record with more stands upright.
const SIDE_BY_SIDE: usize = 4;

type Cells = [(Field, &'static str)];

/// The examples of one kind, like ones in one table: single cells, then columns side by side, then all else.
pub(super) fn blocks(examples: &[Example]) -> Vec<Block> {
    let mut parts = Parts::default();
    for example in examples {
        match *example {
            Example::Cells(cells) | Example::With(cells, []) => parts.record(cells, String::new()),
            Example::With(cells, codes) => parts.record(cells, format!("{} is found too", codes.join(", "))),
            Example::CellsV1(cells) => parts.record(cells, "in version 1".to_owned()),
            Example::Records(rows) => parts.rest.push(Block::Table(records(rows))),
            Example::File(what, _) => parts.rest.push(Block::text(format!("A file: {what}."))),
            Example::Many(None, what, _) => parts.rest.push(Block::text(format!("A file of many records: {what}."))),
            Example::Many(Some(name), what, _) => {
                parts.rest.push(Block::text(format!("A file `{name}` of many records: {what}.")));
            }
            Example::Name(name) => parts.add(vec!["file name"], vec![Cell::code(name)]),
        }
    }
    parts.into_blocks()
}

#[derive(Default)]
struct Parts {
    singles: Vec<(Field, &'static str, String)>,
    tables: Vec<Table>,
    rest: Vec<Block>,
}

impl Parts {
    fn record(&mut self, cells: &'static Cells, note: String) {
        if cells.is_empty() {
            self.rest.push(Block::text("The known-good record as it is."));
        } else if let &[(field, value)] = cells {
            self.singles.push((field, value, note));
        } else if cells.len() <= SIDE_BY_SIDE {
            let mut head: Vec<&'static str> = cells.iter().map(|cell| cell.0.name()).collect();
            let mut row: Vec<Cell> = cells.iter().map(|cell| Cell::code(shown(cell.1))).collect();
            if !note.is_empty() {
                head.push("note");
                row.push(Cell::text(note));
            }
            self.add(head, row);
        } else {
            let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
            self.rest.push(Block::text(format!("One record{note}:")));
            let rows = cells.iter().map(|cell| vec![Cell::Field(cell.0), Cell::code(shown(cell.1))]).collect();
            self.rest.push(Block::Table(Table { head: vec!["column", "value"], rows }));
        }
    }

    /// Adds a row to the table that has the same head, or begins one.
    fn add(&mut self, head: Vec<&'static str>, row: Vec<Cell>) {
        match self.tables.iter_mut().find(|table| table.head == head) {
            Some(table) => table.rows.push(row),
            None => self.tables.push(Table { head, rows: vec![row] }),
        }
    }

    fn into_blocks(self) -> Vec<Block> {
        let Self { singles, tables, rest } = self;
        let has_notes = singles.iter().any(|single| !single.2.is_empty());
        let head = if has_notes { vec!["column", "value", "note"] } else { vec!["column", "value"] };
        let row = |(field, value, note): (Field, &'static str, String)| {
            let note = has_notes.then(|| Cell::text(note));
            [Cell::Field(field), Cell::code(shown(value))].into_iter().chain(note).collect()
        };
        let singles = (!singles.is_empty()).then(|| Table { head, rows: singles.into_iter().map(row).collect() });
        singles.into_iter().chain(tables).map(Block::Table).chain(rest).collect()
    }
}

/// Records of one file: the columns in which any of them differs from the known-good one.
fn records(rows: &'static [&'static Cells]) -> Table {
    let mut fields: Vec<Field> = rows.iter().flat_map(|cells| cells.iter().map(|cell| cell.0)).collect();
    fields.sort_unstable();
    fields.dedup();
    let head = ["record"].into_iter().chain(fields.iter().map(|field| field.name())).collect();
    let value = |cells: &'static Cells, field| {
        let base = crate::example::GOOD.iter();
        cells.iter().chain(base).find(|cell| cell.0 == field).map_or("", |cell| cell.1)
    };
    let row = |(number, cells): (usize, &&'static Cells)| {
        let values = fields.iter().map(|&field| Cell::code(shown(value(cells, field))));
        [Cell::text((number + 1).to_string())].into_iter().chain(values).collect()
    };
    Table { head, rows: rows.iter().enumerate().map(row).collect() }
}
