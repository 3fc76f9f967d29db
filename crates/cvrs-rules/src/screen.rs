//! The fused check: does the rule book have anything to say about a record?
//!
//! Nearly every record is good, so the question asked most is not "what is wrong?" but "is anything?". For each kind
//! of event and each model the field table and the book's levels are compiled into one row of limits a column of the
//! file: the least and most bytes, and a test of the content. A good record passes 45 comparisons of lengths and some
//! twenty tests of short codes; relations follow on values read already. Only what fails goes to [`Book::explain`].
//!
//! The answer errs on one side: a record that the screen lets pass has no finding; one that it stops mostly has, and
//! the book decides (a name of 255 characters and 300 bytes is stopped and found good). Tests prove the first for all
//! profiles and versions, and the second for ASCII records.

mod sets;

use crate::rules::{dates, forbidden, length, places, races, redaction, required, shape, text, value_set};
use crate::{Ask, Book, Dch};
use core::cmp::Ordering;
use cvrs_parse::{Date, Header, Record};
use cvrs_report::Level;
use cvrs_spec::{Event, Field, Kind, Model, SetId, Version};
use sets::SetTable;

/// How the content of a non-empty cell is tested.
#[derive(Clone, Debug)]
enum Content {
    Any,
    Set(Box<SetTable>),
    Date,
    Zip,
    Pin,
    Digits,
    Cvx,
    Mvx,
    Ndc,
    County,
    TwoLetters,
    Redacted,
    NoBlank,
    NoBlankFirst,
}

/// What a column of the file must be like in one kind of event and one model.
#[derive(Clone, Debug)]
struct Column {
    min: u32,
    max: u32,
    content: Content,
}

/// The columns of the file for one kind of event and one model.
#[derive(Clone, Debug)]
struct Plan {
    /// Whether every such record has a finding, because the file lacks a column.
    always: bool,
    columns: Vec<Column>,
}

/// Which relations are to be tested.
#[derive(Clone, Copy, Debug)]
struct Relations {
    born_after: bool,
    born_in_future: bool,
    given_in_future: bool,
    expired: bool,
    too_old: bool,
    too_early: bool,
    county_state: bool,
    zip_state: bool,
    zip_alone: bool,
    county_listed: bool,
    products: bool,
    races: bool,
    partly_redacted: bool,
    outer_blank: bool,
    quoted: bool,
    not_utf8: bool,
}

/// The fused check for one header and one book.
#[derive(Clone, Debug)]
pub struct Screen {
    book: Book,
    header: Header,
    plans: Vec<Plan>,
    relations: Relations,
    /// Whether every record is stopped (XR021 speaks of nearly all).
    stops_all: bool,
    control_matters: bool,
    shape_matters: bool,
}

const N_MODELS: usize = 4;

fn plan_number(event: Event, model: Option<Model>) -> usize {
    event as usize * N_MODELS + model.map_or(N_MODELS - 1, |model| model as usize)
}

