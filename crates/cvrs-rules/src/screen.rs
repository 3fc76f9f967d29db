//! The fused check: does the rule book have anything to say about a record?
//!
//! Nearly every record is good, so the question asked most is not "what is wrong?" but "is anything?". For each kind
//! of event and each model the field table and the book's levels are compiled into a [`plan`]: the least and the most
//! bytes of each column of the file, and tests of content by kind. On the splitter's list of separators a good record
//! then passes
//!
//! ```text
//! lengths   all columns at once, every null, forbidden and length rule in one vector comparison
//! passages  runs of coded cells, known by their bytes when they were seen before, else looked up in one perfect hash
//! words     PINs, ZIP codes and dates as digits in a register
//! relations on the numbers that came out; products and places by memory of combinations found good before
//! ```
//!
//! without a branch that depends on more than whether it is good. What fails goes to [`Book::explain`].
//!
//! The answer errs on one side: a record that the screen lets pass has no finding; one that it stops mostly has, and
//! the book decides (a name of 255 characters and 300 bytes is stopped and found good). Tests prove the first for all
//! profiles, versions and tiers.
//!
//! To whoever changes this: the body is one function, compiled once for each tier; keep it free of calls that do not
//! inline. The memory may hold only what a pure function of the bytes has found good.

mod cells;
mod digits;
mod memory;
mod passage;
mod plan;
mod relations;
mod sets;
mod suspicion;
mod vector;

use crate::rules::races;
use crate::{Book, Codes};
use cells::{Cells, MOST_COLUMNS, Window};
use cvrs_parse::{Header, Index, Record, Tier};
use cvrs_report::Level;
use cvrs_spec::{Event, Model};
pub use memory::Memory;
use passage::Tags;
use plan::Plan;
use relations::{PlaceKey, Relations, Roles};
use sets::SetTable;
pub use suspicion::Suspicion;
use vector::{Portable, Text, Vector};

/// A line that the book must be asked about, or that is blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// 0-based number of the line in the buffer.
    pub line: u32,
    /// How many records of the buffer precede it.
    pub records: u32,
    /// Whether it is a blank line, which is no record.
    pub is_blank: bool,
    /// Where the book has to look.
    pub suspicion: Suspicion,
}

/// How many records and blank lines a buffer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Screened {
    /// Data rows.
    pub records: u32,
    /// Lines with nothing before their line end.
    pub blank_lines: u32,
}

/// The fused check for one header and one book.
#[derive(Clone, Debug)]
pub struct Screen {
    book: Book,
    header: Header,
    tier: Tier,
    plans: Vec<Plan>,
    sets: SetTable,
    roles: Roles,
    relations: Relations,
    races: Vec<u32>,
    codes: Codes,
    /// Whether every record is stopped: nothing is compiled for it.
    stops_all: bool,
    has_jurisdiction: bool,
    asks_for_edges: bool,
    asks_for_utf8: bool,
}

/// The stages of the check, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Blanks and quotes at the edge of cells, and bytes that are not UTF-8; nothing else has been looked at.
    Text,
    Cells,
    Dates,
    Recipient,
    Administration,
    Products,
    Rest,
}

const N_MODELS: usize = 4;

/// The place of the plans for none of the three models.
const NO_MODEL: u8 = 3;

/// The model that a byte stands for, as its place among the plans of an event.
static MODELS: [u8; 256] = {
    let mut models = [NO_MODEL; 256];
    let (letters, mut at) = (b"DIP", 0);
    while at < letters.len() {
        models[letters[at] as usize] = at as u8;
        models[letters[at].to_ascii_lowercase() as usize] = at as u8;
        at += 1;
    }
    models
};

impl Screen {
    /// Compiles the check for a file with that header, for the fastest instructions that this machine has.
    ///
    /// Cost: some tens of microseconds.
    pub fn new(book: &Book, header: &Header) -> Self {
        Self::for_tier(book, header, Tier::best())
    }

