//! The six race columns together.

use crate::rule::levels;
use crate::{Check, Context, Example, Hit, Hits, Layer, Rule, Scope};
use cvrs_parse::Record;
use cvrs_report::Level::{Off, Warn};
use cvrs_spec::Field::{self, *};

/// The six columns in their order.
pub(crate) const RACES: [Field; 6] = [RecipRace1, RecipRace2, RecipRace3, RecipRace4, RecipRace5, RecipRace6];

/// Whether a race repeats, follows a gap, or stands beside UNK or POL.
pub(crate) fn are_muddled<'a>(get: impl Fn(Field) -> &'a [u8]) -> bool {
    let values = RACES.map(get);
    let n = values.iter().take_while(|value| !value.is_empty()).count();
    let (told, after) = values.split_at(n);
    if after.iter().any(|value| !value.is_empty()) {
        return true;
    }
    let is_none_told =
        |value: &[u8]| value.len() == 3 && (value.eq_ignore_ascii_case(b"UNK") || value.eq_ignore_ascii_case(b"POL"));
    let repeats = |at: usize| told[..at].iter().any(|other| other.eq_ignore_ascii_case(told[at]));
    n > 1 && (told.iter().any(|value| is_none_told(value)) || (1..n).any(repeats))
}

fn check(record: &Record<'_>, _: &Context, hits: &mut Hits<'_>) {
    if are_muddled(|field| record.get(field)) {
        hits.add(Hit::on(RecipRace1));
    }
}

pub(crate) const MUDDLED: Rule = Rule {
    code: "XR017",
    name: "races-muddled",
    layer: Layer::Extra,
    scope: Scope::Record,
    fields: &RACES,
    levels: levels(Warn, Off),
    message: "races repeat, leave a gap, or stand beside UNK or POL",
    why: "Each race is told once, from race 1 on without a gap; unknown or withheld contradicts a race beside it.",
    remedy: "Move the races up, drop the repeat, or drop UNK and POL where a race is known. `cvrs fix` closes gaps and drops repeats.",
    source: "our own; CVRS v2 data elements",
    passes: &[Example::Cells(&[(RecipRace1, "2106-3"), (RecipRace2, "2028-9")])],
    fails: &[
        Example::Cells(&[(RecipRace1, "UNK"), (RecipRace2, "2106-3")]),
        Example::Cells(&[(RecipRace1, "2106-3"), (RecipRace2, "2106-3")]),
        Example::Cells(&[(RecipRace1, "2106-3"), (RecipRace3, "2028-9")]),
    ],
    check: Check::Record(check),
};
