//! National drug codes.

use crate::fix::{Cell, Class, Example, Fix, How, Proposal, Stage, any_row};
use cvrs_codes::{NdcSpelling, parse_ndc};
use cvrs_spec::Field::*;

/// The normal form of a cell that is spelt in one of these ways.
fn normal(cell: &Cell<'_>, spellings: &[NdcSpelling]) -> Option<Proposal> {
    let text = parse_ndc(cell.value).ok().filter(|text| spellings.contains(&text.spelling))?;
    Proposal::safe(text.candidates.as_slice().first()?.hyphenated())
}

pub(crate) const HYPHENS: Fix = Fix {
    id: "F21",
    name: "ndc-hyphens",
    class: Class::Safe,
    stage: Stage::Drug,
    what: "Puts the hyphens into a drug code of eleven digits.",
    why: "Eleven digits are 5-4-2 always.",
    condition: "11 digits; the coming form of 12 digits is left alone",
    fields: &[Ndc],
    cures: &[],
    is_normalisation: false,
    hides_before: false,
    examples: &[
        Example::Safe(&[(Ndc, "59267100001")], &[(Ndc, "59267-1000-01")]),
        Example::Stays(&[(Ndc, "592671000012")]),
        Example::Stays(&[(Ndc, "5926710000")]),
    ],
    how: How::Cells(any_row, |cell| normal(cell, &[NdcSpelling::ElevenBare])),
};

pub(crate) const TEN_HYPHENATED: Fix = Fix {
    id: "F22",
    name: "ndc-ten-to-eleven",
    what: "Fills a drug code of ten digits with the zero that makes it eleven.",
    why: "The hyphens show which part is short, and a `*` marks the zero. Both forms are accepted, so this is one spelling \
          for another; `--no-normalise` leaves it alone.",
    condition: "parts of 4-4-2, 5-3-2 or 5-4-1 digits, or `*` where the zero goes",
    is_normalisation: true,
    examples: &[
        Example::Safe(
            &[(Ndc, "80777-273-10"), (Cvx, "207"), (Mvx, "MOD")],
            &[(Ndc, "80777-0273-10"), (Cvx, "207"), (Mvx, "MOD")],
        ),
        Example::Safe(
            &[(Ndc, "80777-*273-10"), (Cvx, "207"), (Mvx, "MOD")],
            &[(Ndc, "80777-0273-10"), (Cvx, "207"), (Mvx, "MOD")],
        ),
        Example::Safe(&[(Ndc, "59267-1000-1")], &[(Ndc, "59267-1000-01")]),
        Example::Safe(&[(Ndc, "0006-4045-00")], &[(Ndc, "00006-4045-00")]),
        Example::Stays(&[(Ndc, "59267-1000-01")]),
        Example::Stays(&[(Ndc, "5926-100-01")]),
    ],
    how: How::Cells(any_row, |cell| {
        use NdcSpelling::{Filler, Ten442, Ten532, Ten541};
        normal(cell, &[Ten442, Ten532, Ten541, Filler])
    }),
    ..HYPHENS
};

pub(crate) const TEN_BARE: Fix = Fix {
    id: "F23",
    name: "ndc-ten-bare",
    class: Class::Consent,
    what: "Turns ten digits without hyphens into a drug code of eleven.",
    why: "Ten digits can be split in three ways; the code table knows one of them as a rule.",
    condition: "exactly one reading is in the code table, or exactly one has the row's CVX; unknown products never",
    examples: &[
        Example::Consent(
            &[(Ndc, "8077727310"), (Cvx, "207"), (Mvx, "MOD")],
            &[(Ndc, "80777-0273-10"), (Cvx, "207"), (Mvx, "MOD")],
        ),
        Example::Consent(
            &[(Ndc, "5063200101"), (Cvx, "206"), (Mvx, "BN")],
            &[(Ndc, "50632-0001-01"), (Cvx, "206"), (Mvx, "BN")],
        ),
        Example::Stays(&[(Ndc, "5063200101"), (Cvx, "208")]),
        Example::Stays(&[(Ndc, "1234567890")]),
    ],
    how: How::Cells(any_row, |cell| {
        let code = cell.codes.resolve_bare_ndc(cell.value, cell.record.get(Cvx))?;
        Proposal::consent(code.hyphenated())
    }),
    ..HYPHENS
};

pub(crate) const UNIT_OF_USE: Fix = Fix {
    id: "F40",
    name: "ndc-unit-of-use",
    class: Class::Consent,
    stage: Stage::Record,
    what: "Replaces the drug code of an outer package by that of the vial or syringe inside.",
    why: "What was given came from the inner package; which package a sender means by the code is a guess.",
    condition: "the code table links the two one to one",
    examples: &[
        Example::Consent(
            &[(Ndc, "80777-0273-99"), (Cvx, "207"), (Mvx, "MOD")],
            &[(Ndc, "80777-0273-10"), (Cvx, "207"), (Mvx, "MOD")],
        ),
        Example::Stays(&[(Ndc, "59267-1000-02")]),
    ],
    how: How::Cells(any_row, |cell| {
        let sale = parse_ndc(cell.value).ok().filter(|text| text.spelling == NdcSpelling::Eleven)?;
        let unit = cell.codes.unit_of_use(*sale.candidates.as_slice().first()?)?;
        (unit.hyphenated() != cell.value).then(|| Proposal::consent(unit.hyphenated())).flatten()
    }),
    ..HYPHENS
};
