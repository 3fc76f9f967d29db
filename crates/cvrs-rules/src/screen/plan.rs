//! What a column must be like, compiled from the field table and the book for one kind of event and one model.

use crate::rules::{forbidden, length, redaction, required};
use crate::screen::sets::Group;
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
    /// The word `Redacted`.
    Redacted,
    /// Anything but the word `Redacted`.
    NotRedacted,
    /// No blank anywhere.
    NoBlank,
    /// A code of the lists of vaccines, makers and products, tested together.
    Product,
}

/// The columns of the file for one kind of event and one model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// Whether every such record has a finding, because the file lacks a column.
    pub(crate) always: bool,
    /// The least length of each column, in bytes.
    pub(crate) min: Vec<u32>,
    /// How much longer it may be.
    pub(crate) span: Vec<u32>,
    /// Columns with codes, and the salts of their sets.
    pub(crate) sets: Vec<(u32, u64)>,
    /// Columns that hold `Redacted`, at a length of eight.
    pub(crate) redacted: Vec<u32>,
    pub(crate) not_redacted: Vec<u32>,
    pub(crate) no_blank: Vec<u32>,
    pub(crate) zips: Vec<u32>,
    /// Columns that are empty or just so many digits.
    pub(crate) digits: Vec<(u32, u32)>,
    /// The few others.
    pub(crate) others: Vec<(u32, Content)>,
}

impl Plan {
    pub(crate) fn new(book: &Book, header: &Header, event: Event, model: Option<Model>) -> Self {
        let mut plan = Self::default();
        for (number, field) in header.columns().iter().enumerate() {
            let column = field.map_or(Column::FREE, |field| Column::new(book, header.version(), event, model, field));
            plan.min.push(column.min);
            plan.span.push(column.max.wrapping_sub(column.min));
            // What cannot be met (a required cell that must be empty) is told by its length, whatever the content.
            if column.min > column.max {
                plan.always = true;
            }
            let number = number as u32;
            match column.content {
                Content::Any | Content::Product | Content::Date => {}
                Content::Set(group) => plan.sets.push((number, group.salt())),
                Content::Redacted => plan.redacted.push(number),
                Content::NotRedacted => plan.not_redacted.push(number),
                Content::NoBlank => plan.no_blank.push(number),
                Content::Zip => plan.zips.push(number),
                Content::Pin => plan.digits.push((number, 6)),
                Content::County => plan.digits.push((number, 5)),
                other => plan.others.push((number, other)),
            }
        }
        // An absent column is an empty cell.
        plan.always |= header.missing().any(|field| Column::new(book, header.version(), event, model, field).min > 0);
        plan
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
            Content::Set(_) => 8,
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
