//! Reading the files that CDC publishes, and keeping them in our own form.
//!
//! A file is recognised by its layout, not by its name: number of fields and the shape of the telling ones. CDC's text
//! files are pipe-delimited without header, quoting or escape; codes are padded with blanks; bytes beyond ASCII are
//! Windows-1252, sometimes UTF-16 with a byte-order mark; lines may end with CR LF; rows repeat.
//!
//! ```text
//! bytes ─ decode ─► lines ─ layout of first line ─► rows ─ last of a key ─► ImportedSet ─► to_tsv ─► from_tsv ─┐
//!                                                                              └────────────► CodeSets::with_* ◄┘
//! ```

mod decode;
mod layout;
pub(crate) mod overlay;
pub(crate) mod rows;

use std::fmt::{self, Write as _};

use crate::cvx::Cvx;
use crate::day::Day;
use crate::mvx::{Mvx, Product};
use crate::tsv::{self, Expected, Row};
use rows::{Crosswalk, Group, NdcIdLink, NdcUnit};

/// Which of CDC's files an import was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ImportKind {
    /// `cvx.txt`
    Cvx,
    /// `mvx.txt`
    Mvx,
    /// `VG.txt`: vaccine groups.
    Group,
    /// `TRADENAME.txt`
    Product,
    /// `NDC_Unit_sale.txt`
    NdcSale,
    /// `NDC_Unit_use.txt`
    NdcUse,
    /// `NDC_Linker.txt`
    NdcLink,
    /// `get_all_ndc_display2.txt`: sale, use, CVX and MVX in one row.
    NdcCrosswalk,
}

impl ImportKind {
    const ALL: [Self; 8] = [
        Self::Cvx,
        Self::Mvx,
        Self::Group,
        Self::Product,
        Self::NdcSale,
        Self::NdcUse,
        Self::NdcLink,
        Self::NdcCrosswalk,
    ];

    /// The name in versions and file names, such as `ndc-sale`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cvx => "cvx",
            Self::Mvx => "mvx",
            Self::Group => "vaccine-group",
            Self::Product => "cvx-mvx",
            Self::NdcSale => "ndc-sale",
            Self::NdcUse => "ndc-use",
            Self::NdcLink => "ndc-link",
            Self::NdcCrosswalk => "ndc-crosswalk",
        }
    }
}

impl fmt::Display for ImportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a file cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file has no row.
    #[error("{file}: no row found")]
    Empty {
        /// The file.
        file: Box<str>,
    },
    /// The first line has no `|`; the download server may answer with a web page.
    #[error("{file}: line {line}: expected fields separated by '|'")]
    NotDelimited {
        /// The file.
        file: Box<str>,
        /// 1-based line.
        line: usize,
    },
    /// The first line is of no known layout.
    #[error("{file}: line {line}: {fields} fields fit none of the known layouts (cvx, mvx, VG, TRADENAME, NDC files)")]
    Unrecognised {
        /// The file.
        file: Box<str>,
        /// 1-based line.
        line: usize,
        /// How many fields it has.
        fields: usize,
    },
    /// A line does not fit the layout of the file.
    #[error("{file}: line {line}: expected {expected}")]
    Row {
        /// The file.
        file: Box<str>,
        /// 1-based line.
        line: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// A stored import is not in the form that [`ImportedSet::to_tsv`] writes.
    #[error("{file}: expected a stored import that begins with '# import: ' and the name of a set")]
    NotStored {
        /// The file.
        file: Box<str>,
    },
}

impl ImportError {
    /// The 1-based line, where there is one.
    pub const fn line(&self) -> Option<usize> {
        match self {
            Self::NotDelimited { line, .. } | Self::Unrecognised { line, .. } | Self::Row { line, .. } => Some(*line),
            Self::Empty { .. } | Self::NotStored { .. } => None,
        }
    }
}

/// The rows of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    Cvx(Vec<Cvx>),
    Mvx(Vec<Mvx>),
    Group(Vec<Group>),
    Product(Vec<Product>),
    NdcSale(Vec<NdcUnit>),
    NdcUse(Vec<NdcUnit>),
    NdcLink(Vec<NdcIdLink>),
    NdcCrosswalk(Vec<Crosswalk>),
}

/// The content of one imported file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedSet {
    file: Box<str>,
    version: Option<Day>,
    n_repeated: usize,
    body: Body,
}

/// Reads a file that CDC publishes. `file_name` only appears in messages and in the origin of the stored form.
///
/// # Errors
/// If the file is empty, no pipe-delimited text, of no known layout, or has a line that does not fit its layout; with
/// the line and what was expected there.
pub fn read(bytes: &[u8], file_name: &str) -> Result<ImportedSet, ImportError> {
    let text = decode::decode(bytes);
    let (body, version, n_repeated) = layout::read(&text, file_name)?;
    Ok(ImportedSet { file: file_name.into(), version, n_repeated, body })
}

