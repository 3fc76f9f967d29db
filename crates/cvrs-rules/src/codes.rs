//! The questions that rules ask of the code sets.

use cvrs_codes::{CodeSets, CountyBitmap, CountyList, NdcLookup, SetKind};

/// The code sets of a run, and short answers from them.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    sets: &'static CodeSets,
}

impl Codes {
    pub(crate) const fn new(sets: &'static CodeSets) -> Self {
        Self { sets }
    }

    /// The sets themselves.
    pub const fn sets(self) -> &'static CodeSets {
        self.sets
    }

    /// Whether digits are a CVX code of the list, or a placeholder of the test data of 2020 (told by XR014).
    pub(crate) fn is_cvx_or_placeholder(self, value: &[u8]) -> bool {
        let facts = self.sets.cvx_facts(value);
        facts.is_known() || facts.is_placeholder()
    }

    pub(crate) fn is_placeholder_cvx(self, value: &[u8]) -> bool {
        self.sets.cvx_facts(value).is_placeholder()
    }

    /// Whether the code is in the list and no COVID-19 vaccine's.
    pub(crate) fn is_other_vaccine(self, value: &[u8]) -> bool {
        let facts = self.sets.cvx_facts(value);
        facts.is_known() && !facts.is_covid() && !facts.is_placeholder()
    }

    pub(crate) fn is_cvx_newer_than_set(self, value: &[u8]) -> bool {
        self.sets.maybe_newer_than_set(SetKind::Cvx, value)
    }

    pub(crate) fn is_multi_dose(self, cvx: &[u8]) -> bool {
        self.sets.is_multi_dose(cvx) == Some(true)
    }

    pub(crate) fn is_mvx_or_placeholder(self, value: &[u8]) -> bool {
        self.sets.mvx(value).is_some() || cvrs_codes::is_placeholder_mvx(value)
    }

    pub(crate) fn is_ndc(self, value: &[u8]) -> bool {
        matches!(self.sets.ndc(value), NdcLookup::Known(_) | NdcLookup::Ambiguous(_))
    }

    pub(crate) fn is_ndc_newer_than_set(self, value: &[u8]) -> bool {
        self.sets.maybe_newer_than_set(SetKind::Ndc, value)
    }

    /// Whether the value is one of the two made-up NDCs of the test data of 2020.
    pub(crate) fn is_placeholder_ndc(self, value: &[u8]) -> bool {
        matches!(self.sets.ndc(value), NdcLookup::Placeholder(_))
    }

    pub(crate) fn disagree(self, cvx: &[u8], mvx: &[u8], ndc: &[u8]) -> bool {
        self.sets.disagreement(cvx, mvx, ndc).is_some()
    }

    /// The bitmap of all counties of 2019 to 2022.
    pub(crate) fn counties(self) -> &'static CountyBitmap {
        self.sets.county_bitmap(CountyList::From2019To2022)
    }

    /// The two digits that the counties of a state begin with; `None` for an unknown state or one without any.
    pub(crate) fn state_fips(self, state: &[u8]) -> Option<&'static [u8]> {
        self.sets.state(state)?.fips2.as_ref().map(|digits| digits.as_bytes())
    }

    pub(crate) fn is_zip_outside_state(self, zip: &[u8], state: &[u8]) -> bool {
        self.sets.state(state).is_some_and(|state| self.sets.zip_in_state(zip, state) == Some(false))
    }
}
