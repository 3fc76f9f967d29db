//! What a column must be like, compiled from the field table and the book for one kind of event and one model.

use super::cells::{Cells, MOST_COLUMNS};
use super::passage::{Passage, Tags, passages};
use super::sets::{Group, SetTable, key};
use super::vector::Vector;
use crate::rules::{forbidden, length, places, redaction, required, shape, value_set};
use crate::{Ask, Book, Dch};
use cvrs_parse::Header;
use cvrs_report::Level;
use cvrs_spec::{Event, Field, Kind, Model, SetId, Version};

/// How the content of a cell is tested besides its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Not at all.
    Any,
    /// A code of a set.
    Set(Group),
    /// A day or a month.
    Date,
    /// A ZIP code of five or nine digits.
    Zip,
    /// Six digits.
    Pin,
    /// Digits.
    Digits,
    /// Five digits.
    County,
    /// Two letters.
    TwoLetters,
    /// A route that may be anything short.
    Route,
    /// The word `Redacted`.
    Redacted,
    /// Anything but the word `Redacted`.
    NotRedacted,
    /// No blank anywhere.
    NoBlank,
    /// A code of the lists of vaccines, makers and products, tested together.
    Product,
}

impl Content {
    /// How many bytes a cell of a coded column mostly takes at most; `None` if the column is not coded.
    pub(crate) fn typical_bytes(self) -> Option<u32> {
        match self {
            // Five of the six are mostly empty.
            Self::Set(Group::Whole(SetId::Race)) => Some(2),
            _ => self.longest_code(),
        }
    }

    /// How many bytes a right cell of a coded column takes at most; `None` if the column is not coded.
    pub(crate) fn longest_code(self) -> Option<u32> {
        match self {
            Self::Set(group) => Some(group.longest()),
            Self::TwoLetters => Some(2),
            Self::Route => Some(10),
            _ => None,
        }
    }

    /// Whether a cell's content is right, as far as the cell alone can tell; an empty one is. A date's and a
    /// product's are seen to elsewhere.
    pub(crate) fn is_met_by(self, cell: &[u8], sets: &SetTable) -> bool {
        let is_redacted = || cell.eq_ignore_ascii_case(redaction::WORD.as_bytes());
        match self {
            _ if cell.is_empty() => true,
            Self::Any | Self::Route | Self::Date | Self::Product => true,
            Self::Set(group) => cell.len() <= 8 && sets.contains(key(cell), group.salt()),
            Self::Zip => shape::is_zip(cell),
            Self::Pin => cell.len() == 6 && cell.iter().all(u8::is_ascii_digit),
            Self::Digits => cell.iter().all(u8::is_ascii_digit),
            Self::County => value_set::is_county(cell),
            Self::TwoLetters => value_set::is_two_letters(cell),
            Self::Redacted => is_redacted(),
            Self::NotRedacted => !is_redacted(),
            Self::NoBlank => !cell.contains(&b' '),
        }
    }
}

/// The columns of the file for one kind of event and one model.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Whether every such record has a finding, because the file lacks a column.
    pub(crate) always: bool,
    /// The least length of each column, in bytes; 0 beyond the last.
    pub(crate) min: [u32; MOST_COLUMNS],
    /// How much longer it may be; without limit beyond the last.
    pub(crate) span: [u32; MOST_COLUMNS],
    /// The test of each column.
    pub(crate) contents: Vec<Content>,
    /// Runs of coded columns.
    pub(crate) passages: Vec<Passage>,
    /// Columns whose codes are of one letter, and the letters.
    pub(crate) letters: Vec<(u32, Box<[bool; 256]>)>,
    /// Runs of columns that hold the word `Redacted`.
    pub(crate) redacted: Vec<Redacted>,
    /// Columns of digits, however many.
    pub(crate) digits: Vec<u32>,
    pub(crate) not_redacted: Vec<u32>,
    pub(crate) no_blank: Vec<u32>,
    /// Columns that are empty or six digits.
    pub(crate) pins: Vec<u32>,
    /// Whether the shape of ZIP codes is tested.
    pub(crate) zip_is_tested: bool,
}

