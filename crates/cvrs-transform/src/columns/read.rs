//! The way back: the columns of CVRS in record batches as CVRS text.
//!
//! Columns are found by name, in any case and order, and may be texts of any kind that Arrow has, plain or in a
//! dictionary. A tab or a line break within a value would break the row, so each becomes one blank, which is counted.

use super::layout::LineEnd;
use arrow_array::cast::AsArray;
use arrow_array::types::ArrowDictionaryKeyType;
use arrow_array::{Array, ArrayRef, DictionaryArray, RecordBatch, downcast_dictionary_array};
use arrow_schema::{DataType, Schema};
use cvrs_spec::{Field, Version};
use std::collections::BTreeMap;

/// Why batches of a schema cannot be read as CVRS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadColumn {
    /// No column has a name of CVRS.
    #[error("none of its columns is a column of CVRS")]
    None,
    /// A column of CVRS is there twice.
    #[error("the column {0} is there more than once")]
    Twice(&'static str),
    /// A column is no text.
    #[error("the column {name} is of type {found}; the columns of CVRS must be text")]
    NoText {
        /// The column.
        name: &'static str,
        /// Its type, as Arrow prints it.
        found: String,
    },
}

/// What is longer is no line of CVRS, and is not written to its end.
const MOST_ROW_BYTES: usize = (64 << 20) + 1;

/// Whether values of that type are texts.
fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => true,
        // Some writers of Parquet do not say that their bytes are text.
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// The number of the version 1 columns among the names that a file has.
const V1_ONLY: [Field; 2] = [Field::VaxProvSuffix, Field::RecipMissedAppt];

/// The indexes of the columns of CVRS among the names of a file's columns.
pub(super) fn columns_of_cvrs<'n>(names: impl Iterator<Item = &'n str>) -> Vec<usize> {
    names.enumerate().filter(|(_, name)| Field::from_name(name.as_bytes()).is_some()).map(|(at, _)| at).collect()
}

/// Writes the rows of batches as lines.
#[derive(Clone, Debug)]
pub struct TextWriter {
    header: Vec<u8>,
    line_end: LineEnd,
    /// For each column of the text the column of the batches, if there is one.
    columns: Vec<Option<usize>>,
    n_mended: BTreeMap<&'static str, u64>,
    /// The name of each column of the text, for the counts.
    names: Vec<Option<&'static str>>,
}

impl TextWriter {
    /// A writer for batches of that schema. Its metadata tells the header and the line end; else they are canonical.
    ///
    /// # Errors
    /// Columns that cannot be those of CVRS.
    pub fn new(schema: &Schema) -> Result<Self, BadColumn> {
        let mut at = [None; Field::COUNT];
        for (index, column) in schema.fields().iter().enumerate() {
            let Some(field) = Field::from_name(column.name().as_bytes()) else { continue };
            if at[field as usize].replace(index).is_some() {
                return Err(BadColumn::Twice(field.name()));
            }
            if !is_text(column.data_type()) {
                return Err(BadColumn::NoText { name: field.name(), found: column.data_type().to_string() });
            }
        }
        if at.iter().all(Option::is_none) {
            return Err(BadColumn::None);
        }
        let told = |key: &str| schema.metadata().get(key).map(String::as_str);
        let line_end = told("cvrs.eol").and_then(LineEnd::from_name).unwrap_or_default();
        let header = told("cvrs.header").filter(|header| fits(header, &at));
        let header = header.map_or_else(
            || {
                let is_v1 = V1_ONLY.iter().any(|&field| at[field as usize].is_some());
                let version = if is_v1 { Version::V1 } else { Version::V3 };
                version.columns().iter().map(|field| field.name()).collect::<Vec<_>>().join("\t")
            },
            str::to_owned,
        );
        let parsed = cvrs_parse::Header::parse(header.as_bytes(), None);
        let columns = parsed.columns().iter().map(|field| field.and_then(|field| at[field as usize])).collect();
        let names = parsed.columns().iter().map(|field| field.map(Field::name)).collect();
        let mut header = header.into_bytes();
        header.extend_from_slice(line_end.bytes());
        Ok(Self { header, line_end, columns, n_mended: BTreeMap::new(), names })
    }

