//! Parts, in the order of the text, gathered into batches of an exact number of rows.

use super::Error;
use super::builder::{NO_ANSWER, NO_DAY, NO_KEY, Part, Values};
use super::interner::{Interner, Texts};
use super::layout::{Options, Source, What, schema};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Int8Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, SchemaRef};
use cvrs_spec::Version;
use std::ops::Range;
use std::sync::Arc;

/// How long dictionaries live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dictionaries {
    /// Each batch has its own.
    OfBatch,
    /// They grow from batch to batch, each the beginning of the next; one of more entries than that starts anew.
    UpTo(usize),
    /// They grow, and more text in them than so many bytes is an error.
    Whole(usize),
}

/// Gathers parts.
#[derive(Debug)]
pub struct Gatherer {
    what: Vec<What>,
    schema: SchemaRef,
    batch_rows: usize,
    dictionaries: Dictionaries,
    source: Option<Source>,
    /// The rows of the next batch. Codes have their dictionaries here.
    pending: Vec<Values>,
    /// The dictionary of each column as it was last handed out, so that one that has not changed is the same array.
    handed_out: Vec<Option<ArrayRef>>,
    n_pending: usize,
    n_rows: u64,
    /// From the numbers of a part's dictionary to those of the column's.
    numbers: Vec<u32>,
}

impl Gatherer {
    /// A gatherer of batches of `batch_rows` rows; the last one may have fewer.
    ///
    /// # Panics
    /// If `batch_rows` is zero.
    pub fn new(
        version: Version,
        options: &Options,
        source: Option<Source>,
        batch_rows: usize,
        dictionaries: Dictionaries,
    ) -> Self {
        assert!(batch_rows > 0, "a batch has rows");
        let what = What::all(version, options);
        let pending: Vec<_> = what.iter().map(|&what| Values::new(what, options)).collect();
        let schema = schema(&what, options);
        let handed_out = vec![None; what.len()];
        let (n_pending, n_rows, numbers) = (0, 0, Vec::new());
        Self { what, schema, batch_rows, dictionaries, source, pending, handed_out, n_pending, n_rows, numbers }
    }

    /// The schema of the batches, without metadata.
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// How many rows have been added.
    pub const fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Adds a part; `take` gets the batches that it fills.
    ///
    /// # Errors
    /// What `take` reports, and a column of more than 2 GiB.
    pub fn add<E: From<Error>>(
        &mut self,
        part: &Part,
        mut take: impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut done = 0;
        while done < part.n_rows {
            let end = part.n_rows.min(done + self.batch_rows - self.n_pending);
            for (pending, values) in self.pending.iter_mut().zip(&part.columns) {
                append(pending, values, done..end, &mut self.numbers)?;
            }
            self.n_pending += end - done;
            self.n_rows += (end - done) as u64;
            done = end;
            if self.n_pending == self.batch_rows {
                take(self.cut()?)?;
            }
        }
        Ok(())
    }

    /// The last rows, if there are any.
    ///
    /// # Errors
    /// Dictionaries that outgrow their bound.
    pub fn finish(&mut self) -> Result<Option<RecordBatch>, Error> {
        if self.n_pending == 0 { Ok(None) } else { self.cut().map(Some) }
    }

    /// A batch without a row.
    pub fn empty(&self) -> RecordBatch {
        RecordBatch::new_empty(Arc::clone(&self.schema))
    }

    /// The last dictionary of each column that has one, in the order of the columns.
    pub fn dictionaries(&self) -> Vec<Option<ArrayRef>> {
        let is_code = |at: usize| matches!(self.schema.field(at).data_type(), DataType::Dictionary(..));
        let empty = || -> ArrayRef { Arc::new(StringArray::from(Vec::<&str>::new())) };
        let of = |at: usize| is_code(at).then(|| self.handed_out[at].clone().unwrap_or_else(empty));
        (0..self.what.len()).map(of).collect()
    }

