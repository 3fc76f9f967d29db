//! What a jurisdiction asks beyond the specification, told by a profile of its own.

use crate::rule::levels;
use crate::{Check, Layer, Rule, Scope};
use cvrs_report::Level::{Error, Off};

pub(crate) const REQUIRED: Rule = Rule {
    code: "JUR001",
    name: "missing-for-jurisdiction",
    layer: Layer::Extra,
    scope: Scope::Record,
    fields: &[],
    levels: levels(Error, Off),
    message: "{f} is required by the profile",
    why: "The profile in use makes a column required that the specification asks for only if known. It does so for \
          vaccinations; a refusal carries no dose.",
    remedy: "Fill the column from the source record, or ask the jurisdiction.",
    source: "the profile in use, key required",
    passes: &[],
    fails: &[],
    check: Check::Elsewhere,
};

pub(crate) const NOT_ALLOWED: Rule = Rule {
    code: "JUR002",
    name: "not-allowed-by-jurisdiction",
    message: "{f}{v} is not among the values that the profile allows",
    why: "The profile in use lists the values that a column may have, such as the organisations that may send.",
    remedy: "Use one of the listed values, or have the list completed.",
    source: "the profile in use, key allowed",
    ..REQUIRED
};