    /// As [`Screen::new`], for the instructions of a tier.
    ///
    /// # Panics
    /// If this machine does not have the tier.
    pub fn for_tier(book: &Book, header: &Header, tier: Tier) -> Self {
        assert!(tier.is_available(), "this machine has no {}", tier.name());
        let mut plans = Vec::with_capacity(Event::ALL.len() * N_MODELS);
        let mut tags = Tags::default();
        for event in Event::ALL {
            for model in [Some(Model::D), Some(Model::I), Some(Model::P), None] {
                plans.push(Plan::new(book, header, event, model, &mut tags));
            }
        }
        let at = |field| header.position(field).map(|at| at as u32);
        let any_on = |codes: &[&str]| codes.iter().any(|code| book.is_on(code));
        Self {
            plans,
            sets: SetTable::new(),
            roles: Roles::new(header),
            relations: Relations::new(book, header),
            races: races::RACES[1..].iter().filter_map(|&field| at(field)).collect(),
            codes: book.codes(),
            stops_all: relations::stops_all(book, header),
            has_jurisdiction: !book.jurisdiction().is_empty(),
            asks_for_edges: any_on(&["XR008", "XR023"]) || book.level("DATA005", None, true) > Level::Off,
            asks_for_utf8: book.is_on("XR004"),
            book: book.clone(),
            header: header.clone(),
            tier,
        }
    }

    /// The book it was compiled from.
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// The header it was compiled for.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// An index that notes what the screen needs, for the same instructions.
    pub fn index(&self) -> Index {
        Index::new(self.tier).with_edges(self.asks_for_edges)
    }

    /// Whether invalid UTF-8 is a finding, so that the caller must look for it.
    pub const fn asks_for_utf8(&self) -> bool {
        self.asks_for_utf8
    }

    /// Goes through the lines of an indexed buffer and appends to `stopped` those that the book must be asked about
    /// and the blank ones, in order. `is_utf8` says that the buffer is known to be UTF-8.
    ///
    /// The index must be one that [`Screen::index`] made. Never misses a record with a finding of its own; what only
    /// its surroundings show (duplicates, a missing last line end) is the caller's to know.
    pub fn lines(
        &self,
        text: &[u8],
        index: &Index,
        is_utf8: bool,
        memory: &mut Memory,
        stopped: &mut Vec<Stopped>,
    ) -> Screened {
        self.lines_before(&[], text, index, is_utf8, memory, stopped)
    }

    /// As [`Screen::lines`]; where the caller knows which bytes it will look at next, these are fetched into the caches
    /// meanwhile, since this check waits for the processor, and that look waits for the memory.
    pub fn lines_before(
        &self,
        upcoming: &[u8],
        text: &[u8],
        index: &Index,
        is_utf8: bool,
        memory: &mut Memory,
        stopped: &mut Vec<Stopped>,
    ) -> Screened {
        let text = Text::new(text, upcoming);
        match self.tier {
            #[cfg(target_arch = "x86_64")]
            Tier::Avx512 => tiers::avx512(self, text, index, is_utf8, memory, stopped),
            #[cfg(target_arch = "x86_64")]
            Tier::Avx2 => tiers::avx2(self, text, index, is_utf8, memory, stopped),
            _ => self.lines_in::<Portable>(text, index, is_utf8, memory, stopped),
        }
    }

    /// Whether the book must be asked about a record, as [`Screen::lines`] would say of it alone in a buffer.
    pub fn stops(&self, record: &Record<'_>) -> bool {
        let text = [record.line(), b"\n"].concat();
        let is_utf8 = core::str::from_utf8(&text).is_ok();
        let mut index = self.index();
        index.build(&text);
        let mut stopped = Vec::new();
        self.lines(&text, &index, is_utf8, &mut Memory::default(), &mut stopped);
        stopped.iter().any(|stopped| !stopped.is_blank)
    }

