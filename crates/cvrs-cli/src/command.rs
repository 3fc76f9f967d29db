//! The subcommands, one a file.

#[cfg(feature = "serve")]
pub(crate) mod client;
pub(crate) mod codes;
#[cfg(feature = "submit")]
pub(crate) mod connect;
pub(crate) mod convert;
pub(crate) mod explain;
#[cfg(feature = "submit")]
pub(crate) mod export;
pub(crate) mod fields;
pub(crate) mod fix;
pub(crate) mod generate;
#[cfg(feature = "submit")]
pub(crate) mod history;
#[cfg(feature = "submit")]
pub(crate) mod job;
pub(crate) mod redact;
pub(crate) mod rules;
#[cfg(feature = "serve")]
pub(crate) mod serve;
pub(crate) mod shell;
pub(crate) mod split;
#[cfg(feature = "submit")]
pub(crate) mod submit;
pub(crate) mod validate;
