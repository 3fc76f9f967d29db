//! One cell of a record, with what a rule needs to know of the record around it.

use crate::Context;
use cvrs_parse::Record;
use cvrs_spec::{Event, Field, Model, Requirement};

/// A cell under examination.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    /// The column.
    pub field: Field,
    /// The record around it.
    pub record: &'a Record<'a>,
    /// What the record is about.
    pub event: Event,
    /// Its model, if `ext_type` tells one.
    pub model: Option<Model>,
    /// Day, reading and code sets.
    pub context: &'a Context,
}

impl<'a> Cell<'a> {
    /// The value as it stands.
    pub fn value(&self) -> &'a [u8] {
        self.record.get(self.field)
    }

    /// Whether the cell is empty: no characters, no such column, or a row too short to reach it.
    pub fn is_empty(&self) -> bool {
        self.value().is_empty()
    }

    /// What the specification asks of the column in a record such as this.
    pub fn requirement(&self) -> Requirement {
        self.field.requirement(self.record.version(), self.event, self.model.unwrap_or(Model::D))
    }
}