    #[inline(always)]
    fn lines_in<V: Suspect>(
        &self,
        whole: Text<'_>,
        index: &Index,
        is_utf8: bool,
        memory: &mut Memory,
        stopped: &mut Vec<Stopped>,
    ) -> Screened {
        let text = whole.bytes();
        let n_columns = self.header.n_columns();
        let mut screened = Screened::default();
        let (mut odd, mut edges) = (Passed::new(index.odd()), Passed::new(index.edges()));
        let mut spare: Window = [0; MOST_COLUMNS + 1];
        let mut next_places = self.places_ahead::<V>(whole, index, 0, memory);
        for number in 0..index.n_lines() {
            let places_ahead = next_places;
            next_places = self.places_ahead::<V>(whole, index, number + 1, memory);
            let (entries, window) = index.window_and_more(number);
            let end = window[entries];
            let is_odd = odd.any_before(end);
            let is_edged = edges.any_before(end);
            // With CRLF the carriage return has an entry of its own, right before the line feed's; it ends no cell.
            let is_crlf = entries > 1
                && entries.wrapping_sub(n_columns) <= 1
                && window[entries - 1] + 1 == end
                && (end as usize) < text.len()
                && text[end as usize - 1] == b'\r';
            // With one column a regular row may be a blank line, which is looked for below.
            let is_regular = entries - usize::from(is_crlf) == n_columns && n_columns > 1;
            V::fetch_upcoming(whole, window[0].wrapping_add(1));
            if !is_regular || is_odd || self.stops_all {
                let is_crlf = entries == 2 && window[1] + 1 == end && text.get(end as usize - 1) == Some(&b'\r');
                let is_crlf = is_crlf && (end as usize) < text.len();
                let is_blank = window[0].wrapping_add(1) + u32::from(is_crlf) == end;
                let suspicion = Suspicion::ALL;
                stopped.push(Stopped { line: number as u32, records: screened.records, is_blank, suspicion });
                screened.blank_lines += u32::from(is_blank);
                screened.records += u32::from(!is_blank);
                continue;
            }
            let window = window.first_chunk().unwrap_or_else(|| {
                spare[..window.len()].copy_from_slice(window);
                &spare
            });
            let cells = Cells::new(whole, window, end as usize);
            let is_text_odd = is_edged || !is_utf8 && !is_line_utf8(text, window, n_columns);
            let stopped_by =
                if is_text_odd { Some(Stage::Text) } else { self.record_stops_with_room(&cells, places_ahead, memory) };
            if let Some(stage) = stopped_by {
                let suspicion = V::suspect(self, &cells, stage, memory);
                stopped.push(Stopped { line: number as u32, records: screened.records, is_blank: false, suspicion });
            }
            screened.records += 1;
        }
        screened
    }

    /// What stops a regular record, if anything. Near the end of the text vectors would reach beyond it.
    #[inline(always)]
    fn record_stops_with_room<V: Vector>(
        &self,
        cells: &Cells<'_>,
        places: Option<[PlaceKey<V>; 2]>,
        memory: &mut Memory,
    ) -> Option<Stage> {
        if cells.has_room() { self.record_stops(cells, places, memory) } else { self.last_record_stops(cells, memory) }
    }

    #[inline(never)]
    fn last_record_stops(&self, cells: &Cells<'_>, memory: &mut Memory) -> Option<Stage> {
        self.record_stops::<Portable>(cells, None, memory)
    }

