//! All fixes, by number.

use crate::fix::{Class, Fix};
use crate::fixes::{case, codes, dates, drugs, file, places, record, text};
use std::fmt;

/// Every fix, sorted by number.
pub static FIXES: &[&Fix] = &[
    &file::LINE_ENDS,
    &file::HEADER,
    &text::OUTER_BLANKS,
    &text::QUOTES,
    &case::CODE_CASE,
    &case::REDACTED,
    &dates::BASIC,
    &dates::WITH_TIME,
    &dates::MONTH_FIRST,
    &dates::MONTH_FIRST_OR_NOT,
    &dates::DAY_FIRST,
    &dates::TWO_DIGIT_YEAR,
    &dates::MISSING_ZERO,
    &places::ZIP_NINE,
    &places::ZIP_ZERO,
    &places::ZIP_HYPHEN,
    &places::COUNTY_ZERO,
    &places::COUNTY_THREE,
    &places::COUNTY_NAME,
    &places::STATE_NAME,
    &drugs::HYPHENS,
    &drugs::TEN_HYPHENATED,
    &drugs::TEN_BARE,
    &codes::CVX_ZEROS,
    &codes::ROUTE_AND_SITE,
    &codes::ROUTE_SYSTEM,
    &codes::SEX,
    &codes::YES_NO,
    &codes::RACE_AND_ETHNICITY,
    &record::RACES,
    &record::FORBIDDEN,
    &record::EXTRACT_TYPE,
    &record::PPRL_ID,
    &record::UNKNOWN,
    &record::FROM_NDC,
    &text::CONTROLS,
    &file::ENCODING,
    &text::UNICODE,
    &record::UNREDACTED,
    &drugs::UNIT_OF_USE,
];

/// The name given is no fix's, or one's that is never offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnknownFix {
    /// No fix has this number or name.
    NoSuch {
        /// What was given.
        given: String,
        /// The fix that is spelt most like it.
        nearest: &'static Fix,
    },
    /// The fix exists to say that it is not offered.
    Never(&'static Fix),
}

impl PartialEq for Fix {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Fix {}

impl fmt::Display for UnknownFix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuch { given, nearest } => {
                write!(f, "no fix has the number or name {given:?}; did you mean {} ({})?", nearest.id, nearest.name)
            }
            Self::Never(fix) => write!(f, "{} ({}) is never applied: {}", fix.id, fix.name, fix.why),
        }
    }
}

impl std::error::Error for UnknownFix {}

/// The fix of a number or name, whatever the case.
///
/// # Errors
/// [`UnknownFix`] with the nearest one, or with the reason why it is not offered.
pub fn find(given: &str) -> Result<&'static Fix, UnknownFix> {
    let given = given.trim();
    let is_it = |fix: &&&Fix| fix.id.eq_ignore_ascii_case(given) || fix.name.eq_ignore_ascii_case(given);
    match FIXES.iter().find(is_it) {
        Some(fix) if fix.class == Class::Never => Err(UnknownFix::Never(fix)),
        Some(fix) => Ok(fix),
        None => {
            let lower = given.to_ascii_lowercase();
            let far = |fix: &Fix| distance(&fix.id.to_ascii_lowercase(), &lower).min(distance(fix.name, &lower));
            let nearest = FIXES.iter().filter(|fix| fix.class != Class::Never).min_by_key(|fix| far(fix));
            Err(UnknownFix::NoSuch { given: given.to_owned(), nearest: nearest.unwrap_or(&FIXES[0]) })
        }
    }
}

pub(crate) fn position(id: &str) -> Option<usize> {
    FIXES.iter().position(|fix| fix.id == id)
}

/// How many letters must change, come or go (Levenshtein).
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
    use std::collections::HashSet;

    #[test]
    fn numbers_count_up_and_names_are_unique() {
        for (at, fix) in FIXES.iter().enumerate() {
            assert_eq!(fix.id, format!("F{:02}", at + 1));
        }
        let names: HashSet<_> = FIXES.iter().map(|fix| fix.name).collect();
        assert_eq!(names.len(), FIXES.len());
    }

    #[test]
    fn every_fix_is_documented() {
        for fix in FIXES {
            for text in [fix.what, fix.why, fix.condition] {
                assert!(!text.is_empty() && text.trim() == text && !text.contains("  "), "{}: {text:?}", fix.id);
            }
            assert!(fix.what.ends_with('.') && fix.why.ends_with('.'), "{}", fix.id);
            for code in fix.cures {
                assert!(cvrs_rules::rule(code).is_some(), "{} names {code}", fix.id);
            }
        }
    }

    #[test]
    fn fixes_are_found_by_number_and_name() {
        assert_eq!(find("f05").map(|fix| fix.id), Ok("F05"));
        assert_eq!(find(" County-Name ").map(|fix| fix.id), Ok("F19"));
        let unknown = find("conty-name").unwrap_err().to_string();
        assert!(unknown.contains("did you mean F19 (county-name)?"), "{unknown}");
        assert!(matches!(find("F12"), Err(UnknownFix::Never(_))));
        assert!(matches!(find(""), Err(UnknownFix::NoSuch { .. })));
    }
}
