//! Picking rules by code, by id of the clearinghouse, or by the beginning of either.

use crate::{DCH, Dch, RULES, nearest};
use std::fmt;
use std::str::FromStr;

/// Codes that the CDC tool declares and never raises; naming one is no mistake.
pub const RESERVED: [&str; 6] = ["DATA002", "DATA003", "DNTS001", "HL7_001", "HL7_002", "HL7_003"];

/// A code, an id of the clearinghouse, or the beginning of either, that picks at least one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(String);

/// No rule has a code that begins like this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCode {
    code: String,
    nearest: Option<&'static str>,
}

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no rule has a code that begins with {:?}", self.code)?;
        match self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => f.write_str("; `cvrs rules` lists them all"),
        }
    }
}

impl std::error::Error for UnknownCode {}

impl FromStr for Selector {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let code = text.trim().to_ascii_uppercase();
        let mut known = all_codes();
        if !code.is_empty() && known.any(|known| known.starts_with(&code)) {
            return Ok(Self(code));
        }
        let nearest = nearest(&code, all_codes());
        Err(UnknownCode { code, nearest })
    }
}

impl Selector {
    /// The code, id or beginning, in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it picks a finding of this code behind which that rule of the clearinghouse stands.
    pub fn picks(&self, code: &str, dch: Option<&Dch>) -> bool {
        code.starts_with(&self.0) || dch.is_some_and(|dch| dch.id.starts_with(&self.0))
    }
}

fn all_codes() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.code).chain(DCH.iter().map(|dch| dch.id)).chain(RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_prefixes_and_ids_pick_rules() {
        for known in ["DATA007", "data", "DCH0", "DCH017", "XR", "DNTS001", " BUSR005 "] {
            assert!(known.parse::<Selector>().is_ok(), "{known}");
        }
        let unknown = "DATA07".parse::<Selector>().unwrap_err().to_string();
        assert!(unknown.contains("did you mean DATA00"), "{unknown}");
        assert!("".parse::<Selector>().is_err());
    }
}
