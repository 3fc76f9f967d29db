//! Profiles of one's own: which rules count and at what level, and what a jurisdiction asks besides, as TOML.
//!
//! ```toml
//! extends = "recommended"          # recommended, dch, tool or strict
//! rule-book = "2026-11"            # rules that came later are warnings at most
//! off = ["XR017"]
//! file-name = "{date}_{nn}_{jurisdiction}*.txt"   # what XR010 holds names against; * stands for anything
//!
//! [levels]                         # by code, clearinghouse id, or the beginning of either
//! DATA007 = "warn"
//! DCH024 = "off"
//!
//! [required]                       # required if known becomes required (JUR001)
//! columns = ["lot_number", "mvx"]
//! level = "warn"                   # error if left out
//!
//! [allowed]                        # the only values that a column may have (JUR002)
//! responsible_org = ["Peach State Health", "Fulton County"]
//! ```
//!
//! ```
//! let profile = cvrs_profile::parse("extends = \"dch\"\n[levels]\nDCH024 = \"off\"\n").expect("a profile");
//! assert_eq!(profile.extends, cvrs_rules::Profile::Dch);
//! let error = cvrs_profile::parse("extend = \"dch\"\n").expect_err("no such key");
//! assert_eq!(error.to_string(), "unknown key extend; did you mean extends?");
//! ```
//!
//! The crate reads text, not files. An unknown key, column, code or level is an error that names what may be meant.

mod schema;

use cvrs_report::Level;
use cvrs_rules::{Jurisdiction, Options, Profile, Selector, nearest};
use cvrs_spec::Field;
use toml::{Table, Value};

pub use schema::schema;

/// The keys of a profile, with what each is for.
pub(crate) const KEYS: [(&str, &str); 7] = [
    ("extends", "The built-in profile to start from."),
    ("rule-book", "The rule book that the profile was written for; rules that came later are warnings at most."),
    ("off", "Rules that do not count: codes, clearinghouse ids, or beginnings of either."),
    ("file-name", "How files are named (XR010): {date}, {nn}, {jurisdiction}, * for anything, all else for itself."),
    ("levels", "Levels by code, clearinghouse id, or the beginning of either."),
    ("required", "Columns that must have a value in every vaccination."),
    ("allowed", "The only values that a column may have, by column."),
];

/// A profile as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnProfile {
    /// The built-in profile that it starts from.
    pub extends: Profile,
    /// Levels, in the order in which they count; what is off comes first.
    pub levels: Vec<(Selector, Level)>,
    /// What is asked beyond the specification.
    pub jurisdiction: Jurisdiction,
}

/// A text that is no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The text is no TOML.
    #[error("line {line}: {message}")]
    Toml {
        /// 1-based line.
        line: usize,
        /// What the reader expected.
        message: String,
    },
    /// Something is called what nothing is called.
    #[error("unknown {what} {name}{suggestion}")]
    Unknown {
        /// Key, column, code, profile or level.
        what: &'static str,
        /// The name as it stands.
        name: String,
        /// `; did you mean this?`, or what there is.
        suggestion: String,
    },
    /// A value is of the wrong kind.
    #[error("{key} must be {expected}")]
    Kind {
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
    },
    /// The pattern for file names is none.
    #[error("file-name: {0}")]
    FileName(String),
    /// The profile was written for a later rule book than this program's.
    #[error("the profile is for rule book {0}, this program has {ours}; update the program", ours = cvrs_rules::RULE_BOOK_VERSION)]
    Newer(String),
}

type Result<T> = std::result::Result<T, ProfileError>;

impl OwnProfile {
    /// Lays the profile under the options: what they say themselves goes before it.
    pub fn apply(&self, options: &mut Options) {
        options.profile = self.extends;
        options.levels.splice(0..0, self.levels.iter().cloned());
        options.jurisdiction = self.jurisdiction.clone();
    }
}