    /// What stops a regular record, if anything.
    #[inline(always)]
    fn record_stops<V: Vector>(
        &self,
        cells: &Cells<'_>,
        places: Option<[PlaceKey<V>; 2]>,
        memory: &mut Memory,
    ) -> Option<Stage> {
        let Some(plan) = self.plan_of(cells) else { return Some(Stage::Cells) };
        let are_lengths_wrong = if self.header.n_columns() <= 48 {
            are_lengths_wrong::<48>(cells.window(), plan)
        } else {
            are_lengths_wrong::<MOST_COLUMNS>(cells.window(), plan)
        };
        if are_lengths_wrong {
            return Some(Stage::Cells);
        }
        let mut wrong = 0u64;
        for &column in &plan.pins {
            wrong |= cells.not_digits(column, 6);
        }
        for &column in &plan.not_redacted {
            wrong |= u64::from(cells.is_redacted(column));
        }
        for &column in &plan.no_blank {
            wrong |= u64::from(cells.has_blank::<V>(column));
        }
        for &column in &plan.digits {
            wrong |= cells.not_all_digits(column);
        }
        for (column, letters) in &plan.letters {
            wrong |= u64::from(!letters[cells.first_byte(*column) as usize]);
        }
        if wrong != 0 {
            return Some(Stage::Cells);
        }
        let mut unknown = 0;
        for passage in &plan.passages {
            unknown |= u32::from(!memory.passages.has::<V>(passage.key::<V>(cells)));
        }
        for run in &plan.redacted {
            unknown |= u32::from(!run.is_usual::<V>(cells));
        }
        if unknown != 0 && self.is_unknown_wrong::<V>(cells, plan, memory) {
            return Some(Stage::Cells);
        }
        if self.dates_stop::<V>(cells) {
            return Some(Stage::Dates);
        }
        let [recipient, administration] = match &places {
            Some([recipient, administration]) => [Some(recipient), Some(administration)],
            None => [None, None],
        };
        if self.place_stops::<V>(cells, 0, plan, recipient, memory) {
            return Some(Stage::Recipient);
        }
        if self.place_stops::<V>(cells, 1, plan, administration, memory) {
            return Some(Stage::Administration);
        }
        if self.products_stop::<V>(cells, memory) {
            return Some(Stage::Products);
        }
        (self.races_stop(cells) || self.jurisdiction_stops(cells)).then_some(Stage::Rest)
    }

    /// Whether any of the passages that are not known, or of the redacted cells, is wrong; the good passages are known
    /// from now on.
    #[inline(always)]
    fn is_unknown_wrong<V: Vector>(&self, cells: &Cells<'_>, plan: &Plan, memory: &mut Memory) -> bool {
        for passage in &plan.passages {
            if !passage.is_known_or_good::<V>(cells, plan, &self.sets, memory) {
                return true;
            }
        }
        !plan.redacted.iter().all(|run| run.is_good(cells))
    }

