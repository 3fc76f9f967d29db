//! Which cells of a row become what, resolved for one header.

use super::leaks::SIX;
use super::out::with_room;
use super::pseudonym::DIGITS;
use super::rule::{DOB_MONTH, EXT_TYPE, HOME_ADMIN, PPRL_ID, PSEUDONYM, REDACTED, ZIP5};
use super::value::Values;
use super::{Options, Refusal, Target};
use cvrs_parse::Header;
use cvrs_spec::{Field, Model};
use std::ops::Range;

/// The word that stands for a redacted value.
pub(super) const WORD: &[u8; 8] = b"Redacted";

/// The cells of a row that has as many as the header.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) text: &'a [u8],
    /// What precedes the row, and where each cell ends: a cell starts one after an entry and ends at the next.
    pub(super) bounds: &'a [u32],
}

impl<'a> Row<'a> {
    #[inline]
    pub(super) fn range(&self, columns: Range<usize>) -> Range<usize> {
        self.bounds[columns.start].wrapping_add(1) as usize..self.bounds[columns.end] as usize
    }

    #[inline]
    pub(super) fn cell(&self, column: usize) -> &'a [u8] {
        &self.text[self.range(column..column + 1)]
    }

    /// The cell of a column that the file may lack; empty then.
    #[inline]
    pub(super) fn get(&self, column: Option<usize>) -> &'a [u8] {
        column.map_or(&[], |column| self.cell(column))
    }
}

/// A cell that becomes the same whatever the row.
#[derive(Clone, Copy)]
pub(super) struct ConstantCell {
    pub(super) column: usize,
    pub(super) field: Field,
    pub(super) rule: usize,
    pub(super) value: &'static [u8],
}

/// What becomes of one cell or of neighbours.
pub(super) enum Act {
    /// Neighbours that become the first bytes of this text, tabs and all.
    Constant {
        text: Vec<u8>,
        len: usize,
        cells: Vec<ConstantCell>,
        /// Those that are not of the six.
        others: Vec<ConstantCell>,
    },
    /// The linkage id.
    PprlId,
    /// The month of the birth date.
    Dob,
    /// The ZIP code without its add-on.
    Zip,
    /// The pseudonym.
    RecipId,
    /// Nothing, where the vaccination was at home.
    HomeAdmin(Field),
}

/// Cells that follow each other in the file, and what becomes of them.
pub(super) struct Group {
    pub(super) columns: Range<usize>,
    pub(super) act: Act,
}

/// Everything about the header that redaction needs.
pub(super) struct Plan {
    pub(super) n_columns: usize,
    /// In the order of the file.
    pub(super) groups: Vec<Group>,
    /// Whether a row of model D in which every group is what it becomes is known to be right without a further look.
    can_be_settled: bool,
    /// By how much the groups but that of the linkage id may make a row longer.
    pub(super) most_growth: usize,
    /// The columns of the six, as many as the file has.
    pub(super) six: Vec<Redacted>,
    pub(super) ext_type: Option<usize>,
    pub(super) pprl_id: Option<usize>,
    pub(super) recip_id: Option<usize>,
    pub(super) street: Option<usize>,
    pub(super) admin_street: Option<usize>,
}

/// One of the six columns.
#[derive(Clone, Copy)]
pub(super) struct Redacted {
    /// Its place in [`SIX`].
    pub(super) number: usize,
    pub(super) field: Field,
    pub(super) column: usize,
}

/// What stands in a row's six columns.
pub(super) struct Six<'a> {
    /// The first column with the word, in any case.
    pub(super) first: Option<(Field, usize)>,
    /// Whether all have it, in any case.
    pub(super) is_all: bool,
    /// How many do not have it exactly.
    pub(super) n_other: usize,
    pub(super) values: Values<'a>,
}

