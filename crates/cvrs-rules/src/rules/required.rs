//! What must have a value.

use crate::rule::levels;
use crate::{Ask, Cell, Check, Dch, Example, Hit, Layer, Levels, Rule, Scope, Stage};
use cvrs_report::Level::{Error, Off};
use cvrs_spec::Field::{self, *};
use cvrs_spec::{Event, Model, Requirement, Version};

const ALWAYS: &[Field] = &[
    VaxEventId,
    RecipId,
    RecipDob,
    RecipSex,
    RecipRace1,
    RecipEthnicity,
    AdminDate,
    Cvx,
    DoseNum,
    VaxSeriesComplete,
    ResponsibleOrg,
    AdminName,
    VtrcksProvPin,
    AdminType,
    VaxRefusal,
    RecipMissedAppt,
    CmorbidStatus,
    Serology,
];

/// Whether the field table asks for a value; `pprl_id` and the fixed words have rules of their own.
pub(crate) fn is_required(field: Field, version: Version, event: Event) -> bool {
    let requirement = field.requirement(version, event, Model::D);
    requirement == Requirement::Required
        || matches!(field, VaxRefusal | RecipMissedAppt) && requirement != Requirement::Absent
}

fn required(cell: &Cell<'_>, event: Event) -> Option<Hit> {
    if cell.event != event || !cell.is_empty() || !is_required(cell.field, cell.record.version(), event) {
        return None;
    }
    let unless_refused = || Dch::of(cell.field, Ask::NotNullUnlessRefused).filter(|_| cell.record.is(VaxRefusal, "NO"));
    Some(Hit::behind(Dch::of(cell.field, Ask::NotNull).or_else(unless_refused)))
}

const WHY: &str = "The specification requires the column for such an event, and the clearinghouse refuses most records \
                   that lack it.";

pub(crate) const VACCINATION: Rule = Rule {
    code: "REQD001",
    name: "missing-for-vaccination",
    layer: Layer::Tool,
    scope: Scope::Cell,
    fields: ALWAYS,
    levels: levels(Error, Error),
    message: "{f} is required for Vaccination events",
    why: WHY,
    remedy: "Fill the column from the source record; where the value set has UNK (sex: U), send that for what is not known.",
    source: "CVRS v2 data elements; CDC tool REQD001",
    passes: &[Example::Cells(&[(DoseNum, "1")])],
    fails: &[
        Example::Cells(&[(DoseNum, "")]),
        Example::Cells(&[(RecipSex, "")]),
        Example::CellsV1(&[(VtrcksProvPin, "")]),
    ],
    check: Check::Cell(Stage::Required, |cell| required(cell, Event::Vaccination)),
};

pub(crate) const REFUSAL: Rule = Rule {
    code: "REQD002",
    name: "missing-for-refusal",
    fields: ALWAYS,
    message: "{f} is required for Refusal events",
    source: "CVRS v2 data elements; CDC tool REQD002",
    passes: &[Example::Cells(crate::example::REFUSAL)],
    fails: &[Example::Cells(&[
        (VaxRefusal, "YES"),
        (Ndc, ""),
        (Mvx, ""),
        (LotNumber, ""),
        (VaxExpiration, ""),
        (VaxAdminSite, ""),
        (VaxRoute, ""),
        (DoseNum, ""),
        (VaxSeriesComplete, ""),
        (Cvx, ""),
    ])],
    check: Check::Cell(Stage::Required, |cell| required(cell, Event::Refusal)),
    ..VACCINATION
};

