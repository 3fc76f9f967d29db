//! Bytes in cells that no column allows.

use crate::rule::levels;
use crate::rules::shape::is_blank;
use crate::{Check, Context, Example, Hit, Hits, Layer, Rule, Scope};
use cvrs_parse::Record;
use cvrs_report::Level::{Error, Off, Warn};
use cvrs_report::Message;
use cvrs_spec::Field::*;
use cvrs_spec::{Model, Requirement};

/// Runs `test` on each cell, surplus ones included, and adds a hit for those that it fires on.
fn each_cell(record: &Record<'_>, hits: &mut Hits<'_>, test: impl Fn(&[u8]) -> Option<Option<Message>>) {
    for (column, value) in record.cells().enumerate() {
        if let Some(message) = test(value) {
            let field = record.header().columns().get(column).copied().flatten();
            hits.add(Hit { field, message, ..Hit::PLAIN });
        }
    }
}

fn not_utf8(record: &Record<'_>, context: &Context, hits: &mut Hits<'_>) {
    let line = record.line();
    if line.is_ascii() || core::str::from_utf8(line).is_ok() {
        return;
    }
    each_cell(record, hits, |value| {
        let error = core::str::from_utf8(value).err()?;
        let at = value.as_ptr() as usize - line.as_ptr() as usize + error.valid_up_to();
        Some(Some(Message::Template(NOT_UTF8.message, [context.seen.byte + at as u64, 0])))
    });
}

pub(crate) const NOT_UTF8: Rule = Rule {
    code: "XR004",
    name: "not-utf-8",
    layer: Layer::Extra,
    scope: Scope::Record,
    fields: &[],
    levels: levels(Error, Off),
    message: "bytes are not valid UTF-8, first at byte {0}",
    why: "CVRS is UTF-8. Other bytes come out as replacement characters, and the name they stood for is lost.",
    remedy: "Export the file as UTF-8; a file in Windows-1252 can be converted with `cvrs fix --fix F37`.",
    source: "our own; CVRS v2 instructions, text in UTF-8",
    passes: &[Example::Cells(&[(AdminName, "Clínica José")])],
    fails: &[Example::File("admin_name with the single byte E9", || {
        crate::example::file_with(AdminName, b"Jos\xE9 Clinic")
    })],
    check: Check::Record(not_utf8),
};

fn control(record: &Record<'_>, _: &Context, hits: &mut Hits<'_>) {
    if record.has_control() {
        each_cell(record, hits, |value| value.iter().any(|&byte| byte < 0x20).then_some(None));
    }
}

pub(crate) const CONTROL: Rule = Rule {
    code: "XR005",
    name: "control-character",
    message: "contains a control character",
    why: "A carriage return, NUL or other control character inside a value is damage; some readers take it for a line end.",
    remedy: "Replace it by a blank at the source; `cvrs fix` does so.",
    source: "our own; only LF and CRLF end a record",
    passes: &[Example::Cells(&[(AdminName, "Hope Clinic")])],
    fails: &[Example::Cells(&[(AdminName, "Hope\rClinic")]), Example::Cells(&[(AdminName, "Hope\0Clinic")])],
    check: Check::Record(control),
    ..NOT_UTF8
};

/// Whether a value is wrapped in double quotes.
pub(crate) fn is_quoted(value: &[u8]) -> bool {
    value.len() > 1 && value[0] == b'"' && value[value.len() - 1] == b'"'
}

fn quoted(record: &Record<'_>, _: &Context, hits: &mut Hits<'_>) {
    each_cell(record, hits, |value| is_quoted(value).then_some(None));
}

pub(crate) const QUOTED: Rule = Rule {
    code: "XR008",
    name: "wrapped-in-quotes",
    levels: levels(Warn, Off),
    message: "is wrapped in double quotes",
    why: "CVRS has no quoting: the quotes are stored as part of the value.",
    remedy: "Export without quotes; `cvrs fix` strips them.",
    source: "our own; CVRS v2 instructions know no quoting",
    passes: &[Example::Cells(&[(AdminName, "Luna")])],
    fails: &[Example::Cells(&[(AdminName, "\"Luna\"")])],
    check: Check::Record(quoted),
    ..NOT_UTF8
};

/// Whether a value starts or ends with a blank.
pub(crate) fn has_outer_blank(value: &[u8]) -> bool {
    matches!(value, [b' ', ..] | [.., b' '])
}

fn outer_blank(record: &Record<'_>, _: &Context, hits: &mut Hits<'_>) {
    for (column, value) in record.cells().enumerate() {
        if !has_outer_blank(value) {
            continue;
        }
        let field = record.header().columns().get(column).copied().flatten();
        // One cause, one finding: DATA005 has told these already.
        let is_told = match field {
            Some(VaxEventId | RecipId) => true,
            Some(ResponsibleOrg | AdminName) => is_blank(value[0]),
            _ => false,
        };
        if !is_told {
            hits.add(Hit { field, ..Hit::PLAIN });
        }
    }
}

pub(crate) const OUTER_BLANK: Rule = Rule {
    code: "XR023",
    name: "outer-blanks",
    levels: levels(Warn, Off),
    message: "has leading or trailing blanks",
    why: "Blanks are part of the value for the clearinghouse: `F ` is no sex, and `Luna ` is another name than `Luna`.",
    remedy: "Strip them; `cvrs fix` does so.",
    source: "our own; rule book E-8, E-9",
    passes: &[Example::Cells(&[(LotNumber, "EL1283")])],
    fails: &[Example::Cells(&[(LotNumber, "EL1283 ")])],
    check: Check::Record(outer_blank),
    ..NOT_UTF8
};

fn unknown(record: &Record<'_>, context: &Context, hits: &mut Hits<'_>) {
    if !context.counts_unknown {
        return;
    }
    let (event, model) = (record.event(), record.model().unwrap_or(Model::D));
    for &field in record.version().columns() {
        if record.get(field).is_empty() && field.requirement(record.version(), event, model) == Requirement::IfKnown {
            hits.add(Hit::on(field));
        }
    }
}

pub(crate) const UNKNOWN: Rule = Rule {
    code: "XR021",
    name: "not-known",
    levels: levels(Off, Off),
    message: "is required if known and empty",
    why: "An empty cell says that nobody knows; often it says that nobody looked.",
    remedy: "Fill it where the source record has it. Off unless asked for with --level XR021=info.",
    source: "our own; CVRS v2 data elements, required if known",
    passes: &[],
    fails: &[],
    check: Check::Record(unknown),
    ..NOT_UTF8
};