    /// Where the book has to look in a regular record that a stage stopped: that stage and the later ones by
    /// themselves, since all before it have been passed.
    #[inline(always)]
    fn suspect<V: Vector>(&self, cells: &Cells<'_>, stage: Stage, memory: &mut Memory) -> Suspicion {
        let Some(plan) = self.plan_of(cells) else { return Suspicion::ALL };
        let mut suspicion = Suspicion::NONE;
        let look_at = |columns: core::ops::RangeInclusive<u32>, suspicion: &mut Suspicion| {
            let mut is_good = true;
            for column in columns {
                if !plan.contents[column as usize].is_met_by(cells.cell(column), &self.sets) {
                    suspicion.add_column(column);
                    is_good = false;
                }
            }
            is_good
        };
        if stage <= Stage::Cells {
            suspicion = Suspicion::of_columns(wrong_lengths(cells.window(), plan));
            for passage in &plan.passages {
                let key = passage.key::<V>(cells);
                if !memory.passages.has::<V>(key)
                    && look_at(passage.first..=passage.last, &mut suspicion)
                    && passage.is_short(cells)
                {
                    memory.passages.remember::<V>(V::words(key));
                }
            }
            for run in &plan.redacted {
                if !run.is_usual::<V>(cells) {
                    look_at(run.first..=run.last, &mut suspicion);
                }
            }
            let letters = plan.letters.iter().map(|(column, _)| column);
            for &column in letters.chain(&plan.pins).chain(&plan.digits).chain(&plan.no_blank) {
                look_at(column..=column, &mut suspicion);
            }
            for &column in plan.not_redacted.iter().filter(|&&column| cells.is_redacted(column)) {
                suspicion.add_column(column);
                suspicion.add_family(Suspicion::REDACTION);
            }
        }
        // What stopped the record need not be asked a second time.
        if stage == Stage::Dates || stage < Stage::Dates && self.dates_stop::<V>(cells) {
            suspicion.add_family(Suspicion::DATES);
            for column in self.roles.dates.into_iter().flatten() {
                if cells.date(Some(column)) == cells::NO_DATE {
                    suspicion.add_column(column);
                }
            }
        }
        for (place, own) in [Stage::Recipient, Stage::Administration].into_iter().enumerate() {
            if stage == own || stage < own && self.place_stops::<V>(cells, place, plan, None, memory) {
                suspicion.add_family(Suspicion::PLACES);
                for &column in self.roles.places[place].iter().flatten() {
                    look_at(column..=column, &mut suspicion);
                }
            }
        }
        if stage == Stage::Products || stage < Stage::Products && self.products_stop::<V>(cells, memory) {
            suspicion.add_family(Suspicion::PRODUCTS);
            self.roles.product[..3].iter().flatten().for_each(|&column| suspicion.add_column(column));
        }
        if self.races_stop(cells) {
            suspicion.add_family(Suspicion::RACES);
        }
        if stage == Stage::Text {
            suspicion.add_family(Suspicion::TEXT);
            self.roles.names.iter().flatten().for_each(|&column| suspicion.add_column(column));
        }
        suspicion
    }

    /// The plan for the record's event and model; `None` if there is none that a record can keep to.
    #[inline(always)]
    fn plan_of(&self, cells: &Cells<'_>) -> Option<&Plan> {
        let event = if cells.is_yes(self.roles.refusal) {
            Event::Refusal
        } else if cells.is_yes(self.roles.missed) {
            Event::MissedAppointment
        } else {
            Event::Vaccination
        };
        // An empty `ext_type` leaves the model to other columns: the book sees to that.
        let ext_type = self.roles.ext_type?;
        let model = match cells.length(ext_type) {
            0 => return None,
            1 => MODELS[*cells.text().bytes().get(cells.start(ext_type))? as usize],
            _ => NO_MODEL,
        } as usize;
        let plan = self.plans.get(event as usize * N_MODELS + model)?;
        (!plan.always).then_some(plan)
    }
}

/// Whether any of the first `N` columns is too short or too long.
#[inline(always)]
fn are_lengths_wrong<const N: usize>(window: &Window, plan: &Plan) -> bool {
    let mut wrong = 0u32;
    for column in 0..N {
        wrong |= u32::from(is_length_wrong(window, plan, column));
    }
    wrong != 0
}

#[inline(always)]
fn is_length_wrong(window: &Window, plan: &Plan, column: usize) -> bool {
    let length = window[column + 1].wrapping_sub(window[column]).wrapping_sub(1);
    length.wrapping_sub(plan.min[column]) > plan.span[column]
}

/// A bit for each of the columns that is too short or too long.
#[inline(always)]
fn wrong_lengths(window: &Window, plan: &Plan) -> u64 {
    let mut wrong = 0;
    // Told in a few instructions; which ones they are takes one for each.
    if !are_lengths_wrong::<MOST_COLUMNS>(window, plan) {
        return wrong;
    }
    for column in 0..MOST_COLUMNS {
        wrong |= u64::from(is_length_wrong(window, plan, column)) << column;
    }
    wrong
}

#[inline(never)]
fn is_line_utf8(text: &[u8], window: &Window, n_columns: usize) -> bool {
    core::str::from_utf8(&text[window[0].wrapping_add(1) as usize..window[n_columns] as usize]).is_ok()
}

/// Goes along a sorted list of positions.
struct Passed<'a> {
    rest: &'a [u32],
}

