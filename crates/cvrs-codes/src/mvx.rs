//! Manufacturers of vaccines (MVX), and the pairs of vaccine and manufacturer under which products are listed.

use std::fmt;

use crate::cvx::CvxCode;
use crate::day::Day;
use crate::index::KeyIndex;
use crate::info::SetKind;
use crate::tsv::{self, Cells, Expected, Row, Text};

/// A manufacturer code: two or three capital ASCII letters or digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MvxCode([u8; 3]);

impl MvxCode {
    /// The unknown manufacturer.
    pub const UNK: Self = Self(*b"UNK");
    /// A manufacturer that has no code of its own.
    pub const OTH: Self = Self(*b"OTH");

    /// Reads two or three ASCII letters or digits of either case; blanks around them are not removed.
    #[inline]
    pub const fn parse(cell: &[u8]) -> Option<Self> {
        let code = match *cell {
            [a, b] if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() => [a, b, 0],
            [a, b, c] if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() && c.is_ascii_alphanumeric() => {
                [a, b, c]
            }
            _ => return None,
        };
        Some(Self([code[0].to_ascii_uppercase(), code[1].to_ascii_uppercase(), code[2].to_ascii_uppercase()]))
    }

    /// The code in capitals.
    pub fn as_str(&self) -> &str {
        let len = if self.0[2] == 0 { 2 } else { 3 };
        std::str::from_utf8(&self.0[..len]).unwrap_or_default()
    }

    /// Whether the code says nothing about who made the product: `UNK` or `OTH`.
    #[inline]
    pub fn is_unspecific(self) -> bool {
        self == Self::UNK || self == Self::OTH
    }

    const fn key(self) -> u64 {
        (self.0[0] as u64) << 16 | (self.0[1] as u64) << 8 | self.0[2] as u64
    }
}

impl fmt::Display for MvxCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MvxCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MvxCode({})", self.as_str())
    }
}

/// Reads a cell that holds a code or nothing.
pub(crate) fn optional_mvx(cell: &str) -> Result<Option<MvxCode>, Expected> {
    if cell.is_empty() {
        return Ok(None);
    }
    MvxCode::parse(cell.as_bytes()).map(Some).ok_or("an MVX code of two or three letters or an empty cell")
}

/// Whether the code is `AAA` or `BBB`, which CDC's test material of 2020 uses and which are no real codes; any case.
pub fn is_placeholder_mvx(cell: &[u8]) -> bool {
    cell.eq_ignore_ascii_case(b"AAA") || cell.eq_ignore_ascii_case(b"BBB")
}

/// One manufacturer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mvx {
    /// The code.
    pub code: MvxCode,
    /// Whether CDC lists it as active.
    pub is_active: bool,
    /// When CDC last changed the row.
    pub last_updated: Option<Day>,
    /// The manufacturer's name.
    pub name: Text,
}

impl Row for Mvx {
    const COLUMNS: &'static [&'static str] = &["code", "status", "last_updated", "name"];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self {
            code: MvxCode::parse(cells.text()?.as_bytes()).ok_or("an MVX code of two or three letters")?,
            is_active: match cells.text()? {
                "active" => true,
                "inactive" => false,
                _ => return Err("active or inactive"),
            },
            last_updated: cells.day()?,
            name: text(cells.last()?),
        })
    }

    fn write(&self, out: &mut String) {
        let status = if self.is_active { "active" } else { "inactive" };
        tsv::join(out, &[self.code.as_str(), status, &tsv::day(self.last_updated), &self.name]);
    }
}

/// The manufacturers in order of code.
#[derive(Debug, Clone)]
pub(crate) struct MvxSet {
    rows: Vec<Mvx>,
    index: KeyIndex,
}

impl MvxSet {
    pub(crate) fn builtin() -> Self {
        Self::new(tsv::builtin_rows(SetKind::Mvx.table()))
    }

