//! One column of a row group and what is derived of it, straight from the parts of which the group is made.
//!
//! Texts are looked up once a part, and what is derived of a text once for all rows that have it. Which form a column has,
//! with a dictionary or without, depends on its values alone, and so does the order of a dictionary.

use super::Error;
use super::builder::{NO_KEY, Values};
use super::derive;
use super::interner::Interner;
use super::layout::What;
use super::pages::{Packer, Pages};
use super::value::Value;
use cvrs_codes::{CodeSets, Ndc11};
use cvrs_parse::Date;
use cvrs_spec::{Field, Kind};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescPtr;
use std::collections::HashMap;
use std::ops::Range;

/// The most text of a dictionary.
const DICTIONARY_BYTES: usize = 1 << 20;

/// Of so many texts at the beginning of a column at most half may differ, else it gets no dictionary.
const SAMPLE: usize = 4096;

/// Rows of a part's column.
pub(super) type Slice<'g> = (&'g Values, Range<usize>);

/// Where a column stands in the file, what it is, and how the file describes it.
pub(super) type Place = (usize, What, ColumnDescPtr);

/// A column that was sent, and those that are derived of it.
#[derive(Debug)]
pub struct Column<'g> {
    pub(super) slices: Vec<Slice<'g>>,
    pub(super) n_rows: usize,
    pub(super) own: Place,
    pub(super) derived: Vec<Place>,
    /// The codes of the vaccines, by which some drug codes are told.
    pub(super) cvx: Vec<Slice<'g>>,
    pub(super) codes: &'g CodeSets,
    pub(super) source: &'g str,
}

/// A column as it stands in the file.
pub struct EncodedColumn {
    pub(super) at: usize,
    pub(super) bytes: Vec<u8>,
    pub(super) told: Box<ColumnCloseResult>,
}

impl std::fmt::Debug for EncodedColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EncodedColumn({})", self.at)
    }
}

/// Values by their numbers.
fn coded<V: Value>(
    place: &Place,
    values: &[V],
    keys: &[u32],
    packer: &mut Packer,
) -> Result<EncodedColumn, ParquetError> {
    let mut pages = Pages::new(packer);
    pages.coded(values, keys)?;
    finish(place, pages)
}

/// Values as they are.
fn plain<V: Value>(
    place: &Place,
    rows: impl Iterator<Item = Option<V>>,
    packer: &mut Packer,
) -> Result<EncodedColumn, ParquetError> {
    let mut pages = Pages::new(packer);
    pages.plain(rows)?;
    finish(place, pages)
}

fn finish<V: Value>((at, _, descr): &Place, pages: Pages<'_, V>) -> Result<EncodedColumn, ParquetError> {
    let (bytes, told) = pages.finish(descr)?;
    Ok(EncodedColumn { at: *at, bytes, told: Box::new(told) })
}