impl Plan {
    pub(crate) fn new(book: &Book, header: &Header, event: Event, model: Option<Model>, tags: &mut Tags) -> Self {
        let mut plan = Self {
            always: false,
            min: [0; MOST_COLUMNS],
            span: [u32::MAX; MOST_COLUMNS],
            contents: Vec::new(),
            passages: Vec::new(),
            letters: Vec::new(),
            redacted: Vec::new(),
            digits: Vec::new(),
            not_redacted: Vec::new(),
            no_blank: Vec::new(),
            pins: Vec::new(),
            zip_is_tested: false,
        };
        for (number, field) in header.columns().iter().enumerate().take(MOST_COLUMNS) {
            let column = field.map_or(Column::FREE, |field| Column::new(book, header.version(), event, model, field));
            plan.min[number] = column.min;
            plan.span[number] = column.max.wrapping_sub(column.min);
            plan.contents.push(column.content);
            // What cannot be met (a required cell that must be empty) is told by its length, whatever the content.
            if column.min > column.max {
                plan.always = true;
            }
            match column.content {
                Content::NotRedacted => plan.not_redacted.push(number as u32),
                Content::NoBlank => plan.no_blank.push(number as u32),
                Content::Pin => plan.pins.push(number as u32),
                Content::Digits => plan.digits.push(number as u32),
                Content::Redacted => Redacted::add(&mut plan.redacted, number as u32),
                Content::Zip => plan.zip_is_tested = true,
                _ => {}
            }
        }
        // Coded cells are judged in passages, but for those of a place, which memory knows together.
        let place: Vec<Field> = places::PLACES.iter().flat_map(|place| place.columns()).collect();
        let mut coded = plan.contents.clone();
        for (number, field) in header.columns().iter().enumerate().take(MOST_COLUMNS) {
            let is_told = model.is_some() && *field == Some(Field::ExtType);
            let letters = match coded[number] {
                Content::Set(group) if group.longest() == 1 => Some(group.letters()),
                _ => None,
            };
            if is_told || letters.is_some() || field.is_some_and(|field| place.contains(&field)) {
                coded[number] = Content::Any;
            }
            if let Some(letters) = letters.filter(|_| !is_told) {
                plan.letters.push((number as u32, Box::new(letters)));
            }
        }
        bridge_routes(header, &mut coded);
        match passages(&coded, tags) {
            Some(passages) => plan.passages = passages,
            None => plan.always = true,
        }
        // An absent column is an empty cell.
        plan.always |= header.missing().any(|field| Column::new(book, header.version(), event, model, field).min > 0);
        plan
    }
}

/// Neighbouring columns, at most three, that hold the word `Redacted`, as it is mostly written.
#[derive(Clone, Debug)]
pub(crate) struct Redacted {
    pub(crate) first: u32,
    pub(crate) last: u32,
    words: [u64; 4],
}

impl Redacted {
    /// Adds a column to the last run if it is its neighbour, else as a run of its own.
    fn add(runs: &mut Vec<Self>, column: u32) {
        let first = match runs.last() {
            Some(run) if run.last + 1 == column && column - run.first < 3 => runs.pop().map_or(column, |run| run.first),
            _ => column,
        };
        let mut bytes = vec![redaction::WORD; (column - first) as usize + 1].join("\t").into_bytes();
        bytes.resize(32, 0);
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        runs.push(Self { first, last: column, words });
    }

    /// Whether all of them hold the word, in this case of letters.
    #[inline(always)]
    pub(crate) fn is_usual<V: Vector>(&self, cells: &Cells<'_>) -> bool {
        let start = cells.start(self.first);
        let key = V::key(cells.text(), start, cells.end(self.last).wrapping_sub(start) as u32, &[0; 4]);
        V::is_equal(key, &self.words)
    }

    /// Whether all of them hold the word.
    pub(crate) fn is_good(&self, cells: &Cells<'_>) -> bool {
        (self.first..=self.last).all(|column| cells.is_redacted(column))
    }
}

/// A route that is not tested but stands between tested cells joins them to one passage: it is a code too.
fn bridge_routes(header: &Header, coded: &mut [Content]) {
    if let Some(at) = header.position(Field::VaxRoute)
        && let [before, route @ Content::Any, after] = coded.get_mut(at.wrapping_sub(1)..at + 2).unwrap_or_default()
        && before.longest_code().is_some()
        && after.longest_code().is_some()
    {
        *route = Content::Route;
    }
}

/// What one column must be like.
#[derive(Clone, Copy, Debug)]
struct Column {
    min: u32,
    max: u32,
    content: Content,
}

impl Column {
    const FREE: Self = Self { min: 0, max: u32::MAX, content: Content::Any };

