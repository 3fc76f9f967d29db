//! What is told of a row beside its changes: leaks that redaction does not reach, and why a row or a cell stayed.

use cvrs_report::{Finding, Level, Message};
use cvrs_spec::Field;

/// A kind of thing that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The row has another number of cells than the header; it is rejected.
    CellCount,
    /// The map has no entry for the row's `recip_id`; it is rejected.
    NoEntry,
    /// The administration street is the recipient's.
    HomeAddress,
    /// The recipient's first and last name, or street, stands in another column.
    NameInText,
    /// An id contains the birth date.
    BirthDateInId,
    /// An id contains the last name.
    LastNameInId,
    /// A value of the six columns stands in another column, and nothing more is told of that column.
    ValueElsewhere,
    /// `recip_dob` is no date and was not cut.
    DobKept,
    /// `recip_address_zip` is no ZIP code and was not cut.
    ZipKept,
    /// `recip_id` looks like a pseudonym in a row that is redacted already, and was kept.
    IdKept,
    /// The row is redacted in part, or redacted and said to be identified.
    Partial,
    /// The row is of another model than the first.
    MixedModels,
}

/// How many kinds there are.
pub(super) const N_KINDS: usize = Kind::ALL.len();

impl Kind {
    /// All kinds, those that reject a row first.
    pub const ALL: [Self; 12] = [
        Self::CellCount,
        Self::NoEntry,
        Self::HomeAddress,
        Self::NameInText,
        Self::BirthDateInId,
        Self::LastNameInId,
        Self::ValueElsewhere,
        Self::DobKept,
        Self::ZipKept,
        Self::IdKept,
        Self::Partial,
        Self::MixedModels,
    ];

    /// The code, that of the rule book where it has such a rule, else that of the redaction that could not be done.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CellCount => "XR001",
            Self::NoEntry => "R03",
            Self::HomeAddress => "L01",
            Self::NameInText => "L02",
            Self::BirthDateInId => "L03",
            Self::LastNameInId => "L04",
            Self::ValueElsewhere => "L05",
            Self::DobKept => "R04",
            Self::ZipKept => "R05",
            Self::IdKept => "R06",
            Self::Partial => "XR024",
            Self::MixedModels => "XR011",
        }
    }

    /// Whether a row of which it is told is not written.
    pub const fn rejects(self) -> bool {
        matches!(self, Self::CellCount | Self::NoEntry)
    }

    /// How grave it is. A single value that stands elsewhere too rarely tells of anybody: the city of a recipient is mostly
    /// that of the place of vaccination.
    pub const fn level(self) -> Level {
        match self {
            Self::ValueElsewhere => Level::Info,
            kind if kind.rejects() => Level::Error,
            _ => Level::Warn,
        }
    }

    /// What it means, without the column's name.
    pub const fn what(self) -> &'static str {
        match self {
            Self::CellCount => "wrong number of cells",
            Self::NoEntry => "recip_id has no entry in the map",
            Self::HomeAddress => "administration street is the recipient's",
            Self::NameInText => "the recipient's name or street stands in another column",
            Self::BirthDateInId => "an id contains the birth date",
            Self::LastNameInId => "an id contains the last name",
            Self::ValueElsewhere => "a name, street or city stands in another column too, alone or within a word",
            Self::DobKept => "recip_dob is no date and stays as it is",
            Self::ZipKept => "recip_address_zip is no ZIP code and stays as it is",
            Self::IdKept => "recip_id looks like a pseudonym in a row that is redacted already, and stays",
            Self::Partial => "redacted in part",
            Self::MixedModels => "model differs from the first record's",
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::CellCount => "row has {0} cells, the header has {1}",
            Self::HomeAddress => "{f} is the recipient's street, which the redacted record still tells",
            Self::NameInText => "{f} holds the recipient's name or street, which the redacted record still tells",
            Self::BirthDateInId => "{f} contains the birth date",
            Self::LastNameInId => "{f} contains the last name, which the redacted record still tells",
            Self::ValueElsewhere => "{f} holds a value that is redacted in its own column",
            Self::Partial => "{f} is redacted in a record that is not, or not in all six columns",
            Self::MixedModels => "ext_type differs from the first record's",
            other => other.what(),
        }
    }
}

/// What is told of one row, without any value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The kind.
    pub kind: Kind,
    /// Physical line, the header being line 1.
    pub line: u64,
    /// Number among the data rows, from 1.
    pub record: u64,
    /// 0-based offset of the row in the text, in bytes.
    pub byte: u64,
    /// The column, and its 1-based position in the file.
    pub field: Option<(Field, u32)>,
    /// Cells in the row and in the header, where that is what is told.
    pub cells: [u64; 2],
}

impl Found {
    /// The finding for a report.
    pub fn finding(&self) -> Finding {
        Finding {
            code: self.kind.code(),
            dch: None,
            level: self.kind.level(),
            field: self.field.map(|(field, _)| field),
            related: None,
            message: Message::Template(self.kind.message(), self.cells),
        }
    }
}