impl<'a> Passed<'a> {
    const fn new(positions: &'a [u32]) -> Self {
        Self { rest: positions }
    }

    /// Whether there are positions before `end` that were not yet passed; they are now.
    #[inline(always)]
    fn any_before(&mut self, end: u32) -> bool {
        let mut any = false;
        while let Some((&first, rest)) = self.rest.split_first()
            && first < end
        {
            any = true;
            self.rest = rest;
        }
        any
    }
}

#[cfg(target_arch = "x86_64")]
mod tiers {
    //! The body of the screen, compiled for further instructions. Nothing in it is unsafe but to call it.
    #![expect(unsafe_code, reason = "calls of code for a feature that was found")]

    use super::vector::{Avx2, Avx512};
    use super::{Cells, Memory, Screen, Screened, Stage, Stopped, Suspicion, Text};
    use cvrs_parse::Index;

    macro_rules! tier {
        ($name:ident, $suspect:ident, $vector:ident, $features:literal) => {
            pub(super) fn $name(
                screen: &Screen,
                text: Text<'_>,
                index: &Index,
                is_utf8: bool,
                memory: &mut Memory,
                stopped: &mut Vec<Stopped>,
            ) -> Screened {
                #[target_feature(enable = $features)]
                fn inner(
                    screen: &Screen,
                    text: Text<'_>,
                    index: &Index,
                    is_utf8: bool,
                    memory: &mut Memory,
                    stopped: &mut Vec<Stopped>,
                ) -> Screened {
                    screen.lines_in::<$vector>(text, index, is_utf8, memory, stopped)
                }
                // SAFETY: a screen is made only for a tier whose features were found.
                unsafe { inner(screen, text, index, is_utf8, memory, stopped) }
            }

            pub(super) fn $suspect(screen: &Screen, cells: &Cells<'_>, stage: Stage, memory: &mut Memory) -> Suspicion {
                #[inline(never)]
                #[target_feature(enable = $features)]
                fn inner(screen: &Screen, cells: &Cells<'_>, stage: Stage, memory: &mut Memory) -> Suspicion {
                    screen.suspect::<$vector>(cells, stage, memory)
                }
                // SAFETY: as above.
                unsafe { inner(screen, cells, stage, memory) }
            }
        };
    }

    tier!(avx2, suspect_avx2, Avx2, "avx2,bmi1,bmi2,popcnt,lzcnt,aes");
    tier!(avx512, suspect_avx512, Avx512, "avx512f,avx512bw,avx512vl,avx512dq,avx2,bmi1,bmi2,popcnt,lzcnt,aes");
}

/// Lets a tier look closely in its own instructions, apart from the loop over the lines.
trait Suspect: Vector {
    fn suspect(screen: &Screen, cells: &Cells<'_>, stage: Stage, memory: &mut Memory) -> Suspicion;
}

impl Suspect for Portable {
    #[inline(never)]
    fn suspect(screen: &Screen, cells: &Cells<'_>, stage: Stage, memory: &mut Memory) -> Suspicion {
        screen.suspect::<Self>(cells, stage, memory)
    }
}

#[cfg(target_arch = "x86_64")]
impl Suspect for vector::Avx2 {
    #[inline(always)]
    fn suspect(screen: &Screen, cells: &Cells<'_>, stage: Stage, memory: &mut Memory) -> Suspicion {
        if cells.has_room() {
            tiers::suspect_avx2(screen, cells, stage, memory)
        } else {
            Portable::suspect(screen, cells, stage, memory)
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Suspect for vector::Avx512 {
    #[inline(always)]
    fn suspect(screen: &Screen, cells: &Cells<'_>, stage: Stage, memory: &mut Memory) -> Suspicion {
        if cells.has_room() {
            tiers::suspect_avx512(screen, cells, stage, memory)
        } else {
            Portable::suspect(screen, cells, stage, memory)
        }
    }
}
