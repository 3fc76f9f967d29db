//! Picking rules by code, by id of the clearinghouse, or by the beginning of either.

use crate::{DCH, Dch, RULES};
use std::fmt;
use std::str::FromStr;

/// Codes that the CDC tool declares and never raises; naming one is no mistake.
const RESERVED: [&str; 6] = ["DATA002", "DATA003", "DNTS001", "HL7_001", "HL7_002", "HL7_003"];

/// A code, an id of the clearinghouse, or the beginning of either, that picks at least one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(String);

/// No rule has a code that begins like this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCode {
    code: String,
    nearest: &'static str,
}

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no rule has a code that begins with {:?}; did you mean {}?", self.code, self.nearest)
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
        let nearest = all_codes().min_by_key(|known| distance(known, &code)).unwrap_or("DATA007");
        Err(UnknownCode { code, nearest })
    }
}

impl Selector {
    /// Whether it picks a finding of this code behind which that rule of the clearinghouse stands.
    pub fn picks(&self, code: &str, dch: Option<&Dch>) -> bool {
        code.starts_with(&self.0) || dch.is_some_and(|dch| dch.id.starts_with(&self.0))
    }
}

fn all_codes() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.code).chain(DCH.iter().map(|dch| dch.id)).chain(RESERVED)
}

/// How many letters must change, come or go (Levenshtein), to suggest the code that was meant.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let here = (diagonal + usize::from(a != b)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], here);
        }
    }
    row[right.len()]
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
