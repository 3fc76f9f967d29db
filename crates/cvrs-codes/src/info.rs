//! What a report says of a code set: name, version, origin, size.

use std::fmt;

use crate::tsv;

/// One of the code sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SetKind {
    /// Vaccines administered.
    Cvx,
    /// Manufacturers of vaccines.
    Mvx,
    /// Pairs of vaccine and manufacturer with their product names.
    Product,
    /// National drug codes of vaccines.
    Ndc,
    /// Which unit of use lies in which unit of sale.
    NdcLink,
    /// Counties by five-digit FIPS code.
    County,
    /// States, territories and military post.
    State,
    /// ZIP ranges by state.
    Zip,
    /// Three-digit ZIP prefixes with their states.
    Zip3,
    /// Doses in the primary series of COVID-19 products.
    CovidSeries,
}

impl SetKind {
    /// Every set, in the order of a listing.
    pub const ALL: [Self; 10] = [
        Self::Cvx,
        Self::Mvx,
        Self::Product,
        Self::Ndc,
        Self::NdcLink,
        Self::County,
        Self::State,
        Self::Zip,
        Self::Zip3,
        Self::CovidSeries,
    ];

    /// The name in reports, such as `CVX`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cvx => "CVX",
            Self::Mvx => "MVX",
            Self::Product => "CVX-MVX",
            Self::Ndc => "NDC",
            Self::NdcLink => "NDC-LINK",
            Self::County => "COUNTY",
            Self::State => "STATE",
            Self::Zip => "ZIP",
            Self::Zip3 => "ZIP3",
            Self::CovidSeries => "COVID-SERIES",
        }
    }

    /// The set of a name, any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// The built-in table, comment lines included.
    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::Cvx => include_str!("../data/cvx.tsv"),
            Self::Mvx => include_str!("../data/mvx.tsv"),
            Self::Product => include_str!("../data/product.tsv"),
            Self::Ndc => include_str!("../data/ndc.tsv"),
            Self::NdcLink => include_str!("../data/ndc_link.tsv"),
            Self::County => include_str!("../data/county.tsv"),
            Self::State => include_str!("../data/state.tsv"),
            Self::Zip => include_str!("../data/zip_range.tsv"),
            Self::Zip3 => include_str!("../data/zip3.tsv"),
            Self::CovidSeries => include_str!("../data/covid_series.tsv"),
        }
    }
}

impl fmt::Display for SetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Name, version, origin and size of a set in use.
///
/// Its `Display` form is the name and the version, such as `CVX 2025-11-19`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetInfo {
    /// Which set.
    pub kind: SetKind,
    /// The version: the date of the newest row, or of the source where its rows carry no date.
    pub version: String,
    /// Where the rows come from and when they were taken, one sentence.
    pub provenance: String,
    /// The terms under which the rows may be used.
    pub licence: String,
    /// Rows; a code may stand in several.
    pub n_rows: usize,
    /// Different codes (pairs for CVX-MVX and NDC-LINK).
    pub n_codes: usize,
}

impl SetInfo {
    /// The name of the set, such as `CVX`.
    pub const fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// Reads the comment lines of the built-in table, not its rows.
    pub(crate) fn builtin(kind: SetKind) -> Self {
        let table = kind.table();
        let value = |key| tsv::header(table, key).unwrap_or_default();
        let count = |key| value(key).parse().unwrap_or(0);
        Self {
            kind,
            version: value("version").to_owned(),
            provenance: format!("{} ({})", value("origin"), value("date")),
            licence: value("licence").to_owned(),
            n_rows: count("rows"),
            n_codes: count("codes"),
        }
    }
}

impl fmt::Display for SetInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.version)
    }
}
