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

use crate::rules::{dates, places, races};
use crate::{Book, Codes, Profile};
use cvrs_parse::{Date, Header, Index, Record, Tier};
use cvrs_report::Level;
use cvrs_spec::{Event, Field, Model, Version};
use digits::{MASKS, load, not_digits, splat};
pub use memory::Memory;
use plan::{Content, Plan};
use sets::{SetTable, to_upper};

/// A line that the book must be asked about, or that is blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// 0-based number of the line in the buffer.
    pub line: u32,
    /// How many records of the buffer precede it.
    pub records: u32,
    /// Whether it is a blank line, which is no record.
    pub is_blank: bool,
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
    refusal: Option<usize>,
    missed: Option<usize>,
    ext_type: Option<usize>,
    dob: Option<usize>,
    admin: Option<usize>,
    expiration: Option<usize>,
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
    races: Vec<usize>,
    product: [Option<usize>; 5],
    places: [[Option<usize>; 3]; 2],
    codes: Codes,
    /// Whether every record is stopped: nothing is compiled for it.
    stops_all: bool,
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
        let at = |field| header.position(field);
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
            codes: book.codes(),
            // The CDC tool's reading has rules of its own.
            stops_all: on("XR021")
                || on("BUSR006") && header.version() == Version::V1
                || book.profile() == Profile::Tool,
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
            let mut is_flagged = false;
            while odd.next_if(|&&at| at < end).is_some() {
                is_flagged = true;
            }
            while edges.next_if(|&&at| at < end).is_some() {
                is_flagged = true;
            }
            // With CRLF the carriage return has an entry of its own, right before the line feed's.
            let is_crlf = entries > 1
                && window[entries - 1] + 1 == end
                && text[end as usize - 1] == b'\r'
                && (end as usize) < text.len();
            let is_regular = entries - usize::from(is_crlf) == n_columns;
            if !is_regular || is_flagged {
                let is_blank = window[0].wrapping_add(1) + u32::from(is_crlf) == end;
                stopped.push(Stopped { line: number as u32, records: screened.records, is_blank });
                screened.blank_lines += u32::from(is_blank);
                screened.records += u32::from(!is_blank);
                continue;
            }
            let window = &window[..=n_columns];
            let is_bad =
                self.stops_all || self.stops_window(text, window, memory) || !is_utf8 && !is_line_utf8(text, window);
            if is_bad {
                stopped.push(Stopped { line: number as u32, records: screened.records, is_blank: false });
            }
            screened.records += 1;
        }
        screened
    }

    /// Whether a regular record is stopped: `window` is where its cells end, after the byte before its first.
    #[inline(always)]
    fn stops_window(&self, text: &[u8], window: &[u32], memory: &mut Memory) -> bool {
        let cells = Cells { text, window };
        let Some(plan) = self.plan_of(cells) else { return true };
        let n_columns = window.len() - 1;
        let mut bad = 0u32;
        let limits = plan.min[..n_columns].iter().zip(&plan.span[..n_columns]);
        for ((&before, &end), (&min, &span)) in window[..n_columns].iter().zip(&window[1..]).zip(limits) {
            bad |= u32::from(end.wrapping_sub(before).wrapping_sub(1).wrapping_sub(min) > span);
        }
        if bad != 0 {
            return true;
        }
        let mut wrong = 0u64;
        for &(column, salt) in &plan.sets {
            // The length is at most eight, or the record would not have come so far.
            let (start, length) = cells.place(column as usize);
            let word = load(text, start) & MASKS[(length as usize).min(8)];
            wrong |= u64::from(!self.sets.contains(to_upper(word), salt));
        }
        const REDACTED: u64 = u64::from_le_bytes(*b"redacted");
        for &column in &plan.redacted {
            wrong |= (load(text, cells.place(column as usize).0) | splat(0x20)) ^ REDACTED;
        }
        for &column in &plan.not_redacted {
            let (start, length) = cells.place(column as usize);
            wrong |= u64::from(length == 8 && (load(text, start) | splat(0x20)) == REDACTED);
        }
        for &(column, content) in &plan.others {
            wrong |= u64::from(cells.is_wrong(column as usize, content));
        }
        for &column in &plan.no_blank {
            wrong |= u64::from(cells.has_blank(column as usize));
        }
        wrong != 0
            || self.dates_stop(cells)
            || self.relations.races && self.races_stop(cells)
            || self.relations.products && self.products_stop(cells, memory)
            || self.relations.places && (0..2).any(|place| self.place_stops(cells, place, memory))
    }

    /// The plan for the record's event and model; `None` if there is none that a record can keep to.
    #[inline(always)]
    fn plan_of(&self, cells: Cells<'_>) -> Option<&Plan> {
        let is_yes = |column: Option<usize>| {
            column.is_some_and(|column| {
                let (start, length) = cells.place(column);
                length == 3 && to_upper(load(cells.text, start) & MASKS[3]) == YES
            })
        };
        const YES: u64 = u64::from_le_bytes(*b"YES\0\0\0\0\0");
        let event = if is_yes(self.roles.refusal) {
            Event::Refusal
        } else if is_yes(self.roles.missed) {
            Event::MissedAppointment
        } else {
            Event::Vaccination
        };
        // An empty `ext_type` leaves the model to other columns: the book sees to that.
        let (start, length) = cells.place(self.roles.ext_type?);
        if length == 0 {
            return None;
        }
        let model = match (length, cells.text[start] & !0x20) {
            (1, b'D') => 0,
            (1, b'I') => 1,
            (1, b'P') => 2,
            _ => 3,
        };
        let plan = &self.plans[event as usize * N_MODELS + model];
        (!plan.always).then_some(plan)
    }

    #[inline(always)]
    fn dates_stop(&self, cells: Cells<'_>) -> bool {
        let relations = &self.relations;
        let read = |column: Option<usize>| {
            let Some(column) = column else { return Ok(0) };
            let (start, length) = cells.place(column);
            if length == 0 { Ok(0) } else { digits::date(cells.text, start, length).ok_or(relations.dates_checked) }
        };
        let values = [read(self.roles.dob), read(self.roles.admin), read(self.roles.expiration)];
        if values.contains(&Err(true)) {
            return true;
        }
        // 0 where there is no date, which no relation speaks of.
        let [dob, admin, expiration] = values.map(|value| value.unwrap_or(0));
        let today = self.book.today().as_number();
        let is_after = |left: u32, right: u32| left != 0 && right != 0 && compare_coarse(left, right);
        let mut wrong = relations.given_in_future & is_after(admin, today)
            | relations.born_in_future & is_after(dob, today)
            | relations.born_after & is_after(dob, admin);
        if let Some(admin) = Date::from_number(admin) {
            let is =
                |date: u32, test: fn(Date, Date) -> bool| Date::from_number(date).is_some_and(|date| test(date, admin));
            wrong |= relations.expired && is(expiration, dates::is_expired);
            wrong |= relations.too_old && is(dob, dates::is_too_old);
            wrong |= relations.too_early && dates::is_before_authorisation(admin);
        }
        wrong
    }

    #[inline(always)]
    fn races_stop(&self, cells: Cells<'_>) -> bool {
        let mut any = 0;
        for &column in &self.races {
            any |= cells.place(column).1;
        }
        any != 0 && races::are_muddled(|field| self.header.position(field).map_or(&[], |column| cells.cell(column)))
    }

    #[inline(always)]
    fn products_stop(&self, cells: Cells<'_>, memory: &mut Memory) -> bool {
        let values = self.product.map(|column| column.map_or(&[][..], |column| cells.cell(column)));
        memory.is_new_product(&values) && {
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
    fn place_stops(&self, cells: Cells<'_>, place: usize, memory: &mut Memory) -> bool {
        let values = self.places[place].map(|column| column.map_or(&[][..], |column| cells.cell(column)));
        memory.is_new_place(&values) && {
            let [county, state, zip] = values;
            let is_bad = places::is_doubtful(county, state, zip, self.codes);
            if !is_bad {
                memory.remember_place();
            }
            is_bad
        }
    }
}

/// Whether `left` is later than `right` at the coarser precision of the two.
#[inline(always)]
const fn compare_coarse(left: u32, right: u32) -> bool {
    if left % 100 == 0 || right % 100 == 0 { left / 100 > right / 100 } else { left > right }
}

#[inline(never)]
fn is_line_utf8(text: &[u8], window: &[u32]) -> bool {
    let (start, end) = (window[0].wrapping_add(1) as usize, window[window.len() - 1] as usize);
    core::str::from_utf8(&text[start..end]).is_ok()
}

/// The cells of a regular record.
#[derive(Clone, Copy)]
struct Cells<'a> {
    text: &'a [u8],
    window: &'a [u32],
}

