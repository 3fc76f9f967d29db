//! How a jurisdiction names its files: a glob with named parts.

use crate::nearest;
use cvrs_parse::Date;
use cvrs_spec::SetId;
use std::fmt;
use std::str::FromStr;

/// The parts that a pattern may name, as they are written.
const NAMED: [(&str, Part); 3] = [("date", Part::Date), ("nn", Part::Number), ("jurisdiction", Part::Entity)];

/// Each `*` is tried at every character of a name, so that their number bounds the work.
const MOST_STARS: usize = 4;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// One character, whatever its case.
    Letter(char),
    /// Any characters, or none.
    Any,
    /// `yyyymmdd`.
    Date,
    /// Two digits.
    Number,
    /// The three characters of a submitting entity.
    Entity,
}

/// A pattern for file names, such as `{date}_{nn}_{jurisdiction}*.txt`: `*` stands for anything, `{date}` for a day as
/// yyyymmdd, `{nn}` for two digits, `{jurisdiction}` for the three-character code of a submitting entity; all else
/// stands for itself, whatever its case.
///
/// ```
/// let pattern: cvrs_rules::NamePattern = "CVRS-{jurisdiction}-{date}*.txt".parse().expect("a pattern");
/// assert_eq!(pattern.fault_of("cvrs-GAA-20201215-update.txt"), None);
/// assert!(pattern.fault_of("cvrs-GAA-20201315.txt").is_some());
/// let error = "{dat}.txt".parse::<cvrs_rules::NamePattern>().expect_err("no such part");
/// assert_eq!(error.to_string(), "unknown part {dat}; did you mean {date}?");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    text: String,
    parts: Vec<Part>,
}

/// A text that is no pattern for file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePatternError(String);

impl fmt::Display for NamePatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NamePatternError {}

impl FromStr for NamePattern {
    type Err = NamePatternError;

    fn from_str(text: &str) -> Result<Self, NamePatternError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            rest = &rest[first.len_utf8()..];
            match first {
                '*' if parts.last() == Some(&Part::Any) => {}
                '*' => parts.push(Part::Any),
                '{' => {
                    let (name, after) =
                        rest.split_once('}').ok_or_else(|| NamePatternError("a { without its }".into()))?;
                    parts.push(named(name)?);
                    rest = after;
                }
                '}' => return Err(NamePatternError("a } without its {".into())),
                '/' | '\\' => return Err(NamePatternError("a file name holds no / or \\".into())),
                letter => parts.push(Part::Letter(letter)),
            }
        }
        if parts.is_empty() {
            return Err(NamePatternError("an empty pattern fits no file".into()));
        }
        if parts.iter().filter(|part| **part == Part::Any).count() > MOST_STARS {
            return Err(NamePatternError(format!("more than {MOST_STARS} *")));
        }
        Ok(Self { text: text.to_owned(), parts })
    }
}

fn named(name: &str) -> Result<Part, NamePatternError> {
    let known = NAMED.iter().find(|(known, _)| *known == name).map(|(_, part)| part.clone());
    known.ok_or_else(|| {
        let names = NAMED.map(|(name, _)| name);
        let hint = nearest(name, names).map_or_else(
            || format!("there are {}", names.map(|name| format!("{{{name}}}")).join(", ")),
            |meant| format!("did you mean {{{meant}}}?"),
        );
        NamePatternError(format!("unknown part {{{name}}}; {hint}"))
    })
}

/// The day that eight digits are, if it exists.
fn day_of(digits: [u8; 8]) -> Option<Date> {
    let number =
        |range: std::ops::Range<usize>| digits[range].iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    Date::from_ymd(number(0..4), number(4..6), number(6..8))
}

/// Whether the parts fit all of a name; `is_strict` asks that days and entities exist. The first day that the name tells
/// is put into `day`.
fn fits(parts: &[Part], name: &str, is_strict: bool, day: &mut Option<Date>) -> bool {
    let Some((part, rest)) = parts.split_first() else { return name.is_empty() };
    let starts_with = |length: usize, is_right: fn(&u8) -> bool| {
        name.as_bytes().get(..length).filter(|bytes| bytes.iter().all(is_right))
    };
    match part {
        Part::Letter(letter) => {
            let first = name.chars().next().filter(|first| first.to_lowercase().eq(letter.to_lowercase()));
            first.is_some_and(|first| fits(rest, &name[first.len_utf8()..], is_strict, day))
        }
        Part::Any => {
            let mut starts = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            starts.any(|at| fits(rest, &name[at..], is_strict, day))
        }
        Part::Date => {
            let Some(own) = starts_with(8, u8::is_ascii_digit).and_then(|eight| eight.try_into().ok()).map(day_of)
            else {
                return false;
            };
            let is_right = (own.is_some() || !is_strict) && fits(rest, &name[8..], is_strict, day);
            if is_right {
                *day = own.or(*day);
            }
            is_right
        }
        Part::Number => starts_with(2, u8::is_ascii_digit).is_some() && fits(rest, &name[2..], is_strict, day),
        Part::Entity => {
            let is_known = |code: &&[u8]| !is_strict || SetId::SubmittingEntity.find(code).is_some();
            let code = starts_with(3, u8::is_ascii_alphanumeric).filter(is_known);
            code.is_some() && fits(rest, &name[3..], is_strict, day)
        }
    }
}

impl NamePattern {
    /// What is wrong with a name, if anything.
    pub fn fault_of(&self, name: &str) -> Option<String> {
        if fits(&self.parts, name, true, &mut None) {
            None
        } else if fits(&self.parts, name, false, &mut None) {
            Some("file name holds a day that does not exist or an unknown submitting entity".to_owned())
        } else {
            Some(format!("file name is not of the form {}", self.text))
        }
    }

    /// The day that a name tells, if it fits and the pattern has one.
    pub fn day_of(&self, name: &str) -> Option<Date> {
        let mut day = None;
        if fits(&self.parts, name, true, &mut day) { day } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> NamePattern {
        text.parse().expect("a pattern")
    }

    #[test]
    fn the_convention_of_version_2_can_be_said() {
        let own = pattern("{date}_{nn}_{jurisdiction}*.txt");
        for good in ["20201215_01_GAA.txt", "20201215_99_aka.TXT", "20201215_01_GAA_update.txt"] {
            assert_eq!(own.fault_of(good), None, "{good}");
            assert_eq!(own.day_of(good), Date::parse(b"2020-12-15"), "{good}");
        }
        for bad in
            ["2020-12-15_01_GAA.txt", "20201215_1_GAA.txt", "20201315_01_GAA.txt", "20201215_01_ZZZ.txt", "", "a.txt"]
        {
            assert!(own.fault_of(bad).is_some(), "{bad}");
            assert_eq!(own.day_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_star_takes_as_much_as_is_needed() {
        let own = pattern("*-{date}-*é.txt");
        assert_eq!(own.day_of("a-b-20210101-20210102-CAFÉ.TXT"), Date::parse(b"2021-01-01"));
        assert!(own.fault_of("a-20210101.txt").is_some());
        assert_eq!(pattern("**").fault_of("anything"), None);
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for (text, words) in [
            ("{dat}.txt", "did you mean {date}?"),
            ("{qqqqqqqq}", "there are {date}, {nn}, {jurisdiction}"),
            ("{date", "without its }"),
            ("date}", "without its {"),
            ("a/{date}.txt", "no /"),
            ("", "empty"),
            ("*a*b*c*d*", "more than 4 *"),
        ] {
            let error = text.parse::<NamePattern>().expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
