//! The six columns that models D and P redact.

use crate::rule::levels;
use crate::{Ask, Cell, Check, Context, Dch, Example, Hit, Hits, Layer, Rule, Scope, Stage};
use cvrs_parse::Record;
use cvrs_report::Level::{Error, Off, Warn};
use cvrs_spec::Field::{self, *};
use cvrs_spec::Model;

/// The six columns, in the order of the specification.
pub(crate) const SIX: &[Field] =
    &[RecipFirstName, RecipMiddleName, RecipLastName, RecipAddressStreet, RecipAddressStreet2, RecipAddressCity];

/// The word that stands for a redacted value.
pub(crate) const WORD: &str = "Redacted";

fn not_redacted(cell: &Cell<'_>) -> Option<Hit> {
    if cell.model == Some(Model::I) || cell.record.is(cell.field, WORD) {
        return None;
    }
    Some(Hit::behind(Dch::of(cell.field, Ask::NotNull).filter(|_| cell.is_empty())))
}

pub(crate) const NOT_REDACTED: Rule = Rule {
    code: "DATA006",
    name: "not-redacted",
    layer: Layer::Tool,
    scope: Scope::Cell,
    fields: SIX,
    levels: levels(Error, Error),
    message: "{f}{v} should contain value Redacted",
    why: "In models D and P the person must not be told; a name or street that stands there is a disclosure, and an empty \
          cell is refused and tells who has no middle name.",
    remedy: "Write Redacted, or set ext_type to I if the record is meant to be identified.",
    source: "CVRS v2 data elements, fixed values; CDC tool DATA006",
    passes: &[Example::Cells(&[(RecipFirstName, "REDACTED")])],
    fails: &[Example::Cells(&[(RecipFirstName, "Ann")]), Example::Cells(&[(RecipAddressCity, "")])],
    check: Check::Cell(Stage::Content, not_redacted),
};

fn partly_redacted(record: &Record<'_>, _: &Context, hits: &mut Hits<'_>) {
    if record.model() == Some(Model::I)
        && let Some(&field) = SIX.iter().find(|&&field| record.is(field, WORD))
    {
        hits.add(Hit::on(field));
    }
}

pub(crate) const PARTLY_REDACTED: Rule = Rule {
    code: "XR024",
    name: "partly-redacted",
    layer: Layer::Extra,
    scope: Scope::Record,
    levels: levels(Warn, Off),
    message: "{f} is redacted in an identified record",
    why: "An identified record with a redacted name or address is half of each model; one of the two is a mistake.",
    remedy: "Send all six columns as known, or redact all six and set ext_type to D.",
    source: "our own; CVRS 2.5 models",
    passes: &[Example::Cells(crate::example::IDENTIFIED)],
    fails: &[Example::Cells(&crate::example::identified_with(RecipMiddleName, "Redacted"))],
    check: Check::Record(partly_redacted),
    ..NOT_REDACTED
};
