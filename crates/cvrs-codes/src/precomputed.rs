//! What the hot path needs of the two largest tables, worked out while compiling.
//!
//! Reading the NDC and county tables takes several tenths of a millisecond, most of it spent on texts that a validation
//! never looks at. A short file is validated in a few milliseconds in all, so the codes are read by the compiler
//! instead: `const` functions walk the same tables that [`crate::tsv`] reads at run time, and tests compare the two.
//! A malformed table fails the build.

use crate::county::{CountyBitmap, is_in_2019_to_2022};
use crate::cvx::CvxCode;
use crate::info::SetKind;
use crate::mvx::MvxCode;
use crate::ndc::Ndc11;
use crate::ndc_set::NdcLevel;

const NDC: &[u8] = SetKind::Ndc.table().as_bytes();
const COUNTY: &[u8] = SetKind::County.table().as_bytes();

/// The leading cells of an NDC row, and where the others stand in the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NdcKey {
    pub(crate) code: Ndc11,
    pub(crate) level: NdcLevel,
    pub(crate) cvx: CvxCode,
    pub(crate) mvx: MvxCode,
    /// First byte of the cells after these.
    pub(crate) rest: u32,
    /// One past the last byte of the row.
    pub(crate) end: u32,
}

/// The keys of the NDC table, in its order.
pub(crate) static NDC_KEYS: [NdcKey; n_rows(NDC)] = ndc_keys();

/// County codes in the lists of 2019–2022, in all lists, and in CDC's list of 2021-01.
pub(crate) static COUNTY_BITMAPS: [CountyBitmap; 3] = county_bitmaps();

/// The position of `byte` at or after `from`.
const fn find(table: &[u8], mut from: usize, byte: u8) -> usize {
    while table[from] != byte {
        from += 1;
    }
    from
}

/// Where the row after the one that holds `at` begins.
const fn next_row(table: &[u8], at: usize) -> usize {
    find(table, at, b'\n') + 1
}

/// Where the first row after the comment lines begins.
const fn first_row(table: &[u8]) -> usize {
    let mut at = 0;
    while table[at] == b'#' {
        at = next_row(table, at);
    }
    at
}

const fn n_rows(table: &[u8]) -> usize {
    let mut at = first_row(table);
    let mut n_rows = 0;
    while at < table.len() {
        n_rows += 1;
        at = next_row(table, at);
    }
    n_rows
}

/// The digits in `from..to` as a number.
const fn number(table: &[u8], mut from: usize, to: usize) -> u32 {
    let mut number = 0;
    while from < to {
        assert!(table[from].is_ascii_digit(), "a digit");
        number = number * 10 + (table[from] - b'0') as u32;
        from += 1;
    }
    number
}

/// `FFFFF-PPPP-KK`, tab, level, tab, CVX, tab, MVX, tab.
const fn ndc_key(at: usize) -> NdcKey {
    assert!(NDC[at + 5] == b'-' && NDC[at + 10] == b'-' && NDC[at + 13] == b'\t', "an NDC of 5-4-2");
    let labeler = number(NDC, at, at + 5);
    let product = number(NDC, at + 6, at + 10) as u16;
    let package = number(NDC, at + 11, at + 13) as u8;
    let level = if NDC[at + 14] == b's' { NdcLevel::Sale } else { NdcLevel::Use };
    let cvx = find(NDC, at + 14, b'\t') + 1;
    let mvx = find(NDC, cvx, b'\t') + 1;
    let rest = find(NDC, mvx, b'\t') + 1;
    let (_, tail) = NDC.split_at(mvx);
    let (mvx_cell, _) = tail.split_at(rest - 1 - mvx);
    NdcKey {
        code: Ndc11::new(labeler, product, package).expect("an NDC"),
        level,
        cvx: CvxCode::new(number(NDC, cvx, mvx - 1) as u16).expect("a CVX code"),
        mvx: MvxCode::parse(mvx_cell).expect("an MVX code"),
        rest: rest as u32,
        end: find(NDC, rest, b'\n') as u32,
    }
}

#[expect(clippy::large_stack_arrays, reason = "only ever run by the compiler")]
const fn ndc_keys() -> [NdcKey; n_rows(NDC)] {
    let mut at = first_row(NDC);
    let mut keys = [ndc_key(at); n_rows(NDC)];
    let mut row = 0;
    while row < keys.len() {
        keys[row] = ndc_key(at);
        at = keys[row].end as usize + 1;
        row += 1;
    }
    keys
}

/// `FFFFF`, tab, state, tab, status, tab, first year, tab, last year, tab, y or n, tab.
#[expect(clippy::large_stack_arrays, reason = "only ever run by the compiler")]
const fn county_bitmaps() -> [CountyBitmap; 3] {
    let mut maps = [CountyBitmap::EMPTY; 3];
    let mut at = first_row(COUNTY);
    while at < COUNTY.len() {
        let fips5 = number(COUNTY, at, at + 5);
        let first = find(COUNTY, at + 9, b'\t') + 1;
        let last = find(COUNTY, first, b'\t') + 1;
        let in_cdc_2021 = find(COUNTY, last, b'\t') + 1;
        if is_in_2019_to_2022(year(first, last - 1), year(last, in_cdc_2021 - 1)) {
            maps[0].insert(fips5);
        }
        maps[1].insert(fips5);
        if COUNTY[in_cdc_2021] == b'y' {
            maps[2].insert(fips5);
        }
        at = next_row(COUNTY, in_cdc_2021);
    }
    maps
}

const fn year(from: usize, to: usize) -> Option<u16> {
    if from == to { None } else { Some(number(COUNTY, from, to) as u16) }
}

#[cfg(test)]
mod tests {
    use super::{COUNTY_BITMAPS, NDC_KEYS};
    use crate::county::{County, CountyList};
    use crate::info::SetKind;
    use crate::ndc_set::Ndc;
    use crate::tsv;

    #[test]
    fn ndc_keys_are_what_the_table_reader_reads() {
        let rows: Vec<Ndc> = tsv::builtin_rows(SetKind::Ndc.table());
        assert_eq!(NDC_KEYS.map(Ndc::from).to_vec(), rows);
        assert!(rows.is_sorted_by_key(Ndc::key));
    }

    #[test]
    fn county_bitmaps_are_what_the_table_reader_reads() {
        let rows: Vec<County> = tsv::builtin_rows(SetKind::County.table());
        let lists = [CountyList::From2019To2022, CountyList::Since2000, CountyList::Cdc2021];
        for (map, list) in COUNTY_BITMAPS.iter().zip(lists) {
            let listed = rows.iter().filter(|county| county.is_in(list));
            assert!(listed.clone().all(|county| map.contains_number(county.number())));
            assert_eq!(map.n_codes(), listed.count());
        }
    }
}
