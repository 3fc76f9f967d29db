//! Which columns there are, and what is told about the file they came from.

use arrow_schema::{DataType, Field as ArrowField, Metadata, Schema, SchemaRef};
use cvrs_parse::{BOM, Header};
use cvrs_spec::{Field, Kind, Version};
use std::sync::Arc;

/// What is written besides the columns of CVRS, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether derived columns follow: dates as dates, the dose as a number, answers as booleans.
    pub typed: bool,
    /// Whether columns of codes are dictionaries.
    pub dictionary: bool,
    /// Whether each row tells where it stood.
    pub source: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { typed: true, dictionary: true, source: false }
    }
}

/// The text that rows came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, as it is to stand in `source_file`.
    pub name: String,
}

/// How the lines of a text end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnd {
    /// With a line feed.
    #[default]
    Lf,
    /// With a carriage return and a line feed.
    Crlf,
}

impl LineEnd {
    /// The end of the header line tells.
    pub fn of_header(line: &[u8]) -> Self {
        if line.ends_with(b"\r\n") { Self::Crlf } else { Self::Lf }
    }

    /// The name that the metadata gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lf => "lf",
            Self::Crlf => "crlf",
        }
    }

    /// The line end of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Lf, Self::Crlf].into_iter().find(|end| end.name() == name)
    }

    /// The bytes.
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::Crlf => b"\r\n",
        }
    }
}

/// What a file of columns tells about the text it was made of: the keys `cvrs.*` of its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The version of the text.
    pub version: Version,
    /// Its header line without mark and line end; `None` where it is no UTF-8.
    pub header: Option<String>,
    /// How its lines end.
    pub line_end: LineEnd,
    /// How many columns of CVRS there are.
    pub n_columns: usize,
    /// SHA-256 of the unpacked text in hex, where it is known.
    pub sha256: Option<String>,
    /// Name and version of the program that writes.
    pub tool: String,
}

impl Facts {
    /// The facts of a text that begins with `line`, its header line with its end.
    pub fn of_header(line: &[u8], header: &Header, tool: &str) -> Self {
        let line_end = LineEnd::of_header(line);
        let line = line.strip_prefix(BOM).unwrap_or(line);
        let line = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        Self {
            version: header.version(),
            header: std::str::from_utf8(line).ok().map(str::to_owned),
            line_end,
            n_columns: header.version().columns().len(),
            sha256: None,
            tool: tool.to_owned(),
        }
    }

    /// Keys and values, in the order in which they are written.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("cvrs.version", self.version.name().to_owned())];
        pairs.extend(self.header.clone().map(|header| ("cvrs.header", header)));
        pairs.push(("cvrs.eol", self.line_end.name().to_owned()));
        pairs.push(("cvrs.columns", self.n_columns.to_string()));
        pairs.extend(self.sha256.clone().map(|hash| ("cvrs.source_sha256", hash)));
        pairs.push(("cvrs.tool", self.tool.clone()));
        pairs
    }

    /// The same as metadata of a schema.
    pub fn metadata(&self) -> Metadata {
        self.pairs().into_iter().collect()
    }
}

/// A column of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A column of CVRS.
    Cell(Field),
    /// The day of a date; the first of a month where the day is unknown.
    Day(Field),
    /// How much of a date is known.
    Precision(Field),
    DoseNumber,
    IsRefusal,
    /// YES or NO.
    Answer(Field),
    Ndc11,
    SourceFile,
    SourceLine,
    SourceRecord,
}

/// The dates that derived columns are made of.
const DATES: [Field; 3] = [Field::RecipDob, Field::AdminDate, Field::VaxExpiration];

impl What {
    /// All columns in their order. Version 1 has two columns of its own, which stand right behind the 45.
    pub(crate) fn all(version: Version, options: &Options) -> Vec<Self> {
        let mut all: Vec<Self> = Version::V3.columns().iter().copied().map(Self::Cell).collect();
        if version == Version::V1 {
            all.extend([Field::VaxProvSuffix, Field::RecipMissedAppt].map(Self::Cell));
        }
        if options.typed {
            all.extend(DATES.map(Self::Day));
            all.extend(DATES.map(Self::Precision));
            all.extend([Self::DoseNumber, Self::IsRefusal]);
            all.extend([Field::VaxSeriesComplete, Field::CmorbidStatus, Field::Serology].map(Self::Answer));
            all.push(Self::Ndc11);
        }
        if options.source {
            all.extend([Self::SourceFile, Self::SourceLine, Self::SourceRecord]);
        }
        all
    }

    /// The columns that are not derived of others.
    pub(crate) fn sent(version: Version, options: &Options) -> Vec<Self> {
        Self::all(version, &Options { typed: false, ..options.clone() })
    }

    /// The column of CVRS that it is, or is derived of.
    pub(crate) const fn field(self) -> Option<Field> {
        match self {
            Self::Cell(field) | Self::Day(field) | Self::Precision(field) | Self::Answer(field) => Some(field),
            Self::DoseNumber => Some(Field::DoseNum),
            Self::IsRefusal => Some(Field::VaxRefusal),
            Self::Ndc11 => Some(Field::Ndc),
            Self::SourceFile | Self::SourceLine | Self::SourceRecord => None,
        }
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Cell(field) => field.name().to_owned(),
            Self::Day(field) => format!("{}_date", field.name()),
            Self::Precision(field) => format!("{}_precision", field.name()),
            Self::DoseNumber => "dose_number".to_owned(),
            Self::IsRefusal => "is_refusal".to_owned(),
            Self::Answer(Field::VaxSeriesComplete) => "is_series_complete".to_owned(),
            Self::Answer(Field::CmorbidStatus) => "is_special_risk".to_owned(),
            Self::Answer(field) => format!("is_{}_positive", field.name()),
            Self::Ndc11 => "ndc11".to_owned(),
            Self::SourceFile => "source_file".to_owned(),
            Self::SourceLine => "source_line".to_owned(),
            Self::SourceRecord => "source_record".to_owned(),
        }
    }

    /// Whether it is a dictionary where dictionaries are wanted.
    pub(crate) fn is_code(self) -> bool {
        matches!(self, Self::Cell(field) if field.facts().kind == Kind::Code)
    }

    fn data_type(self, options: &Options) -> DataType {
        match self {
            what if what.is_code() && options.dictionary => {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
            }
            Self::Cell(_) | Self::Precision(_) | Self::Ndc11 | Self::SourceFile => DataType::Utf8,
            Self::Day(_) => DataType::Date32,
            Self::DoseNumber => DataType::Int8,
            Self::IsRefusal | Self::Answer(_) => DataType::Boolean,
            Self::SourceLine | Self::SourceRecord => DataType::Int64,
        }
    }
}

/// The schema of batches, without metadata.
pub(crate) fn schema(columns: &[What], options: &Options) -> SchemaRef {
    let fields: Vec<_> =
        columns.iter().map(|what| ArrowField::new(what.name(), what.data_type(options), true)).collect();
    Arc::new(Schema::new(fields))
}

/// The schema with its metadata.
pub(crate) fn described(schema: &SchemaRef, metadata: Metadata) -> SchemaRef {
    Arc::new(Schema::new_with_metadata(schema.fields().clone(), metadata))
}
