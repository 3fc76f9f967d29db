//! The shape of ids, ZIP codes, PINs and names (DATA005).

use crate::rule::levels;
use crate::{Ask, Cell, Check, Dch, Example, Hit, Layer, Rule, Scope, Stage};
use cvrs_report::Level::Error;
use cvrs_report::Message;
use cvrs_spec::Field::*;
use cvrs_spec::SetId;

/// Whether the bytes are a ZIP code of five digits, or of nine with a hyphen.
pub(crate) fn is_zip(value: &[u8]) -> bool {
    match value.len() {
        5 => value.iter().all(u8::is_ascii_digit),
        10 => value[5] == b'-' && value[..5].iter().chain(&value[6..]).all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Whether the bytes are six digits.
pub(crate) fn is_pin(value: &[u8]) -> bool {
    value.len() == 6 && value.iter().all(u8::is_ascii_digit)
}

/// What Java's `\s` takes for a blank, which is what the CDC tool goes by.
pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0B | 0x0C | b'\r')
}

fn wrong_shape(cell: &Cell<'_>) -> Option<Hit> {
    let value = cell.value();
    let soft = |text| Hit { is_soft: true, message: Some(Message::text(text)), ..Hit::PLAIN };
    let content = || Some(Hit::behind(Dch::of(cell.field, Ask::Content)));
    match cell.field {
        ExtType if value.is_empty() => Some(Hit::behind(Dch::of(ExtType, Ask::NotNull))),
        ExtType => SetId::ExtType.find(value).is_none().then(content).flatten(),
        _ if value.is_empty() => None,
        VaxEventId | RecipId => value.iter().any(|&byte| is_blank(byte)).then(|| soft("{f} contains a blank")),
        RecipAddressZip | AdminAddressZip => (!is_zip(value)).then(content).flatten(),
        VtrcksProvPin => (!is_pin(value)).then(content).flatten(),
        ResponsibleOrg | AdminName => is_blank(value[0]).then(|| soft("{f} starts with a blank")),
        _ => None,
    }
}

pub(crate) const WRONG_SHAPE: Rule = Rule {
    code: "DATA005",
    name: "wrong-shape",
    layer: Layer::Tool,
    scope: Scope::Cell,
    fields: &[ExtType, VaxEventId, RecipId, RecipAddressZip, AdminAddressZip, ResponsibleOrg, AdminName, VtrcksProvPin],
    levels: levels(Error, Error),
    message: "{f}{v} does not have the expected shape",
    why: "A value of another shape cannot be matched to anything. Blanks in ids and at the start of a name are warnings, \
          since the clearinghouse takes them. A PIN must be six digits for the clearinghouse; the CDC tool takes up to \
          six letters or digits.",
    remedy: "Send ext_type as D, I or P; a ZIP code as 12345 or 12345-6789; a VTrckS PIN as six digits; ids without blanks.",
    source: "CVRS v2 data elements; clearinghouse field errors, version 1; CDC tool DATA005",
    passes: &[Example::Cells(&[
        (ExtType, "d"),
        (VaxEventId, "A1"),
        (RecipAddressZip, "30301-0001"),
        (VtrcksProvPin, "123456"),
    ])],
    fails: &[
        Example::Cells(&[(ExtType, "Q")]),
        Example::Cells(&[(ExtType, "")]),
        Example::Cells(&[(VaxEventId, "A 1")]),
        Example::Cells(&[(RecipAddressZip, "303010001")]),
        Example::Cells(&[(AdminAddressZip, "3030")]),
        Example::Cells(&[(VtrcksProvPin, "12345")]),
        Example::Cells(&[(AdminName, " Luna")]),
    ],
    check: Check::Cell(Stage::Content, wrong_shape),
};
