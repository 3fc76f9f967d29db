//! What must be there and what must not: races, refusals, models, unknown codes.

use super::case::{REDACTED_WORD, SIX};
use crate::fix::{Cell, Class, Edits, Example, Fix, How, Proposal, Stage, any_row};
use cvrs_codes::NdcLookup;
use cvrs_parse::Record;
use cvrs_spec::Field::{self, *};
use cvrs_spec::{Event, Kind, Model, Requirement, SetId};

pub(crate) const RACE_COLUMNS: [Field; 6] = [RecipRace1, RecipRace2, RecipRace3, RecipRace4, RecipRace5, RecipRace6];

fn races(record: &Record<'_>) -> Edits {
    let columns = RACE_COLUMNS.into_iter().filter(|&column| record.header().position(column).is_some());
    let mut kept: Vec<&[u8]> = Vec::new();
    for column in columns.clone() {
        let value = record.get(column);
        if !value.is_empty() && !kept.iter().any(|other| other.eq_ignore_ascii_case(value)) {
            kept.push(value);
        }
    }
    let mut kept = kept.into_iter();
    columns
        .map(|column| (column, kept.next().unwrap_or_default()))
        .filter(|&(column, value)| record.get(column) != value)
        .map(|(column, value)| (column, value.to_vec()))
        .collect()
}

pub(crate) const RACES: Fix = Fix {
    id: "F30",
    name: "race-gaps",
    class: Class::Safe,
    stage: Stage::Record,
    what: "Moves races up over a gap and drops one that stands already.",
    why: "The columns are a list; the same races stand there in the same order.",
    condition: "order kept, the first of equals stays",
    fields: &RACE_COLUMNS,
    cures: &["XR017"],
    is_normalisation: false,
    hides_before: false,
    examples: &[
        Example::Safe(
            &[(RecipRace1, "2106-3"), (RecipRace3, "2028-9"), (RecipRace4, "2028-9")],
            &[(RecipRace1, "2106-3"), (RecipRace2, "2028-9")],
        ),
        Example::Stays(&[(RecipRace1, "2106-3"), (RecipRace2, "2028-9")]),
        Example::Stays(&[(RecipRace1, "UNK"), (RecipRace2, "2028-9")]),
    ],
    how: How::Row(races),
};

const DOSE: &[Field] =
    &[Ndc, Mvx, LotNumber, VaxExpiration, VaxAdminSite, VaxRoute, DoseNum, VaxSeriesComplete, VaxProvSuffix];

fn forbidden(cell: &Cell<'_>) -> Option<Proposal> {
    let must_be_empty = || {
        cell.field.is_some_and(|field| {
            field.requirement(cell.record.version(), Event::Refusal, Model::D) == Requirement::Empty
        })
    };
    (!cell.value.is_empty() && must_be_empty()).then(|| Proposal::consent("")).flatten()
}

pub(crate) const FORBIDDEN: Fix = Fix {
    id: "F31",
    name: "forbidden-on-refusal",
    class: Class::Consent,
    what: "Empties what a refusal must not carry.",
    why: "The specification wants it empty, but a value is lost, or the refusal mark is the mistake.",
    condition: "vax_refusal is YES",
    fields: DOSE,
    cures: &["DNTS002"],
    examples: &[
        Example::Consent(
            &[
                (VaxRefusal, "YES"),
                (Ndc, ""),
                (Mvx, ""),
                (LotNumber, "EL1283"),
                (VaxExpiration, ""),
                (VaxAdminSite, ""),
                (VaxRoute, ""),
                (DoseNum, ""),
                (VaxSeriesComplete, ""),
            ],
            cvrs_rules::example::REFUSAL,
        ),
        Example::Stays(&[(LotNumber, "EL1283")]),
        Example::Stays(cvrs_rules::example::REFUSAL),
    ],
    how: How::Cells(|record| record.event() == Event::Refusal, forbidden),
    ..RACES
};

fn is_redacted(record: &Record<'_>) -> bool {
    SIX.iter().all(|&field| record.is(field, REDACTED_WORD))
}

fn extract_type(cell: &Cell<'_>) -> Option<Proposal> {
    if !cell.value.is_empty() || !is_redacted(cell.record) {
        return None;
    }
    Proposal::consent(if cell.record.get(PprlId).is_empty() { "D" } else { "P" })
}

pub(crate) const EXTRACT_TYPE: Fix = Fix {
    id: "F32",
    name: "ext-type-empty",
    class: Class::Consent,
    what: "Fills an empty ext_type with D, or with P where there is a pprl_id.",
    why: "A row that is redacted in full is one or the other; I is never guessed, since it would declare a person told.",
    condition: "all six columns are `Redacted`",
    fields: &[ExtType],
    cures: &["DATA005"],
    examples: &[
        Example::Consent(&[(ExtType, "")], &[(ExtType, "D")]),
        Example::Consent(&[(ExtType, ""), (PprlId, "pprl-1")], &[(ExtType, "P"), (PprlId, "pprl-1")]),
        Example::Stays(&[(ExtType, ""), (RecipFirstName, "Ana")]),
        Example::Stays(&[(ExtType, "Q")]),
    ],
    how: How::Cells(any_row, extract_type),
    ..RACES
};

fn pprl_id(cell: &Cell<'_>) -> Option<Proposal> {
    let is_told = matches!(cell.record.get(ExtType), b"D" | b"d" | b"I" | b"i");
    (is_told && !cell.value.is_empty()).then(|| Proposal::consent("")).flatten()
}

