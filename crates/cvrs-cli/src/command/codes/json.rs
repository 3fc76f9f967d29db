//! What `cvrs codes` says, for programs: the same blocks as for people, as JSON.
//!
//! One object a title: `title`, `facts` by name, `text` for paragraphs, and `tables`, each with the heading that it
//! stands under and its rows by column. Names are in lower case with `_` for a blank.

use cvrs_rules::guide::{Block, Cell, Table};
use serde_json::{Map, Value, json};

fn key(name: &str) -> String {
    name.to_lowercase().replace(' ', "_")
}

fn cell(cell: &Cell) -> Value {
    match cell.as_str() {
        "-" => Value::Null,
        text => Value::String(text.to_owned()),
    }
}

fn rows(table: &Table) -> Value {
    let row = |row: &Vec<Cell>| -> Value {
        table.head.iter().zip(row).map(|(head, value)| (key(head), cell(value))).collect::<Map<_, _>>().into()
    };
    table.rows.iter().map(row).collect()
}

/// All blocks: an object, or a list of them where a code stands for several things.
pub(super) fn of_blocks(blocks: &[Block]) -> Value {
    let (mut pages, mut heading): (Vec<Map<String, Value>>, Option<&str>) = (Vec::new(), None);
    for block in blocks {
        if matches!(block, Block::Title(_)) || pages.is_empty() {
            pages.push(Map::new());
            heading = None;
        }
        let Some(page) = pages.last_mut() else { continue };
        let mut add = |name: &str, value: Value| match page.entry(name).or_insert_with(|| json!([])) {
            Value::Array(list) => list.push(value),
            other => *other = value,
        };
        match block {
            Block::Title(title) => {
                page.insert("title".to_owned(), Value::String(title.clone()));
            }
            Block::Heading(text) => heading = Some(text),
            Block::Text(text) => add("text", json!({"heading": heading, "text": text})),
            Block::Facts(facts) => {
                let facts: Map<_, _> =
                    facts.iter().map(|(name, value)| (key(name), Value::String(value.clone()))).collect();
                let name = heading.map_or_else(|| "facts".to_owned(), key);
                page.insert(name, facts.into());
            }
            Block::Table(table) => add("tables", json!({"heading": heading, "rows": rows(table)})),
        }
    }
    match pages.len() {
        1 => pages.remove(0).into(),
        _ => pages.into_iter().map(Value::from).collect(),
    }
}