impl Column<'_> {
    /// Does the work, which needs nothing of the other columns. A thread has one packer for all columns.
    ///
    /// # Errors
    /// None that the parts of a [`super::Builder`] can cause.
    pub fn encode(self, packer: &mut Packer) -> Result<Vec<EncodedColumn>, Error> {
        let mut keys = packer.spare_keys.pop().unwrap_or_default();
        keys.clear();
        let encoded = self.encode_with(&mut keys, packer);
        packer.spare_keys.push(keys);
        Ok(encoded?)
    }

    /// About how much work it is.
    pub(super) fn weight(&self) -> usize {
        let weight = |(values, rows): &Slice<'_>| match values {
            Values::Texts(texts) => texts.bytes.len(),
            _ => rows.len(),
        };
        self.slices.iter().map(weight).sum()
    }

    fn encode_with(&self, keys: &mut Vec<u32>, packer: &mut Packer) -> Result<Vec<EncodedColumn>, ParquetError> {
        let field = match self.own.1 {
            What::Cell(field) => field,
            What::SourceFile => {
                keys.resize(self.n_rows, 0);
                return Ok(vec![coded(&self.own, &[self.source.as_bytes()], keys, packer)?]);
            }
            _ => return Ok(vec![plain(&self.own, numbers(&self.slices), packer)?]),
        };
        let distinct = intern(&self.slices, has_few(field), keys);
        let texts: Vec<&[u8]>;
        let mut encoded = Vec::with_capacity(1 + self.derived.len());
        if let Some(distinct) = &distinct {
            texts = (0..distinct.len()).map(|at| distinct.texts.get(at)).collect();
            encoded.push(coded(&self.own, &texts, keys, packer)?);
        } else {
            encoded.push(plain(&self.own, cells(&self.slices), packer)?);
            if self.derived.is_empty() {
                return Ok(encoded);
            }
            // As if each row had a text of its own.
            texts = cells(&self.slices).map(Option::unwrap_or_default).collect();
            keys.clear();
            keys.extend((0..).zip(&texts).map(|(at, text)| if text.is_empty() { NO_KEY } else { at }));
        }
        let mut own_keys = packer.spare_keys.pop().unwrap_or_default();
        for place in &self.derived {
            encoded.push(self.derive(place, &texts, keys, &mut own_keys, packer)?);
        }
        packer.spare_keys.push(own_keys);
        Ok(encoded)
    }

    /// A column that is derived of these texts.
    fn derive(
        &self,
        place: &Place,
        texts: &[&[u8]],
        keys: &[u32],
        own_keys: &mut Vec<u32>,
        packer: &mut Packer,
    ) -> Result<EncodedColumn, ParquetError> {
        // The number of what each text stands for.
        let mut of_texts = Vec::with_capacity(texts.len());
        let of_date = |text: &&[u8]| Date::parse(text);
        let mut null = NO_KEY;
        match place.1 {
            What::Day(_) => {
                let mut numbers = Numbers::default();
                of_texts.extend(texts.iter().map(|text| numbers.number(of_date(text).map(derive::days))));
                translate(keys, &of_texts, null, own_keys);
                coded(place, &numbers.values, own_keys, packer)
            }
            What::Precision(_) => {
                let mut numbers = Numbers::default();
                of_texts.extend(texts.iter().map(|text| numbers.number(of_date(text).map(derive::precision))));
                translate(keys, &of_texts, null, own_keys);
                coded(place, &numbers.values, own_keys, packer)
            }
            What::DoseNumber => {
                let mut numbers = Numbers::default();
                of_texts.extend(texts.iter().map(|text| numbers.number(derive::dose(text).map(i32::from))));
                translate(keys, &of_texts, null, own_keys);
                coded(place, &numbers.values, own_keys, packer)
            }
            What::Ndc11 => {
                let distinct = self.drug_codes(texts, keys, own_keys);
                let texts: Vec<&[u8]> = (0..distinct.len()).map(|at| distinct.texts.get(at)).collect();
                coded(place, &texts, own_keys, packer)
            }
            what => {
                let answer = |text: &[u8]| match what {
                    What::IsRefusal => Some(derive::is_refusal(text)),
                    _ => derive::answer(text),
                };
                let key = |text: &[u8]| answer(text).map_or(NO_KEY, u32::from);
                of_texts.extend(texts.iter().map(|text| key(text)));
                null = key(b"");
                translate(keys, &of_texts, null, own_keys);
                coded(place, &[false, true], own_keys, packer)
            }
        }
    }

    /// The drug codes of eleven digits: most are told by what was sent, a few by the vaccine besides.
    fn drug_codes(&self, texts: &[&[u8]], keys: &[u32], own_keys: &mut Vec<u32>) -> Interner {
        const BY_VACCINE: u32 = NO_KEY - 1;
        let mut distinct = Interner::default();
        let number = |text: &&[u8]| Ndc11::parse(text).map_or(BY_VACCINE, |code| distinct.number(&code.hyphenated()));
        let of_texts: Vec<u32> = texts.iter().map(number).collect();
        translate(keys, &of_texts, NO_KEY, own_keys);
        if !of_texts.contains(&BY_VACCINE) {
            return distinct;
        }
        let mut known: HashMap<(u32, &[u8]), u32> = HashMap::new();
        for ((own, &key), cvx) in own_keys.iter_mut().zip(keys).zip(cells(&self.cvx)) {
            if *own == BY_VACCINE {
                let cvx = cvx.unwrap_or_default();
                *own = *known.entry((key, cvx)).or_insert_with(|| {
                    let code = derive::ndc11(self.codes, texts[key as usize], cvx);
                    code.map_or(NO_KEY, |code| distinct.number(&code))
                });
            }
        }
        distinct
    }
}