pub(crate) const MISSED_APPOINTMENT: Rule = Rule {
    code: "REQD003",
    name: "missing-for-missed-appointment",
    message: "{f} is required for Missed Appointment events",
    source: "CVRS v1 as the CDC tool 2.1.0 checks it (REQD003)",
    passes: &[Example::CellsV1(crate::example::MISSED)],
    fails: &[Example::CellsV1(&[
        (RecipMissedAppt, "YES"),
        (Cvx, ""),
        (Ndc, ""),
        (Mvx, ""),
        (LotNumber, ""),
        (VaxExpiration, ""),
        (VaxAdminSite, ""),
        (VaxRoute, ""),
        (DoseNum, ""),
        (VaxSeriesComplete, ""),
        (VaxProvSuffix, ""),
        (RecipDob, ""),
    ])],
    check: Check::Cell(Stage::Required, |cell| required(cell, Event::MissedAppointment)),
    ..VACCINATION
};

/// A column that the clearinghouse never takes empty although the specification asks for it only if known.
const fn null(code: &'static str, name: &'static str, fields: &'static [Field]) -> Rule {
    Rule {
        code,
        name,
        layer: Layer::Clearinghouse,
        scope: Scope::Cell,
        fields,
        levels: Levels { recommended: Error, dch: Error, tool: Off },
        message: "must not be null",
        why: "The specification asks for this column only if it is known, but the clearinghouse refuses a record in which it is empty.",
        remedy: "Fill it; a profile can lower the rule where the service has become milder.",
        source: "clearinghouse field errors, version 1, 2020-11-02; CVRS v2 says required if known",
        passes: &[],
        fails: &[],
        check: Check::Cell(Stage::Required, null_place),
    }
}

fn null_place(cell: &Cell<'_>) -> Option<Hit> {
    cell.is_empty().then(|| Hit::behind(Dch::of(cell.field, Ask::NotNull)))
}

fn null_identified(cell: &Cell<'_>) -> Option<Hit> {
    (cell.model == Some(Model::I)).then(|| null_place(cell)).flatten()
}

/// One of the six columns, empty in the identified model.
const fn null_in_identified(code: &'static str, name: &'static str, fields: &'static [Field]) -> Rule {
    Rule {
        remedy: "Fill it. Where the person has none, the clearinghouse accepts one blank.",
        source: "clearinghouse field errors, version 1, 2020-11-02; CVRS 2.5 says required if known",
        check: Check::Cell(Stage::Required, null_identified),
        ..null(code, name, fields)
    }
}

macro_rules! identified {
    ($name:ident, $code:literal, $word:literal, $field:ident) => {
        pub(crate) const $name: Rule = Rule {
            passes: &[Example::Cells(crate::example::IDENTIFIED)],
            fails: &[Example::Cells(&crate::example::identified_with($field, ""))],
            ..null_in_identified($code, $word, &[$field])
        };
    };
}

identified!(FIRST_NAME, "DCH008", "first-name-null-in-identified", RecipFirstName);
identified!(MIDDLE_NAME, "DCH010", "middle-name-null-in-identified", RecipMiddleName);
identified!(LAST_NAME, "DCH012", "last-name-null-in-identified", RecipLastName);
identified!(STREET, "DCH018", "street-null-in-identified", RecipAddressStreet);
identified!(STREET_2, "DCH020", "street-2-null-in-identified", RecipAddressStreet2);
identified!(CITY, "DCH022", "city-null-in-identified", RecipAddressCity);

pub(crate) const COUNTY: Rule = Rule {
    passes: &[Example::Cells(&[(RecipAddressCounty, "13121")])],
    fails: &[Example::With(&[(RecipAddressCounty, "")], &["BUSR009"])],
    ..null("DCH024", "recipient-county-null", &[RecipAddressCounty])
};

pub(crate) const STATE: Rule = Rule {
    passes: &[Example::Cells(&[(RecipAddressState, "GA")])],
    fails: &[Example::With(&[(RecipAddressState, "")], &["BUSR007"])],
    ..null("DCH026", "recipient-state-null", &[RecipAddressState])
};

pub(crate) const ZIP: Rule = Rule {
    passes: &[Example::Cells(&[(RecipAddressZip, "30301")])],
    fails: &[Example::Cells(&[(RecipAddressZip, "")])],
    ..null("DCH028", "recipient-zip-null", &[RecipAddressZip])
};
