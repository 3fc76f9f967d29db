//! HL7 v2.5.1: the worked examples, both ways, and the way there and back.
#![cfg(feature = "hl7")]

#[path = "hl7/reading.rs"]
mod reading;
#[path = "hl7/round_trip.rs"]
mod round_trip;
#[path = "hl7/writing.rs"]
mod writing;
