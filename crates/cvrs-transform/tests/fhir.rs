//! FHIR against the worked examples, and against an independent reading of what was written.
#![cfg(feature = "fhir")]

#[path = "fhir/examples.rs"]
mod examples;
#[path = "fhir/reading.rs"]
mod reading;
#[path = "fhir/rules.rs"]
mod rules;
#[path = "fhir/written.rs"]
mod written;
