//! The subcommands, one a file.

pub(crate) mod generate;
pub(crate) mod shell;
pub(crate) mod validate;
