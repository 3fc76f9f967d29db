//! The subcommands, one a file.

#[cfg(feature = "serve")]
pub(crate) mod client;
pub(crate) mod codes;
pub(crate) mod convert;
pub(crate) mod explain;
pub(crate) mod fields;
pub(crate) mod fix;
pub(crate) mod generate;
pub(crate) mod rules;
#[cfg(feature = "serve")]
pub(crate) mod serve;
pub(crate) mod shell;
pub(crate) mod validate;
