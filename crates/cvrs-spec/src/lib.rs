//! The CVRS standard as data: columns, versions, requirements and value sets.
//!
//! Everything here is a look-up. The tables in `data/` are the declarations, kept readable for people who know
//! the domain and not Rust; `cargo xtask generate` writes [`Field`], its facts and the value sets from them.
//!
//! ```
//! use cvrs_spec::{Event, Field, Model, Requirement, Version};
//!
//! let facts = Field::DoseNum.facts();
//! assert_eq!(facts.name, "dose_num");
//! assert_eq!(Field::DoseNum.requirement(Version::V3, Event::Refusal, Model::D), Requirement::Empty);
//! ```
//!
//! Source of the facts: the first lines of each table. The crate is `no_std`, allocates nothing and has no dependency.
#![no_std]

mod fields;
mod value_sets;
mod version;

pub use fields::Field;
pub use value_sets::SetId;
pub use version::{Event, Model, Version};

/// What kind of value a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Free text or an identifier.
    Text,
    /// A date as `YYYY-MM-DD` or `YYYY-MM`.
    Date,
    /// A code of a value set.
    Code,
}

impl Kind {
    /// The word for the kind in documents: `string`, `date` or `code`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Date => "date",
            Self::Code => "code",
        }
    }
}

/// What the specification asks of a column for one kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Must have a value.
    Required,
    /// Must have a value if the sender knows it.
    IfKnown,
    /// May have a value.
    Optional,
    /// Must be empty.
    Empty,
    /// Has one value only: the model's letter, `Redacted`, or the word of the event.
    Fixed,
    /// Not a column of that version.
    Absent,
}

impl Requirement {
    /// The requirement in a few words, as documents print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::IfKnown => "required if known",
            Self::Optional => "optional",
            Self::Empty => "must be empty",
            Self::Fixed => "fixed value",
            Self::Absent => "not a column",
        }
    }
}

/// The facts of one column, as its row in `data/fields.tsv` states them.
#[derive(Clone, Copy, Debug)]
pub struct FieldFacts {
    /// The column this is about.
    pub field: Field,
    /// The column's name as printed in the specification, in lower case.
    pub name: &'static str,
    /// The column's title in words.
    pub label: &'static str,
    /// What kind of value it holds.
    pub kind: Kind,
    /// The shape of a value as a regular expression; dates need the calendar besides.
    pub format: Option<&'static str>,
    /// The most characters (Unicode scalar values) that a value may have.
    pub max_length: u16,
    /// The value set, of this crate or an external code table.
    pub value_set: Option<SetId>,
    /// The value set in version 1 where it was another.
    pub value_set_v1: Option<SetId>,
    /// 1-based position in version 2 and later.
    pub position: Option<u8>,
    /// 1-based position in version 1.
    pub position_v1: u8,
    /// Requirement in version 2 and later, by event (vaccination, refusal) and model (D, I, P).
    pub requirement: [[Requirement; 3]; 2],
    /// Requirement in version 1, by event (vaccination, refusal, missed appointment).
    pub requirement_v1: [Requirement; 3],
    /// Whether models D and P carry the word `Redacted` instead of the value.
    pub is_redacted: bool,
    /// Whether the value is about the recipient as a person and must not be shown unasked.
    pub is_personal: bool,
    /// Where HL7 v2.5.1 carries it.
    pub hl7: &'static str,
    /// Document and version the row was taken from.
    pub source: &'static str,
}

/// One code of a value set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code as printed.
    pub code: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// A further fact of the code: the FIPS number of a state, the code system of a route, the kind of an entity.
    pub fact: &'static str,
}

impl Field {
    /// How many columns all versions have together.
    pub const COUNT: usize = fields::FIELDS.len();

    /// All columns: those of version 2 and later in their order, then the two of version 1 alone.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        fields::FIELDS.iter().map(|facts| facts.field)
    }

    /// The facts of this column.
    pub const fn facts(self) -> &'static FieldFacts {
        &fields::FIELDS[self as usize]
    }

    /// The column's name in lower case.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The column of this number in [`Field::all`].
    ///
    /// # Panics
    /// If `index` is not below [`Field::COUNT`].
    pub const fn from_index(index: usize) -> Self {
        fields::FIELDS[index].field
    }

    /// The column with this name, whatever its case.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        fields::FIELDS.iter().find(|facts| facts.name.as_bytes().eq_ignore_ascii_case(name)).map(|facts| facts.field)
    }

    /// What the specification asks of this column. A model counts in version 2 and later only.
    pub const fn requirement(self, version: Version, event: Event, model: Model) -> Requirement {
        let facts = self.facts();
        match version {
            Version::V1 => facts.requirement_v1[event as usize],
            _ => match event {
                Event::Vaccination | Event::MissedAppointment => facts.requirement[0][model as usize],
                Event::Refusal => facts.requirement[1][model as usize],
            },
        }
    }

    /// The value set of this column in that version.
    pub const fn value_set(self, version: Version) -> Option<SetId> {
        let facts = self.facts();
        match (version, facts.value_set_v1) {
            (Version::V1, Some(set)) => Some(set),
            _ => facts.value_set,
        }
    }
}

impl SetId {
    /// The code that equals `value`, whatever its case; `None` too for a set kept elsewhere.
    pub fn find(self, value: &[u8]) -> Option<&'static Code> {
        self.codes().iter().find(|code| code.code.as_bytes().eq_ignore_ascii_case(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_its_columns() {
        assert_eq!(Version::V1.columns().len(), 47);
        for version in [Version::V2, Version::V2_5, Version::V3] {
            assert_eq!(version.columns().len(), 45);
        }
        assert_eq!(Version::V1.columns()[21], Field::VaxEventId);
        assert_eq!(Version::V1.columns()[42], Field::VaxProvSuffix);
        assert_eq!(Version::V3.columns()[0], Field::VaxEventId);
        assert_eq!(Version::V3.columns()[44], Field::Serology);
    }

    #[test]
    fn positions_follow_the_columns() {
        for (index, field) in Version::V1.columns().iter().enumerate() {
            assert_eq!(field.facts().position_v1 as usize, index + 1);
        }
        for (index, field) in Version::V3.columns().iter().enumerate() {
            assert_eq!(field.facts().position, Some(index as u8 + 1));
        }
    }

    #[test]
    fn names_bind_in_any_case() {
        assert_eq!(Field::from_name(b"VAX_Event_ID"), Some(Field::VaxEventId));
        assert_eq!(Field::from_name(b" vax_event_id"), None);
        for field in Field::all() {
            assert_eq!(Field::from_name(field.name().as_bytes()), Some(field));
            assert_eq!(Field::from_index(field as usize), field);
        }
    }

    #[test]
    fn six_columns_are_redacted() {
        assert_eq!(Field::all().filter(|field| field.facts().is_redacted).count(), 6);
        assert!(Field::all().filter(|field| field.facts().is_redacted).all(|field| field.facts().is_personal));
    }

    #[test]
    fn codes_are_found_in_any_case() {
        assert_eq!(SetId::YesNo.find(b"yes").map(|code| code.code), Some("YES"));
        assert_eq!(SetId::YesNo.find(b"UNK"), None);
        assert_eq!(SetId::State.find(b"ga").map(|code| code.fact), Some("13"));
    }
}
