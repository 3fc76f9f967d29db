//! The fused check: does the rule book have anything to say about a record?
//!
//! Nearly every record is good, so the question asked most is not "what is wrong?" but "is anything?". For each kind
//! of event and each model the field table and the book's levels are compiled into a [`plan`]: the least and the most
//! bytes of each column of the file, and tests of content by kind. On the splitter's list of separators a good record
//! then passes
//!
//! ```text
//! lengths   all columns at once, every null, forbidden and length rule in one vector comparison
//! sets      each coded cell, loaded as a number, is looked up in one perfect hash over (code, set)
//! words     `Redacted` as one number; dates, ZIP codes, counties and PINs as digits in a register
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

mod digits;
mod memory;
mod plan;
mod sets;
mod suspicion;

use crate::rules::{dates, places, races};
use crate::{Book, Codes, Profile};
use cvrs_parse::{Date, Header, Index, Record, Tier};
use cvrs_report::Level;
use cvrs_spec::{Event, Field, Model, Version};
use digits::{MASKS, load, not_digits, splat};
pub use memory::Memory;
use memory::{ProductWords, Word};
use plan::{Content, Plan};
use sets::{SetTable, to_upper};
pub use suspicion::Suspicion;

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

/// Where the columns that relations speak of stand in the file.
#[derive(Clone, Copy, Debug)]
struct Roles {
    refusal: Option<u32>,
    missed: Option<u32>,
    ext_type: Option<u32>,
    dob: Option<u32>,
    admin: Option<u32>,
    expiration: Option<u32>,
}

/// Which relations are tested.
#[derive(Clone, Copy, Debug)]
struct Relations {
    dates_checked: bool,
    born_after: bool,
    born_in_future: bool,
    given_in_future: bool,
    expired: bool,
    too_old: bool,
    too_early: bool,
    places: bool,
    products: bool,
    races: bool,
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
    product: [Option<u32>; 5],
    places: [[Option<u32>; 3]; 2],
    /// Columns that must not start with a blank, which shows as an edge.
    names: [Option<u32>; 2],
    codes: Codes,
    /// Whether every record is stopped: nothing is compiled for it.
    stops_all: bool,
    has_jurisdiction: bool,
    asks_for_edges: bool,
    asks_for_utf8: bool,
}

