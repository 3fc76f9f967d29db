//! What still tells who the recipient is in a row as it is written, which redaction leaves alone. It is told and never
//! mended.

use super::Kind;
use super::plan::{Plan, Row};
use super::value::{CASE, Values, Written};
use cvrs_parse::{Date, Header, Hit, Tier, may_hold};
use cvrs_spec::Field;

/// How many columns may lie between two that are looked at together.
const GAP: usize = 6;

const FIRST_NAME: u8 = bit(Field::RecipFirstName);
const LAST_NAME: u8 = bit(Field::RecipLastName);
const STREET: u8 = bit(Field::RecipAddressStreet);

/// The six columns, in the order of their bits.
pub(super) const SIX: [Field; 6] = [
    Field::RecipFirstName,
    Field::RecipMiddleName,
    Field::RecipLastName,
    Field::RecipAddressStreet,
    Field::RecipAddressStreet2,
    Field::RecipAddressCity,
];

const fn bit(field: Field) -> u8 {
    let mut at = 0;
    while SIX[at] as usize != field as usize {
        at += 1;
    }
    1 << at
}

/// What a column is to who looks for leaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// One of the six.
    Redacted,
    /// An id that stays.
    Id,
    /// A name of a place or a lot.
    Text,
    /// Any other.
    Other,
}

/// Where to look, for one header.
pub(super) struct Leaks {
    columns: Vec<(Field, Place)>,
    dob: Option<usize>,
    /// The ids that stay.
    ids: Vec<(Field, usize)>,
    /// The same and those between them, from column to column, for one look at all that are near each other.
    id_spans: Vec<(usize, usize)>,
    tells_home: bool,
    tier: Tier,
}

/// The memory of one thread.
#[derive(Debug, Default)]
pub(super) struct Memory {
    hits: Vec<Hit>,
    /// Where a value was found last.
    column: usize,
    standing: Vec<Standing>,
}

/// The values that stand in a column, as bits: anywhere in it, and as words where that matters.
#[derive(Debug)]
struct Standing {
    column: usize,
    all: u8,
    words: u8,
}

impl Leaks {
    /// `has_pseudonym`: `recip_id` does not stay. `empties_home`: neither does the street of a vaccination at home.
    pub(super) fn new(header: &Header, has_pseudonym: bool, empties_home: bool) -> Self {
        let place = |field: Field| match field {
            field if field.facts().is_redacted => Place::Redacted,
            Field::RecipId if has_pseudonym => Place::Other,
            Field::VaxEventId | Field::RecipId => Place::Id,
            Field::LotNumber | Field::ResponsibleOrg | Field::AdminName => Place::Text,
            _ => Place::Other,
        };
        let columns: Vec<_> = header.columns().iter().flatten().map(|&field| (field, place(field))).collect();
        let is_id =
            |(column, &(field, place)): (usize, &(Field, Place))| (place == Place::Id).then_some((field, column));
        let ids: Vec<_> = columns.iter().enumerate().filter_map(is_id).collect();
        Self {
            dob: header.position(Field::RecipDob),
            id_spans: spans(ids.iter().map(|(_, column)| *column)),
            columns,
            ids,
            tells_home: !empties_home,
            tier: Tier::best(),
        }
    }

    /// Tells the leaks of a row. Cheap where there is none, since it is asked of every row.
    #[inline]
    pub(super) fn check(
        &self,
        row: Row<'_>,
        values: &Values<'_>,
        plan: &Plan,
        written: Written<'_>,
        memory: &mut Memory,
        tell: &mut dyn FnMut(Kind, Field, usize),
    ) {
        self.check_birth_date(row, tell);
        let Memory { hits, column, standing } = memory;
        standing.clear();
        values.find(self.tier, row, written, (hits, column), &mut |place| {
            let is_word = match self.columns[place.column].1 {
                Place::Redacted => return,
                Place::Id | Place::Text => place.is_word(),
                Place::Other => false,
            };
            let (all, words) = (1 << place.value, u8::from(is_word) << place.value);
            match standing.iter_mut().find(|one| one.column == place.column) {
                Some(one) => {
                    one.all |= all;
                    one.words |= words;
                }
                None => standing.push(Standing { column: place.column, all, words }),
            }
        });
        // The same street stands there, unless it is too short to be looked for.
        let stands_there = |one: &Standing| Some(one.column) == plan.admin_street && one.all & STREET != 0;
        let is_at_home =
            self.tells_home && (!values.have(STREET) || standing.iter().any(stands_there)) && plan.is_at_home(row);
        if is_at_home {
            tell(Kind::HomeAddress, Field::AdminAddressStreet, plan.admin_street.unwrap_or_default());
        }
        for &Standing { column, all, words } in &*standing {
            let (field, place) = self.columns[column];
            let mut is_told = is_at_home && field == Field::AdminAddressStreet;
            let is_named = words & FIRST_NAME != 0 && words & LAST_NAME != 0 || words & STREET != 0;
            if matches!(place, Place::Id | Place::Text) && is_named {
                tell(Kind::NameInText, field, column);
                is_told = true;
            }
            if place == Place::Id && all & LAST_NAME != 0 {
                tell(Kind::LastNameInId, field, column);
                is_told = true;
            }
            if !is_told {
                tell(Kind::ValueElsewhere, field, column);
            }
        }
    }

    /// The birth date as `YYYYMMDD`, `MMDDYYYY` or as it is written.
    #[inline]
    pub(super) fn check_birth_date(&self, row: Row<'_>, tell: &mut dyn FnMut(Kind, Field, usize)) {
        let dob = row.get(self.dob);
        let &[_, y2, y3, y4, b'-', _, _, b'-', _, _] = dob else { return };
        // Whatever the form, the year stands there as it is.
        let year = [y2, y3, y4].map(|byte| byte | CASE);
        let has_year =
            |&(first, last): &(usize, usize)| may_hold(self.tier, row.text, row.range(first..last + 1), [year]);
        if self.id_spans.iter().any(has_year) {
            self.find_birth_date(row, dob, tell);
        }
    }

    #[cold]
    fn find_birth_date(&self, row: Row<'_>, dob: &[u8], tell: &mut dyn FnMut(Kind, Field, usize)) {
        let &[y1, y2, y3, y4, _, m1, m2, _, d1, d2] = dob else { return };
        let year_first = [y1, y2, y3, y4, m1, m2, d1, d2];
        let month_first = [m1, m2, d1, d2, y1, y2, y3, y4];
        for &(field, column) in &self.ids {
            let id = row.cell(column);
            let is_told = id.windows(8).any(|part| part == year_first || part == month_first)
                || id.len() >= dob.len() && id.windows(dob.len()).any(|part| part == dob);
            if is_told && Date::parse(dob).is_some() {
                tell(Kind::BirthDateInId, field, column);
            }
        }
    }
}

/// From column to column, so that what is near each other is together. The columns are in order.
fn spans(columns: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for column in columns {
        match spans.last_mut() {
            Some((_, last)) if column <= *last + GAP => *last = column,
            _ => spans.push((column, column)),
        }
    }
    spans
}