    fn cut(&mut self) -> Result<RecordBatch, Error> {
        let mut arrays = Vec::with_capacity(self.what.len());
        for ((what, pending), handed_out) in self.what.iter().zip(&mut self.pending).zip(&mut self.handed_out) {
            let array: ArrayRef = match pending {
                Values::Texts(texts) => {
                    // The next batch will be about as large.
                    let room = Texts::with_room_of(texts);
                    Arc::new(strings(std::mem::replace(texts, room), true)?)
                }
                Values::Codes { distinct, keys } => {
                    let values = match handed_out.take() {
                        Some(values) if values.len() == distinct.len() => values,
                        _ => Arc::new(strings(distinct.texts.clone(), false)?),
                    };
                    let room = Vec::with_capacity(keys.len());
                    let keys = std::mem::replace(keys, room);
                    let nulls = NullBuffer::new(keys.iter().map(|&key| key != NO_KEY).collect());
                    // A null's key must be within the dictionary for some readers.
                    let signed = |key: u32| if key == NO_KEY { 0 } else { key.cast_signed() };
                    let keys = keys.into_iter().map(signed).collect::<ScalarBuffer<i32>>();
                    let array = DictionaryArray::<Int32Type>::try_new(
                        Int32Array::try_new(keys, some(nulls))?,
                        Arc::clone(&values),
                    )?;
                    *handed_out = (!is_let_go(*what, self.dictionaries, distinct)?).then_some(values);
                    Arc::new(array)
                }
                Values::Days(days) => {
                    let nulls = NullBuffer::new(days.iter().map(|&day| day != NO_DAY).collect());
                    let days = days.drain(..).map(|day| if day == NO_DAY { 0 } else { day });
                    Arc::new(Date32Array::try_new(days.collect(), some(nulls))?)
                }
                Values::Dose(doses) => {
                    let nulls = NullBuffer::new(doses.iter().map(|&dose| dose != 0).collect());
                    Arc::new(Int8Array::try_new(std::mem::take(doses).into(), some(nulls))?)
                }
                Values::Answers(answers) => {
                    let nulls = NullBuffer::new(answers.iter().map(|&answer| answer != NO_ANSWER).collect());
                    let values: BooleanBuffer = answers.drain(..).map(|answer| answer == 1).collect();
                    Arc::new(BooleanArray::new(values, some(nulls)))
                }
                Values::Numbers(numbers) => Arc::new(Int64Array::new(std::mem::take(numbers).into(), None)),
                Values::Constant => {
                    let name = self.source.as_ref().map_or("", |source| source.name.as_str());
                    Arc::new(StringArray::from_iter_values(std::iter::repeat_n(name, self.n_pending)))
                }
            };
            arrays.push(array);
        }
        self.n_pending = 0;
        RecordBatch::try_new(Arc::clone(&self.schema), arrays)
    }
}

/// Only a bitmap that says something is written.
fn some(nulls: NullBuffer) -> Option<NullBuffer> {
    (nulls.null_count() > 0).then_some(nulls)
}

/// Keeps a dictionary within its bound: whether it starts anew.
fn is_let_go(what: What, dictionaries: Dictionaries, distinct: &mut Interner) -> Result<bool, Error> {
    let is_over = match dictionaries {
        Dictionaries::OfBatch => true,
        Dictionaries::UpTo(entries) => distinct.len() > entries,
        Dictionaries::Whole(bytes) if distinct.texts.bytes.len() > bytes => {
            let message = format!("{} has too many different values for a dictionary", what.name());
            return Err(Error::InvalidArgumentError(message));
        }
        Dictionaries::Whole(_) => false,
    };
    if is_over {
        distinct.clear();
    }
    Ok(is_over)
}

/// An array of texts; `with_nulls` makes the empty ones null.
fn strings(texts: Texts, with_nulls: bool) -> Result<StringArray, Error> {
    let nulls = with_nulls.then(|| {
        let mut start = 0;
        let is_filled = |&end: &u32| end != std::mem::replace(&mut start, end);
        NullBuffer::new(texts.ends.iter().map(is_filled).collect())
    });
    let mut offsets = Vec::with_capacity(texts.ends.len() + 1);
    offsets.push(0);
    offsets.extend(texts.ends.iter().map(|&end| end.cast_signed()));
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    StringArray::try_new(offsets, Buffer::from_vec(texts.bytes), nulls.and_then(some))
}

/// Appends rows of a part's column.
fn append(pending: &mut Values, values: &Values, rows: Range<usize>, numbers: &mut Vec<u32>) -> Result<(), Error> {
    match (pending, values) {
        (Values::Texts(all), Values::Texts(part)) => {
            let start = if rows.start == 0 { 0 } else { part.ends[rows.start - 1] };
            let ends = &part.ends[rows];
            let end = ends.last().copied().unwrap_or(start);
            let before = all.bytes.len();
            if before + (end - start) as usize > i32::MAX as usize {
                return Err(Error::OffsetOverflowError(before + (end - start) as usize));
            }
            all.bytes.extend_from_slice(&part.bytes[start as usize..end as usize]);
            all.ends.extend(ends.iter().map(|end| end - start + before as u32));
        }
        (Values::Codes { distinct: all, keys }, Values::Codes { distinct, keys: part }) => {
            // Only what these rows use is taken over, in their order, so that the cut does not show.
            numbers.clear();
            numbers.resize(distinct.len(), NO_KEY);
            keys.reserve(rows.len());
            for &key in &part[rows] {
                keys.push(match key {
                    NO_KEY => NO_KEY,
                    key => {
                        let number = &mut numbers[key as usize];
                        if *number == NO_KEY {
                            *number = all.number(distinct.texts.get(key as usize));
                            if all.texts.bytes.len() > i32::MAX as usize {
                                return Err(Error::OffsetOverflowError(all.texts.bytes.len()));
                            }
                        }
                        *number
                    }
                });
            }
        }
        (Values::Days(all), Values::Days(part)) => all.extend_from_slice(&part[rows]),
        (Values::Dose(all), Values::Dose(part)) => all.extend_from_slice(&part[rows]),
        (Values::Answers(all), Values::Answers(part)) => all.extend_from_slice(&part[rows]),
        (Values::Numbers(all), Values::Numbers(part)) => all.extend_from_slice(&part[rows]),
        (Values::Constant, Values::Constant) => {}
        _ => return Err(Error::InvalidArgumentError("a part of another file".to_owned())),
    }
    Ok(())
}