fn unknown<'a>(what: &'static str, name: &str, known: impl IntoIterator<Item = &'a str>) -> ProfileError {
    let suggestion = nearest(name, known).map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    ProfileError::Unknown { what, name: name.to_owned(), suggestion }
}

fn wrong_kind(key: &str, expected: &'static str) -> ProfileError {
    ProfileError::Kind { key: key.to_owned(), expected }
}

fn text<'v>(key: &str, value: &'v Value) -> Result<&'v str> {
    value.as_str().ok_or_else(|| wrong_kind(key, "a text"))
}

fn texts<'v>(key: &str, value: &'v Value) -> Result<Vec<&'v str>> {
    let list = value.as_array().ok_or_else(|| wrong_kind(key, "a list of texts"))?;
    list.iter().map(|value| value.as_str().ok_or_else(|| wrong_kind(key, "a list of texts"))).collect()
}

fn table<'v>(key: &str, value: &'v Value) -> Result<&'v Table> {
    value.as_table().ok_or_else(|| wrong_kind(key, "a table"))
}

fn level(key: &str, value: &Value) -> Result<Level> {
    let name = text(key, value)?;
    Level::from_name(name).ok_or_else(|| unknown("level", name, ["error", "warn", "info", "off"]))
}

fn column(name: &str) -> Result<Field> {
    Field::from_name(name.as_bytes()).ok_or_else(|| unknown("column", name, Field::all().map(Field::name)))
}

fn selector(code: &str) -> Result<Selector> {
    code.parse().map_err(|_| unknown("code", code, cvrs_rules::RULES.iter().map(|rule| rule.code)))
}

/// Reads a profile.
///
/// # Errors
/// [`ProfileError`] names the line, or the key and what it must be.
pub fn parse(source: &str) -> Result<OwnProfile> {
    let root: Table = source.parse().map_err(|error: toml::de::Error| {
        let before = error.span().map_or(0, |span| span.start).min(source.len());
        let line = source.as_bytes()[..before].split(|&byte| byte == b'\n').count();
        ProfileError::Toml { line, message: error.message().lines().next().unwrap_or_default().to_owned() }
    })?;
    let mut profile =
        OwnProfile { extends: Profile::Recommended, levels: Vec::new(), jurisdiction: Jurisdiction::default() };
    let mut levels = Vec::new();
    for (key, value) in &root {
        match key.as_str() {
            "extends" => {
                let name = text(key, value)?;
                let known = || Profile::ALL.map(Profile::name);
                profile.extends = Profile::from_name(name).ok_or_else(|| unknown("profile", name, known()))?;
            }
            "rule-book" => {
                let version = text(key, value)?;
                if version > cvrs_rules::RULE_BOOK_VERSION {
                    return Err(ProfileError::Newer(version.to_owned()));
                }
                // What came after that rule book is a warning until the profile says otherwise.
                for rule in cvrs_rules::RULES.iter().filter(|rule| rule.since() > version) {
                    profile.levels.push((selector(rule.code)?, Level::Warn));
                }
            }
            "off" => {
                for code in texts(key, value)? {
                    profile.levels.push((selector(code)?, Level::Off));
                }
            }
            "file-name" => {
                let pattern = text(key, value)?.parse();
                let fault = |error: cvrs_rules::NamePatternError| ProfileError::FileName(error.to_string());
                profile.jurisdiction.file_name = Some(pattern.map_err(fault)?);
            }
            "levels" => {
                for (code, value) in table(key, value)? {
                    levels.push((selector(code)?, level(code, value)?));
                }
            }
            "required" => required(table(key, value)?, &mut profile)?,
            "allowed" => {
                for (name, values) in table(key, value)? {
                    let values = texts(name, values)?.into_iter().map(str::to_owned).collect();
                    profile.jurisdiction.allowed.push((column(name)?, values));
                }
            }
            other => return Err(unknown("key", other, KEYS.map(|key| key.0))),
        }
    }
    // What the profile itself asks for counts as an error in whatever it extends, unless it says otherwise.
    let Jurisdiction { required, allowed, .. } = &profile.jurisdiction;
    for (code, is_asked) in [("JUR002", !allowed.is_empty()), ("JUR001", !required.is_empty())] {
        if is_asked {
            profile.levels.insert(0, (selector(code)?, Level::Error));
        }
    }
    // A longer beginning picks fewer findings, so it counts later.
    levels.sort_by_key(|(selector, _)| selector.as_str().len());
    profile.levels.append(&mut levels);
    Ok(profile)
}

