//! [`CodeSets`]: the sets that one run uses, each built when it is first asked for.

use std::sync::OnceLock;

use crate::agree::{Disagreement, ProductSets};
use crate::county::{County, CountyBitmap, CountyList, CountySet};
use crate::county_name::{CountyMatch, CountyNames};
use crate::cvx::{CovidSeries, Cvx, CvxCode, CvxFacts, CvxSet, covid_series};
use crate::import::overlay::Overlay;
use crate::import::{ImportError, ImportedSet};
use crate::info::{SetInfo, SetKind};
use crate::mvx::{Mvx, MvxCode, MvxSet, Product, ProductSet};
use crate::ndc::{Ndc11, ndc11_candidates};
use crate::ndc_set::{Ndc, NdcLink, NdcLookup, NdcSet};
use crate::state::{State, StateSet};
use crate::tsv;
use crate::zip::{Zip3, Zip3Set, ZipSet};

/// The date of the built-in sets as a whole.
const BUILTIN_VERSION: &str = "2025-12-09";

static BUILTIN: CodeSets = CodeSets::empty();

/// The code sets of a run: built-in, or built-in overlaid by imported files.
///
/// Look-ups take the raw bytes of a cell, never allocate and never panic. Nothing is trimmed: a caller that wants the
/// reading of CDC's tool passes the cell through [`crate::trim`] first. Each set is built when it is first asked for,
/// in well under a millisecond, and shared by all threads from then on.
#[derive(Debug)]
pub struct CodeSets {
    version: OnceLock<String>,
    /// Replaces the built-in information of sets that an import changed.
    infos: Vec<SetInfo>,
    cvx: OnceLock<CvxSet>,
    mvx: OnceLock<MvxSet>,
    product: OnceLock<ProductSet>,
    ndc: OnceLock<NdcSet>,
    link: OnceLock<Vec<NdcLink>>,
    county: OnceLock<CountySet>,
    county_names: OnceLock<CountyNames>,
    state: OnceLock<StateSet>,
    zip: OnceLock<ZipSet>,
    zip3: OnceLock<Zip3Set>,
    series: OnceLock<Vec<CovidSeries>>,
}

impl CodeSets {
    const fn empty() -> Self {
        Self {
            version: OnceLock::new(),
            infos: Vec::new(),
            cvx: OnceLock::new(),
            mvx: OnceLock::new(),
            product: OnceLock::new(),
            ndc: OnceLock::new(),
            link: OnceLock::new(),
            county: OnceLock::new(),
            county_names: OnceLock::new(),
            state: OnceLock::new(),
            zip: OnceLock::new(),
            zip3: OnceLock::new(),
            series: OnceLock::new(),
        }
    }

    /// The sets that come with this crate, shared by the whole process.
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// The built-in sets with imported ones laid over them: a row replaces the built-in row of the same key or is
    /// added. The order of `imports` does not matter; of two rows with one key, that of the newer file holds.
    pub fn with_imports(imports: &[ImportedSet]) -> Self {
        let overlay = Overlay::new(Self::builtin(), imports);
        let mut sets = Self::empty();
        let version = overlay.versions.iter().fold(BUILTIN_VERSION.to_owned(), |mut text, label| {
            text.push('+');
            text.push_str(label);
            text
        });
        sets.version = version.into();
        sets.infos = overlay.infos;
        sets.cvx = filled(overlay.cvx.map(CvxSet::new));
        sets.mvx = filled(overlay.mvx.map(MvxSet::new));
        sets.product = filled(overlay.product.map(ProductSet::new));
        sets.ndc = filled(overlay.ndc.map(NdcSet::new));
        sets.link = filled(overlay.link);
        sets
    }

    /// The built-in sets overlaid by stored imports: pairs of file name and content, as [`ImportedSet::to_tsv`] wrote
    /// them. The caller reads the files; this crate does no input or output.
    ///
    /// # Errors
    /// If a content is not such a table, with file, line and expectation.
    pub fn with_overlays<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, ImportError> {
        let imports: Result<Vec<_>, _> =
            files.into_iter().map(|(name, bytes)| ImportedSet::from_tsv(bytes, name)).collect();
        Ok(Self::with_imports(&imports?))
    }

