//! What must hold for every text: the engine, the screen and the rule book against each other and against slow twins.
#![cfg(feature = "io")]
#![expect(clippy::disallowed_methods, reason = "inputs are files too")]

mod chunking;
mod clearinghouse;
mod converting;
mod parting;
mod ranges;
mod repeats;
mod run;
mod screen;
mod seeds;
mod testdata;
mod tiers;
