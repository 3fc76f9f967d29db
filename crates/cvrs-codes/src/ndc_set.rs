//! The NDC table and its look-up.

use crate::cvx::CvxCode;
use crate::day::Day;
use crate::index::KeyIndex;
use crate::info::SetKind;
use crate::mvx::{MvxCode, optional_mvx};
use crate::ndc::{Candidates, Ndc11, NdcSpelling, NotNdc, is_placeholder_ndc, parse_ndc};
use crate::precomputed::{NDC_KEYS, NdcKey};
use crate::tsv::{self, Cells, Expected, Row, Text};

/// Which package a code names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NdcLevel {
    /// Unit of sale: the outer package.
    Sale,
    /// Unit of use: the vial or syringe.
    Use,
}

impl NdcLevel {
    /// The word of our tables: `sale` or `use`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Use => "use",
        }
    }

    pub(crate) fn parse(word: &str) -> Result<Self, Expected> {
        match word {
            "sale" => Ok(Self::Sale),
            "use" => Ok(Self::Use),
            _ => Err("sale or use"),
        }
    }
}

/// Whether CDC still publishes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NdcStatus {
    /// In the current files.
    Listed,
    /// CDC has moved the code to another CVX.
    Superseded,
    /// Dropped from the files.
    Delisted,
    /// Only ever in CDC's table of COVID-19 codes.
    CovidTable,
}

impl NdcStatus {
    const ALL: [Self; 4] = [Self::Listed, Self::Superseded, Self::Delisted, Self::CovidTable];

    /// The word of our tables, such as `covid-table`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Superseded => "superseded",
            Self::Delisted => "delisted",
            Self::CovidTable => "covid-table",
        }
    }
}

/// One row of the NDC table. A code may stand in several: as sale and use, with two CVX, with two MVX.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ndc {
    /// The code.
    pub code: Ndc11,
    /// Which package it names.
    pub level: NdcLevel,
    /// The vaccine; none where an imported file says none.
    pub cvx: Option<CvxCode>,
    /// The manufacturer; none where an imported file links none.
    pub mvx: Option<MvxCode>,
    /// The other columns with tabs between: read when asked for, which most runs never do.
    rest: Text,
}

/// The columns of a row but for its texts, to build one from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NdcFacts {
    pub(crate) code: Ndc11,
    pub(crate) level: NdcLevel,
    pub(crate) cvx: Option<CvxCode>,
    pub(crate) mvx: Option<MvxCode>,
    pub(crate) start_date: Option<Day>,
    pub(crate) end_date: Option<Day>,
    pub(crate) last_updated: Option<Day>,
    pub(crate) last_listed: Option<Day>,
}

impl Ndc {
    /// A row of an imported file, which is one that CDC lists.
    pub(crate) fn listed(facts: NdcFacts, product: &str, labeler: &str, description: &str) -> Self {
        let mut rest = String::new();
        tsv::join(
            &mut rest,
            &[
                &tsv::day(facts.start_date),
                &tsv::day(facts.end_date),
                NdcStatus::Listed.as_str(),
                &tsv::day(facts.last_updated),
                &tsv::day(facts.last_listed),
                product,
                labeler,
                description,
            ],
        );
        Self { code: facts.code, level: facts.level, cvx: facts.cvx, mvx: facts.mvx, rest: rest.into() }
    }

    fn column(&self, at: usize) -> &str {
        self.rest.split('\t').nth(at).unwrap_or_default()
    }

    /// First day of marketing.
    pub fn start_date(&self) -> Option<Day> {
        Day::parse(self.column(0))
    }

    /// Last day of marketing; none if open or not published.
    pub fn end_date(&self) -> Option<Day> {
        Day::parse(self.column(1))
    }

    /// Whether CDC still publishes the row.
    pub fn status(&self) -> NdcStatus {
        let word = self.column(2);
        NdcStatus::ALL.into_iter().find(|status| status.as_str() == word).unwrap_or(NdcStatus::Listed)
    }

    /// When CDC last changed the row.
    pub fn last_updated(&self) -> Option<Day> {
        Day::parse(self.column(3))
    }

