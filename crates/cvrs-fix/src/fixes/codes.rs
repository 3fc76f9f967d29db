//! Codes of vaccines, routes, sites, sex, race, and answers.

use crate::fix::{Cell, Class, Example, Fix, How, Proposal, Stage, any_row};
use cvrs_codes::CvxCode;
use cvrs_spec::Field::{self, *};
use cvrs_spec::SetId;

fn cvx_zeros(cell: &Cell<'_>) -> Option<Proposal> {
    let code = CvxCode::parse(cell.value)?.to_string();
    let is_known = cell.codes.cvx(cell.value).is_some() || cvrs_codes::is_placeholder_cvx(cell.value);
    (is_known && code.as_bytes() != cell.value).then(|| Proposal::safe(code)).flatten()
}

pub(crate) const CVX_ZEROS: Fix = Fix {
    id: "F24",
    name: "cvx-zeros",
    class: Class::Safe,
    stage: Stage::Code,
    what: "Writes a CVX code with the zeros that CDC writes: two digits at least, no others in front.",
    why: "The number stays the same.",
    condition: "the code exists afterwards",
    fields: &[Cvx],
    cures: &[],
    is_normalisation: false,
    hides_before: false,
    examples: &[
        Example::Safe(&[(Cvx, "0208")], &[(Cvx, "208")]),
        Example::Safe(&[(Cvx, "8"), (Ndc, ""), (Mvx, "")], &[(Cvx, "08"), (Ndc, ""), (Mvx, "")]),
        Example::Stays(&[(Cvx, "0999999")]),
        Example::Stays(&[(Cvx, "08"), (Ndc, ""), (Mvx, "")]),
    ],
    how: How::Cells(any_row, cvx_zeros),
};

/// The first code of the column's set whose meaning is the value, whatever the case.
fn by_display(cell: &Cell<'_>) -> Option<&'static str> {
    let set = cell.field?.value_set(cell.record.version())?;
    if set.find(cell.value).is_some() {
        return None;
    }
    set.codes().iter().find(|code| code.meaning.as_bytes().eq_ignore_ascii_case(cell.value)).map(|code| code.code)
}

pub(crate) const ROUTE_AND_SITE: Fix = Fix {
    id: "F25",
    name: "route-and-site-words",
    class: Class::Consent,
    what: "Replaces the name of a route or site by its code.",
    why: "The names are those of the value set; that the sender means the same by them is a guess.",
    condition: "exactly a name of the value set, in any case; a route that both code systems name gets the NCIT code",
    fields: &[VaxAdminSite, VaxRoute],
    cures: &["DATA007"],
    examples: &[
        Example::Consent(&[(VaxRoute, "intramuscular")], &[(VaxRoute, "C28161")]),
        Example::Consent(&[(VaxAdminSite, "left deltoid")], &[(VaxAdminSite, "LD")]),
        Example::Stays(&[(VaxAdminSite, "left shoulder")]),
        Example::Stays(&[(VaxRoute, "IM injection")]),
    ],
    how: How::Cells(any_row, |cell| Proposal::consent(by_display(cell)?)),
    ..CVX_ZEROS
};

/// The NCIT code of a route given as a code of HL7 table 0162, if it has one.
fn ncit_of(value: &[u8]) -> Option<&'static str> {
    let own = SetId::VaxRoute.find(value).filter(|code| code.fact == "HL70162")?;
    // Table 0162 knows nasal and intranasal, NCIT nasal alone.
    let meaning = if own.code == "IN" { "Nasal" } else { own.meaning };
    let is_twin = |code: &&cvrs_spec::Code| code.fact == "NCIT" && code.meaning == meaning;
    SetId::VaxRoute.codes().iter().find(is_twin).map(|code| code.code)
}

