//! FHIR R4 resources: an Immunization of each record, and the Patients, Locations and Organizations that they refer to.
//!
//! ```text
//! record → Converter → Resources (a chunk's) → Seen → the texts to write, each Patient, Location, Organization once
//!           workers, in parallel               in the order of the text
//! ```
//!
//! Ids are hashes of what tells a resource apart, with the code of the submitting entity, so that a later run refers to
//! the same ones. A hash of a short id can be found by trying: it is an identifier and no protection.
//!
//! The texts are compact JSON with the properties in the order of FHIR's definition. Names and addresses that say
//! `Redacted` become masked elements; the word itself never goes out in their place.

mod code;
mod converter;
mod id;
mod immunization;
mod json;
mod observation;
mod patient;
mod place;
mod recent;
mod seen;

pub use converter::{Converter, Form, Method, Options, REPEATED_ID, Resources, Worker};
pub use id::Id;
pub use seen::{Seen, Type};
