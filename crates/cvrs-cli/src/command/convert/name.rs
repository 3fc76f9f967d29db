//! What several targets want to know of where records come from, and when.

use super::hl7::{FileName, time};
use super::{Conversion, Result};
use crate::fault::Fault;
use chrono::SecondsFormat;

/// The code of the submitting entity: given, or that of the file's name.
pub(super) fn entity(conversion: &Conversion<'_>) -> Result<String> {
    let named = || Some(FileName::of(conversion.file_name?)?.entity.to_ascii_uppercase());
    conversion.args.hl7.entity.clone().or_else(named).ok_or_else(|| {
        Fault::usage("--entity is needed: the file's name does not tell the three letters of the submitting entity")
    })
}

/// The time of the product, given or now, as RFC 3339 has it.
pub(super) fn timestamp(conversion: &Conversion<'_>) -> Result<String> {
    let given = conversion.args.hl7.timestamp.as_deref();
    let time = given.map_or_else(|| Some(chrono::Local::now().fixed_offset()), time).ok_or_else(|| {
        Fault::usage("--timestamp: expected a time such as 2021-01-17T08:00:00-05:00 or 20210117080000-0500")
    })?;
    Ok(time.to_rfc3339_opts(SecondsFormat::Secs, true))
}
