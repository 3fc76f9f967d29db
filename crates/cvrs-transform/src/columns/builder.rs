//! What a worker makes of a chunk: one buffer a column.
//!
//! Records come one by one, and are turned into columns a few dozen at a time: their cells are in the nearest memory still,
//! and a column's buffer is looked up once for all of them.

use super::block::Block;
use super::derive;
use super::interner::{Interner, Texts};
use super::layout::{Options, What};
use crate::rows::SURPLUS;
use cvrs_codes::CodeSets;
use cvrs_parse::{Date, Header, Record};
use cvrs_report::{Finding, Level, Message};
use cvrs_spec::Field;

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
    /// No codes yet.
    pub(crate) const CODES: Self = Self::Codes { distinct: Interner::NEW, keys: Vec::new() };

    pub(crate) fn new(what: What, options: &Options) -> Self {
        match what {
            what if what.is_code() && options.dictionary => Self::CODES,
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
    /// The bytes of each of their lines, where row groups go by them.
    pub(crate) lengths: Vec<u32>,
    pub(crate) columns: Vec<Values>,
}

impl Part {
    /// How many rows it has.
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }
}

/// A column of cells of which most differ is kept as texts, else by their numbers.
const SAMPLE: usize = 32;

/// Makes parts of records. Each worker has its own.
#[derive(Debug)]
pub struct Builder<'c> {
    codes: &'c CodeSets,
    options: Options,
    columns: Vec<What>,
    positions: Positions,
    block: Block,
    /// Whether cells are kept in whatever form is the shortest, and which columns have many different ones.
    varied: Option<Vec<bool>>,
}

/// Where the cells that values are made of stand in the file.
#[derive(Debug)]
struct Positions {
    /// Those of each column.
    own: Vec<Option<usize>>,
    cvx: Option<usize>,
    refusal: Option<usize>,
}

impl<'c> Builder<'c> {
    /// A builder for a file with that header.
    pub fn new(header: &Header, options: &Options, codes: &'c CodeSets) -> Self {
        Self::of_columns(What::all(header.version(), options), header, options, codes)
    }

    /// A builder for Parquet, whose writer derives values by itself.
    pub fn for_parquet(header: &Header, options: &Options, codes: &'c CodeSets) -> Self {
        let columns = What::sent(header.version(), options);
        let varied = Some(vec![false; columns.len()]);
        Self { varied, ..Self::of_columns(columns, header, options, codes) }
    }

    fn of_columns(columns: Vec<What>, header: &Header, options: &Options, codes: &'c CodeSets) -> Self {
        let own = columns.iter().map(|what| what.field().and_then(|field| header.position(field))).collect();
        let [cvx, refusal] = [Field::Cvx, Field::VaxRefusal].map(|field| header.position(field));
        let (positions, block) = (Positions { own, cvx, refusal }, Block::new(header.n_columns()));
        Self { codes, options: options.clone(), columns, positions, block, varied: None }
    }

    /// Makes a part empty.
    pub fn begin(&mut self, part: &mut Part) {
        part.n_rows = 0;
        part.lengths.clear();
        self.block.clear();
        if part.columns.len() != self.columns.len() {
            part.columns = self.columns.iter().map(|&what| Values::new(what, &self.options)).collect();
        }
        part.columns.iter_mut().for_each(Values::clear);
        for (values, &is_varied) in part.columns.iter_mut().zip(self.varied.iter().flatten()) {
            match (&values, is_varied) {
                (Values::Texts(_), false) => *values = Values::CODES,
                (Values::Codes { .. }, true) => *values = Values::Texts(Texts::default()),
                _ => {}
            }
        }
    }

    /// Adds a record that stands on physical line `line` and is the `number`th data row. What is to be told goes to
    /// `findings`; after one of level error nothing was added. All that was added is there after [`Builder::end`].
    pub fn push(&mut self, record: &Record<'_>, line: u64, number: u64, part: &mut Part, findings: &mut Vec<Finding>) {
        let text = record.line();
        if !text.is_ascii() && std::str::from_utf8(text).is_err() {
            findings.push(NOT_UTF8);
            return;
        }
        if record.n_cells() > record.header().n_columns() {
            findings.push(SURPLUS);
        }
        self.block.add(record, [line, number]);
        if self.block.is_full() {
            self.end(part);
        }
    }

    /// Ends a part.
    pub fn end(&mut self, part: &mut Part) {
        for (at, (what, values)) in self.columns.iter().zip(&mut part.columns).enumerate() {
            self.positions.append(at, *what, &self.block, self.codes, values);
            if let Some(varied) = &mut self.varied {
                vary(values, &mut varied[at]);
            }
        }
        part.n_rows += self.block.n_rows();
        if self.varied.is_some() {
            part.lengths.extend(self.block.lengths().map(|length| length as u32));
        }
        self.block.clear();
    }
}

/// Keeps cells as texts once it shows that most of them differ.
fn vary(values: &mut Values, is_varied: &mut bool) {
    let Values::Codes { distinct, keys } = &values else { return };
    if distinct.len() < SAMPLE || distinct.len() * 2 < keys.len() {
        return;
    }
    let mut texts = Texts::default();
    for &key in keys {
        texts.push(if key == NO_KEY { b"" } else { distinct.texts.get(key as usize) });
    }
    *values = Values::Texts(texts);
    *is_varied = true;
}

impl Positions {
    /// Appends the values of a block's rows.
    fn append(&self, at: usize, what: What, block: &Block, codes: &CodeSets, values: &mut Values) {
        let own = self.own[at];
        let cells = block.cells(own);
        match (values, what) {
            (Values::Codes { distinct, keys }, _) => keys.extend(block.places(own).map(|(start, end)| {
                if start == end { NO_KEY } else { distinct.number_within(block.text(), start, end) }
            })),
            (Values::Texts(texts), What::Precision(_)) => {
                cells.for_each(|cell| texts.push(Date::parse(cell).map_or(b"", derive::precision)));
            }
            (Values::Texts(texts), What::Ndc11) => {
                for (cell, cvx) in cells.zip(block.cells(self.cvx)) {
                    let code = derive::ndc11(codes, cell, cvx);
                    texts.push(code.as_ref().map_or(b"", |code| code.as_slice()));
                }
            }
            (Values::Texts(texts), _) => cells.for_each(|cell| texts.push(cell)),
            (Values::Days(days), _) => days.extend(cells.map(|cell| Date::parse(cell).map_or(NO_DAY, derive::days))),
            (Values::Dose(doses), _) => doses.extend(cells.map(|cell| derive::dose(cell).map_or(0, u8::cast_signed))),
            (Values::Answers(answers), What::IsRefusal) => {
                answers.extend(block.cells(self.refusal).map(|cell| u8::from(derive::is_refusal(cell))));
            }
            (Values::Answers(answers), _) => {
                answers.extend(cells.map(|cell| derive::answer(cell).map_or(NO_ANSWER, u8::from)));
            }
            (Values::Numbers(numbers), what) => {
                let which = usize::from(what != What::SourceLine);
                numbers.extend(block.numbers().iter().map(|numbers| numbers[which].cast_signed()));
            }
            (Values::Constant, _) => {}
        }
    }
}
