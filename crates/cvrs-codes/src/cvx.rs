//! Vaccines administered: the CVX set, its facts by number, and the doses of a COVID-19 primary series.

use std::fmt;

use crate::day::Day;
use crate::info::SetKind;
use crate::tsv::{self, Cells, Expected, Row, Text};

/// A CVX number, 1–999. Prints in CDC's spelling, with two digits at least: `08`, `208`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CvxCode(u16);

impl CvxCode {
    /// The code of a number from 1 to 999.
    pub const fn new(number: u16) -> Option<Self> {
        if number == 0 || number > 999 { None } else { Some(Self(number)) }
    }

    /// Reads a cell of digits; leading zeros do not count, so `8`, `08` and `0008` are one code.
    ///
    /// Blanks, signs, anything but digits, zero and numbers above 999 give `None`.
    #[inline]
    pub fn parse(cell: &[u8]) -> Option<Self> {
        let mut number = 0u16;
        for byte in cell {
            if !byte.is_ascii_digit() {
                return None;
            }
            number = number * 10 + u16::from(byte - b'0');
            if number > 999 {
                return None;
            }
        }
        Self::new(number)
    }

    /// The number, 1–999.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CvxCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

/// CDC's status of a vaccine code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CvxStatus {
    /// In use.
    Active,
    /// Valid for historical records.
    Inactive,
    /// Expected to come into use.
    Pending,
    /// Given a code, never used ("Never Active").
    Never,
    /// Not a US product.
    NonUs,
}

impl CvxStatus {
    /// The word of our tables, such as `non-us`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Never => "never",
            Self::NonUs => "non-us",
        }
    }

    /// Reads our word or CDC's, any case.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        if word.eq_ignore_ascii_case("never active") {
            return Some(Self::Never);
        }
        [Self::Active, Self::Inactive, Self::Pending, Self::Never, Self::NonUs]
            .into_iter()
            .find(|status| status.as_str().eq_ignore_ascii_case(word))
    }
}

/// What sort of product a code names; our reading of the CDC descriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CvxKind {
    /// A vaccine.
    Vaccine,
    /// An immune globulin.
    ImmuneGlobulin,
    /// An antitoxin.
    Antitoxin,
    /// A monoclonal antibody.
    MonoclonalAntibody,
    /// A skin test.
    SkinTest,
    /// An adjuvant.
    Adjuvant,
    /// Not a product: 99 (reserved), 998 (no vaccine administered), 999 (unknown). Not to be confused with the
    /// test placeholders 900–902, see [`is_placeholder_cvx`].
    Placeholder,
}

impl CvxKind {
    const ALL: [Self; 7] = [
        Self::Vaccine,
        Self::ImmuneGlobulin,
        Self::Antitoxin,
        Self::MonoclonalAntibody,
        Self::SkinTest,
        Self::Adjuvant,
        Self::Placeholder,
    ];

    /// The word of our tables, such as `immune-globulin`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vaccine => "vaccine",
            Self::ImmuneGlobulin => "immune-globulin",
            Self::Antitoxin => "antitoxin",
            Self::MonoclonalAntibody => "monoclonal-antibody",
            Self::SkinTest => "skin-test",
            Self::Adjuvant => "adjuvant",
            Self::Placeholder => "placeholder",
        }
    }
}

/// One vaccine code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cvx {
    /// The code.
    pub code: CvxCode,
    /// CDC's status.
    pub status: CvxStatus,
    /// What sort of product it is.
    pub kind: CvxKind,
    /// Whether it is a COVID-19 vaccine.
    pub is_covid: bool,
    /// Whether CDC marks it as no vaccine.
    pub nonvaccine: bool,
    /// When CDC last changed the row.
    pub last_updated: Option<Day>,
    /// When the status last changed, if a change was seen since 2016-07.
    pub status_since: Option<Day>,
    /// CDC vaccine groups, `;` between several; may be empty.
    pub vaccine_group: Text,
    /// CDC's short description.
    pub short_name: Text,
    /// CDC's full vaccine name.
    pub full_name: Text,
}

impl Row for Cvx {
    const COLUMNS: &'static [&'static str] = &[
        "code",
        "status",
        "kind",
        "is_covid",
        "nonvaccine",
        "last_updated",
        "status_since",
        "vaccine_groups",
        "short_name",
        "full_name",
    ];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self {
            code: CvxCode::parse(cells.text()?.as_bytes()).ok_or("a CVX code of one to three digits")?,
            status: CvxStatus::parse(cells.text()?).ok_or("a CVX status")?,
            kind: {
                let word = cells.text()?;
                CvxKind::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or("a kind of product")?
            },
            is_covid: cells.flag()?,
            nonvaccine: cells.flag()?,
            last_updated: cells.day()?,
            status_since: cells.day()?,
            vaccine_group: text(cells.text()?),
            short_name: text(cells.text()?),
            full_name: text(cells.last()?),
        })
    }

    fn write(&self, out: &mut String) {
        tsv::join(
            out,
            &[
                &self.code.to_string(),
                self.status.as_str(),
                self.kind.as_str(),
                tsv::flag(self.is_covid),
                tsv::flag(self.nonvaccine),
                &tsv::day(self.last_updated),
                &tsv::day(self.status_since),
                &self.vaccine_group,
                &self.short_name,
                &self.full_name,
            ],
        );
    }
}

/// Whether the number is one of 900–902, which CDC's test material of 2020 uses and which are no real codes.
///
/// Leading zeros do not count, as in [`CvxCode::parse`].
pub fn is_placeholder_cvx(cell: &[u8]) -> bool {
    CvxCode::parse(cell).is_some_and(|code| is_placeholder(code.0))
}

