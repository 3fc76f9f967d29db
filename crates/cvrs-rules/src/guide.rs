//! The rule book for readers: what is to be said of a rule or a column, as blocks that a terminal or a document lays out.
//!
//! Everything comes from the declarations; nothing is said here that a rule, a column or the clearinghouse's list does
//! not state. Text may hold `code` between backticks.

mod examples;
mod fields;
mod overview;
mod rules;

pub use fields::{REQUIREMENT_LETTERS, field, fields, fixed_words, requirement_words};
pub use overview::{clearinghouse, good_record, index};
pub use rules::{clearinghouse_rule, message, rule};

use cvrs_spec::Field;

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A value, a code or a pattern, letter for letter.
    Code(String),
    /// A rule, by its code.
    Rule(&'static str),
    /// A column.
    Field(Field),
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A value, letter for letter.
    pub fn code(text: impl Into<String>) -> Self {
        Self::Code(text.into())
    }

    /// What it says, without any markup.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Code(text) => text,
            Self::Rule(code) => code,
            Self::Field(field) => field.name(),
        }
    }
}

/// A table: each row has as many cells as the head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Titles of the columns.
    pub head: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// What the page is about.
    Title(String),
    /// What the following blocks are about.
    Heading(&'static str),
    /// A paragraph.
    Text(String),
    /// Named facts.
    Facts(Vec<(&'static str, String)>),
    /// A table.
    Table(Table),
}

impl Block {
    fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}
