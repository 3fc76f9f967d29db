//! Letter case of codes and of the word `Redacted`.

use crate::fix::{Cell, Class, Example, Fix, How, Proposal, Stage, any_row};
use cvrs_spec::Field::{self, *};
use cvrs_spec::SetId;

/// The columns with letters in their codes.
pub(crate) const CODED: &[Field] = &[
    ExtType,
    RecipSex,
    RecipAddressState,
    RecipRace1,
    RecipRace2,
    RecipRace3,
    RecipRace4,
    RecipRace5,
    RecipRace6,
    RecipEthnicity,
    Mvx,
    VaxAdminSite,
    VaxRoute,
    DoseNum,
    VaxSeriesComplete,
    AdminType,
    AdminAddressState,
    VaxRefusal,
    CmorbidStatus,
    Serology,
    VaxProvSuffix,
    RecipMissedAppt,
];

/// The six columns that models D and P redact, in the order of the specification.
pub(crate) const SIX: &[Field] =
    &[RecipFirstName, RecipMiddleName, RecipLastName, RecipAddressStreet, RecipAddressStreet2, RecipAddressCity];

/// The word that stands for a redacted value.
pub(crate) const REDACTED_WORD: &str = "Redacted";

fn code_case(cell: &Cell<'_>) -> Option<Proposal> {
    let value = cell.value;
    if !value.iter().any(u8::is_ascii_lowercase) {
        return None;
    }
    let upper = value.to_ascii_uppercase();
    let is_code = match cell.field?.value_set(cell.record.version())? {
        SetId::Mvx => cell.codes.mvx(&upper).is_some() || cvrs_codes::is_placeholder_mvx(&upper),
        set => set.codes().iter().any(|code| code.code.as_bytes() == upper),
    };
    is_code.then(|| Proposal::safe(upper)).flatten()
}

pub(crate) const CODE_CASE: Fix = Fix {
    id: "F05",
    name: "code-case",
    class: Class::Safe,
    stage: Stage::Case,
    what: "Writes a code in capitals.",
    why: "CVRS does not mind the case of codes, and some of its readers do.",
    condition: "coded columns only, and only if the value is a code of its set then",
    fields: CODED,
    cures: &[],
    is_normalisation: false,
    hides_before: false,
    examples: &[
        Example::Safe(&[(VaxSeriesComplete, "yes"), (DoseNum, "2")], &[(VaxSeriesComplete, "YES"), (DoseNum, "2")]),
        Example::Safe(&[(DoseNum, "inv")], &[(DoseNum, "INV")]),
        Example::Safe(&[(VaxRoute, "c28161")], &[(VaxRoute, "C28161")]),
        Example::Safe(&[(RecipAddressState, "ga")], &[(RecipAddressState, "GA")]),
        Example::Safe(&[(Mvx, "pfr")], &[(Mvx, "PFR")]),
        Example::Stays(&[(VaxRoute, "c1")]),
        Example::Stays(&[(AdminName, "yes")]),
    ],
    how: How::Cells(any_row, code_case),
};

fn redacted(cell: &Cell<'_>) -> Option<Proposal> {
    let is_other_spelling = cell.value != REDACTED_WORD.as_bytes();
    let is_the_word = cell.value.eq_ignore_ascii_case(REDACTED_WORD.as_bytes());
    (is_the_word && is_other_spelling).then(|| Proposal::safe(REDACTED_WORD)).flatten()
}

pub(crate) const REDACTED: Fix = Fix {
    id: "F06",
    name: "redacted-spelling",
    what: "Spells the word `Redacted` as the specification does.",
    why: "It is a fixed value, and not every reader takes another spelling for it.",
    condition: "the six columns that models D and P redact",
    fields: SIX,
    examples: &[
        Example::Safe(&[(RecipFirstName, "REDACTED")], &[(RecipFirstName, "Redacted")]),
        Example::Stays(&[(AdminName, "REDACTED")]),
    ],
    how: How::Cells(any_row, redacted),
    ..CODE_CASE
};
