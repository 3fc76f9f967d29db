//! What cells of a record say together: dates in their order, races, products, places.

use super::Screen;
use super::cells::{Cells, MOST_COLUMNS, NO_DATE, Window};
use super::memory::{KnownShort, Memory};
use super::plan::{self, Content, Plan};
use super::sets::to_upper;
use super::vector::{Text, Vector, packed};
use crate::rules::{dates, places, races};
use crate::{Book, Profile};
use cvrs_parse::{Date, Header, Index};
use cvrs_spec::{Event, Field, Version};

/// Where the columns that relations speak of stand in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roles {
    pub(super) refusal: Option<u32>,
    pub(super) missed: Option<u32>,
    pub(super) ext_type: Option<u32>,
    pub(super) dates: [Option<u32>; 3],
    pub(super) product: [Option<u32>; 5],
    pub(super) places: [[Option<u32>; 3]; 2],
    /// County and ZIP code of each place where county, state and ZIP code stand side by side.
    side_by_side: [Option<[u32; 2]>; 2],
    /// Columns that must not start with a blank, which shows as an edge.
    pub(super) names: [Option<u32>; 2],
    races: [Option<u32>; races::RACES.len()],
}

impl Roles {
    pub(super) fn new(header: &Header) -> Self {
        let at = |field| header.position(field).map(|at| at as u32);
        let places = places::PLACES.map(|place| place.columns().map(at));
        let side_by_side = places.map(|place| match place {
            [Some(county), Some(state), Some(zip)] if state == county + 1 && zip == state + 1 => Some([county, zip]),
            _ => None,
        });
        Self {
            side_by_side,
            refusal: at(Field::VaxRefusal),
            missed: if header.version() == Version::V1 { at(Field::RecipMissedAppt) } else { None },
            ext_type: at(Field::ExtType),
            dates: [Field::RecipDob, Field::AdminDate, Field::VaxExpiration].map(at),
            product: [Field::Cvx, Field::Mvx, Field::Ndc, Field::DoseNum, Field::VaxSeriesComplete].map(at),
            places,
            names: [Field::ResponsibleOrg, Field::AdminName].map(at),
            races: races::RACES.map(at),
        }
    }
}

/// Which relations are tested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relations {
    dates_checked: bool,
    born_after: bool,
    born_in_future: bool,
    given_in_future: bool,
    expired: bool,
    too_old: bool,
    too_early: bool,
    /// What a birth date, a day of administration and a date of expiry keep to if none of these rules has anything
    /// to say, as [`packed`] numbers: more than the rules ask for, whichever are on.
    usual: Usual,
    places: bool,
    /// Whether the cells of a place are tested at all.
    place_cells: bool,
    products: bool,
    races: bool,
}

impl Relations {
    pub(super) fn new(book: &Book, header: &Header) -> Self {
        let on = |code: &str| book.is_on(code);
        let any_on = |codes: &[&str]| codes.iter().any(|code| book.is_on(code));
        let content = |field| plan::content(book, header.version(), None, field);
        let products_listed =
            [Field::Cvx, Field::Mvx, Field::Ndc].into_iter().any(|field| content(field) == Content::Product);
        let places =
            any_on(&["BUSR001", "BUSR002", "BUSR003", "BUSR004", "BUSR007", "BUSR008", "BUSR009", "BUSR010", "XR022"]);
        let cells_tested =
            places::PLACES.iter().flat_map(|place| place.columns()).any(|field| content(field) != Content::Any);
        let too_early = on("XR020") && !book.is_test();
        Self {
            dates_checked: content(Field::RecipDob) == Content::Date,
            born_after: on("BUSR005"),
            born_in_future: on("BUSR011"),
            given_in_future: on("BUSR012"),
            expired: on("XR012"),
            too_old: on("XR019"),
            too_early,
            usual: Usual::new(book),
            places,
            place_cells: places || cells_tested,
            products: products_listed || any_on(&["XR013", "XR014", "XR015", "XR016"]),
            races: on("XR017"),
        }
    }
}

/// Dates as nearly all records have them: born at most so many years before the day, given since a day and until
/// today, not expired.
#[derive(Clone, Copy, Debug)]
struct Usual {
    earliest: u64,
    today: u64,
    lifetime: u64,
}

impl Usual {
    fn new(book: &Book) -> Self {
        let pack = |date: Date| {
            let number = date.as_number();
            packed(number / 10_000, number / 100 % 100, number % 100)
        };
        // One year less than is too old, so that months and days need no look.
        Self {
            earliest: pack(dates::FIRST_DAY),
            today: pack(book.today()),
            lifetime: u64::from(dates::OLDEST - 1) << 32,
        }
    }

