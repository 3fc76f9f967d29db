//! What still tells who the recipient is, in columns that redaction leaves alone. It is told and never mended.

use super::Kind;
use super::plan::{Plan, Row, WORD};
use super::words::{self, Needle};
use cvrs_parse::{Date, Header, Tier, may_hold};
use cvrs_spec::Field;

/// How many columns may lie between two that are looked at together.
const GAP: usize = 6;

/// Where to look, for one header.
pub(super) struct Leaks {
    first_name: Option<usize>,
    last_name: Option<usize>,
    dob: Option<usize>,
    /// The ids that stay.
    ids: Vec<(Field, usize)>,
    /// Names of places and lots.
    texts: Vec<(Field, usize)>,
    /// The same and those between them, from column to column, for one look at all that are near each other.
    spans: Vec<(usize, usize)>,
    /// Those of the ids alone.
    id_spans: Vec<(usize, usize)>,
    tells_home: bool,
    tier: Tier,
}

impl Leaks {
    /// `has_pseudonym`: `recip_id` does not stay. `empties_home`: neither does the street of a vaccination at home.
    pub(super) fn new(header: &Header, has_pseudonym: bool, empties_home: bool) -> Self {
        let at = |field: Field| Some((field, header.position(field)?));
        let ids: Vec<_> = [Field::VaxEventId, Field::RecipId]
            .into_iter()
            .filter(|&field| field != Field::RecipId || !has_pseudonym)
            .filter_map(at)
            .collect();
        let texts: Vec<_> =
            [Field::LotNumber, Field::ResponsibleOrg, Field::AdminName].into_iter().filter_map(at).collect();
        let (spans, id_spans) = (spans(ids.iter().chain(&texts)), spans(ids.iter()));
        Self {
            first_name: header.position(Field::RecipFirstName),
            last_name: header.position(Field::RecipLastName),
            dob: header.position(Field::RecipDob),
            ids,
            texts,
            spans,
            id_spans,
            tells_home: !empties_home,
            tier: Tier::best(),
        }
    }

    /// Tells the leaks of a row. Cheap where there is none, since it is asked of every row.
    #[inline]
    pub(super) fn check(&self, row: Row<'_>, plan: &Plan, tell: &mut dyn FnMut(Kind, Field, usize)) {
        self.check_birth_date(row, tell);
        let name = |column: Option<usize>| {
            let value = row.get(column);
            if value.len() == WORD.len() && value.eq_ignore_ascii_case(WORD) { None } else { Needle::new(value) }
        };
        let (last, street) = (name(self.last_name), name(plan.street));
        if self.tells_home && plan.is_at_home(row) {
            tell(Kind::HomeAddress, Field::AdminAddressStreet, plan.admin_street.unwrap_or_default());
        }
        let (Some(one), Some(other)) = (last.or(street), street.or(last)) else { return };
        let may_be_told = |&(first, last): &(usize, usize)| {
            Needle::may_either_be_in([&one, &other], self.tier, row.text, row.range(first..=last))
        };
        if self.spans.iter().any(may_be_told) {
            self.check_names(row, name(self.first_name), last, street, tell);
        }
    }

    #[cold]
    fn check_names(
        &self,
        row: Row<'_>,
        first: Option<Needle<'_>>,
        last: Option<Needle<'_>>,
        street: Option<Needle<'_>>,
        tell: &mut dyn FnMut(Kind, Field, usize),
    ) {
        for (at, &(field, column)) in self.ids.iter().chain(&self.texts).enumerate() {
            let cell = row.cell(column);
            let may_hold = |needle: &Needle<'_>| needle.may_be_in(self.tier, row.text, row.range(column..=column));
            let has_word =
                |needle: Option<Needle<'_>>| needle.filter(may_hold).is_some_and(|needle| needle.is_word_in(cell));
            if has_word(last) && has_word(first) || has_word(street) {
                tell(Kind::NameInText, field, column);
            }
            let is_id = at < self.ids.len();
            if is_id && last.filter(may_hold).is_some_and(|last| last.is_in(cell)) {
                tell(Kind::LastNameInId, field, column);
            }
        }
    }

    /// The birth date as `YYYYMMDD`, `MMDDYYYY` or as it is written.
    #[inline]
    pub(super) fn check_birth_date(&self, row: Row<'_>, tell: &mut dyn FnMut(Kind, Field, usize)) {
        let dob = row.get(self.dob);
        let &[_, y2, y3, y4, b'-', _, _, b'-', _, _] = dob else { return };
        // Whatever the form, the year stands there as it is.
        let year = [y2, y3, y4].map(|byte| byte | words::CASE);
        let has_year = |&(first, last): &(usize, usize)| may_hold(self.tier, row.text, row.range(first..=last), [year]);
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

/// From column to column, so that what is near each other is together.
fn spans<'a>(columns: impl Iterator<Item = &'a (Field, usize)>) -> Vec<(usize, usize)> {
    let mut columns: Vec<usize> = columns.map(|(_, column)| *column).collect();
    columns.sort_unstable();
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for column in columns {
        match spans.last_mut() {
            Some((_, last)) if column <= *last + GAP => *last = column,
            _ => spans.push((column, column)),
        }
    }
    spans
}