impl Screen {
    /// Compiles the check for a file with that header.
    ///
    /// Cost: some tens of microseconds.
    pub fn new(book: &Book, header: &Header) -> Self {
        let mut plans = Vec::with_capacity(Event::ALL.len() * N_MODELS);
        for event in Event::ALL {
            for model in [Some(Model::D), Some(Model::I), Some(Model::P), None] {
                plans.push(Plan::new(book, header, event, model));
            }
        }
        let on = |code: &str| book.is_on(code);
        let relations = Relations {
            born_after: on("BUSR005"),
            born_in_future: on("BUSR011"),
            given_in_future: on("BUSR012"),
            expired: on("XR012"),
            too_old: on("XR019"),
            too_early: on("XR020") && !book.is_test(),
            county_state: on("BUSR001") || on("BUSR002"),
            zip_state: on("BUSR003") || on("BUSR004"),
            zip_alone: ["BUSR007", "BUSR008", "BUSR009", "BUSR010"].into_iter().any(on),
            county_listed: on("XR022"),
            products: ["XR013", "XR014", "XR015", "XR016"].into_iter().any(on),
            races: on("XR017"),
            partly_redacted: on("XR024"),
            outer_blank: on("XR023"),
            quoted: on("XR008"),
            not_utf8: on("XR004"),
        };
        Self {
            book: book.clone(),
            header: header.clone(),
            plans,
            relations,
            stops_all: on("XR021"),
            control_matters: on("XR005"),
            shape_matters: on("XR001"),
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

    /// Whether invalid UTF-8 is a finding, so that the caller must know of it.
    pub const fn asks_for_utf8(&self) -> bool {
        self.relations.not_utf8
    }

    /// Whether the book must be asked about a record. `is_utf8` says that its bytes are known to be UTF-8.
    ///
    /// Never `false` for a record with a finding of its own (duplicates and the like are known elsewhere).
    pub fn stops(&self, record: &Record<'_>, is_utf8: bool) -> bool {
        if self.stops_all
            || self.shape_matters && !record.is_regular()
            || self.control_matters && record.has_control()
            || self.relations.not_utf8 && !is_utf8 && core::str::from_utf8(record.line()).is_err()
        {
            return true;
        }
        let (event, model) = (record.event(), record.model());
        let plan = &self.plans[plan_number(event, model)];
        if plan.always {
            return true;
        }
        for (number, column) in plan.columns.iter().enumerate() {
            if column.stops(record.cell(number), &self.book) {
                return true;
            }
        }
        self.relations.stop(record, model, &self.book)
    }
}

impl Plan {
    fn new(book: &Book, header: &Header, event: Event, model: Option<Model>) -> Self {
        let limits = |field| Column::new(book, header.version(), event, model, field);
        let free = || Column { min: 0, max: u32::MAX, content: Content::Any };
        let columns = header.columns().iter().map(|field| field.map_or_else(free, limits)).collect();
        // An absent column is an empty cell.
        let always = header.missing().any(|field| limits(field).min > 0);
        Self { always, columns }
    }
}

impl Column {
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
            || !length::is_clearinghouse_only(field) && is_on(length_code, None, true);
        Self {
            min: u32::from(is_required),
            max: match (is_forbidden, is_limited) {
                (true, _) => 0,
                (false, true) => length::limit(field) as u32,
                (false, false) => u32::MAX,
            },
            content: content(book, version, model, field),
        }
    }

    fn stops(&self, value: &[u8], book: &Book) -> bool {
        let length = value.len() as u32;
        if length < self.min || length > self.max {
            return true;
        }
        if length == 0 {
            return false;
        }
        match &self.content {
            Content::Any => false,
            Content::Set(set) => !set.contains(value),
            Content::Date => Date::parse(value).is_none(),
            Content::Zip => !shape::is_zip(value),
            Content::Pin => !shape::is_pin(value),
            Content::Digits => !value.iter().all(u8::is_ascii_digit),
            Content::Cvx => !(value.iter().all(u8::is_ascii_digit) && book.codes().is_cvx_or_placeholder(value)),
            Content::Mvx => !book.codes().is_mvx_or_placeholder(value),
            Content::Ndc => !(book.codes().is_ndc(value) || book.is_test() && book.codes().is_placeholder_ndc(value)),
            Content::County => !value_set::is_county(value),
            Content::TwoLetters => !value_set::is_two_letters(value),
            Content::Redacted => !value.eq_ignore_ascii_case(redaction::WORD.as_bytes()),
            Content::NoBlank => value.iter().any(|&byte| shape::is_blank(byte)),
            Content::NoBlankFirst => shape::is_blank(value[0]),
        }
    }
}

/// The test of a column's content: the strictest of the rules that are on.
fn content(book: &Book, version: Version, model: Option<Model>, field: Field) -> Content {
    let dch = Dch::of(field, Ask::Content);
    let is_on = |code: &str, dch, is_soft| book.level(code, dch, is_soft) > Level::Off;
    let is_hard = |code| is_on(code, dch, false) || is_on(code, None, false);
    if field.facts().is_redacted {
        return if model != Some(Model::I) && is_on("DATA006", None, false) { Content::Redacted } else { Content::Any };
    }
    match field {
        Field::ExtType if is_hard("DATA005") => return Content::Set(Box::new(SetTable::new(SetId::ExtType))),
        Field::VaxEventId | Field::RecipId if is_on("DATA005", None, true) => return Content::NoBlank,
        Field::ResponsibleOrg | Field::AdminName if is_on("DATA005", None, true) => return Content::NoBlankFirst,
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
        Some(SetId::State) if is_listed => Content::Set(Box::new(SetTable::without(SetId::State, b"UM"))),
        Some(SetId::State) if is_hard("DATA007") => Content::TwoLetters,
        Some(SetId::Cvx) if is_listed => Content::Cvx,
        Some(SetId::Cvx) if is_hard("DATA007") => Content::Digits,
        Some(SetId::Mvx) if is_listed => Content::Mvx,
        Some(SetId::Ndc) if is_listed => Content::Ndc,
        Some(SetId::County | SetId::State | SetId::Cvx | SetId::Mvx | SetId::Ndc) => Content::Any,
        Some(SetId::VaxRoute) if is_listed => Content::Set(Box::new(SetTable::new(SetId::VaxRoute))),
        Some(SetId::VaxRoute) => Content::Any,
        Some(set) if is_hard("DATA007") => Content::Set(Box::new(SetTable::new(set))),
        Some(_) => Content::Any,
    }
}

impl Relations {
    /// Whether any relation between columns may be broken.
    fn stop(&self, record: &Record<'_>, model: Option<Model>, book: &Book) -> bool {
        let get = |field| record.get(field);
        let admin = record.date(Field::AdminDate);
        let dob = record.date(Field::RecipDob);
        let is_after =
            |date: Option<Date>, other: Date| date.is_some_and(|date| date.compare_coarse(other) == Ordering::Greater);
        if self.given_in_future && is_after(admin, book.today()) || self.born_in_future && is_after(dob, book.today()) {
            return true;
        }
        if let Some(admin) = admin {
            if self.born_after && is_after(dob, admin)
                || self.too_old && dob.is_some_and(|dob| dates::is_too_old(dob, admin))
                || self.too_early && dates::is_before_authorisation(admin)
            {
                return true;
            }
            if self.expired
                && record.date(Field::VaxExpiration).is_some_and(|expiration| dates::is_expired(expiration, admin))
            {
                return true;
            }
        }
        if self.races && races::RACES[1..].iter().any(|&race| !get(race).is_empty()) && races::are_muddled(get) {
            return true;
        }
        if (self.outer_blank || self.quoted)
            && record
                .cells()
                .any(|cell| self.outer_blank && text::has_outer_blank(cell) || self.quoted && text::is_quoted(cell))
        {
            return true;
        }
        places::PLACES.iter().any(|place| {
            self.county_state && place.is_county_outside_state(record, book.codes())
                || self.zip_state && place.is_zip_outside_state(record, book.codes())
                || self.zip_alone && place.is_zip_alone(record)
                || self.county_listed && place.is_county_unlisted(record, book.codes())
        }) || self.products && crate::rules::products::is_doubtful(record, book.codes(), book.is_test())
            || self.partly_redacted
                && model == Some(Model::I)
                && redaction::SIX.iter().any(|&field| record.is(field, redaction::WORD))
    }
}
