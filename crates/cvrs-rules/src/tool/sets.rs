//! The tool's value sets, with the names and samples that its texts give them.
//!
//! A value is looked up without the blanks around it and in upper case. Vaccines, makers, products and routes are
//! those of our current lists, since the tool's stop in December 2020; the samples are of its own lists.

use crate::Cell;
use cvrs_codes::{CountyList, NdcLookup, trim};
use cvrs_spec::{Field, SetId, Version};

use super::states;

/// The code and text for a value, not empty, that is not of its column's set.
pub(super) fn wrong(cell: &Cell<'_>) -> Option<(&'static str, &'static str)> {
    let value = trim(cell.value());
    let sets = cell.context.codes.sets();
    let of = |set: SetId| set.find(value).is_some();
    let (is_known, text) = match cell.field {
        Field::RecipSex => (of(SetId::Sex), "{f}{v} is not in value set SEX[M, F, U]"),
        Field::RecipAddressCounty | Field::AdminAddressCounty => (
            sets.county_bitmap(CountyList::Cdc2021).contains(value),
            "{f}{v} is not in value set COUNTY[45001, 22001 ... 48507, 46137]",
        ),
        Field::RecipAddressState | Field::AdminAddressState => {
            (states::find(value).is_some(), "{f}{v} is not in value set STATE[AL, AK ... WI, WY]")
        }
        Field::RecipRace1 => (of(SetId::Race), "{f}{v} is not in value set RACEWITHUNK[1002-5, 2028-9 ... UNK, POL]"),
        Field::RecipRace2 | Field::RecipRace3 | Field::RecipRace4 | Field::RecipRace5 | Field::RecipRace6 => (
            of(SetId::Race) && value.contains(&b'-'),
            "{f}{v} is not in value set RACE[1002-5, 2028-9 ... 2106-3, 2131-1]",
        ),
        Field::RecipEthnicity => {
            (of(SetId::Ethnicity), "{f}{v} is not in value set ETHNICITY[2135-2, 2186-5, UNK, POL]")
        }
        Field::Cvx => {
            let is_listed = is_spelled_as_listed(value) && cell.context.codes.is_cvx_or_placeholder(value);
            (is_listed || value == b"###", "{f}{v} is not in value set CVX[900, 901 ... 187, 188]")
        }
        Field::Ndc => {
            let is_listed =
                matches!(sets.ndc(value), NdcLookup::Known(_) | NdcLookup::Ambiguous(_) | NdcLookup::Placeholder(_));
            (
                is_listed || value == b"####",
                "{f}{v} is not in value set NDC[80777-9999-00, 99999-9999-01 ... 76420-0482-01, 76420-0483-01]",
            )
        }
        Field::Mvx => {
            let is_listed = cell.context.codes.is_mvx_or_placeholder(value);
            (is_listed || value == b"###", "{f}{v} is not in value set MVX[AAA, BBB ... WAL, ZLB]")
        }
        Field::VaxAdminSite => (of(SetId::VaxAdminSite), "{f}{v} is not in value set SITE[LT, LA ... RVL, RLFA]"),
        Field::VaxRoute => (of(SetId::VaxRoute), "{f}{v} is not in value set ROUTE[C38238, C28161 ... SC, TD]"),
        Field::DoseNum => (of(SetId::DoseNum), "{f}{v} is not in value set DOSE[1, 2 ... INV, UNK]"),
        Field::VaxSeriesComplete | Field::CmorbidStatus | Field::Serology => {
            (of(SetId::YesNoUnk), "{f}{v} is not in value set YES_NO_UNK[YES, NO, UNK]")
        }
        Field::AdminType if cell.record.version() == Version::V1 => {
            (of(SetId::AdminTypeV1), "{f}{v} is not in value set DCHTYPE1[CL, HD ... POD, UNK]")
        }
        Field::AdminType => (of(SetId::AdminType), "{f}{v} is not in value set DCHTYPE2[1, 2 ... 28, UNK]"),
        Field::VaxRefusal | Field::RecipMissedAppt => (of(SetId::YesNo), "{f}{v} is not in value set YES_NO[YES, NO]"),
        Field::VaxProvSuffix => {
            (of(SetId::VaxProvSuffix), "{f}{v} is not in value set PROVIDER_SUFFIX[RN, MD ... OTH, UNK]")
        }
        _ => return None,
    };
    (!is_known).then_some(("DATA007", text))
}

/// Whether a CVX number is written as the list has it: two digits, or three without a leading zero.
const fn is_spelled_as_listed(value: &[u8]) -> bool {
    matches!(value, [_, _] | [b'1'..=b'9', _, _])
}