    fn new(book: &Book, version: Version, event: Event, model: Option<Model>, field: Field) -> Self {
        let dch = |ask| Dch::of(field, ask);
        let is_on = |code: &str, dch: Option<&'static Dch>, is_soft| book.level(code, dch, is_soft) > Level::Off;
        let null = dch(Ask::NotNull).or_else(|| dch(Ask::NotNullUnlessRefused));
        let required_code = match event {
            Event::Vaccination => "REQD001",
            Event::Refusal => "REQD002",
            Event::MissedAppointment => "REQD003",
        };
        let is_six = field.facts().is_redacted;
        let is_required = required::is_required(field, version, event)
            && (is_on(required_code, null, false) || is_on(required_code, None, false))
            || null.is_some_and(|null| {
                // Under its own id: recipient county, state, ZIP, and the six in the identified model.
                null.codes.contains(&null.id)
                    && (!is_six || model == Some(Model::I))
                    && is_on(null.id, Some(null), false)
            })
            || is_six && model != Some(Model::I) && (is_on("DATA006", null, false) || is_on("DATA006", None, false))
            || field == Field::ExtType && is_on("DATA005", null, false)
            || field == Field::PprlId && model == Some(Model::P) && is_on("DATA004", None, false);
        let forbidden_code = if event == Event::Refusal { "DNTS002" } else { "DNTS003" };
        let is_forbidden = event != Event::Vaccination
            && forbidden::is_forbidden(field, version, event)
            && is_on(forbidden_code, None, false)
            || field == Field::PprlId && model != Some(Model::P) && is_on("DATA004", None, false);
        let length_code =
            if length::is_clearinghouse_only(field) { dch(Ask::Length).map_or("", |dch| dch.id) } else { "DATA008" };
        let is_limited = is_on(length_code, dch(Ask::Length), false)
            || !length::is_clearinghouse_only(field)
                && (is_on(length_code, None, false) || is_on(length_code, None, true));
        let content = content(book, version, model, field);
        let max = match (is_forbidden, is_limited) {
            (true, _) => 0,
            (false, true) => length::limit(field) as u32,
            (false, false) => u32::MAX,
        };
        // No value longer than that has the right content.
        let fits = match content {
            Content::Redacted => redaction::WORD.len() as u32,
            Content::Set(group) => group.longest(),
            Content::Date | Content::Zip => 10,
            Content::Pin => 6,
            Content::County => 5,
            Content::TwoLetters => 2,
            _ => u32::MAX,
        };
        let min = match content {
            Content::Redacted => redaction::WORD.len() as u32,
            _ => u32::from(is_required),
        };
        Self { min, max: max.min(fits), content }
    }
}

/// The test of a column's content: the strictest of the rules that are on.
pub(crate) fn content(book: &Book, version: Version, model: Option<Model>, field: Field) -> Content {
    let dch = Dch::of(field, Ask::Content);
    let is_on = |code: &str, dch, is_soft| book.level(code, dch, is_soft) > Level::Off;
    let is_hard = |code| is_on(code, dch, false) || is_on(code, None, false);
    if field.facts().is_redacted {
        return match model {
            Some(Model::I) if book.is_on("XR024") => Content::NotRedacted,
            Some(Model::I) => Content::Any,
            _ if is_on("DATA006", None, false) => Content::Redacted,
            _ => Content::Any,
        };
    }
    match field {
        Field::ExtType if is_hard("DATA005") => return Content::Set(Group::Whole(SetId::ExtType)),
        Field::VaxEventId | Field::RecipId if is_on("DATA005", None, true) => return Content::NoBlank,
        Field::RecipAddressZip | Field::AdminAddressZip if is_hard("DATA005") => return Content::Zip,
        Field::VtrcksProvPin if is_hard("DATA005") => return Content::Pin,
        Field::ExtType | Field::VtrcksProvPin => return Content::Any,
        _ => {}
    }
    if field.facts().kind == Kind::Date {
        let is_checked = is_hard("DATA001") || is_hard("DATA009");
        return if is_checked { Content::Date } else { Content::Any };
    }
    let is_listed = is_on("DATA007", None, false) || is_on("DATA007", None, true);
    match field.value_set(version) {
        None => Content::Any,
        Some(SetId::County) if is_hard("DATA007") => Content::County,
        Some(SetId::State) if is_listed => Content::Set(Group::StatesButUm),
        Some(SetId::State) if is_hard("DATA007") => Content::TwoLetters,
        Some(SetId::Cvx | SetId::Mvx | SetId::Ndc) if is_listed => Content::Product,
        Some(SetId::Cvx) if is_hard("DATA007") => Content::Digits,
        Some(SetId::County | SetId::State | SetId::Cvx | SetId::Mvx | SetId::Ndc) => Content::Any,
        Some(SetId::VaxRoute) if is_listed => Content::Set(Group::Whole(SetId::VaxRoute)),
        Some(SetId::VaxRoute) => Content::Any,
        Some(set) if is_hard("DATA007") => Content::Set(Group::Whole(set)),
        Some(_) => Content::Any,
    }
}