    pub(crate) fn new(mut rows: Vec<Mvx>) -> Self {
        rows.sort_by_key(|row| row.code);
        let index = KeyIndex::new(rows.iter().map(|row| row.code.key()));
        Self { rows, index }
    }

    pub(crate) fn rows(&self) -> &[Mvx] {
        &self.rows
    }

    #[inline]
    pub(crate) fn get(&self, code: MvxCode) -> Option<&Mvx> {
        self.index.get(code.key()).map(|at| &self.rows[at])
    }
}

/// Whether CDC lists a product name now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProductStatus {
    /// Listed as active.
    Active,
    /// Listed as inactive.
    Inactive,
    /// Listed at some time since 2016-07, no longer under that exact name; often a mere change of name.
    Removed,
}

impl ProductStatus {
    const ALL: [Self; 3] = [Self::Active, Self::Inactive, Self::Removed];

    /// The word of our tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Removed => "removed",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(word))
    }
}

/// One product name with its vaccine and manufacturer. A pair may have several names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Product {
    /// The vaccine.
    pub cvx: CvxCode,
    /// The manufacturer; none for old names that CDC lists without one.
    pub mvx: Option<MvxCode>,
    /// Whether CDC lists the name now.
    pub status: ProductStatus,
    /// When CDC last changed the row.
    pub last_updated: Option<Day>,
    /// Where the row was seen: `tradename`, `tradename-history` or `ndc`.
    pub source: Text,
    /// The product (trade) name.
    pub trade_name: Text,
}

impl Row for Product {
    const COLUMNS: &'static [&'static str] = &["cvx", "mvx", "status", "last_updated", "source", "trade_name"];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self {
            cvx: CvxCode::parse(cells.text()?.as_bytes()).ok_or("a CVX code of one to three digits")?,
            mvx: optional_mvx(cells.text()?)?,
            status: ProductStatus::parse(cells.text()?).ok_or("active, inactive or removed")?,
            last_updated: cells.day()?,
            source: text(cells.text()?),
            trade_name: text(cells.last()?),
        })
    }

    fn write(&self, out: &mut String) {
        tsv::join(
            out,
            &[
                &self.cvx.to_string(),
                self.mvx.as_ref().map_or("", MvxCode::as_str),
                self.status.as_str(),
                &tsv::day(self.last_updated),
                &self.source,
                &self.trade_name,
            ],
        );
    }
}

/// The products in order of vaccine, manufacturer and name.
#[derive(Debug, Clone)]
pub(crate) struct ProductSet {
    rows: Vec<Product>,
    /// The rows of CVX number `n` are `start[n]..start[n + 1]`.
    start: Box<[u16; 1001]>,
}

impl ProductSet {
    pub(crate) fn builtin() -> Self {
        Self::new(tsv::builtin_rows(SetKind::Product.table()))
    }

    pub(crate) fn new(mut rows: Vec<Product>) -> Self {
        // The built-in table is committed in this order.
        let order = |a: &Product, b: &Product| (a.cvx, a.mvx, &a.trade_name).cmp(&(b.cvx, b.mvx, &b.trade_name));
        if !rows.is_sorted_by(|a, b| order(a, b).is_le()) {
            rows.sort_by(order);
        }
        let mut start = Box::new([0u16; 1001]);
        let mut at = 0;
        for number in 0..1000u16 {
            start[usize::from(number)] = at;
            while rows.get(usize::from(at)).is_some_and(|row| row.cvx.number() == number) {
                at += 1;
            }
        }
        start[1000] = at;
        Self { rows, start }
    }

    pub(crate) fn rows(&self) -> &[Product] {
        &self.rows
    }

    /// The products of one vaccine.
    #[inline]
    pub(crate) fn of_cvx(&self, cvx: CvxCode) -> &[Product] {
        let number = usize::from(cvx.number());
        &self.rows[usize::from(self.start[number])..usize::from(self.start[number + 1])]
    }
}