const N_MODELS: usize = 4;

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
        for event in Event::ALL {
            for model in [Some(Model::D), Some(Model::I), Some(Model::P), None] {
                plans.push(Plan::new(book, header, event, model));
            }
        }
        let on = |code: &str| book.is_on(code);
        let at = |field| header.position(field).map(|at| at as u32);
        let any_on = |codes: &[&str]| codes.iter().any(|code| book.is_on(code));
        let products_listed = [Field::Cvx, Field::Mvx, Field::Ndc]
            .into_iter()
            .any(|field| plan::content(book, header.version(), None, field) == Content::Product);
        let v1_only = |field| if header.version() == Version::V1 { at(field) } else { None };
        Self {
            plans,
            sets: SetTable::new(),
            roles: Roles {
                refusal: at(Field::VaxRefusal),
                missed: v1_only(Field::RecipMissedAppt),
                ext_type: at(Field::ExtType),
                dob: at(Field::RecipDob),
                admin: at(Field::AdminDate),
                expiration: at(Field::VaxExpiration),
            },
            relations: Relations {
                dates_checked: plan::content(book, header.version(), None, Field::RecipDob) == Content::Date,
                born_after: on("BUSR005"),
                born_in_future: on("BUSR011"),
                given_in_future: on("BUSR012"),
                expired: on("XR012"),
                too_old: on("XR019"),
                too_early: on("XR020") && !book.is_test(),
                places: any_on(&[
                    "BUSR001", "BUSR002", "BUSR003", "BUSR004", "BUSR007", "BUSR008", "BUSR009", "BUSR010", "XR022",
                ]),
                products: products_listed || any_on(&["XR013", "XR014", "XR015", "XR016"]),
                races: on("XR017"),
            },
            races: races::RACES[1..].iter().filter_map(|&field| at(field)).collect(),
            product: [Field::Cvx, Field::Mvx, Field::Ndc, Field::DoseNum, Field::VaxSeriesComplete].map(at),
            places: places::PLACES.map(|place| place.columns().map(at)),
            names: [Field::ResponsibleOrg, Field::AdminName].map(at),
            codes: book.codes(),
            // The CDC tool's reading has rules of its own.
            stops_all: on("XR021")
                || on("BUSR006") && header.version() == Version::V1
                || book.profile() == Profile::Tool
                || header.n_columns() > MOST_COLUMNS,
            has_jurisdiction: !book.jurisdiction().is_empty(),
            asks_for_edges: any_on(&["XR008", "XR023"]) || book.level("DATA005", None, true) > Level::Off,
            asks_for_utf8: on("XR004"),
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
        match self.tier {
            #[cfg(target_arch = "x86_64")]
            Tier::Avx512 => tiers::avx512(self, text, index, is_utf8, memory, stopped),
            #[cfg(target_arch = "x86_64")]
            Tier::Avx2 => tiers::avx2(self, text, index, is_utf8, memory, stopped),
            _ => self.lines_in(text, index, is_utf8, memory, stopped),
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
    fn lines_in(
        &self,
        text: &[u8],
        index: &Index,
        is_utf8: bool,
        memory: &mut Memory,
        stopped: &mut Vec<Stopped>,
    ) -> Screened {
        let n_columns = self.header.n_columns();
        let mut screened = Screened::default();
        let (mut odd, mut edges) = (index.odd().iter().peekable(), index.edges().iter().peekable());
        for number in 0..index.n_lines() {
            let window = index.window(number);
            let entries = window.len() - 1;
            let end = window[entries];
            let (mut is_odd, mut is_edged) = (false, false);
            while odd.next_if(|&&at| at < end).is_some() {
                is_odd = true;
            }
            while edges.next_if(|&&at| at < end).is_some() {
                is_edged = true;
            }
            // With CRLF the carriage return has an entry of its own, right before the line feed's.
            let is_crlf = entries > 1
                && window[entries - 1] + 1 == end
                && text[end as usize - 1] == b'\r'
                && (end as usize) < text.len();
            let is_regular = entries - usize::from(is_crlf) == n_columns;
            if !is_regular || is_odd || self.stops_all {
                let is_blank = window[0].wrapping_add(1) + u32::from(is_crlf) == end;
                let suspicion = Suspicion::ALL;
                stopped.push(Stopped { line: number as u32, records: screened.records, is_blank, suspicion });
                screened.blank_lines += u32::from(is_blank);
                screened.records += u32::from(!is_blank);
                continue;
            }
            let window = &window[..=n_columns];
            let is_text_odd = is_edged || !is_utf8 && !is_line_utf8(text, window);
            let stage = if is_text_odd { Some(Stage::Lengths) } else { self.stops_window(text, window, memory) };
            if let Some(stage) = stage {
                let suspicion = self.suspect(text, window, stage, is_text_odd, memory);
                stopped.push(Stopped { line: number as u32, records: screened.records, is_blank: false, suspicion });
            }
            screened.records += 1;
        }
        screened
    }

    /// Where a regular record is stopped, if at all: `window` is where its cells end, after the byte before its first.
    #[inline(always)]
    fn stops_window(&self, text: &[u8], window: &[u32], memory: &mut Memory) -> Option<Stage> {
        let cells = &Cells::new(text, window);
        let n_columns = window.len() - 1;
        let Some(plan) = self.plan_of(cells) else { return Some(Stage::Lengths) };
        let mut bad = 0u32;
        let limits = plan.min[..n_columns].iter().zip(&plan.span[..n_columns]);
        for (&length, (&min, &span)) in cells.lengths[..n_columns].iter().zip(limits) {
            bad |= u32::from(length.wrapping_sub(min) > span);
        }
        if bad != 0 {
            return Some(Stage::Lengths);
        }
        const REDACTED: u64 = u64::from_le_bytes(*b"redacted");
        let mut wrong = 0u64;
        for &column in &plan.redacted {
            wrong |= (cells.load(column) | splat(0x20)) ^ REDACTED;
        }
        for &column in &plan.not_redacted {
            wrong |= u64::from(cells.length(column) == 8 && (cells.load(column) | splat(0x20)) == REDACTED);
        }
        for &column in &plan.no_blank {
            wrong |= u64::from(cells.has_blank(column));
        }
        for &column in &plan.zips {
            wrong |= cells.not_zip(column);
        }
        for &(column, digits) in &plan.digits {
            // Empty, or just so many digits.
            let length = cells.length(column);
            let is_filled = u64::from(length != 0);
            wrong |=
                is_filled * (u64::from(length ^ digits) | not_digits(cells.load(column), MASKS[digits as usize & 7]));
        }
        for &(column, content) in &plan.others {
            wrong |= u64::from(cells.is_wrong(column, content));
        }
        if wrong != 0 || self.sets_stop(cells, plan) {
            return Some(Stage::Contents);
        }
        if self.dates_stop(cells) {
            return Some(Stage::Dates);
        }
        let is_stopped = self.relations.races && self.races_stop(cells)
            || self.relations.products && self.products_stop(cells, memory)
            || self.relations.places && (self.place_stops(cells, 0, memory) || self.place_stops(cells, 1, memory));
        (is_stopped || self.jurisdiction_stops(cells)).then_some(Stage::Others)
    }

    /// Where the book has to look in a regular record that is stopped: each test again, by itself, from the stage on
    /// that stopped it, since all before has been passed.
    #[inline(never)]
    fn suspect(&self, text: &[u8], window: &[u32], stage: Stage, is_text_odd: bool, memory: &mut Memory) -> Suspicion {
        let cells = &Cells::new(text, window);
        let Some(plan) = self.plan_of(cells) else { return Suspicion::ALL };
        let mut suspicion = Suspicion::NONE;
        if stage <= Stage::Contents {
            self.suspect_cells(cells, plan, (window.len() - 1) as u32, &mut suspicion);
        }
        for column in [self.roles.dob, self.roles.admin, self.roles.expiration].into_iter().flatten() {
            if cells.date(Some(column)) == NO_DATE {
                suspicion.add_column(column);
            }
        }
        if self.dates_stop(cells) {
            suspicion.add_family(Suspicion::DATES);
        }
        if self.relations.races && self.races_stop(cells) {
            suspicion.add_family(Suspicion::RACES);
        }
        if self.relations.products && self.products_stop(cells, memory) {
            suspicion.add_family(Suspicion::PRODUCTS);
            self.product[..3].iter().flatten().for_each(|&column| suspicion.add_column(column));
        }
        if self.relations.places && (self.place_stops(cells, 0, memory) || self.place_stops(cells, 1, memory)) {
            suspicion.add_family(Suspicion::PLACES);
        }
        if plan.not_redacted.iter().any(|&column| cells.is_redacted(column)) {
            suspicion.add_family(Suspicion::REDACTION);
        }
        if is_text_odd {
            suspicion.add_family(Suspicion::TEXT);
            self.names.iter().flatten().for_each(|&column| suspicion.add_column(column));
        }
        suspicion
    }

    /// Whether the jurisdiction asks for more than the record has.
    #[inline(always)]
    fn jurisdiction_stops(&self, cells: &Cells<'_>) -> bool {
        self.has_jurisdiction && self.is_against_jurisdiction(cells)
    }

    #[inline(never)]
    fn is_against_jurisdiction(&self, cells: &Cells<'_>) -> bool {
        let jurisdiction = self.book.jurisdiction();
        let event = if cells.is_yes(self.roles.refusal) { Event::Refusal } else { Event::Vaccination };
        let value = |field: Field| cells.of(self.header.position(field).map(|at| at as u32));
        let mut required = jurisdiction.required.iter();
        required.any(|&field| value(field).is_empty() && jurisdiction.requires(field, event))
            || jurisdiction.allowed.iter().any(|&(field, _)| !jurisdiction.allows(field, value(field)))
    }

    /// The columns whose length or content is wrong.
    fn suspect_cells(&self, cells: &Cells<'_>, plan: &Plan, n_columns: u32, suspicion: &mut Suspicion) {
        for column in 0..n_columns {
            let at = column as usize;
            if cells.length(column).wrapping_sub(plan.min[at]) > plan.span[at] {
                suspicion.add_column(column);
            }
        }
        let mut add_if = |column: u32, is_wrong: bool| {
            if is_wrong {
                suspicion.add_column(column);
            }
        };
        for &(column, salt) in &plan.sets {
            let is_code = cells.length(column) <= 8 && self.sets.contains(to_upper(cells.word(column)), salt);
            add_if(column, !is_code);
        }
        for &(column, digits) in &plan.digits {
            let value = cells.cell(column);
            let is_right = value.len() == digits as usize && value.iter().all(u8::is_ascii_digit);
            add_if(column, !value.is_empty() && !is_right);
        }
        plan.redacted.iter().for_each(|&column| add_if(column, !cells.is_redacted(column)));
        plan.no_blank.iter().for_each(|&column| add_if(column, cells.has_blank(column)));
        plan.zips.iter().for_each(|&column| add_if(column, cells.not_zip(column) != 0));
        plan.others.iter().for_each(|&(column, content)| add_if(column, cells.is_wrong(column, content)));
    }

    /// Whether any code is not of its set. Codes are mostly in upper case; only if one is not found are all looked up
    /// again whatever their case.
    #[inline(always)]
    fn sets_stop(&self, cells: &Cells<'_>, plan: &Plan) -> bool {
        let mut found = true;
        for &(column, salt) in &plan.sets {
            found &= self.sets.contains(cells.word(column), salt);
        }
        !found && plan.sets.iter().any(|&(column, salt)| !self.sets.contains(to_upper(cells.word(column)), salt))
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
        let model = match cells.word(self.roles.ext_type?) & !0x20 {
            0 => return None,
            D => 0,
            I => 1,
            P => 2,
            _ => 3,
        };
        const D: u64 = b'D' as u64;
        const I: u64 = b'I' as u64;
        const P: u64 = b'P' as u64;
        let plan = &self.plans[event as usize * N_MODELS + model];
        (!plan.always).then_some(plan)
    }

    #[inline(always)]
    fn dates_stop(&self, cells: &Cells<'_>) -> bool {
        let relations = &self.relations;
        let (dob, admin, expiration) =
            (cells.date(self.roles.dob), cells.date(self.roles.admin), cells.date(self.roles.expiration));
        if relations.dates_checked && (dob == NO_DATE || admin == NO_DATE || expiration == NO_DATE) {
            return true;
        }
        let today = self.book.today().as_number();
        let mut wrong = relations.given_in_future & is_after(admin, today)
            | relations.born_in_future & is_after(dob, today)
            | relations.born_after & is_after(dob, admin);
        if let Some(admin) = real(admin) {
            if let Some(expiration) = real(expiration) {
                wrong |= relations.expired && dates::is_expired(expiration, admin);
            }
            if let Some(dob) = real(dob) {
                wrong |= relations.too_old && dates::is_too_old(dob, admin);
            }
            wrong |= relations.too_early && dates::is_before_authorisation(admin);
        }
        wrong
    }

    #[inline(always)]
    fn races_stop(&self, cells: &Cells<'_>) -> bool {
        let mut any = 0;
        for &column in &self.races {
            any |= cells.length(column);
        }
        any != 0 && races::are_muddled(|field| cells.of(self.header.position(field).map(|at| at as u32)))
    }

    #[inline(always)]
    fn products_stop(&self, cells: &Cells<'_>, memory: &mut Memory) -> bool {
        let [cvx, mvx, ndc, dose, complete] = self.product;
        let words = ProductWords {
            cvx: cells.word_of(cvx),
            mvx: cells.word_of(mvx),
            ndc: cells.word_of(ndc),
            ndc_rest: cells.rest_of(ndc),
            dose: cells.word_of(dose),
            complete: cells.word_of(complete),
        };
        memory.is_new_product(&words) && {
            let values = [cells.of(cvx), cells.of(mvx), cells.of(ndc), cells.of(dose), cells.of(complete)];
            let is_bad = self.is_product_bad(&values);
            if !is_bad {
                memory.remember_product();
            }
            is_bad
        }
    }

    #[inline(never)]
    fn is_product_bad(&self, &[cvx, mvx, ndc, dose, complete]: &[&[u8]; 5]) -> bool {
        let codes = self.codes;
        let is_listed = |value: &[u8], test: &dyn Fn(&[u8]) -> bool| value.is_empty() || test(value);
        let is_test = self.book.is_test();
        !is_listed(cvx, &|cvx| cvx.iter().all(u8::is_ascii_digit) && codes.is_cvx_or_placeholder(cvx))
            || !is_listed(mvx, &|mvx| codes.is_mvx_or_placeholder(mvx))
            || !is_listed(ndc, &|ndc| codes.is_ndc(ndc) || is_test && codes.is_placeholder_ndc(ndc))
            || crate::rules::products::is_doubtful(cvx, mvx, ndc, dose, complete, codes, is_test)
    }

    #[inline(always)]
    fn place_stops(&self, cells: &Cells<'_>, place: usize, memory: &mut Memory) -> bool {
        let [county, state, zip] = self.places[place];
        memory.is_new_place(cells.word_of(county), cells.word_of(state), cells.word_of(zip)) && {
            let is_bad = places::is_doubtful(cells.of(county), cells.of(state), cells.of(zip), self.codes);
            if !is_bad {
                memory.remember_place();
            }
            is_bad
        }
    }
}

/// The stages of the check, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Lengths,
    Contents,
    Dates,
    Others,
}

