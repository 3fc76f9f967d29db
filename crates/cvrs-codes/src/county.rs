//! Counties by five-digit FIPS code, and bitmaps of the lists that a rule may ask for.

use std::fmt;

use crate::info::SetKind;
use crate::precomputed::COUNTY_BITMAPS;
use crate::tsv::{self, Cells, Expected, Row, Text};
use crate::zip::five_digits;

/// Whether a county code is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CountyStatus {
    /// In the newest Census list.
    Current,
    /// In an earlier list only.
    Legacy,
}

/// A choice among the codes of the county set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CountyList {
    /// In the Census list of any year from 2019 to 2022, which includes Connecticut's counties and its regions.
    From2019To2022,
    /// In the Census list of any year since 2000.
    Since2000,
    /// In CDC's county list of 2021-01, which the tools of that time use.
    Cdc2021,
}

/// One county or equivalent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct County {
    /// The FIPS code as a number; [`County::fips5`] gives the digits.
    number: u32,
    /// The state's two letters.
    pub state: Text,
    /// Whether the code is in use.
    pub status: CountyStatus,
    /// The first year of a Census list that has the code, if it came after 2000.
    pub first_year: Option<u16>,
    /// The last year of a Census list that has the code, if it went since 2000.
    pub last_year: Option<u16>,
    /// Whether CDC's county list of 2021-01 has it.
    pub in_cdc_2021: bool,
    /// Codes that took a retired code over, blanks between; empty for Connecticut, whose regions cross county lines.
    pub successors: Text,
    /// The full name, such as `Fulton County`.
    pub name: Text,
}

impl County {
    /// The five digits.
    pub fn fips5(&self) -> [u8; 5] {
        let mut digits = [b'0'; 5];
        let mut rest = self.number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        digits
    }

    /// The FIPS code as a number, 0–99999.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Whether the county is in a list.
    pub fn is_in(&self, list: CountyList) -> bool {
        match list {
            CountyList::Since2000 => true,
            CountyList::Cdc2021 => self.in_cdc_2021,
            CountyList::From2019To2022 => is_in_2019_to_2022(self.first_year, self.last_year),
        }
    }
}

/// Whether a code of these first and last years is in a Census list of 2019 to 2022.
pub(crate) const fn is_in_2019_to_2022(first: Option<u16>, last: Option<u16>) -> bool {
    let begins = match first {
        Some(year) => year <= 2022,
        None => true,
    };
    let ends = match last {
        Some(year) => year >= 2019,
        None => true,
    };
    begins && ends
}

fn year(cell: &str) -> Result<Option<u16>, Expected> {
    if cell.is_empty() { Ok(None) } else { cell.parse().map(Some).map_err(|_| "a year or an empty cell") }
}

impl Row for County {
    const COLUMNS: &'static [&'static str] =
        &["fips5", "state", "status", "first_year", "last_year", "cdc_2021", "successors", "name"];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self {
            number: five_digits(cells.text()?.as_bytes()).ok_or("a FIPS code of five digits")?,
            state: text(cells.text()?),
            status: match cells.text()? {
                "current" => CountyStatus::Current,
                "legacy" => CountyStatus::Legacy,
                _ => return Err("current or legacy"),
            },
            first_year: year(cells.text()?)?,
            last_year: year(cells.text()?)?,
            in_cdc_2021: cells.flag()?,
            successors: text(cells.text()?),
            name: text(cells.last()?),
        })
    }

    fn write(&self, out: &mut String) {
        let year = |year: Option<u16>| year.map(|year| year.to_string()).unwrap_or_default();
        let fips5 = self.fips5();
        tsv::join(
            out,
            &[
                std::str::from_utf8(&fips5).unwrap_or_default(),
                &self.state,
                if self.status == CountyStatus::Current { "current" } else { "legacy" },
                &year(self.first_year),
                &year(self.last_year),
                tsv::flag(self.in_cdc_2021),
                &self.successors,
                &self.name,
            ],
        );
    }
}

/// The counties in order of code.
#[derive(Debug, Clone)]
pub(crate) struct CountySet(Vec<County>);

impl CountySet {
    pub(crate) fn builtin() -> Self {
        Self(tsv::builtin_rows(SetKind::County.table()))
    }

    pub(crate) fn rows(&self) -> &[County] {
        &self.0
    }

    pub(crate) fn get(&self, fips5: &[u8]) -> Option<&County> {
        self.by_number(five_digits(fips5)?)
    }

    pub(crate) fn by_number(&self, number: u32) -> Option<&County> {
        self.0.binary_search_by_key(&number, |county| county.number).ok().map(|at| &self.0[at])
    }
}

/// One bit for each of the codes 00000 to 99999: 12.5 KB, a look-up is one load.
#[derive(Clone, PartialEq, Eq)]
pub struct CountyBitmap([u64; 1563]);

impl CountyBitmap {
    pub(crate) const EMPTY: Self = Self([0; 1563]);

    /// The codes of a list.
    #[inline]
    pub(crate) fn of(list: CountyList) -> &'static Self {
        match list {
            CountyList::From2019To2022 => &COUNTY_BITMAPS[0],
            CountyList::Since2000 => &COUNTY_BITMAPS[1],
            CountyList::Cdc2021 => &COUNTY_BITMAPS[2],
        }
    }

    /// Whether the cell is five digits and the list has them.
    #[inline]
    pub fn contains(&self, fips5: &[u8]) -> bool {
        five_digits(fips5).is_some_and(|number| self.contains_number(number))
    }

    /// Whether the list has the code; numbers above 99999 are in no list.
    #[inline]
    pub fn contains_number(&self, number: u32) -> bool {
        self.0.get(number as usize / 64).is_some_and(|word| word & 1 << (number % 64) != 0)
    }

    /// How many codes the list has.
    pub fn n_codes(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(crate) const fn insert(&mut self, number: u32) {
        self.0[number as usize / 64] |= 1 << (number % 64);
    }
}

impl fmt::Debug for CountyBitmap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountyBitmap").field("n_codes", &self.n_codes()).finish()
    }
}