const fn is_placeholder(number: u16) -> bool {
    matches!(number, 900..=902)
}

/// What the validator's hot path asks of a CVX number: a set of flags in one byte.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct CvxFacts(u8);

impl CvxFacts {
    /// The code is in the set.
    pub const KNOWN: Self = Self(1);
    /// It is a COVID-19 vaccine.
    pub const COVID: Self = Self(1 << 1);
    /// It is a test placeholder (900–902); never together with `KNOWN`.
    pub const PLACEHOLDER: Self = Self(1 << 2);
    /// Its COVID-19 primary series takes one dose.
    pub const SINGLE_DOSE: Self = Self(1 << 3);
    /// Its COVID-19 primary series takes more than one dose.
    pub const MULTI_DOSE: Self = Self(1 << 4);

    /// Whether all flags of `other` are set.
    #[inline]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the code is in the set.
    #[inline]
    pub const fn is_known(self) -> bool {
        self.contains(Self::KNOWN)
    }

    /// Whether it is a COVID-19 vaccine.
    #[inline]
    pub const fn is_covid(self) -> bool {
        self.contains(Self::COVID)
    }

    /// Whether it is a test placeholder.
    #[inline]
    pub const fn is_placeholder(self) -> bool {
        self.contains(Self::PLACEHOLDER)
    }

    /// Whether the COVID-19 primary series takes more than one dose; `None` where nothing is on record.
    #[inline]
    pub const fn is_multi_dose(self) -> Option<bool> {
        if self.contains(Self::MULTI_DOSE) {
            Some(true)
        } else if self.contains(Self::SINGLE_DOSE) {
            Some(false)
        } else {
            None
        }
    }

    const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for CvxFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::KNOWN, "KNOWN"),
            (Self::COVID, "COVID"),
            (Self::PLACEHOLDER, "PLACEHOLDER"),
            (Self::SINGLE_DOSE, "SINGLE_DOSE"),
            (Self::MULTI_DOSE, "MULTI_DOSE"),
        ];
        f.debug_set().entries(names.iter().filter(|(flag, _)| self.contains(*flag)).map(|(_, name)| name)).finish()
    }
}

/// The number of doses in the primary series of a COVID-19 product, with its source.
///
/// Deliberately few: only products whose first authorisation fixed one series. See [`CvxFacts::is_multi_dose`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CovidSeries {
    /// The product.
    pub cvx: CvxCode,
    /// Doses in the primary series, 1–3.
    pub doses: u8,
    /// The authorisation that says so.
    pub source: Text,
}

impl Row for CovidSeries {
    const COLUMNS: &'static [&'static str] = &["cvx", "doses", "source"];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self {
            cvx: CvxCode::parse(cells.text()?.as_bytes()).ok_or("a CVX code of one to three digits")?,
            doses: cells.text()?.parse().map_err(|_| "a number of doses")?,
            source: text(cells.last()?),
        })
    }

    fn write(&self, out: &mut String) {
        tsv::join(out, &[&self.cvx.to_string(), &self.doses.to_string(), &self.source]);
    }
}

/// The doses on record, by CVX.
pub(crate) fn covid_series() -> Vec<CovidSeries> {
    tsv::builtin_rows(SetKind::CovidSeries.table())
}

/// The CVX rows in order of code, with the facts by number.
#[derive(Debug, Clone)]
pub(crate) struct CvxSet {
    rows: Vec<Cvx>,
    /// Row number plus one, by CVX number; zero is no row.
    at: Box<[u16; 1000]>,
    facts: Box<[CvxFacts; 1000]>,
    /// The highest number of CDC's two running series: below 500, and the non-US series from 500 to 799.
    highest: [u16; 2],
}

impl CvxSet {
    pub(crate) fn builtin() -> Self {
        Self::new(tsv::builtin_rows(SetKind::Cvx.table()))
    }

    pub(crate) fn new(mut rows: Vec<Cvx>) -> Self {
        rows.sort_by_key(|row| row.code);
        let mut at = Box::new([0u16; 1000]);
        let mut facts = Box::new([CvxFacts::default(); 1000]);
        let mut highest = [0, 499];
        for number in 900..=902 {
            facts[number] = CvxFacts::PLACEHOLDER;
        }
        for (position, row) in rows.iter().enumerate() {
            let number = row.code.0;
            at[usize::from(number)] = position as u16 + 1;
            // A set that lists a placeholder for real has the last word.
            facts[usize::from(number)] =
                if row.is_covid { CvxFacts::KNOWN.with(CvxFacts::COVID) } else { CvxFacts::KNOWN };
            match number {
                0..=499 => highest[0] = highest[0].max(number),
                500..=799 => highest[1] = highest[1].max(number),
                _ => {}
            }
        }
        for series in covid_series() {
            let fact = &mut facts[usize::from(series.cvx.0)];
            *fact = fact.with(if series.doses > 1 { CvxFacts::MULTI_DOSE } else { CvxFacts::SINGLE_DOSE });
        }
        Self { rows, at, facts, highest }
    }

    pub(crate) fn rows(&self) -> &[Cvx] {
        &self.rows
    }

    #[inline]
    pub(crate) fn get(&self, code: CvxCode) -> Option<&Cvx> {
        let at = self.at[usize::from(code.0)];
        (at > 0).then(|| &self.rows[usize::from(at) - 1])
    }

    pub(crate) fn facts(&self) -> &[CvxFacts; 1000] {
        &self.facts
    }

    /// Whether the number lies beyond the last one assigned in its series, where new codes appear.
    pub(crate) fn is_beyond(&self, code: CvxCode) -> bool {
        match code.0 {
            0..=499 => code.0 > self.highest[0],
            500..=799 => code.0 > self.highest[1],
            _ => false,
        }
    }
}
