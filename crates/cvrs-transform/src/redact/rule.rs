//! What redaction does to a cell: one rule a kind of change, under which changes are counted and logged.

use cvrs_spec::Field;
use std::fmt;

/// One kind of change.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its number in logs and counts.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub what: &'static str,
    /// Whether the specification asks for it.
    pub is_of_specification: bool,
}

pub(super) const REDACTED: usize = 0;
pub(super) const EXT_TYPE: usize = 1;
pub(super) const PPRL_ID: usize = 2;
pub(super) const DOB_MONTH: usize = 3;
pub(super) const ZIP5: usize = 4;
pub(super) const PSEUDONYM: usize = 5;
pub(super) const HOME_ADMIN: usize = 6;

const fn rule(id: &'static str, name: &'static str, what: &'static str, is_of_specification: bool) -> Rule {
    Rule { id, name, what, is_of_specification }
}

/// All kinds of change, by number.
pub static RULES: [Rule; 7] = [
    rule("R01", "redacted", "the six columns of name, street and city become `Redacted`", true),
    rule("R02", "ext-type", "ext_type becomes the model's letter", true),
    rule("R03", "pprl-id", "pprl_id is emptied in model D and taken from the map in model P", true),
    rule("R04", "dob-month", "recip_dob is cut to its month", false),
    rule("R05", "zip5", "recip_address_zip is cut to five digits", false),
    rule("R06", "pseudonym", "recip_id becomes 32 hex digits of HMAC-SHA256", false),
    rule("R07", "home-admin", "the administration street is emptied where it is the recipient's", false),
];

/// One changed cell. `Debug` shows no value.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// The kind of change.
    pub rule: &'static Rule,
    /// Physical line, the header being line 1.
    pub line: u64,
    /// Number among the data rows, from 1.
    pub record: u64,
    /// The column.
    pub field: Field,
    /// What stood there.
    pub before: &'a [u8],
    /// What stands there now.
    pub after: &'a [u8],
}

impl fmt::Debug for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Change({} on line {}, {})", self.rule.id, self.line, self.field.name())
    }
}
