//! Versions of CVRS, events and models.

use crate::{Field, fields};

/// A version of CVRS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Version 1: 47 columns, missed appointments.
    V1,
    /// Version 2 (October 2020): 45 columns, model D only.
    V2,
    /// Version 2.5 (August 2021): adds the identified model.
    V2_5,
    /// Version 3: adds the PPRL model.
    V3,
}

impl Version {
    /// All versions, oldest first.
    pub const ALL: [Self; 4] = [Self::V1, Self::V2, Self::V2_5, Self::V3];

    /// The columns in their order.
    pub const fn columns(self) -> &'static [Field] {
        match self {
            Self::V1 => &fields::COLUMNS_V1,
            _ => &fields::COLUMNS,
        }
    }

    /// The version's number as written: `1`, `2`, `2.5` or `3`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "1",
            Self::V2 => "2",
            Self::V2_5 => "2.5",
            Self::V3 => "3",
        }
    }

    /// Whether the version defines that model (CVRS 2: D; 2.5: D and I; 3: all).
    pub const fn has_model(self, model: Model) -> bool {
        match model {
            Model::D => true,
            Model::I => matches!(self, Self::V2_5 | Self::V3),
            Model::P => matches!(self, Self::V3),
        }
    }
}

/// A data model, told by `ext_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    /// Redacted (de-identified).
    D,
    /// Identified.
    I,
    /// Privacy-preserving record linkage: redacted, with a PPRL id.
    P,
}

impl Model {
    /// All models in the order of the tables.
    pub const ALL: [Self; 3] = [Self::D, Self::I, Self::P];

    /// The letter that `ext_type` carries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::D => "D",
            Self::I => "I",
            Self::P => "P",
        }
    }
}

/// What happened, told by `vax_refusal` and, in version 1, `recip_missed_appt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A dose was given.
    Vaccination,
    /// The dose was refused.
    Refusal,
    /// The appointment was missed (version 1 only).
    MissedAppointment,
}

impl Event {
    /// All events in the order of the tables.
    pub const ALL: [Self; 3] = [Self::Vaccination, Self::Refusal, Self::MissedAppointment];

    /// The event as rule texts name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vaccination => "Vaccination",
            Self::Refusal => "Refusal",
            Self::MissedAppointment => "Missed Appointment",
        }
    }
}