impl<'a> Cells<'a> {
    /// Where a cell starts and how long it is.
    #[inline(always)]
    fn place(self, column: usize) -> (usize, u32) {
        let start = self.window[column].wrapping_add(1);
        (start as usize, self.window[column + 1].wrapping_sub(start))
    }

    #[inline(always)]
    fn cell(self, column: usize) -> &'a [u8] {
        let (start, length) = self.place(column);
        &self.text[start..start + length as usize]
    }

    #[inline(always)]
    fn has_blank(self, column: usize) -> bool {
        let (mut start, length) = self.place(column);
        let mut left = length as usize;
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

    /// Whether the content of a non-empty cell is wrong; an empty one is right.
    #[inline(always)]
    fn is_wrong(self, column: usize, content: Content) -> bool {
        let (start, length) = self.place(column);
        if length == 0 {
            return false;
        }
        let word = load(self.text, start);
        match content {
            Content::Zip => {
                let tail = load(self.text, start + 5);
                let plus_four = (tail & 0xFF) ^ b'-' as u64 | not_digits(tail >> 8, MASKS[4]);
                not_digits(word, MASKS[5]) != 0 || length != 5 && (length != 10 || plus_four != 0)
            }
            Content::Pin => length != 6 || not_digits(word, MASKS[6]) != 0,
            Content::County => length != 5 || not_digits(word, MASKS[5]) != 0,
            Content::Digits if length <= 8 => not_digits(word, MASKS[length as usize]) != 0,
            Content::Digits => !self.cell(column).iter().all(u8::is_ascii_digit),
            Content::TwoLetters => !crate::rules::value_set::is_two_letters(self.cell(column)),
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
