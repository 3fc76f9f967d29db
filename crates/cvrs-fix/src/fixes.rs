//! The fixes, a family a file.

#![cfg_attr(
    not(test),
    expect(clippy::enum_glob_use, reason = "declarations name columns as the specification does, and many of them")
)]

pub(crate) mod case;
pub(crate) mod codes;
pub(crate) mod dates;
pub(crate) mod drugs;
pub(crate) mod file;
pub(crate) mod places;
pub(crate) mod record;
pub(crate) mod text;
