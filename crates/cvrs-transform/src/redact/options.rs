//! What is asked for, and why it may be refused.

use super::{PprlMap, Pseudonym};
use std::sync::Arc;

/// The model that rows are brought to.
#[derive(Clone, Debug)]
pub enum Target {
    /// Redacted, without a linkage id.
    D,
    /// Redacted, with the linkage id that the map has for the row's `recip_id`.
    P(Arc<PprlMap>),
}

impl Target {
    /// The model's letter, which is the value of `ext_type`.
    pub const fn letter(&self) -> &'static [u8] {
        match self {
            Self::D => b"D",
            Self::P(_) => b"P",
        }
    }
}

/// What a redaction does. All but `to` is outside the specification and off unless it is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The model.
    pub to: Target,
    /// Cut `recip_dob` to its month.
    pub dob_month: bool,
    /// Cut `recip_address_zip` to its five digits.
    pub zip5: bool,
    /// Put a pseudonym in place of `recip_id`.
    pub pseudonym: Option<Pseudonym>,
    /// Empty the administration street and street 2 where the street is the recipient's.
    pub home_admin: bool,
}

impl Options {
    /// The specification's redaction and no more.
    pub const fn new(to: Target) -> Self {
        Self { to, dob_month: false, zip5: false, pseudonym: None, home_admin: false }
    }
}

/// Why a file cannot be redacted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A column whose name is no column of CVRS may hold anything, a person's name too.
    #[error("header has an unknown name in column {column}{}; correct the header, or mend it with `cvrs fix`", shown(.name.as_deref()))]
    UnknownName {
        /// 1-based position in the file.
        column: u32,
        /// The name, where it may be shown.
        name: Option<Box<str>>,
    },
    /// Of two columns with one name only one would be redacted.
    #[error("header has {name} twice; take one of the columns out")]
    RepeatedName {
        /// The name.
        name: &'static str,
    },
    /// There is no column to put the id in.
    #[error("header has no {name}, which model P needs")]
    NoColumn {
        /// The name.
        name: &'static str,
    },
}

fn shown(name: Option<&str>) -> String {
    name.filter(|name| !name.is_empty()).map_or_else(String::new, |name| format!(" ({name})"))
}
