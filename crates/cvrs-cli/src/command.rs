//! The subcommands, one a file.

pub(crate) mod codes;
pub(crate) mod explain;
pub(crate) mod fields;
pub(crate) mod fix;
pub(crate) mod generate;
pub(crate) mod rules;
pub(crate) mod shell;
pub(crate) mod validate;
