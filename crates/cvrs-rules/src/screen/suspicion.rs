//! Where the book has to look: the columns and the families of relations that the screen stumbled over.

/// What may be wrong with a record, as far as the screen could tell. All else is known to be right.
///
/// Explaining a record costs a hundred rules and more; most bad records are bad in one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspicion {
    /// A bit for each of the file's first 64 columns.
    columns: u64,
    relations: u8,
}

impl Suspicion {
    /// Nothing but what stands around the record, such as a duplicate.
    pub const NONE: Self = Self { columns: 0, relations: 0 };
    /// Anything.
    pub const ALL: Self = Self { columns: u64::MAX, relations: u8::MAX };

    pub(crate) const DATES: u8 = 1;
    pub(crate) const PLACES: u8 = 2;
    pub(crate) const PRODUCTS: u8 = 4;
    pub(crate) const RACES: u8 = 8;
    pub(crate) const TEXT: u8 = 16;
    pub(crate) const REDACTION: u8 = 32;

    /// The family that a rule on records belongs to; 0 for one that is always asked.
    pub(crate) fn family(code: &str) -> u8 {
        match code {
            "BUSR005" | "BUSR011" | "BUSR012" | "XR012" | "XR019" | "XR020" => Self::DATES,
            "BUSR001" | "BUSR002" | "BUSR003" | "BUSR004" | "BUSR007" | "BUSR008" | "BUSR009" | "BUSR010" | "XR022" => {
                Self::PLACES
            }
            "XR013" | "XR014" | "XR015" | "XR016" => Self::PRODUCTS,
            "XR017" => Self::RACES,
            "XR001" | "XR004" | "XR005" | "XR008" | "XR023" => Self::TEXT,
            "XR024" => Self::REDACTION,
            _ => 0,
        }
    }

    /// So many of the file's columns, a bit for each.
    pub(crate) const fn of_columns(columns: u64) -> Self {
        Self { columns, relations: 0 }
    }

    /// The suspected columns, a bit for each of the file's first 64.
    pub(crate) const fn columns(self) -> u64 {
        self.columns
    }

    /// Whether all is suspected.
    pub const fn is_all(self) -> bool {
        self.columns == u64::MAX
    }

    /// Whether a column of the file, from 0, is suspected.
    pub(crate) const fn has_column(self, column: usize) -> bool {
        column >= 64 || self.columns >> column & 1 != 0
    }

    /// Whether a family of relations is suspected, or always asked.
    pub(crate) const fn has_family(self, family: u8) -> bool {
        family == 0 || self.relations & family != 0
    }

    pub(crate) const fn add_column(&mut self, column: u32) {
        self.columns |= 1 << (column % 64);
    }

    pub(crate) const fn add_family(&mut self, family: u8) {
        self.relations |= family;
    }
}
