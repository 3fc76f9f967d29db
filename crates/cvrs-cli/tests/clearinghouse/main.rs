//! `cvrs serve`, the real program, against those who mean it no good: hostile bodies, `kill -9`, and many at once.
#![cfg(all(feature = "serve", unix))]
#![expect(clippy::disallowed_methods, reason = "the command keeps files, and tests look at them")]

mod archive;
mod faults;
mod hostile;
mod kill;
mod load;
mod serving;
mod tutorial;
