//! What a worker makes of a chunk: one buffer a column, straight from the cells.

use super::derive;
use super::layout::{Options, What};
use crate::mix::mix;
use crate::rows::SURPLUS;
use cvrs_codes::CodeSets;
use cvrs_parse::{Header, Record};
use cvrs_report::{Finding, Level, Message};
use cvrs_spec::{Event, Field};

/// A record that columns of text cannot hold.
const NOT_UTF8: Finding = Finding {
    code: "CNV201",
    dch: None,
    level: Level::Error,
    field: None,
    related: None,
    message: Message::text("columns are text, and the record is not UTF-8"),
};

/// Days of no date.
pub(crate) const NO_DAY: i32 = i32::MIN;
/// The key of an empty cell.
pub(crate) const NO_KEY: u32 = u32::MAX;
/// The answer that is neither YES nor NO.
pub(crate) const NO_ANSWER: u8 = 2;

/// Texts one after another; the empty one is null.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    pub(crate) bytes: Vec<u8>,
    /// Where each text ends.
    pub(crate) ends: Vec<u32>,
}

impl Texts {
    #[inline]
    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Room for as much as another one has, and a little more.
    pub(crate) fn with_room_of(other: &Self) -> Self {
        let bytes = Vec::with_capacity(other.bytes.len() + other.bytes.len() / 32);
        Self { bytes, ends: Vec::with_capacity(other.ends.len()) }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(crate) fn get(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.bytes[start..self.ends[at] as usize]
    }
}

/// Different texts, numbered in the order in which they first came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    pub(crate) texts: Texts,
    /// Open addressing by hash; its length is a power of two.
    table: Vec<Slot>,
}

/// A place for a text.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// The text's [`word`].
    word: u64,
    len: u32,
    /// Number + 1; 0 is free.
    number: u32,
}

/// Eight bytes that stand for a text; one of up to eight bytes is told by them and its length.
#[inline]
fn word(text: &[u8]) -> u64 {
    if text.len() > 8 {
        return mix(text);
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
    }
    match *text {
        [first, .., last] => u64::from(first) << 16 | u64::from(text[1]) << 8 | u64::from(last),
        [only] => u64::from(only),
        [] => 0,
    }
}

impl Slot {
    #[inline]
    fn place(self, mask: usize) -> usize {
        let mixed = (self.word ^ u64::from(self.len)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 32) as usize & mask
    }
}

impl Interner {
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.table.fill(Slot::default());
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.ends.len()
    }

    /// The number of a text, a new one if it is new.
    #[inline]
    pub(crate) fn number(&mut self, text: &[u8]) -> u32 {
        if (self.len() + 1) * 2 > self.table.len() {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut own = Slot { word: word(text), len: text.len() as u32, number: 0 };
        let mut at = own.place(mask);
        loop {
            let slot = self.table[at];
            if slot.number == 0 {
                self.texts.push(text);
                own.number = self.len() as u32;
                self.table[at] = own;
                return own.number - 1;
            }
            let is_like = slot.word == own.word && slot.len == own.len;
            if is_like && (text.len() <= 8 || self.texts.get(slot.number as usize - 1) == text) {
                return slot.number - 1;
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let len = (self.table.len() * 2).max(16);
        let old = std::mem::replace(&mut self.table, vec![Slot::default(); len]);
        for slot in old.into_iter().filter(|slot| slot.number > 0) {
            let mut at = slot.place(len - 1);
            while self.table[at].number > 0 {
                at = (at + 1) & (len - 1);
            }
            self.table[at] = slot;
        }
    }
}

/// One column of a part.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Texts(Texts),
    Codes {
        distinct: Interner,
        keys: Vec<u32>,
    },
    Days(Vec<i32>),
    Dose(Vec<i8>),
    Answers(Vec<u8>),
    Numbers(Vec<i64>),
    /// The same in every row: nothing is kept.
    Constant,
}

impl Values {
    pub(crate) fn new(what: What, options: &Options) -> Self {
        match what {
            what if what.is_code() && options.dictionary => {
                Self::Codes { distinct: Interner::default(), keys: Vec::new() }
            }
            What::Cell(_) | What::Precision(_) | What::Ndc11 => Self::Texts(Texts::default()),
            What::Day(_) => Self::Days(Vec::new()),
            What::DoseNumber => Self::Dose(Vec::new()),
            What::IsRefusal | What::Answer(_) => Self::Answers(Vec::new()),
            What::SourceLine | What::SourceRecord => Self::Numbers(Vec::new()),
            What::SourceFile => Self::Constant,
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Texts(texts) => texts.clear(),
            Self::Codes { distinct, keys } => {
                distinct.clear();
                keys.clear();
            }
            Self::Days(days) => days.clear(),
            Self::Dose(doses) => doses.clear(),
            Self::Answers(answers) => answers.clear(),
            Self::Numbers(numbers) => numbers.clear(),
            Self::Constant => {}
        }
    }
}

/// The columns of some records, in the order of the text. Reused from chunk to chunk.
#[derive(Clone, Debug, Default)]
pub struct Part {
    pub(crate) n_rows: usize,
    pub(crate) columns: Vec<Values>,
}

impl Part {
    /// How many rows it has.
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }
}

