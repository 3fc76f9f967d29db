//! The shape of rows.

use crate::rule::levels;
use crate::{Check, Context, Example, Hit, Hits, Layer, Rule, Scope};
use cvrs_parse::Record;
use cvrs_report::Level::{Error, Info, Off, Warn};
use cvrs_report::Message;

fn cell_count(record: &Record<'_>, _: &Context, hits: &mut Hits<'_>) {
    if !record.is_regular() {
        let numbers = [record.n_cells() as u64, record.header().n_columns() as u64];
        hits.add(Hit { message: Some(Message::Template(CELL_COUNT.message, numbers)), ..Hit::PLAIN });
    }
}

pub(crate) const CELL_COUNT: Rule = Rule {
    code: "XR001",
    name: "wrong-cell-count",
    layer: Layer::Extra,
    scope: Scope::Record,
    fields: &[],
    levels: levels(Error, Info),
    message: "row has {0} cells, the header has {1}",
    why: "A tab too many or too few moves every value behind it into the wrong column. The CDC tool drops such rows in silence.",
    remedy: "Find the tab inside a value, or the missing cell, at the source of the export.",
    source: "our own; CVRS v2 instructions: a tab inside a value must be replaced",
    passes: &[Example::Cells(&[])],
    fails: &[Example::File("a row with a cell too many", || crate::example::row_plus(b"\tmore"))],
    check: Check::Record(cell_count),
};

fn unterminated(_: &Record<'_>, context: &Context, hits: &mut Hits<'_>) {
    if context.seen.is_unterminated {
        hits.add(Hit::PLAIN);
    }
}

pub(crate) const UNTERMINATED: Rule = Rule {
    code: "XR002",
    name: "last-line-unterminated",
    levels: levels(Warn, Off),
    message: "the last line has no line end",
    why: "It is what a file looks like that was cut off while it was written or sent.",
    remedy: "Compare the number of records with the source; `cvrs fix` adds the line end.",
    source: "our own",
    passes: &[Example::Cells(&[])],
    fails: &[Example::File("a file without its last line feed", crate::example::unterminated)],
    check: Check::Record(unterminated),
    ..CELL_COUNT
};

pub(crate) const BLANK_LINE: Rule = Rule {
    code: "XR003",
    name: "blank-line",
    scope: Scope::File,
    levels: levels(Warn, Off),
    message: "blank line",
    why: "A blank line is no record; where one was meant to be, it is lost.",
    remedy: "Remove it; compare the number of records with the source.",
    source: "our own",
    passes: &[Example::Cells(&[])],
    fails: &[Example::File("a blank line between two records", crate::example::with_blank_line)],
    check: Check::Elsewhere,
    ..CELL_COUNT
};
