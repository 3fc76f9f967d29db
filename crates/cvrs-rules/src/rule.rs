//! What a rule is: declared once, with all that is ever said of it.

use crate::{Cell, Context, Dch, Hits, Mend, Profile};
use cvrs_parse::Record;
use cvrs_report::{Level, Message};
use cvrs_spec::Field;

/// Which of the four families a rule belongs to (rule book, section 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// What the clearinghouse refuses, under its own id because no other code exists.
    Clearinghouse,
    /// What CDC's command-line validator checks, under its codes.
    Tool,
    /// What nobody else checks.
    Extra,
    /// Patterns above rows.
    Pattern,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The header line or the file's first bytes.
    Header,
    /// One cell.
    Cell,
    /// One record.
    Record,
    /// All records of the file.
    File,
}

impl Layer {
    /// All layers, in the order of the rule book.
    pub const ALL: [Self; 4] = [Self::Clearinghouse, Self::Tool, Self::Extra, Self::Pattern];

    /// The word for the layer in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clearinghouse => "clearinghouse",
            Self::Tool => "tool",
            Self::Extra => "extra",
            Self::Pattern => "pattern",
        }
    }
}

impl Scope {
    /// The word for the scope in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Cell => "cell",
            Self::Record => "record",
            Self::File => "file",
        }
    }
}

/// The order of the rules on one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Must there be a value?
    Required,
    /// May there be a value?
    Forbidden,
    /// Is it short enough?
    Length,
    /// Is it a right value?
    Content,
}

/// How a rule is evaluated.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// On each of the rule's columns, in that order among the rules of a column.
    Cell(Stage, fn(&Cell<'_>) -> Option<Hit>),
    /// On the record, after its columns.
    Record(fn(&Record<'_>, &Context, &mut Hits<'_>)),
    /// Where the header is read, or by the engine over the whole file.
    Elsewhere,
}

/// A rule that fired, before its level is known.
#[derive(Clone, Debug, Default)]
pub struct Hit {
    /// The column, where the check itself does not imply it.
    pub field: Option<Field>,
    /// The clearinghouse's rule behind it.
    pub dch: Option<&'static Dch>,
    /// Whether it is a warning at most (a code newer than the code set, say).
    pub is_soft: bool,
    /// Words of its own; else the clearinghouse's, else the rule's.
    pub message: Option<Message>,
}

impl Hit {
    /// A hit with nothing to add to the rule's declaration.
    pub const PLAIN: Self = Self { field: None, dch: None, is_soft: false, message: None };

    /// A hit behind which that rule of the clearinghouse stands, if any.
    pub const fn behind(dch: Option<&'static Dch>) -> Self {
        Self { dch, ..Self::PLAIN }
    }

    /// A hit on that column.
    pub const fn on(field: Field) -> Self {
        Self { field: Some(field), ..Self::PLAIN }
    }
}

/// The level of a rule in the built-in profiles; `strict` is `recommended` with errors for warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    /// In profile `recommended`.
    pub recommended: Level,
    /// In profile `dch`, for what has no clearinghouse rule behind it (what has one is an error there).
    pub dch: Level,
    /// In profile `tool`.
    pub tool: Level,
}

/// A row, or a file, that shows a rule.
#[derive(Clone, Copy, Debug)]
pub enum Example {
    /// Cells laid over the known-good record. `x*256` means 256 times `x`.
    Cells(&'static [(Field, &'static str)]),
    /// The same, which gives findings of other codes besides.
    With(&'static [(Field, &'static str)], &'static [&'static str]),
    /// The same over the known-good record of version 1.
    CellsV1(&'static [(Field, &'static str)]),
    /// Several records, each laid over the known-good one.
    Records(&'static [&'static [(Field, &'static str)]]),
    /// A file, made from the known-good one, and what it is in words.
    File(&'static str, fn() -> Vec<u8>),
    /// A file name.
    Name(&'static str),
    /// A file of many records, under a name or without one, and what is in its columns. The records have findings of
    /// their own; a pattern is told once.
    Many(Option<&'static str>, &'static str, fn() -> Vec<u8>),
}

/// One rule, as it is declared.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its code: the CDC tool's where that has one (users know them), else the clearinghouse's id, else our own.
    pub code: &'static str,
    /// Its name in words, after what is wrong.
    pub name: &'static str,
    /// Its family.
    pub layer: Layer,
    /// What it looks at.
    pub scope: Scope,
    /// The columns that it looks at.
    pub fields: &'static [Field],
    /// Its level by profile.
    pub levels: Levels,
    /// What is wrong, unless the clearinghouse has its own words for it.
    pub message: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
    /// Rows that pass.
    pub passes: &'static [Example],
    /// Rows that give exactly this one finding.
    pub fails: &'static [Example],
    /// How it is evaluated.
    pub check: Check,
}

impl Rule {
    /// The rule book in which it came. All rules so far came with the first.
    pub const fn since(&self) -> &'static str {
        "2026-11"
    }

    /// The clearinghouse's rules that this one stands for.
    pub fn dch(&self) -> impl Iterator<Item = &'static Dch> + '_ {
        crate::DCH.iter().filter(move |dch| dch.codes.contains(&self.code))
    }

    /// The fixes that may mend what it finds.
    pub fn mends(&self) -> impl Iterator<Item = &'static Mend> + '_ {
        crate::MENDS.iter().filter(move |mend| mend.codes.contains(&self.code))
    }

    /// The worst level that a finding of the rule has in a profile.
    pub fn level_in(&self, profile: Profile) -> Level {
        match profile {
            Profile::Dch if self.dch().next().is_some() => Level::Error,
            Profile::Dch => self.levels.dch,
            Profile::Tool => self.levels.tool,
            Profile::Strict if self.levels.recommended == Level::Warn => Level::Error,
            Profile::Recommended | Profile::Strict => self.levels.recommended,
        }
    }
}

/// Levels of a rule in `recommended` and `tool`, off in `dch`.
pub(crate) const fn levels(recommended: Level, tool: Level) -> Levels {
    Levels { recommended, dch: Level::Off, tool }
}