    #[inline(always)]
    const fn are_kept(&self, [dob, admin, expiration]: [u64; 3]) -> bool {
        (self.earliest <= admin)
            & (admin <= self.today)
            & (dob <= admin)
            & (admin <= expiration)
            & (admin <= dob + self.lifetime)
    }
}

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

impl Screen {
    /// Whether the dates are wrong, by themselves or together.
    #[inline(always)]
    pub(super) fn dates_stop<V: Vector>(&self, cells: &Cells<'_>) -> bool {
        if let [Some(dob), Some(admin), Some(expiration)] = self.roles.dates {
            let starts = [cells.start(dob), cells.start(admin), cells.start(expiration)];
            let lengths = [cells.length(dob), cells.length(admin), cells.length(expiration)];
            if let Some(dates) = V::dates(cells.text(), starts, lengths)
                && self.relations.usual.are_kept(dates)
            {
                return false;
            }
        }
        self.unusual_dates_stop(cells)
    }

    #[inline(never)]
    fn unusual_dates_stop(&self, cells: &Cells<'_>) -> bool {
        let relations = &self.relations;
        let [dob, admin, expiration] = self.roles.dates;
        let (dob, admin, expiration) = (cells.date(dob), cells.date(admin), cells.date(expiration));
        let unreadable = (dob == NO_DATE) | (admin == NO_DATE) | (expiration == NO_DATE);
        let today = self.book.today().as_number();
        let mut wrong = relations.dates_checked & unreadable
            | relations.given_in_future & is_after(admin, today)
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
    pub(super) fn races_stop(&self, cells: &Cells<'_>) -> bool {
        self.relations.races && {
            let mut any = 0;
            for &column in &self.races {
                any |= cells.length(column);
            }
            any != 0 && self.are_races_muddled(cells)
        }
    }

    /// As the [rule](races::are_muddled) says it, of races as the words that their cells hold, if these are so short.
    #[inline(never)]
    fn are_races_muddled(&self, cells: &Cells<'_>) -> bool {
        const UNK: u64 = u64::from_le_bytes(*b"UNK\0\0\0\0\0");
        const POL: u64 = u64::from_le_bytes(*b"POL\0\0\0\0\0");
        let (mut told, mut n) = ([0; races::RACES.len()], 0);
        let (mut has_ended, mut repeats, mut is_none_told) = (false, false, false);
        for column in self.roles.races {
            let race = cells.word_of(column);
            if race.length == 0 {
                has_ended = true;
            } else if race.length > 8 {
                return races::are_muddled(|field| cells.of(self.header.position(field).map(|at| at as u32)));
            } else if has_ended {
                return true;
            } else {
                let race = to_upper(race.bytes);
                repeats |= told[..n].contains(&race);
                is_none_told |= race == UNK || race == POL;
                told[n] = race;
                n += 1;
            }
        }
        repeats || is_none_told && n > 1
    }

    #[inline(always)]
    pub(super) fn products_stop<V: Vector>(&self, cells: &Cells<'_>, memory: &mut Memory) -> bool {
        self.relations.products && {
            let (key, fits) = match self.roles.product {
                [Some(cvx), Some(mvx), Some(ndc), Some(dose), Some(complete)]
                    if ndc == cvx + 1 && mvx == ndc + 1 && complete == dose + 1 =>
                {
                    neighbours_product_key::<V>(cells, [cvx, mvx], [dose, complete])
                }
                columns => {
                    let (key, fits) = product_key(cells, columns);
                    (V::from_words(key), fits)
                }
            };
            !(fits & memory.products.has::<V>(key)) && self.is_new_product_bad::<V>(cells, fits, V::words(key), memory)
        }
    }

    #[inline(never)]
    fn is_new_product_bad<V: Vector>(&self, cells: &Cells<'_>, fits: bool, key: [u64; 4], memory: &mut Memory) -> bool {
        let [cvx, mvx, ndc, dose, complete] = self.roles.product.map(|column| cells.of(column));
        let codes = self.codes;
        let is_listed = |value: &[u8], test: &dyn Fn(&[u8]) -> bool| value.is_empty() || test(value);
        let is_test = self.book.is_test();
        let is_bad = !is_listed(cvx, &|cvx| cvx.iter().all(u8::is_ascii_digit) && codes.is_cvx_or_placeholder(cvx))
            || !is_listed(mvx, &|mvx| codes.is_mvx_or_placeholder(mvx))
            || !is_listed(ndc, &|ndc| codes.is_ndc(ndc) || is_test && codes.is_placeholder_ndc(ndc))
            || crate::rules::products::is_doubtful(cvx, mvx, ndc, dose, complete, codes, is_test);
        if fits && !is_bad {
            memory.products.remember::<V>(key);
        }
        is_bad
    }

    /// The keys of a line's two places, and their places in memory fetched, so that they are at hand when the line is
    /// asked about; if it is no regular one, or too near to the text's end, they mean nothing.
    #[inline(always)]
    pub(super) fn places_ahead<V: Vector>(
        &self,
        text: Text<'_>,
        index: &Index,
        line: usize,
        memory: &Memory,
    ) -> Option<[PlaceKey<V>; 2]> {
        let ([Some(recipient), Some(administration)], true) = (self.roles.side_by_side, self.relations.place_cells)
        else {
            return None;
        };
        if line >= index.n_lines() {
            return None;
        }
        let window: &Window = index.window_and_more(line).1.first_chunk()?;
        let recipient = key_ahead::<V>(text, window, recipient)?;
        let administration = key_ahead::<V>(text, window, administration)?;
        memory.places.fetch::<V>(recipient.slot);
        memory.places.fetch::<V>(administration.slot);
        Some([recipient, administration])
    }

    /// Whether county, state or ZIP code of a place are wrong, by themselves or together.
    #[inline(always)]
    pub(super) fn place_stops<V: Vector>(
        &self,
        cells: &Cells<'_>,
        place: usize,
        plan: &Plan,
        ahead: Option<&PlaceKey<V>>,
        memory: &mut Memory,
    ) -> bool {
        self.relations.place_cells && {
            let columns = self.roles.places[place];
            let PlaceKey { key, slot, fits } = match (ahead, self.roles.side_by_side[place]) {
                (Some(ahead), _) => *ahead,
                (None, Some([county, zip])) => neighbours_key::<V>(cells, county, zip),
                (None, None) => {
                    let (key, fits) = place_key(cells, columns);
                    PlaceKey::new(V::short_from_words(key), fits)
                }
            };
            let end_is_wrong = match columns[2] {
                Some(zip) => plan.zip_is_tested && cells.not_zip_end(zip) != 0,
                None => false,
            };
            end_is_wrong
                || !(fits & memory.places.has_at::<V>(key, slot))
                    && self.is_new_place_bad::<V>(cells, columns, plan, fits, V::short_words(key), memory)
        }
    }

    #[inline(never)]
    fn is_new_place_bad<V: Vector>(
        &self,
        cells: &Cells<'_>,
        columns: [Option<u32>; 3],
        plan: &Plan,
        fits: bool,
        key: [u64; 2],
        memory: &mut Memory,
    ) -> bool {
        let [county, state, zip] = columns.map(|column| cells.of(column));
        let is_wrong = |column: u32| !plan.contents[column as usize].is_met_by(cells.cell(column), &self.sets);
        let is_bad = columns.into_iter().flatten().any(is_wrong)
            || self.relations.places && places::is_doubtful(county, state, zip, self.codes);
        if fits && !is_bad {
            memory.places.remember::<V>(key);
        }
        is_bad
    }

    /// Whether the jurisdiction asks for more than the record has.
    #[inline(always)]
    pub(super) fn jurisdiction_stops(&self, cells: &Cells<'_>) -> bool {
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
}

/// The bytes of a product's cells with their lengths, so that no two products have one key; whether all fit.
#[inline(always)]
fn product_key(cells: &Cells<'_>, columns: [Option<u32>; 5]) -> ([u64; 4], bool) {
    let rest = cells.rest_of(columns[2]);
    // One by one: a closure given to another function is not compiled for the tier's instructions.
    let [cvx, mvx, ndc, dose, complete] = columns;
    let (cvx, mvx, ndc) = (cells.word_of(cvx), cells.word_of(mvx), cells.word_of(ndc));
    let (dose, complete) = (cells.word_of(dose), cells.word_of(complete));
    let fits = (cvx.length <= 4) & (mvx.length <= 3) & (ndc.length <= 15) & (dose.length <= 3) & (complete.length <= 4);
    let at = |length: u32, shift: u32| u64::from(length) << shift;
    let key = [
        cvx.bytes | mvx.bytes << 32 | at(cvx.length, 56) | at(mvx.length, 60),
        ndc.bytes,
        rest | at(ndc.length, 56),
        dose.bytes | complete.bytes << 24 | at(dose.length, 56) | at(complete.length, 60) | 1 << 63,
    ];
    (key, fits)
}

/// The bytes of vaccine, product and maker, then those of dose and completion, where either three or two stand side by
/// side; whether they fit.
#[inline(always)]
fn neighbours_product_key<V: Vector>(
    cells: &Cells<'_>,
    [cvx, mvx]: [u32; 2],
    [dose, complete]: [u32; 2],
) -> (V::Key, bool) {
    let (start, dose_start) = (cells.start(cvx), cells.start(dose));
    let length = cells.end(mvx).wrapping_sub(start) as u32;
    let dose_length = cells.end(complete).wrapping_sub(dose_start) as u32;
    let word = cells.load(dose) & super::digits::MASKS[dose_length.min(7) as usize] | 1 << 63;
    let key = V::with_last(V::key(cells.text(), start, length.min(24), &[0; 4]), word);
    (key, (length <= 24) & (dose_length <= 7))
}

/// County, state and the first five bytes of the ZIP code with tabs between them, and whether they fit. Those five
/// digits tell the place; the rest is seen to each time.
#[inline(always)]
fn place_key(cells: &Cells<'_>, columns: [Option<u32>; 3]) -> ([u64; 2], bool) {
    let [county, state, zip] = columns;
    let (county, state, zip) = (cells.word_of(county), cells.word_of(state), cells.word_of(zip));
    let fits = (county.length <= 5) & (state.length <= 2) & (zip.length <= 10);
    let zip_bytes = u128::from(zip.bytes & super::digits::MASKS[zip.length.min(5) as usize]);
    let rest = u128::from(b'\t') | u128::from(state.bytes) << 8;
    let rest = rest | (u128::from(b'\t') | zip_bytes << 8) << ((state.length.min(2) + 1) * 8);
    let key = u128::from(county.bytes) | rest << (county.length.min(5) * 8) | 1 << 127;
    ([key as u64, (key >> 64) as u64], fits)
}

/// What a place is known by.
#[derive(Clone, Copy)]
pub(super) struct PlaceKey<V: Vector> {
    key: V::Short,
    /// Where memory keeps it.
    slot: usize,
    /// Whether the cells fit into the key.
    fits: bool,
}

impl<V: Vector> PlaceKey<V> {
    #[inline(always)]
    fn new(key: V::Short, fits: bool) -> Self {
        Self { key, slot: KnownShort::slot::<V>(key), fits }
    }

    /// As [`place_key`], of cells that stand side by side: from the county's start to so many bytes of the ZIP code.
    #[inline(always)]
    fn of_neighbours(text: Text<'_>, start: usize, zip_start: usize, zip_length: u32) -> Self {
        let length = (zip_start.wrapping_sub(start) as u32).wrapping_add(zip_length.min(5));
        // One that is too long has all its bytes taken, of which the last but one is zero in all others.
        Self::new(V::short(text, start, length.min(16), &[0, 1 << 63]), length <= 5 + 1 + 2 + 1 + 5)
    }
}

#[inline(always)]
fn neighbours_key<V: Vector>(cells: &Cells<'_>, county: u32, zip: u32) -> PlaceKey<V> {
    PlaceKey::of_neighbours(cells.text(), cells.start(county), cells.start(zip), cells.length(zip))
}

/// As [`neighbours_key`], from where the cells of a line end.
#[inline(always)]
fn key_ahead<V: Vector>(text: Text<'_>, window: &Window, [county, zip]: [u32; 2]) -> Option<PlaceKey<V>> {
    let before = |column: u32| window[column as usize % MOST_COLUMNS].wrapping_add(1);
    let (start, zip_start) = (before(county), before(zip));
    let zip_length = before(zip + 1).wrapping_sub(1).wrapping_sub(zip_start);
    let start = start as usize;
    // A closure would not be compiled for the tier's instructions.
    if text.has_room(start) { Some(PlaceKey::of_neighbours(text, start, zip_start as usize, zip_length)) } else { None }
}

/// Whether the book must be asked about every record.
pub(super) fn stops_all(book: &Book, header: &Header) -> bool {
    // The CDC tool's reading has rules of its own.
    book.is_on("XR021")
        || book.is_on("BUSR006") && header.version() == Version::V1
        || book.profile() == Profile::Tool
        || header.n_columns() > super::cells::MOST_COLUMNS
        // A blank line has as many cells as a record of one column.
        || header.n_columns() < 2
}