/// Makes parts of records. Each worker has its own.
#[derive(Debug)]
pub struct Builder<'c> {
    codes: &'c CodeSets,
    options: Options,
    columns: Vec<What>,
    /// Where the cells of each column stand in the file.
    positions: Vec<Option<usize>>,
}

impl<'c> Builder<'c> {
    /// A builder for a file with that header.
    pub fn new(header: &Header, options: &Options, codes: &'c CodeSets) -> Self {
        let columns = What::all(header.version(), options);
        let position = |what: &What| match what {
            What::Cell(field) => header.position(*field),
            _ => None,
        };
        let positions = columns.iter().map(position).collect();
        Self { codes, options: options.clone(), columns, positions }
    }

    /// Makes a part empty.
    pub fn begin(&self, part: &mut Part) {
        part.n_rows = 0;
        if part.columns.len() == self.columns.len() {
            part.columns.iter_mut().for_each(Values::clear);
        } else {
            part.columns = self.columns.iter().map(|&what| Values::new(what, &self.options)).collect();
        }
    }

    /// Adds a record that stands on physical line `line` and is the `number`th data row. What is to be told goes to
    /// `findings`; after one of level error nothing was added.
    pub fn push(&self, record: &Record<'_>, line: u64, number: u64, part: &mut Part, findings: &mut Vec<Finding>) {
        let text = record.line();
        if !text.is_ascii() && std::str::from_utf8(text).is_err() {
            findings.push(NOT_UTF8);
            return;
        }
        if record.n_cells() > record.header().n_columns() {
            findings.push(SURPLUS);
        }
        for ((what, position), values) in self.columns.iter().zip(&self.positions).zip(&mut part.columns) {
            let cell = position.map_or(&b""[..], |position| record.cell(position));
            match values {
                Values::Codes { distinct, keys } => {
                    keys.push(if cell.is_empty() { NO_KEY } else { distinct.number(cell) });
                }
                Values::Texts(texts) => match what {
                    What::Precision(field) => texts.push(record.date(*field).map_or(b"", derive::precision)),
                    What::Ndc11 => {
                        let code = derive::ndc11(self.codes, record.get(Field::Ndc), record.get(Field::Cvx));
                        texts.push(code.as_ref().map_or(b"", |code| code.as_slice()));
                    }
                    _ => texts.push(cell),
                },
                Values::Days(days) => {
                    let What::Day(field) = what else { continue };
                    days.push(record.date(*field).map_or(NO_DAY, derive::days));
                }
                Values::Dose(doses) => {
                    doses.push(derive::dose(record.get(Field::DoseNum)).map_or(0, u8::cast_signed));
                }
                Values::Answers(answers) => answers.push(match what {
                    What::Answer(field) => derive::answer(record.get(*field)).map_or(NO_ANSWER, u8::from),
                    _ => u8::from(record.event() == Event::Refusal),
                }),
                Values::Numbers(numbers) => {
                    numbers.push(if *what == What::SourceLine { line } else { number }.cast_signed());
                }
                Values::Constant => {}
            }
        }
        part.n_rows += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn numbers_are_those_of_a_list(texts in proptest::collection::vec("[ab\\x00]{0,12}", 0..300)) {
            let (mut interner, mut list) = (Interner::default(), Vec::<&str>::new());
            for _ in 0..2 {
                for text in &texts {
                    let expected = list.iter().position(|known| known == text).unwrap_or_else(|| {
                        list.push(text);
                        list.len() - 1
                    });
                    proptest::prop_assert_eq!(interner.number(text.as_bytes()) as usize, expected);
                    proptest::prop_assert_eq!(interner.texts.get(expected), text.as_bytes());
                }
                proptest::prop_assert_eq!(interner.len(), list.len());
                list.clear();
                interner.clear();
            }
        }
    }
}
