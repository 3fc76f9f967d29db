//! What is too long.

use crate::rule::levels;
use crate::{Ask, Cell, Check, Dch, Example, Hit, Layer, Levels, Rule, Scope, Stage};
use cvrs_parse::{char_count, utf16_count};
use cvrs_report::Level::{Error, Off};
use cvrs_report::Message;
use cvrs_spec::Field::{self, *};

/// The most characters a column may hold (rule book DATA008): 255, or less for four columns. Shorter limits that the
/// format implies, such as a date's, are told as format errors.
pub(crate) const fn limit(field: Field) -> usize {
    match field {
        Mvx => 3,
        VaxRoute => 10,
        Ndc => 50,
        PprlId => 100,
        _ => 255,
    }
}

/// The columns whose length only the clearinghouse checks.
pub(crate) const fn is_clearinghouse_only(field: Field) -> bool {
    matches!(field, LotNumber | AdminAddressStreet | AdminAddressStreet2 | AdminAddressCity)
}

const fn message(field: Field) -> Message {
    Message::text(match field {
        Mvx => "maximum length is 3",
        VaxRoute => "maximum length is 10",
        Ndc => "maximum length is 50",
        PprlId => "maximum length is 100",
        _ => "maximum length is 255",
    })
}

fn too_long(cell: &Cell<'_>) -> Option<Hit> {
    let (value, limit) = (cell.value(), limit(cell.field));
    // A character is at least a byte, so a short value needs no counting.
    if value.len() <= limit {
        return None;
    }
    if char_count(value) > limit {
        return Some(Hit { message: Some(message(cell.field)), ..Hit::behind(Dch::of(cell.field, Ask::Length)) });
    }
    let soft = Message::text("longer than the limit if counted in UTF-16, as the CDC tool does");
    (utf16_count(value) > limit).then_some(Hit { is_soft: true, message: Some(soft), ..Hit::PLAIN })
}

pub(crate) const TOO_LONG: Rule = Rule {
    code: "DATA008",
    name: "too-long",
    layer: Layer::Tool,
    scope: Scope::Cell,
    fields: &[],
    levels: levels(Error, Error),
    message: "{f} exceeds maximum length",
    why: "The clearinghouse refuses longer values. Length counts Unicode characters; where only the CDC tool's UTF-16 \
          count is over, it is a warning.",
    remedy: "Shorten the value at its source; nothing is cut here, since that would change what it says.",
    source: "CVRS v2 data elements; clearinghouse field errors, version 1; CDC tool DATA008",
    passes: &[Example::Cells(&[(AdminName, "x*255")])],
    fails: &[Example::Cells(&[(AdminName, "x*256")]), Example::Cells(&[(AdminName, "😀*200")])],
    check: Check::Cell(Stage::Length, |cell| if is_clearinghouse_only(cell.field) { None } else { too_long(cell) }),
};

const fn clearinghouse_length(code: &'static str, name: &'static str, fields: &'static [Field]) -> Rule {
    Rule {
        code,
        name,
        layer: Layer::Clearinghouse,
        fields,
        levels: Levels { recommended: Error, dch: Error, tool: Off },
        message: "maximum length is 255",
        source: "clearinghouse field errors, version 1, 2020-11-02",
        // Only the clearinghouse checks these, and it does not count in UTF-16.
        check: Check::Cell(Stage::Length, |cell| too_long(cell).filter(|hit| !hit.is_soft)),
        ..TOO_LONG
    }
}

pub(crate) const LOT_NUMBER: Rule = Rule {
    passes: &[Example::Cells(&[(LotNumber, "x*255")])],
    fails: &[Example::Cells(&[(LotNumber, "x*256")])],
    ..clearinghouse_length("DCH045", "lot-number-too-long", &[LotNumber])
};

pub(crate) const ADMIN_STREET: Rule = Rule {
    passes: &[Example::Cells(&[(AdminAddressStreet, "x*255")])],
    fails: &[Example::Cells(&[(AdminAddressStreet, "x*256")])],
    ..clearinghouse_length("DCH059", "administration-street-too-long", &[AdminAddressStreet])
};

pub(crate) const ADMIN_STREET_2: Rule = Rule {
    passes: &[Example::Cells(&[(AdminAddressStreet2, "x*255")])],
    fails: &[Example::Cells(&[(AdminAddressStreet2, "x*256")])],
    ..clearinghouse_length("DCH060", "administration-street-2-too-long", &[AdminAddressStreet2])
};

pub(crate) const ADMIN_CITY: Rule = Rule {
    passes: &[Example::Cells(&[(AdminAddressCity, "x*255")])],
    fails: &[Example::Cells(&[(AdminAddressCity, "x*256")])],
    ..clearinghouse_length("DCH061", "administration-city-too-long", &[AdminAddressCity])
};
