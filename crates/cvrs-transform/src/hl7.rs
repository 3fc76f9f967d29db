//! HL7 v2.5.1 VXU_V04: one message a record, both ways.
//!
//! ```text
//! bytes ─ Reader ─→ CVRS rows, one a dose          any dialect, lenient
//! Record ─ Writer ─→ MSH PID ORC RXA RXR OBX…      dialect `ig`: implementation guide 1.5; `cdc`: as CDC's own tool
//! ```
//!
//! Source: HL7 Version 2.5.1 Implementation Guide for Immunization Messaging, release 1.5; CDC's CVRS-to-HL7 workbook and
//! command-line tool 2.1.0 for the dialect `cdc`. Names, ids and free text are escaped, never cut.

mod escape;
mod message;
mod notice;
mod observation;
mod read;
mod read_message;
mod row;
mod stream;
mod tables;
mod value;
mod write;
mod write_cdc;
mod write_ig;

pub use notice::{Notice, NoticeKind};
pub use read::{Deletes, MAX_MESSAGE_BYTES, MessageTooLong, ReadOptions, ReadRows, ReadTotals, Reader, is_hl7};
pub use stream::{CvrsText, LineMap};
pub use tables::{Eligibility, NoEligibility};
pub use write::{InfoSource, Operation, WriteOptions, Writer};

/// Which of the two ways to say CVRS in HL7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// As the implementation guide 1.5 wants it: for immunization systems, archives and outside validators.
    #[default]
    Ig,
    /// As CDC's own tool writes it: first and last name in the workbook's order, codes without displays, nothing invented.
    Cdc,
}