/// From the numbers of texts to those of what the texts stand for.
fn translate(keys: &[u32], of_texts: &[u32], null: u32, out: &mut Vec<u32>) {
    out.clear();
    out.extend(keys.iter().map(|&key| of_texts.get(key as usize).copied().unwrap_or(null)));
}

/// Different values, numbered in the order in which they first came.
struct Numbers<V> {
    values: Vec<V>,
    known: HashMap<V, u32>,
}

impl<V> Default for Numbers<V> {
    fn default() -> Self {
        Self { values: Vec::new(), known: HashMap::new() }
    }
}

impl<V: Copy + Eq + std::hash::Hash> Numbers<V> {
    fn number(&mut self, value: Option<V>) -> u32 {
        let Some(value) = value else { return NO_KEY };
        let next = self.values.len() as u32;
        let number = *self.known.entry(value).or_insert(next);
        if number == next {
            self.values.push(value);
        }
        number
    }
}

/// Whether a column has few different values as long as they are what they should be.
fn has_few(field: Field) -> bool {
    field.facts().kind != Kind::Text || matches!(field, Field::RecipAddressZip | Field::AdminAddressZip)
}

/// Cells, row by row; an empty one is null.
fn cells<'s>(slices: &'s [Slice<'_>]) -> impl Iterator<Item = Option<&'s [u8]>> {
    let cells = slices.iter().flat_map(|(values, rows)| {
        rows.clone().map(move |row| match values {
            Values::Texts(texts) => texts.get(row),
            Values::Codes { distinct, keys } if keys[row] != NO_KEY => distinct.texts.get(keys[row] as usize),
            _ => b"",
        })
    });
    cells.map(|cell| (!cell.is_empty()).then_some(cell))
}

/// Numbers, row by row.
fn numbers(slices: &[Slice<'_>]) -> impl Iterator<Item = Option<i64>> {
    slices.iter().flat_map(|(values, rows)| {
        rows.clone().map(move |row| match values {
            Values::Numbers(numbers) => Some(numbers[row]),
            _ => None,
        })
    })
}

/// The different texts of a column, and the numbers row by row, unless there are too many.
fn intern(slices: &[Slice<'_>], has_few: bool, keys: &mut Vec<u32>) -> Option<Interner> {
    let mut distinct = Interner::default();
    if !has_few {
        let mut sample = cells(slices).flatten();
        let n_sampled = sample.by_ref().take(SAMPLE).map(|text| distinct.number(text)).count();
        if n_sampled == SAMPLE && distinct.len() > SAMPLE / 2 {
            return None;
        }
        distinct.clear();
    }
    let mut of_part = Vec::new();
    for (values, rows) in slices {
        match values {
            Values::Codes { distinct: own, keys: own_keys } => {
                of_part.clear();
                of_part.resize(own.len(), NO_KEY);
                keys.extend(own_keys[rows.clone()].iter().map(|&key| match of_part.get_mut(key as usize) {
                    None => NO_KEY,
                    Some(number) => {
                        if *number == NO_KEY {
                            *number = distinct.number(own.texts.get(key as usize));
                        }
                        *number
                    }
                }));
            }
            Values::Texts(texts) => {
                let text = |row| texts.get(row);
                keys.extend(rows.clone().map(text).map(|text| match text {
                    b"" => NO_KEY,
                    text => distinct.number(text),
                }));
            }
            _ => keys.extend(rows.clone().map(|_| NO_KEY)),
        }
        if distinct.texts.bytes.len() > DICTIONARY_BYTES {
            return None;
        }
    }
    Some(distinct)
}
