//! The page of documentation on fixes, written from their declarations.

use crate::fix::{Class, Example, Fix};
use crate::registry::FIXES;
use cvrs_rules::example::shown;
use cvrs_spec::Field;
use std::fmt::Write as _;

const INTRODUCTION: &str = "\
`cvrs fix` writes a mended copy of a file; it never changes the file itself. This page lists what it can mend. It is \
generated from the declarations of the fixes by `cargo xtask generate`; the examples run as tests.

- A **safe** fix cannot change the meaning and runs by itself.
- A fix that needs **consent** is likely right and yet a guess: name it with `--fix F10` or `--fix us-date-or-not`, or \
let all of them in with `--unsafe-fixes`.
- No fix is applied that would make its row break a rule of profile `recommended` which it kept before: a state is \
not spelt out if the county says that it is another one, and a refusal is not made of a row with a dose in it.
- A row with a wrong number of cells stays as it is. Where F02 moves columns, its missing cells become empty ones and \
surplus cells follow the last column.
- Never offered: birth dates with a year of two digits (F12), dates that do not exist, unknown codes and ids; values are \
not cut, dates not invented, blanks inside of names not removed, and UNK is not put everywhere.

Applying the fixes twice is the same as applying them once. `--log PATH` lists every change.
";

/// The page as Markdown.
pub fn page() -> String {
    let mut out = format!("# Fixes\n\n{INTRODUCTION}\n| | name | class | what it does |\n| --- | --- | --- | --- |\n");
    for fix in FIXES {
        let _ = writeln!(
            out,
            "| [{0}](#{1}) | `{2}` | {3} | {4} |",
            fix.id,
            anchor(fix),
            fix.name,
            fix.class.words(),
            fix.what
        );
    }
    for fix in FIXES {
        section(&mut out, fix);
    }
    out
}

fn anchor(fix: &Fix) -> String {
    format!("{}-{}", fix.id.to_ascii_lowercase(), fix.name)
}

fn section(out: &mut String, fix: &Fix) {
    let _ = write!(out, "\n## {} {}\n\n{} {}\n\n", fix.id, fix.name, fix.what, fix.why);
    let _ = writeln!(out, "- Class: {}", fix.class.words());
    let _ = writeln!(out, "- Condition: {}", fix.condition);
    if !fix.fields.is_empty() {
        let names: Vec<String> = fix.fields.iter().map(|field| format!("`{}`", field.name())).collect();
        let _ = writeln!(out, "- Columns: {}", names.join(", "));
    }
    if !fix.cures.is_empty() {
        let _ = writeln!(out, "- Findings that it can end: {}", fix.cures.join(", "));
    }
    out.push_str("\n| before | after | |\n| --- | --- | --- |\n");
    for example in fix.examples {
        let (before, after, note) = match example {
            Example::Safe(given, gives) => (cells(given), cells(&changed(given, gives)), ""),
            Example::Consent(given, gives) => (cells(given), cells(&changed(given, gives)), "with consent"),
            Example::Stays(given) => (cells(given), "unchanged".to_owned(), ""),
            Example::File(before, after, _) => ((*before).to_owned(), (*after).to_owned(), ""),
        };
        let note = if matches!(fix.class, Class::Never) { "never" } else { note };
        let _ = writeln!(out, "| {before} | {after} | {note} |");
    }
}

type Cells = [(Field, &'static str)];

fn changed(given: &Cells, gives: &Cells) -> Vec<(Field, &'static str)> {
    gives.iter().filter(|cell| !given.contains(cell)).copied().collect()
}

fn cells(cells: &Cells) -> String {
    let cell = |(field, value): &(Field, &'static str)| {
        let shown: String = shown(value).replace('|', "\\|").chars().map(visible).collect();
        if value.is_empty() { format!("{} empty", field.name()) } else { format!("{} `{shown}`", field.name()) }
    };
    cells.iter().map(cell).collect::<Vec<_>>().join(", ")
}

/// A character as it stands, or by its number if it cannot be seen on a page.
fn visible(character: char) -> String {
    match character {
        '\u{A0}' | '\u{200B}' | '\u{7F}'..='\u{9F}' | '\u{300}'..='\u{36F}' => {
            format!("[U+{:04X}]", u32::from(character))
        }
        _ => character.to_string(),
    }
}
