//! Whether the vaccine, the manufacturer and the drug code of a record name the same product.

use crate::cvx::{CvxCode, CvxSet};
use crate::mvx::{MvxCode, MvxSet, ProductSet};
use crate::ndc_set::{Ndc, NdcLookup, NdcSet};

/// One of the three columns that name a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProductColumn {
    /// `cvx`
    Cvx,
    /// `mvx`
    Mvx,
    /// `ndc`
    Ndc,
}

/// Which pairs of the three columns disagree; at least one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Disagreement {
    /// The pair of vaccine and manufacturer is not listed.
    pub cvx_mvx: bool,
    /// No row of the NDC names the vaccine.
    pub cvx_ndc: bool,
    /// No row of the NDC names the manufacturer (for this vaccine, where a row names it).
    pub mvx_ndc: bool,
}

impl Disagreement {
    /// The first pair that disagrees, in the order cvx–mvx, cvx–ndc, mvx–ndc.
    pub const fn first(self) -> (ProductColumn, ProductColumn) {
        match self {
            Self { cvx_mvx: true, .. } => (ProductColumn::Cvx, ProductColumn::Mvx),
            Self { cvx_ndc: true, .. } => (ProductColumn::Cvx, ProductColumn::Ndc),
            Self { .. } => (ProductColumn::Mvx, ProductColumn::Ndc),
        }
    }

    /// The column that both others contradict, if there is exactly one.
    pub const fn odd_one_out(self) -> Option<ProductColumn> {
        match (self.cvx_mvx, self.cvx_ndc, self.mvx_ndc) {
            (true, true, false) => Some(ProductColumn::Cvx),
            (true, false, true) => Some(ProductColumn::Mvx),
            (false, true, true) => Some(ProductColumn::Ndc),
            _ => None,
        }
    }
}

/// The four sets that the comparison reads.
pub(crate) struct ProductSets<'a> {
    pub(crate) cvx: &'a CvxSet,
    pub(crate) mvx: &'a MvxSet,
    pub(crate) product: &'a ProductSet,
    pub(crate) ndc: &'a NdcSet,
}

impl ProductSets<'_> {
    /// Whether the pair is listed; `None` where the table cannot say. See [`crate::CodeSets::cvx_mvx_agree`].
    pub(crate) fn pair(&self, cvx: CvxCode, mvx: MvxCode) -> Option<bool> {
        if mvx.is_unspecific() || self.cvx.get(cvx).is_none() || self.mvx.get(mvx).is_none() {
            return None;
        }
        let products = self.product.of_cvx(cvx);
        if products.iter().any(|product| product.mvx == Some(mvx)) {
            return Some(true);
        }
        // A vaccine without a listed manufacturer, or with a name whose manufacturer CDC leaves open, contradicts none.
        let open = products.is_empty() || products.iter().any(|product| product.mvx.is_none());
        if open { None } else { Some(false) }
    }

    /// See [`crate::CodeSets::disagreement`].
    pub(crate) fn disagreement(&self, cvx: &[u8], mvx: &[u8], ndc: &[u8]) -> Option<Disagreement> {
        let cvx = CvxCode::parse(cvx).filter(|code| self.cvx.get(*code).is_some());
        let mvx = MvxCode::parse(mvx).filter(|code| !code.is_unspecific() && self.mvx.get(*code).is_some());
        let cvx_mvx = cvx.zip(mvx).is_some_and(|(cvx, mvx)| self.pair(cvx, mvx) == Some(false));
        let (cvx_ndc, mvx_ndc) = if ndc.is_empty() || (cvx.is_none() && mvx.is_none()) {
            (false, false)
        } else {
            match self.ndc.look_up(ndc) {
                NdcLookup::Known(known) => contradictions(known.entries, cvx, mvx),
                // Benefit of the doubt: a reading that fits is the one that was meant.
                NdcLookup::Ambiguous(candidates) => candidates
                    .as_slice()
                    .iter()
                    .map(|code| self.ndc.entries(*code))
                    .filter(|entries| !entries.is_empty())
                    .map(|entries| contradictions(entries, cvx, mvx))
                    .min_by_key(|(with_cvx, with_mvx)| u8::from(*with_cvx) + u8::from(*with_mvx))
                    .unwrap_or_default(),
                _ => (false, false),
            }
        };
        (cvx_mvx || cvx_ndc || mvx_ndc).then_some(Disagreement { cvx_mvx, cvx_ndc, mvx_ndc })
    }
}

/// Whether the rows of one NDC contradict the vaccine and the manufacturer.
///
/// A row that names no vaccine or no manufacturer agrees with any. The manufacturer is looked for among the rows of
/// the vaccine, or among all rows when none names it, so that a wrong vaccine does not make the manufacturer wrong.
fn contradictions(entries: &[Ndc], cvx: Option<CvxCode>, mvx: Option<MvxCode>) -> (bool, bool) {
    let fits_cvx = |entry: &&Ndc| cvx.is_none() || entry.cvx.is_none() || entry.cvx == cvx;
    let fits_mvx = |entry: &Ndc| mvx.is_none() || entry.mvx.is_none() || entry.mvx == mvx;
    let with_cvx = !entries.iter().any(|entry| fits_cvx(&entry));
    let with_mvx =
        if with_cvx { !entries.iter().any(fits_mvx) } else { !entries.iter().filter(fits_cvx).any(fits_mvx) };
    (with_cvx, with_mvx)
}
