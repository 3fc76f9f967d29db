//! Pages of the guide on a terminal: titles, paragraphs wrapped to the line, tables that fit.

use crate::fault::{Exit, Result};
use crate::outputs::Place;
use crate::terminal::Color;
use cvrs_rules::guide::{Block, Table};
use std::path::Path;

/// How wide a page is, in characters. It does not follow the terminal: same words, same bytes.
const WIDTH: usize = 100;

/// The longest word that keeps a column of a table from being narrowed further.
const WIDEST_WORD: usize = 40;

const INDENT: usize = 2;

/// Colours by role; empty where none are wanted.
#[derive(Clone, Copy, Debug, Default)]
struct Paint {
    title: &'static str,
    faint: &'static str,
    error: &'static str,
    warn: &'static str,
    end: &'static str,
}

const ANSI: Paint = Paint { title: "\x1B[1m", faint: "\x1B[2m", error: "\x1B[31m", warn: "\x1B[33m", end: "\x1B[0m" };

/// Prints a page to where it is wanted.
pub(crate) fn print(blocks: &[Block], output: Option<&Path>, color: Color) -> Result<Exit> {
    let is_coloured = output.is_none() && color.is_for_stdout();
    write(layout(blocks, if is_coloured { ANSI } else { Paint::default() }).as_bytes(), output)
}

/// Writes a text to where it is wanted.
pub(crate) fn write(text: &[u8], output: Option<&Path>) -> Result<Exit> {
    let mut place = output.map_or_else(|| Ok(Place::stdout()), Place::file)?;
    place.write(text)?;
    place.commit()?;
    Ok(Exit::Done)
}

fn layout(blocks: &[Block], paint: Paint) -> String {
    let mut out = String::new();
    for (number, block) in blocks.iter().enumerate() {
        if number > 0 {
            // A heading stands close to what it is about.
            let is_close = matches!(blocks[number - 1], Block::Heading(_));
            out.push_str(if is_close { "" } else { "\n" });
        }
        match block {
            Block::Title(title) => line(&mut out, &format!("{}{title}{}", paint.title, paint.end)),
            Block::Heading(heading) => line(&mut out, &format!("{}{heading}{}", paint.title, paint.end)),
            Block::Text(text) => wrap(text, WIDTH - INDENT).iter().for_each(|text| indented(&mut out, text)),
            Block::Facts(facts) => push_facts(&mut out, facts, paint),
            Block::Table(table) => push_table(&mut out, table, paint),
        }
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

fn indented(out: &mut String, text: &str) {
    line(out, &format!("{:INDENT$}{text}", ""));
}

/// The text in lines of at most so many characters; a longer word stands alone. Blanks inside a line are kept as they
/// are, since the clearinghouse's messages are told letter for letter.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let (mut length, mut blanks) = (0, 0);
    for word in text.split(' ') {
        let chars = word.chars().count();
        if chars == 0 {
            blanks += 1;
            continue;
        }
        if length > 0 && length + blanks + chars > width {
            lines.push(String::new());
            (length, blanks) = (0, 0);
        }
        let last = lines.len() - 1;
        lines[last].extend(std::iter::repeat_n(' ', blanks));
        lines[last].push_str(word);
        length += blanks + chars;
        blanks = 1;
    }
    lines
}

fn push_facts(out: &mut String, facts: &[(&'static str, String)], paint: Paint) {
    let width = facts.iter().map(|fact| fact.0.len()).max().unwrap_or(0);
    for (name, value) in facts {
        for (number, text) in wrap(value, WIDTH - INDENT - width - 2).iter().enumerate() {
            let name = if number == 0 { *name } else { "" };
            indented(out, &format!("{}{name:<width$}{}  {text}", paint.faint, paint.end));
        }
    }
}

fn push_table(out: &mut String, table: &Table, paint: Paint) {
    let length = |text: &str| text.chars().count();
    let texts = |column: usize| table.rows.iter().map(move |row| row[column].as_str()).chain([table.head[column]]);
    let longest = |column| texts(column).map(length).max().unwrap_or(0);
    let longest_word = |column| texts(column).flat_map(|text| text.split(' ')).map(length).max().unwrap_or(0);
    let n_columns = table.head.len();
    let mut widths: Vec<usize> = (0..n_columns).map(longest).collect();
    // No column becomes narrower than its longest word, within reason.
    let floors: Vec<usize> = (0..n_columns).map(|column| longest_word(column).min(WIDEST_WORD)).collect();
    let gaps = INDENT + 2 * n_columns.saturating_sub(1);
    while gaps + widths.iter().sum::<usize>() > WIDTH {
        let narrowable = widths.iter_mut().zip(&floors).filter(|(width, floor)| **width > **floor);
        let Some((widest, _)) = narrowable.max() else { break };
        *widest -= 1;
    }
    let heads: Vec<String> = table.head.iter().zip(&widths).map(|(head, &width)| format!("{head:<width$}")).collect();
    indented(out, &format!("{}{}{}", paint.faint, heads.join("  ").trim_end(), paint.end));
    for row in &table.rows {
        let cells: Vec<Vec<String>> =
            row.iter().zip(&widths).map(|(cell, &width)| wrap(cell.as_str(), width)).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for number in 0..height {
            let parts: Vec<String> = cells
                .iter()
                .zip(&widths)
                .map(|(cell, &width)| {
                    let text = cell.get(number).map_or("", String::as_str);
                    let colour = match text {
                        "error" => paint.error,
                        "warn" => paint.warn,
                        _ => return format!("{text:<width$}"),
                    };
                    format!("{colour}{text}{}{:2$}", paint.end, "", width - text.len())
                })
                .collect();
            indented(out, &parts.join("  "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cvrs_rules::guide::{Cell, rule};

    #[test]
    fn no_line_is_wider_than_the_page_and_none_ends_in_blanks() {
        for page in cvrs_rules::RULES.iter().map(rule) {
            for line in layout(&page, Paint::default()).lines() {
                assert!(line.chars().count() <= WIDTH, "{line}");
                assert_eq!(line, line.trim_end());
            }
        }
    }

    #[test]
    fn wide_tables_are_narrowed_and_their_cells_wrapped() {
        let row = vec![Cell::code("a,  b"), Cell::text("many words ".repeat(20)), Cell::text("error")];
        let table = Table { head: vec!["x", "what is wrong", "level"], rows: vec![row] };
        let text = layout(&[Block::Heading("H"), Block::Table(table)], ANSI);
        let plain = text.replace("\x1B[31m", "").replace("\x1B[1m", "").replace("\x1B[2m", "").replace("\x1B[0m", "");
        assert!(plain.lines().all(|line| line.chars().count() <= WIDTH), "{plain}");
        assert_eq!(plain.matches("many").count(), 20);
        assert!(text.contains("\x1B[31merror\x1B[0m"));
        assert!(plain.starts_with("H\n  x"));
        assert!(plain.contains("  a,  b  many"));
    }
}
