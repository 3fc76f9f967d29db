//! Which of the fixes of `cvrs fix` mend what a rule finds. What a fix does to a cell is the fixer's to know.

/// Whether a fix runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// The meaning cannot change: it runs by itself.
    Safe,
    /// Safe where the state column agrees with the result; else it must be named or let in.
    SafeWithState,
    /// Likely right, but a guess or a loss: it must be named or let in.
    Needed,
}

impl Consent {
    /// When the fix runs, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Safe => "runs by itself",
            Self::SafeWithState => "runs by itself where the state agrees",
            Self::Needed => "needs consent",
        }
    }
}

/// A fix, as far as the rule book speaks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mend {
    /// Its id, such as `F15`.
    pub id: &'static str,
    /// What it does, in a few words.
    pub what: &'static str,
    /// Whether it runs by itself.
    pub consent: Consent,
    /// The codes of the rules whose findings it may mend.
    pub codes: &'static [&'static str],
}

use Consent::{Needed, Safe, SafeWithState};

const fn mend(id: &'static str, what: &'static str, consent: Consent, codes: &'static [&'static str]) -> Mend {
    Mend { id, what, consent, codes }
}

const DATES: &[&str] = &["DATA001", "DATA009", "PAT002"];
const REQUIRED: &[&str] = &["REQD001", "REQD002", "REQD003"];

/// The fixes that mend findings, by id. Fixes that only change one right spelling into another are not among them.
pub static MENDS: &[Mend] = &[
    mend("F01", "writes line ends as LF, drops the byte order mark, ends the last line", Safe, &["FMT_005", "XR002"]),
    mend(
        "F02",
        "writes the names of the header, and their order, as the specification has them",
        Safe,
        &["FMT_002", "XR007"],
    ),
    mend("F03", "strips blanks around a value", Safe, &["XR023", "DATA005", "DATA007"]),
    mend("F04", "strips double quotes around a value", Safe, &["XR008"]),
    mend("F07", "puts hyphens into YYYYMMDD", Safe, &["DATA001"]),
    mend("F08", "cuts a time of zero off a date", Safe, &["DATA001"]),
    mend("F09", "turns month/day/year around where the day is above 12", Safe, DATES),
    mend("F10", "turns month/day/year around where the day is 12 or less", Needed, DATES),
    mend("F11", "turns day/month/year around where the first number is above 12", Safe, DATES),
    mend("F13", "fills month and day to two digits", Safe, &["DATA001"]),
    mend("F14", "puts the hyphen into a ZIP code of nine digits", Safe, &["DATA005"]),
    mend("F15", "gives a ZIP code of four digits its zero back", SafeWithState, &["DATA005", "PAT001"]),
    mend("F16", "cuts the dangling hyphen off a ZIP code", Safe, &["DATA005"]),
    mend("F17", "gives a county of four digits its zero back", SafeWithState, &["DATA007", "PAT001"]),
    mend("F18", "puts the state's digits before a county of three", Safe, &["DATA007"]),
    mend("F19", "replaces a county's name by its code", Needed, &["DATA007"]),
    mend("F20", "replaces a state's name by its letters", Safe, &["DATA007"]),
    mend("F23", "finds the one product that ten bare digits of an NDC can mean", Needed, &["PAT001"]),
    mend("F25", "replaces words for route and site by their codes", Needed, &["DATA007"]),
    mend("F27", "replaces words for the sex by their letters", Safe, &["DATA007"]),
    mend("F28", "replaces words for yes and no by their codes", Safe, &["DATA007"]),
    mend("F29", "replaces words for race and ethnicity by their codes", Needed, &["DATA007"]),
    mend("F30", "closes gaps among the races and drops repeats", Safe, &["XR017"]),
    mend("F31", "clears what a refusal must not carry", Needed, &["DNTS002"]),
    mend("F32", "fills ext_type where all six columns are redacted", Needed, &["DATA005"]),
    mend("F33", "clears pprl_id in models D and I", Needed, &["DATA004"]),
    mend("F34", "writes the code for unknown into a required column that is empty", Needed, REQUIRED),
    mend("F36", "replaces control characters by one blank", Safe, &["XR005"]),
    mend("F37", "reads a file that is Windows-1252 as what it is", Needed, &["XR004", "PAT006"]),
    mend("F39", "writes Redacted over a name or address in models D and P", Needed, &["DATA006"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_are_sorted_and_name_rules() {
        assert!(MENDS.windows(2).all(|pair| pair[0].id < pair[1].id));
        for mend in MENDS {
            assert!(!mend.codes.is_empty(), "{}", mend.id);
            for code in mend.codes {
                assert!(crate::rule(code).is_some(), "{} names {code}", mend.id);
            }
        }
    }
}
