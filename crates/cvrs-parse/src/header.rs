//! The header line: which column of the file holds which column of CVRS.

use crate::BOM;
use cvrs_spec::{Field, Version};

const ABSENT: u32 = u32::MAX;

/// A header name that is no column of the version, with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// 1-based position in the file.
    pub column: u32,
    /// The name as it stands, shortened, or `None` where it does not look like a name and might be data.
    pub name: Option<Box<str>>,
    /// The column that it binds to all the same, because only blanks around it are wrong.
    pub binds: Option<Field>,
}

/// The columns of a file, bound by name in any case and order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    version: Version,
    columns: Box<[Option<Field>]>,
    at: [u32; Field::COUNT],
    unknown: Vec<UnknownName>,
    repeated: Vec<Field>,
    has_bom: bool,
    has_tab: bool,
    is_in_order: bool,
    byte_len: usize,
}

impl Header {
    /// Reads the header line at the start of `text` and returns it with the bytes that follow.
    ///
    /// The version is told from the names (rule book E-24): 1 if one of version 1's own columns is there, else 3.
    pub fn split_off(text: &[u8]) -> (Self, &[u8]) {
        Self::split_off_as(text, None)
    }

    /// As [`Header::split_off`], with the version given.
    pub fn split_off_as(text: &[u8], version: Option<Version>) -> (Self, &[u8]) {
        let end = memchr::memchr(b'\n', text).map_or(text.len(), |at| at + 1);
        let (line, body) = text.split_at(end);
        (Self::parse(line, version), body)
    }

    /// Reads one header line, with or without its line end and a byte order mark.
    pub fn parse(line: &[u8], version: Option<Version>) -> Self {
        let byte_len = line.len();
        let has_bom = line.starts_with(BOM);
        let line = line.strip_prefix(BOM).unwrap_or(line);
        let line = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        let names: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
        let version = version.unwrap_or_else(|| {
            let known = |name: &&[u8]| Field::from_name(name.trim_ascii());
            let v1_only = |field: Field| field.facts().position.is_none();
            if names.iter().filter_map(known).any(v1_only) { Version::V1 } else { Version::V3 }
        });
        let mut header = Self {
            version,
            columns: vec![None; names.len()].into(),
            at: [ABSENT; Field::COUNT],
            unknown: Vec::new(),
            repeated: Vec::new(),
            has_bom,
            has_tab: names.len() > 1,
            is_in_order: false,
            byte_len,
        };
        for (index, name) in names.iter().enumerate() {
            header.bind(index, name);
        }
        let columns = version.columns().iter();
        header.is_in_order = columns.filter_map(|&field| header.position(field)).is_sorted();
        header
    }

    /// A header with all columns of a version in their order.
    pub fn canonical(version: Version) -> Self {
        let names: Vec<&str> = version.columns().iter().map(|field| field.name()).collect();
        Self::parse(names.join("\t").as_bytes(), Some(version))
    }

    fn bind(&mut self, index: usize, name: &[u8]) {
        let of_version = |field: &Field| self.version.columns().contains(field);
        let exact = Field::from_name(name).filter(of_version);
        let field = exact.or_else(|| Field::from_name(name.trim_ascii()).filter(of_version));
        if exact.is_none() {
            let column = index as u32 + 1;
            self.unknown.push(UnknownName { column, name: showable(name), binds: field });
        }
        if let Some(field) = field {
            let before = self.at[field as usize];
            if before != ABSENT {
                self.columns[before as usize] = None;
                self.repeated.push(field);
            }
            self.at[field as usize] = index as u32;
            self.columns[index] = Some(field);
        }
    }

    /// The version that the columns were bound to.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// How many columns the header line has, known or not.
    pub const fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// The CVRS column behind each column of the file; `None` for an unknown name or an earlier repeat.
    pub const fn columns(&self) -> &[Option<Field>] {
        &self.columns
    }

    /// The 0-based column of the file that holds `field`.
    pub const fn position(&self, field: Field) -> Option<usize> {
        match self.at[field as usize] {
            ABSENT => None,
            at => Some(at as usize),
        }
    }

    /// How many columns are bound.
    pub fn n_bound(&self) -> usize {
        self.at.iter().filter(|&&at| at != ABSENT).count()
    }

    /// The names that are no column of the version, in file order.
    pub fn unknown(&self) -> &[UnknownName] {
        &self.unknown
    }

