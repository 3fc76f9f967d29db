//! What a fix is: declared once, with all that is ever said of it.

use cvrs_codes::CodeSets;
use cvrs_parse::Record;
use cvrs_spec::Field;

/// Whether a fix runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The meaning cannot change: runs by itself.
    Safe,
    /// Safe, except in the case named, which needs consent.
    SafeUnless(&'static str),
    /// Likely right and yet a guess: runs only when named or let in.
    Consent,
    /// Needs consent, except in the case named, which is safe.
    ConsentUnless(&'static str),
    /// Not offered.
    Never,
}

impl Class {
    /// The class in words, as documents print it.
    pub fn words(self) -> String {
        match self {
            Self::Safe => "safe".to_owned(),
            Self::SafeUnless(case) => format!("safe ({case}: consent)"),
            Self::Consent => "consent".to_owned(),
            Self::ConsentUnless(case) => format!("consent (safe {case})"),
            Self::Never => "never".to_owned(),
        }
    }

    /// Whether consent lets in anything more.
    pub const fn knows_consent(self) -> bool {
        matches!(self, Self::SafeUnless(_) | Self::Consent | Self::ConsentUnless(_))
    }
}

/// The order of the fixes on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Characters: encoding, controls, Unicode form.
    Characters,
    /// Lines, header, blanks and quotes around a value.
    Wrapping,
    /// Letter case.
    Case,
    /// Dates.
    Date,
    /// Codes.
    Code,
    /// ZIP codes, counties, states.
    Place,
    /// Drug codes.
    Drug,
    /// What must be there and what must not.
    Record,
    /// Redaction.
    Redaction,
}

/// A row, or a file, that shows a fix.
#[derive(Clone, Copy, Debug)]
pub enum Example {
    /// These cells, laid over the known-good record, become those without being asked.
    Safe(&'static [(Field, &'static str)], &'static [(Field, &'static str)]),
    /// The same, only with consent.
    Consent(&'static [(Field, &'static str)], &'static [(Field, &'static str)]),
    /// These cells stay as they are, asked or not.
    Stays(&'static [(Field, &'static str)]),
    /// A whole text becomes another: what it shows in words (before, after), and the two texts.
    File(&'static str, &'static str, fn() -> [Vec<u8>; 2]),
}

/// A value that a fix proposes for a cell.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) value: Vec<u8>,
    pub(crate) is_safe: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "a fix ends with one of these, where `?` has left before")]
impl Proposal {
    pub(crate) fn safe(value: impl Into<Vec<u8>>) -> Option<Self> {
        Some(Self { value: value.into(), is_safe: true })
    }

    pub(crate) fn consent(value: impl Into<Vec<u8>>) -> Option<Self> {
        Some(Self { value: value.into(), is_safe: false })
    }
}

/// A cell that a fix looks at.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub(crate) field: Option<Field>,
    pub(crate) value: &'a [u8],
    pub(crate) record: &'a Record<'a>,
    pub(crate) codes: &'static CodeSets,
}

/// Changes of several columns that belong together.
pub(crate) type Edits = Vec<(Field, Vec<u8>)>;

/// How a fix is evaluated.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// Where lines are read.
    Lines,
    /// Where the header is read.
    Header,
    /// On all text, before it is taken for cells.
    Encoding,
    /// On each cell of the fix's columns, if the first function finds the row worth a look.
    Cells(fn(&Record<'_>) -> bool, fn(&Cell<'_>) -> Option<Proposal>),
    /// On the row; always safe.
    Row(fn(&Record<'_>) -> Edits),
    /// Not at all.
    Never,
}

/// Looks at every row.
pub(crate) const fn any_row(_: &Record<'_>) -> bool {
    true
}

/// One fix, as it is declared.
#[derive(Clone, Copy)]
pub struct Fix {
    /// Its number, `F01` and on.
    pub id: &'static str,
    /// Its name in words.
    pub name: &'static str,
    /// Whether it runs by itself.
    pub class: Class,
    /// When it runs.
    pub stage: Stage,
    /// What it does.
    pub what: &'static str,
    /// Why that is right, or a guess.
    pub why: &'static str,
    /// When it applies.
    pub condition: &'static str,
    /// The columns; empty for all.
    pub fields: &'static [Field],
    /// The rules that no longer fire after it.
    pub cures: &'static [&'static str],
    /// Whether it only rewrites one legal spelling into another and can be turned off with its group.
    pub is_normalisation: bool,
    /// Whether its log never shows what stood there before.
    pub hides_before: bool,
    /// Rows that show it.
    pub examples: &'static [Example],
    pub(crate) how: How,
}

impl std::fmt::Debug for Fix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fix({} {})", self.id, self.name)
    }
}