    /// Date of the newest file version that holds the row.
    pub fn last_listed(&self) -> Option<Day> {
        Day::parse(self.column(4))
    }

    /// The proprietary name.
    pub fn product(&self) -> &str {
        self.column(5)
    }

    /// The labeler's name.
    pub fn labeler(&self) -> &str {
        self.column(6)
    }

    /// FDA's generic name, often with the season.
    pub fn description(&self) -> &str {
        self.column(7)
    }

    /// Rows with equal keys are one row in two versions.
    pub(crate) fn key(&self) -> (Ndc11, NdcLevel, Option<CvxCode>, Option<MvxCode>) {
        (self.code, self.level, self.cvx, self.mvx)
    }
}

impl From<NdcKey> for Ndc {
    fn from(key: NdcKey) -> Self {
        let rest = &SetKind::Ndc.table()[key.rest as usize..key.end as usize];
        Self { code: key.code, level: key.level, cvx: Some(key.cvx), mvx: Some(key.mvx), rest: rest.into() }
    }
}

impl Row for Ndc {
    const COLUMNS: &'static [&'static str] = &[
        "ndc11",
        "level",
        "cvx",
        "mvx",
        "start_date",
        "end_date",
        "map_status",
        "last_updated",
        "last_listed",
        "product",
        "labeler",
        "description",
    ];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self {
            code: ndc11(cells.text()?)?,
            level: NdcLevel::parse(cells.text()?)?,
            cvx: optional_cvx(cells.text()?)?,
            mvx: optional_mvx(cells.text()?)?,
            rest: text(cells.rest(8)?),
        })
    }

    fn write(&self, out: &mut String) {
        tsv::join(
            out,
            &[
                &self.code.to_string(),
                self.level.as_str(),
                &self.cvx.map(|cvx| cvx.to_string()).unwrap_or_default(),
                self.mvx.as_ref().map_or("", MvxCode::as_str),
            ],
        );
        out.push('\t');
        out.push_str(&self.rest);
    }
}

/// Reads a cell in the pattern 5-4-2.
pub(crate) fn ndc11(cell: &str) -> Result<Ndc11, Expected> {
    parse_ndc(cell.as_bytes())
        .ok()
        .filter(|text| text.spelling == NdcSpelling::Eleven)
        .map(|text| text.candidates.as_slice()[0])
        .ok_or("an NDC of 11 digits, 5-4-2 with hyphens")
}

/// Reads a cell that holds a CVX code or nothing.
pub(crate) fn optional_cvx(cell: &str) -> Result<Option<CvxCode>, Expected> {
    if cell.is_empty() {
        return Ok(None);
    }
    CvxCode::parse(cell.as_bytes()).map(Some).ok_or("a CVX code of one to three digits or an empty cell")
}

/// Which unit of use lies in which unit of sale.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct NdcLink {
    /// The outer package.
    pub sale: Ndc11,
    /// The vial or syringe inside.
    pub unit: Ndc11,
    /// The manufacturer of the link.
    pub mvx: Option<MvxCode>,
}

impl NdcLink {
    pub(crate) const fn new(sale: Ndc11, unit: Ndc11, mvx: Option<MvxCode>) -> Self {
        Self { sale, unit, mvx }
    }
}

impl Row for NdcLink {
    const COLUMNS: &'static [&'static str] = &["sale_ndc11", "use_ndc11", "mvx"];

    fn read<'a>(cells: &mut Cells<'a>, _: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self::new(ndc11(cells.text()?)?, ndc11(cells.text()?)?, optional_mvx(cells.text()?)?))
    }

    fn write(&self, out: &mut String) {
        let mvx = self.mvx.as_ref().map_or("", MvxCode::as_str);
        tsv::join(out, &[&self.sale.to_string(), &self.unit.to_string(), mvx]);
    }
}

/// A code of the set with its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownNdc<'a> {
    /// How the cell spells it.
    pub spelling: NdcSpelling,
    /// The normal form.
    pub code: Ndc11,
    /// Its rows, never empty.
    pub entries: &'a [Ndc],
}