    /// The columns whose name stands more than once; the later one binds.
    pub fn repeated(&self) -> &[Field] {
        &self.repeated
    }

    /// The columns of the version that no name binds, in the order of the specification.
    pub fn missing(&self) -> impl Iterator<Item = Field> {
        self.version.columns().iter().copied().filter(|&field| self.position(field).is_none())
    }

    /// Whether the bound columns stand in the order of the specification.
    pub const fn is_in_order(&self) -> bool {
        self.is_in_order
    }

    /// Whether the file starts with a byte order mark.
    pub const fn has_bom(&self) -> bool {
        self.has_bom
    }

    /// Whether the line has a tab at all.
    pub const fn has_tab(&self) -> bool {
        self.has_tab
    }

    /// The length of the line in bytes, with its line end and byte order mark: where the first record starts.
    pub const fn byte_len(&self) -> usize {
        self.byte_len
    }
}

/// A header name fit to be shown. A file without a header has a person in its first line, so only what could be a
/// column's name is shown.
fn showable(name: &[u8]) -> Option<Box<str>> {
    let text = core::str::from_utf8(name).ok()?;
    let is_name = |text: &str| {
        text.len() <= 64
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
            && text.contains('_')
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
            && !text.bytes().any(|byte| byte.is_ascii_digit() && text.len() > 40)
    };
    (name.len() <= 80 && (name.is_empty() || is_name(text.trim_matches(' ')))).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_bind_in_any_case_and_order() {
        let header = Header::parse(b"RECIP_SEX\tvax_event_id\r\n", None);
        assert_eq!(header.position(Field::VaxEventId), Some(1));
        assert_eq!(header.position(Field::RecipSex), Some(0));
        assert_eq!(header.position(Field::Serology), None);
        assert!(!header.is_in_order());
        assert_eq!(header.missing().count(), 43);
    }

    #[test]
    fn version_one_is_told_by_its_own_columns() {
        assert_eq!(Header::parse(b"ext_type\tRecip_Missed_Appt", None).version(), Version::V1);
        assert_eq!(Header::parse(b"ext_type\tvax_event_id", None).version(), Version::V3);
        let as_v2 = Header::parse(b"ext_type\trecip_missed_appt", Some(Version::V2));
        assert_eq!(as_v2.unknown().len(), 1);
    }

    #[test]
    fn blanks_around_a_name_are_told_and_bind() {
        let header = Header::parse(b"vax_event_id\t admin_type", None);
        assert_eq!(header.position(Field::AdminType), Some(1));
        assert_eq!(header.unknown()[0].binds, Some(Field::AdminType));
    }

    #[test]
    fn the_later_of_two_equal_names_binds() {
        let header = Header::parse(b"vax_event_id\tcvx\tCVX\tndc", None);
        assert_eq!(header.position(Field::Cvx), Some(2));
        assert_eq!(header.repeated(), [Field::Cvx]);
        assert_eq!(header.columns()[1], None);
    }

    #[test]
    fn what_may_be_data_is_not_shown_as_a_name() {
        let header = Header::parse(b"vax_event_id\tMARY SMITH\t1980-01-01\tother_column", None);
        let shown: Vec<_> = header.unknown().iter().map(|unknown| unknown.name.as_deref()).collect();
        assert_eq!(shown, [None, None, Some("other_column")]);
    }

    #[test]
    fn a_name_with_a_carriage_return_is_not_shown_as_it_stands() {
        // Found by fuzzing: blanks of every kind were taken off to judge the name, and shown with it.
        let header = Header::parse("vax_event_id\tother_x\r\t other_y \tother_z\u{2028}\n".as_bytes(), None);
        let shown: Vec<_> = header.unknown().iter().map(|unknown| unknown.name.as_deref()).collect();
        assert_eq!(shown, [None, Some(" other_y "), None]);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_name() {
        let header = Header::parse(b"\xEF\xBB\xBFvax_event_id\tcvx\n", None);
        assert!(header.has_bom());
        assert_eq!(header.position(Field::VaxEventId), Some(0));
        assert_eq!(header.byte_len(), 20);
    }

    #[test]
    fn the_canonical_header_is_complete() {
        for version in Version::ALL {
            let header = Header::canonical(version);
            assert_eq!(header.n_bound(), version.columns().len());
            assert!(header.is_in_order() && header.unknown().is_empty());
        }
    }
}
