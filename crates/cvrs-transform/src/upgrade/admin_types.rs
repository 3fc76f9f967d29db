//! The kind of provider: codes of version 1, and what the sender says they are in later versions.

use cvrs_parse::Record;
use cvrs_spec::{Field, SetId};
use std::fmt;

/// Codes of version 1 and what is written for them, in general or for a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminTypes {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    from: Vec<u8>,
    to: Vec<u8>,
    admin_name: Vec<u8>,
    pin: Vec<u8>,
}

/// Why a text is no map of codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAdminTypes {
    line: usize,
    what: &'static str,
}

impl fmt::Display for NoAdminTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for NoAdminTypes {}

/// The columns that a map may have.
const NAMES: [&str; 4] = ["from", "to", "admin_name", "vtrcks_prov_pin"];

impl AdminTypes {
    /// Reads lines of `from`, `to`, and if wanted `admin_name` and `vtrcks_prov_pin`, in the order that a first line names,
    /// or without one in this order; with tabs between or, where the first line has none, commas. Blank lines count for
    /// nothing.
    ///
    /// # Errors
    /// The first line that is not such, or says otherwise than one before it.
    pub fn parse(text: &str) -> Result<Self, NoAdminTypes> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let separator = if text.lines().next().is_some_and(|line| line.contains('\t')) { '\t' } else { ',' };
        let cells =
            |line: &'_ str| -> Vec<String> { line.split(separator).map(|cell| cell.trim().to_owned()).collect() };
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).peekable();
        let Some(&(_, first)) = lines.peek() else { return Err(fault(0, "the file is empty")) };
        let first: Vec<String> = cells(first).iter().map(|name| name.to_ascii_lowercase()).collect();
        let mut columns: [Option<usize>; 4] = std::array::from_fn(Some);
        if first.iter().any(|name| name == "from" || name == "to") {
            columns = NAMES.map(|wanted| first.iter().position(|name| name == wanted));
            let is_known = |name: &String| NAMES.contains(&name.as_str());
            if columns[0].is_none() || columns[1].is_none() || !first.iter().all(is_known) {
                return Err(fault(0, "the columns are from, to, and if wanted admin_name and vtrcks_prov_pin"));
            }
            lines.next();
        }
        let mut entries: Vec<Entry> = Vec::new();
        for (number, line) in lines {
            let cells = cells(line);
            let cell = |at: usize| columns[at].and_then(|at| cells.get(at)).map_or("", String::as_str).as_bytes();
            if cells.len() > first.len().max(2) {
                return Err(fault(number, "more cells than columns; write a name with commas in a map with tabs"));
            }
            let entry = Entry {
                from: cell(0).to_ascii_uppercase(),
                to: cell(1).to_ascii_uppercase(),
                admin_name: cell(2).to_ascii_lowercase(),
                pin: cell(3).to_ascii_lowercase(),
            };
            if SetId::AdminTypeV1.find(&entry.from).is_none() {
                return Err(fault(number, "from is no code of version 1"));
            }
            if SetId::AdminType.find(&entry.to).is_none() {
                return Err(fault(number, "to is no code of version 2 and later"));
            }
            let is_same = |other: &&Entry| Entry { to: entry.to.clone(), ..(*other).clone() } == entry;
            match entries.iter().find(is_same) {
                Some(other) if other.to != entry.to => {
                    return Err(fault(number, "a line before says otherwise of the same code and place"));
                }
                Some(_) => {}
                None => entries.push(entry),
            }
        }
        // What is told of a place goes before what is told in general.
        entries.sort_by_key(|entry| (entry.pin.is_empty(), entry.admin_name.is_empty()));
        Ok(Self { entries })
    }

    /// What is written for a code in that record.
    pub(super) fn find(&self, code: &[u8], record: &Record<'_>) -> Option<&[u8]> {
        let is_of = |wanted: &[u8], field| wanted.is_empty() || record.get(field).eq_ignore_ascii_case(wanted);
        let found = self.entries.iter().find(|entry| {
            entry.from.eq_ignore_ascii_case(code)
                && is_of(&entry.admin_name, Field::AdminName)
                && is_of(&entry.pin, Field::VtrcksProvPin)
        });
        found.map(|entry| &entry.to[..])
    }
}

fn fault(line: usize, what: &'static str) -> NoAdminTypes {
    NoAdminTypes { line: line + 1, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_that_is_none_is_told_by_line() {
        for (text, line) in [
            ("", 1),
            ("a,b\n", 1),
            ("from,pin\n", 1),
            ("from,to,x\n", 1),
            ("from,to\nXX,1\n", 2),
            ("from,to\n\nPH,99\n", 3),
            ("from,to\nPH,17\nph,18\n", 3),
            ("from,to\nPH,17,more\n", 2),
            ("PH,17\nPO\n", 2),
        ] {
            assert_eq!(AdminTypes::parse(text).expect_err("no map").line, line, "{text:?}");
        }
    }

    #[test]
    fn a_header_may_be_missing_or_name_another_order() {
        let map = AdminTypes::parse("from,to\nPH,17\nPO,16\n").expect("a map");
        for text in ["PH,17\nPO,16", "\u{feff}to\tfrom\r\n17\tph\r\n\r\n16\tPO\r\n16\tPO\r\n", "PH\t17\nPO\t16\n"] {
            assert_eq!(AdminTypes::parse(text).as_ref(), Ok(&map), "{text:?}");
        }
    }
}