pub(crate) const PPRL_ID: Fix = Fix {
    id: "F33",
    name: "pprl-id-out-of-place",
    class: Class::Consent,
    what: "Empties the pprl_id of a row of model D or I.",
    why: "Only model P may carry it; or ext_type is the mistake.",
    condition: "ext_type says D or I",
    fields: &[PprlId],
    cures: &["DATA004"],
    examples: &[
        Example::Consent(&[(PprlId, "pprl-1")], &[(PprlId, "")]),
        Example::Stays(&[(ExtType, "P"), (PprlId, "pprl-1")]),
    ],
    how: How::Cells(any_row, pprl_id),
    ..RACES
};

/// The columns whose set has a code for what is not known, and that must have a value.
pub(crate) const UNKNOWABLE: &[Field] = &[
    RecipSex,
    RecipRace1,
    RecipEthnicity,
    DoseNum,
    VaxSeriesComplete,
    AdminType,
    CmorbidStatus,
    Serology,
    VaxProvSuffix,
];

fn unknown(cell: &Cell<'_>) -> Option<Proposal> {
    let field = cell.field.filter(|_| cell.value.is_empty())?;
    let (version, event) = (cell.record.version(), cell.record.event());
    let model = cell.record.model().unwrap_or(Model::D);
    let is_required = field.requirement(version, event, model) == Requirement::Required;
    let set = field.value_set(version).filter(|_| is_required && field.facts().kind == Kind::Code)?;
    let code = if set == SetId::Sex { "U" } else { "UNK" };
    set.find(code.as_bytes()).and_then(|code| Proposal::consent(code.code))
}

pub(crate) const UNKNOWN: Fix = Fix {
    id: "F34",
    name: "required-code-empty",
    class: Class::Consent,
    what: "Fills an empty required code with UNK, sex with U.",
    why: "The specification says to send unknown as such; but it asserts that nobody knows, where perhaps nobody looked.",
    condition: "the column is required and its set has UNK",
    fields: UNKNOWABLE,
    cures: &["REQD001", "REQD002", "REQD003"],
    examples: &[
        Example::Consent(&[(DoseNum, "")], &[(DoseNum, "UNK")]),
        Example::Consent(&[(RecipSex, "")], &[(RecipSex, "U")]),
        Example::Consent(&[(RecipEthnicity, "")], &[(RecipEthnicity, "UNK")]),
        Example::Stays(&[(VaxRefusal, "")]),
        Example::Stays(&[(RecipRace2, "")]),
        Example::Stays(cvrs_rules::example::REFUSAL),
    ],
    how: How::Cells(any_row, unknown),
    ..RACES
};

fn from_ndc(cell: &Cell<'_>) -> Option<Proposal> {
    if !cell.value.is_empty() {
        return None;
    }
    let NdcLookup::Known(known) = cell.codes.ndc(cell.record.get(Ndc)) else { return None };
    match cell.field {
        Some(Cvx) => Proposal::consent(known.unique_cvx()?.to_string()),
        _ => Proposal::consent(known.unique_mvx().filter(|mvx| !mvx.is_unspecific())?.as_str()),
    }
}

pub(crate) const FROM_NDC: Fix = Fix {
    id: "F35",
    name: "product-from-ndc",
    class: Class::Consent,
    what: "Fills an empty mvx or cvx from the drug code.",
    why: "The code table names one maker and one vaccine for it; that the drug code itself is right is a guess.",
    condition: "the drug code is known and all its rows name the same",
    fields: &[Cvx, Mvx],
    cures: &["REQD001", "REQD002"],
    examples: &[
        Example::Consent(
            &[(Mvx, ""), (Ndc, "80777-0273-10"), (Cvx, "207")],
            &[(Mvx, "MOD"), (Ndc, "80777-0273-10"), (Cvx, "207")],
        ),
        Example::Consent(&[(Cvx, "")], &[(Cvx, "208")]),
        Example::Stays(&[(Mvx, ""), (Ndc, "12345-6789-01")]),
        Example::Stays(&[(Mvx, ""), (Ndc, "")]),
    ],
    how: How::Cells(any_row, from_ndc),
    ..RACES
};

fn unredacted(cell: &Cell<'_>) -> Option<Proposal> {
    (cell.value != REDACTED_WORD.as_bytes()).then(|| Proposal::consent(REDACTED_WORD)).flatten()
}

pub(crate) const UNREDACTED: Fix = Fix {
    id: "F39",
    name: "not-redacted",
    class: Class::Consent,
    stage: Stage::Redaction,
    what: "Writes `Redacted` over a name or address in a row of model D or P.",
    why: "The specification wants it, but ext_type may be the mistake. The log shows the length alone, whatever is asked.",
    condition: "ext_type says D or P",
    fields: SIX,
    cures: &["DATA006"],
    hides_before: true,
    examples: &[
        Example::Consent(&[(RecipFirstName, "Ana")], &[(RecipFirstName, "Redacted")]),
        Example::Consent(&[(RecipMiddleName, "")], &[(RecipMiddleName, "Redacted")]),
        Example::Stays(cvrs_rules::example::IDENTIFIED),
        Example::Stays(&[(ExtType, ""), (RecipFirstName, "Ana")]),
    ],
    how: How::Cells(|record| matches!(record.get(ExtType), b"D" | b"d" | b"P" | b"p"), unredacted),
    ..RACES
};