pub(crate) const ROUTE_SYSTEM: Fix = Fix {
    id: "F26",
    name: "route-to-ncit",
    class: Class::Consent,
    what: "Replaces a route of HL7 table 0162 by its NCIT code.",
    why: "Both are legal, so there is nothing to repair; some readers know NCIT alone.",
    condition: "the route has an NCIT code; OTH has none",
    fields: &[VaxRoute],
    cures: &[],
    examples: &[
        Example::Consent(&[(VaxRoute, "IM")], &[(VaxRoute, "C28161")]),
        Example::Consent(&[(VaxRoute, "in")], &[(VaxRoute, "C38284")]),
        Example::Stays(&[(VaxRoute, "OTH")]),
        Example::Stays(&[(VaxRoute, "C28161")]),
    ],
    how: How::Cells(any_row, |cell| Proposal::consent(ncit_of(cell.value)?)),
    ..CVX_ZEROS
};

fn word(value: &[u8], words: &[(&str, &'static str)]) -> Option<&'static str> {
    words.iter().find(|(word, _)| word.as_bytes().eq_ignore_ascii_case(value)).map(|&(_, code)| code)
}

pub(crate) const SEX: Fix = Fix {
    id: "F27",
    name: "sex-words",
    what: "Replaces Female, Male and Unknown by F, M and U.",
    why: "The words have no other meaning in this column.",
    condition: "one of the three words, in any case",
    fields: &[RecipSex],
    cures: &["DATA007"],
    examples: &[
        Example::Safe(&[(RecipSex, "Female")], &[(RecipSex, "F")]),
        Example::Safe(&[(RecipSex, "MALE")], &[(RecipSex, "M")]),
        Example::Safe(&[(RecipSex, "unknown")], &[(RecipSex, "U")]),
        Example::Stays(&[(RecipSex, "Other")]),
    ],
    how: How::Cells(any_row, |cell| {
        Proposal::safe(word(cell.value, &[("Female", "F"), ("Male", "M"), ("Unknown", "U")])?)
    }),
    ..CVX_ZEROS
};

const ANSWERS: &[Field] = &[VaxSeriesComplete, VaxRefusal, CmorbidStatus, Serology, RecipMissedAppt];

fn yes_no(cell: &Cell<'_>) -> Option<Proposal> {
    let code = word(cell.value, &[("Y", "YES"), ("N", "NO"), ("U", "UNK"), ("Unknown", "UNK")])?;
    let set = cell.field?.value_set(cell.record.version())?;
    set.find(code.as_bytes()).and_then(|code| Proposal::safe(code.code))
}

pub(crate) const YES_NO: Fix = Fix {
    id: "F28",
    name: "yes-no-words",
    what: "Replaces Y, N, U and Unknown by YES, NO and UNK.",
    why: "They are the same answers, shortened.",
    condition: "UNK only where the set has it: a refusal is told or not",
    fields: ANSWERS,
    cures: &["DATA007"],
    examples: &[
        Example::Safe(&[(Serology, "Y")], &[(Serology, "YES")]),
        Example::Safe(&[(VaxRefusal, "n")], &[(VaxRefusal, "NO")]),
        Example::Safe(&[(CmorbidStatus, "Unknown")], &[(CmorbidStatus, "UNK")]),
        Example::Stays(&[(VaxRefusal, "U")]),
        Example::Stays(&[(VaxRefusal, "Y")]),
    ],
    how: How::Cells(any_row, yes_no),
    ..CVX_ZEROS
};

pub(crate) const RACE_AND_ETHNICITY: Fix = Fix {
    id: "F29",
    name: "race-and-ethnicity-words",
    class: Class::Consent,
    what: "Replaces the name of a race or ethnicity by its code.",
    why: "The names are those of the value set; a sender's own list may draw other lines.",
    condition: "exactly a name of the value set, in any case",
    fields: &[RecipRace1, RecipRace2, RecipRace3, RecipRace4, RecipRace5, RecipRace6, RecipEthnicity],
    cures: &["DATA007"],
    examples: &[
        Example::Consent(&[(RecipRace1, "White")], &[(RecipRace1, "2106-3")]),
        Example::Consent(&[(RecipEthnicity, "Hispanic or Latino")], &[(RecipEthnicity, "2135-2")]),
        Example::Stays(&[(RecipRace1, "Caucasian")]),
        Example::Stays(&[(RecipEthnicity, "Latino")]),
    ],
    how: How::Cells(any_row, |cell| Proposal::consent(by_display(cell)?)),
    ..CVX_ZEROS
};