impl ImportedSet {
    /// Which file it was.
    pub const fn kind(&self) -> ImportKind {
        match self.body {
            Body::Cvx(_) => ImportKind::Cvx,
            Body::Mvx(_) => ImportKind::Mvx,
            Body::Group(_) => ImportKind::Group,
            Body::Product(_) => ImportKind::Product,
            Body::NdcSale(_) => ImportKind::NdcSale,
            Body::NdcUse(_) => ImportKind::NdcUse,
            Body::NdcLink(_) => ImportKind::NdcLink,
            Body::NdcCrosswalk(_) => ImportKind::NdcCrosswalk,
        }
    }

    /// The name of the file it was read from.
    pub fn file_name(&self) -> &str {
        &self.file
    }

    /// The newest change date among its rows; none for files that carry no date (VG, linker).
    pub const fn version(&self) -> Option<Day> {
        self.version
    }

    /// Name and version for reports, such as `cvx 2026-03-01`.
    pub fn label(&self) -> String {
        self.version.map_or_else(|| self.kind().to_string(), |version| format!("{} {version}", self.kind()))
    }

    /// Rows kept.
    pub fn n_rows(&self) -> usize {
        match &self.body {
            Body::Cvx(rows) => rows.len(),
            Body::Mvx(rows) => rows.len(),
            Body::Group(rows) => rows.len(),
            Body::Product(rows) => rows.len(),
            Body::NdcSale(rows) | Body::NdcUse(rows) => rows.len(),
            Body::NdcLink(rows) => rows.len(),
            Body::NdcCrosswalk(rows) => rows.len(),
        }
    }

    /// Rows dropped because the file repeats their key.
    pub const fn n_repeated(&self) -> usize {
        self.n_repeated
    }

    /// Our own form: comment lines with set, version, size and origin, then tab-separated rows.
    pub fn to_tsv(&self) -> String {
        let mut out = format!("# import: {}\n", self.kind());
        if let Some(version) = self.version {
            let _ = writeln!(out, "# version: {version}");
        }
        let _ = write!(out, "# rows: {}\n# origin: ", self.n_rows());
        tsv::join(&mut out, &[&self.file]);
        out.push('\n');
        match &self.body {
            Body::Cvx(rows) => write(&mut out, rows),
            Body::Mvx(rows) => write(&mut out, rows),
            Body::Group(rows) => write(&mut out, rows),
            Body::Product(rows) => write(&mut out, rows),
            Body::NdcSale(rows) | Body::NdcUse(rows) => write(&mut out, rows),
            Body::NdcLink(rows) => write(&mut out, rows),
            Body::NdcCrosswalk(rows) => write(&mut out, rows),
        }
        out
    }

    /// Reads the form that [`ImportedSet::to_tsv`] writes.
    ///
    /// # Errors
    /// If the content is not in that form, with the line and what was expected there.
    pub fn from_tsv(bytes: &[u8], file_name: &str) -> Result<Self, ImportError> {
        let not_stored = || ImportError::NotStored { file: file_name.into() };
        let text = str::from_utf8(bytes).map_err(|_| not_stored())?;
        let name = tsv::header(text, "import").ok_or_else(not_stored)?;
        let kind = ImportKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(not_stored)?;
        let row = |(line, expected): (usize, Expected)| ImportError::Row { file: file_name.into(), line, expected };
        let body = match kind {
            ImportKind::Cvx => Body::Cvx(tsv::rows(text, tsv::copy).map_err(row)?),
            ImportKind::Mvx => Body::Mvx(tsv::rows(text, tsv::copy).map_err(row)?),
            ImportKind::Group => Body::Group(tsv::rows(text, tsv::copy).map_err(row)?),
            ImportKind::Product => Body::Product(tsv::rows(text, tsv::copy).map_err(row)?),
            ImportKind::NdcSale => Body::NdcSale(tsv::rows(text, tsv::copy).map_err(row)?),
            ImportKind::NdcUse => Body::NdcUse(tsv::rows(text, tsv::copy).map_err(row)?),
            ImportKind::NdcLink => Body::NdcLink(tsv::rows(text, tsv::copy).map_err(row)?),
            ImportKind::NdcCrosswalk => Body::NdcCrosswalk(tsv::rows(text, tsv::copy).map_err(row)?),
        };
        let version = match tsv::header(text, "version") {
            None => None,
            Some(version) => Some(Day::parse(version).ok_or_else(not_stored)?),
        };
        let file = tsv::header(text, "origin").unwrap_or(file_name).into();
        Ok(Self { file, version, n_repeated: 0, body })
    }
}

fn write<R: Row>(out: &mut String, rows: &[R]) {
    out.push_str("# columns: ");
    out.push_str(&R::COLUMNS.join(" "));
    out.push('\n');
    for row in rows {
        row.write(out);
        out.push('\n');
    }
}
