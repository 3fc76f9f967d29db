//! Which fixes run.

use crate::fix::{Class, Fix, How};
use crate::registry::{FIXES, position};

/// What a run asks for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Fixes that are consented to.
    pub named: Vec<&'static Fix>,
    /// Whether all that need consent are consented to.
    pub unsafe_fixes: bool,
    /// Whether legal spellings are brought into one form.
    pub normalise: bool,
}

impl Default for Options {
    /// What is safe, and nothing else.
    fn default() -> Self {
        Self { named: Vec::new(), unsafe_fixes: false, normalise: true }
    }
}

/// How far a fix may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    #[default]
    Off,
    Safe,
    All,
}

/// The fixes of a run in their order, with how far each may go.
#[derive(Clone, Debug)]
pub struct Plan {
    reach: Vec<Reach>,
    order: Vec<usize>,
}

impl Plan {
    /// Resolves what is asked for.
    pub fn new(options: &Options) -> Self {
        let reach = |fix: &Fix| {
            let is_named = options.named.iter().any(|named| named.id == fix.id);
            if fix.class == Class::Never || fix.is_normalisation && !options.normalise && !is_named {
                Reach::Off
            } else if is_named || options.unsafe_fixes {
                Reach::All
            } else {
                Reach::Safe
            }
        };
        Self::with(reach)
    }

    /// One fix alone, with consent or without: for tests and experiments. Line ends become LF all the same.
    pub fn only(fix: &'static Fix, is_consented: bool) -> Self {
        let own = if is_consented { Reach::All } else { Reach::Safe };
        Self::with(|other| if other.id == fix.id { own } else { Reach::Off })
    }

    /// What makes a text readable at all, and changes no cell: line ends and the spelling of the header.
    pub fn reading() -> Self {
        Self::with(|fix| if matches!(fix.how, How::Lines | How::Header) { Reach::Safe } else { Reach::Off })
    }

    fn with(reach: impl Fn(&Fix) -> Reach) -> Self {
        let mut order: Vec<usize> = (0..FIXES.len()).collect();
        order.sort_by_key(|&at| (FIXES[at].stage, FIXES[at].id));
        Self { reach: FIXES.iter().map(|fix| reach(fix)).collect(), order }
    }

    pub(crate) fn reach(&self, id: &str) -> Reach {
        position(id).map_or(Reach::Off, |at| self.reach[at])
    }

    /// Whether the fix runs at all.
    pub fn is_on(&self, id: &str) -> bool {
        self.reach(id) > Reach::Off
    }

    /// Whether the fix runs where consent is needed, too.
    pub fn is_consented(&self, id: &str) -> bool {
        self.reach(id) == Reach::All
    }

    /// Whether the text must be scanned for its encoding first.
    pub fn asks_for_encoding(&self) -> bool {
        FIXES.iter().any(|fix| matches!(fix.how, How::Encoding) && self.is_consented(fix.id))
    }

    /// The fixes on rows, in the order in which they run.
    pub(crate) fn on_rows(&self) -> impl Iterator<Item = (&'static Fix, Reach)> + '_ {
        let is_on_rows = |fix: &Fix| matches!(fix.how, How::Cells(..) | How::Row(_));
        self.order
            .iter()
            .map(|&at| (FIXES[at], self.reach[at]))
            .filter(move |(fix, reach)| *reach > Reach::Off && is_on_rows(fix))
    }
}
