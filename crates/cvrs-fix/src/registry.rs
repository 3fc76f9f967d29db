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
        /// The fix that was likely meant.
        nearest: Option<&'static Fix>,
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
                write!(f, "no fix has the number or name {given:?}")?;
                nearest.map_or(Ok(()), |fix| write!(f, "; did you mean {} ({})?", fix.id, fix.name))
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
            let words = FIXES.iter().filter(|fix| fix.class != Class::Never).flat_map(|fix| [fix.name, fix.id]);
            let nearest = cvrs_rules::nearest(given, words).and_then(|word| find(word).ok());
            Err(UnknownFix::NoSuch { given: given.to_owned(), nearest })
        }
    }
}

pub(crate) fn position(id: &str) -> Option<usize> {
    FIXES.iter().position(|fix| fix.id == id)
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
    fn the_rule_book_says_the_same_of_fixes() {
        use cvrs_rules::Consent;
        for mend in cvrs_rules::MENDS {
            let fix = find(mend.id).expect("a fix of that number");
            let consent = match fix.class {
                Class::Safe | Class::SafeUnless(_) => Consent::Safe,
                Class::ConsentUnless(_) => Consent::SafeWithState,
                Class::Consent | Class::Never => Consent::Needed,
            };
            assert_eq!(mend.consent, consent, "{}", fix.id);
            // Patterns above rows are no row's to cure.
            let is_known = |code: &&str| code.starts_with("PAT") || fix.cures.contains(code);
            assert!(mend.codes.iter().all(is_known), "{}: {:?} and {:?}", fix.id, mend.codes, fix.cures);
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
