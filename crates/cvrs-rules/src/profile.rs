//! Profiles: which rules count, and at what level.

use crate::Selector;
use cvrs_parse::Date;
use cvrs_report::Level;
use cvrs_spec::{Event, Field, Version};

/// A built-in profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Everything that the specification, the clearinghouse, the CDC tool and we ourselves know, at sensible levels.
    #[default]
    Recommended,
    /// Exactly what the clearinghouse refuses, in its order.
    Dch,
    /// Agreement with CDC's command-line validator.
    Tool,
    /// As recommended, with every warning an error.
    Strict,
}

impl Profile {
    /// All built-in profiles.
    pub const ALL: [Self; 4] = [Self::Recommended, Self::Dch, Self::Tool, Self::Strict];

    /// The profile's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::Dch => "dch",
            Self::Tool => "tool",
            Self::Strict => "strict",
        }
    }

    /// The profile with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// The version that a file's header is read by: the clearinghouse knows the 45 columns only.
    pub const fn header_version(self, told: Option<Version>) -> Option<Version> {
        match self {
            Self::Dch => Some(Version::V3),
            _ => told,
        }
    }
}

/// What a file asks the clearinghouse to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    /// Store new records.
    #[default]
    Create,
    /// Replace stored records.
    Update,
    /// Delete stored records: only the ids matter, all else is a warning.
    Delete,
}

/// What a run asks of the rule book.
#[derive(Clone, Debug)]
pub struct Options {
    /// The profile to start from.
    pub profile: Profile,
    /// The day of submission.
    pub today: Date,
    /// What the file asks for.
    pub operation: Operation,
    /// Whether it is test data: placeholder codes and early dates pass.
    pub is_test: bool,
    /// If not empty, only what one of these picks counts.
    pub select: Vec<Selector>,
    /// What one of these picks does not count.
    pub ignore: Vec<Selector>,
    /// Levels of one's own; of several that pick the same finding the last one counts.
    pub levels: Vec<(Selector, Level)>,
    /// What a jurisdiction asks beyond the specification.
    pub jurisdiction: Jurisdiction,
}

/// What a jurisdiction asks beyond the specification (rules JUR001 and JUR002).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jurisdiction {
    /// Columns that must have a value in every vaccination.
    pub required: Vec<Field>,
    /// Columns that, if filled, must have one of these values, whatever its case.
    pub allowed: Vec<(Field, Vec<String>)>,
    /// How files are named, in place of the specification's convention (XR010).
    pub file_name: Option<crate::NamePattern>,
}

impl Jurisdiction {
    /// Whether it asks nothing of records.
    pub const fn is_empty(&self) -> bool {
        self.required.is_empty() && self.allowed.is_empty()
    }

    /// Whether a column must have a value in such an event.
    pub(crate) fn requires(&self, field: Field, event: Event) -> bool {
        event == Event::Vaccination && self.required.contains(&field)
    }

    /// Whether a column may have that value.
    pub(crate) fn allows(&self, field: Field, value: &[u8]) -> bool {
        let mut lists = self.allowed.iter().filter(|(listed, _)| *listed == field);
        value.is_empty()
            || lists.all(|(_, values)| values.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(value)))
    }
}

impl Options {
    /// The profile as it is, on that day, for new records.
    pub const fn new(profile: Profile, today: Date) -> Self {
        Self {
            profile,
            today,
            operation: Operation::Create,
            is_test: false,
            select: Vec::new(),
            ignore: Vec::new(),
            levels: Vec::new(),
            jurisdiction: Jurisdiction { required: Vec::new(), allowed: Vec::new(), file_name: None },
        }
    }
}
