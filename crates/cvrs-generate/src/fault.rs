//! Faults that can be planted into a good row, and the findings they must lead to.
//!
//! The tables under [`faults`] list them. A row of a table reads: name, the event and the models whose
//! rows it fits, the change, and the findings of the `recommended` profile with their level, code, clearinghouse
//! rule and column. Where a cause cannot be had alone, all the findings stand there, the one meant first.

use std::fmt;

use cvrs_spec::{Event, Field, Model};

use crate::date::Date;
use crate::faults;
use crate::row::Row;

/// How grave a finding is in the `recommended` profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Worth a look.
    Warn,
    /// The record is refused.
    Error,
}

impl Level {
    /// The level's word: `info`, `warn` or `error`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A finding that a fault must lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Expected {
    /// The code of the finding.
    pub code: &'static str,
    /// The clearinghouse's rule, where it has one. These and no others are the findings of the `dch` profile.
    pub dch: Option<&'static str>,
    /// The column; for a relation the first of its columns, `None` for the row as a whole.
    pub field: Option<Field>,
    /// The level in the `recommended` profile.
    pub level: Level,
}

/// What a change may look at.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The day of submission.
    pub today: Date,
    /// A good row that stands earlier in the file, for faults that [need one](Fault::needs_earlier).
    pub earlier: Option<&'a Row>,
}

/// How a fault changes the row.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    /// Empties the cell.
    Clear(Field),
    /// Sets the cell.
    Set(Field, &'static str),
    /// Sets the cell to bytes that need not be text.
    Bytes(Field, &'static [u8]),
    /// Lengthens the value by letters to that many characters.
    Pad(Field, usize),
    /// Anything else.
    Custom(fn(&mut Row, &Context<'_>)),
    /// Anything else that looks at an earlier row; false if that one does not serve.
    WithEarlier(fn(&mut Row, &Row) -> bool),
}

/// Rows that a fault fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// Vaccinations.
    Vaccination,
    /// Refusals.
    Refusal,
    /// Both.
    Any,
}

/// A kind of fault.
pub struct Fault {
    /// The fault's own name, unique among all.
    pub name: &'static str,
    /// What it leads to; never empty, the finding meant stands first.
    pub findings: &'static [Expected],
    pub(crate) on: On,
    /// Bit n is set if it fits the model with that number.
    pub(crate) models: u8,
    pub(crate) change: Change,
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault").field("name", &self.name).field("findings", &self.findings).finish_non_exhaustive()
    }
}

impl Fault {
    /// All kinds: those of the clearinghouse's rules, those of the CDC tool's, then the further ones.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        faults::TABLES.iter().copied().flatten()
    }

    /// The fault of this name.
    pub fn from_name(name: &str) -> Option<&'static Self> {
        Self::all().find(|fault| fault.name == name)
    }

    /// The code of the finding meant.
    pub const fn code(&self) -> &'static str {
        self.findings[0].code
    }

    /// The clearinghouse's rule for the finding meant.
    pub const fn dch(&self) -> Option<&'static str> {
        self.findings[0].dch
    }

    /// The column of the finding meant.
    pub const fn field(&self) -> Option<Field> {
        self.findings[0].field
    }

    /// Whether the clearinghouse itself would report it.
    pub fn is_clearinghouse(&self) -> bool {
        self.findings.iter().any(|finding| finding.dch.is_some())
    }

    /// Whether the change copies from an earlier row of the file.
    pub const fn needs_earlier(&self) -> bool {
        matches!(self.change, Change::WithEarlier(_))
    }

    /// Whether it fits rows of that model and event.
    pub const fn fits(&self, model: Model, event: Event) -> bool {
        let event = match self.on {
            On::Any => true,
            On::Vaccination => !matches!(event, Event::Refusal),
            On::Refusal => matches!(event, Event::Refusal),
        };
        event && self.models & (1 << model as u8) != 0
    }

    /// A good row that the fault fits, for tests.
    pub fn good_row(&self) -> Row {
        let fitting = Model::ALL.into_iter().find(|model| self.models & (1 << *model as u8) != 0);
        // Every table row names a model; a test sees to it.
        let model = fitting.unwrap_or(Model::D);
        let event = if self.on == On::Refusal { Event::Refusal } else { Event::Vaccination };
        Row::good(model, event)
    }

    /// Plants the fault into a good row that it [fits](Fault::fits); afterwards the row has [`Fault::findings`] and
    /// no others.
    ///
    /// False, and the row unchanged, if the fault needs an earlier row and there is none that serves.
    pub fn plant(&self, row: &mut Row, context: &Context<'_>) -> bool {
        match self.change {
            Change::Clear(field) => row.set(field, ""),
            Change::Set(field, value) => row.set(field, value),
            Change::Bytes(field, value) => row.set(field, value),
            Change::Pad(field, length) => {
                let mut value = row.get(field).to_vec();
                let characters = String::from_utf8_lossy(&value).chars().count();
                value.resize(value.len() + length.saturating_sub(characters), b'x');
                row.set(field, value);
            }
            Change::Custom(change) => change(row, context),
            Change::WithEarlier(change) => {
                let Some(earlier) = context.earlier else { return false };
                return change(row, earlier);
            }
        }
        true
    }
}
