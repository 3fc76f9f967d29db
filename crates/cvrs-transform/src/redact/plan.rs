//! Which cells of a row become what, resolved for one header.

use super::rule::{DOB_MONTH, EXT_TYPE, HOME_ADMIN, PPRL_ID, PSEUDONYM, REDACTED, ZIP5};
use super::{Options, Refusal, Target};
use cvrs_parse::Header;
use cvrs_spec::{Field, Model};
use std::ops::{Range, RangeInclusive};

/// The word that stands for a redacted value.
pub(super) const WORD: &[u8] = b"Redacted";

/// The cells of a row that has as many as the header.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) text: &'a [u8],
    /// What precedes the row, and where each cell ends: a cell starts one after an entry and ends at the next.
    pub(super) bounds: &'a [u32],
}

impl<'a> Row<'a> {
    #[inline]
    pub(super) fn range(&self, columns: RangeInclusive<usize>) -> Range<usize> {
        self.bounds[*columns.start()].wrapping_add(1) as usize..self.bounds[*columns.end() + 1] as usize
    }

    #[inline]
    pub(super) fn cell(&self, column: usize) -> &'a [u8] {
        &self.text[self.range(column..=column)]
    }

    /// The cell of a column that the file may lack; empty then.
    #[inline]
    pub(super) fn get(&self, column: Option<usize>) -> &'a [u8] {
        column.map_or(&[], |column| self.cell(column))
    }
}

/// A cell that becomes the same whatever the row.
pub(super) struct ConstantCell {
    pub(super) field: Field,
    pub(super) rule: usize,
    pub(super) value: &'static [u8],
}

/// What becomes of one cell or of neighbours.
pub(super) enum Act {
    /// Neighbours that become this text, tabs and all.
    Constant { text: Vec<u8>, cells: Vec<ConstantCell> },
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
    pub(super) columns: RangeInclusive<usize>,
    pub(super) act: Act,
}

/// Everything about the header that redaction needs.
pub(super) struct Plan {
    pub(super) n_columns: usize,
    /// In the order of the file.
    pub(super) groups: Vec<Group>,
    /// Whether a row of model D in which every group is what it becomes is known to be right without a further look.
    can_be_settled: bool,
    /// The columns of the six, as many as the file has.
    pub(super) six: Vec<(Field, usize)>,
    pub(super) ext_type: Option<usize>,
    pub(super) pprl_id: Option<usize>,
    pub(super) recip_id: Option<usize>,
    pub(super) street: Option<usize>,
    pub(super) admin_street: Option<usize>,
}

/// How much of a row's six columns is redacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SixState {
    /// The first column with the word, in any case.
    pub(super) first: Option<(Field, usize)>,
    /// Whether all have it, in any case.
    pub(super) is_all: bool,
    /// Whether all have it exactly.
    pub(super) is_exact: bool,
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
        let six = Field::all().filter(|field| field.facts().is_redacted);
        let mut plan = Self {
            n_columns: header.n_columns(),
            groups: Vec::new(),
            can_be_settled: false,
            six: six.filter_map(|field| Some((field, header.position(field)?))).collect(),
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
        plan.can_be_settled = matches!(options.to, Target::D)
            && plan.ext_type.is_some()
            && plan.groups.iter().all(|group| matches!(group.act, Act::Constant { .. }));
        Ok(plan)
    }

    /// Whether a row says that it is of model D and is what it becomes: nothing changes, and no name is left in it.
    #[inline]
    pub(super) fn is_settled(&self, row: Row<'_>) -> bool {
        self.can_be_settled
            && self.groups.iter().all(|group| match &group.act {
                Act::Constant { text, .. } => row.text[row.range(group.columns.clone())] == **text,
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
        self.groups.push(Group { columns: column..=column, act });
    }

    fn add_constant(&mut self, column: usize, field: Field, rule: usize, value: &'static [u8]) {
        let cell = ConstantCell { field, rule, value };
        if let Some(Group { columns, act: Act::Constant { text, cells } }) = self.groups.last_mut()
            && *columns.end() + 1 == column
        {
            text.push(b'\t');
            text.extend_from_slice(value);
            cells.push(cell);
            *columns = *columns.start()..=column;
            return;
        }
        let act = Act::Constant { text: value.to_vec(), cells: vec![cell] };
        self.groups.push(Group { columns: column..=column, act });
    }

    #[inline]
    pub(super) fn six_state(&self, row: Row<'_>) -> SixState {
        let (mut state, mut n_words) = (SixState { first: None, is_all: true, is_exact: true }, 0);
        for &(field, column) in &self.six {
            let cell = row.cell(column);
            if cell != WORD {
                state.is_exact = false;
                if cell.len() != WORD.len() || !cell.eq_ignore_ascii_case(WORD) {
                    continue;
                }
            }
            n_words += 1;
            state.first = state.first.or(Some((field, column)));
        }
        state.is_all = n_words == self.six.len();
        state
    }

    /// The model of a row, as the rule book tells it: by `ext_type`, or by the six columns where that is empty; `None` for
    /// another code.
    #[inline]
    pub(super) fn model(&self, row: Row<'_>, six: SixState) -> Option<Model> {
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
            && super::words::is_same_text(own, there)
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