/// What stands for a cell that is no date; an empty one is 0.
const NO_DATE: u32 = u32::MAX;

/// A date that is one.
#[inline(always)]
const fn real(date: u32) -> Option<Date> {
    if date == NO_DATE { None } else { Date::from_number(date) }
}

/// Whether `left` is later than `right` at the coarser precision of the two, if both are dates.
#[inline(always)]
const fn is_after(left: u32, right: u32) -> bool {
    if left == 0 || right == 0 || left == NO_DATE || right == NO_DATE {
        return false;
    }
    if left.is_multiple_of(100) || right.is_multiple_of(100) { left / 100 > right / 100 } else { left > right }
}

#[inline(never)]
fn is_line_utf8(text: &[u8], window: &[u32]) -> bool {
    let (start, end) = (window[0].wrapping_add(1) as usize, window[window.len() - 1] as usize);
    core::str::from_utf8(&text[start..end]).is_ok()
}

/// The most columns a file may have to be screened; another is left to the book.
const MOST_COLUMNS: usize = 64;

/// The cells of a regular record.
struct Cells<'a> {
    text: &'a [u8],
    starts: [u32; MOST_COLUMNS],
    lengths: [u32; MOST_COLUMNS],
}

impl<'a> Cells<'a> {
    #[inline(always)]
    fn new(text: &'a [u8], window: &[u32]) -> Self {
        let mut cells = Cells { text, starts: [0; MOST_COLUMNS], lengths: [0; MOST_COLUMNS] };
        let n_columns = window.len() - 1;
        let places = cells.starts[..n_columns].iter_mut().zip(&mut cells.lengths[..n_columns]);
        for ((&before, &end), (start, length)) in window[..n_columns].iter().zip(&window[1..]).zip(places) {
            *start = before.wrapping_add(1);
            *length = end.wrapping_sub(*start);
        }
        cells
    }

