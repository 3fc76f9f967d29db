//! Codes against their value sets (DATA007).

use crate::rule::levels;
use crate::{Ask, Cell, Check, Dch, Example, Hit, Layer, Rule, Scope, Stage};
use cvrs_report::Level::Error;
use cvrs_report::Message;
use cvrs_spec::Field::*;
use cvrs_spec::SetId;

/// Whether the bytes are two ASCII letters.
pub(crate) fn is_two_letters(value: &[u8]) -> bool {
    value.len() == 2 && value.iter().all(u8::is_ascii_alphabetic)
}

/// Whether the bytes are five digits.
pub(crate) fn is_county(value: &[u8]) -> bool {
    value.len() == 5 && value.iter().all(u8::is_ascii_digit)
}

fn not_in_set(cell: &Cell<'_>) -> Option<Hit> {
    let value = cell.value();
    if value.is_empty() {
        return None;
    }
    let dch = || Dch::of(cell.field, Ask::Content);
    let soft = |text| Some(Hit { is_soft: true, message: Some(Message::text(text)), ..Hit::PLAIN });
    let codes = cell.context.codes;
    let is_test = cell.context.is_test;
    match cell.field.value_set(cell.record.version())? {
        SetId::County => (!is_county(value)).then(|| Hit::behind(dch())),
        SetId::State if !is_two_letters(value) => Some(Hit::behind(dch())),
        SetId::State if value.eq_ignore_ascii_case(b"UM") => soft("UM is a state code that no records come from"),
        SetId::Cvx if !value.iter().all(u8::is_ascii_digit) => Some(Hit::behind(dch())),
        SetId::Cvx if codes.is_cvx_or_placeholder(value) => None,
        SetId::Cvx if codes.is_cvx_newer_than_set(value) => {
            soft("{f}{v} is not in the CVX code set, and may be newer than it")
        }
        SetId::Cvx => soft("{f}{v} is not in the CVX code set"),
        SetId::Mvx if codes.is_mvx_or_placeholder(value) => None,
        SetId::Mvx => soft("{f}{v} is not in the MVX code set"),
        SetId::Ndc if codes.is_ndc(value) || is_test && codes.is_placeholder_ndc(value) => None,
        SetId::Ndc if codes.is_ndc_newer_than_set(value) => {
            soft("{f}{v} is not in the NDC code set, and may be newer than it")
        }
        SetId::Ndc => soft("{f}{v} is not in the NDC code set"),
        set if set.find(value).is_some() => None,
        SetId::State | SetId::VaxRoute => Some(Hit::PLAIN),
        SetId::AdminTypeV1 => Some(Hit::PLAIN),
        _ => Some(Hit::behind(dch())),
    }
}

pub(crate) const NOT_IN_SET: Rule = Rule {
    code: "DATA007",
    name: "not-in-value-set",
    layer: Layer::Tool,
    scope: Scope::Cell,
    fields: &[
        RecipSex,
        RecipAddressCounty,
        RecipAddressState,
        RecipRace1,
        RecipRace2,
        RecipRace3,
        RecipRace4,
        RecipRace5,
        RecipRace6,
        RecipEthnicity,
        Cvx,
        Ndc,
        Mvx,
        VaxAdminSite,
        VaxRoute,
        DoseNum,
        VaxSeriesComplete,
        AdminType,
        AdminAddressCounty,
        AdminAddressState,
        VaxRefusal,
        CmorbidStatus,
        Serology,
        VaxProvSuffix,
        RecipMissedAppt,
    ],
    levels: levels(Error, Error),
    message: "{f}{v} is not in its value set",
    why: "A code outside the value set means nothing to the receiver. CVX, MVX and NDC codes change faster than any copy of \
          their lists, so an unknown one is a warning.",
    remedy: "Map the source system's code to one of the value set (`cvrs fields` lists it); write no blanks around it.",
    source: "CVRS v2 data dictionary; clearinghouse field errors, version 1; CDC CVX, MVX and NDC lists; CDC tool DATA007",
    passes: &[Example::Cells(&[(RecipSex, "f"), (RecipRace2, "2028-9"), (VaxRoute, "im")])],
    fails: &[
        Example::Cells(&[(RecipSex, "X")]),
        Example::Cells(&[(RecipAddressCounty, "1312")]),
        Example::Cells(&[(Cvx, "20B")]),
        Example::Cells(&[(Cvx, "499")]),
        Example::Cells(&[(VaxRoute, "C1")]),
        Example::Cells(&[(AdminAddressState, "XX")]),
        Example::CellsV1(&[(AdminType, "17")]),
    ],
    check: Check::Cell(Stage::Content, not_in_set),
};