    /// The header line with its end.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// In how many values of each column tabs and line breaks have become blanks.
    pub const fn n_mended(&self) -> &BTreeMap<&'static str, u64> {
        &self.n_mended
    }

    /// Appends the rows of a batch.
    pub fn push(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) {
        self.push_in_pieces(batch, out, usize::MAX, |_| true);
    }

    /// The same, but whenever there are so many bytes or more, `take` takes them, and says whether to go on. A value may
    /// stand in any number of rows, so that a batch can be much longer as a text.
    pub fn push_in_pieces(
        &mut self,
        batch: &RecordBatch,
        out: &mut Vec<u8>,
        bytes: usize,
        mut take: impl FnMut(&mut Vec<u8>) -> bool,
    ) -> bool {
        let cells: Vec<Option<Cells<'_>>> =
            self.columns.iter().map(|column| column.map(|column| Cells::new(batch.column(column)))).collect();
        let line_end = self.line_end.bytes();
        for row in 0..batch.num_rows() {
            let row_at = out.len();
            for (column, cells) in cells.iter().enumerate() {
                if column > 0 {
                    out.push(b'\t');
                }
                let value = cells.as_ref().map_or(&b""[..], |cells| cells.get(row));
                let start = out.len();
                out.extend_from_slice(&value[..value.len().min(MOST_ROW_BYTES.saturating_sub(start - row_at))]);
                if value.iter().any(|&byte| byte < b' ' && matches!(byte, b'\t' | b'\n' | b'\r')) {
                    for byte in &mut out[start..] {
                        if matches!(*byte, b'\t' | b'\n' | b'\r') {
                            *byte = b' ';
                        }
                    }
                    if let Some(name) = self.names[column] {
                        *self.n_mended.entry(name).or_default() += 1;
                    }
                }
            }
            out.extend_from_slice(line_end);
            if out.len() >= bytes && !take(out) {
                return false;
            }
        }
        true
    }
}

/// Whether a header line that the metadata tells can stand above the columns: one line, and every column in it.
fn fits(header: &str, at: &[Option<usize>; Field::COUNT]) -> bool {
    let parsed = cvrs_parse::Header::parse(header.as_bytes(), None);
    let is_held = |(field, at): (Field, &Option<usize>)| at.is_none() || parsed.position(field).is_some();
    !header.contains(['\n', '\r']) && Field::all().zip(at).all(is_held)
}

/// The texts of a column, whatever holds them.
enum Cells<'a> {
    Texts(Box<dyn Fn(usize) -> &'a [u8] + 'a>),
    Keys { values: Box<Cells<'a>>, keys: Vec<Option<u32>> },
    Null,
}

impl<'a> Cells<'a> {
    fn new(array: &'a ArrayRef) -> Self {
        match array.data_type() {
            DataType::Utf8 => Self::Texts(Box::new({
                let array = array.as_string::<i32>();
                |row| if array.is_null(row) { b"" } else { array.value(row).as_bytes() }
            })),
            DataType::LargeUtf8 => Self::Texts(Box::new({
                let array = array.as_string::<i64>();
                |row| if array.is_null(row) { b"" } else { array.value(row).as_bytes() }
            })),
            DataType::Utf8View => Self::Texts(Box::new({
                let array = array.as_string_view();
                |row| if array.is_null(row) { b"" } else { array.value(row).as_bytes() }
            })),
            DataType::Binary => Self::Texts(Box::new({
                let array = array.as_binary::<i32>();
                |row| if array.is_null(row) { b"" } else { array.value(row) }
            })),
            DataType::LargeBinary => Self::Texts(Box::new({
                let array = array.as_binary::<i64>();
                |row| if array.is_null(row) { b"" } else { array.value(row) }
            })),
            DataType::BinaryView => Self::Texts(Box::new({
                let array = array.as_binary_view();
                |row| if array.is_null(row) { b"" } else { array.value(row) }
            })),
            DataType::Dictionary(..) => downcast_dictionary_array!(
                array => Self::of_dictionary(array),
                _ => Self::Null
            ),
            _ => Self::Null,
        }
    }

    fn of_dictionary<K: ArrowDictionaryKeyType>(array: &'a DictionaryArray<K>) -> Self {
        let keys = (0..array.len()).map(|row| array.key(row).map(|key| key as u32)).collect();
        Self::Keys { values: Box::new(Self::new(array.values())), keys }
    }

    #[inline]
    fn get(&self, row: usize) -> &'a [u8] {
        match self {
            Self::Texts(texts) => texts(row),
            Self::Keys { values, keys } => keys[row].map_or(b"", |key| values.get(key as usize)),
            Self::Null => b"",
        }
    }
}