impl KnownNdc<'_> {
    /// The vaccine, if all rows name the same one.
    pub fn unique_cvx(&self) -> Option<CvxCode> {
        let first = self.entries.first()?.cvx?;
        self.entries.iter().all(|entry| entry.cvx == Some(first)).then_some(first)
    }

    /// The manufacturer, if all rows name the same one.
    pub fn unique_mvx(&self) -> Option<MvxCode> {
        let first = self.entries.first()?.mvx?;
        self.entries.iter().all(|entry| entry.mvx == Some(first)).then_some(first)
    }
}

/// What the NDC set says of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NdcLookup<'a> {
    /// One code of the set.
    Known(KnownNdc<'a>),
    /// Ten bare digits that stand for more than one code of the set.
    Ambiguous(Candidates),
    /// A test placeholder, see [`is_placeholder_ndc`].
    Placeholder(Ndc11),
    /// A legal spelling of no code of the set.
    Unknown {
        /// How the cell spells it.
        spelling: NdcSpelling,
        /// What it can stand for.
        candidates: Candidates,
    },
    /// Twelve digits: the coming form, not supported.
    TwelveDigits,
    /// No legal spelling, the empty cell included.
    Malformed,
}

impl NdcLookup<'_> {
    /// Whether the cell names something of the set, be it ambiguously.
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Known(_) | Self::Ambiguous(_))
    }
}

/// The rows in order of code, with an index by code.
#[derive(Debug, Clone)]
pub(crate) struct NdcSet {
    rows: Vec<Ndc>,
    /// First row of each code, and one past the last row at the end.
    start: Vec<u32>,
    index: KeyIndex,
}

impl NdcSet {
    pub(crate) fn builtin() -> Self {
        Self::new(NDC_KEYS.iter().map(|key| Ndc::from(*key)).collect())
    }

    pub(crate) fn new(mut rows: Vec<Ndc>) -> Self {
        // The built-in table is committed in this order, so this is one pass over it.
        if !rows.is_sorted_by_key(Ndc::key) {
            rows.sort_by_key(Ndc::key);
        }
        let mut start: Vec<u32> = Vec::with_capacity(rows.len() + 1);
        for (at, row) in rows.iter().enumerate() {
            if at == 0 || rows[at - 1].code != row.code {
                start.push(at as u32);
            }
        }
        let index = KeyIndex::new(start.iter().map(|at| rows[*at as usize].code.number()));
        start.push(rows.len() as u32);
        Self { rows, start, index }
    }

    pub(crate) fn rows(&self) -> &[Ndc] {
        &self.rows
    }

    pub(crate) fn n_codes(&self) -> usize {
        self.start.len() - 1
    }

    /// The rows of a code; empty if it is not in the set.
    #[inline]
    pub(crate) fn entries(&self, code: Ndc11) -> &[Ndc] {
        match self.index.get(code.number()) {
            Some(group) => &self.rows[self.start[group] as usize..self.start[group + 1] as usize],
            None => &[],
        }
    }

    #[inline]
    pub(crate) fn look_up(&self, cell: &[u8]) -> NdcLookup<'_> {
        let text = match parse_ndc(cell) {
            Ok(text) => text,
            Err(NotNdc::TwelveDigits) => return NdcLookup::TwelveDigits,
            Err(NotNdc::Malformed) => return NdcLookup::Malformed,
        };
        let (spelling, candidates) = (text.spelling, text.candidates);
        let mut found = None;
        for code in candidates.as_slice() {
            let entries = self.entries(*code);
            if entries.is_empty() {
                continue;
            }
            if found.is_some() {
                return NdcLookup::Ambiguous(candidates);
            }
            found = Some(KnownNdc { spelling, code: *code, entries });
        }
        if let Some(known) = found {
            return NdcLookup::Known(known);
        }
        match candidates.as_slice().iter().find(|code| is_placeholder_ndc(**code)) {
            Some(code) => NdcLookup::Placeholder(*code),
            None => NdcLookup::Unknown { spelling, candidates },
        }
    }
}