    /// The version of all sets together for reports: `2025-12-09`, or `2025-12-09+cvx 2026-03-01` after an import.
    pub fn version(&self) -> &str {
        self.version.get().map_or(BUILTIN_VERSION, String::as_str)
    }

    /// Name, version, origin and size of one set.
    pub fn info(&self, kind: SetKind) -> SetInfo {
        self.infos.iter().find(|info| info.kind == kind).cloned().unwrap_or_else(|| SetInfo::builtin(kind))
    }

    /// Name, version, origin and size of every set.
    pub fn infos(&self) -> Vec<SetInfo> {
        SetKind::ALL.into_iter().map(|kind| self.info(kind)).collect()
    }

    fn cvx_set(&self) -> &CvxSet {
        self.cvx.get_or_init(CvxSet::builtin)
    }

    fn mvx_set(&self) -> &MvxSet {
        self.mvx.get_or_init(MvxSet::builtin)
    }

    fn product_set(&self) -> &ProductSet {
        self.product.get_or_init(ProductSet::builtin)
    }

    fn ndc_set(&self) -> &NdcSet {
        self.ndc.get_or_init(NdcSet::builtin)
    }

    fn county_set(&self) -> &CountySet {
        self.county.get_or_init(CountySet::builtin)
    }

    fn state_set(&self) -> &StateSet {
        self.state.get_or_init(StateSet::builtin)
    }

    fn product_sets(&self) -> ProductSets<'_> {
        ProductSets { cvx: self.cvx_set(), mvx: self.mvx_set(), product: self.product_set(), ndc: self.ndc_set() }
    }

    /// Builds the sets that a validation asks for, so that no worker waits for another; the rest stays lazy.
    pub fn prepare(&self) {
        let _ = self.product_sets();
        let _ = self.state_set();
        if let Some(state) = self.states().first() {
            let _ = self.zip_in_state(b"00000", state);
        }
    }
}

/// Vaccines, manufacturers and products.
impl CodeSets {
    /// Every vaccine code, in order.
    pub fn cvx_rows(&self) -> &[Cvx] {
        self.cvx_set().rows()
    }

    /// The vaccine of a cell of digits; leading zeros do not count. Placeholders 900–902 are not in the set.
    #[inline]
    pub fn cvx(&self, cell: &[u8]) -> Option<&Cvx> {
        self.cvx_set().get(CvxCode::parse(cell)?)
    }

    /// What the hot path asks of a cell, all at once; no flag where the cell is no CVX number.
    #[inline]
    pub fn cvx_facts(&self, cell: &[u8]) -> CvxFacts {
        CvxCode::parse(cell).map_or(CvxFacts::default(), |code| self.cvx_fact_table()[usize::from(code.number())])
    }

    /// The facts by number, 0–999.
    #[inline]
    pub fn cvx_fact_table(&self) -> &[CvxFacts; 1000] {
        self.cvx_set().facts()
    }

    /// Whether the primary series of a COVID-19 product takes more than one dose; `None` where nothing is on record,
    /// which includes bivalent and updated products, boosters and unspecified codes. `Some(false)` for 212.
    #[inline]
    pub fn is_multi_dose(&self, cvx: &[u8]) -> Option<bool> {
        self.cvx_facts(cvx).is_multi_dose()
    }

    /// The doses on record for COVID-19 primary series, with their sources.
    pub fn covid_series(&self) -> &[CovidSeries] {
        self.series.get_or_init(covid_series)
    }

    /// Every manufacturer, in order of code.
    pub fn mvx_rows(&self) -> &[Mvx] {
        self.mvx_set().rows()
    }

    /// The manufacturer of a cell, any case. Placeholders AAA and BBB are not in the set.
    #[inline]
    pub fn mvx(&self, cell: &[u8]) -> Option<&Mvx> {
        self.mvx_set().get(MvxCode::parse(cell)?)
    }

    /// Every product name, in order of vaccine, manufacturer and name.
    pub fn product_rows(&self) -> &[Product] {
        self.product_set().rows()
    }

    /// The product names of a vaccine; empty if it has none.
    #[inline]
    pub fn products_of(&self, cvx: CvxCode) -> &[Product] {
        self.product_set().of_cvx(cvx)
    }

