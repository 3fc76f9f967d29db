//! Columns: types and values, exact cuts, and the way back byte for byte.
#![cfg(feature = "arrow")]

#[path = "columns/back.rs"]
mod back;
#[path = "columns/made.rs"]
mod made;
#[path = "columns/typed.rs"]
mod typed;
