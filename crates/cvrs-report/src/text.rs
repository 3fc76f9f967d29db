//! The report for people: a summary first, then a table by rule and column with what is wrong and what to do.

use crate::summary::plural;
use crate::{Advice, CellCount, Level, Summary};
use std::fmt::Write as _;

/// Colours by role; empty where none are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Palette {
    /// Starts an error.
    pub error: &'static str,
    /// Starts a warning.
    pub warn: &'static str,
    /// Starts what is good.
    pub good: &'static str,
    /// Starts what is said by the way.
    pub faint: &'static str,
    /// Ends any of them.
    pub end: &'static str,
}

impl Palette {
    /// The sixteen colours that every terminal has.
    pub const ANSI: Self =
        Self { error: "\x1B[31m", warn: "\x1B[33m", good: "\x1B[32m", faint: "\x1B[2m", end: "\x1B[0m" };
}

/// What stands above the table.
#[derive(Clone, Copy, Debug)]
pub struct Heading<'a> {
    /// The input's name.
    pub file: &'a str,
    /// Facts of the run, such as the version and the profile, already in words.
    pub facts: &'a str,
}

/// What the report asks of those who know the rules.
pub trait Adviser {
    /// What to do about a finding.
    fn advice(&self, cell: &CellCount) -> Advice;

    /// Whether `cell` is explained by the finding `pattern` about the whole file, and so is folded into its line.
    fn folds(&self, pattern: &CellCount, cell: &CellCount) -> bool;
}

/// Writes the report.
pub fn write(heading: Heading<'_>, summary: &Summary, palette: Palette, adviser: &dyn Adviser) -> String {
    let mut out = String::new();
    let Palette { error, warn, good, faint, end } = palette;
    let mut file = Vec::new();
    crate::push_printable(&mut file, heading.file.as_bytes());
    let file = String::from_utf8_lossy(&file);
    let state = if summary.errors > 0 {
        format!("{error}{} {}{end}", summary.errors, plural(summary.errors, "error"))
    } else {
        format!("{good}no errors{end}")
    };
    let warnings = match summary.warnings {
        0 => "no warnings".to_owned(),
        n => format!("{warn}{n} {}{end}", plural(n, "warning")),
    };
    let infos = match summary.infos {
        0 => String::new(),
        n => format!(", {n} {}", plural(n, "note")),
    };
    let _ = writeln!(out, "{file}: {state}, {warnings}{infos}");
    let _ = writeln!(out, "  {}", summary.conservation());
    let _ = writeln!(out, "  {faint}{}{end}", heading.facts);
    if summary.records == 0 {
        out.push_str("  note: a header and no record\n");
    }
    let all = summary.cells();
    if all.is_empty() {
        return out;
    }
    let is_folded = |cell: &CellCount| all.iter().any(|pattern| adviser.folds(pattern, cell));
    let cells: Vec<&CellCount> = all.iter().copied().filter(|cell| !is_folded(cell)).collect();
    let rows: Vec<[String; 4]> = cells.iter().map(|cell| row(cell)).collect();
    let titles = ["rule", "field", "count", "what is wrong"];
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0).max(titles[column].len());
    let (rule, field, count) = (width(0), width(1), width(2));
    let _ = writeln!(
        out,
        "\n  {faint}{:<5}  {:<rule$}  {:<field$}  {:>count$}  {}{end}",
        "level", titles[0], titles[1], titles[2], titles[3]
    );
    for (cell, row) in cells.iter().zip(&rows) {
        let colour = match cell.level {
            Level::Error => error,
            Level::Warn => warn,
            Level::Info | Level::Off => faint,
        };
        let level = cell.level.name();
        let _ = writeln!(
            out,
            "  {colour}{level:<5}{end}  {:<rule$}  {:<field$}  {:>count$}  {}",
            row[0], row[1], row[2], row[3]
        );
        let indent = 2 + 5 + 2;
        if !cell.lines.is_empty() {
            let shown: Vec<String> = cell.lines.iter().map(u64::to_string).collect();
            let more = cell.count - cell.lines.len() as u64;
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let word = plural(cell.count, "line");
            let _ = writeln!(out, "{:indent$}{faint}{word} {}{more}{end}", "", shown.join(", "));
        }
        let folded: Vec<String> = all
            .iter()
            .filter(|other| adviser.folds(cell, other))
            .map(|other| format!("{} {} {}", other.code, other.field.map_or("", cvrs_spec::Field::name), other.count))
            .collect();
        if !folded.is_empty() {
            let _ = writeln!(out, "{:indent$}{faint}explains:{end} {}", "", folded.join(", "));
        }
        let remedy = adviser.advice(cell).remedy;
        if !remedy.is_empty() {
            let _ = writeln!(out, "{:indent$}{faint}to do:{end} {remedy}", "");
        }
    }
    out
}

fn row(cell: &CellCount) -> [String; 4] {
    let rule = match cell.dch {
        Some(dch) if dch != cell.code => format!("{} {dch}", cell.code),
        _ => cell.code.to_owned(),
    };
    let field = cell.field.map_or("-", cvrs_spec::Field::name).to_owned();
    let message = cell.message.replace("{f}", &field).replace("{v}", "").replace("{w}", "");
    let message = message.replace(" ({d})", "").replace("{0}", "n").replace("{1}", "m");
    [rule, field, cell.count.to_string(), message]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Finding, Message};
    use cvrs_spec::Field;

    struct Plain;

    impl Adviser for Plain {
        fn advice(&self, _: &CellCount) -> Advice {
            Advice { remedy: "Write F, M or U." }
        }

        fn folds(&self, pattern: &CellCount, cell: &CellCount) -> bool {
            pattern.code == "PAT" && cell.code == "B"
        }
    }

    #[test]
    fn what_a_pattern_explains_is_folded_into_its_line() {
        let mut summary = Summary::new(1);
        for (code, field) in [("PAT", None), ("B", Some(Field::Cvx)), ("C", None)] {
            let message = Message::text("wrong");
            summary.count(&Finding { code, dch: None, level: Level::Warn, field, related: None, message }, 2);
        }
        let heading = Heading { file: "a.txt", facts: "facts" };
        let text = write(heading, &summary, Palette::default(), &Plain);
        assert!(text.contains("explains: B cvx 1\n"), "{text}");
        assert!(!text.contains("  B  "), "{text}");
        assert_eq!(text.matches("line 2").count(), 2);
    }

    #[test]
    fn the_summary_stands_before_the_table() {
        let mut summary = Summary::new(1);
        (summary.records, summary.clean, summary.rejected) = (2, 1, 1);
        let finding = Finding {
            code: "DATA007",
            dch: Some("DCH017"),
            level: Level::Error,
            field: Some(Field::RecipSex),
            related: None,
            message: Message::text("must be one of [F, M, U]"),
        };
        summary.count(&finding, 3);
        summary.count(&finding, 4);
        let heading = Heading { file: "a.txt", facts: "CVRS 3, profile recommended" };
        let text = write(heading, &summary, Palette::default(), &Plain);
        assert_eq!(
            text,
            "a.txt: 2 errors, no warnings\n  2 records = 1 clean + 1 rejected\n  CVRS 3, profile recommended\n\n  \
             level  rule            field      count  what is wrong\n  \
             error  DATA007 DCH017  recip_sex      2  must be one of [F, M, U]\n         \
             lines 3 and 1 more\n         to do: Write F, M or U.\n"
        );
    }
}