    /// Whether the pair of vaccine and manufacturer is listed, now or formerly. See [`CodeSets::cvx_mvx_agree`] for
    /// what an unlisted pair means.
    #[inline]
    pub fn cvx_mvx_known(&self, cvx: &[u8], mvx: &[u8]) -> bool {
        let (Some(cvx), Some(mvx)) = (CvxCode::parse(cvx), MvxCode::parse(mvx)) else { return false };
        self.products_of(cvx).iter().any(|product| product.mvx == Some(mvx))
    }

    /// Whether vaccine and manufacturer agree. `None` where the tables cannot say: a code that is unknown, empty or a
    /// placeholder; the manufacturers UNK and OTH; a vaccine without any listed manufacturer (213, 500, many non-US
    /// COVID-19 codes) or with a product name whose manufacturer CDC leaves open.
    #[inline]
    pub fn cvx_mvx_agree(&self, cvx: &[u8], mvx: &[u8]) -> Option<bool> {
        self.product_sets().pair(CvxCode::parse(cvx)?, MvxCode::parse(mvx)?)
    }

    /// Whether one row of the NDC names both the vaccine and the manufacturer. An empty, unknown or placeholder code
    /// and the manufacturers UNK and OTH agree with anything; `None` if the NDC is not in the set, or neither of the
    /// others says anything.
    pub fn ndc_agrees(&self, ndc: &[u8], cvx: &[u8], mvx: &[u8]) -> Option<bool> {
        let says_something = self.cvx(cvx).is_some() || self.mvx(mvx).is_some_and(|mvx| !mvx.code.is_unspecific());
        if !says_something || !self.ndc(ndc).is_known() {
            return None;
        }
        let found = self.product_sets().disagreement(cvx, mvx, ndc);
        Some(found.is_none_or(|found| !found.cvx_ndc && !found.mvx_ndc))
    }

    /// Which of the three columns contradict each other, if any do; cells that say nothing are passed over.
    ///
    /// Silent on cells that are empty, unknown, malformed or placeholders (other rules speak of those), on UNK and OTH,
    /// and on vaccines whose manufacturer is not published; see [`CodeSets::cvx_mvx_agree`]. An NDC of several rows
    /// agrees with each of them; ten bare digits count as the reading that fits best.
    #[inline]
    pub fn disagreement(&self, cvx: &[u8], mvx: &[u8], ndc: &[u8]) -> Option<Disagreement> {
        self.product_sets().disagreement(cvx, mvx, ndc)
    }
}

/// Drug codes.
impl CodeSets {
    /// Every NDC row, in order of code.
    pub fn ndc_rows(&self) -> &[Ndc] {
        self.ndc_set().rows()
    }

