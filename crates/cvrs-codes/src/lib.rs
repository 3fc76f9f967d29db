//! The code sets that CVRS records refer to: vaccines (CVX), manufacturers (MVX), drug codes (NDC), counties, states
//! and ZIP codes, with versions, provenance and look-ups on raw bytes.
//!
//! ```
//! use cvrs_codes::{CodeSets, NdcLookup, ProductColumn};
//!
//! let sets = CodeSets::builtin();
//! assert_eq!(sets.version(), "2025-12-09");
//! assert!(sets.cvx(b"0207").is_some_and(|cvx| cvx.is_covid));
//!
//! // Every spelling of an NDC leads to the one of 11 digits.
//! let NdcLookup::Known(ndc) = sets.ndc(b"80777-273-10") else { panic!("a Moderna product") };
//! assert_eq!(ndc.code.to_string(), "80777-0273-10");
//!
//! // Moderna's vaccine and drug code beside Pfizer as the maker.
//! let found = sets.disagreement(b"207", b"PFR", b"80777-273-10").expect("they disagree");
//! assert_eq!(found.odd_one_out(), Some(ProductColumn::Mvx));
//!
//! let georgia = sets.state(b"ga").expect("a state");
//! assert_eq!(sets.zip_in_state(b"30301-1234", georgia), Some(true));
//! ```
//!
//! # Provenance
//! The tables stand in `data/*.tsv`, one row a line, tab-separated; the first lines of each tell origin, date, licence,
//! version, size and what its columns mean. They are part of the binary and parsed when first asked for, each set on
//! its own; the codes of the two largest are read while compiling. Facts are those of CDC, the Census Bureau and USPS; what is our own reading (kind of product, doses of a
//! primary series, ZIP ranges, years of county lists) is marked as such in the table that holds it.
//!
//! [`import::read`] takes newer files as CDC publishes them, and [`CodeSets::with_imports`] lays them over the built-in
//! rows. Files are the caller's business: this crate does no input or output, and knows no clock.
//!
//! # Limits
//! - Nothing after 2025-12-09 is built in. A code of the right form that is not in a set may be newer than the set:
//!   [`CodeSets::maybe_newer_than_set`] tells such codes from wrong ones as far as that can be told.
//! - ZIP ranges are ours, by state, and coarse: a code inside a range need not be assigned.
//! - County codes retired before 2000 are missing.
//! - Imports add and replace rows; they never remove one. CDC's XML and Excel files are not read.
//! - Twelve-digit NDC are recognised and not looked up; an NDC is never shortened to ten digits.

mod agree;
mod county;
mod county_name;
mod cvx;
mod day;
pub mod import;
mod index;
mod info;
mod mvx;
mod ndc;
mod ndc_set;
mod precomputed;
mod sets;
mod state;
mod text;
mod tsv;
mod zip;

pub use agree::{Disagreement, ProductColumn};
pub use county::{County, CountyBitmap, CountyList, CountyStatus};
pub use county_name::{CountyMatch, normal_county_name};
pub use cvx::{CovidSeries, Cvx, CvxCode, CvxFacts, CvxKind, CvxStatus, is_placeholder_cvx};
pub use day::Day;
pub use import::{ImportError, ImportKind, ImportedSet};
pub use info::{SetInfo, SetKind};
pub use mvx::{Mvx, MvxCode, Product, ProductStatus, is_placeholder_mvx};
pub use ndc::{Candidates, Ndc11, NdcSpelling, NdcText, NotNdc, is_placeholder_ndc, ndc11_candidates, parse_ndc};
pub use ndc_set::{KnownNdc, Ndc, NdcLevel, NdcLink, NdcLookup, NdcStatus};
pub use sets::CodeSets;
pub use state::{State, StateKind};
pub use text::{pad, trim};
pub use tsv::Text;
pub use zip::Zip3;