fn required(table: &Table, profile: &mut OwnProfile) -> Result<()> {
    for (key, value) in table {
        match key.as_str() {
            "columns" => {
                for name in texts(key, value)? {
                    profile.jurisdiction.required.push(column(name)?);
                }
            }
            "level" => profile.levels.push((selector("JUR001")?, level(key, value)?)),
            other => return Err(unknown("key", other, ["columns", "level"])),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cvrs_parse::Date;
    use cvrs_rules::Book;

    fn book(source: &str) -> Book {
        let mut options = Options::new(Profile::Recommended, Date::from_ymd(2021, 1, 29).expect("a day"));
        parse(source).expect("a profile").apply(&mut options);
        Book::new(&options)
    }

    #[test]
    fn levels_go_from_the_general_to_the_special() {
        let book = book("off = [\"XR010\"]\n[levels]\nDATA007 = \"error\"\nDATA = \"warn\"\nBUSR013 = \"info\"\n");
        assert_eq!(book.level("DATA007", None, true), Level::Error);
        assert_eq!(book.level("DATA005", None, false), Level::Warn);
        assert_eq!(book.level("BUSR013", None, false), Level::Info);
        assert!(!book.is_on("XR010"));
    }

    #[test]
    fn what_nothing_is_called_is_an_error_with_a_suggestion() {
        for (source, wanted) in [
            ("ofF2 = []", "unknown key ofF2"),
            ("extends = \"recomended\"", "unknown profile recomended; did you mean recommended?"),
            ("off = [\"XR1O\"]", "unknown code XR1O"),
            ("[levels]\nXR010 = \"warning\"", "unknown level warning"),
            ("[required]\ncolumns = [\"lot_nubmer\"]", "unknown column lot_nubmer; did you mean lot_number?"),
            ("[required]\ncolumn = [\"mvx\"]", "unknown key column; did you mean columns?"),
            ("[allowed]\nresponsible_org = 3", "responsible_org must be a list of texts"),
            ("extends = ", "line 1: "),
            ("rule-book = \"2999-01\"", "the profile is for rule book 2999-01"),
        ] {
            let message = parse(source).expect_err(source).to_string();
            assert!(message.starts_with(wanted), "{message}");
        }
    }

    #[test]
    fn additions_count_in_whatever_the_profile_extends() {
        for profile in Profile::ALL.map(Profile::name) {
            let additions = "[required]\ncolumns = [\"mvx\"]\n[allowed]\nresponsible_org = [\"A\"]\n";
            let plain = book(&format!("extends = \"{profile}\"\n{additions}"));
            assert_eq!(["JUR001", "JUR002"].map(|code| plain.level(code, None, false)), [Level::Error; 2], "{profile}");
            let lower = book(&format!("extends = \"{profile}\"\n{additions}[levels]\nJUR = \"warn\"\n"));
            assert_eq!(["JUR001", "JUR002"].map(|code| lower.level(code, None, false)), [Level::Warn; 2], "{profile}");
        }
    }

    #[test]
    fn additions_of_a_jurisdiction_are_kept() {
        let profile =
            parse("[required]\ncolumns = [\"mvx\"]\n[allowed]\nresponsible_org = [\"A\"]\n").expect("a profile");
        assert_eq!(profile.jurisdiction.required, [Field::Mvx]);
        assert_eq!(profile.jurisdiction.allowed, [(Field::ResponsibleOrg, vec!["A".to_owned()])]);
    }
}