    #[inline(always)]
    fn start(&self, column: u32) -> usize {
        self.starts[column as usize % MOST_COLUMNS] as usize
    }

    #[inline(always)]
    fn length(&self, column: u32) -> u32 {
        self.lengths[column as usize % MOST_COLUMNS]
    }

    /// The cell's first eight bytes and what follows them.
    #[inline(always)]
    fn load(&self, column: u32) -> u64 {
        load(self.text, self.start(column))
    }

    /// The cell as a number, if it has up to eight bytes; else its first eight.
    #[inline(always)]
    fn word(&self, column: u32) -> u64 {
        self.load(column) & MASKS[self.length(column).min(8) as usize]
    }

    #[inline(always)]
    fn cell(&self, column: u32) -> &'a [u8] {
        let start = self.start(column);
        &self.text[start..start + self.length(column) as usize]
    }

    /// The cell of a column that the file may lack.
    #[inline(always)]
    fn of(&self, column: Option<u32>) -> &'a [u8] {
        match column {
            Some(column) => self.cell(column),
            None => &[],
        }
    }

    /// The cell of a column that the file may lack, as memory keeps it.
    #[inline(always)]
    fn word_of(&self, column: Option<u32>) -> Word {
        match column {
            Some(column) => Word { bytes: self.word(column), length: self.length(column) },
            None => Word { bytes: 0, length: 0 },
        }
    }

    /// What follows the first eight bytes of a cell, up to seven bytes of it.
    #[inline(always)]
    fn rest_of(&self, column: Option<u32>) -> u64 {
        let Some(column) = column else { return 0 };
        let rest = self.length(column).saturating_sub(8).min(7);
        load(self.text, self.start(column) + 8) & MASKS[rest as usize]
    }

    #[inline(always)]
    fn is_yes(&self, column: Option<u32>) -> bool {
        const YES: u64 = u64::from_le_bytes(*b"YES\0\0\0\0\0");
        match column {
            Some(column) => to_upper(self.word(column)) == YES && self.length(column) == 3,
            None => false,
        }
    }

    /// The date in a column: 0 if empty, [`NO_DATE`] if it is none.
    #[inline(always)]
    fn date(&self, column: Option<u32>) -> u32 {
        let Some(column) = column else { return 0 };
        match self.length(column) {
            0 => 0,
            length => match digits::date(self.text, self.start(column), length) {
                Some(date) => date,
                None => NO_DATE,
            },
        }
    }

    fn is_redacted(&self, column: u32) -> bool {
        self.cell(column).eq_ignore_ascii_case(crate::rules::redaction::WORD.as_bytes())
    }

    #[inline(always)]
    fn has_blank(&self, column: u32) -> bool {
        let (mut start, mut left) = (self.start(column), self.length(column) as usize);
        let mut found = 0;
        loop {
            let word = load(self.text, start) ^ splat(b' ');
            // A zero byte, exact in its lowest place, which is all that is asked.
            let zeros = word.wrapping_sub(splat(1)) & !word & splat(0x80);
            found |= zeros & MASKS[left.min(8)];
            if left <= 8 {
                return found != 0;
            }
            start += 8;
            left -= 8;
        }
    }

    /// Not zero if a non-empty cell is no ZIP code.
    #[inline(always)]
    fn not_zip(&self, column: u32) -> u64 {
        let length = self.length(column);
        let five = not_digits(self.load(column), MASKS[5]);
        let tail = load(self.text, self.start(column) + 5);
        let plus_four = ((tail & 0xFF) ^ b'-' as u64) | not_digits(tail >> 8, MASKS[4]);
        let plus_four = u64::from(length != 10) | plus_four;
        u64::from(length != 0) * (five | (u64::from(length != 5) * plus_four))
    }

    /// Whether the content of a non-empty cell is wrong; an empty one is right.
    #[inline(always)]
    fn is_wrong(&self, column: u32, content: Content) -> bool {
        let value = self.cell(column);
        match content {
            Content::Digits => !value.iter().all(u8::is_ascii_digit),
            Content::TwoLetters => !value.is_empty() && !crate::rules::value_set::is_two_letters(value),
            _ => false,
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod tiers {
    //! The body of the screen, compiled for further instructions. Nothing in it is unsafe but to call it.
    #![expect(unsafe_code, reason = "calls of code for a feature that was found")]

    use super::{Memory, Screen, Screened, Stopped};
    use cvrs_parse::Index;

    macro_rules! tier {
        ($name:ident, $inner:ident, $features:literal) => {
            #[target_feature(enable = $features)]
            fn $inner(
                screen: &Screen,
                text: &[u8],
                index: &Index,
                is_utf8: bool,
                memory: &mut Memory,
                stopped: &mut Vec<Stopped>,
            ) -> Screened {
                screen.lines_in(text, index, is_utf8, memory, stopped)
            }

            pub(super) fn $name(
                screen: &Screen,
                text: &[u8],
                index: &Index,
                is_utf8: bool,
                memory: &mut Memory,
                stopped: &mut Vec<Stopped>,
            ) -> Screened {
                // SAFETY: a screen is made only for a tier whose features were found.
                unsafe { $inner(screen, text, index, is_utf8, memory, stopped) }
            }
        };
    }

    tier!(avx2, avx2_inner, "avx2,bmi1,bmi2,popcnt,lzcnt");
    tier!(avx512, avx512_inner, "avx512f,avx512bw,avx512vl,avx512dq,avx2,bmi1,bmi2,popcnt,lzcnt");
}