impl Plan {
    pub(super) fn new(header: &Header, options: &Options) -> Result<Self, Refusal> {
        if let Some(unknown) = header.unknown().first() {
            return Err(Refusal::UnknownName { column: unknown.column, name: unknown.name.clone() });
        }
        if let Some(field) = header.repeated().first() {
            return Err(Refusal::RepeatedName { name: field.name() });
        }
        if matches!(options.to, Target::P(_))
            && let Some(field) =
                [Field::ExtType, Field::PprlId, Field::RecipId].into_iter().find(|&f| header.position(f).is_none())
        {
            return Err(Refusal::NoColumn { name: field.name() });
        }
        let six = SIX.into_iter().enumerate();
        let six = six.filter_map(|(number, field)| Some(Redacted { number, field, column: header.position(field)? }));
        let mut plan = Self {
            n_columns: header.n_columns(),
            groups: Vec::new(),
            can_be_settled: false,
            most_growth: 0,
            six: six.collect(),
            ext_type: header.position(Field::ExtType),
            pprl_id: header.position(Field::PprlId),
            recip_id: header.position(Field::RecipId),
            street: header.position(Field::RecipAddressStreet),
            admin_street: header.position(Field::AdminAddressStreet),
        };
        for (column, field) in header.columns().iter().enumerate() {
            if let Some(field) = *field {
                plan.add(column, field, options);
            }
        }
        plan.most_growth = plan.groups.iter().map(|group| group.act.most_growth()).sum();
        plan.can_be_settled = matches!(options.to, Target::D)
            && plan.ext_type.is_some()
            && plan.groups.iter().all(|group| matches!(group.act, Act::Constant { .. }));
        Ok(plan)
    }

    /// Whether a row says that it is of model D and is what it becomes: nothing changes, and no name is left in it.
    #[inline]
    pub(super) fn is_settled(&self, row: Row<'_>) -> bool {
        self.can_be_settled
            // Where names are not redacted, most are of another length.
            && self.groups.iter().rev().all(|group| match &group.act {
                Act::Constant { text, len, .. } => row.text[row.range(group.columns.clone())] == text[..*len],
                _ => false,
            })
    }

    fn add(&mut self, column: usize, field: Field, options: &Options) {
        let act = match field {
            field if field.facts().is_redacted => return self.add_constant(column, field, REDACTED, WORD),
            Field::ExtType => return self.add_constant(column, field, EXT_TYPE, options.to.letter()),
            Field::PprlId => match options.to {
                Target::D => return self.add_constant(column, field, PPRL_ID, b""),
                Target::P(_) => Act::PprlId,
            },
            Field::RecipDob if options.dob_month => Act::Dob,
            Field::RecipAddressZip if options.zip5 => Act::Zip,
            Field::RecipId if options.pseudonym.is_some() => Act::RecipId,
            Field::AdminAddressStreet | Field::AdminAddressStreet2 if options.home_admin => Act::HomeAdmin(field),
            _ => return,
        };
        self.groups.push(Group { columns: column..column + 1, act });
    }

    fn add_constant(&mut self, column: usize, field: Field, rule: usize, value: &'static [u8]) {
        let cell = ConstantCell { column, field, rule, value };
        let other = (rule != REDACTED).then_some(cell);
        if let Some(Group { columns, act: Act::Constant { text, len, cells, others } }) = self.groups.last_mut()
            && columns.end == column
        {
            *text = with_room(&[&text[..*len], b"\t", value].concat());
            *len += 1 + value.len();
            cells.push(cell);
            others.extend(other);
            columns.end += 1;
            return;
        }
        let (cells, others) = (vec![cell], other.into_iter().collect());
        let act = Act::Constant { text: with_room(value), len: value.len(), cells, others };
        self.groups.push(Group { columns: column..column + 1, act });
    }

