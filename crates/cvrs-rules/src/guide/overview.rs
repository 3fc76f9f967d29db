//! The rule book at a glance: all rules, the clearinghouse's list, and the record that examples are laid over.

use super::{Block, Cell, Table, message};
use crate::{DCH, Profile, RULES, Rule, example};
use cvrs_report::Level;

/// The families by the beginning of their codes, with what they have in common.
const FAMILIES: [(&str, &str, &str); 9] = [
    ("FMT_", "File and header", "Whether the file can be read as CVRS at all, and what its first line says."),
    ("REQD", "Required", "A value is missing that the event asks for."),
    ("DNTS", "Must be empty", "A value stands where the event allows none."),
    ("DATA", "Content", "A value is of the wrong shape, length or set."),
    ("BUSR", "Relations", "Two values do not fit each other."),
    ("DCH", "The clearinghouse alone", "Refused by the clearinghouse and by nobody else, hence told under its own id."),
    ("XR", "Further checks", "What neither the clearinghouse nor CDC's validator looks at."),
    ("JUR", "A jurisdiction's own", "What a profile of one's own asks beyond the specification; silent without one."),
    ("PAT", "Patterns", "One cause behind many findings, told once for the file."),
];

/// All rules by family, with their levels in each profile.
pub fn index() -> Vec<Block> {
    let mut blocks = vec![
        Block::Title("The rule book".to_owned()),
        Block::text(format!(
            "{} rules. Each has a code, a name and a page; `cvrs explain CODE` prints the page. Codes are those of CDC's \
             command-line validator where that has one, since users know them, else the clearinghouse's id, else our own.",
            RULES.len()
        )),
        Block::Heading("Profiles"),
        Block::text("A profile says which rules count, and at what level. An error keeps a record from being clean."),
        Block::Table(Table {
            head: vec!["profile", "what it is for"],
            rows: [
                ("recommended", "everything that is known, at sensible levels; the default"),
                ("strict", "as recommended, with every warning an error"),
                ("dch", "exactly what the clearinghouse refuses, in its order and words"),
                ("tool", "agreement with CDC's command-line validator"),
            ]
            .map(|(name, what)| vec![Cell::code(name), Cell::text(what)])
            .to_vec(),
        }),
    ];
    for (prefix, heading, what) in FAMILIES {
        blocks.push(Block::Heading(heading));
        blocks.push(Block::text(what));
        let rows = RULES.iter().filter(|rule| rule.code.starts_with(prefix)).map(row).collect();
        let head = vec!["code", "name", "what is wrong", "recommended", "strict", "dch", "tool", "fixes"];
        blocks.push(Block::Table(Table { head, rows }));
    }
    blocks
}

fn row(rule: &'static Rule) -> Vec<Cell> {
    let level = |profile| match rule.level_in(profile) {
        Level::Off => Cell::text("–"),
        level => Cell::text(level.name()),
    };
    let fixes: Vec<&str> = rule.mends().map(|mend| mend.id).collect();
    vec![
        Cell::Rule(rule.code),
        Cell::text(rule.name),
        Cell::text(message(rule)),
        level(Profile::Recommended),
        level(Profile::Strict),
        level(Profile::Dch),
        level(Profile::Tool),
        Cell::text(fixes.join(", ")),
    ]
}

/// The clearinghouse's rules in their order, with the codes under which they are told.
pub fn clearinghouse() -> Vec<Block> {
    let row = |dch: &crate::Dch| {
        vec![Cell::text(dch.id), Cell::Field(dch.field), Cell::code(dch.message), Cell::text(dch.codes.join(", "))]
    };
    vec![
        Block::Title("What the clearinghouse refuses".to_owned()),
        Block::text(
            "The first 70 are the clearinghouse's list of field errors, version 1 of 2020-11-02, in its order; the last \
             two were seen in a captured reply of winter 2020-21. The numbers are ours, the messages verbatim. Each is \
             told under the code of the rule that finds it, with its id beside the code; the profile `dch` tells these \
             and what is wrong with the header, nothing else.",
        ),
        Block::Table(Table { head: vec!["id", "column", "message", "told as"], rows: DCH.iter().map(row).collect() }),
    ]
}

/// The record that examples are laid over.
pub fn good_record() -> Vec<Block> {
    let row = |&(field, value): &(cvrs_spec::Field, &str)| vec![Cell::Field(field), Cell::code(value)];
    vec![
        Block::Heading("The known-good record"),
        Block::text(
            "No rule finds fault with it. An example names the columns in which it differs; columns that are not listed \
             here are empty. The person is invented.",
        ),
        Block::Table(Table { head: vec!["column", "value"], rows: example::GOOD.iter().map(row).collect() }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_stands_in_the_index_once() {
        let mut codes: Vec<&str> = Vec::new();
        for block in index() {
            if let Block::Table(table) = block {
                codes.extend(table.rows.iter().filter_map(|row| match row[0] {
                    Cell::Rule(code) => Some(code),
                    _ => None,
                }));
            }
        }
        codes.sort_unstable();
        assert!(codes.iter().eq(RULES.iter().map(|rule| &rule.code)));
    }

    #[test]
    fn the_levels_told_are_the_worst_that_a_run_gives() {
        use crate::{Book, Options};
        let today = cvrs_parse::Date::parse(b"2021-01-29").expect("a date");
        for profile in Profile::ALL {
            let book = Book::new(&Options::new(profile, today));
            for rule in RULES {
                let worst = rule.dch().map(Some).chain([None]).map(|dch| book.level(rule.code, dch, false)).max();
                assert_eq!(Some(rule.level_in(profile)), worst, "{} in {}", rule.code, profile.name());
            }
        }
    }
}
