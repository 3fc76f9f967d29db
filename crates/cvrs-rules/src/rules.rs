//! The rules, a family a file.

pub(crate) mod dates;
pub(crate) mod event;
pub(crate) mod file;
pub(crate) mod forbidden;
pub(crate) mod jurisdiction;
pub(crate) mod length;
pub(crate) mod patterns;
pub(crate) mod places;
pub(crate) mod products;
pub(crate) mod races;
pub(crate) mod redaction;
pub(crate) mod required;
pub(crate) mod row;
pub(crate) mod shape;
pub(crate) mod text;
pub(crate) mod value_set;