    #[inline]
    pub(super) fn six<'a>(&self, row: Row<'a>) -> Six<'a> {
        const CASE: u64 = u64::from_ne_bytes([0x20; 8]);
        let word = u64::from_ne_bytes(*WORD);
        let mut six = Six { first: None, is_all: true, n_other: self.six.len(), values: Values::NONE };
        for &Redacted { number, field, column } in &self.six {
            let range = row.range(column..column + 1);
            let cell = &row.text[range.clone()];
            if let Ok(eight) = cell.try_into().map(u64::from_ne_bytes)
                && (eight ^ word) & !CASE == 0
                && cell.eq_ignore_ascii_case(WORD)
            {
                six.n_other -= usize::from(eight == word);
                six.first = six.first.or(Some((field, column)));
            } else {
                six.is_all = false;
                six.values.add(number, row.text, range);
            }
        }
        six
    }

    /// The model of a row, as the rule book tells it: by `ext_type`, or by the six columns where that is empty; `None` for
    /// another code.
    #[inline]
    pub(super) fn model(&self, row: Row<'_>, six: &Six<'_>) -> Option<Model> {
        match row.get(self.ext_type) {
            b"D" | b"d" => Some(Model::D),
            b"I" | b"i" => Some(Model::I),
            b"P" | b"p" => Some(Model::P),
            b"" if six.is_all && self.six.len() == 6 => {
                Some(if row.get(self.pprl_id).is_empty() { Model::D } else { Model::P })
            }
            b"" => Some(Model::I),
            _ => None,
        }
    }

    /// Whether the administration street is the recipient's.
    pub(super) fn is_at_home(&self, row: Row<'_>) -> bool {
        let (own, there) = (row.get(self.street), row.get(self.admin_street));
        // Most rows are told apart by a length or a byte.
        !own.is_empty()
            && !there.is_empty()
            && super::value::is_same_text(own, there)
            && !own.trim_ascii().is_empty()
            && !own.eq_ignore_ascii_case(WORD)
    }
}

/// What a rule that is outside the specification makes of a cell.
pub(super) enum Cut<'a> {
    /// Nothing: it is so coarse already, or empty.
    Fine,
    /// This.
    To(&'a [u8]),
    /// It is not of a form that could be cut.
    Unknown,
}

/// `recip_dob` to its month.
pub(super) fn month_of(value: &[u8]) -> Cut<'_> {
    let date = value.trim_ascii();
    let is_month = |text: &[u8]| cvrs_parse::Date::parse(text).is_some_and(|date| date.day().is_none());
    match date {
        b"" => Cut::Fine,
        month if is_month(month) => Cut::Fine,
        [month @ .., b'-', tens, ones] if is_month(month) && tens.is_ascii_digit() && ones.is_ascii_digit() => {
            Cut::To(month)
        }
        _ => Cut::Unknown,
    }
}

/// `recip_address_zip` to its five digits.
pub(super) fn five_of(value: &[u8]) -> Cut<'_> {
    let zip = value.trim_ascii();
    let are_digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    match zip.split_at_checked(5) {
        None if zip.is_empty() => Cut::Fine,
        Some((five, rest)) if are_digits(five) => match rest {
            b"" => Cut::Fine,
            [b'-', more @ ..] if more.len() <= 4 && are_digits(more) => Cut::To(five),
            more if more.len() == 4 && are_digits(more) => Cut::To(five),
            _ => Cut::Unknown,
        },
        _ => Cut::Unknown,
    }
}

/// The rule under which a cell of its own group is counted.
impl Act {
    pub(super) const fn rule(&self) -> usize {
        match self {
            Self::Constant { .. } => REDACTED,
            Self::PprlId => PPRL_ID,
            Self::Dob => DOB_MONTH,
            Self::Zip => ZIP5,
            Self::RecipId => PSEUDONYM,
            Self::HomeAdmin(_) => HOME_ADMIN,
        }
    }

    /// By how much it may make a row longer, where that does not depend on the row.
    const fn most_growth(&self) -> usize {
        match self {
            Self::Constant { len, .. } => *len,
            Self::RecipId => DIGITS,
            Self::PprlId | Self::Dob | Self::Zip | Self::HomeAdmin(_) => 0,
        }
    }

    pub(super) const fn field(&self) -> Field {
        match self {
            Self::Constant { .. } | Self::PprlId => Field::PprlId,
            Self::Dob => Field::RecipDob,
            Self::Zip => Field::RecipAddressZip,
            Self::RecipId => Field::RecipId,
            Self::HomeAdmin(field) => *field,
        }
    }
}