    /// What the set says of a cell in any legal spelling.
    #[inline]
    pub fn ndc(&self, cell: &[u8]) -> NdcLookup<'_> {
        self.ndc_set().look_up(cell)
    }

    /// The rows of a code; empty if it is not in the set.
    #[inline]
    pub fn ndc_entries(&self, code: Ndc11) -> &[Ndc] {
        self.ndc_set().entries(code)
    }

    /// Every link from a unit of sale to a unit of use, in order.
    pub fn ndc_links(&self) -> &[NdcLink] {
        self.link.get_or_init(|| tsv::builtin_rows(SetKind::NdcLink.table()))
    }

    /// The unit of use in a unit of sale, if the link is one to one: no other unit lies in that package, and that unit
    /// lies in no other.
    pub fn unit_of_use(&self, sale: Ndc11) -> Option<Ndc11> {
        let links = self.ndc_links();
        let unit = links.iter().find(|link| link.sale == sale)?.unit;
        links.iter().all(|link| (link.sale == sale) == (link.unit == unit)).then_some(unit)
    }

    /// The vaccine of an NDC, if all its rows name the same one.
    pub fn unique_cvx_for_ndc(&self, ndc: &[u8]) -> Option<CvxCode> {
        match self.ndc(ndc) {
            NdcLookup::Known(known) => known.unique_cvx(),
            _ => None,
        }
    }

    /// The manufacturer of an NDC, if all its rows name the same one.
    pub fn unique_mvx_for_ndc(&self, ndc: &[u8]) -> Option<MvxCode> {
        match self.ndc(ndc) {
            NdcLookup::Known(known) => known.unique_mvx(),
            _ => None,
        }
    }

    /// The one code of the set that ten bare digits stand for. Of several, the one that has a row for the vaccine in
    /// `cvx`, if there is just one such.
    pub fn resolve_bare_ndc(&self, ndc: &[u8], cvx: &[u8]) -> Option<Ndc11> {
        let candidates = ndc11_candidates(ndc)?;
        let only = |fits: &dyn Fn(&Ndc) -> bool| {
            let mut found = candidates.as_slice().iter().filter(|code| self.ndc_entries(**code).iter().any(fits));
            found.next().filter(|_| found.next().is_none()).copied()
        };
        only(&|_| true).or_else(|| {
            let cvx = CvxCode::parse(cvx)?;
            only(&|entry| entry.cvx == Some(cvx))
        })
    }

    /// Whether a code that the set does not know may simply be newer than the set.
    ///
    /// So for a CVX number beyond the last one assigned in its series (below 500, or 500 to 799), and for any well-formed
    /// NDC. Never for a manufacturer, since new ones are rare, nor for a place. False for codes that the set knows.
    pub fn maybe_newer_than_set(&self, kind: SetKind, cell: &[u8]) -> bool {
        match kind {
            SetKind::Cvx => CvxCode::parse(cell).is_some_and(|code| self.cvx_set().is_beyond(code)),
            SetKind::Ndc => matches!(self.ndc(cell), NdcLookup::Unknown { .. }),
            _ => false,
        }
    }
}

/// Places.
impl CodeSets {
    /// Every county, in order of code.
    pub fn counties(&self) -> &[County] {
        self.county_set().rows()
    }

    /// The county of five digits, current or legacy.
    pub fn county(&self, fips5: &[u8]) -> Option<&County> {
        self.county_set().get(fips5)
    }

    /// The codes of a list as a bitmap, for the hot path.
    #[inline]
    pub fn county_bitmap(&self, list: CountyList) -> &'static CountyBitmap {
        CountyBitmap::of(list)
    }

    /// The county of a name within a state; `None` if the name leads to none or to more than one. See
    /// [`crate::normal_county_name`] for what counts as equal.
    pub fn county_by_name(&self, name: &str, state: &State) -> Option<CountyMatch<'_>> {
        let counties = self.county_set();
        let names = self.county_names.get_or_init(|| CountyNames::new(self.states().len()));
        names.get(counties, state, name)
    }

    /// Every state, in the order of FIPS codes by kind.
    pub fn states(&self) -> &[State] {
        self.state_set().rows()
    }

    /// The state of two letters, any case.
    #[inline]
    pub fn state(&self, abbr: &[u8]) -> Option<&State> {
        self.state_set().get(abbr)
    }

    /// The state of a full name, any case.
    pub fn state_by_name(&self, name: &str) -> Option<&State> {
        self.state_set().by_name(name)
    }

    /// Whether a ZIP code lies in the ranges of a state. `None` if the state has none (UM) or the cell does not begin
    /// with five digits; what follows them (`-1234`) is not looked at.
    #[inline]
    pub fn zip_in_state(&self, zip: &[u8], state: &State) -> Option<bool> {
        self.zip.get_or_init(|| ZipSet::builtin(self.state_set())).contains(zip, state)
    }

    /// The three-digit prefix that a ZIP code begins with, if it is assigned.
    pub fn zip3(&self, zip: &[u8]) -> Option<&Zip3> {
        self.zip3_set().get(zip)
    }

    /// Every assigned three-digit prefix, in order.
    pub fn zip3_rows(&self) -> &[Zip3] {
        self.zip3_set().rows()
    }

    fn zip3_set(&self) -> &Zip3Set {
        self.zip3.get_or_init(Zip3Set::builtin)
    }
}

/// A cell that holds `value`, or an empty one that the built-in table will fill.
fn filled<T>(value: Option<T>) -> OnceLock<T> {
    value.map_or_else(OnceLock::new, OnceLock::from)
}
