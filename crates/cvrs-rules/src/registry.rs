//! All rules, by code.

use crate::Rule;
use crate::rules::{
    dates, event, file, forbidden, jurisdiction, length, patterns, places, products, races, redaction, required, row,
    shape, text, value_set,
};

/// Every rule, sorted by code.
pub static RULES: &[Rule] = &[
    places::RECIP_COUNTY,
    places::ADMIN_COUNTY,
    places::RECIP_ZIP,
    places::ADMIN_ZIP,
    dates::BORN_AFTER,
    event::REFUSED_AND_MISSED,
    places::RECIP_ZIP_ALONE_STATE,
    places::ADMIN_ZIP_ALONE_STATE,
    places::RECIP_ZIP_ALONE_COUNTY,
    places::ADMIN_ZIP_ALONE_COUNTY,
    dates::BORN_IN_FUTURE,
    dates::GIVEN_IN_FUTURE,
    file::DUPLICATE,
    dates::INVALID,
    forbidden::PPRL_ID,
    shape::WRONG_SHAPE,
    redaction::NOT_REDACTED,
    value_set::NOT_IN_SET,
    length::TOO_LONG,
    dates::US_FORMAT,
    required::FIRST_NAME,
    required::MIDDLE_NAME,
    required::LAST_NAME,
    required::STREET,
    required::STREET_2,
    required::CITY,
    required::COUNTY,
    required::STATE,
    required::ZIP,
    length::LOT_NUMBER,
    length::ADMIN_STREET,
    length::ADMIN_STREET_2,
    length::ADMIN_CITY,
    forbidden::REFUSAL,
    forbidden::MISSED_APPOINTMENT,
    file::NOT_TAB_DELIMITED,
    file::UNKNOWN_NAMES,
    file::NOT_CVRS,
    file::MISSING_NAMES,
    file::BYTE_ORDER_MARK,
    jurisdiction::REQUIRED,
    jurisdiction::NOT_ALLOWED,
    patterns::LOST_ZEROS,
    patterns::US_DATES,
    patterns::SERIAL_DATES,
    patterns::SCIENTIFIC_IDS,
    patterns::OTHER_VERSION,
    patterns::WINDOWS_1252,
    patterns::SHIFTED,
    patterns::ONE_VALUE,
    patterns::OTHER_DAY,
    required::VACCINATION,
    required::REFUSAL,
    required::MISSED_APPOINTMENT,
    row::CELL_COUNT,
    row::UNTERMINATED,
    row::BLANK_LINE,
    text::NOT_UTF8,
    text::CONTROL,
    file::REPEATED_NAME,
    file::ORDER,
    text::QUOTED,
    file::OVER_LIMIT,
    file::FILE_NAME,
    file::OTHER_MODEL,
    dates::EXPIRED,
    products::DISAGREE,
    products::NOT_COVID,
    products::COMPLETE_TOO_SOON,
    products::INVALID_AND_COMPLETE,
    races::MUDDLED,
    file::OTHER_PERSON,
    dates::TOO_OLD,
    dates::TOO_EARLY,
    text::UNKNOWN,
    places::COUNTY_NOT_LISTED,
    text::OUTER_BLANK,
    redaction::PARTLY_REDACTED,
];

/// The rule with this code, whatever its case.
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code.eq_ignore_ascii_case(code))
}

/// A code as a number that orders as codes do.
const fn number(code: &str) -> u64 {
    let (code, mut number, mut at) = (code.as_bytes(), 0, 0);
    while at < 8 {
        number = number << 8 | if at < code.len() { code[at] as u64 } else { 0 };
        at += 1;
    }
    number
}

/// The codes of [`RULES`] as numbers.
static NUMBERS: [u64; RULES.len()] = {
    let (mut numbers, mut at) = ([0; RULES.len()], 0);
    while at < RULES.len() {
        numbers[at] = number(RULES[at].code);
        at += 1;
    }
    numbers
};

/// The place among [`RULES`] of the rule with exactly this code. A screen asks some thousand times while it is compiled.
pub(crate) fn index_of(code: &str) -> Option<usize> {
    if code.len() > 8 { None } else { NUMBERS.binary_search(&number(code)).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Check;
    use std::collections::HashSet;

    #[test]
    fn codes_are_sorted_and_names_unique() {
        assert!(RULES.windows(2).all(|pair| pair[0].code < pair[1].code));
        let names: HashSet<_> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
    }

    #[test]
    fn each_code_leads_to_its_rule_and_no_other() {
        for (index, rule) in RULES.iter().enumerate() {
            assert!(rule.code.len() <= 8);
            assert_eq!(index_of(rule.code), Some(index));
            assert_eq!(index_of(&rule.code.to_lowercase()), None);
            assert_eq!(index_of(&format!("{}00", rule.code)), None);
        }
        assert_eq!(index_of(""), None);
    }

    #[test]
    fn every_rule_is_documented() {
        for rule in RULES {
            for text in [rule.message, rule.why, rule.remedy, rule.source] {
                assert!(!text.is_empty() && text.trim() == text, "{}: {text:?}", rule.code);
            }
            assert!(rule.why.ends_with('.') && rule.remedy.ends_with('.'), "{}", rule.code);
            assert!(!rule.message.ends_with('.'), "{}", rule.code);
        }
    }

    #[test]
    fn every_rule_has_examples_that_can_be_shown_without_a_profile_of_its_own() {
        for rule in RULES {
            let is_without = matches!(rule.code, "FMT_001" | "FMT_003" | "JUR001" | "JUR002" | "XR009" | "XR021");
            assert_eq!(rule.fails.is_empty(), is_without, "{}", rule.code);
            assert_eq!(rule.passes.is_empty(), is_without, "{}", rule.code);
        }
    }

    #[test]
    fn every_rule_of_the_clearinghouse_has_codes_of_rules() {
        for dch in &crate::DCH {
            assert!(!dch.codes.is_empty());
            for code in dch.codes {
                assert!(rule(code).is_some(), "{} names {code}", dch.id);
            }
        }
    }

    #[test]
    fn cell_rules_name_their_columns() {
        for rule in RULES {
            if matches!(rule.check, Check::Cell(..)) && rule.code != "DATA008" {
                assert!(!rule.fields.is_empty(), "{}", rule.code);
            }
        }
    }
}
