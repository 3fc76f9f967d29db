//! Permissions that are bound to a token.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scope {
    /// Create records.
    Upload,
    /// Delete records.
    Delete,
    /// Replace records.
    Update,
    /// Export what the redacted store holds.
    ExportRedacted,
    /// Export in every format.
    ExportNonRedacted,
    /// Issued, and needed by no operation.
    ExportSummarization,
}

impl Scope {
    /// All scopes, in the order of the reference.
    pub const ALL: [Self; 6] = [
        Self::Upload,
        Self::Delete,
        Self::Update,
        Self::ExportRedacted,
        Self::ExportNonRedacted,
        Self::ExportSummarization,
    ];

    /// The scope's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upload => "UPLOAD",
            Self::Delete => "DELETE",
            Self::Update => "UPDATE",
            Self::ExportRedacted => "EXPORT_REDACTED",
            Self::ExportNonRedacted => "EXPORT_NON_REDACTED",
            Self::ExportSummarization => "EXPORT_SUMMARIZATION",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No scope has that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownScope;

impl fmt::Display for UnknownScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no such scope; there are ")?;
        for (at, scope) in Scope::ALL.into_iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            f.write_str(scope.name())?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownScope {}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.name() == name).ok_or(UnknownScope)
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// The set with these in it.
    pub fn of(scopes: &[Scope]) -> Self {
        Self(scopes.iter().fold(0, |bits, &scope| bits | 1 << scope as u8))
    }

    /// Whether a scope is in it.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether one of `scopes` is in it.
    pub fn has_any(self, scopes: &[Scope]) -> bool {
        scopes.iter().any(|&scope| self.has(scope))
    }

    /// The scopes in it.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |&scope| self.has(scope))
    }

    /// The set as a number of six bits.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set that a number stands for; what is above six bits is dropped.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x3F)
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_are_those_of_the_reference() {
        for scope in Scope::ALL {
            assert_eq!(serde_json::to_string(&scope).unwrap(), format!("\"{}\"", scope.name()));
            assert_eq!(scope.name().parse::<Scope>(), Ok(scope));
        }
        assert_eq!("EXPORT".parse::<Scope>(), Err(UnknownScope));
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = Scopes::of(&[Scope::Update, Scope::ExportRedacted]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [Scope::Update, Scope::ExportRedacted]);
        assert_eq!(Scopes::from_bits(set.bits()), set);
        assert!(!set.has(Scope::Upload));
    }
}
