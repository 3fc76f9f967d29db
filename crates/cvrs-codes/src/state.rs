//! States, territories and military post.

use crate::info::SetKind;
use crate::tsv::{self, Cells, Expected, Row, Text};

/// What a two-letter code names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StateKind {
    /// One of the fifty states.
    State,
    /// The District of Columbia.
    District,
    /// A territory.
    Territory,
    /// Micronesia, the Marshall Islands, Palau.
    FreelyAssociated,
    /// Military post: AA, AE, AP.
    Military,
}

/// One state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct State {
    /// The two-letter code.
    pub abbr: Text,
    /// The two FIPS digits; none for military post.
    pub fips2: Option<Text>,
    /// What the code names.
    pub kind: StateKind,
    /// The full name.
    pub name: Text,
    /// Position in the set, for the ZIP bitmaps.
    pub(crate) index: usize,
}

impl State {
    /// Whether it is UM, the minor outlying islands: a valid code, but nobody lives there and it has no ZIP code.
    pub fn is_minor_outlying(&self) -> bool {
        self.abbr == "UM"
    }

    /// Whether a county code begins with the state's two FIPS digits; `None` for military post, which has none.
    ///
    /// Only the first two bytes are looked at, so a code of another length is judged by its beginning.
    pub fn holds_county(&self, county: &[u8]) -> Option<bool> {
        self.fips2.as_deref().map(|fips2| county.starts_with(fips2.as_bytes()))
    }
}

impl Row for State {
    const COLUMNS: &'static [&'static str] = &["abbr", "fips2", "kind", "name"];

    fn read<'a>(cells: &mut Cells<'a>, text: fn(&'a str) -> Text) -> Result<Self, Expected> {
        Ok(Self {
            abbr: text(cells.text()?),
            fips2: Some(cells.text()?).filter(|fips2| !fips2.is_empty()).map(text),
            kind: match cells.text()? {
                "state" => StateKind::State,
                "district" => StateKind::District,
                "territory" => StateKind::Territory,
                "freely-associated" => StateKind::FreelyAssociated,
                "military" => StateKind::Military,
                _ => return Err("a kind of state"),
            },
            name: text(cells.last()?),
            index: 0,
        })
    }

    fn write(&self, out: &mut String) {
        let kind = match self.kind {
            StateKind::State => "state",
            StateKind::District => "district",
            StateKind::Territory => "territory",
            StateKind::FreelyAssociated => "freely-associated",
            StateKind::Military => "military",
        };
        tsv::join(out, &[&self.abbr, self.fips2.as_deref().unwrap_or_default(), kind, &self.name]);
    }
}

/// The states in the order of the table, with an index by letters.
#[derive(Debug, Clone)]
pub(crate) struct StateSet {
    rows: Vec<State>,
    /// Row number plus one, by the two letters; zero is no row.
    at: Box<[u8; 26 * 26]>,
}

impl StateSet {
    pub(crate) fn builtin() -> Self {
        let mut rows: Vec<State> = tsv::builtin_rows(SetKind::State.table());
        let mut at = Box::new([0u8; 26 * 26]);
        for (index, row) in rows.iter_mut().enumerate() {
            row.index = index;
            if let Some(slot) = slot(row.abbr.as_bytes()) {
                at[slot] = index as u8 + 1;
            }
        }
        Self { rows, at }
    }

    pub(crate) fn rows(&self) -> &[State] {
        &self.rows
    }

    #[inline]
    pub(crate) fn get(&self, abbr: &[u8]) -> Option<&State> {
        let at = self.at[slot(abbr)?];
        (at > 0).then(|| &self.rows[usize::from(at) - 1])
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&State> {
        self.rows.iter().find(|state| state.name.eq_ignore_ascii_case(name))
    }
}

/// The place of two ASCII letters of either case in a square of 26 × 26.
#[inline]
fn slot(abbr: &[u8]) -> Option<usize> {
    let &[first, second] = abbr else { return None };
    let letter = |byte: u8| byte.is_ascii_alphabetic().then(|| usize::from(byte.to_ascii_uppercase() - b'A'));
    Some(letter(first)? * 26 + letter(second)?)
}
